"""The archive of a table: any moment of its window comes back, and memory follows the window."""

from __future__ import annotations

from typing import Any

import pytest

import ddbha
from ddbha.api.registry import Caller
from ddbha.followers import archive as module
from ddbha.followers.archive import DAY, Archive
from ddbha.region.region import Region
from ddbha.values.attribute import Item
from ddbha.values.image import unpack
from tests.building import index_on, on_demand

State = dict[str, Item]


class History:
    """A table with an archive, and what it held after each second in which it was written to."""

    def __init__(self, **table: Any) -> None:
        self.world = ddbha.World(clock=ddbha.ManualClock(0))
        self.client: Any = self.world.client("dynamodb", region_name="us-east-1")
        self.client.create_table(TableName="tab", **on_demand("pk"))
        self.table = self.world.table("tab")
        self.archive = Archive.enable(self.table.partitions, self.world.clock.time)
        self.states: dict[float, State] = {0.0: {}}
        self.state: State = {}

    def put(self, pk: str, value: int) -> None:
        item = {"pk": {"S": pk}, "v": {"N": str(value)}}
        self.client.put_item(TableName="tab", Item=item)
        self.state = {**self.state, pk: item}
        self.states[self.world.clock.time()] = self.state

    def delete(self, pk: str) -> None:
        self.client.delete_item(TableName="tab", Key={"pk": {"S": pk}})
        self.state = {name: item for name, item in self.state.items() if name != pk}
        self.states[self.world.clock.time()] = self.state

    def tick(self, seconds: float = 1) -> None:
        self.world.clock.advance(seconds=seconds)

    def archived(self, time: float) -> State:
        return {key[1]: unpack(image) for key, image in self.archive.images_at(time)}

    def check(self) -> None:
        earliest = self.archive.earliest(self.world.clock.time())
        for time, state in self.states.items():
            if time >= earliest:
                assert self.archived(time) == state
                assert self.archived(time + 0.5) == state


def churn(history: History, count: int) -> None:
    for number in range(count):
        history.put(str(number % 7), number)
        if number % 3 == 0:
            history.delete(str((number * 5) % 7))
        history.tick()


@pytest.mark.parametrize("records", [20_000, 3])
def test_every_moment_comes_back_across_splits_and_checkpoints(
    records: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_RECORDS", records)
    history = History()
    for _ in range(4):
        churn(history, 10)
        history.check()
        holder = max(history.table.partitions, key=lambda p: len(p.leader.items))
        holder.split()
        history.put("at the moment of the split", len(history.states))
        history.delete(next(name for name in history.state if name.isdecimal()))
    history.check()


def test_changes_are_in_commit_order_and_bounded() -> None:
    history = History()
    churn(history, 12)
    for partition in list(history.table.partitions):
        partition.split()
    churn(history, 12)
    changes = list(history.archive.changes(3, 20))
    assert [record.time for record in changes] == sorted(record.time for record in changes)
    assert {record.time for record in changes} == set(range(4, 21))
    state = history.archived(3)
    for record in changes:
        if record.new is None:
            del state[record.key[1]]
        else:
            state[record.key[1]] = unpack(record.new)
    assert state == history.archived(20)


def test_memory_follows_the_window() -> None:
    history = History()
    for day in range(100):
        history.put(str(day), day)
        history.tick(DAY)
    list(history.archive.images_at(history.world.clock.time()))
    assert history.archive.record_count == 35
    history.check()


def test_a_shorter_period_forgets_and_a_longer_one_brings_nothing_back() -> None:
    history = History()
    history.tick(10 * DAY)
    history.archive.set_period(3)
    now = history.world.clock.time()
    assert history.archive.earliest(now) == 7 * DAY
    history.archive.set_period(30)
    assert history.archive.earliest(now) == 7 * DAY
    assert history.archive.earliest(now + 40 * DAY) == 20 * DAY


def test_a_loaded_table_is_like_one_that_was_written() -> None:
    history = History()
    churn(history, 40)
    region = history.world.engine.region(Caller("123456789012", "us-east-1"))
    assert isinstance(region, Region)
    with history.world.faults.zone_outage("us-east-1b"):
        history.client.create_table(
            TableName="copy",
            **on_demand("pk", more=["v:N"]),
            GlobalSecondaryIndexes=[index_on("by-v", "v", projection="KEYS_ONLY")],
        )
        copy = history.world.table("copy")
        copy.load(history.archive.images_at(history.world.clock.time()))
        history.client.put_item(TableName="copy", Item={"pk": {"S": "new"}, "v": {"N": "999"}})
    history.world.verify()
    for zone in ("us-east-1a", "us-east-1c"):
        with history.world.faults.zone_outage(zone):
            found = history.client.scan(TableName="copy", ConsistentRead=True)["Items"]
            assert {item["pk"]["S"]: item for item in found} == {
                **history.state,
                "new": {"pk": {"S": "new"}, "v": {"N": "999"}},
            }
    history.world.verify()
