"""The lineage of shards.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import ddbha
from tests.building import of_units


class SettableClock(ddbha.ManualClock):
    """A clock that may be set back, as that of a machine."""

    offset = 0.0

    def time(self) -> float:
        return super().time() + self.offset


@pytest.fixture
def world() -> ddbha.World:
    world = ddbha.World(clock=SettableClock())
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        **of_units(5, 5, "pk"),
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    return world


def shards(world: ddbha.World) -> Any:
    streams = world.client("dynamodbstreams", region_name="us-east-1")
    (listed,) = streams.list_streams()["Streams"]
    return streams.describe_stream(StreamArn=listed["StreamArn"])["StreamDescription"]["Shards"]


def in_order(found: Any) -> bool:
    """Whether each shard comes behind its parent."""
    seen: set[str | None] = {None}
    for shard in found:
        if shard.get("ParentShardId") not in seen:
            return False
        seen.add(shard["ShardId"])
    return True


def test_a_rollover_has_one_child_and_a_split_has_two(world: ddbha.World) -> None:
    world.clock.advance(hours=9)
    world.table("tab").partitions[0].split()
    found = shards(world)
    assert in_order(found)
    children = Counter(shard["ParentShardId"] for shard in found if "ParentShardId" in shard)
    assert sorted(children.values()) == [1, 1, 2]
    assert sum("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in found) == 2


def test_parents_come_first_although_the_clock_was_set_back(world: ddbha.World) -> None:
    world.clock.advance(hours=5)
    assert len(shards(world)) == 2
    world.clock.offset = -5 * 3600.0  # type: ignore[attr-defined]
    world.table("tab").partitions[0].split()
    found = shards(world)
    assert len(found) == 4
    assert in_order(found)
