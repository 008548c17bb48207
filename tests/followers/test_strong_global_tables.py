"""Strongly consistent global tables.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from ddbha.followers.strong_replication import StrongGlobalTable
from tests.building import on_demand
from tests.installed import needs

pytestmark = needs("UpdateTable.MultiRegionConsistency")

REGIONS = ("us-east-1", "us-east-2", "us-west-2")
EAST, OHIO, WEST = REGIONS
ONCE = Config(retries={"max_attempts": 0})


def create(client: Any, **more: Any) -> None:
    client.create_table(TableName="tab", **on_demand("id"), **more)


def new_world(*, witness: bool = False) -> tuple[ddbha.World, list[Any]]:
    world = ddbha.World(clock=ddbha.ManualClock())
    clients: list[Any] = [world.client("dynamodb", region_name=name, config=ONCE) for name in REGIONS]
    create(clients[0])
    if witness:
        clients[0].update_table(
            TableName="tab",
            ReplicaUpdates=[{"Create": {"RegionName": OHIO}}],
            GlobalTableWitnessUpdates=[{"Create": {"RegionName": WEST}}],
            MultiRegionConsistency="STRONG",
        )
    else:
        clients[0].update_table(
            TableName="tab",
            ReplicaUpdates=[{"Create": {"RegionName": name}} for name in (OHIO, WEST)],
            MultiRegionConsistency="STRONG",
        )
    clients[0].describe_table(TableName="tab")
    return world, clients


def put(client: Any, key: str, value: str, **more: Any) -> None:
    client.put_item(TableName="tab", Item={"id": {"S": key}, "value": {"S": value}}, **more)


def value(client: Any, key: str, *, consistent: bool = True) -> str | None:
    answer = client.get_item(TableName="tab", Key={"id": {"S": key}}, ConsistentRead=consistent)
    return answer["Item"]["value"]["S"] if "Item" in answer else None


def test_strong_reads_see_the_latest_write_of_any_region() -> None:
    world, clients = new_world()
    world.faults.replication_lag(EAST, OHIO, seconds=2)
    put(clients[0], "a", "1")
    assert value(clients[1], "a", consistent=False) is None
    assert value(clients[1], "a") == value(clients[2], "a") == "1"
    world.clock.advance(seconds=3)
    put(clients[1], "a", "2", ConditionExpression="attribute_exists(id)")
    assert value(clients[0], "a") == "2"
    for client in clients:
        description = client.describe_table(TableName="tab")["Table"]
        assert description["MultiRegionConsistency"] == "STRONG"
        assert len(description["Replicas"]) == 2
        assert "StreamSpecification" not in description, "streams are not needed"
    world.verify()


def test_a_write_meets_another_regions_write_on_its_way() -> None:
    world, clients = new_world()
    world.faults.replication_lag(EAST, OHIO, seconds=0.2)
    put(clients[0], "a", "1")
    with pytest.raises(clients[1].exceptions.ReplicatedWriteConflictException):
        put(clients[1], "a", "2")
    put(clients[1], "b", "2")
    put(clients[2], "a", "3")
    world.clock.advance(seconds=0.2)
    put(clients[1], "a", "4")
    assert {value(client, "a") for client in clients} == {"4"}


def test_the_common_order_forgets_what_has_arrived_also_where_writes_are_late() -> None:
    world, clients = new_world()
    world.faults.replication_lag(EAST, OHIO, seconds=2)
    for number in range(500):
        put(clients[0], "a", str(number))
        world.clock.advance(seconds=1)
        for client in clients:
            value(client, "a", consistent=number % 2 == 0)
    group = next(iter(world.engine.regions)).environment.global_tables[0]
    assert isinstance(group, StrongGlobalTable)
    assert len(group._order) <= 4


def test_a_batch_that_meets_another_regions_write_changes_nothing() -> None:
    # API_BatchWriteItem, ReplicatedWriteConflictException: "The request was rejected because one or more
    # items in the request are being modified by a request in another Region."
    world, clients = new_world()
    world.faults.replication_lag(EAST, OHIO, seconds=0.2)
    put(clients[0], "b", "1")
    puts = [{"PutRequest": {"Item": {"id": {"S": key}, "value": {"S": "2"}}}} for key in "abc"]
    with pytest.raises(clients[1].exceptions.ReplicatedWriteConflictException):
        clients[1].batch_write_item(RequestItems={"tab": puts})
    assert [value(clients[0], key) for key in "abc"] == [None, "1", None]
    world.clock.advance(seconds=0.2)
    clients[1].batch_write_item(RequestItems={"tab": puts})
    assert [value(clients[0], key) for key in "abc"] == ["2", "2", "2"]
    world.verify()


def test_botocore_tries_a_conflicting_write_again() -> None:
    world, clients = new_world()
    world.faults.replication_lag(EAST, OHIO, seconds=0.2)
    patient = world.client(
        "dynamodb", region_name=OHIO, config=Config(retries={"mode": "standard", "max_attempts": 10})
    )
    put(clients[0], "a", "1")
    put(patient, "a", "2")
    assert value(clients[0], "a") == "2"


def test_one_region_may_be_lost_and_two_may_not() -> None:
    world, clients = new_world()
    put(clients[0], "a", "1")
    first = world.faults.region_outage(EAST)
    put(clients[1], "a", "2")
    assert value(clients[2], "a") == "2"
    second = world.faults.region_outage(OHIO)
    for call, arguments in ((put, (clients[2], "a", "3")), (value, (clients[2], "a"))):
        with pytest.raises(ClientError) as caught:
            call(*arguments)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert value(clients[2], "a", consistent=False) == "2"
    first.end()
    put(clients[2], "a", "4")
    second.end()
    assert {value(client, "a") for client in clients} == {"4"}
    world.verify()


def test_an_acknowledged_write_survives_the_region_that_took_it() -> None:
    world, clients = new_world()
    west_cut = world.faults.network_cut(EAST, WEST)
    put(clients[0], "a", "1")
    world.faults.region_outage(EAST)
    west_cut.end()
    assert value(clients[2], "a") == "1", "it was held by the second region"
    world.faults.end_all()
    world.verify()


def test_a_witness_makes_the_third() -> None:
    world, (east, ohio, west) = new_world(witness=True)
    description = east.describe_table(TableName="tab")["Table"]
    assert description["GlobalTableWitnesses"] == [{"RegionName": WEST, "WitnessStatus": "ACTIVE"}]
    with pytest.raises(ClientError, match="not found"):
        west.describe_table(TableName="tab")
    create(west)
    with world.faults.region_outage(OHIO):
        put(east, "a", "1")
        assert value(east, "a") == "1"
    assert value(ohio, "a") == "1"
    with world.faults.region_outage(OHIO), world.faults.region_outage(WEST), pytest.raises(ClientError):
        put(east, "a", "2")
    world.verify()


def test_it_is_dissolved_whole_or_not_at_all() -> None:
    world, clients = new_world()
    with pytest.raises(ClientError, match="Deletion of only one table replica is not supported"):
        clients[0].update_table(TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": OHIO}}])
    with pytest.raises(ClientError, match="Deletion of only one table replica is not supported"):
        clients[0].delete_table(TableName="tab")
    with pytest.raises(ClientError, match="Cannot add replicas to a global table with strong"):
        clients[0].update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    put(clients[1], "a", "1")
    clients[0].update_table(
        TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": name}} for name in (OHIO, WEST)]
    )
    assert value(clients[0], "a") == "1"
    put(clients[0], "b", "2")
    assert "MultiRegionConsistency" not in clients[0].describe_table(TableName="tab")["Table"]
    world.verify()


def test_a_witness_goes_with_its_replica() -> None:
    _world, (east, *_) = new_world(witness=True)
    delete: Any = [{"Delete": {"RegionName": OHIO}}]
    with pytest.raises(ClientError, match="does not include all witnesses"):
        east.update_table(TableName="tab", ReplicaUpdates=delete)
    with pytest.raises(ClientError, match=r"witnesses were not part of .*: \[eu-west-1\]"):
        east.update_table(
            TableName="tab",
            ReplicaUpdates=delete,
            GlobalTableWitnessUpdates=[{"Delete": {"RegionName": "eu-west-1"}}],
        )
    east.update_table(
        TableName="tab",
        ReplicaUpdates=delete,
        GlobalTableWitnessUpdates=[{"Delete": {"RegionName": WEST}}],
    )
    assert "GlobalTableWitnesses" not in east.describe_table(TableName="tab")["Table"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"ReplicaUpdates": [{"Create": {"RegionName": OHIO}}], "MultiRegionConsistency": "STRONG"},
            "Unsupported replica count for global tables with MultiRegionConsistency set to STRONG",
        ),
        (
            {
                "ReplicaUpdates": [{"Create": {"RegionName": n}} for n in (OHIO, "eu-west-1")],
                "MultiRegionConsistency": "STRONG",
            },
            r"Unsupported Region\(s\) specified .* STRONG: \[eu-west-1\]",
        ),
        (
            {
                "ReplicaUpdates": [{"Create": {"RegionName": OHIO}}],
                "GlobalTableWitnessUpdates": [{"Create": {"RegionName": WEST}}],
            },
            "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates",
        ),
        (
            {
                "ReplicaUpdates": [{"Create": {"RegionName": OHIO}}],
                "GlobalTableWitnessUpdates": [{"Create": {"RegionName": EAST}}],
                "MultiRegionConsistency": "STRONG",
            },
            "Cannot add a witness in the same region as an existing replica",
        ),
        ({"MultiRegionConsistency": "STRONG"}, "At least one of"),
    ],
)
def test_refused_strong_tables(members: Any, message: str) -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name=EAST)
    create(client)
    with pytest.raises(ClientError, match=message):
        client.update_table(TableName="tab", **members)
    assert "Replicas" not in client.describe_table(TableName="tab")["Table"]


def test_the_table_is_empty_at_first_and_without_transactions_ever() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name=EAST)
    create(client)
    put(client, "a", "1")
    strong: Any = {
        "ReplicaUpdates": [{"Create": {"RegionName": name}} for name in (OHIO, WEST)],
        "MultiRegionConsistency": "STRONG",
    }
    with pytest.raises(ClientError, match="must be empty"):
        client.update_table(TableName="tab", **strong)
    client.delete_item(TableName="tab", Key={"id": {"S": "a"}})
    client.update_table(TableName="tab", **strong)
    with pytest.raises(ClientError, match="not supported"):
        client.transact_get_items(
            TransactItems=[{"Get": {"TableName": "tab", "Key": {"id": {"S": "a"}}}}]
        )


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 2), st.sampled_from("ab")),
        st.tuples(st.just("read"), st.integers(0, 2), st.sampled_from("ab")),
        st.tuples(st.just("cut"), st.integers(0, 2), st.sampled_from((1, 3))),
        st.tuples(st.just("outage"), st.integers(0, 2), st.sampled_from((1, 3))),
        st.tuples(st.just("lag"), st.integers(0, 2), st.sampled_from((1, 3))),
        st.tuples(st.just("zones"), st.integers(0, 2), st.sampled_from((1, 3))),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(steps)
def test_every_strong_read_under_any_faults_sees_the_last_acknowledged_write(plan: Any) -> None:
    world, clients = new_world()
    model: dict[str, str] = {}
    for number, (step, place, detail) in enumerate(plan):
        world.clock.advance(seconds=0.4)
        region, other = REGIONS[place], REGIONS[(place + 1) % 3]
        try:
            if step == "put":
                put(clients[place], detail, str(number))
                model[detail] = str(number)
            elif step == "read":
                assert value(clients[place], detail) == model.get(detail)
        except (ClientError, EndpointConnectionError):
            continue
        if step == "cut":
            world.faults.network_cut(region, other, duration=detail)
        elif step == "outage":
            world.faults.region_outage(region, duration=detail)
        elif step == "lag":
            world.faults.replication_lag(region, other, seconds=detail, duration=2)
        elif step == "zones":
            for letter in "ab":
                world.faults.zone_outage(region + letter, duration=detail)
    world.faults.end_all()
    for client in clients:
        for key in "ab":
            assert value(client, key) == model.get(key)
    world.verify()
