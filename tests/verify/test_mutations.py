"""Engines that are broken on purpose: the checker catches each, from what clients were told alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from ddbha.errors import InvariantError
from ddbha.storage import partition as partition_module
from ddbha.storage.partition import Partition
from ddbha.storage.record import LogRecord
from ddbha.storage.replica import Replica
from ddbha.verify.histories import verify_history
from ddbha.verify.invariants import verify_state
from ddbha.verify.logged import verify_logged
from tests.building import on_demand

KEY: Any = {"id": {"S": "1"}}
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]


def world_with_table() -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    client = world.client(
        "dynamodb",
        region_name="us-east-1",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    client.create_table(TableName="tab", **on_demand("id"))
    return world, client


def write(client: Any, n: int) -> None:
    with suppress(ClientError):
        client.put_item(TableName="tab", Item={**KEY, "n": {"N": str(n)}})


def read(client: Any, *, consistent: bool) -> None:
    with suppress(ClientError):
        client.get_item(TableName="tab", Key=KEY, ConsistentRead=consistent)


def broken_quorum(monkeypatch: pytest.MonkeyPatch) -> None:
    """One replica is enough to lead and to acknowledge."""

    def elect(self: Partition, candidates: list[Replica]) -> None:
        self._leader = max(candidates, key=lambda replica: replica.last_sequence)
        self.term += 1

    monkeypatch.setattr(partition_module, "QUORUM", 1)
    monkeypatch.setattr(Partition, "_elect", elect)


def skipping_follower(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever applies a log leaves every second record out."""

    def apply(self: Replica, record: LogRecord) -> None:
        if record.sequence % 2:
            self.items.replace(record.key, record.new)

    monkeypatch.setattr(Replica, "apply", apply)


def early_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leader answers before its peers have the record: they get it with the next one."""

    def commit(
        self: Partition,
        key: Any,
        new: Any,
        time: float,
        origin: str,
        cause: str | None = None,
        version: Any = None,
    ) -> LogRecord:
        leader = self.available_leader()
        sequence = leader.log.last_sequence + 1
        old = leader.items.images.get(key)
        record = LogRecord(sequence, self.term, time, origin, key, old, new, cause, version)
        for replica in self._reachable(leader):
            for missed in leader.log.after(replica.log.last_sequence):
                replica.log.append(missed)
        leader.log.append(record)
        leader.apply_all()
        return record

    monkeypatch.setattr(Partition, "commit", commit)


def stale_leader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leader that is cut off does not notice that another was elected, and answers strong reads."""
    leads, commits = Partition.available_leader, Partition.commit
    writing: list[Any] = []

    def commit(self: Partition, *arguments: Any) -> LogRecord:
        writing.append(self)
        try:
            return commits(self, *arguments)
        finally:
            writing.pop()

    def available_leader(self: Partition) -> Replica:
        first = self.replicas[self.number % len(self.replicas)]
        return leads(self) if writing or not first.up else first

    monkeypatch.setattr(Partition, "commit", commit)
    monkeypatch.setattr(Partition, "available_leader", available_leader)


def lose_zones_in_turn(world: ddbha.World, client: Any) -> None:
    """Zone after zone alone, then cut off from the others."""
    count = 0
    for zone in ZONES:
        others = [other for other in ZONES if other != zone]
        outages = [world.faults.zone_outage(other) for other in others]
        count += 1
        write(client, count)
        with world.faults.zone_outage(zone):
            for outage in outages:
                outage.end()
            read(client, consistent=True)
        cuts = [world.faults.zone_cut(zone, other) for other in others]
        count += 1
        write(client, count)
        read(client, consistent=True)
        for cut in cuts:
            cut.end()
        read(client, consistent=True)
    for _ in range(6):
        count += 1
        write(client, count)
        read(client, consistent=False)


def test_the_engine_as_it_is_passes() -> None:
    world, client = world_with_table()
    lose_zones_in_turn(world, client)
    world.verify()
    assert len(world.history) > 20


@pytest.mark.parametrize(
    "mutation", [broken_quorum, skipping_follower, early_acknowledgement, stale_leader]
)
def test_a_broken_engine_is_caught_by_what_clients_were_told(
    mutation: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation(monkeypatch)
    world, client = world_with_table()
    lose_zones_in_turn(world, client)
    with pytest.raises(InvariantError, match="does not fit any order of the history") as caught:
        verify_history(world.history, world.events)
    assert "GetItem" in str(caught.value)
    with pytest.raises(InvariantError):
        world.verify()


@pytest.mark.parametrize("mutation", [broken_quorum, skipping_follower, early_acknowledgement])
def test_a_broken_engine_is_caught_by_what_its_replicas_hold(
    mutation: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation(monkeypatch)
    world, client = world_with_table()
    lose_zones_in_turn(world, client)
    for n in range(20):
        client.put_item(TableName="tab", Item={"id": {"S": f"other {n}"}})
    with pytest.raises(InvariantError):
        verify_state(world.engine.regions, world.clock.time())


def test_an_early_acknowledgement_is_caught_by_the_first_write(monkeypatch: pytest.MonkeyPatch) -> None:
    early_acknowledgement(monkeypatch)
    world, client = world_with_table()
    write(client, 1)
    with pytest.raises(InvariantError, match="was acknowledged"):
        verify_logged(world.history)


def test_two_leaders_of_one_term_are_caught() -> None:
    world, client = world_with_table()
    write(client, 1)
    partition = next(p for p in world.table("tab").partitions if p.acknowledged_sequence)
    with world.faults.zone_outage(partition.leader.zone):
        write(client, 2)
    world.verify()
    assert partition.elections == [(1, partition.elections[0][1]), (2, partition.leader.zone)]
    partition.elections.append((2, partition.elections[0][1]))
    with pytest.raises(InvariantError, match="two leaders in term 2"):
        world.verify()
