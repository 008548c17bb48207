"""The archive of a table: every write of the last days, from which any moment of them comes back.

An archive is on while point-in-time recovery is.  It copies nothing when it begins: the table itself is
the newest state, and each record knows what it replaced, so an older state is the newest one rewound.
Checkpoints (references to all images at one moment) keep that short.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import chain
from math import inf

from attrs import Factory, define, field

from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.partitions import Partitions
from ddbha.storage.record import LogRecord
from ddbha.values.image import Image
from ddbha.values.key import ItemKey

DAY = 24 * 3600.0
#: The longest and the default recovery period, in days.
MAXIMUM_PERIOD = 35
#: A checkpoint is made after this many records, or twice as many as there are items if that is more: so
#: it takes less memory than the records before it, and no more time than writing them did.
CHECKPOINT_RECORDS = 20_000


@define(eq=False)
class Archive:
    """The history of one table; times are seconds since the epoch on its region's clock."""

    #: When recovery was enabled.
    enabled_at: float
    #: The region's clock.
    now: Callable[[], float]
    period_days: int = MAXIMUM_PERIOD
    #: How many seconds ago the latest moment is that can be restored.
    delay: float = 0.0
    #: Nothing from before this is kept.
    _kept_since: float = field(init=False)
    #: Of all partitions that there were, those that were split before their halves.
    _segments: list[ArchiveSegment] = field(factory=list, init=False)

    @_kept_since.default
    def _everything(self) -> float:
        return self.enabled_at

    @classmethod
    def enable(
        cls,
        partitions: Partitions,
        now: Callable[[], float],
        period_days: int = MAXIMUM_PERIOD,
        delay: float = 0.0,
    ) -> Archive:
        """Archive what is written to the partitions of a table from now on."""
        archive = cls(now(), now, period_days, delay)

        def follow(partition: Partition) -> ArchiveSegment:
            segment = ArchiveSegment(
                partition, archive, archive.enabled_at, partition.acknowledged_sequence
            )
            archive._segments.append(segment)
            return segment

        partitions.attach(follow)
        return archive

    @classmethod
    def resume(
        cls,
        partitions: Partitions,
        now: Callable[[], float],
        enabled_at: float,
        kept_since: float,
        period_days: int,
        delay: float,
        records: Iterable[LogRecord],
    ) -> Archive:
        """The archive of a table that was never written to, only loaded: what led to what it holds."""
        archive = cls(enabled_at, now, period_days, delay)
        archive._kept_since = kept_since
        parts: dict[int, list[LogRecord]] = {id(partition): [] for partition in partitions}
        for record in records:
            parts[id(partitions.of(record.key))].append(record)

        def follow(partition: Partition) -> ArchiveSegment:
            part = parts[id(partition)]
            dropped = partition.acknowledged_sequence - len(part)
            segment = ArchiveSegment(partition, archive, enabled_at, dropped)
            for record in part:
                segment.apply(record)
            archive._segments.append(segment)
            return segment

        partitions.attach(follow)
        return archive

    @staticmethod
    def disable(partitions: Partitions) -> None:
        """Follow the writes no more."""
        partitions.detach(ArchiveSegment)

    def earliest(self, now: float) -> float:
        """The first moment that can be restored."""
        return max(self._kept_since, now - self.period_days * DAY)

    def latest(self, now: float) -> float:
        """The last moment that can be restored."""
        return max(self.enabled_at, now - self.delay)

    def set_period(self, days: int) -> None:
        """Keep history for so many days: a shorter period forgets, a longer one brings nothing back."""
        self._kept_since = self.earliest(self.now())
        self.period_days = days
        self.trim()

    def images_at(self, time: float) -> Iterator[tuple[ItemKey, Image]]:
        """All items as they were at `time`: all and only the writes committed by then.

        Raises `InternalServerError` while a partition has no quorum.
        """
        self._catch_up()
        states = [segment.state_at(time) for segment in self._segments if segment.covers(time)]
        return chain.from_iterable(state.items() for state in states)

    def changes(self, after: float, until: float) -> Iterator[LogRecord]:
        """The records with `after` < time <= `until`, in commit order.

        Raises `InternalServerError` while a partition has no quorum.
        """
        self._catch_up()
        # Merging is stable: at one time, a partition's records come before those of its halves.
        return merge(*(segment.between(after, until) for segment in self._segments), key=_time)

    def trim(self) -> None:
        """Forget what is older than the recovery period."""
        horizon = self.earliest(self.now())
        for segment in self._segments:
            segment.trim(horizon)
        self._segments = [s for s in self._segments if s.closed is None or s.closed >= horizon]

    def add(self, segment: ArchiveSegment) -> None:
        """A partition was split: a half of it is archived from now on."""
        self._segments.append(segment)

    @property
    def record_count(self) -> int:
        """How many records are kept."""
        return sum(len(segment.records) for segment in self._segments)

    def _catch_up(self) -> None:
        for segment in self._segments:
            if segment.closed is None:
                segment.partition.available_leader()
                segment.catch_up(inf)
        self.trim()


