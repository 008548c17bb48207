"""How large item collections are: counted when first asked, and from then on from the log.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from attrs import Factory, define

from ddbha.followers.secondary_indexes import LocalIndex
from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.record import LogRecord
from ddbha.values.attribute import item_size
from ddbha.values.image import Image, size_of, unpack
from ddbha.values.key import ItemKey


@define(eq=False)
class CollectionSizes(PartitionFollower):
    """Bytes of each item collection of one partition: its items and their local index entries.

    A collection is named by the hash and the partition key, the first two parts of a key.
    """

    indexes: Mapping[str, LocalIndex]
    sizes: dict[ItemKey, int] = Factory(dict)

    @classmethod
    def of(cls, partition: Partition, indexes: Mapping[str, LocalIndex]) -> CollectionSizes:
        """The sizes of what a partition holds now, to be followed from here on."""
        leader = partition.leader
        leader.apply_all()
        counted = cls(partition, indexes, applied_sequence=leader.log.last_sequence)
        for key, image in leader.items.images.items():
            counted._grow(key, counted.footprint(image))
        return counted

    def footprint(self, image: Image | None) -> int:
        """Bytes that an item takes of its collection."""
        if image is None:
            return 0
        size, item = size_of(image), unpack(image)
        for index in self.indexes.values():
            if index.schema.fits(item):
                size += size_of(image) if index.projected is None else item_size(index.part(item))
        return size

    def size(self, collection: ItemKey) -> int:
        """Bytes of one collection with all that was written."""
        self.catch_up(inf)
        return self.sizes.get(collection, 0)

    def catch_up(self, now: float) -> None:
        try:
            super().catch_up(now)
        except BaseException:
            # Nobody knows whether the last record counts: all is counted anew when it is next asked for.
            self.partition.followers.remove(self)
            raise

    def apply(self, record: LogRecord) -> None:
        self._grow(record.key, self.footprint(record.new) - self.footprint(record.old))

    def successor(self, partition: Partition) -> CollectionSizes:
        self.catch_up(inf)
        sizes = {
            collection: size
            for collection, size in self.sizes.items()
            if partition.low <= collection < partition.high
        }
        return CollectionSizes(
            partition, self.indexes, sizes, applied_sequence=partition.acknowledged_sequence
        )

    def _grow(self, key: ItemKey, change: int) -> None:
        collection = key[:2]
        size = self.sizes.get(collection, 0) + change
        if size:
            self.sizes[collection] = size
        else:
            self.sizes.pop(collection, None)


def collection_sizes(partition: Partition, indexes: Mapping[str, LocalIndex]) -> CollectionSizes:
    """The sizes of a partition's collections, which are kept from the first time on."""
    for follower in partition.followers:
        if isinstance(follower, CollectionSizes):
            return follower
    counted = CollectionSizes.of(partition, indexes)
    partition.followers.append(counted)
    return counted
