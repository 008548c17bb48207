"""A table: its key schema, its partitions, its indexes, and the settings that descriptions show."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, field, frozen

from ddbha.errors import InternalServerError
from ddbha.storage.bulk_load import by_partition, collector_paused, index_entries
from ddbha.storage.items import GREATEST
from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.record import LogRecord
from ddbha.storage.replica import Replica
from ddbha.values.attribute import Item, item_size
from ddbha.values.image import Image
from ddbha.values.key import HASH_SPACE, ItemKey, KeySchema

if TYPE_CHECKING:
    from ddbha.capacity.auto_scaling import AutoScaling
    from ddbha.capacity.throttling import Limits
    from ddbha.followers.archive import Archive
    from ddbha.followers.replication import Member
    from ddbha.observe.metrics import Series
    from ddbha.recovery.backup import RestoreOrigin


@frozen
class Throughput:
    """Read and write capacity units per second."""

    read: int = 0
    write: int = 0


#: What an on-demand table is ready for from the beginning.
INITIAL_ON_DEMAND = Throughput(12_000, 4_000)


@frozen
class ThroughputChanges:
    """When the provisioned units of a table or an index were changed."""

    decreases_today: int = 0
    last_increase: float | None = None
    last_decrease: float | None = None


@frozen
class IndexProjection:
    """What an index holds of an item besides the keys: nothing, the named attributes, or all."""

    type: str
    non_key_attributes: tuple[str, ...] = ()


@frozen
class ContributorInsights:
    """The setting of a table or a global index; it has no mode until it was enabled once."""

    status: str = "DISABLED"
    mode: str | None = None
    updated: float | None = None


@define(eq=False)
class SecondaryIndex:
    """What local and global secondary indexes have in common."""

    name: str
    schema: KeySchema
    projection: IndexProjection
    table_schema: KeySchema
    #: Names of the projected attributes; None stands for all.
    projected: frozenset[str] | None = field(init=False)

    @projected.default
    def _projected(self) -> frozenset[str] | None:
        if self.projection.type == "ALL":
            return None
        return frozenset(
            (*self.schema.names, *self.table_schema.names, *self.projection.non_key_attributes)
        )

    def project(self, image: Image, item: Item | None = None) -> Image:
        """The entry that an item has in the index; the item's own image if all is projected.

        `item` is what the image holds, for a caller who has unpacked it.
        """
        if self.projected is None:
            return image
        part = self.part(image.item() if item is None else item)
        return Image.of(part, item_size(part))

    def part(self, item: Item) -> Item:
        """What is projected of an item."""
        projected = self.projected
        if projected is None:
            return item
        return {name: value for name, value in item.items() if name in projected}

    def entry(self, image: Image | None) -> tuple[ItemKey, Image] | None:
        """Position (without the table's key) and entry of an item, or None where it has none."""
        if image is None:
            return None
        position = self.schema.key_or_none(image.item())
        return None if position is None else (position, self.project(image))


@define(eq=False)
class LocalIndex(SecondaryIndex):
    """A local secondary index: kept by each replica beside the items, always as current as they are."""


@define(eq=False)
class GlobalIndex(SecondaryIndex):
    """A global secondary index: partitions of its own that follow the logs of the table's."""

    partitions: list[Partition] = Factory(list)
    status: str = "ACTIVE"
    backfilling: bool | None = None
    throughput: Throughput = Throughput()
    on_demand: Throughput | None = None
    warm: Throughput | None = None
    warming: Throughput | None = None
    changes: ThroughputChanges = ThroughputChanges()
    insights: ContributorInsights = ContributorInsights()
    followers: list[IndexFollower] = Factory(list)
    _lags: dict[object, float] = Factory(dict)

    def __repr__(self) -> str:
        return f"<GlobalIndex {self.name} {self.status}>"

    def add_lag(self, cause: object, seconds: float, now: float) -> None:
        """Stay so many seconds behind for a cause; what is in the index `now` stays seen."""
        self.catch_up(now)
        self._lags[cause] = seconds
        self._set_lag()

    def remove_lag(self, cause: object) -> None:
        """A cause to stay behind is gone."""
        self._lags.pop(cause, None)
        self._set_lag()

    def _set_lag(self) -> None:
        for follower in self.followers:
            follower.lag = max(self._lags.values(), default=0.0)

    def catch_up(self, now: float) -> None:
        """Bring the index as far as its lag allows at `now`."""
        for follower in self.followers:
            follower.catch_up(now)


@define(eq=False)
class IndexFollower(PartitionFollower):
    """Carries the writes of one partition of the table into a global secondary index."""

    index: GlobalIndex

    def successor(self, partition: Partition) -> IndexFollower:
        followers = self.index.followers
        if self in followers:
            followers.remove(self)
        follower = IndexFollower(
            partition,
            self.index,
            applied_sequence=partition.acknowledged_sequence,
            lag=self.lag,
            predecessor=self,
        )
        followers.append(follower)
        return follower

    def catch_up(self, now: float) -> None:
        # While a partition of the index has no leader that serves, the index stays behind.
        with suppress(InternalServerError):
            super().catch_up(now)

    def apply(self, record: LogRecord) -> None:
        before = self.index.entry(record.old)
        after = self.index.entry(record.new)
        if before is not None and (after is None or after[0] != before[0]):
            self._commit((*before[0], record.key), None, record)
        if after is not None:
            self._commit((*after[0], record.key), after[1], record)

    def _commit(self, key: ItemKey, image: Image | None, record: LogRecord) -> None:
        partition_of(self.index.partitions, key).commit(
            key, image, record.time, record.origin, record.cause
        )


@define(eq=False)
class TableSettings:
    """What a client may set on a table besides its keys."""

    billing_mode: str = "PROVISIONED"
    throughput: Throughput = Throughput()
    on_demand: Throughput | None = None
    warm: Throughput | None = None
    stream_view_type: str | None = None
    stream_label: str | None = None
    deletion_protection: bool = False
    #: Whether the table, as a replica, may not be taken out of its global table and kept.
    disassociation_protection: bool = True
    table_class: str | None = None
    encryption: dict[str, Any] | None = None
    on_demand_since: float | None = None
    #: What the table is becoming ready for.
    warming: Throughput | None = None
    changes: ThroughputChanges = ThroughputChanges()
    #: When the table became on demand, and when its class was set.
    on_demand_switches: tuple[float, ...] = ()
    class_changes: tuple[float, ...] = ()
    tags: dict[str, str] = Factory(dict)
    #: The attribute that says when an item expires; kept until the setting is DISABLED.
    ttl_attribute: str | None = None
    ttl_status: str = "DISABLED"
    ttl_changed: float | None = None
    insights: ContributorInsights = ContributorInsights()


@define(eq=False)
class Table:
    """A table in one region."""

    name: str
    arn: str
    id: str
    created: float
    #: Types of all key attributes of the table and its indexes, by name, in the order declared.
    attribute_types: dict[str, str]
    schema: KeySchema
    partitions: list[Partition]
    local_indexes: dict[str, LocalIndex]
    global_indexes: dict[str, GlobalIndex] = Factory(dict)
    settings: TableSettings = Factory(TableSettings)
    status: str = "CREATING"
    #: What makes it a replica of a global table.
    membership: Member | None = None
    #: When the table first took reads and writes.
    active_since: float | None = None
    #: The history of the table while point-in-time recovery is on.
    archive: Archive | None = None
    #: The metrics of the units that the table itself consumed, at hand from the first time on.
    consumed_reads: Series | None = field(default=None, repr=False)
    consumed_writes: Series | None = field(default=None, repr=False)
    #: How the provisioned throughput follows what is consumed, if it does.
    auto_scaling: AutoScaling | None = field(default=None, repr=False)
    #: The token buckets of the table and its global indexes, by index and kind, once they were needed.
    limits: dict[tuple[str | None, str], Limits] = field(factory=dict, repr=False)
    #: Where the table comes from while it is being restored.
    restoring_from: RestoreOrigin | None = None

    def __repr__(self) -> str:
        return f"<Table {self.arn} {self.status}>"

    def partition(self, key: ItemKey) -> Partition:
        """The partition that holds a key."""
        return partition_of(self.partitions, key)

    def attach(self, follow: Callable[[Partition], PartitionFollower]) -> None:
        """Let a follower made by `follow` read the log of each partition from its end on."""
        for partition in self.partitions:
            follower = follow(partition)
            follower.applied_sequence = partition.acknowledged_sequence
            partition.followers.append(follower)

    def detach(self, kind: type[PartitionFollower]) -> None:
        """Remove the followers of one kind."""
        for partition in self.partitions:
            partition.followers = [f for f in partition.followers if not isinstance(f, kind)]

    def add_global_index(self, index: GlobalIndex, now: float) -> None:
        """Let an index follow the table from the items that are there `now` on."""
        leaders = [partition.available_leader() for partition in self.partitions]
        for partition, leader in zip(self.partitions, leaders, strict=True):
            follower = IndexFollower(partition, index, applied_sequence=leader.log.last_sequence)
            for key, image in leader.items.images.items():
                entry = index.entry(image)
                if entry is not None:
                    partition_of(index.partitions, entry[0]).commit((*entry[0], key), entry[1], now, "")
            partition.followers.append(follower)
            index.followers.append(follower)
        self.global_indexes[index.name] = index

    def load(self, images: Iterable[tuple[ItemKey, Image]]) -> None:
        """Fill a table that was never written to, with its indexes, sharing the images.

        Raises `InternalServerError` where a partition has no quorum; the table is of no use then.
        """
        indexes = list(self.global_indexes.values())
        with collector_paused():
            parts = by_partition(self.partitions, images)
            entries = index_entries(indexes, parts)
            for partition, part in zip(self.partitions, parts, strict=True):
                partition.load(part)
            for index, index_parts in zip(indexes, entries, strict=True):
                for partition, part in zip(index.partitions, index_parts, strict=True):
                    partition.load(part)

    def remove_global_index(self, name: str) -> None:
        """Drop an index and whatever it followed."""
        index = self.global_indexes.pop(name)
        for follower in index.followers:
            follower.partition.followers.remove(follower)

    @property
    def consistency(self) -> str | None:
        """EVENTUAL or STRONG between the regions of a global table; None for an ordinary table."""
        return None if self.membership is None else self.membership.group.consistency

    def all_partitions(self) -> Iterator[Partition]:
        """The partitions of the table and of its global indexes."""
        yield from self.partitions
        for index in self.global_indexes.values():
            yield from index.partitions

    @property
    def item_count(self) -> int:
        """How many items the table holds."""
        return sum(len(_best(partition).items) for partition in self.partitions)

    @property
    def size(self) -> int:
        """Bytes of all items."""
        return sum(_best(partition).items.size for partition in self.partitions)


def _best(partition: Partition) -> Replica:
    """The leader with all applied; descriptions answer even while the partition has no quorum."""
    partition.leader.apply_all()
    return partition.leader


def partition_of(partitions: Sequence[Partition], key: ItemKey) -> Partition:
    """The one of consecutive partitions that holds a key."""
    if len(partitions) == 1:
        return partitions[0]
    return partitions[bisect_right(partitions, key, key=_low) - 1]


def _low(partition: Partition) -> ItemKey:
    return partition.low


def even_ranges(count: int) -> list[tuple[ItemKey, ItemKey]]:
    """The hash space cut into `count` ranges of one size."""
    bounds = [(HASH_SPACE * number // count,) for number in range(count + 1)]
    return list(pairwise(bounds))


@frozen
class KeyBounds:
    """A range of positions: from `low` on and before `high`."""

    low: ItemKey
    high: ItemKey

    @classmethod
    def collection(cls, hash_value: int, partition_key: Any) -> KeyBounds:
        """One item collection."""
        return cls((hash_value, partition_key), (hash_value, partition_key, GREATEST))

    @classmethod
    def hashes(cls, low: int, high: int) -> KeyBounds:
        """All positions of a range of hashes."""
        return cls((low,), (high,))

    def of(self, partitions: Sequence[Partition]) -> Sequence[Partition]:
        """Those of consecutive partitions that hold some of these positions."""
        if len(partitions) == 1:
            return partitions
        return [p for p in partitions if p.low < self.high and self.low < p.high]
