"""Scheduled backups: schedules, retention, what they hold, and what happens when they cannot be made.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from ddbha.errors import UsageError
from ddbha.recovery.schedules import schedule
from tests.building import on_demand

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock(START))


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    create(client, "tab")
    return client


def create(client: Any, name: str, **tags: str) -> None:
    client.create_table(
        TableName=name,
        **on_demand("pk"),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


def listed(client: Any, **filters: Any) -> list[Any]:
    pages = client.get_paginator("list_backups").paginate(BackupType="AWS_BACKUP", **filters)
    return [entry for page in pages for entry in page["BackupSummaries"]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(12 hours)", ["2026-01-01T12:00", "2026-01-02T00:00"]),
        ("rate(1 day)", ["2026-01-02T00:00", "2026-01-03T00:00"]),
        # The examples of the EventBridge guide.
        ("cron(0 10 * * ? *)", ["2026-01-01T10:00", "2026-01-02T10:00"]),
        ("cron(15 12 * * ? *)", ["2026-01-01T12:15", "2026-01-02T12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-01-01T18:00", "2026-01-02T18:00", "2026-01-05T18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-01-01T08:00", "2026-02-01T08:00"]),
        ("cron(0/15 * * * ? *)", ["2026-01-01T00:15", "2026-01-01T00:30"]),
        ("cron(0/10 * ? * MON-FRI *)", ["2026-01-01T00:10"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-01-01T08:00", "2026-01-01T08:05"]),
        ("cron(0 5 L * ? *)", ["2026-01-31T05:00", "2026-02-28T05:00"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-01-05T09:00", "2026-02-02T09:00"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-01-30T10:15", "2026-02-27T10:15"]),
        ("cron(0 0 29 FEB ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 5 ? * SUN,WED *)", ["2026-01-04T05:00", "2026-01-07T05:00"]),
    ],
)
def test_when_a_schedule_is_due(expression: str, expected: list[str]) -> None:
    def moments() -> Any:
        moment: float | None = START.timestamp()
        while moment is not None and (moment := schedule(expression).after(moment)) is not None:
            yield datetime.fromtimestamp(moment, timezone.utc).isoformat()[:16]

    assert list(islice(moments(), len(expected))) == expected


def test_a_schedule_of_the_past_is_never_due() -> None:
    assert schedule("cron(0 5 ? * * 2025)").after(START.timestamp()) is None


@pytest.mark.parametrize(
    "expression",
    [
        "daily",
        "rate(0 days)",
        "cron(0 5 * * *)",
        "cron(0 5 * * * *)",
        "cron(0 5 ? * ? *)",
        "cron(60 5 ? * * *)",
        "cron(0 5 ? FOO * *)",
        "cron(0/0 5 ? * * *)",
        "cron(9-3 5 ? * * *)",
    ],
)
def test_what_is_no_schedule(world: ddbha.World, expression: str) -> None:
    with pytest.raises(UsageError):
        world.backup_plan(expression, table="tab")


def test_every_due_backup_is_made_in_order_and_expires(client: Any, world: ddbha.World) -> None:
    client.put_item(TableName="tab", Item={"pk": {"S": "a"}})
    plan = world.backup_plan("cron(0 5 ? * * *)", table="tab", delete_after_days=7)
    world.clock.advance(days=30)
    backups = listed(client, TableName="tab")
    first = START + timedelta(days=23, hours=5)
    assert [b["BackupCreationDateTime"] for b in backups] == [
        first + timedelta(days=day) for day in range(7)
    ]
    assert len(plan.jobs) == 30
    assert {job.status for job in plan.jobs} == {"COMPLETED"}
    assert {b["BackupStatus"] for b in backups} == {"AVAILABLE"}
    for filters in ({}, {"BackupType": "ALL"}):
        assert client.list_backups(**filters)["BackupSummaries"] == []
    with pytest.raises(ClientError, match="managed by AWS Backup"):
        client.delete_backup(BackupArn=backups[0]["BackupArn"])
    client.restore_table_from_backup(TargetTableName="new", BackupArn=backups[0]["BackupArn"])
    assert client.scan(TableName="new")["Count"] == 1
    plan.end()
    world.clock.advance(days=30)
    assert listed(client) == []
    assert len(plan.jobs) == 30


def test_a_backup_holds_what_there_was_when_it_was_due(client: Any, world: ddbha.World) -> None:
    with world.backup_plan("rate(1 hour)", table="tab") as plan:
        for number in range(4):
            client.put_item(TableName="tab", Item={"pk": {"S": str(number)}})
            world.clock.advance(minutes=100)
        sizes = [
            client.describe_backup(BackupArn=job.backup_arn)["BackupDescription"]["SourceTableDetails"][
                "ItemCount"
            ]
            for job in plan.jobs
        ]
    # Due after 60, 120 and so on to 360 minutes; written to at 0, 100, 200 and 300.
    assert sizes == [1, 2, 2, 3, 3, 4]


def test_tables_are_chosen_by_tag_when_a_run_is_due(client: Any, world: ddbha.World) -> None:
    create(client, "tagged", backup="daily")
    world.backup_plan("rate(1 day)", tag=("backup", "daily"))
    world.clock.advance(days=1)
    assert [b["TableName"] for b in listed(client)] == ["tagged"]
    arn = client.describe_table(TableName="tab")["Table"]["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "backup", "Value": "daily"}])
    client.delete_table(TableName="tagged")
    world.clock.advance(days=1)
    assert [b["TableName"] for b in listed(client)] == ["tab", "tagged"]


def test_a_job_that_finds_no_quorum_is_tried_again(client: Any, world: ddbha.World) -> None:
    # Every ten minutes for eight hours: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html
    plan = world.backup_plan("rate(1 hour)", table="tab")
    began = world.clock.time()
    world.faults.zone_outage("us-east-1a", duration=2 * 3600 + 300)
    world.faults.zone_outage("us-east-1b", duration=2 * 3600 + 300)
    world.clock.advance(hours=2)
    unmade = ("CREATED", "Internal server error")
    assert [(job.status, job.message) for job in plan.jobs] == [unmade] * 2
    assert listed(client) == []
    world.clock.advance(hours=1)
    assert [(job.status, job.message) for job in plan.jobs] == [("COMPLETED", "")] * 3
    made = [b["BackupCreationDateTime"].timestamp() - began for b in listed(client)]
    assert sorted(made) == [7800, 7800, 10800]
    client.delete_table(TableName="tab")
    world.clock.advance(hours=1)
    assert len(listed(client)) == 3
    assert (plan.jobs[-1].status, plan.jobs[-1].message) == ("FAILED", "Table not found: tab")


def test_a_job_expires_with_its_start_window(client: Any, world: ddbha.World) -> None:
    plan = world.backup_plan("rate(1 day)", table="tab")
    world.faults.zone_outage("us-east-1a")
    world.faults.zone_outage("us-east-1b")
    world.clock.advance(hours=24 + 7)
    assert [job.status for job in plan.jobs] == ["CREATED"]
    world.clock.advance(hours=1)
    assert [job.status for job in plan.jobs] == ["EXPIRED"]
    world.faults.end_all()
    world.clock.advance(hours=3)
    assert listed(client) == []


def test_a_job_within_a_failover_is_done_after_it() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), leader_lease=1.5)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    create(client, "tab")
    plan = world.backup_plan("rate(1 hour)", table="tab")
    world.faults.zone_outage(world.table("tab").partitions[0].leader.zone, after=3599)
    world.clock.advance(hours=1)
    assert [job.status for job in plan.jobs] == ["CREATED"]
    world.clock.advance(minutes=10)
    assert [job.status for job in plan.jobs] == ["COMPLETED"]


def test_a_plan_needs_a_target(world: ddbha.World) -> None:
    with pytest.raises(UsageError, match="needs a table"):
        world.backup_plan("rate(1 day)")
    with pytest.raises(UsageError, match="more than 0"):
        world.backup_plan("rate(1 day)", table="tab", delete_after_days=0)
