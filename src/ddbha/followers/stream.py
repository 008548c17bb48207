"""A stream: the writes of a table in order, by shard, for 24 hours.

Each partition has one open shard.  The shard is closed, and gets children, when the partition is split,
and about every four hours without any reason that a reader could see.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from math import inf

from attrs import Factory, define

from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.partitions import Partitions
from ddbha.storage.record import LogRecord
from ddbha.values.image import same_image
from ddbha.values.key import KeySchema

#: Seconds that records are kept, and a stream after it was disabled.
RETENTION = 24 * 3600.0
#: Seconds that a shard stays open.
ROLLOVER = 4 * 3600.0

# A sequence number tells the position in the log and the shard: 21 digits at least, and no two records of
# a stream share one.
_NUMBER_BASE = 10**20
_NUMBER_STEP = 10**8


@define(eq=False)
class Shard:
    """A run of the records of one partition's log, `first_position` to `last_position`.

    A position is a sequence number of the log.  A write that changed nothing has one, but no record.
    """

    id: str
    #: Counts the shards of a stream.
    ordinal: int
    parent_id: str | None
    opened: float
    first_position: int
    closed: float | None = None
    #: Meaningful once the shard is closed.
    last_position: int = 0
    #: What reads from the beginning start behind: everything up to it is trimmed.
    trimmed_position: int = Factory(lambda shard: shard.first_position - 1, takes_self=True)
    _records: list[LogRecord] = Factory(list)

    def sequence_number(self, position: int) -> str:
        """The sequence number of the record at a position of the log."""
        return str(_NUMBER_BASE + position * _NUMBER_STEP + self.ordinal)

    def position(self, sequence_number: str) -> int | None:
        """The position that a sequence number stands for, None if it is not one of this shard's."""
        if not sequence_number.isdecimal():
            return None
        position, ordinal = divmod(int(sequence_number) - _NUMBER_BASE, _NUMBER_STEP)
        newest = max(self.newest_position, self.first_position)
        return position if ordinal == self.ordinal and self.first_position <= position <= newest else None

    @property
    def starting_sequence_number(self) -> str:
        """No record of the shard has a lower one."""
        return self.sequence_number(self.first_position)

    @property
    def ending_sequence_number(self) -> str | None:
        """No record of the shard has a higher one; None as long as more may come."""
        if self.closed is None:
            return None
        return self.sequence_number(max(self.last_position, self.first_position))

    @property
    def newest_position(self) -> int:
        """Where reads of what is still to come start behind."""
        if self.closed is not None:
            return self.last_position
        return self._records[-1].sequence if self._records else self.trimmed_position

    def add(self, record: LogRecord) -> None:
        """Append the next record, unless it came before something struck."""
        if not self._records or self._records[-1] is not record:
            self._records.append(record)

    def after(self, position: int, limit: int) -> list[LogRecord]:
        """At most `limit` records behind a position."""
        start = bisect_right(self._records, position, key=_position)
        return self._records[start : start + limit]

    def position_at(self, time: float) -> int:
        """What lies before the first record of a time or later; behind the newest if there is none."""
        for record in self._records:
            if record.time >= time:
                return record.sequence - 1
        return self.newest_position

    def ends_at(self, position: int) -> bool:
        """Whether nothing will ever come behind a position."""
        return self.closed is not None and not self.after(position, 1)

    def trim(self, horizon: float) -> None:
        """Forget the records from before `horizon`."""
        records = self._records
        count = 0
        while count < len(records) and records[count].time < horizon:
            count += 1
        if count:
            self.trimmed_position = records[count - 1].sequence
            del records[:count]


def _position(record: LogRecord) -> int:
    return record.sequence


