"""Elections, replicas and pages that are broken on purpose, each caught by logs or by reads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from ddbha.errors import InvariantError
from ddbha.storage.partition import Partition
from ddbha.storage.record import Stamp
from ddbha.storage.replica import Replica
from ddbha.verify.verification import verify_recorded
from tests.building import index_on, on_demand
from tests.verify.plants import pages, replicas
from tests.verify.plants.plant import Effects

#: Some of them are planted in random worlds as well, and note the differences that they make.
Break = Callable[[pytest.MonkeyPatch, Effects], None]
KEY: Any = {"id": {"S": "1"}}


def world_with_table() -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    client = world.client("dynamodb", region_name="us-east-1", config=once)
    client.create_table(
        TableName="tab",
        **on_demand("id", more=["n:N"]),
        GlobalSecondaryIndexes=[index_on("by-n", "n", projection="KEYS_ONLY")],
    )
    return world, client


def lose_the_leader() -> ddbha.World:
    """A replica misses a write, and is back when the leader that has it is away."""
    world, client = world_with_table()

    def put(n: int) -> None:
        with suppress(ClientError):
            client.put_item(TableName="tab", Item={**KEY, "n": {"N": str(n)}})

    put(1)
    partition = next(p for p in world.table("tab").partitions if p.acknowledged_sequence)
    zone = next(r.zone for r in partition.replicas if r is not partition.leader)
    missing = world.faults.zone_outage(zone)
    put(2)
    with world.faults.zone_outage(partition.leader.zone):
        missing.end()
        put(3)
    return world


def write_and_read_anywhere() -> ddbha.World:
    """Several writes between eventually consistent reads."""
    world, client = world_with_table()
    for n in range(12):
        client.put_item(TableName="tab", Item={**KEY, "n": {"N": str(n)}})
        if n % 3 == 2:
            for _ in range(6):
                client.get_item(TableName="tab", Key=KEY)
    return world


def read_pages() -> ddbha.World:
    """Pages of a table and of its index, with and without filters, while items come and go."""
    world, client = world_with_table()
    for n in range(24):
        key: Any = {"id": {"S": str(n % 7)}}
        if n % 5 == 4:
            client.delete_item(TableName="tab", Key=key)
        else:
            # Without a number an item has no entry in the index.
            number = {"n": {"N": str(n % 2)}} if n % 3 else {}
            client.put_item(TableName="tab", Item={**key, "odd": {"BOOL": n % 2 == 1}, **number})
        values: Any = {":n": {"N": "1"}}
        client.query(
            TableName="tab",
            IndexName="by-n",
            KeyConditionExpression="n = :n",
            ExpressionAttributeValues=values,
        )
        client.scan(TableName="tab", IndexName="by-n")
        client.scan(
            TableName="tab",
            FilterExpression="n = :n",
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
    return world


def write_in_two_regions() -> ddbha.World:
    """Two regions write one item while they are cut off from each other; the second write is later."""
    world, client = world_with_table()
    client.update_table(
        TableName="tab",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    clients = [client, world.client("dynamodb", region_name="eu-west-1")]
    world.clock.advance(seconds=5)
    client.describe_table(TableName="tab")
    for n in range(4):
        world.clock.advance(seconds=5)
        with world.faults.network_cut("us-east-1", "eu-west-1"):
            for place in (n, n + 1):
                world.clock.advance(seconds=1)
                item: Any = {**KEY, "n": {"N": f"{n}{place}"}}
                clients[place % 2].put_item(TableName="tab", Item=item)
    world.clock.advance(seconds=5)
    return world


def region_wins(monkeypatch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Of two writes that of the region with the greater name wins, whichever is later."""

    def turned(stamp: Stamp) -> tuple[str, int]:
        return stamp.region, stamp.microseconds

    monkeypatch.setattr(Stamp, "__lt__", lambda one, other: turned(one) < turned(other))
    monkeypatch.setattr(Stamp, "__le__", lambda one, other: turned(one) <= turned(other))
    monkeypatch.setattr(Stamp, "__gt__", lambda one, other: turned(one) > turned(other))


def shortest_log_wins(monkeypatch: pytest.MonkeyPatch, effects: Effects) -> None:
    """The replica with the fewest records is elected, and its peers are cut to what it has."""

    def elect(self: Partition, candidates: list[Replica]) -> None:
        self._leader = min(candidates, key=lambda replica: replica.last_sequence)
        self._leader.apply_all()
        self.term += 1
        self.elections.append((self.term, self._leader.zone))
        self.acknowledged_sequence = self._leader.last_sequence
        for replica in self.replicas:
            replica.log._records[:] = self._leader.log._records
            replica.items = self._leader.items.copy()
            replica.applied_sequence = self._leader.applied_sequence

    monkeypatch.setattr(Partition, "_elect", elect)


@pytest.mark.parametrize(
    "scenario", [lose_the_leader, write_and_read_anywhere, read_pages, write_in_two_regions]
)
def test_an_engine_that_works_passes(scenario: Callable[[], ddbha.World]) -> None:
    scenario().verify()


@pytest.mark.parametrize(
    ("mutation", "scenario", "words"),
    [
        (shortest_log_wins, lose_the_leader, "replaced something else|acknowledged|does not fit"),
        (replicas.replicas_out_of_order, write_and_read_anywhere, "disagree on"),
        (region_wins, write_in_two_regions, "later one|last write"),
        (pages.page_that_skips(index=True), read_pages, "does not fit"),
        (pages.page_that_skips(index=False), read_pages, "does not fit"),
    ],
)
def test_what_is_broken_is_caught(
    mutation: Break,
    scenario: Callable[[], ddbha.World],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mutation(monkeypatch, Effects())
    world = scenario()
    with pytest.raises(InvariantError, match=words):
        world.verify()
    with pytest.raises(InvariantError):
        verify_recorded(world.history, world.engine.regions, world.events)
