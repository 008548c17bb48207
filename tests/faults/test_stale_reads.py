"""`World(stale_reads=…)`: eventually consistent reads show the past, as far as the seed decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ddbha
from tests.building import index_on, on_demand

KEY: Any = {"id": {"S": "1"}}


def world_with_table(stale_reads: float, seed: int = 0) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True, stale_reads=stale_reads, seed=seed)
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab", **on_demand("id", more=["g"]), GlobalSecondaryIndexes=[index_on("by-g", "g")]
    )
    return world, client


def get(client: Any, *, consistent: bool = False) -> Any:
    return client.get_item(TableName="tab", Key=KEY, ConsistentRead=consistent).get("Item")


def batch_get(client: Any) -> Any:
    items = client.batch_get_item(RequestItems={"tab": {"Keys": [KEY]}})["Responses"]["tab"]
    return items[0] if items else None


def query(client: Any) -> Any:
    items = client.query(
        TableName="tab", KeyConditionExpression="id = :i", ExpressionAttributeValues={":i": KEY["id"]}
    )["Items"]
    return items[0] if items else None


def scan(client: Any) -> Any:
    items = client.scan(TableName="tab")["Items"]
    return items[0] if items else None


def query_index(client: Any) -> Any:
    items = client.query(
        TableName="tab",
        IndexName="by-g",
        KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": {"S": "g"}},
    )["Items"]
    return items[0] if items else None


@pytest.mark.parametrize("read", [get, batch_get, query, scan, query_index])
def test_reads_are_at_most_so_many_seconds_old_and_not_all_of_one_age(read: Callable[[Any], Any]) -> None:
    ages = set()
    for seed in range(8):
        world, client = world_with_table(3, seed)
        for second in range(12):
            item: Any = {**KEY, "g": {"S": "g"}, "n": {"N": str(second)}}
            client.put_item(TableName="tab", Item=item)
            found = read(client)
            if found is None:
                assert second < 3
            else:
                ages.add(second - int(found["n"]["N"]))
            assert get(client, consistent=True)["n"] == {"N": str(second)}
            world.clock.advance(seconds=1)
        world.clock.advance(seconds=3)
        assert {read(client)["n"]["N"] for _ in range(9)} == {"11"}
        world.verify()
    # The state of just under three seconds ago is what was written three seconds ago.
    assert ages == {0, 1, 2, 3}


def test_without_it_every_read_is_current() -> None:
    world, client = world_with_table(0)
    for n in range(30):
        client.put_item(TableName="tab", Item={**KEY, "n": {"N": str(n)}})
        assert get(client)["n"] == {"N": str(n)}
    world.verify()
