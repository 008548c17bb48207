"""How a bulk operation goes on: object by object, record by record, no faster than it may.

Each item goes through the log of its partition like any write, so that streams, indexes and recovery
follow.  Where a partition has no leader, or a transaction holds the item, the operation waits for that.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Format.html
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

from attrs import Factory, define, field, frozen

from ddbha.api.data.given_items import GivenItem
from ddbha.api.data.item_collections import CollectionLimit
from ddbha.api.ongoing_transactions import refuse_locked
from ddbha.api.recovery.sources import records, unpacked
from ddbha.api.wire.wording import word
from ddbha.capacity.units import index_writes, write_units
from ddbha.errors import AwsError, InternalServerError, TransactionConflictException
from ddbha.followers.consumption import BULK_PUT
from ddbha.observe.events import event_kind
from ddbha.recovery.bulk_report import BulkReport
from ddbha.recovery.formats import MalformedFile, MalformedItem
from ddbha.recovery.objects import Bucketed, ObjectError, ObjectStore
from ddbha.recovery.transfer import BulkPut
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.image import Image, size_of, unpack

#: Objects that one operation may read.
MAXIMUM_OBJECTS = 50_000
#: How many times as fast as STANDARD the other tier is here; AWS publishes no number.
_ACCELERATION = 4
#: What a record may have.
_MEMBERS = frozenset(
    {"Item", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}
)


@frozen(eq=False)
class _Record:
    """One record of an object, or, without a number, what says that the rest of it cannot be read."""

    key: str
    number: int | None
    read: dict[str, Any] | MalformedItem | MalformedFile


@define(eq=False)
class _Writers:
    """Who writes for the bulk operations of a region that have not ended, by ARN."""

    by_arn: dict[str, BulkWriter] = Factory(dict)


def writer_of(region: Region, operation: BulkPut) -> BulkWriter:
    """Who writes for a bulk operation that has not ended."""
    return region.parts.the(_Writers).by_arn[operation.arn]


@define(eq=False)
class BulkWriter:
    """Writes what a bulk operation reads, from its beginning to its end."""

    region: Region
    table: Table
    operation: BulkPut
    report: BulkReport = field(init=False)
    _records: Iterator[_Record] = field(factory=lambda: iter(()), init=False)
    #: The record that could not be written yet.
    _waiting: _Record | None = field(default=None, init=False)

    @report.default
    def _empty_report(self) -> BulkReport:
        return BulkReport(self.operation)

    def begin_later(self) -> None:
        """Begin when the world's timings say."""
        self.region.parts.the(_Writers).by_arn[self.operation.arn] = self
        self.region.later(self.region.environment.timings.begin_bulk_operation, self._begin)

    def _begin(self) -> None:
        """Look at both buckets, and write."""
        if self.operation.status != "IN_PROGRESS":
            return
        source = self.operation.request["InputS3Configuration"]
        try:
            self.report.begin(self._store)
            found = list(self._store.read(source["S3Bucket"], source.get("S3KeyPrefix", "")))
            if len(found) > MAXIMUM_OBJECTS:
                raise ObjectError(
                    "TooManyObjects",
                    f"The input has {len(found)} objects; an operation can read {MAXIMUM_OBJECTS}",
                )
        except ObjectError as error:
            self._fail(error.code, error.message)
            return
        self.operation.total_size = sum(len(data) for _, data in found)
        self._records = self._read(found)
        self._go_on()

    def _go_on(self) -> None:
        """Write what a second allows, and come back; or end, or wait for what has to change first."""
        if self.operation.status != "IN_PROGRESS":
            return
        if self.region.tables.get(self.table.name) is not self.table:
            self._fail("TableNotFound", f"Table {self.table.name} was deleted")
            return
        seconds = self._seconds_per_unit
        allowed = 1 / seconds if seconds else inf
        spent = 0.0
        try:
            while spent < allowed:
                self._waiting = self._waiting or next(self._records, None)
                if self._waiting is None and spent * seconds:
                    # The last of it takes its time, too.
                    break
                if self._waiting is None:
                    self.operation.complete(self.region.now())
                    self._end()
                    return
                spent += self._write(self._waiting)
                self._waiting = None
        except (InternalServerError, TransactionConflictException):
            self.region.environment.blocked(self._go_on)
        except ObjectError as error:
            self._fail(error.code, error.message)
        else:
            self.region.later(spent * seconds, self._go_on)

    def cancel(self) -> None:
        """Write no more, and say so after a while."""
        self.operation.status = "CANCELLING"

        def cancelled() -> None:
            self.operation.cancel(self.region.now())
            self._end()

        self.region.later(self.region.environment.timings.cancel_bulk_operation, cancelled)

    @property
    def _store(self) -> ObjectStore:
        return self.region.environment.parts.the(Bucketed).store

    @property
    def _seconds_per_unit(self) -> float:
        asked, seconds = self.operation.request, self.region.environment.timings.bulk_write_unit
        if asked.get("PerformanceTier") == "ACCELERATED":
            seconds /= _ACCELERATION
        most: float = asked.get("MaxWriteRequestUnits", inf)
        return max(seconds, 1 / most)

    def _read(self, found: list[tuple[str, bytes]]) -> Iterator[_Record]:
        source = self.operation.request["InputS3Configuration"]
        form, kind = source["InputFormat"], source.get("InputCompressionType", "NONE")
        for key, data in found:
            self.operation.processed_size += len(data)
            try:
                content = unpacked(self.region, data, kind)
                for number, read in enumerate(records(content, form, self.table), 1):
                    yield _Record(key, number, read)
            except MalformedFile as error:
                yield _Record(key, None, error)

    def _write(self, record: _Record) -> float:
        """Write a record or report it, and tell the units that this took."""
        read, operation = record.read, self.operation
        if not isinstance(read, dict):
            self._refuse(record, "MalformedInput", str(read))
            return 0.0
        unknown = sorted(read.keys() - _MEMBERS)
        if unknown:
            self._refuse(record, "MalformedInput", f"a record has no member {unknown[0]}")
            return 0.0
        try:
            given = GivenItem.of(self.table, read)
            CollectionLimit(self.region).admit(self.table, given.key, given.image)
        except AwsError as error:
            word(error, "PutItem", older=self.region.environment.settings.wording == "older")
            self._refuse(record, error.code, error.message, read.get("Item"))
            return 1.0
        partition = self.table.partition(given.key)
        old = partition.available_leader().items.images.get(given.key)
        refuse_locked(self.region, self.table, given.key)
        if given.condition is None or given.condition.holds(
            {} if old is None else unpack(old), given.values
        ):
            partition.commit(given.key, given.image, self.region.now(), self.region.name, cause=BULK_PUT)
            self._meter(old, given.image)
        else:
            operation.unmet_conditions += 1
            existing = None if old is None else unpack(old)
            self.report.unmet(record.key, record.number or 0, unpack(given.image), existing)
        operation.processed_items += 1
        return write_units(old, given.image)

    def _refuse(self, record: _Record, code: str, message: str, item: Any = None) -> None:
        self.operation.processed_items += 1
        self.operation.errors += 1
        self.report.error(record.key, record.number, code, message, item)

    def _meter(self, old: Image | None, new: Image) -> None:
        """Count the bytes that a write put into the table and into its indexes."""
        table, operation = self.table, self.operation
        operation.table_bytes += size_of(new)
        for kind, indexes in (
            ("LocalSecondaryIndexes", table.local_indexes.values()),
            ("GlobalSecondaryIndexes", table.global_indexes.values()),
        ):
            for index in indexes:
                entry = index.entry(new)
                if entry is not None and index_writes(index, old, new):
                    operation.index_bytes[kind][index.name] += size_of(entry[1])
        for vector_index in table.vector_indexes.values():
            written = int(vector_index.written_bytes(old, new))
            if written:
                operation.index_bytes["VectorIndexes"][vector_index.name] += written

    def _fail(self, code: str, message: str) -> None:
        self.operation.fail(self.region.now(), code, message)
        self._end()

    def _end(self) -> None:
        del self.region.parts.the(_Writers).by_arn[self.operation.arn]
        try:
            self.report.write(self._store)
        except ObjectError as error:
            # What failed before keeps its own reason.
            if self.operation.status != "FAILED":
                self.operation.fail(self.region.now(), error.code, error.message)
        status = self.operation.status.lower().replace("_", "-")
        self.region.record(
            event_kind(f"bulk-operation-{status}"), table=self.table.name, operation=self.operation.arn
        )
