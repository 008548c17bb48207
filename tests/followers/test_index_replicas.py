"""The replicas of an index, which several partitions of its table feed one after the other."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

import ddbha
from tests.building import index_on, on_demand


@pytest.mark.parametrize("seed", range(4))
def test_reads_of_an_index_look_no_further_into_the_past_than_they_may(seed: int) -> None:
    chance = Random(seed)
    world = ddbha.World(clock=ddbha.ManualClock(), seed=seed, stale_reads=2)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        **on_demand("id", more=["group"]),
        GlobalSecondaryIndexes=[index_on("by-group", "group")],
    )
    written: dict[str, tuple[str, float]] = {}
    for number in range(160):
        name, group = str(chance.randrange(60)), str(number % 5)
        item = {"id": {"S": name}, "group": {"S": group}, "n": {"N": str(number)}}
        client.put_item(TableName="tab", Item=item)
        written[name] = (group, world.clock.time())
        if number % 4 < 3:
            continue
        world.clock.advance(seconds=chance.random())
        # Partitions of which more than one step is unread are read one after the other.
        if chance.random() < 0.5:
            continue
        found = client.query(
            TableName="tab",
            IndexName="by-group",
            KeyConditionExpression="#g = :g",
            ExpressionAttributeNames={"#g": "group"},
            ExpressionAttributeValues={":g": {"S": "1"}},
        )
        # Whatever has been there for two seconds is seen.
        seen, before = {item["id"]["S"] for item in found["Items"]}, world.clock.time() - 2
        assert seen >= {one for one, (where, time) in written.items() if where == "1" and time <= before}
