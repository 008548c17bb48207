"""Experiment templates of AWS Fault Injection Service as faults of a world.

Templates have the shape of https://docs.aws.amazon.com/fis/latest/userguide/experiment-template-example.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError

import ddbha
from ddbha.errors import UsageError
from tests.building import on_demand
from tests.installed import needs

HOME, AWAY = "us-east-1", "eu-west-1"
ARN = f"arn:aws:dynamodb:{HOME}:123456789012:table/carts"


@pytest.fixture
def world() -> ddbha.World:
    world = ddbha.World(clock="2026-01-01T00:00:00Z")
    client = client_of(world)
    tags = [{"Key": "DisruptDynamoDb", "Value": "Allowed"}]
    client.create_table(TableName="carts", **on_demand("id"), Tags=tags)
    client.update_table(TableName="carts", ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    put(world, "first", AWAY)
    return world


def client_of(world: ddbha.World, region: str = HOME) -> Any:
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    return world.client("dynamodb", region_name=region, config=once)


def put(world: ddbha.World, key: str, region: str = HOME) -> str | None:
    """What a put ends with: an error's code, or None."""
    try:
        client_of(world, region).put_item(TableName="carts", Item={"id": {"S": key}})
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except BotoCoreError as error:
        return type(error).__name__
    return None


def holds(world: ddbha.World, key: str, region: str) -> bool:
    answer = client_of(world, region).get_item(TableName="carts", Key={"id": {"S": key}})
    return "Item" in answer


def template(action: str, parameters: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "description": "an experiment",
        "targets": {"carts": {"resourceType": "any", "resourceArns": [ARN], "selectionMode": "ALL"}},
        "actions": {
            "one": {"actionId": action, "parameters": parameters, "targets": {"Tables": "carts"}, **more}
        },
        "stopConditions": [{"source": "none"}],
        "roleArn": "arn:aws:iam::123456789012:role/fis",
    }


def tagged(kind: str, key: str, value: str = "Allowed") -> dict[str, Any]:
    return {"resourceType": kind, "resourceTags": {key: value}, "selectionMode": "ALL"}


def test_replication_pauses_and_catches_up(world: ddbha.World) -> None:
    pause = template("aws:dynamodb:global-table-pause-replication", {"duration": "PT5M"})
    experiment = world.faults.from_fis(pause)
    put(world, "second")
    world.clock.advance(minutes=4)
    assert not holds(world, "second", AWAY)
    world.clock.advance(minutes=2)
    assert holds(world, "second", AWAY)
    assert experiment.status == "COMPLETED"


@pytest.mark.parametrize(
    ("action", "code", "count"),
    [
        ("aws:fis:inject-api-internal-error", "InternalServerError", [1.0]),
        # The metric counts simulated errors of status 500 and no others.
        ("aws:fis:inject-api-throttle-error", "ThrottlingException", []),
        ("aws:fis:inject-api-unavailable-error", "ServiceUnavailable", [1.0]),
    ],
)
def test_errors_are_injected_and_counted(
    world: ddbha.World, action: str, code: str, count: list[float]
) -> None:
    parameters = {"duration": "PT1M", "service": "dynamodb", "percentage": "100", "operations": "PutItem"}
    with world.faults.from_fis(json.dumps(template(action, parameters))):
        assert put(world, "a") == code
        assert not holds(world, "a", HOME)
        assert put(world, "b", AWAY) is None, "an experiment is one region's"
    assert put(world, "a") is None
    counted = world.metrics.query(
        "FaultInjectionServiceInducedErrors", TableName="carts", Operation="PutItem"
    )
    assert [value for _, value in counted] == count


def test_a_percentage_is_drawn_by_the_seed(world: ddbha.World) -> None:
    parameters = {"duration": "PT10M", "service": "dynamodb", "percentage": "30", "operations": "PutItem"}
    with world.faults.from_fis(template("aws:fis:inject-api-internal-error", parameters)):
        failed = sum(put(world, str(n)) is not None for n in range(200))
    assert 35 <= failed <= 85


def test_a_percentage_that_is_none_is_refused(world: ddbha.World) -> None:
    parameters = {"duration": "PT10M", "service": "dynamodb", "percentage": "a third"}
    with pytest.raises(UsageError, match="'a third' for a percentage"):
        world.faults.from_fis(template("aws:fis:inject-api-internal-error", parameters))
    assert world.faults.active == []


