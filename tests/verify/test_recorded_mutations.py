"""Streams, backups, restores and expiry that are broken on purpose, each caught by what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

import ddbha
from ddbha.errors import InvariantError
from ddbha.followers.stream import Shard, StreamFollower
from ddbha.region.table import Table
from ddbha.storage.record import LogRecord
from ddbha.values.image import pack
from tests.building import on_demand
from tests.verify.plants import recorded
from tests.verify.plants.plant import Effects

#: Some of them are planted in random worlds as well, and note the differences that they make.
Break = Callable[[pytest.MonkeyPatch, Effects], None]


def a_day() -> ddbha.World:
    """Writes and expiries between two splits, a stream that is read, two backups and restores."""
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        **on_demand("id"),
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    on: Any = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=on)

    def write(first: int) -> None:
        until = str(int(world.clock.time()) + 900)
        for n in range(first, first + 24):
            key: Any = {"id": {"S": str(n % 9)}}
            if n % 7 == 3:
                client.delete_item(TableName="tab", Key=key)
            elif n % 5 == 2:
                client.put_item(TableName="tab", Item={**key, "until": {"N": until}})
            else:
                client.put_item(TableName="tab", Item={**key, "n": {"N": str(n // 2)}})
            world.clock.advance(seconds=1)

    write(0)
    backup = client.create_backup(TableName="tab", BackupName="first")["BackupDetails"]["BackupArn"]
    moment = world.clock.now()
    write(24)
    read_stream(world, limit=5)
    write(48)
    for partition in list(world.table("tab").partitions):
        partition.split()
    write(72)
    client.restore_table_from_backup(TargetTableName="from-backup", BackupArn=backup)
    client.restore_table_to_point_in_time(
        SourceTableName="tab", TargetTableName="from-moment", RestoreDateTime=moment
    )
    world.clock.advance(minutes=30)
    read_stream(world, limit=7)
    client.restore_table_to_point_in_time(
        SourceTableName="tab", TargetTableName="from-latest", UseLatestRestorableTime=True
    )
    return world


def read_stream(world: ddbha.World, limit: int) -> None:
    """Read all shards from their beginnings, with the iterators that each answer gives."""
    streams: Any = world.client("dynamodbstreams", region_name="us-east-1")
    arn = streams.list_streams(TableName="tab")["Streams"][0]["StreamArn"]
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for _ in range(20):
            if iterator is None:
                break
            page = streams.get_records(ShardIterator=iterator, Limit=limit)
            iterator = page.get("NextShardIterator") if page["Records"] else None


def stream_without_a_last_record(monkeypatch: pytest.MonkeyPatch, effects: Effects) -> None:
    """What was written before a split and not yet read is in no shard."""
    monkeypatch.setattr(StreamFollower, "close", lambda self: _close_unread(self))


def _close_unread(follower: StreamFollower) -> None:
    follower.applied_sequence = follower.source.last_sequence
    follower.shard.closed = follower.stream.now()
    follower.shard.last_position = follower.applied_sequence


def pages_that_begin_too_early(monkeypatch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Every second page of a shard repeats the last record of the page before."""
    after = Shard.after

    def early(self: Shard, position: int, limit: int) -> list[LogRecord]:
        return after(self, position - 1 if limit == 5 and position > 5 else position, limit)

    monkeypatch.setattr(Shard, "after", early)


def pages_that_skip(monkeypatch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A page lacks the first record behind the page before."""
    after = Shard.after

    def late(self: Shard, position: int, limit: int) -> list[LogRecord]:
        return after(self, position + 1 if limit == 5 and position > 5 else position, limit)

    monkeypatch.setattr(Shard, "after", late)


def restore_with_stale_items(monkeypatch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A restored table has another item than its source."""
    load = Table.load

    def other(self: Table, images: Iterable[Any]) -> None:
        entries = dict(images)
        key = min(entries)
        entries[key] = pack({"id": {"S": key[1]}, "n": {"N": "999"}}, 8)
        load(self, entries.items())

    monkeypatch.setattr(Table, "load", other)


def test_a_day_without_faults_passes() -> None:
    world = a_day()
    world.verify()
    assert {kept.record.cause for known in world.history.known.values() for kept in known.records} == {
        None,
        "ttl",
    }
    assert len(world.history.restored) == 3


@pytest.mark.parametrize(
    ("mutation", "words"),
    [
        (recorded.stream_that_repeats, "repeats"),
        (recorded.stream_that_loses, "lacks record"),
        (recorded.stream_out_of_order, "out of order"),
        (stream_without_a_last_record, "lacks record"),
        (pages_that_begin_too_early, "repeats records"),
        (pages_that_skip, "lacks record"),
        (recorded.backup_with_live_references, "backup"),
        (recorded.restore_that_lacks, "lacks an item"),
        (restore_with_stale_items, "another item"),
        (recorded.restore_one_record_off, "restored a table"),
        (recorded.expiry_too_early, "before the time that it names"),
        (recorded.expiry_of_anything, "before the time that it names"),
    ],
)
def test_what_is_broken_is_caught(mutation: Break, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation(monkeypatch, Effects())
    world = a_day()
    with pytest.raises(InvariantError, match=words):
        world.verify()
