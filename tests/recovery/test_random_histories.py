"""Random histories: what is restored is what a model held at that second, whatever happened meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from ddbha.errors import InternalServerError, UsageError
from ddbha.followers import archive
from tests.building import index_on, on_demand

Model = dict[tuple[str, int], int]

KEYS = st.tuples(st.sampled_from("abcdef"), st.integers(0, 3))
#: Written in the other region only, so that no conflict has to be modelled.
REMOTE = ("remote", 0)
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
WRITES = st.one_of(
    st.tuples(st.just("put"), KEYS, st.integers(0, 99)),
    st.tuples(st.just("delete"), KEYS, st.just(0)),
)
STEPS = st.one_of(
    WRITES,
    WRITES,
    WRITES,
    st.tuples(st.just("transact"), st.lists(WRITES, min_size=2, max_size=5, unique_by=lambda w: w[1])),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 1, 2, 5])),
    st.tuples(st.just("split"), st.integers(0, 7)),
    st.tuples(st.just("outage"), st.sampled_from(ZONES), st.integers(1, 6)),
    st.just(("backup",)),
    st.tuples(st.just("remote put"), st.integers(0, 99)),
)


class Run:
    """A table with recovery on, a model of it, and the model at the end of every second."""

    def __init__(self) -> None:
        self.world = ddbha.World(clock=ddbha.ManualClock(1_000_000))
        self.client = self._client("us-east-1")
        self.client.create_table(
            TableName="tab",
            **on_demand("pk", "sk:N", more=["v:N"]),
            GlobalSecondaryIndexes=[index_on("by-v", "v")],
        )
        self.client.update_table(
            TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}]
        )
        self.client.list_tables()
        self.there = self._client("eu-west-1")
        self.client.update_continuous_backups(
            TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        self.model: Model = {}
        self.history: dict[int, Model] = {}
        self.backups: list[tuple[str, Model]] = []
        self.remember()

    def _client(self, region: str) -> Any:
        config = Config(retries={"total_max_attempts": 1})
        return self.world.client("dynamodb", region_name=region, config=config)

    def remember(self) -> None:
        self.history[int(self.world.clock.time())] = dict(self.model)

    def step(self, step: Any) -> None:
        kind = step[0]
        if kind == "wait":
            for _ in range(step[1]):
                self.remember()
                self.world.clock.advance(seconds=1)
                self.remember()
        elif kind == "split":
            partitions = self.world.table("tab").partitions
            with suppress(UsageError, InternalServerError):
                partitions[step[1] % len(partitions)].split()
        elif kind == "outage":
            self.world.faults.zone_outage(step[1], duration=step[2])
        elif kind == "backup":
            self.back_up()
        elif kind == "remote put":
            self.write_elsewhere(step[1])
        else:
            self.write(step)

    def back_up(self) -> None:
        with possibly_without_quorum():
            answer = self.client.create_backup(TableName="tab", BackupName="random")
            self.backups.append((answer["BackupDetails"]["BackupArn"], dict(self.model)))

    def write_elsewhere(self, value: int) -> None:
        """A write in another region, which arrives at once: that is only sure while there is a quorum."""
        with possibly_without_quorum():
            self.client.get_item(TableName="tab", Key=key(REMOTE), ConsistentRead=True)
            self.there.put_item(TableName="tab", Item=item(REMOTE, value))
            self.client.get_item(TableName="tab", Key=key(REMOTE), ConsistentRead=True)
            self.model[REMOTE] = value
            self.remember()

    def write(self, step: Any) -> None:
        writes = step[1] if step[0] == "transact" else [step]
        with possibly_without_quorum():
            if step[0] == "transact":
                self.client.transact_write_items(TransactItems=[action(*write) for write in writes])
            elif step[0] == "put":
                self.client.put_item(TableName="tab", Item=item(step[1], step[2]))
            else:
                self.client.delete_item(TableName="tab", Key=key(step[1]))
            for kind, where, value in writes:
                if kind == "put":
                    self.model[where] = value
                else:
                    self.model.pop(where, None)
            self.remember()


@contextmanager
def possibly_without_quorum() -> Iterator[None]:
    """The rest is left out if two zones are down."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("InternalServerError", "ServiceUnavailable"):
            raise


def key(where: tuple[str, int]) -> dict[str, Any]:
    return {"pk": {"S": where[0]}, "sk": {"N": str(where[1])}}


def item(where: tuple[str, int], value: int) -> dict[str, Any]:
    return {**key(where), "v": {"N": str(value)}}


def action(kind: str, where: tuple[str, int], value: int) -> dict[str, Any]:
    if kind == "put":
        return {"Put": {"TableName": "tab", "Item": item(where, value)}}
    return {"Delete": {"TableName": "tab", "Key": key(where)}}


def contents(client: Any, table: str, **more: Any) -> Model:
    pages = client.get_paginator("scan").paginate(TableName=table, **more)
    return {
        (found["pk"]["S"], int(found["sk"]["N"])): int(found["v"]["N"])
        for page in pages
        for found in page["Items"]
    }


def check(client: Any, target: str, expected: Model) -> None:
    client.get_waiter("table_exists").wait(TableName=target)
    assert contents(client, target, ConsistentRead=True) == expected
    assert contents(client, target, IndexName="by-v") == expected


@pytest.mark.parametrize("checkpoint", [1, 20_000])
@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=40), st.data())
def test_any_second_and_any_backup_come_back(checkpoint: int, steps: list[Any], data: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "CHECKPOINT_RECORDS", checkpoint)
        run = Run()
        for step in steps:
            run.step(step)
        run.step(("wait", 5))
        run.step(("wait", 5))
        seconds = data.draw(st.lists(st.sampled_from(sorted(run.history)), min_size=1, max_size=3))
        for number, second in enumerate(seconds):
            run.client.restore_table_to_point_in_time(
                SourceTableName="tab", TargetTableName=f"restored-{number}", RestoreDateTime=second
            )
            check(run.client, f"restored-{number}", run.history[second])
        for number, (arn, expected) in enumerate(run.backups):
            run.client.restore_table_from_backup(TargetTableName=f"backup-{number}", BackupArn=arn)
            check(run.client, f"backup-{number}", expected)
        assert contents(run.client, "tab", ConsistentRead=True) == run.model
        run.world.verify()
