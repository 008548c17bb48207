"""Primary keys: schema, position in the key space, and the hash that places a partition key.

An `ItemKey` is `(hash, partition key)` or `(hash, partition key, sort key)`, a plain tuple of
comparables: keys of one table sort first by hash, so an item collection is one contiguous run, in
sort-key order. A global secondary index may have up to four attributes for each of the two keys: then
the partition key is the tuple of their values, hashed as one, and the sort keys follow one another.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from attrs import field, frozen

from ddbha.values import number
from ddbha.values.attribute import AttributeValue, Item, order, text_size

#: (hash of the partition key, partition key[, sort key ...]): ints, strings, decimals, bytes, or tuples.
ItemKey = tuple[Any, ...]

#: Bytes that a key attribute may have.
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAXIMUM_PARTITION_KEY_SIZE = 2048
MAXIMUM_SORT_KEY_SIZE = 1024

#: Hashes are in `range(HASH_SPACE)`.
HASH_SPACE = 1 << 64


@lru_cache(maxsize=4096)
def hash_of(value: Any) -> int:
    """Where a partition key lies in the hash space: the same number in every run and on every machine."""
    if isinstance(value, tuple):
        data = b"T" + b"".join(hash_of(part).to_bytes(8, "big") for part in value)
    elif isinstance(value, str):
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
    """The key of a table or an index; only those of global indexes have several attributes of a kind."""

    partition_attributes: tuple[KeyAttribute, ...]
    sort_attributes: tuple[KeyAttribute, ...] = ()
    #: The first partition attribute, and the first sort attribute: all that a table's key has.
    partition: KeyAttribute = field(init=False)
    sort: KeyAttribute | None = field(init=False)
    attributes: tuple[KeyAttribute, ...] = field(init=False)
    names: tuple[str, ...] = field(init=False)
    name_set: frozenset[str] = field(init=False, eq=False, repr=False)
    #: The attributes, each with the greatest size of its values.
    sizes: tuple[tuple[KeyAttribute, int], ...] = field(init=False)
    _several: bool = field(init=False)

    @classmethod
    def of_names(cls, names: Sequence[str], partition_keys: int, types: Mapping[str, str]) -> KeySchema:
        """The key of these attributes, of which the first so many are partition keys."""
        attributes = tuple(KeyAttribute(name, types[name]) for name in names)
        return cls(attributes[:partition_keys], attributes[partition_keys:])

    @partition.default
    def _first_partition(self) -> KeyAttribute:
        return self.partition_attributes[0]

    @sort.default
    def _first_sort(self) -> KeyAttribute | None:
        return self.sort_attributes[0] if self.sort_attributes else None

    @attributes.default
    def _all(self) -> tuple[KeyAttribute, ...]:
        return (*self.partition_attributes, *self.sort_attributes)

    @names.default
    def _names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)

    @name_set.default
    def _name_set(self) -> frozenset[str]:
        return frozenset(self.names)

    @sizes.default
    def _sizes(self) -> tuple[tuple[KeyAttribute, int], ...]:
        return (
            *((attribute, MAXIMUM_PARTITION_KEY_SIZE) for attribute in self.partition_attributes),
            *((attribute, MAXIMUM_SORT_KEY_SIZE) for attribute in self.sort_attributes),
        )

    @_several.default
    def _has_several(self) -> bool:
        return len(self.partition_attributes) > 1 or len(self.sort_attributes) > 1

    def key(self, item: Item) -> ItemKey:
        """The position of an item that has all key attributes with the right types."""
        if self._several:
            return self._position([order(item[name]) for name in self.names])
        attribute, sort = self.partition, self.sort
        partition = item[attribute.name][attribute.type]
        if attribute.type == "N":
            partition = number.parse(partition)
        if sort is None:
            return (hash_of(partition), partition)
        content = item[sort.name][sort.type]
        return (hash_of(partition), partition, number.parse(content) if sort.type == "N" else content)

    def key_or_none(self, item: Item) -> ItemKey | None:
        """The position of an item; None if it lacks a key attribute, or has one that no index takes."""
        if self._several:
            components = [_component(attribute, item, most) for attribute, most in self.sizes]
            return None if None in components else self._position(components)
        partition = _component(self.partition, item, MAXIMUM_PARTITION_KEY_SIZE)
        if partition is None:
            return None
        if self.sort is None:
            return (hash_of(partition), partition)
        sort = _component(self.sort, item, MAXIMUM_SORT_KEY_SIZE)
        return None if sort is None else (hash_of(partition), partition, sort)

    def _position(self, components: list[Any]) -> ItemKey:
        count = len(self.partition_attributes)
        return (*collection_of(components[:count]), *components[count:])

    def kinds(self) -> Iterator[tuple[KeyAttribute, str]]:
        """The attributes in order, each with HASH or RANGE."""
        for attribute in self.partition_attributes:
            yield attribute, "HASH"
        for attribute in self.sort_attributes:
            yield attribute, "RANGE"

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


def collection_of(values: Sequence[Any]) -> ItemKey:
    """What all positions of an item collection begin with; the values are what keys are compared by."""
    partition = values[0] if len(values) == 1 else tuple(values)
    return (hash_of(partition), partition)


def size_over(content: str | bytes, most: int) -> int:
    """The bytes of a string or a binary value if they are more than `most`, else 0."""
    # Most values are so short that nobody needs to encode them: a character has at most four bytes.
    if len(content) * 4 <= most:
        return 0
    size = text_size(content) if isinstance(content, str) else len(content)
    return size if size > most else 0


def _component(attribute: KeyAttribute, item: Item, most: int) -> Any:
    """What a position has of an item for a key attribute; None where an index leaves the item out.

    That is for a value that is absent or of another type, and for those that are empty or too long: items
    have them from before their index was made.
    """
    value = item.get(attribute.name)
    if value is None:
        return None
    content = value.get(attribute.type)
    if content is None:
        return None
    if attribute.type == "N":
        return order(value)
    return None if not content or size_over(content, most) else content
