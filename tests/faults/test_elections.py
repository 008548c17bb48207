"""Elections belong to the clock: nobody has to ask, and whatever waits for a leader goes on with it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.config import Config

import ddbha

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
ONCE = Config(retries={"total_max_attempts": 1})


def world_with_table(units: int = 10, **arguments: Any) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock(), **arguments)
    client: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    client.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": units, "WriteCapacityUnits": units},
    )
    return world, client


def put(client: Any, name: str) -> None:
    client.put_item(TableName="orders", Item={"id": {"S": name}})


@pytest.mark.parametrize("lease", [0, 1.5])
def test_idle_partitions_have_a_live_leader_after_the_lease(lease: float) -> None:
    world, _ = world_with_table(3000, leader_lease=lease)
    partitions = world.table("orders").partitions
    assert {p.leader.zone for p in partitions} == set(ZONES)
    lost = world.clock.time()
    world.faults.zone_outage("us-east-1a")
    world.clock.advance(seconds=30)
    assert all(p.leader.up for p in partitions)
    assert not re.search(r"us-east-1a\*", str(world))
    assert re.search(r"us-east-1b\*", str(world))
    orphans = [p.number for p in partitions if p.term > 1]
    elected = world.events.of("leader-elected")
    # Once each, at the end of the lease.
    assert [(e.time, e.details["partition"]) for e in elected] == [(lost + lease, n) for n in orphans]
    world.clock.advance(hours=1)
    assert len(world.events.of("leader-elected")) == len(orphans)
    world.verify()


def test_the_timeline_shows_an_election_before_anybody_asks_the_table() -> None:
    world, _ = world_with_table(leader_lease=1.5)
    zone = world.table("orders").partitions[0].leader.zone
    world.faults.zone_outage(zone)
    world.clock.advance(seconds=1.4)
    assert not world.events.of("leader-elected")
    world.clock.advance(seconds=0.1)
    assert len(world.events.of("leader-elected")) == 1


def test_a_fault_that_was_due_long_ago_began_when_it_was_due() -> None:
    world, client = world_with_table(leader_lease=1.5)
    began = world.clock.time() + 10
    world.faults.zone_outage(world.table("orders").partitions[0].leader.zone, after=10)
    world.clock.advance(seconds=30)
    # Nobody asked since: the lease was over at 11.5 s.
    put(client, "1")
    assert [e.time for e in world.events.of("fault-began")] == [began]
    assert [e.time for e in world.events.of("leader-elected")] == [began + 1.5]
    world.verify()


def test_a_partition_without_a_quorum_elects_with_the_first_zone_that_is_back() -> None:
    world, client = world_with_table(leader_lease=1.5)
    put(client, "1")
    (partition,) = world.table("orders").partitions
    first, *others = [partition.leader.zone, *(z for z in ZONES if z != partition.leader.zone)]
    outages = [world.faults.zone_outage(zone) for zone in (first, others[0])]
    world.clock.advance(seconds=60)
    assert not world.events.of("leader-elected")
    outages[1].end()
    # The lease was over long ago.
    assert partition.leader.zone in others
    put(client, "2")
    world.verify()


def test_a_split_that_finds_no_leader_waits_for_one() -> None:
    world, client = world_with_table(leader_lease=1.5, timings=ddbha.Timings(split_partition=60))
    outage = world.faults.zone_outage("us-east-1c")
    world.clock.advance(seconds=1)
    client.update_table(
        TableName="orders", ProvisionedThroughput={"ReadCapacityUnits": 3000, "WriteCapacityUnits": 2000}
    )
    world.clock.advance(seconds=119)
    world.faults.zone_outage("us-east-1a")
    outage.end()
    lost = world.clock.time()
    world.clock.advance(seconds=1)
    assert client.describe_table(TableName="orders")["Table"]["TableStatus"] == "UPDATING"
    assert world.engine.environment.scheduler.waiting < 5
    world.clock.advance(seconds=0.5)
    put(client, "1")
    assert client.describe_table(TableName="orders")["Table"]["TableStatus"] == "ACTIVE"
    assert [e.time for e in world.events.of("partition-added")] == [lost + 1.5] * 2
    world.verify()