def _time(record: LogRecord) -> float:
    return record.time


@define(eq=False)
class ArchiveSegment(PartitionFollower):
    """The records of one partition, from when it was `opened` until it was split."""

    archive: Archive
    opened: float
    #: The sequence number of the newest record that is not kept.
    dropped_sequence: int
    closed: float | None = None
    records: list[LogRecord] = Factory(list)
    #: When each record was written, never falling even if the region's clock is set back.
    _times: list[float] = Factory(list)
    #: What the partition held behind the record of a sequence number, oldest first.
    _checkpoints: list[tuple[int, dict[ItemKey, Image]]] = Factory(list)

    def covers(self, time: float) -> bool:
        """Whether the state of this partition is part of the table's at a time."""
        return self.opened <= time and (self.closed is None or time < self.closed)

    def catch_up(self, now: float) -> None:
        """Take in all that was written: an archive has no lag."""
        if self.closed is not None:
            return
        # As for streams, times of records are not compared with the clock.
        super().catch_up(inf)
        if now != inf:
            self.archive.trim()
        since = self._checkpoints[-1][0] if self._checkpoints else self.dropped_sequence
        images = self._newest()
        if self.applied_sequence - since >= max(CHECKPOINT_RECORDS, 2 * len(images)):
            self._checkpoints.append((self.applied_sequence, images.copy()))

    def apply(self, record: LogRecord) -> None:
        times, records = self._times, self.records
        # Something may have struck when half of it was done.
        if len(records) == len(times) and (not records or records[-1] is not record):
            records.append(record)
        if len(times) < len(records):
            times.append(record.time if not times or record.time >= times[-1] else times[-1])

    def state_at(self, time: float) -> dict[ItemKey, Image]:
        """The images at a time that this segment covers: a dictionary of the caller's own."""
        target = self.dropped_sequence + bisect_right(self._times, time)
        states = list(self._checkpoints)
        if self.closed is None:
            states.append((self.applied_sequence, self._newest()))
        sequence, images = min(states, key=lambda state: abs(state[0] - target))
        state = images.copy()
        first = self.dropped_sequence
        if sequence <= target:
            for record in self.records[sequence - first : target - first]:
                _put(state, record.key, record.new)
        else:
            for record in reversed(self.records[target - first : sequence - first]):
                _put(state, record.key, record.old)
        return state

    def between(self, after: float, until: float) -> list[LogRecord]:
        """The records with `after` < time <= `until`."""
        return self.records[bisect_right(self._times, after) : bisect_right(self._times, until)]

    def trim(self, horizon: float) -> None:
        """Forget the records from before `horizon`, and the checkpoints that nothing leads on from."""
        count = bisect_left(self._times, horizon)
        if count:
            del self.records[:count]
            del self._times[:count]
            self.dropped_sequence += count
            self._checkpoints = [c for c in self._checkpoints if c[0] >= self.dropped_sequence]

    def successor(self, partition: Partition) -> ArchiveSegment:
        if self.closed is None:
            self.catch_up(inf)
            self._checkpoints.append((self.applied_sequence, self._newest().copy()))
            self.closed = self.archive.now()
        segment = ArchiveSegment(
            partition,
            self.archive,
            self.closed,
            partition.acknowledged_sequence,
            applied_sequence=partition.acknowledged_sequence,
        )
        self.archive.add(segment)
        return segment

    def _newest(self) -> dict[ItemKey, Image]:
        leader = self.partition.leader
        leader.apply_all()
        return leader.items.images


def _put(state: dict[ItemKey, Image], key: ItemKey, image: Image | None) -> None:
    if image is None:
        state.pop(key, None)
    else:
        state[key] = image
