"""Point-in-time recovery through a real client, after the developer guide.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand
from tests.installed import needs

ON = {"PointInTimeRecoveryEnabled": True}
OFF = {"PointInTimeRecoveryEnabled": False}
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock(START))


def client_of(world: ddbha.World, region: str = "us-east-1", **more: Any) -> Any:
    return world.client(
        "dynamodb", region_name=region, config=Config(retries={"total_max_attempts": 1}), **more
    )


def create(client: Any, name: str = "tab") -> None:
    client.create_table(TableName=name, **on_demand("pk"))


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = client_of(world)
    create(client)
    return client


def enable(client: Any, table: str = "tab", **more: Any) -> Any:
    answer = client.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={**ON, **more}
    )
    return answer["ContinuousBackupsDescription"]


def window(client: Any, table: str = "tab") -> tuple[datetime, datetime]:
    shown = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = shown["PointInTimeRecoveryDescription"]
    return recovery["EarliestRestorableDateTime"], recovery["LatestRestorableDateTime"]


def put(client: Any, pk: str, value: int, table: str = "tab") -> None:
    client.put_item(TableName=table, Item={"pk": {"S": pk}, "v": {"N": str(value)}})


def contents(client: Any, table: str) -> dict[str, int]:
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {item["pk"]["S"]: int(item["v"]["N"]) for page in pages for item in page["Items"]}


def restored(client: Any, when: datetime, target: str, **more: Any) -> dict[str, int]:
    if not {"SourceTableName", "SourceTableArn"} & more.keys():
        more["SourceTableName"] = "tab"
    client.restore_table_to_point_in_time(TargetTableName=target, RestoreDateTime=when, **more)
    return contents(client, target)


def refused(code: str, message: str, call: Any, **params: Any) -> None:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


@needs("UpdateContinuousBackups.PointInTimeRecoverySpecification.RecoveryPeriodInDays")
def test_it_is_off_until_it_is_switched_on(client: Any) -> None:
    off = {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    describe = client.describe_continuous_backups
    assert describe(TableName="tab")["ContinuousBackupsDescription"] == off
    restore: Any = {"SourceTableName": "tab", "TargetTableName": "new", "UseLatestRestorableTime": True}
    refused(
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'tab'",
        client.restore_table_to_point_in_time,
        **restore,
    )
    on = {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": 35,
            "EarliestRestorableDateTime": START,
            "LatestRestorableDateTime": START,
        },
    }
    assert enable(client) == on
    assert describe(TableName="tab")["ContinuousBackupsDescription"] == on
    assert client.describe_table(TableName="tab")["Table"]["TableStatus"] == "ACTIVE"
    answer = client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=OFF)
    assert answer["ContinuousBackupsDescription"] == off
    refused(
        "ValidationException",
        "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
        client.update_continuous_backups,
        TableName="tab",
        PointInTimeRecoverySpecification={**OFF, "RecoveryPeriodInDays": 5},
    )


@needs("UpdateContinuousBackups.PointInTimeRecoverySpecification.RecoveryPeriodInDays")
def test_the_window(client: Any, world: ddbha.World) -> None:
    enable(client)
    world.clock.advance(days=10)
    assert window(client) == (START, START + timedelta(days=10))
    world.clock.advance(days=30)
    assert window(client) == (START + timedelta(days=5), START + timedelta(days=40))
    enable(client, RecoveryPeriodInDays=7)
    assert window(client)[0] == START + timedelta(days=33)
    enable(client, RecoveryPeriodInDays=14)
    assert window(client)[0] == START + timedelta(days=33)
    world.clock.advance(days=10)
    assert window(client)[0] == START + timedelta(days=36)
    client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=OFF)
    enable(client)
    assert window(client) == (world.clock.now(), world.clock.now())


def test_the_latest_time_of_aws_is_five_minutes_ago() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(START), timings=ddbha.Timings.aws())
    client = client_of(world)
    create(client)
    world.clock.advance(minutes=1)
    enable(client)
    enabled = world.clock.now()
    put(client, "early", 1)
    world.clock.advance(minutes=3)
    assert window(client) == (enabled, enabled)
    world.clock.advance(minutes=3)
    put(client, "late", 2)
    assert window(client) == (enabled, enabled + timedelta(minutes=1))
    answer = client.restore_table_to_point_in_time(
        SourceTableName="tab", TargetTableName="new", UseLatestRestorableTime=True
    )
    summary = answer["TableDescription"]["RestoreSummary"]
    assert summary == {
        "SourceTableArn": client.describe_table(TableName="tab")["Table"]["TableArn"],
        "RestoreDateTime": enabled + timedelta(minutes=1),
        "RestoreInProgress": True,
    }
    client.get_waiter("table_exists").wait(TableName="new")
    assert contents(client, "new") == {"early": 1}


def test_every_second_of_a_month_comes_back(client: Any, world: ddbha.World) -> None:
    enable(client)
    states = {}
    for day in range(30):
        put(client, str(day % 4), day)
        if day % 5 == 0:
            client.delete_item(TableName="tab", Key={"pk": {"S": "2"}})
        if day % 10 == 3:
            for partition in list(world.table("tab").partitions):
                partition.split()
        states[world.clock.now()] = contents(client, "tab")
        world.clock.advance(days=1)
    for number, (moment, state) in enumerate(states.items()):
        assert restored(client, moment, f"at-{number}") == state
        assert restored(client, moment + timedelta(hours=23), f"after-{number}") == state
        if number:
            before = states[moment - timedelta(days=1)]
            assert restored(client, moment - SECOND, f"before-{number}") == before


@needs("UpdateContinuousBackups.PointInTimeRecoverySpecification.RecoveryPeriodInDays")
def test_memory_follows_the_window_of_a_table_that_nobody_uses(client: Any, world: ddbha.World) -> None:
    enable(client, RecoveryPeriodInDays=3)
    for number in range(50):
        put(client, "a", number)
    archive = world.table("tab").archive
    assert archive is not None
    assert restored(client, START, "new") == {"a": 49}
    assert archive.record_count == 50
    world.clock.advance(days=5)
    client.list_tables()
    assert archive.record_count == 0
    assert restored(client, world.clock.now() - 2 * timedelta(days=1), "newer") == {"a": 49}


def test_a_transaction_is_restored_whole_or_not_at_all(client: Any, world: ddbha.World) -> None:
    enable(client)
    world.clock.advance(seconds=1)
    items: Any = [{"pk": {"S": str(n)}, "v": {"N": "1"}} for n in range(20)]
    client.transact_write_items(
        TransactItems=[{"Put": {"TableName": "tab", "Item": item}} for item in items]
    )
    moment = world.clock.now()
    world.clock.advance(seconds=1)
    assert restored(client, moment - SECOND, "before") == {}
    assert len(restored(client, moment, "after")) == 20


def test_errors_in_order(client: Any, world: ddbha.World) -> None:
    restore = client.restore_table_to_point_in_time
    invalid = "ValidationException"
    both: Any = {"UseLatestRestorableTime": True, "RestoreDateTime": START}
    latest: Any = {"TargetTableName": "new", "UseLatestRestorableTime": True}
    arn = client.describe_table(TableName="tab")["Table"]["TableArn"]
    refused(
        invalid,
        "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for "
        "point-in-time restore request.",
        restore,
        SourceTableName="tab",
        TargetTableName="new",
        **both,
    )
    neither = (
        "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, "
        "but not both"
    )
    refused(invalid, neither, restore, SourceTableName="tab", TargetTableName="new")
    refused(
        invalid, neither, restore, SourceTableName="tab", **{**latest, "UseLatestRestorableTime": False}
    )
    refused(
        invalid,
        "Must provide exactly one of: sourceTableArn, sourceTableName",
        restore,
        SourceTableName="tab",
        SourceTableArn=arn,
        **latest,
    )
    refused(
        invalid,
        "The parameter 'TableName' is required but was not present in the request",
        restore,
        **latest,
    )
    refused(
        invalid,
        "One or more parameter values were invalid: sourceTableArn is not a valid ARN",
        restore,
        SourceTableArn="arn:tab",
        **latest,
    )
    refused(
        invalid,
        "This action is only supported by accounts that match the resource owner\u2019s account.",
        restore,
        SourceTableArn=arn.replace("123456789012", "210987654321"),
        **latest,
    )
    refused("TableNotFoundException", "Table not found: none", restore, SourceTableName="none", **latest)
    enable(client)
    world.clock.advance(seconds=10)
    for moment in (START - SECOND, START + 11 * SECOND, datetime.fromtimestamp(0, timezone.utc)):
        with pytest.raises(ClientError, match="must be within EarliestRestorableDateTime") as caught:
            # The time is looked at before the target's name.
            restore(SourceTableName="tab", TargetTableName="tab", RestoreDateTime=moment)
        assert caught.value.response["Error"]["Code"] == "InvalidRestoreTimeException"
    refused(
        "TableAlreadyExistsException",
        "Table already exists: tab",
        restore,
        SourceTableName="tab",
        **{**latest, "TargetTableName": "tab"},
    )
    assert client.list_tables()["TableNames"] == ["tab"]


def test_another_region_restores_by_the_arn(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "a", 1)
    world.clock.advance(seconds=5)
    put(client, "a", 2)
    there = client_of(world, "eu-west-1")
    arn = client.describe_table(TableName="tab")["Table"]["TableArn"]
    more: Any = {"SourceTableArn": arn, "SSESpecificationOverride": {"Enabled": False}}
    cut = world.faults.network_cut("us-east-1", "eu-west-1")
    with cut, pytest.raises(ClientError, match="InternalServerError"):
        restored(there, START + SECOND, "new", **more)
    assert restored(there, START + SECOND, "new", **more) == {"a": 1}
    with pytest.raises(ClientError, match="must be provided for cross-region restores"):
        restored(there, START, "newer", SourceTableArn=arn)
    refused(
        "TableNotFoundException",
        "Table not found: tab",
        there.restore_table_to_point_in_time,
        SourceTableName="tab",
        TargetTableName="newer",
        UseLatestRestorableTime=True,
    )


def test_replicated_writes_are_restored_by_when_they_arrived(client: Any, world: ddbha.World) -> None:
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    world.clock.advance(minutes=1)
    there = client_of(world, "eu-west-1")
    assert there.describe_table(TableName="tab")["Table"]["TableStatus"] == "ACTIVE"
    enable(there)
    world.faults.replication_lag("us-east-1", "eu-west-1", seconds=10)
    world.clock.advance(seconds=1)
    put(client, "a", 1)
    written = world.clock.now()
    world.clock.advance(seconds=60)
    assert restored(there, written + 9 * SECOND, "too-early") == {}
    assert restored(there, written + 10 * SECOND, "in-time") == {"a": 1}


def test_a_deleted_table_leaves_a_system_backup_for_35_days(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "a", 1)
    client.delete_table(TableName="tab")
    create(client)
    put(client, "b", 2)
    listed = client.list_backups(BackupType="SYSTEM")["BackupSummaries"]
    assert [entry["BackupName"] for entry in listed] == ["tab$DeletedTableBackup"]
    summary = listed[0]
    assert summary["BackupArn"].endswith("-00000000")
    assert summary["BackupExpiryDateTime"] == START + timedelta(days=35)
    assert client.list_backups()["BackupSummaries"] == []
    described = client.describe_backup(BackupArn=summary["BackupArn"])["BackupDescription"]
    assert described["SourceTableFeatureDetails"] == {}
    with pytest.raises(ClientError, match="User is not allowed to delete the system backup with arn"):
        client.delete_backup(BackupArn=summary["BackupArn"])
    shown = client.describe_continuous_backups(TableName="tab")["ContinuousBackupsDescription"]
    assert shown["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"
    world.clock.advance(days=34)
    client.restore_table_from_backup(TargetTableName="back", BackupArn=summary["BackupArn"])
    assert contents(client, "back") == {"a": 1}
    world.clock.advance(days=1)
    assert client.list_backups(BackupType="ALL")["BackupSummaries"] == []


def test_switched_off_while_the_table_is_deleted_nothing_is_left() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings(delete_table=5.0))
    client = client_of(world)
    create(client)
    enable(client)
    client.delete_table(TableName="tab")
    client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=OFF)
    world.clock.advance(seconds=5)
    assert client.list_backups(BackupType="ALL")["BackupSummaries"] == []


def test_without_a_quorum_a_restore_is_refused_and_the_source_is_as_it_was(
    client: Any, world: ddbha.World
) -> None:
    enable(client)
    put(client, "a", 1)
    world.clock.advance(seconds=1)
    with world.faults.zone_outage("us-east-1a"), world.faults.zone_outage("us-east-1c"):
        with pytest.raises(ClientError, match="InternalServerError"):
            restored(client, START, "new")
        assert client.list_tables()["TableNames"] == ["tab"]
    assert restored(client, START, "new") == {"a": 1}
    assert contents(client, "tab") == {"a": 1}
    world.verify()


def test_items_that_expired_are_there_before_and_not_after(client: Any, world: ddbha.World) -> None:
    enable(client)
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "v"}
    )
    expires = START + timedelta(hours=1)
    put(client, "a", int(expires.timestamp()))
    world.clock.advance(hours=2)
    assert contents(client, "tab") == {}
    assert restored(client, START + timedelta(minutes=59), "before").keys() == {"a"}
    assert restored(client, START + timedelta(minutes=62), "after") == {}
    shown = client.describe_time_to_live(TableName="before")["TimeToLiveDescription"]
    assert shown["TimeToLiveStatus"] == "DISABLED"
    arn = client.create_backup(TableName="tab", BackupName="ttl")["BackupDetails"]["BackupArn"]
    described = client.describe_backup(BackupArn=arn)["BackupDescription"]
    assert described["SourceTableFeatureDetails"]["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "v",
    }
