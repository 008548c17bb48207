"""Partitions come for throughput, size and heat; nothing is lost, and nothing is divided in vain."""

from __future__ import annotations

from typing import Any

import pytest

import ddbha
from ddbha.storage.partition import Partition
from tests.building import index_on
from tests.installed import needs


def table(world: ddbha.World, *, read: int = 10, write: int = 990, local_index: bool = False) -> Any:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    local: dict[str, Any] = {}
    if local_index:
        local["LocalSecondaryIndexes"] = [index_on("local", "pk", "data", projection="KEYS_ONLY")]
    client.create_table(
        TableName="tab",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
            *([{"AttributeName": "data", "AttributeType": "S"}] if local_index else []),
        ],
        ProvisionedThroughput={"ReadCapacityUnits": read, "WriteCapacityUnits": write},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        **local,
    )
    return client


def put(client: Any, pk: str, sk: int = 0, size: int = 900) -> None:
    data: Any = {"S": "x"} if size < 100 else {"B": b"x" * size}
    client.put_item(
        TableName="tab", Item={"pk": {"S": pk}, "sk": {"N": str(sk)}, "blob": data, "n": {"N": str(sk)}}
    )


def heat(world: ddbha.World, client: Any, keys: list[tuple[str, int]], *, minutes: int = 4) -> None:
    """Write about 880 units a second to these keys in turn."""
    position = 0
    for _ in range(minutes * 60):
        for _ in range(4):
            pk, sk = keys[position % len(keys)]
            position += 1
            put(client, pk, sk, size=225_000)
        world.clock.advance(seconds=1)
    put(client, *keys[0])


def partitions(world: ddbha.World) -> list[Partition]:
    return list(world.table("tab").partitions)


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


def reasons(world: ddbha.World) -> list[str]:
    return [event.details["reason"] for event in world.events.of("partition-added")]


def test_raised_throughput_is_in_effect_with_its_partitions_once_the_table_is_active() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings(split_partition=30))
    client = table(world)
    for number in range(50):
        put(client, f"item-{number}")
    new = {"ReadCapacityUnits": 10, "WriteCapacityUnits": 3500}
    client.update_table(TableName="tab", ProvisionedThroughput=new)
    seen = []
    for number in range(5):
        shown = client.describe_table(TableName="tab")["Table"]
        units = shown["ProvisionedThroughput"]["WriteCapacityUnits"]
        seen.append((shown["TableStatus"], units, len(partitions(world))))
        put(client, f"meanwhile-{number}")
        world.clock.advance(seconds=30)
    # 3500 / 1000 + 10 / 3000 needs four, which are two doublings.  API_UpdateTable: "The new provisioned
    # throughput setting is in effect only when the table returns to the ACTIVE state".
    assert seen == [*[("UPDATING", 990, 1)] * 2, *[("ACTIVE", 3500, 4)] * 3]
    assert len({p.high[0] - p.low[0] for p in partitions(world)}) == 1
    assert client.scan(TableName="tab")["Count"] == 55
    new = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    client.update_table(TableName="tab", ProvisionedThroughput=new)
    world.clock.advance(hours=1)
    assert len(partitions(world)) == 4
    world.verify()


def test_a_partition_that_grows_too_large_is_split() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), partition_size=20_000)
    client = table(world)
    for number in range(100):
        put(client, f"item-{number}")
    world.clock.advance(seconds=1)
    assert all(p.leader.items.size <= 20_000 for p in partitions(world))
    assert set(reasons(world)) == {"size"}
    assert client.scan(TableName="tab")["Count"] == 100
    world.verify()


def test_one_collection_is_divided_by_sort_key() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), partition_size=20_000)
    client = table(world)
    for number in range(100):
        put(client, "collection", number)
    assert len(partitions(world)) > 4
    page = client.query(
        TableName="tab",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "collection"}},
    )
    assert [int(item["sk"]["N"]) for item in page["Items"]] == list(range(100))
    world.verify()


def test_one_collection_is_never_divided_with_a_local_index() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), partition_size=20_000)
    client = table(world, local_index=True)
    for number in range(100):
        put(client, "collection", number)
    assert len(partitions(world)) == 1
    world.verify()


