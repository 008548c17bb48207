"""Secondary indexes: local ones live beside the items of each replica, global ones follow the logs.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/SecondaryIndexes.html
"""

from __future__ import annotations

from contextlib import suppress

from attrs import Factory, define, field, frozen

from ddbha.errors import InternalServerError
from ddbha.followers.index_followers import IndexFollower, IndexFollowers
from ddbha.storage.partition import Partition
from ddbha.storage.partitions import Partitions
from ddbha.storage.record import LogRecord
from ddbha.values.attribute import Item, item_size, same_item
from ddbha.values.image import Image, pack, unpack
from ddbha.values.key import ItemKey, KeySchema
from ddbha.values.settings import ContributorInsights, Throughput, ThroughputChanges


@frozen
class IndexProjection:
    """What an index holds of an item besides the keys: nothing, the named attributes, or all."""

    type: str
    non_key_attributes: tuple[str, ...] = ()


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

    @property
    def search_names(self) -> tuple[str, ...]:
        """The names of the attributes that the index is read by: those of its key."""
        return self.schema.names

    @property
    def projected_count(self) -> int:
        """How many attributes count towards what a table's indexes may project."""
        return len(self.projection.non_key_attributes)

    def project(self, image: Image, item: Item | None = None) -> Image:
        """The entry that an item has in the index; the item's own image if all is projected.

        `item` is what the image holds, for a caller who has unpacked it.
        """
        if self.projected is None:
            return image
        part = self.part(unpack(image) if item is None else item)
        return pack(part, item_size(part))

    def part(self, item: Item) -> Item:
        """What is projected of an item."""
        projected = self.projected
        if projected is None:
            return item
        return {name: value for name, value in item.items() if name in projected}

    def tells_apart(self, item: Item, other: Item) -> bool:
        """Whether something is projected in which two items differ."""
        return not same_item(self.part(item), self.part(other))

    def entry(self, image: Image | None) -> tuple[ItemKey, Image] | None:
        """Position (without the table's key) and entry of an item, or None where it has none."""
        if image is None:
            return None
        item = unpack(image)
        position = self.schema.key_or_none(item)
        return None if position is None else (position, self.project(image, item))


@define(eq=False)
class LocalIndex(SecondaryIndex):
    """A local secondary index: kept by each replica beside the items, always as current as they are."""


@define(eq=False)
class GlobalIndex(SecondaryIndex):
    """A global secondary index: partitions of its own that follow the logs of the table's."""

    partitions: Partitions = Factory(Partitions)
    status: str = "ACTIVE"
    backfilling: bool | None = None
    throughput: Throughput = Throughput()
    on_demand: Throughput | None = None
    warm: Throughput | None = None
    warming: Throughput | None = None
    changes: ThroughputChanges = ThroughputChanges()
    insights: ContributorInsights = ContributorInsights()
    followers: IndexFollowers = Factory(IndexFollowers)

    def __repr__(self) -> str:
        return f"<GlobalIndex {self.name} {self.status}>"

    def follow(self, partition: Partition) -> IndexFollower:
        """A follower that carries on from what a partition of the table holds now."""
        follower = GlobalIndexFollower(
            partition, self.followers, self, applied_sequence=partition.acknowledged_sequence
        )
        self.followers.add(follower)
        return follower

    def catch_up(self, now: float) -> None:
        """Bring the index as far as its lag allows at `now`."""
        self.followers.catch_up(now)


@define(eq=False)
class GlobalIndexFollower(IndexFollower):
    """Carries the writes of one partition of the table into a global secondary index."""

    index: GlobalIndex

    def catch_up(self, now: float) -> None:
        # All that is acknowledged is in the log, and nothing else.
        if self.predecessor is None and self.applied_sequence == self.partition.acknowledged_sequence:
            return
        # While a partition of the index has no leader that serves, the index stays behind.
        with suppress(InternalServerError):
            super().catch_up(now)

    def apply(self, record: LogRecord) -> None:
        old, new, index = record.old, record.new, self.index
        if old is not None and new is not None and old == new:
            return
        item_before = None if old is None else unpack(old)
        item = None if new is None else unpack(new)
        before = None if item_before is None else index.schema.key_or_none(item_before)
        after = None if item is None else index.schema.key_or_none(item)
        if before is not None and before != after:
            self._commit((*before, record.key), None, record)
        if new is None or item is None or after is None:
            return
        # An entry that stays as it is is not written again.
        if item_before is None or before != after or index.tells_apart(item_before, item):
            self._commit((*after, record.key), index.project(new, item), record)

    def _commit(self, key: ItemKey, image: Image | None, record: LogRecord) -> None:
        self.index.partitions.of(key).commit(key, image, record.time, record.origin, record.cause)
