"""Streams tell every change of their tables once, in the order of each item, and nothing else."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable
from itertools import islice
from typing import Any

from attrs import frozen

from ddbha.api.seals import Seals
from ddbha.api.shard_iterators import ShardIterator
from ddbha.api.streams.streams import MAXIMUM_RECORDS
from ddbha.errors import InvariantError
from ddbha.followers.stream import RETENTION, Shard, Stream
from ddbha.region.region import Region
from ddbha.storage.partition import Partition
from ddbha.storage.record import LogRecord
from ddbha.values.image import Image, unpack
from ddbha.values.key import ItemKey
from ddbha.verify.calls import Call
from ddbha.verify.history import History
from ddbha.verify.invariants import same_state
from ddbha.verify.item_values import packed
from ddbha.verify.records import Identity, Kept, KnownTable

#: More bytes of records than this may be too many for one answer.
_SAFE_SIZE = 512 * 1024


def verify_streams(history: History, regions: Iterable[Region]) -> None:
    """Raise `InvariantError` if a stream, or what was read of it, differs from what was written."""
    streams: dict[str, _Told] = {}
    places = list(regions)
    for known in history.known.values():
        for label in known.streams():
            arn = f"{known.table.arn}/stream/{label}"
            for region in places:
                stream = region.streams.get(arn)
                if stream is not None:
                    streams[arn] = _Told.by(stream, known)
    for told in streams.values():
        told.verify_complete()
    following: dict[str, int] = {}
    for call in history:
        if call.operation == "GetRecords" and call.answer is not None:
            seals = places[0].environment.parts.the(Seals)
            iterator = ShardIterator.read(call.request["ShardIterator"], seals)
            if iterator.stream_arn in streams:
                streams[iterator.stream_arn].verify_read(call, iterator, following)


@frozen(eq=False)
class _Told:
    """A stream, and what was written to its table."""

    stream: Stream
    known: KnownTable
    kept: dict[Identity, Kept]
    shards: dict[str, Shard]
    #: Which partition each shard tells of, as far as it has told anything.
    partitions: dict[str, Partition]
    #: What was written to each partition, in order.
    written: dict[Partition, list[Kept]]

    @classmethod
    def by(cls, stream: Stream, known: KnownTable) -> _Told:
        kept = known.by_identity()
        shards = {shard.id: shard for shard in stream.shards()}
        partitions = {
            shard.id: kept[record.key, record.sequence].partition
            for shard in shards.values()
            for record in _records(shard)
            if (record.key, record.sequence) in kept
        }
        written: dict[Partition, list[Kept]] = {}
        for each in known.records:
            written.setdefault(each.partition, []).append(each)
        return cls(stream, known, kept, shards, partitions, written)

    def verify_complete(self) -> None:
        """What the stream still holds is what was written."""
        where = f"stream {self.stream.arn}"
        told: set[Identity] = set()
        newest: dict[ItemKey, int] = {}
        for shard in self.shards.values():
            position = 0
            for record in _records(shard):
                name = f"record {record.sequence} of {record.key}"
                identity = record.key, record.sequence
                if identity in told:
                    raise InvariantError(f"{where}: {shard.id} repeats {name}")
                if record.sequence <= position or record.sequence <= newest.get(record.key, 0):
                    raise InvariantError(f"{where}: {shard.id} has {name} out of order")
                self._verify_record(identity, record, f"{where}: {shard.id} has {name}")
                told.add(identity)
                position = newest[record.key] = record.sequence
        horizon = self.stream.now() - RETENTION
        for identity, kept in self.kept.items():
            if identity not in told and kept.record.time >= horizon and self._is_due(kept):
                raise InvariantError(f"{where} lacks record {kept.record.sequence} of {kept.record.key}")

    def _is_due(self, kept: Kept) -> bool:
        return kept.is_for(self.stream.label) and _changes(kept.record)

    def _verify_record(self, identity: Identity, record: LogRecord, name: str) -> None:
        kept = self.kept.get(identity)
        if kept is None:
            if record.time > self.known.met:
                raise InvariantError(f"{name}, which was never written")
        elif not (same_state(kept.record.old, record.old) and same_state(kept.record.new, record.new)):
            raise InvariantError(f"{name}, but what was written is another")

    def verify_read(self, call: Call, iterator: ShardIterator, following: dict[str, int]) -> None:
        """What one GetRecords gave is what comes behind the one before it."""
        assert call.answer is not None, "only what was answered is read"
        shard = self.shards.get(iterator.shard_id)
        if shard is None:
            return
        start = following.get(call.request["ShardIterator"], iterator.position)
        position = start
        given: set[int] = set()
        size = 0
        for shown in call.answer["Records"]:
            details = shown["dynamodb"]
            sequence = shard.position(details["SequenceNumber"])
            if sequence is None or sequence <= position:
                raise InvariantError(f"{call}\nrepeats records or gives them out of order")
            position = sequence
            key = self.known.table.schema.key(details["Keys"])
            kept = self.kept.get((key, sequence))
            if kept is not None:
                self._verify_shown(call, kept.record, details)
                self.partitions.setdefault(shard.id, kept.partition)
            given.add(sequence)
            size += details["SizeBytes"]
        full = size > _SAFE_SIZE or len(given) >= call.request.get("Limit", MAXIMUM_RECORDS)
        self._verify_gapless(call, shard, start, position if full else sys.maxsize, given)
        more = call.answer.get("NextShardIterator")
        if more is not None:
            following[more] = position

    def _verify_shown(self, call: Call, record: LogRecord, details: dict[str, Any]) -> None:
        for member, image in (("OldImage", record.old), ("NewImage", record.new)):
            if member in details and packed(details[member]) != _packed(image):
                raise InvariantError(f"{call}\ngives an image that was not written")

    def _verify_gapless(self, call: Call, shard: Shard, start: int, end: int, given: set[int]) -> None:
        last = shard.last_position if shard.closed is not None else sys.maxsize
        partition = self.partitions.get(shard.id)
        written = [] if partition is None else self.written.get(partition, [])
        first = bisect_left(written, max(start + 1, shard.first_position), key=_sequence)
        for kept in islice(written, first, None):
            sequence = kept.record.sequence
            if kept.place > call.invoked or sequence > min(end, last):
                break
            if sequence not in given and self._is_due(kept):
                raise InvariantError(f"{call}\nlacks record {sequence} of {kept.record.key}")


def _records(shard: Shard) -> list[LogRecord]:
    return shard.after(shard.trimmed_position, sys.maxsize)


def _sequence(kept: Kept) -> int:
    return kept.record.sequence


def _packed(image: Image | None) -> Any:
    return packed(None if image is None else unpack(image))


def _changes(record: LogRecord) -> bool:
    return not same_state(record.old, record.new)
