"""What Query and Scan read, and where in it they go on.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from ddbha.api.data.keys import NO_MATCH
from ddbha.api.registry import Request
from ddbha.errors import InvalidValue, Reworded, ValidationException
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.storage.items import GREATEST
from ddbha.storage.partition import Partition
from ddbha.storage.partitions import KeyBounds
from ddbha.values.attribute import Item, canonical_item
from ddbha.values.key import ItemKey, KeySchema

_INVALID_START = "The provided starting key is invalid"

Index = LocalIndex | GlobalIndex


@frozen
class Target:
    """What is read: a table or one of its indexes."""

    table: Table
    index: Index | None
    #: The keys that order what is read.
    schema: KeySchema

    @property
    def partitions(self) -> Sequence[Partition]:
        """Where it lies."""
        return self.index.partitions if isinstance(self.index, GlobalIndex) else self.table.partitions

    def position(self, item: Item) -> ItemKey:
        """Where the item with these keys stands in it."""
        if self.index is None:
            return self.table.schema.key(item)
        return (*self.index.schema.key(item), self.table.schema.key(item))

    def key(self, item: Item) -> Item:
        """The attributes that `LastEvaluatedKey` shows, in values of their own."""
        names = self.table.schema.names
        if self.index is not None:
            names = tuple(dict.fromkeys(names + self.schema.names))
        return {name: item[name].copy() for name in names}


def target_of(region: Region, request: Request) -> Target:
    """The table or index that a request names; `AwsError` if it cannot be read."""
    table = region.table(request["TableName"])
    name = request.get("IndexName")
    if name is None:
        return Target(table, None, table.schema)
    index = table.local_indexes.get(name) or table.global_indexes.get(name)
    asked = region.environment.operation
    stated = asked == "ExecuteStatement"
    if index is None:
        if name in table.vector_indexes:
            raise ValidationException(f"{asked} operation not supported on this index type.")
        shown = "" if stated else f": {name}"
        raise ValidationException(f"The table does not have the specified index{shown}")
    if isinstance(index, GlobalIndex) and request.get("ConsistentRead"):
        raise ValidationException(
            "Strongly consistent read is not supported on Global Secondary Indexes"
            if stated
            else "Consistent reads are not supported on global secondary indexes"
        )
    if isinstance(index, GlobalIndex) and index.status == "CREATING":
        raise ValidationException(f"Cannot read from backfilling global secondary index: {name}")
    return Target(table, index, index.schema)


def start_key(request: Request) -> Item | None:
    """The canonical `ExclusiveStartKey` of a request; `ValidationException` for values that are none."""
    if "ExclusiveStartKey" not in request:
        return None
    try:
        return canonical_item(request["ExclusiveStartKey"])[0]
    except ValidationException as error:
        fault = f"{_INVALID_START}: {error.message}"
        newer = error.newer if isinstance(error, InvalidValue) else fault
        raise InvalidValue(fault, newer) from None


def start_in(target: Target, key: Item | None) -> ItemKey | None:
    """The position of a starting key; `ValidationException` for one of other attributes."""
    if key is None:
        return None
    attributes = {a.name: a.type for a in (*target.table.schema.attributes, *target.schema.attributes)}
    if key.keys() != attributes.keys() or any(kind not in key[name] for name, kind in attributes.items()):
        if target.index is not None:
            raise ValidationException(_INVALID_START)
        raise Reworded(f"{_INVALID_START}: {NO_MATCH}", _INVALID_START)
    return target.position(key)


def refuse_start_outside(bounds: KeyBounds, start: ItemKey, *, alone: bool) -> None:
    """Raise `ValidationException` for a starting key that the key condition cannot have led to.

    `alone` says that the condition names one item, behind which there is nothing.
    """
    collection, elsewhere = bounds.low[:2], bounds.low[:2] != start[:2]
    if bounds != KeyBounds(collection, (*collection, GREATEST)):
        place = (*collection, *start[2:])
        if place < bounds.low or not place < bounds.high:
            raise ValidationException("The provided starting key does not match the range key predicate")
    elif elsewhere:
        raise ValidationException(
            "The provided starting key is outside query boundaries based on provided conditions"
        )
    if elsewhere or alone:
        raise ValidationException("The query can return at most one row and cannot be restarted")


def behind(bounds: KeyBounds, start: ItemKey, reverse: bool) -> KeyBounds:
    """What is left of an item collection behind `start`."""
    if reverse:
        return KeyBounds(bounds.low, min(bounds.high, start))
    return KeyBounds(max(bounds.low, (*start, GREATEST)), bounds.high)
