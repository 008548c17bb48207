"""The partitions of one table or index, in order, and ranges of their positions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from attrs import frozen

from ddbha.storage.items import GREATEST
from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.values.key import HASH_SPACE, ItemKey


class Partitions(list[Partition]):
    """Consecutive partitions that hold every position between them.

    It is what followers of a whole table are given: where its logs are, without the table.
    """

    def of(self, key: ItemKey) -> Partition:
        """The partition that holds a key."""
        if len(self) == 1:
            return self[0]
        return self[bisect_right(self, key, key=_low) - 1]

    def attach(self, follow: Callable[[Partition], PartitionFollower]) -> None:
        """Let a follower made by `follow` read the log of each partition from its end on."""
        for partition in self:
            follower = follow(partition)
            follower.applied_sequence = partition.acknowledged_sequence
            partition.followers.append(follower)

    def detach(self, kind: type[PartitionFollower]) -> None:
        """Remove the followers of one kind."""
        for partition in self:
            partition.followers = [f for f in partition.followers if not isinstance(f, kind)]


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
        first = bisect_right(partitions, self.low, key=_low) - 1
        if not partitions[first].high < self.high:
            return partitions[first : first + 1]
        return partitions[first : bisect_left(partitions, self.high, key=_low)]
