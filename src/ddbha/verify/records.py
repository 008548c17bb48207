"""What was written to the tables that a history knows: every record, with when it was first seen."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import Factory, define, field, frozen

from ddbha.region.table import Table
from ddbha.storage.partition import Partition
from ddbha.storage.record import LogRecord
from ddbha.values.image import Image
from ddbha.values.key import ItemKey

#: What tells a record of a table from all others, also of partitions that were split.
Identity = tuple[ItemKey, int]


@frozen(eq=False)
class Setting:
    """What a table was set to when it was looked at."""

    #: The label of the stream that is on.
    stream: str | None = None
    #: The attribute that says when an item expires.
    ttl: str | None = None
    #: Seconds that the clock of a replica of a global table is ahead.
    skew: float = 0.0

    @classmethod
    def of(cls, table: Table) -> Setting:
        """As a table is set now."""
        settings, member = table.settings, table.membership
        return cls(
            None if settings.stream_view_type is None else settings.stream_label,
            settings.ttl_attribute,
            0.0 if member is None else member.group.links.skew(member.region),
        )


@frozen(eq=False)
class Kept:
    """A record, seen before the `place` in the order of all beginnings and ends.

    Its table was set to `before` when it was looked at last, and to `after` when the record was seen.
    """

    record: LogRecord
    partition: Partition
    place: int
    #: The time of the record, or of a later one before it in the log.
    time: float
    before: Setting
    after: Setting
    #: Whether a call must have asked for it.
    asked: bool

    @property
    def identity(self) -> Identity:
        """What tells the record from all others of its table."""
        return self.record.key, self.record.sequence

    def is_for(self, stream: str) -> bool:
        """Whether a stream was on all the while that the record may have been written in."""
        return self.before.stream == self.after.stream == stream


@define(eq=False)
class KnownTable:
    """A table that calls named, what was in it when it was `met`, and what was written since.

    `place` and `met` are the place and the time at which it was first seen.
    """

    table: Table
    region: str
    initial: dict[ItemKey, Image]
    place: int
    met: float
    #: From when on everything is known that reads may show: from ever if nothing was written before.
    since: float
    records: list[Kept] = Factory(list)
    _setting: Setting = field(
        default=Factory(lambda self: Setting.of(self.table), takes_self=True), init=False
    )
    _newest: dict[Partition, float] = field(factory=dict, init=False)

    def look(self) -> None:
        """All records up to now are kept."""
        self._setting = Setting.of(self.table)

    def keep(self, record: LogRecord, partition: Partition, place: int, *, asked: bool) -> None:
        """Take one more record of the log of a partition; `asked` says that a call asked for it."""
        time = self._newest[partition] = max(record.time, self._newest.get(partition, record.time))
        setting = Setting.of(self.table)
        self.records.append(Kept(record, partition, place, time, self._setting, setting, asked))

    def by_identity(self) -> dict[Identity, Kept]:
        """All records."""
        return {kept.identity: kept for kept in self.records}

    def streams(self) -> Iterator[str]:
        """The labels of the streams that were on while something was written."""
        yield from dict.fromkeys(kept.after.stream for kept in self.records if kept.after.stream)

    def content(self, place: float, time: float | None = None) -> dict[ItemKey, Image]:
        """The items at a place, or those of them that were written by a time."""
        images = dict(self.initial)
        for kept in self.records:
            if kept.place > place:
                break
            if time is not None and kept.time > time:
                continue
            if kept.record.new is None:
                images.pop(kept.record.key, None)
            else:
                images[kept.record.key] = kept.record.new
        return images
