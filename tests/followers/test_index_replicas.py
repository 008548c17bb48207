"""The replicas of an index, which several partitions of its table feed."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

import ddbha
from tests.building import index_on, on_demand


@pytest.mark.parametrize("seed", range(4))
def test_reads_of_an_index_look_no_further_into_the_past_than_they_may(seed: int) -> None:
    chance = Random(seed)
    world = ddbha.World(clock=ddbha.ManualClock(), seed=seed, history=True, stale_reads=2)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        **on_demand("id", more=["group"]),
        GlobalSecondaryIndexes=[index_on("by-group", "group")],
    )
    for number in range(160):
        group = {"S": str(number % 5)}
        item = {"id": {"S": str(chance.randrange(60))}, "group": group, "n": {"N": str(number)}}
        client.put_item(TableName="tab", Item=item)
        if number % 4 == 3:
            world.clock.advance(seconds=chance.random())
        if number % 8 == 7:
            client.query(
                TableName="tab",
                IndexName="by-group",
                KeyConditionExpression="#g = :g",
                ExpressionAttributeNames={"#g": "group"},
                ExpressionAttributeValues={":g": {"S": "1"}},
            )
    # What is read is held against what was there two seconds before.
    world.verify()
