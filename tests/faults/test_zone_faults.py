"""Cuts between zones and replicas that lag, as reads and writes of a client show them."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from ddbha.errors import UnknownPlaceError, UsageError
from tests.building import index_on, on_demand

KEY: Any = {"id": {"S": "1"}}
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]


def world_with_table(seed: int = 0) -> tuple[ddbha.World, Any]:
    world = ddbha.World(seed=seed, clock=ddbha.ManualClock())
    client = world.client(
        "dynamodb",
        region_name="us-east-1",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    client.create_table(
        TableName="tab", **on_demand("id", more=["n:N"]), GlobalSecondaryIndexes=[index_on("by-n", "n")]
    )
    return world, client


def write(client: Any, n: int) -> None:
    client.put_item(TableName="tab", Item={**KEY, "n": {"N": str(n)}})


def read(client: Any, *, consistent: bool = False) -> int:
    item = client.get_item(TableName="tab", Key=KEY, ConsistentRead=consistent)["Item"]
    return int(item["n"]["N"])


def holder(world: ddbha.World) -> Any:
    return next(p for p in world.table("tab").partitions if p.acknowledged_sequence)


def test_a_leader_cut_off_from_both_peers_steps_down_and_grows_old() -> None:
    world, client = world_with_table()
    write(client, 1)
    partition = holder(world)
    old = partition.leader
    others = [zone for zone in ZONES if zone != old.zone]
    cuts = [world.faults.zone_cut(old.zone, zone) for zone in others]
    write(client, 2)
    assert partition.leader.zone in others
    assert partition.term == 2
    assert old.last_sequence == 1
    assert read(client, consistent=True) == 2
    # Clients still reach the old leader, which answers from what it holds.
    assert {read(client) for _ in range(60)} == {1, 2}
    world.verify()
    for cut in cuts:
        cut.end()
    assert old.last_sequence == 2
    assert {read(client) for _ in range(60)} == {2}
    world.verify()


def test_one_cut_leaves_a_quorum_and_three_cuts_leave_none() -> None:
    world, client = world_with_table()
    write(client, 1)
    term = holder(world).term
    cuts = [world.faults.zone_cut(ZONES[0], ZONES[1])]
    write(client, 2)
    assert holder(world).term == term
    cuts += [world.faults.zone_cut(ZONES[0], ZONES[2]), world.faults.zone_cut(ZONES[1], ZONES[2])]
    for operation in (lambda: write(client, 3), lambda: read(client, consistent=True)):
        with pytest.raises(ClientError) as caught:
            operation()
        assert caught.value.response["Error"]["Code"] in ("InternalServerError", "ServiceUnavailable")
    assert read(client) in (1, 2)
    for cut in cuts:
        cut.end()
    assert read(client, consistent=True) == 2
    world.verify()


def test_a_lagging_follower_shows_the_past_exactly_as_far_as_its_lag() -> None:
    world, client = world_with_table()
    write(client, 0)
    faults = [world.faults.follower_lag(zone, seconds=2) for zone in ZONES]
    for second in range(1, 6):
        world.clock.advance(seconds=1)
        write(client, second)
        assert read(client, consistent=True) == second
        # One replica in three leads and is current, the others are two seconds behind.
        assert {read(client) for _ in range(60)} == {max(0, second - 2), second}
    for fault in faults:
        fault.end()
    assert {read(client) for _ in range(60)} == {5}


def test_a_lagging_index_shows_the_past() -> None:
    world, client = world_with_table()

    def indexed(n: int) -> int:
        return int(
            client.query(
                TableName="tab",
                IndexName="by-n",
                KeyConditionExpression="n = :n",
                ExpressionAttributeValues={":n": {"N": str(n)}},
            )["Count"]
        )

    write(client, 1)
    with world.faults.index_lag("tab", "by-n", seconds=2):
        world.clock.advance(seconds=1)
        write(client, 2)
        assert (indexed(1), indexed(2)) == (1, 0)
        for partition in list(world.table("tab").partitions):
            partition.split()
        assert (indexed(1), indexed(2)) == (1, 0)
        world.clock.advance(seconds=2)
        assert (indexed(1), indexed(2)) == (0, 1)
        write(client, 3)
        assert indexed(3) == 0
    assert indexed(3) == 1
    with world.faults.index_lag("tab", "by-n", seconds=2):
        write(client, 4)
        for partition in list(world.table("tab").partitions):
            partition.split()
        assert indexed(4) == 0
    assert indexed(4) == 1, "what was written before the split was as late"
    world.verify()


def test_misuse_says_what_is_possible() -> None:
    world, _ = world_with_table()
    with pytest.raises(UsageError, match="not two zones of one region"):
        world.faults.zone_cut("us-east-1a", "eu-west-1a")
    with pytest.raises(UnknownPlaceError, match="one of the letters a, b, c"):
        world.faults.follower_lag("us-east-1z", seconds=1)
    with pytest.raises(UsageError, match="zero or more"):
        world.faults.follower_lag("us-east-1a", seconds=-1)
    with pytest.raises(UnknownPlaceError, match="It has: by-n"):
        world.faults.index_lag("tab", "by-m", seconds=1)


schedules = st.lists(
    st.one_of(
        st.just(("write",)),
        st.tuples(st.just("cut"), st.sampled_from(ZONES), st.sampled_from(ZONES), st.integers(1, 5)),
        st.tuples(st.just("outage"), st.sampled_from(ZONES), st.integers(1, 5)),
        st.tuples(st.just("lag"), st.sampled_from(ZONES), st.integers(1, 5)),
        st.just(("split",)),
    ),
    max_size=40,
)


def tried(action: Any) -> bool:
    """Whether an action was done; the only errors it may meet are those of a lost quorum."""
    try:
        action()
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("InternalServerError", "ServiceUnavailable"):
            raise
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(schedules, st.integers(0, 3))
def test_nothing_acknowledged_is_lost_in_any_schedule_of_cuts_outages_and_lags(
    schedule: Any, seed: int
) -> None:
    world, client = world_with_table(seed)
    write(client, 0)
    acknowledged = newest = 0
    for step, *places in schedule:
        if step == "write":
            newest += 1
            if tried(partial(write, client, newest)):
                acknowledged = newest
        elif step == "cut" and places[0] != places[1]:
            world.faults.zone_cut(places[0], places[1], duration=places[2])
        elif step == "outage":
            world.faults.zone_outage(places[0], duration=places[1])
        elif step == "lag":
            world.faults.follower_lag(places[0], seconds=places[1], duration=3)
        elif step == "split":
            # Without a quorum, or with nothing left to divide, it stays as it is.
            with suppress(ddbha.AwsError, UsageError):
                holder(world).split()
        world.clock.advance(seconds=1)
        seen: list[int] = []
        if tried(lambda seen=seen: seen.append(read(client, consistent=True))):
            assert seen == [acknowledged]
    world.faults.end_all()
    assert read(client, consistent=True) == acknowledged
    assert {read(client) for _ in range(12)} == {acknowledged}
    world.verify()
