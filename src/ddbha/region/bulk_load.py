"""Filling a new table with a million items at once: sorted by partition, index entries too."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.storage.partition import Partition
from ddbha.values.image import Image, unpack
from ddbha.values.key import ItemKey

Images = dict[ItemKey, Image]


def by_partition(
    partitions: Sequence[Partition], images: Iterable[tuple[ItemKey, Image]]
) -> list[Images]:
    """Images by key for each of consecutive partitions."""
    if len(partitions) == 1:
        return [dict(images)]
    parts: list[Images] = [{} for _ in partitions]
    bounds = _inner_bounds(partitions)
    for key, image in images:
        parts[bisect_right(bounds, key)][key] = image
    return parts


def index_entries(indexes: Sequence[GlobalIndex], parts: Iterable[Images]) -> list[list[Images]]:
    """For each index, the entries of all items for each of its partitions; items are unpacked once."""
    entries: list[list[Images]] = [[{} for _ in index.partitions] for index in indexes]
    if not indexes:
        return entries
    targets = [
        (index, _inner_bounds(index.partitions), found)
        for index, found in zip(indexes, entries, strict=True)
    ]
    for part in parts:
        for key, image in part.items():
            item = unpack(image)
            for index, bounds, found in targets:
                position = index.schema.key_or_none(item)
                if position is not None:
                    position = (*position, key)
                    found[bisect_right(bounds, position)][position] = index.project(image, item)
    return entries


def _inner_bounds(partitions: Sequence[Partition]) -> list[ItemKey]:
    return [partition.low for partition in partitions[1:]]
