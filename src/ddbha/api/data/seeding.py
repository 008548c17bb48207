"""Items put into a table at once, before a test begins: all of them, or none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ddbha.api.data.item_collections import CollectionLimit
from ddbha.api.data.keys import key_of_item
from ddbha.api.wire.validation import validator
from ddbha.errors import AwsError, UsageError
from ddbha.region.region import Region
from ddbha.values.attribute import canonical_item
from ddbha.values.image import Image


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
            checked = {"TableName": table_name, "Item": given}
            request = validator("dynamodb", "PutItem").accept(checked, typed=False)
            item, size = canonical_item(request["Item"])
            key, image = key_of_item(table, item, size), Image.of(item, size)
            limit.admit(table, key, image)
        except AwsError as error:
            raise UsageError(f"{place} cannot be loaded into {table_name}: {error}") from error
        partition = table.partition(key)
        # A partition without a leader refuses before anything is written.
        partition.available_leader()
        writes.append((key, image))
    for key, image in writes:
        # Looked up again: a write may have split a partition.
        table.partition(key).commit(key, image, region.now(), region.name)
    return len(writes)
