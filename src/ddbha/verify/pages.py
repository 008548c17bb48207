"""Pages: which items a Query, a Scan or a SELECT must show, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

from attrs import frozen

from ddbha.errors import InvariantError
from ddbha.expressions.syntax import Attribute, Comparison, ConditionNode, Operand, Path, Value
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.region.table import Table
from ddbha.values.attribute import AttributeValue, Item, canonical_item, order
from ddbha.values.key import HASH_SPACE, ItemKey, collection_of
from ddbha.verify.calls import Call
from ddbha.verify.expressions import Values, holds, projected, sortable
from ddbha.verify.history import History
from ddbha.verify.item_values import table_of
from ddbha.verify.terms import Terms, conjuncts


@frozen(eq=False)
class Place:
    """A table or one of its indexes, where items are found in the order of their positions."""

    table: Table
    index: LocalIndex | GlobalIndex | None = None

    def position(self, item: Item) -> ItemKey | None:
        """Where an item, or a key, lies; None where the index has it not."""
        key = self.table.schema.key(item)
        if self.index is None:
            return key
        found = self.index.schema.key_or_none(item)
        return None if found is None else (*found, *key)

    def hashes(self, condition: ConditionNode, values: Values) -> tuple[float, float]:
        """Between which hashes the item collection lies that a key condition names."""
        given: dict[Operand, AttributeValue] = {}
        for node in conjuncts(condition):
            if isinstance(node, Comparison) and node.operator == "=":
                for one, other in ((node.left, node.right), (node.right, node.left)):
                    if isinstance(other, Value):
                        given.setdefault(one, values[other.name])
        schema = self.table.schema if self.index is None else self.index.schema
        keys = [order(given[Attribute((one.name,))]) for one in schema.partition_attributes]
        found = collection_of(keys)[0]
        return found, found + 1

    def part(self, item: Item, paths: Sequence[Path] | None = None, select: str | None = None) -> Item:
        """What a read of these paths has of an item; a local index fetches what it does not project."""
        index = self.index
        if index is None or index.projection.type == "ALL":
            return item
        names = {*index.schema.names, *self.table.schema.names, *index.projection.non_key_attributes}
        if select == "ALL_ATTRIBUTES" or (
            isinstance(index, LocalIndex) and any(path[0] not in names for path in paths or ())
        ):
            return item
        return {name: value for name, value in item.items() if name in names}


@frozen(eq=False)
class Page:
    """What one answer of a Query or a Scan covers."""

    place: Place
    conditions: tuple[ConditionNode | None, ...]
    filter: ConditionNode | None
    values: Values
    paths: Sequence[Path] | None
    select: str | None
    #: The hashes of its segment, or of its item collection.
    low: float = -inf
    high: float = inf
    #: Behind which position it begins, and at which it ends.
    start: ItemKey | None = None
    end: ItemKey | None = None
    descends: bool = False
    #: Whether nobody can say where it begins or ends, and so what is missing.
    is_open: bool = False
    #: What is shown of an item at paths.
    project: Callable[[Sequence[Path], Item], Item] = projected

    @classmethod
    def of(cls, call: Call) -> Page:
        """The page of an answered call."""
        request, answer = call.request, call.answer or {}
        place = Place(table_of(call, request["TableName"]), call.index)
        terms = Terms(request)
        condition = terms.condition("KeyConditionExpression") if call.operation == "Query" else None
        if condition is None:
            segment, segments = request.get("Segment", 0), request.get("TotalSegments", 1)
            low, high = (HASH_SPACE * part // segments for part in (segment, segment + 1))
        else:
            low, high = place.hashes(condition, terms.values)
        return cls(
            place,
            (condition,),
            terms.condition("FilterExpression"),
            terms.values,
            terms.paths(),
            request.get("Select"),
            low,
            high,
            position(place, request.get("ExclusiveStartKey")),
            position(place, answer.get("LastEvaluatedKey")),
            not request.get("ScanIndexForward", True),
        )

    def part(self, item: Item) -> Item:
        """What the page has of an item before it is projected."""
        return self.place.part(item, self.paths, self.select)

    def view(self, item: Item) -> Item:
        """What the page shows of an item."""
        return self.part(item) if self.paths is None else self.project(self.paths, item)

    def may_show(self, key: ItemKey) -> bool:
        """Whether the item of a key may be on the page; where it lies in an index depends on the item."""
        if self.place.index is not None:
            return True
        return self.low <= key[0] < self.high and self._covers(key)

    def looks_at(self, item: Item) -> bool:
        """Whether an item is looked at for the page, and its filter asked."""
        position = self.place.position(item)
        if position is None or not self.low <= position[0] < self.high or not self._covers(position):
            return False
        return all(one is None or holds(one, item, self.values) for one in self.conditions)

    def shows(self, item: Item) -> bool:
        """Whether an item belongs on the page."""
        if not self.looks_at(item):
            return False
        return self.filter is None or holds(self.filter, self.part(item), self.values)

    def _covers(self, position: ItemKey) -> bool:
        if self.descends:
            return (self.start is None or position < self.start) and (
                self.end is None or position >= self.end
            )
        return (self.start is None or position > self.start) and (
            self.end is None or position <= self.end
        )


def position(place: Place, key: Mapping[str, Any] | None) -> ItemKey | None:
    """Where a page begins or ends, by the key that requests and answers have for it."""
    return None if key is None else place.position(canonical_item(dict(key))[0])


def verify_pages(history: History) -> None:
    """Raise `InvariantError` if a page is not in order, repeats an item, or is not as long as it says."""
    for call in history:
        if call.operation == "ExecuteStatement" and call.answer is not None:
            _verify_ordered(call)
        if call.operation not in ("Query", "Scan") or call.answer is None or not call.tables:
            continue
        items, limit = call.answer.get("Items"), call.request.get("Limit")
        count, scanned = call.answer["Count"], call.answer["ScannedCount"]
        if items is not None and len(items) != count:
            raise InvariantError(f"{call}\nhas {len(items)} items, and says {count}")
        if count > scanned or (limit is not None and scanned > limit):
            raise InvariantError(f"{call}\nsays that it looked at {scanned} items, and has {count}")
        page = Page.of(call)
        if items:
            _verify_order(call, page, [canonical_item(item)[0] for item in items])


def _verify_ordered(call: Call) -> None:
    """The items of a SELECT with ORDER BY are in that order."""
    # Few histories have statements, and their parser takes its time to import.
    from ddbha.verify.statements import selected

    found, items = selected(call.request), (call.answer or {}).get("Items", [])
    orders = () if found is None else found[0].orders
    if not all(name in item for name, _ in orders for item in items):
        return
    ordered = list(items)
    for name, descends in reversed(orders):
        ordered.sort(key=partial(_by, name), reverse=descends)
    if ordered != items:
        raise InvariantError(f"{call}\nis not in the order that it was asked for")


def _by(name: str, item: Item) -> Any:
    return sortable(item[name])


def _verify_order(call: Call, page: Page, items: Sequence[Item]) -> None:
    names = {*page.place.table.schema.names}
    if page.place.index is not None:
        names.update(page.place.index.schema.names)
    if not all(names <= item.keys() for item in items):
        return
    positions = [page.place.position(item) for item in items]
    if None in positions or positions != sorted(positions, reverse=page.descends):  # type: ignore[type-var]
        raise InvariantError(f"{call}\nis not in the order of the keys")
    if len(set(positions)) < len(positions):
        raise InvariantError(f"{call}\nhas an item twice")