def test_a_split_waits_for_a_quorum() -> None:
    world = ddbha.World(
        clock=ddbha.ManualClock(), partition_size=20_000, timings=ddbha.Timings(split_partition=1)
    )
    client = table(world)
    for number in range(24):
        put(client, f"item-{number}")
        if world.events.of("partition-full"):
            break
    with world.faults.zone_outage("us-east-1a"), world.faults.zone_outage("us-east-1b"):
        world.clock.advance(minutes=5)
        assert len(partitions(world)) == 1
    world.clock.advance(minutes=1)
    assert len(partitions(world)) == 2
    world.verify()


def test_heat_divides_the_traffic(world: ddbha.World) -> None:
    client = table(world)
    names = [f"item-{number}" for number in range(8)]
    heat(world, client, [(name, 0) for name in names])
    low, high = partitions(world)
    tab = world.table("tab")
    hashes = [tab.schema.key({"pk": {"S": name}, "sk": {"N": "0"}}) for name in names]
    assert 3 <= sum(key < high.low for key in hashes) <= 5
    assert low.high == high.low
    assert reasons(world) == ["heat"]
    world.verify()


def test_a_single_hot_key_gets_a_partition_of_its_own(world: ddbha.World) -> None:
    client = table(world)
    for number in range(20):
        put(client, f"other-{number}")
    heat(world, client, [("hot", 0)])
    key = world.table("tab").schema.key({"pk": {"S": "hot"}, "sk": {"N": "0"}})
    alone = world.table("tab").partition(key)
    assert list(alone.leader.items.images) == [key]
    assert len(partitions(world)) == 3
    # More of the same does not split it again.
    heat(world, client, [("hot", 0)])
    assert len(partitions(world)) == 3
    assert client.scan(TableName="tab")["Count"] == 21
    world.verify()


def test_heat_at_the_end_of_a_collection_leaves_it_whole(world: ddbha.World) -> None:
    client = table(world)
    put(client, "before")
    heat(world, client, [("log", number) for number in range(1000)])
    tab = world.table("tab")
    whole = {tab.partition(tab.schema.key({"pk": {"S": "log"}, "sk": {"N": str(n)}})) for n in range(960)}
    assert len(whole) == 1


def test_brief_or_moderate_traffic_splits_nothing(world: ddbha.World) -> None:
    client = table(world)
    heat(world, client, [("hot", 0)], minutes=2)
    world.clock.advance(minutes=10)
    heat(world, client, [("hot", 0)], minutes=2)
    assert len(partitions(world)) == 1


@needs("CreateTable.WarmThroughput")
def test_warm_throughput_has_its_partitions(world: ddbha.World) -> None:
    client = table(world)
    warm = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 6000}
    client.update_table(TableName="tab", WarmThroughput=warm)
    assert len(partitions(world)) == 6


@needs("UpdateTable.WarmThroughput")
def test_warm_throughput_is_active_when_its_partitions_are_there() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings="aws")
    client = table(world)
    world.clock.advance(minutes=10)
    warm = {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 20_000}
    client.update_table(TableName="tab", WarmThroughput=warm)
    seen = {}
    for _ in range(60):
        world.clock.advance(minutes=1)
        shown = client.describe_table(TableName="tab")["Table"]["WarmThroughput"]
        seen[shown["Status"]] = len(partitions(world))
        if shown["Status"] == "ACTIVE":
            break
    assert seen == {"UPDATING": 1, "ACTIVE": 20}
    assert shown["WriteUnitsPerSecond"] == 20_000


def test_a_table_that_becomes_on_demand_is_ready_for_four_thousand_writes(world: ddbha.World) -> None:
    client = table(world)
    client.update_table(TableName="tab", BillingMode="PAY_PER_REQUEST")
    assert len(partitions(world)) == 4


def test_index_partitions_are_split_by_size_too() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), partition_size=20_000)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "colour")],
        GlobalSecondaryIndexes=[index_on("by-colour", "colour")],
        BillingMode="PAY_PER_REQUEST",
    )
    request = {
        "TableName": "tab",
        "IndexName": "by-colour",
        "KeyConditionExpression": "colour = :red",
        "ExpressionAttributeValues": {":red": {"S": "red"}},
    }
    for number in range(60):
        item = {"pk": {"S": f"item-{number}"}, "colour": {"S": "red"}, "data": {"S": "x" * 900}}
        client.put_item(TableName="tab", Item=item)
        client.query(**request)
    index = world.table("tab").global_indexes["by-colour"]
    assert len(index.partitions) > 4
    assert client.query(**request)["Count"] == 60
    world.verify()
