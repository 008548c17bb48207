"""What writes consumed, counted from the log, so that no write waits for its own bill.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from __future__ import annotations

from math import inf

from attrs import define

from ddbha.observe.metrics import Series
from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.record import LogRecord
from ddbha.values.image import size_of

WRITE_UNIT = 1024
#: The cause of the writes of bulk operations, which are metered in bytes and take no capacity.
BULK_PUT = "bulk put"


@define(eq=False)
class ConsumedWrites(PartitionFollower):
    """Adds one write unit for each started 1 KB of the larger of the old and the new item.

    The partitions of a global secondary index have followers of their own: an entry that stays as it is
    makes no record, one that moves is two records and costs both.  The expiry of an item is free in the
    region where it happens, and counted in a series of its own.  Bulk operations take no capacity.
    """

    series: Series
    expired: Series | None = None

    def catch_up(self, now: float) -> None:
        """Take in all that was written: the time of a record says when it counts."""
        super().catch_up(inf)

    def apply(self, record: LogRecord) -> None:
        if record.cause == "ttl" and record.version is None:
            if self.expired is not None:
                self.expired.add(1.0, record.time)
            return
        if record.cause == BULK_PUT:
            return
        old, new = record.old, record.new
        size = max(0 if old is None else size_of(old), 0 if new is None else size_of(new))
        self.series.add(float(-(-size // WRITE_UNIT) or 1), record.time)

    def successor(self, partition: Partition) -> ConsumedWrites:
        self.catch_up(inf)
        return ConsumedWrites(
            partition,
            self.series,
            self.expired,
            applied_sequence=partition.acknowledged_sequence,
        )
