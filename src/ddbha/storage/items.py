"""The item store of one replica: images by key, in key order, with its local secondary indexes.

Reads by key are a dictionary look-up.  Order is needed only by queries and scans, so keys that are new
since the last of them wait in a set, and are merged when order is next asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter, lt
from typing import Any

from sortedcontainers import SortedList

from ddbha.storage.record import LogRecord
from ddbha.values.image import Image, size_of, unpack
from ddbha.values.key import ItemKey, KeySchema


class _Greatest:
    """Compares greater than every key component, so that `(*key, GREATEST)` ends a range."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "GREATEST"


GREATEST = _Greatest()
#: New positions from which on it pays to look whether another replica has sorted them.
_MANY = 1000
#: What a position in a local index ends with.
_key_of_entry = itemgetter(-1)


class _Sorted:
    """What one of the replicas of a partition has sorted last, for the others to take over."""

    __slots__ = ("_positions", "_takers", "sharers")

    def __init__(self) -> None:
        self.sharers = 0
        self._positions: Sequence[ItemKey] = ()
        self._takers = 0

    def of(self, positions: set[ItemKey]) -> Sequence[ItemKey]:
        """The positions in order; they are the same for all replicas that have seen the same records."""
        known = self._positions
        if len(known) == len(positions) and positions.issuperset(known):
            self._takers -= 1
            if self._takers == 0:
                self._positions = ()
            return known
        self._positions, self._takers = _in_order(positions), self.sharers - 1
        return self._positions


def _in_order(positions: Iterable[ItemKey]) -> list[ItemKey]:
    """Positions of one length in order.

    They are sorted by one component after the other, the last one first: that compares strings and
    numbers, which takes half the time that it takes to compare tuples.
    """
    ordered = list(positions)
    for place in reversed(range(len(ordered[0]))):
        ordered.sort(key=itemgetter(place))
    return ordered


class KeyOrder:
    """A set of positions that can be walked in order; `shared` is with the same of other replicas."""

    __slots__ = ("_fresh", "_shared", "_sorted")

    def __init__(self, shared: _Sorted) -> None:
        self._sorted: SortedList[ItemKey] = SortedList()
        self._fresh: set[ItemKey] = set()
        self._shared = shared

    def add(self, position: ItemKey) -> None:
        """Add a position that is not in the set."""
        self._fresh.add(position)

    def remove(self, position: ItemKey) -> None:
        """Remove a position that is in the set."""
        if position in self._fresh:
            self._fresh.remove(position)
        else:
            self._sorted.remove(position)

    def update(self, positions: Iterable[ItemKey]) -> None:
        """Add positions that are not in the set."""
        self._fresh.update(positions)

    def agrees(self, other: KeyOrder) -> bool:
        """Whether both hold the same positions, in order."""
        if self._fresh == other._fresh and list(self._sorted) == list(other._sorted):
            return self._is_sorted()
        return self._positions() == other._positions() and self._is_sorted() and other._is_sorted()

    def _positions(self) -> set[ItemKey]:
        return self._fresh.union(self._sorted) if self._sorted else self._fresh

    def _is_sorted(self) -> bool:
        return all(map(lt, self._sorted, islice(self._sorted, 1, None)))

    def range(self, low: ItemKey, high: ItemKey, *, reverse: bool = False) -> Iterator[ItemKey]:
        """The positions from `low` on and before `high`."""
        if self._fresh:
            if len(self._fresh) > _MANY:
                self._sorted.update(self._shared.of(self._fresh))
            elif len(self._fresh) > 8:
                self._sorted.update(self._fresh)
            else:
                for position in self._fresh:
                    self._sorted.add(position)
            self._fresh.clear()
        positions: Iterator[ItemKey] = self._sorted.irange(
            low, high, inclusive=(True, False), reverse=reverse
        )
        return positions


