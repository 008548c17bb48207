"""Vector indexes: packed vectors that follow the logs of a table, and the search for the nearest ones.

The service searches approximately; here the search is exact, which is what the approximation aims at.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchWorkingWith.html
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from heapq import nlargest, nsmallest
from math import dist, isfinite, sqrt
from operator import mul
from typing import Any, TypeAlias

from attrs import Factory, define, field, frozen

from ddbha.followers.index_followers import IndexFollower, IndexFollowers
from ddbha.followers.secondary_indexes import IndexProjection
from ddbha.storage.partition import Partition
from ddbha.storage.record import LogRecord
from ddbha.values.attribute import AttributeValue, Item, item_size, order, same_item, text_size
from ddbha.values.image import Image, pack, size_of, unpack
from ddbha.values.key import ItemKey, KeyAttribute, KeySchema

#: 32-bit floating point numbers, as the service keeps them.
Vector: TypeAlias = "array[float]"
BYTES_PER_DIMENSION = 4


def packed(numbers: Sequence[str]) -> Vector | None:
    """Numbers at 32-bit precision, None if one of them is out of its range."""
    vector = array("f", map(float, numbers))
    return vector if all(map(isfinite, vector)) else None


def written(vector: Vector) -> AttributeValue:
    """A vector as an attribute: each number with the fewest digits that give its 32 bits."""
    return {"L": [{"N": _shortest(number)} for number in vector]}


def _shortest(number: float) -> str:
    for digits in range(1, 10):
        text = f"{number:.{digits}g}"
        if array("f", [float(text)])[0] == number:
            break
    return text


def _dot(a: Vector, b: Vector) -> float:
    product: float = sum(map(mul, a, b))
    return product


@frozen(eq=False)
class VectorEntry:
    """What an index holds of an item: its vector, what conditions look at, and what is projected."""

    key: ItemKey
    vector: Vector
    length: float
    #: The attributes of the search schema.
    filtered: Item
    #: The projected attributes, without the vector.
    image: Image

    def same_as(self, other: VectorEntry) -> bool:
        """Whether two entries hold the same."""
        return self.vector == other.vector and same_item(unpack(self.image), unpack(other.image))

    @property
    def size(self) -> int:
        """Bytes of the entry."""
        return size_of(self.image) + BYTES_PER_DIMENSION * len(self.vector)


@define(eq=False)
class VectorIndex:
    """A vector index: the entries of all items that have a vector, by the value of its partition key."""

    name: str
    vector_attribute: str
    dimensions: int
    distance_function: str
    projection: IndexProjection
    table_schema: KeySchema
    #: The HASH attribute of the search schema, and its INLINE_FILTER attributes.
    partition: KeyAttribute | None = None
    filters: tuple[KeyAttribute, ...] = ()
    status: str = "ACTIVE"
    backfilling: bool | None = None
    followers: IndexFollowers = Factory(IndexFollowers)
    _collections: dict[Any, dict[ItemKey, VectorEntry]] = Factory(dict)
    _projected: frozenset[str] | None = field(init=False)

    @_projected.default
    def _default_projected(self) -> frozenset[str] | None:
        if self.projection.type == "ALL":
            return None
        return frozenset(
            (
                *self.table_schema.names,
                *self.search_names,
                *self.projection.non_key_attributes,
            )
        )

    @property
    def search_attributes(self) -> tuple[KeyAttribute, ...]:
        """The attributes of the search schema, the partition key first."""
        return self.filters if self.partition is None else (self.partition, *self.filters)

    @property
    def search_names(self) -> tuple[str, ...]:
        """The names of the attributes of the search schema."""
        return tuple(attribute.name for attribute in self.search_attributes)

    @property
    def projected_count(self) -> int:
        """How many attributes count towards what a table's indexes may project."""
        if self.projection.type != "INCLUDE":
            return 0
        return 1 + len(self.filters) + len(self.projection.non_key_attributes)

    def empty(self, name: str | None = None) -> VectorIndex:
        """An index defined like this one, with nothing in it."""
        return VectorIndex(
            name or self.name,
            self.vector_attribute,
            self.dimensions,
            self.distance_function,
            self.projection,
            self.table_schema,
            self.partition,
            self.filters,
        )

    def entry(self, key: ItemKey, image: Image | None) -> VectorEntry | None:
        """What an item is in the index; None where it has no vector or no partition key."""
        if image is None:
            return None
        item = unpack(image)
        vector = self._vector(item.get(self.vector_attribute))
        if vector is None or (self.partition is not None and self._collection(item) is None):
            return None
        searched, projected = self.search_names, self._projected
        part = {
            name: value
            for name, value in item.items()
            if name != self.vector_attribute and (projected is None or name in projected)
        }
        return VectorEntry(
            key,
            vector,
            sqrt(_dot(vector, vector)),
            {name: item[name] for name in searched if name in item},
            pack(part, item_size(part)),
        )

    def _vector(self, value: AttributeValue | None) -> Vector | None:
        """The vector of an item; what was written before there was an index may be anything."""
        elements = None if value is None else value.get("L")
        if elements is None or len(elements) != self.dimensions:
            return None
        if not all("N" in element for element in elements):
            return None
        return packed([element["N"] for element in elements])

    def _collection(self, item: Item) -> Any:
        """The partition key of an item, None where it has none of the right type."""
        partition = self.partition
        if partition is None:
            return None
        value = item.get(partition.name)
        return order(value) if value is not None and value.get(partition.type) else None

    def load(self, images: Mapping[ItemKey, Image]) -> None:
        """Take in the items of a table as they are."""
        for key, image in images.items():
            self.put(self.entry(key, image))

    def put(self, entry: VectorEntry | None) -> None:
        """Hold an entry, in place of the one with its key and partition key."""
        if entry is not None:
            self._collections.setdefault(self._collection(entry.filtered), {})[entry.key] = entry

    def remove(self, entry: VectorEntry | None) -> None:
        """Hold an entry no more."""
        if entry is not None:
            collection = self._collection(entry.filtered)
            held = self._collections[collection]
            del held[entry.key]
            if not held:
                del self._collections[collection]

    def follow(self, partition: Partition) -> IndexFollower:
        """A follower that carries on from what a partition of the table holds now."""
        follower = VectorIndexFollower(
            partition, self.followers, self, applied_sequence=partition.acknowledged_sequence
        )
        self.followers.add(follower)
        return follower

    def entries(self) -> list[VectorEntry]:
        """All entries."""
        return [entry for held in self._collections.values() for entry in held.values()]

    def nearest(
        self,
        vector: Vector,
        count: int,
        partition_value: AttributeValue | None,
        holds: Callable[[Item], bool] | None = None,
    ) -> list[tuple[float, VectorEntry]]:
        """The most similar entries that meet a condition, the best first, each with its score.

        Between equal scores the order is that of the table's keys.
        """
        collection = None if partition_value is None else order(partition_value)
        score = self._score(vector)
        found = [
            (score(entry), entry)
            for entry in self._collections.get(collection, {}).values()
            if holds is None or holds(entry.filtered)
        ]
        if self.distance_function == "DOT_PRODUCT":
            found.sort(key=lambda pair: pair[1].key)
            return nlargest(count, found, key=lambda pair: pair[0])
        return nsmallest(count, found, key=lambda pair: (pair[0], pair[1].key))

    def _score(self, vector: Vector) -> Callable[[VectorEntry], float]:
        if self.distance_function == "DOT_PRODUCT":
            return lambda entry: _dot(vector, entry.vector)
        if self.distance_function == "EUCLIDEAN":
            return lambda entry: dist(vector, entry.vector)
        length = sqrt(_dot(vector, vector))

        def cosine(entry: VectorEntry) -> float:
            lengths = length * entry.length
            # Nothing is similar to a vector without a direction.
            return 1.0 - _dot(vector, entry.vector) / lengths if lengths else 1.0

        return cosine

    def written_bytes(self, old: Image | None, new: Image | None) -> float:
        """Bytes that the write of an item writes to the index: the larger entry, if both differ."""
        before, after = self.entry((), old), self.entry((), new)
        if before is not None and after is not None and before.same_as(after):
            return 0.0
        return float(max((entry.size for entry in (before, after) if entry), default=0))

    @property
    def size(self) -> int:
        """Bytes of all entries, with the names of their vectors."""
        name = text_size(self.vector_attribute)
        return sum(entry.size + name for entry in self.entries())


@define(eq=False)
class VectorIndexFollower(IndexFollower):
    """Carries the writes of one partition of the table into a vector index."""

    index: VectorIndex

    def apply(self, record: LogRecord) -> None:
        self.index.remove(self.index.entry(record.key, record.old))
        self.index.put(self.index.entry(record.key, record.new))