@define(eq=False)
class Stream:
    """The stream of one table from when it was enabled; it outlives its disabling and its table."""

    arn: str
    label: str
    table_name: str
    schema: KeySchema
    view_type: str
    region: str
    created: float
    #: The region's clock.
    now: Callable[[], float]
    status: str = "ENABLING"
    _shards: dict[str, Shard] = Factory(dict)
    _followers: list[StreamFollower] = Factory(list)
    _opened: int = 0

    def attach(self, partitions: Partitions) -> None:
        """Take in what is written to the partitions of a table from now on."""

        def follow(partition: Partition) -> StreamFollower:
            shard = self.open_shard(None, self.created, partition.acknowledged_sequence + 1)
            follower = StreamFollower(partition, self, shard)
            self._followers.append(follower)
            return follower

        partitions.attach(follow)

    def detach(self, partitions: Partitions) -> None:
        """Take in the last writes, and close all shards."""
        for follower in self._followers:
            follower.close()
        self._followers.clear()
        partitions.detach(StreamFollower)

    def open_shard(self, parent: Shard | None, time: float, first_position: int) -> Shard:
        """A new shard."""
        self._forget(time - RETENTION)
        self._opened += 1
        shard_id = f"shardId-{int(time * 1000):020}-{self._opened:08x}"
        parent_id = None if parent is None else parent.id
        shard = self._shards[shard_id] = Shard(shard_id, self._opened, parent_id, time, first_position)
        return shard

    def replace(self, follower: StreamFollower, successor: StreamFollower) -> None:
        """A partition was split: a successor of its follower reads a half of it."""
        if follower in self._followers:
            self._followers.remove(follower)
        self._followers.append(successor)

    def shards(self) -> list[Shard]:
        """The shards as they are now, parents before their children."""
        now = self.now()
        for follower in self._followers:
            follower.catch_up(now)
        self._forget(now - RETENTION)
        return [self._shards[shard_id] for shard_id in sorted(self._shards)]

    def _forget(self, horizon: float) -> None:
        """Drop what is older, also where nobody reads."""
        for shard in list(self._shards.values()):
            shard.trim(horizon)
            if shard.closed is not None and shard.closed < horizon:
                del self._shards[shard.id]

    def shard(self, shard_id: str) -> Shard | None:
        """A shard as it is now; None if it does not exist or has been trimmed away."""
        return next((shard for shard in self.shards() if shard.id == shard_id), None)


@define(eq=False)
class StreamFollower(PartitionFollower):
    """Puts the records of one partition into its open shard."""

    stream: Stream
    shard: Shard

    def catch_up(self, now: float) -> None:
        """Take in all that was written: a stream has no lag."""
        # The time may not be compared with that of records, which could come from a skewed clock.
        super().catch_up(inf)
        self._roll_over(now)
        self.shard.trim(now - RETENTION)

    def apply(self, record: LogRecord) -> None:
        self._roll_over(record.time)
        if not changes_nothing(record):
            self.shard.add(record)

    def _roll_over(self, now: float) -> None:
        while now >= self.shard.opened + ROLLOVER:
            parent = self.shard
            parent.closed = parent.opened + ROLLOVER
            parent.last_position = self.applied_sequence
            self.shard = self.stream.open_shard(parent, parent.closed, self.applied_sequence + 1)

    def close(self) -> None:
        """Close the shard behind what is written by now."""
        now = self.stream.now()
        self.catch_up(now)
        # The machine's time may have been set back since it was opened.
        self.shard.closed = max(now, self.shard.opened)
        self.shard.last_position = self.applied_sequence

    def successor(self, partition: Partition) -> StreamFollower:
        if self.shard.closed is None:
            self.close()
        assert self.shard.closed is not None, "a shard is closed before its children open"
        shard = self.stream.open_shard(self.shard, self.shard.closed, partition.acknowledged_sequence + 1)
        follower = StreamFollower(
            partition, self.stream, shard, applied_sequence=partition.acknowledged_sequence
        )
        self.stream.replace(self, follower)
        return follower


def changes_nothing(record: LogRecord) -> bool:
    """Whether a write left an item as it was."""
    old, new = record.old, record.new
    if old is None or new is None:
        return old is new
    return same_image(old, new)