WAIT: dict[str, Any] = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (None, "is an object with actions"),
        ({"actions": ["wait"]}, "actions is no object"),
        ({"actions": {"one": None}}, "actions: one is no object"),
        ({"actions": {"one": {**WAIT, "targets": ["Roles"]}}}, "one: targets is no object"),
        ({"actions": {"one": {**WAIT, "startAfter": "two"}}}, "startAfter is no list but 'two'"),
        ({"actions": {"one": WAIT}, "targets": {"t": {"resourceArns": ARN}}}, "resourceArns is no list"),
        ({"actions": {"one": WAIT}, "stopConditions": ["none"]}, "stopConditions is no object"),
        ({"Resources": {"Table": 1}}, "Resources: Table is no object"),
    ],
)
def test_a_template_of_another_shape_is_refused(world: ddbha.World, wrong: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        world.faults.from_fis(wrong)
    assert world.faults.active == []


def test_clients_are_cut_from_a_region_that_only_this_world_has() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), more_regions=["us-moon-1"])
    moon = client_of(world, "us-moon-1")
    cut = template(
        "aws:network:route-table-disrupt-cross-region-connectivity",
        {"duration": "PT3M", "region": "us-moon-1"},
    )
    with world.faults.from_fis(cut), pytest.raises(ConnectTimeoutError):
        moon.list_tables()
    assert moon.list_tables()["TableNames"] == []


def test_disrupted_connectivity(world: ddbha.World) -> None:
    cut = template("aws:network:disrupt-connectivity", {"duration": "PT2M", "scope": "dynamodb"})
    with world.faults.from_fis(cut):
        assert put(world, "a") == "ConnectTimeoutError"
    zone = template(
        "aws:network:disrupt-connectivity", {"duration": "PT2M", "scope": "availability-zone"}
    )
    zone["targets"]["carts"] = {"parameters": {"availabilityZoneIdentifier": f"{HOME}a"}}
    with world.faults.from_fis(zone):
        assert put(world, "a") is None
        leaders = {p.leader.zone for p in world.table("carts").partitions}
        assert f"{HOME}a" not in leaders


def test_clients_are_cut_from_another_region(world: ddbha.World) -> None:
    """Traffic of AWS's own, such as replication, is not meant: there is another action for that."""
    cut = template(
        "aws:network:route-table-disrupt-cross-region-connectivity",
        {"duration": "PT3M", "region": AWAY},
    )
    with world.faults.from_fis(cut):
        assert put(world, "second") is None
        assert put(world, "third", AWAY) == "ConnectTimeoutError"
    assert holds(world, "second", AWAY)


def test_the_scenario_of_connectivity_between_regions(world: ddbha.World) -> None:
    """Actions, targets and tags of Cross-Region: Connectivity.

    https://docs.aws.amazon.com/fis/latest/userguide/cross-region-scenario.html
    """
    length, other = {"duration": "PT3H"}, {"duration": "PT3H", "region": AWAY}
    network = "aws:network:{}-disrupt-cross-region-connectivity"
    scenario: dict[str, Any] = {
        "targets": {
            "Transit-Gateway": tagged("aws:ec2:transit-gateway", "TgwTag"),
            "Subnet": tagged("aws:ec2:subnet", "SubnetKey"),
            "S3-Bucket": tagged("aws:s3:bucket", "S3Impact"),
            "DynamoDB-Global-Table": tagged("aws:dynamodb:global-table", "DisruptDynamoDb"),
        },
        "actions": {
            "Disrupt-Transit-Gateway-Connectivity": {
                "actionId": network.format("transit-gateway"),
                "parameters": other,
                "targets": {"TransitGateways": "Transit-Gateway"},
            },
            "Disrupt-Subnet-Connectivity": {
                "actionId": network.format("route-table"),
                "parameters": other,
                "targets": {"Subnets": "Subnet"},
            },
            "Pause-S3-Replication": {
                "actionId": "aws:s3:bucket-pause-replication",
                "parameters": other,
                "targets": {"Buckets": "S3-Bucket"},
            },
            "Pause-DynamoDB-Replication": {
                "actionId": "aws:dynamodb:global-table-pause-replication",
                "parameters": length,
                "targets": {"Tables": "DynamoDB-Global-Table"},
            },
        },
        "stopConditions": [{"source": "none"}],
        "experimentOptions": {"emptyTargetResolutionMode": "skip"},
    }
    with pytest.raises(UsageError, match="aws:s3:bucket-pause-replication"):
        world.faults.from_fis(scenario)
    world.faults.from_fis(scenario, ignore=["aws:s3:*"])
    put(world, "second")
    world.clock.advance(hours=2)
    assert put(world, "third", AWAY) == "ConnectTimeoutError"
    there = world.table("carts", region=AWAY).partitions
    assert not any("second" in key for p in there for key in p.leader.items.images)
    world.clock.advance(hours=1)
    assert holds(world, "second", AWAY)


