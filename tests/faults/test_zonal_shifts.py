"""Zonal shifts: leaders and readers keep away from a zone, nothing fails, and they come back.

https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-shift.html
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config

import ddbha
from ddbha.errors import UnknownPlaceError, UsageError
from tests.building import on_demand

ZONE, OTHER, THIRD = "us-east-1a", "us-east-1b", "us-east-1c"


@pytest.fixture
def world() -> ddbha.World:
    """With a lease: whoever had to wait for it would fail."""
    world = ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00Z"), leader_lease=1.5, history=True)
    client_of(world).create_table(TableName="carts", **on_demand("id"))
    put_all(world)
    return world


def client_of(world: ddbha.World) -> Any:
    once = Config(retries={"total_max_attempts": 1})
    return world.client("dynamodb", region_name="us-east-1", config=once)


def put_all(world: ddbha.World) -> None:
    client = client_of(world)
    for number in range(20):
        client.put_item(TableName="carts", Item={"id": {"S": str(number)}})


def leaders(world: ddbha.World, table: str = "carts") -> Counter[str]:
    return Counter(partition.leader.zone for partition in world.table(table).partitions)


def readers(world: ddbha.World) -> set[str]:
    """The zones that fifty eventually consistent reads are answered from."""
    partitions = world.table("carts").partitions
    return {partition.reader(world.clock.time()).zone for partition in partitions for _ in range(50)}


def test_leaders_and_readers_move_away_and_back(world: ddbha.World) -> None:
    before = leaders(world)
    assert before[ZONE]
    shift = world.faults.zonal_shift(ZONE)
    assert leaders(world)[ZONE] == 0
    assert readers(world) == {OTHER, THIRD}
    put_all(world)
    client_of(world).create_table(TableName="new", **on_demand("id"))
    assert leaders(world, "new")[ZONE] == 0
    shift.end()
    assert leaders(world) == before
    assert readers(world) == {ZONE, OTHER, THIRD}
    put_all(world)
    for partition in world.table("carts").partitions:
        assert len({replica.last_sequence for replica in partition.replicas}) == 1
    world.verify()


def test_leaders_that_moved_on_stay_where_they_are(world: ddbha.World) -> None:
    with world.faults.zonal_shift(ZONE):
        world.faults.zone_outage(OTHER, duration=10)
        world.clock.advance(seconds=20)
        put_all(world)
        there = leaders(world)
        assert there == {THIRD: sum(there.values())}
    # None of them had only this shift to thank for its place but those that were in the third zone.
    assert leaders(world)[OTHER] == 0
    world.verify()


def test_a_zone_that_alone_is_left_leads_all_the_same(world: ddbha.World) -> None:
    with world.faults.zonal_shift(ZONE):
        world.faults.zone_cut(OTHER, THIRD)
        put_all(world)
        world.faults.zone_outage(OTHER)
        world.clock.advance(seconds=2)
        put_all(world)
        assert leaders(world)[ZONE] == 0
    world.verify()


def test_a_new_leader_catches_up_whom_the_old_one_did_not_reach(world: ddbha.World) -> None:
    partitions = world.table("carts").partitions
    for partition in partitions:
        partition.hand_over({ZONE})
    world.faults.zone_cut(ZONE, THIRD)
    put_all(world)
    assert any(p.replicas[2].last_sequence < p.leader.last_sequence for p in partitions)
    world.faults.zonal_shift(ZONE)
    put_all(world)
    assert leaders(world) == {OTHER: len(partitions)}
    assert all(p.replicas[2].last_sequence == p.leader.last_sequence for p in partitions)
    world.verify()


def test_without_a_quorum_elsewhere_a_shift_is_refused(world: ddbha.World) -> None:
    with world.faults.zone_outage(OTHER), pytest.raises(UsageError, match="there is no quorum without"):
        world.faults.zonal_shift(ZONE)
    with world.faults.zone_cut(OTHER, THIRD), pytest.raises(UsageError, match="two must be up"):
        world.faults.zonal_shift(ZONE)
    assert world.faults.active == []
    with world.faults.zonal_shift(ZONE), pytest.raises(UsageError, match="a zonal shift already"):
        world.faults.zonal_shift(OTHER)


def test_a_shift_that_is_not_possible_when_it_is_due_does_nothing(world: ddbha.World) -> None:
    world.faults.zone_outage(OTHER, after=30, duration=60)
    world.faults.zonal_shift(ZONE, after=60, duration=60)
    world.clock.advance(seconds=70)
    assert "no quorum" in world.events.of("zonal-shift-refused")[0].details["reason"]
    assert ZONE in readers(world)
    world.clock.advance(seconds=100)
    put_all(world)
    assert world.faults.active == []


def test_the_customers_shift_comes_before_the_one_that_aws_begins(world: ddbha.World) -> None:
    """https://docs.aws.amazon.com/arc-zonal-shift/latest/api/API_ZonalShiftInResource.html"""
    world.faults.zonal_autoshift(ZONE, duration=600)
    assert readers(world) == {OTHER, THIRD}
    with world.faults.zonal_shift(THIRD):
        assert readers(world) == {ZONE, OTHER}
        assert leaders(world)[THIRD] == 0
    assert readers(world) == {OTHER, THIRD}
    world.clock.advance(seconds=601)
    assert readers(world) == {ZONE, OTHER, THIRD}


def test_what_makes_no_sense_is_refused(world: ddbha.World) -> None:
    with pytest.raises(UnknownPlaceError, match="us-east-1a"):
        world.faults.zonal_shift("us-east-1")
    with pytest.raises(UsageError, match="72 hours at most"):
        world.faults.zonal_shift(ZONE, duration=timedelta(days=4))
    with pytest.raises(UsageError, match="after=-1"):
        world.faults.zonal_shift(ZONE, after=-1)
