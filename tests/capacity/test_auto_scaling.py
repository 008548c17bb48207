"""Auto scaling: settings, and throughput that follows them on the world's clock.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, of_units, on_demand, scaled


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        **of_units(10, 10, "pk", more=["colour"]),
        GlobalSecondaryIndexes=[
            {
                **index_on("by-colour", "colour", projection="KEYS_ONLY"),
                "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
            }
        ],
    )
    return client


def settings(low: int = 5, high: int = 100, target: float = 70.0, **tracking: Any) -> dict[str, Any]:
    return {
        "MinimumUnits": low,
        "MaximumUnits": high,
        "ScalingPolicyUpdate": {
            "PolicyName": "policy",
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": target, **tracking},
        },
    }


def scale_writes(client: Any, **update: Any) -> Any:
    return client.update_table_replica_auto_scaling(
        TableName="tab", ProvisionedWriteCapacityAutoScalingUpdate=update
    )["TableAutoScalingDescription"]


def scale(
    world: ddbha.World, low: int = 5, high: int = 100, target: float = 70.0, **tracking: Any
) -> None:
    scaled(world, "tab", "Write", low, high, target, **tracking)


@pytest.fixture
def replicated(client: Any) -> Any:
    """The table, with a replica elsewhere: on demand it needs no scaling to get that."""
    client.update_table(TableName="tab", BillingMode="PAY_PER_REQUEST")
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-2"}}])
    units = {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}
    index = {"Update": {"IndexName": "by-colour", "ProvisionedThroughput": units}}
    client.update_table(
        TableName="tab",
        BillingMode="PROVISIONED",
        ProvisionedThroughput=units,
        GlobalSecondaryIndexUpdates=[index],
    )
    return client


def write(world: ddbha.World, client: Any, rate: float, minutes: int) -> None:
    """Write so many units a second, in one item each minute."""
    size = int(rate * 60 * 1024) - 20
    for _ in range(minutes):
        world.clock.advance(seconds=30)
        client.put_item(TableName="tab", Item={"pk": {"S": "a"}, "data": {"B": b"x" * size}})
        world.clock.advance(seconds=30)


def provisioned(client: Any) -> tuple[int, int]:
    units = client.describe_table(TableName="tab")["Table"]["ProvisionedThroughput"]
    return units["ReadCapacityUnits"], units["WriteCapacityUnits"]


def test_throughput_rises_after_two_minutes_above_the_target(world: ddbha.World, client: Any) -> None:
    scale(world, high=1000, target=50.0)
    write(world, client, 6, 1)
    assert provisioned(client) == (10, 10)
    write(world, client, 6, 1)
    # Six units a second are half of twelve.
    assert provisioned(client) == (10, 12)
    (event,) = world.events.of("throughput-scaled")
    assert (event.details["before"], event.details["units"]) == (10, 12)


def test_throughput_never_leaves_its_limits(world: ddbha.World, client: Any) -> None:
    scale(world, low=8, high=11, target=20.0)
    write(world, client, 6, 3)
    assert provisioned(client) == (10, 11)
    scale(world, low=20, high=30, target=20.0)
    world.clock.advance(minutes=1)
    assert provisioned(client) == (10, 20)


def test_throughput_falls_after_a_quarter_of_an_hour_below(world: ddbha.World, client: Any) -> None:
    scale(world)
    write(world, client, 3.5, 14)
    assert provisioned(client) == (10, 10)
    write(world, client, 3.5, 1)
    assert provisioned(client) == (10, 5)


def test_scale_in_can_be_disabled(world: ddbha.World, client: Any) -> None:
    scale(world, DisableScaleIn=True)
    write(world, client, 1, 20)
    assert provisioned(client) == (10, 10)


def test_a_cooldown_holds_up_the_next_rise(world: ddbha.World, client: Any) -> None:
    scale(world, high=1000, target=50.0, ScaleOutCooldown=600)
    write(world, client, 6, 2)
    assert provisioned(client) == (10, 12)
    write(world, client, 6.5, 5)
    assert provisioned(client) == (10, 12)
    write(world, client, 6.5, 6)
    assert provisioned(client) == (10, 13)


def test_without_consumption_nothing_changes_and_nothing_is_left_to_do(
    world: ddbha.World, client: Any
) -> None:
    scale(world)
    world.clock.advance(days=3)
    assert provisioned(client) == (10, 10)
    world.clock.advance(minutes=20)
    assert provisioned(client) == (10, 10)
    assert not world.events.of("throughput-scaled")


def test_reads_and_indexes_scale_on_their_own(world: ddbha.World, client: Any) -> None:
    scaled(world, "tab", "Read", 1, 100, 50.0)
    scaled(world, "tab/index/by-colour", "Read", 40, 50, 70.0)
    for _ in range(3):
        for _ in range(360):
            client.get_item(TableName="tab", Key={"pk": {"S": "none"}}, ConsistentRead=True)
        world.clock.advance(minutes=1)
    table = client.describe_table(TableName="tab")["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 12
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["ProvisionedThroughput"]["ReadCapacityUnits"] == 40
    assert index["ProvisionedThroughput"]["WriteCapacityUnits"] == 10


def test_one_request_may_change_all_settings(replicated: Any) -> None:
    index = {"IndexName": "by-colour"}
    replicated.update_table_replica_auto_scaling(
        TableName="tab",
        ProvisionedWriteCapacityAutoScalingUpdate=settings(low=2),
        GlobalSecondaryIndexUpdates=[
            {**index, "ProvisionedWriteCapacityAutoScalingUpdate": settings(low=3)}
        ],
        ReplicaUpdates=[
            {
                "RegionName": "eu-west-2",
                "ReplicaProvisionedReadCapacityAutoScalingUpdate": settings(low=4),
                "ReplicaGlobalSecondaryIndexUpdates": [
                    {**index, "ProvisionedReadCapacityAutoScalingUpdate": settings(low=5)}
                ],
            }
        ],
    )
    described = replicated.describe_table_replica_auto_scaling(TableName="tab")
    _, replica = described["TableAutoScalingDescription"]["Replicas"]
    (of_index,) = replica["GlobalSecondaryIndexes"]
    found = [
        replica["ReplicaProvisionedWriteCapacityAutoScalingSettings"],
        of_index["ProvisionedWriteCapacityAutoScalingSettings"],
        replica["ReplicaProvisionedReadCapacityAutoScalingSettings"],
        of_index["ProvisionedReadCapacityAutoScalingSettings"],
    ]
    assert [one["MinimumUnits"] for one in found] == [2, 3, 4, 5]


def test_settings_are_described(replicated: Any) -> None:
    scale_writes(replicated, **settings())
    replicated.update_table_replica_auto_scaling(
        TableName="tab",
        GlobalSecondaryIndexUpdates=[
            {
                "IndexName": "by-colour",
                "ProvisionedWriteCapacityAutoScalingUpdate": settings(low=2, target=50),
            }
        ],
    )
    # What an update leaves out stays.
    scale_writes(replicated, MaximumUnits=200)
    described = replicated.describe_table_replica_auto_scaling(TableName="tab")
    replica, _ = described["TableAutoScalingDescription"]["Replicas"]
    assert replica["RegionName"] == "us-east-1"
    assert replica["ReplicaStatus"] == "ACTIVE"
    write_settings = replica["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
    assert (write_settings["MinimumUnits"], write_settings["MaximumUnits"]) == (5, 200)
    (policy,) = write_settings["ScalingPolicies"]
    assert policy["PolicyName"] == "policy"
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70.0
    (index,) = replica["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by-colour"
    assert index["ProvisionedWriteCapacityAutoScalingSettings"]["MinimumUnits"] == 2
    scale_writes(replicated, AutoScalingDisabled=True)
    described = replicated.describe_table_replica_auto_scaling(TableName="tab")
    replica, _ = described["TableAutoScalingDescription"]["Replicas"]
    assert replica["ReplicaProvisionedWriteCapacityAutoScalingSettings"] == {"AutoScalingDisabled": True}


@pytest.mark.parametrize(
    ("update", "message"),
    [
        (settings(low=10, high=5), "MinimumUnits"),
        (settings(target=95.0), "TargetValue"),
        ({"MinimumUnits": 5}, "required to enable"),
    ],
)
def test_impossible_settings_change_nothing(
    replicated: Any, update: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        scale_writes(replicated, **update)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    described = replicated.describe_table_replica_auto_scaling(TableName="tab")
    replica, _ = described["TableAutoScalingDescription"]["Replicas"]
    assert "ReplicaProvisionedWriteCapacityAutoScalingSettings" not in replica


def test_other_regions_need_a_replica(replicated: Any) -> None:
    update = {
        "RegionName": "eu-west-1",
        "ReplicaProvisionedReadCapacityAutoScalingUpdate": settings(),
    }
    with pytest.raises(ClientError, match="eu-west-1"):
        replicated.update_table_replica_auto_scaling(TableName="tab", ReplicaUpdates=[update])
    with pytest.raises(replicated.exceptions.ResourceNotFoundException):
        replicated.describe_table_replica_auto_scaling(TableName="none")


def test_writes_of_a_global_table_scale_in_all_its_regions(world: ddbha.World) -> None:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        **on_demand("pk"),
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    client.update_table(
        TableName="tab",
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
    )
    described = scale_writes(client, **settings(high=1000, target=50.0))
    assert {replica["RegionName"] for replica in described["Replicas"]} == {"us-east-1", "eu-west-1"}
    for replica in described["Replicas"]:
        assert replica["ReplicaProvisionedWriteCapacityAutoScalingSettings"]["MaximumUnits"] == 1000
    write(world, client, 6, 2)
    other: Any = world.client("dynamodb", region_name="eu-west-1")
    assert provisioned(client) == provisioned(other) == (10, 12)


def test_what_update_table_refuses_is_on_the_timeline(world: ddbha.World, client: Any) -> None:
    scale(world, low=50_000, high=60_000)
    world.clock.advance(minutes=1)
    # The quota of a table is 40 000 units.
    assert provisioned(client) == (10, 10)
    (event,) = world.events.of("scaling-refused")
    assert event.details["table"] == "tab"
    assert not world.events.of("throughput-scaled")
    scaling: Any = world.client("application-autoscaling", region_name="us-east-1")
    activities = scaling.describe_scaling_activities(ServiceNamespace="dynamodb")
    assert activities["ScalingActivities"] == [], "nothing was set"


def test_a_table_that_is_not_global_has_no_settings_of_replicas(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.describe_table_replica_auto_scaling(TableName="tab")
    message = caught.value.response["Error"]["Message"]
    assert message == "Global table with name: tab does not exist."
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        scale_writes(client, **settings())


def test_tables_of_one_name_in_two_accounts_scale_by_their_own_traffic(
    world: ddbha.World, client: Any
) -> None:
    other: Any = world.client("dynamodb", region_name="us-east-1", account_id="222222222222")
    other.create_table(TableName="tab", **of_units(10, 10, "pk"))
    scale(world)
    for _ in range(3):
        for number in range(600):
            other.put_item(TableName="tab", Item={"pk": {"S": str(number)}})
        client.put_item(TableName="tab", Item={"pk": {"S": "a"}})
        world.clock.advance(minutes=1)
    assert provisioned(client) == (10, 10), "nearly all of the traffic was the other account's"
    assert provisioned(other) == (10, 10), "it does not scale at all"
    for account, units in ((world.account_id, 3.0), ("222222222222", 1800.0)):
        found = world.metrics.query(
            "ConsumedWriteCapacityUnits", TableName="tab", AccountId=account, period=3600
        )
        assert [value for _, value in found] == [units]
    both = world.metrics.query("ConsumedWriteCapacityUnits", TableName="tab", period=3600)
    assert [value for _, value in both] == [1803.0]