def test_the_scenario_of_a_power_interruption(world: ddbha.World) -> None:
    """Actions and targets of AZ Availability: Power Interruption, without those of other services.

    https://docs.aws.amazon.com/fis/latest/userguide/az-availability-scenario.html
    """
    zone, others = f"{HOME}a", {f"{HOME}b", f"{HOME}c"}
    subnets = tagged("aws:ec2:subnet", "AzImpairmentPower", "DisruptSubnet")
    subnets["filters"] = [{"path": "AvailabilityZone", "values": [zone]}]
    scenario: dict[str, Any] = {
        "targets": {
            "Subnet": subnets,
            "ARC": tagged("aws:arc:zonal-shift-managed-resource", "AzImpairmentPower"),
        },
        "actions": {
            "Pause-network-connectivity": {
                "actionId": "aws:network:disrupt-connectivity",
                "parameters": {"duration": "PT2M", "scope": "all"},
                "targets": {"Subnets": "Subnet"},
            },
            "Stop-Instances": {
                "actionId": "aws:ec2:stop-instances",
                "parameters": {"startInstancesAfterDuration": "PT30M"},
            },
            "Wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT5M"}},
            "Start-ARC-Zonal-Autoshift": {
                "actionId": "aws:arc:start-zonal-autoshift",
                "parameters": {"availabilityZoneIdentifier": zone, "duration": "PT25M"},
                "targets": {"ManagedResources": "ARC"},
                "startAfter": ["Wait"],
            },
        },
        "stopConditions": [{"source": "none"}],
    }
    experiment = world.faults.from_fis(scenario, ignore=["aws:ec2:*"])
    assert [action.start for action in experiment.actions] == [0, 0, 300]
    partitions = world.table("carts").partitions
    assert {p.leader.zone for p in partitions} == others
    assert not any(r.up for p in partitions for r in p.replicas if r.zone == zone)
    world.clock.advance(minutes=6)
    assert put(world, "a") is None
    assert all(r.up for p in partitions for r in p.replicas)
    assert {p.reader(world.clock.time()).zone for p in partitions for _ in range(50)} == others
    world.clock.advance(minutes=25)
    assert put(world, "b") is None
    assert {p.reader(world.clock.time()).zone for p in partitions for _ in range(50)} == {zone, *others}
    assert experiment.status == "COMPLETED"