class ItemStore:
    """Everything one replica holds of a partition's items; `peer` is what another one holds."""

    __slots__ = ("_local", "_order", "_shared", "images", "local_schemas", "size")

    def __init__(self, local_schemas: Mapping[str, KeySchema], peer: ItemStore | None = None) -> None:
        self.images: dict[ItemKey, Image] = {}
        #: Bytes of all items.
        self.size = 0
        self.local_schemas = local_schemas
        #: None until it is first asked for, as it never is of many tables and replicas.
        self._order: KeyOrder | None = None
        self._shared: dict[str, _Sorted]
        if peer is None:
            self._shared = {name: _Sorted() for name in ("", *local_schemas)}
        else:
            self._shared = peer._shared
        for shared in self._shared.values():
            shared.sharers += 1
        self._local = {name: KeyOrder(self._shared[name]) for name in local_schemas}

    def same_order(self, other: ItemStore) -> bool:
        """Whether another store walks its items in the same order, by key and by each local index."""
        locals_agree = (order.agrees(other._local[name]) for name, order in self._local.items())
        return self._in_order().agrees(other._in_order()) and all(locals_agree)

    def _in_order(self) -> KeyOrder:
        if self._order is None:
            order = KeyOrder(self._shared[""])
            order.update(self.images)
            self._order = order
        return self._order

    def apply(self, record: LogRecord) -> None:
        """Replace, add or remove the item that a record is about."""
        self.replace(record.key, record.new)

    def replace(self, key: ItemKey, image: Image | None) -> None:
        """Make `image` what is stored at `key`; None removes the item."""
        try:
            self._replace(key, image)
        except BaseException:
            # It came from outside.  The images are what is true; all else follows from them.
            if image is None:
                self.images.pop(key, None)
            else:
                self.images[key] = image
            self._mend()
            raise

    def _mend(self) -> None:
        """Count and order the images anew."""
        self.size = sum([size_of(image) for image in self.images.values()])
        self._order = None
        for name, schema in self.local_schemas.items():
            positions = (local_position(schema, image, key) for key, image in self.images.items())
            self._local[name] = KeyOrder(self._shared[name])
            self._local[name].update(position for position in positions if position is not None)

    def _replace(self, key: ItemKey, image: Image | None) -> None:
        old = self.images.get(key)
        if old is not None:
            self.size -= size_of(old)
        if image is not None:
            self.images[key] = image
            self.size += size_of(image)
            if old is None and self._order is not None:
                self._order.add(key)
        elif old is not None:
            del self.images[key]
            if self._order is not None:
                self._order.remove(key)
        for name, order in self._local.items():
            schema = self.local_schemas[name]
            before = local_position(schema, old, key)
            after = local_position(schema, image, key)
            if before != after:
                if before is not None:
                    order.remove(before)
                if after is not None:
                    order.add(after)

    def load(
        self, images: dict[ItemKey, Image], size: int, local_positions: Mapping[str, list[ItemKey]]
    ) -> None:
        """Fill an empty store at once: `size` is that of all items, positions are by local index."""
        assert not self.images, "only an empty store is loaded"
        self.images = images.copy()
        self.size = size
        if self._order is not None:
            self._order.update(images)
        for name, positions in local_positions.items():
            self._local[name].update(positions)

    def range(self, low: ItemKey, high: ItemKey) -> Iterator[tuple[ItemKey, Image]]:
        """Keys and images from `low` on and before `high`, in order."""
        images = self.images
        for key in self._walk(None, low, high):
            yield key, images[key]

    def walk(
        self, low: ItemKey, high: ItemKey, *, reverse: bool = False, index: str | None = None
    ) -> Iterator[Image]:
        """The images from `low` on and before `high`, in the order of the keys or a local index."""
        keys = self._walk(index, low, high, reverse=reverse)
        return map(self.images.__getitem__, keys if index is None else map(_key_of_entry, keys))

    def _walk(
        self, index: str | None, low: ItemKey, high: ItemKey, *, reverse: bool = False
    ) -> Iterator[ItemKey]:
        try:
            order = self._order if index is None else self._local[index]
            if order is None:
                order = self._in_order()
            return order.range(low, high, reverse=reverse)
        except BaseException:
            # What was new may be half in order.
            self._mend()
            raise

    def dividing_position(self, low: ItemKey, high: ItemKey) -> ItemKey | None:
        """Where half of the items of a range lie before; between item collections as far as possible.

        None if the items cannot be divided: there are too few, or they are one collection of a table with
        local indexes.
        """
        keys = list(self._walk(None, low, high))
        if not keys:
            return None
        middle = keys[len(keys) // 2]
        for collection in (middle[:2], next((k[:2] for k in keys if k[:2] > middle[:2]), ())):
            if keys[0][:2] < collection:
                return collection
        return middle if len(keys) > 1 and not self.local_schemas else None

    def copy(self) -> ItemStore:
        """A store of its own with the same items, for a replica built from a peer."""
        store = ItemStore(self.local_schemas, self)
        store.images = self.images.copy()
        store._mend()
        return store

    def __len__(self) -> int:
        return len(self.images)


def local_position(schema: KeySchema, image: Image | None, key: ItemKey) -> Any:
    """Where an item stands in a local index, or None where it has no entry."""
    if image is None:
        return None
    position = schema.key_or_none(unpack(image))
    return None if position is None else (*position, key)
