"""Vaults of AWS Backup: windows, copies to other regions and accounts, cold storage, and locks.

https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from ddbha.errors import UnknownPlaceError, UsageError
from tests.building import on_demand

OTHER_ACCOUNT = "210987654321"


@pytest.fixture
def world() -> ddbha.World:
    return made(ddbha.Timings.instant())


def made(timings: ddbha.Timings) -> ddbha.World:
    world = ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00Z"), timings=timings)
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="tab", **on_demand("pk"))
    client.put_item(TableName="tab", Item={"pk": {"S": "a"}})
    return world


# -- Windows -------------------------------------------------------------------------------------------


def test_a_job_expires_with_its_own_start_window(world: ddbha.World) -> None:
    plan = world.backup_plan("rate(1 day)", table="tab", start_window_minutes=60)
    for zone in "ab":
        world.faults.zone_outage(f"us-east-1{zone}")
    world.clock.advance(hours=24, minutes=40)
    assert [job.status for job in plan.jobs] == ["CREATED"]
    world.clock.advance(minutes=21)
    assert [job.status for job in plan.jobs] == ["EXPIRED"]


@pytest.mark.parametrize(("minutes", "ends"), [(30, "ABORTED"), (90, "COMPLETED")])
def test_a_backup_that_takes_longer_than_its_completion_window_is_canceled(
    minutes: float, ends: str
) -> None:
    world = made(ddbha.Timings(create_backup=3600))
    plan = world.backup_plan("rate(1 day)", table="tab", completion_window_minutes=minutes)
    world.clock.advance(hours=24, minutes=10)
    assert [job.status for job in plan.jobs] == ["RUNNING"]
    assert [point.status for point in world.backup_vault().recovery_points] == ["CREATING"]
    world.clock.advance(hours=2)
    assert [job.status for job in plan.jobs] == [ends]
    kept = [point.status for point in world.backup_vault().recovery_points]
    assert kept == (["AVAILABLE"] if ends == "COMPLETED" else [])


# -- Copies --------------------------------------------------------------------------------------------


def test_a_copy_in_another_region_outlives_the_first_one(world: ddbha.World) -> None:
    far = world.backup_vault("far", region="eu-west-1")
    plan = world.backup_plan("rate(1 day)", table="tab", delete_after_days=1, copy_to=[far])
    world.clock.advance(days=1)
    (copy,) = plan.jobs[0].copies
    assert (copy.status, copy.region, copy.vault) == ("COMPLETED", "eu-west-1", "far")
    plan.end()
    ireland: Any = world.client("dynamodb", region_name="eu-west-1")
    (listed,) = ireland.list_backups(BackupType="AWS_BACKUP")["BackupSummaries"]
    assert listed["BackupArn"] == copy.backup_arn
    assert listed["BackupArn"].startswith("arn:aws:dynamodb:eu-west-1:")
    with world.faults.region_outage("us-east-1"):
        ireland.restore_table_from_backup(TargetTableName="tab", BackupArn=copy.backup_arn)
        assert ireland.scan(TableName="tab")["Count"] == 1
    # Without a lifecycle of its own it has that of the plan.
    world.clock.advance(days=1, seconds=1)
    assert far.recovery_points == world.backup_vault().recovery_points == []


def test_a_copy_in_another_account_is_restored_there(world: ddbha.World) -> None:
    safe = world.backup_vault("safe", account_id=OTHER_ACCOUNT)
    plan = world.backup_plan("rate(1 day)", table="tab", copy_to=[safe.copy(delete_after_days=30)])
    world.clock.advance(days=1)
    arn = plan.jobs[0].copies[0].backup_arn
    other: Any = world.client("dynamodb", region_name="us-east-1", account_id=OTHER_ACCOUNT)
    other.restore_table_from_backup(TargetTableName="tab", BackupArn=arn)
    assert other.scan(TableName="tab")["Count"] == 1
    own: Any = world.client("dynamodb", region_name="us-east-1")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        own.restore_table_from_backup(TargetTableName="new", BackupArn=arn)
    world.clock.advance(days=29)
    assert safe.recovery_points[0].arn == arn
    world.clock.advance(days=1, seconds=1)
    assert arn not in [point.arn for point in safe.recovery_points]


def test_copies_wait_for_a_region_that_cannot_be_reached(world: ddbha.World) -> None:
    far = world.backup_vault("far", region="eu-west-1")
    plan = world.backup_plan("rate(1 day)", table="tab", copy_to=[far])
    cut = world.faults.network_cut("us-east-1", "eu-west-1")
    world.clock.advance(days=1)
    assert [job.copies[0].status for job in plan.jobs] == ["RUNNING"]
    assert far.recovery_points == []
    cut.end()
    assert [job.copies[0].status for job in plan.jobs] == ["COMPLETED"]
    assert len(far.recovery_points) == 1


# -- Cold storage --------------------------------------------------------------------------------------


def test_backups_are_moved_to_cold_storage_and_expire_there(world: ddbha.World) -> None:
    world.backup_plan(
        "rate(1 day)", table="tab", move_to_cold_storage_after_days=10, delete_after_days=100
    )
    world.clock.advance(days=31)
    storage = Counter(point.storage for point in world.backup_vault().recovery_points)
    # Those of the first 21 days are ten days old.
    assert storage == {"COLD": 21, "WARM": 10}
    oldest = world.backup_vault().recovery_points[0]
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.restore_table_from_backup(TargetTableName="new", BackupArn=oldest.arn)
    assert client.scan(TableName="new")["Count"] == 1
    world.clock.advance(days=300)
    assert len(world.backup_vault().recovery_points) == 100


def test_cold_storage_is_kept_in_world_files(world: ddbha.World, tmp_path: Path) -> None:
    with world.backup_plan("rate(1 day)", table="tab", move_to_cold_storage_after_days=10):
        world.clock.advance(days=1)
    world.save(tmp_path / "world")
    loaded = ddbha.World.load(tmp_path / "world")
    assert loaded.backup_vault().recovery_points == world.backup_vault().recovery_points
    loaded.clock.advance(days=11)
    assert [point.storage for point in loaded.backup_vault().recovery_points] == ["COLD"]


# -- Locks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "status"),
    [(6, "FAILED"), (7, "COMPLETED"), (30, "COMPLETED"), (31, "FAILED"), (None, "FAILED")],
)
def test_a_locked_vault_takes_only_what_it_keeps_for_so_long(
    world: ddbha.World, days: float | None, status: str
) -> None:
    vault = world.backup_vault("locked")
    vault.lock(min_retention_days=7, max_retention_days=30)
    kept = world.backup_plan("rate(1 day)", table="tab", delete_after_days=days, vault=vault)
    copied = world.backup_plan("rate(1 day)", table="tab", copy_to=[vault.copy(delete_after_days=days)])
    world.clock.advance(days=1)
    assert [job.status for job in kept.jobs] == [status]
    assert [job.status for job in copied.jobs] == ["COMPLETED"]
    assert [job.copies[0].status for job in copied.jobs] == [status]
    if status == "FAILED":
        assert "The vault locked keeps backups for" in kept.jobs[0].message


def test_nothing_is_deleted_from_a_locked_vault(world: ddbha.World) -> None:
    vault = world.backup_vault()
    with world.backup_plan("rate(1 day)", table="tab", delete_after_days=3):
        world.clock.advance(days=2)
    first, second = vault.recovery_points
    vault.delete(first.arn)
    assert vault.recovery_points == [second]
    vault.lock(changeable_for_days=3)
    with pytest.raises(UsageError, match="is locked"):
        vault.delete(second.arn)
    vault.unlock()
    vault.lock(changeable_for_days=3)
    world.clock.advance(days=3)
    for change in (vault.unlock, vault.lock):
        with pytest.raises(UsageError, match="there for good"):
            change()
    # It has expired as it was meant to.
    assert vault.recovery_points == []


def test_a_lock_without_an_end_of_grace_can_be_taken_away(world: ddbha.World) -> None:
    vault = world.backup_vault()
    vault.lock(min_retention_days=7)
    world.clock.advance(days=1000)
    vault.unlock()
    assert vault.lock_configuration is None


def test_a_world_with_a_locked_vault_is_not_saved(world: ddbha.World, tmp_path: Path) -> None:
    world.backup_vault("locked").lock()
    with pytest.raises(UsageError, match="the vault 'locked' is locked"):
        world.save(tmp_path / "world")


# -- What makes no sense -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"start_window_minutes": 59}, "at least 60"),
        ({"completion_window_minutes": 0}, "more than 0"),
        ({"move_to_cold_storage_after_days": 0}, "more than 0"),
        # AWS: DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays.
        ({"move_to_cold_storage_after_days": 30, "delete_after_days": 119}, "must be 90 more"),
        ({"keep_for": 7}, "has no keep_for=; it has table, tag"),
        ({"delete_after_days": 40_000}, "at most 36500"),
    ],
)
def test_plans_that_make_no_sense_are_refused(
    world: ddbha.World, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        world.backup_plan("rate(1 day)", table="tab", **arguments)


def test_a_plan_has_its_own_regions_vault(world: ddbha.World) -> None:
    with pytest.raises(UsageError, match="copy_to= takes others"):
        world.backup_plan("rate(1 day)", table="tab", vault=world.backup_vault(region="eu-west-1"))


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda vault: vault.lock(min_retention_days=0), "no range of days"),
        (lambda vault: vault.lock(min_retention_days=8, max_retention_days=7), "no range of days"),
        (lambda vault: vault.lock(changeable_for_days=2), "from 3 to 36500"),
        (lambda vault: vault.delete("arn"), "has no recovery point arn"),
    ],
)
def test_locks_that_make_no_sense_are_refused(
    world: ddbha.World, act: Callable[[Any], None], said: str
) -> None:
    vault = world.backup_vault()
    with pytest.raises(UsageError, match=said):
        act(vault)
    assert vault.lock_configuration is None


def test_names_and_places_are_checked(world: ddbha.World) -> None:
    with pytest.raises(UsageError, match="no name of a vault"):
        world.backup_vault("my vault")
    with pytest.raises(UnknownPlaceError):
        world.backup_vault(region="atlantis-1")