@needs("UpdateTable.MultiRegionConsistency")
def test_a_paused_replica_with_strong_consistency_fails_and_that_is_counted() -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html"""
    world = ddbha.World(clock="2026-01-01T00:00:00Z")
    client_of(world).create_table(TableName="carts", **on_demand("id"))
    others = [{"Create": {"RegionName": name}} for name in ("us-east-2", "us-west-2")]
    client_of(world).update_table(
        TableName="carts", ReplicaUpdates=others, MultiRegionConsistency="STRONG"
    )
    pause = template("aws:dynamodb:global-table-pause-replication", {"duration": "PT5M"})
    with world.faults.from_fis(pause):
        for _ in range(20):
            assert put(world, "a") == "InternalServerError"
        assert put(world, "a", "us-east-2") is None
        assert not holds(world, "a", HOME), "eventually consistent reads are answered"
    for metric in ("FaultInjectionServiceInducedErrors", "SystemErrors"):
        counted = world.metrics.query(metric, TableName="carts", Operation="PutItem")
        assert sum(value for _, value in counted) == 20


def test_actions_wait_for_others(world: ddbha.World) -> None:
    error = {
        "actionId": "aws:fis:inject-api-internal-error",
        "parameters": {"duration": "PT1M", "service": "dynamodb", "operations": "PutItem"},
        "startAfter": ["pause"],
    }
    both = template("aws:fis:wait", {"duration": "PT2M"})
    both["actions"] = {"error": error, "pause": both["actions"]["one"]}
    world.faults.from_fis(both)
    assert put(world, "a") is None
    world.clock.advance(minutes=2, seconds=1)
    assert put(world, "a") == "InternalServerError"
    world.clock.advance(minutes=1)
    assert put(world, "a") is None


def test_stop_conditions_stop(world: ddbha.World) -> None:
    parameters = {"duration": "PT1H", "service": "dynamodb", "operations": "PutItem"}
    stopped = template("aws:fis:inject-api-internal-error", parameters)
    stopped["stopConditions"] = [
        {"source": "aws:cloudwatch:alarm", "value": "arn:aws:cloudwatch:us-east-1:1:alarm:too-many"}
    ]

    def too_many(metrics: Any) -> bool:
        return bool(sum(v for _, v in metrics.query("SystemErrors", TableName="carts")) >= 3)

    experiment = world.faults.from_fis(stopped, alarms={"too-many": too_many})
    for _ in range(3):
        assert put(world, "a") == "InternalServerError"
    world.clock.advance(minutes=2)
    assert put(world, "a") is None
    assert experiment.status == "STOPPED"
    with pytest.raises(UsageError, match="say when it rings with alarms="):
        world.faults.from_fis(stopped)


def test_templates_of_cloudformation(world: ddbha.World) -> None:
    resource = {
        "Type": "AWS::FIS::ExperimentTemplate",
        "Properties": {
            "Description": "an experiment",
            "Targets": {"Carts": {"ResourceType": "any", "ResourceArns": [ARN], "SelectionMode": "ALL"}},
            "Actions": {
                "Errors": {
                    "ActionId": "aws:fis:inject-api-internal-error",
                    "Parameters": {"duration": "PT5M", "service": "dynamodb", "operations": "PutItem"},
                    "Targets": {"Roles": "Carts"},
                }
            },
            "StopConditions": [{"Source": "none"}],
            "RoleArn": "arn:aws:iam::123456789012:role/fis",
        },
    }
    with world.faults.from_fis({"Resources": {"Experiment": resource}}):
        assert put(world, "a") == "InternalServerError"


def test_what_has_nothing_to_do_with_dynamodb_can_be_left_out(world: ddbha.World) -> None:
    mixed = template("aws:fis:wait", {"duration": "PT1M"})
    mixed["actions"]["stop"] = {"actionId": "aws:ec2:stop-instances", "parameters": {}}
    with pytest.raises(UsageError, match=r"aws:ec2:stop-instances.*ignore="):
        world.faults.from_fis(mixed)
    assert len(world.faults.from_fis(mixed, ignore=["aws:ec2:*"]).actions) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"actions": {}}, "has no actions"),
        ({"targets": {}}, "which is no target"),
        (
            {"targets": {"carts": tagged("aws:dynamodb:global-table", "a")}},
            "that a replica in us-east-1 has",
        ),
        ({"targets": {"carts": {"filters": [{"path": "State.Name"}]}}}, "filtered by State.Name"),
        ({"targets": {"carts": {"resourceArns": ["carts"]}}}, "is no ARN"),
        ({"targets": {"carts": {}}}, "aimed at nothing"),
    ],
)
def test_what_cannot_be_followed_is_named(world: ddbha.World, change: dict[str, Any], said: str) -> None:
    pause = template("aws:dynamodb:global-table-pause-replication", {"duration": "PT5M"})
    with pytest.raises(UsageError, match=said):
        world.faults.from_fis({**pause, **change})
    assert world.faults.active == []


def test_durations_and_loops_are_checked(world: ddbha.World) -> None:
    with pytest.raises(UsageError, match="a duration like PT5M, not '5 minutes'"):
        world.faults.from_fis(template("aws:fis:wait", {"duration": "5 minutes"}))
    loop = template("aws:fis:wait", {"duration": "PT5M"}, startAfter=["one"])
    with pytest.raises(UsageError, match="wait for each other"):
        world.faults.from_fis(loop)
    with pytest.raises(UsageError, match="no JSON"):
        world.faults.from_fis("{")
    scope = template("aws:network:disrupt-connectivity", {"duration": "PT5M", "scope": "s3"})
    with pytest.raises(UsageError, match="does not touch DynamoDB"):
        world.faults.from_fis(scope)
