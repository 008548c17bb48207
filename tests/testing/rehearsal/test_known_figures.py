"""Recovery times and points that follow from a lease, a lag, an interval and a restore alone.

What each option is worth is said in docs/options.md and by AWS: a zone's leaders move within their lease;
"typically within a second or less" for replicas
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html); backups
lose what came after the newest one; the newest five minutes cannot be recovered yet
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from attrs import evolve
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import ddbha
from ddbha.rehearsal import (
    Disaster,
    Option,
    RehearsalClock,
    Run,
    backups,
    global_table,
    recovery,
    rehearse,
    single_region,
)
from tests.building import on_demand

LEASE, LAG, HOUR, RESTORE, NOTICED = 1.5, 0.9, 3600.0, 240.0, 60.0
#: Seconds between two calls of the workload: around a disaster, in between, and while calls fail.
BUSY, CALM, FAILING = 0.25, 30.0, 1.0
#: Seconds between an operator's looks at a restore.
LOOK = 5.0
TABLES: list[Any] = [{"TableName": "numbers", **on_demand("id")}]
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=0.001)


def numbers(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    """Put a new item each time, and wait until that works."""
    client = clients()
    for number in clock.cycles():
        while True:
            try:
                client.put_item(TableName="numbers", Item={"id": {"S": str(number)}})
            except (ClientError, BotoCoreError):
                clock.sleep(FAILING)
                continue
            break


def one(option: Option, disaster: Disaster | str, seed: int) -> Run:
    matrix = rehearse(numbers, tables=TABLES, options=[option], disasters=[disaster], seeds=[seed])
    (cell,) = matrix.cells.values()
    (run,) = cell.runs
    return run


@pytest.fixture
def world() -> ddbha.World:
    world = ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00Z"), leader_lease=LEASE, history=True)
    client(world).create_table(**TABLES[0])
    return world


def client(world: ddbha.World) -> Any:
    return world.client("dynamodb", region_name="us-east-1", config=ONCE)


def put_for(world: ddbha.World, seconds: float) -> None:
    """A put of one item each tenth of a second, with one attempt."""
    writer = client(world)
    for number in range(round(seconds * 10)):
        with suppress(ClientError, BotoCoreError):
            writer.put_item(TableName="numbers", Item={"id": {"S": "a"}, "number": {"N": str(number)}})
        world.clock.advance(seconds=0.1)


def test_a_lost_leader_is_missed_for_its_lease(world: ddbha.World) -> None:
    put_for(world, 1)
    leaders = [partition.leader for partition in world.table("numbers").partitions]
    world.faults.zone_outage(next(leader.zone for leader in leaders if leader.items.images))
    put_for(world, 5)
    told = world.availability()
    assert [outage.seconds for outage in told.total.outages] == [pytest.approx(LEASE, abs=0.1)]
    assert told.lost_writes == []


def test_a_region_takes_with_it_what_its_lag_held_back(world: ddbha.World) -> None:
    client(world).update_table(
        TableName="numbers", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}]
    )
    world.faults.replication_lag("us-east-1", "eu-west-1", seconds=LAG)
    put_for(world, 5)
    world.clock.advance(seconds=0.05)
    lost_at = world.clock.time()
    world.faults.region_outage("us-east-1")
    lost = world.availability().lost_writes
    ages = [lost_at - write.time for write in lost]
    # Writes of 0.95 s before and of all times before that have arrived.
    assert ages == pytest.approx([0.85, 0.75, 0.65, 0.55, 0.45, 0.35, 0.25, 0.15], abs=0.001)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_zone_costs_the_lease_and_no_write(seed: int) -> None:
    run = one(single_region(), "a zone, 10 min", seed)
    # A call that spans the election ends with its third attempt, at most 2 s after its second.
    assert run.recovery_time == 0 or LEASE <= (run.recovery_time or 0) <= LEASE + FAILING + 3
    assert run.lost_writes == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_region_costs_the_lag(seed: int) -> None:
    def late(world: ddbha.World, tables: list[str]) -> None:
        world.faults.replication_lag("us-east-1", "eu-west-1", seconds=LAG)

    run = one(evolve(global_table(), set_up=late), "a region, for good", seed)
    assert LAG - BUSY < run.recovery_point <= LAG
    assert run.lost_writes in (3, 4)
    assert run.recovery_point < 1.0, "AWS: typically within a second or less"


@pytest.mark.parametrize("seed", [1, 2])
def test_backups_cost_what_came_after_the_newest_one(seed: int) -> None:
    since: list[float] = []

    def delete(stage: Any, option: Option) -> None:
        found = stage.world.client("dynamodb", region_name=option.home)
        kept = found.list_backups(TableName="numbers", BackupType="AWS_BACKUP")["BackupSummaries"]
        since.append(stage.disaster_at - max(b["BackupCreationDateTime"].timestamp() for b in kept))
        found.delete_table(TableName="numbers")

    run = one(backups(every="1 hour"), Disaster("deleted", 60, delete, harms_data=True), seed)
    assert 0 <= since[0] <= HOUR
    assert since[0] - CALM <= run.recovery_point <= since[0]
    assert run.recovery_time is not None
    assert NOTICED + RESTORE <= run.recovery_time <= NOTICED + RESTORE + LOOK + 4 * FAILING


def test_copies_bring_a_lost_region_back_elsewhere() -> None:
    """AWS Backup copies what it takes; nobody restores it but an operator."""
    since: list[float] = []

    def lose(stage: Any, option: Option) -> None:
        copies = stage.world.backup_vault(region="eu-west-1").recovery_points
        # A copy is made when the backup is complete, and holds what that one holds.
        taken = copies[-1].created - ddbha.Timings.aws().create_backup
        since.append(stage.disaster_at - taken)
        stage.world.faults.region_outage(option.home)

    lost = Disaster("lost", 1800, lose, for_good=True)
    run = one(backups(every="1 hour", copy_to="eu-west-1"), lost, 1)
    assert since[0] - CALM <= run.recovery_point <= since[0] <= HOUR
    assert run.recovery_time is not None
    assert NOTICED + RESTORE <= run.recovery_time <= NOTICED + RESTORE + LOOK + 4 * FAILING
    assert one(backups(every="1 hour"), "a region, for good", 1).recovery_time is None


def test_recovery_waits_for_the_newest_minutes() -> None:
    run = one(recovery(), "a bad deploy, 10 min", 1)
    delay = ddbha.Timings.aws().point_in_time_delay
    assert run.recovery_time is not None
    assert delay + RESTORE <= run.recovery_time <= delay + RESTORE + LOOK
    # Requests carry whole seconds.
    assert run.recovery_point <= 1.0
