"""Primary keys: schema, position in the key space, and the hash that places a partition key.

An `ItemKey` is `(hash, partition key)` or `(hash, partition key, sort key)`, a plain tuple of
comparables: keys of one table sort first by hash, so an item collection is one contiguous run, in
sort-key order.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from attrs import field, frozen

from ddbha.values.attribute import AttributeValue, Item, order

#: (hash of the partition key, partition key[, sort key]): ints, strings, decimals or bytes.
ItemKey = tuple[Any, ...]

#: Hashes are in `range(HASH_SPACE)`.
HASH_SPACE = 1 << 64


def hash_of(value: Any) -> int:
    """Where a partition key lies in the hash space: the same number in every run and on every machine."""
    if isinstance(value, str):
        data = b"S" + value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bytes):
        data = b"B" + value
    else:
        data = f"N{value}".encode()
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")


@frozen
class KeyAttribute:
    """A key attribute: its name and its type, S, N or B."""

    name: str
    type: str


@frozen
class KeySchema:
    """The key of a table or an index."""

    partition: KeyAttribute
    sort: KeyAttribute | None = None
    names: tuple[str, ...] = field(init=False)
    attributes: tuple[KeyAttribute, ...] = field(init=False)

    @attributes.default
    def _all(self) -> tuple[KeyAttribute, ...]:
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    @names.default
    def _names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in (self.partition, self.sort) if attribute is not None)

    def key(self, item: Item) -> ItemKey:
        """The position of an item that has all key attributes with the right types."""
        partition = order(item[self.partition.name])
        if self.sort is None:
            return (hash_of(partition), partition)
        return (hash_of(partition), partition, order(item[self.sort.name]))

    def key_or_none(self, item: Item) -> ItemKey | None:
        """The position of an item, or None if it lacks a key attribute: the rule of sparse indexes."""
        partition = _component(self.partition, item)
        if partition is None:
            return None
        if self.sort is None:
            return (hash_of(partition), partition)
        sort = _component(self.sort, item)
        return None if sort is None else (hash_of(partition), partition, sort)

    def fits(self, item: Item) -> bool:
        """Whether an item has all key attributes with the right types."""
        for attribute in self.attributes:
            value = item.get(attribute.name)
            if value is None or attribute.type not in value:
                return False
        return True

    def of(self, item: Item) -> dict[str, AttributeValue]:
        """The key attributes of an item, as `Keys` and `LastEvaluatedKey` show them."""
        return {name: item[name] for name in self.names}


def _component(attribute: KeyAttribute, item: Item) -> Any:
    """What a position has of an item for a key attribute; None if it is absent or of another type."""
    value = item.get(attribute.name)
    if value is None:
        return None
    content = value.get(attribute.type)
    return content if content is None or attribute.type != "N" else order(value)
