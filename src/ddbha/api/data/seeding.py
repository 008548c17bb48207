"""Items put into a table at once, before a test begins: all of them, or none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ddbha.api.data.given_items import GivenItem
from ddbha.api.data.item_collections import CollectionLimit
from ddbha.errors import AwsError, UsageError
from ddbha.region.region import Region


def seed(region: Region, table_name: str, items: Iterable[tuple[str, Any]]) -> int:
    """Write items in order, without consuming capacity; returns how many.

    Each is a place for error messages, and the `Item` of a PutItem.  Streams, indexes and other regions
    follow as they do any write.  Raises `UsageError` naming the place of an item that PutItem would not
    take; then nothing is written.
    """
    table = region.table(table_name)
    limit = CollectionLimit(region)
    writes = []
    for place, given in items:
        try:
            item = GivenItem.of(table, {"Item": given})
            limit.admit(table, item.key, item.image)
        except AwsError as error:
            raise UsageError(f"{place} cannot be loaded into {table_name}: {error}") from error
        # A partition without a leader refuses before anything is written.
        table.partition(item.key).available_leader()
        writes.append(item)
    for item in writes:
        # Looked up again: a write may have split a partition.
        table.partition(item.key).commit(item.key, item.image, region.now(), region.name)
    return len(writes)
