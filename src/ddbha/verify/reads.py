"""What a read saw: an item as it was at some moment of the read, or that there was none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from ddbha.api.data.placeholders import Expressions
from ddbha.api.data.queries import bounds_of
from ddbha.expressions.projection import Projection
from ddbha.region.table import Table
from ddbha.storage.partitions import KeyBounds
from ddbha.values.attribute import Item
from ddbha.values.key import HASH_SPACE, ItemKey
from ddbha.verify.history import Call
from ddbha.verify.item_values import key_of, packed, table_of, unpacked
from ddbha.verify.linearizability import Key, Observation, Step, Value, Values

#: Finds the place that an eventually consistent read of a call may have looked back to.
Since = Callable[[Call], float]
View = Callable[[Item], Item]


@frozen(eq=False)
class Sight:
    """How reads are taken, given which keys each table ever had."""

    keys: Mapping[str, Iterable[ItemKey]]
    since: Since

    def seen(
        self, call: Call, key: Key, item: Item | None, view: View | None, *, consistent: bool
    ) -> Step | Observation:
        """A read saw an item, or that there is none, through a projection."""
        found = packed(item)

        def matches(value: Value) -> bool:
            if view is None or value is None:
                return value == found
            whole = unpacked(value)
            assert whole is not None, "only None stands for no item"
            return packed(view(whole)) == found

        return self.matched(call, key, matches, consistent=consistent)

    def matched(
        self, call: Call, key: Key, matches: Callable[[Value], bool], *, consistent: bool
    ) -> Step | Observation:
        """A read saw something of a key that only some values explain."""
        assert call.completed is not None, "an answered call is complete"
        if not consistent:
            return Observation(key, self.since(call), call.completed, matches, call)

        def apply(values: Values) -> Values | None:
            return values if matches(values[0]) else None

        return Step((key,), call.invoked, call.completed, apply, call)


def _get(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    request, answer = call.request, call.answer or {}
    key = key_of(table_of(call, request["TableName"]), request["Key"])
    projection = Expressions(request).projection()
    view = None if projection is None else projection.project
    consistent = bool(request.get("ConsistentRead"))
    yield sight.seen(call, key, answer.get("Item"), view, consistent=consistent)


def _batch_get(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    answer = call.answer or {}
    for name, wanted in call.request["RequestItems"].items():
        table = table_of(call, name)
        projection = Expressions(wanted).projection()
        items = answer.get("Responses", {}).get(name, [])
        if not all(_has_key(table, item) for item in items):
            continue
        found = {key_of(table, item): item for item in items}
        rest = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
        unread = {key_of(table, key) for key in rest}
        view = None if projection is None else projection.project
        for attributes in wanted["Keys"]:
            key = key_of(table, attributes)
            if key not in unread:
                consistent = bool(wanted.get("ConsistentRead"))
                yield sight.seen(call, key, found.get(key), view, consistent=consistent)


def _page(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    request, answer = call.request, call.answer or {}
    table = table_of(call, request["TableName"])
    items = answer.get("Items", [])
    if request.get("Select") == "COUNT" or not all(_has_key(table, item) for item in items):
        return
    consistent = bool(request.get("ConsistentRead"))
    expressions = Expressions(request)
    view = _view(table, request, expressions.projection())
    found = {key_of(table, item): item for item in items}
    for key, item in found.items():
        yield sight.seen(call, key, item, view, consistent=consistent)
    if "LastEvaluatedKey" in answer or not _PARTIAL.isdisjoint(request):
        return
    is_on_page = _membership(table, call.operation, request, expressions)
    if is_on_page is None:
        return
    for position in sight.keys.get(table.id, ()):
        key = table.id, position
        if key not in found:
            yield sight.matched(call, key, _is_off(is_on_page), consistent=consistent)


#: What makes a page say nothing of the items that are not on it.
_PARTIAL = frozenset({"Limit", "ExclusiveStartKey", "Segment"})


def _is_off(is_on_page: Callable[[Item], bool]) -> Callable[[Value], bool]:
    def is_off(value: Value) -> bool:
        item = unpacked(value)
        return item is None or not is_on_page(item)

    return is_off


def _membership(
    table: Table, operation: str, request: dict[str, Any], expressions: Expressions
) -> Callable[[Item], bool] | None:
    """What tells whether an item belongs on a whole page; None if its index is not there any more."""
    name = request.get("IndexName")
    index = table.local_indexes.get(name or "") or table.global_indexes.get(name or "")
    if index is None and name is not None:
        return None
    schema = table.schema if index is None else index.schema
    values = expressions.values
    bounds = KeyBounds((0,), (HASH_SPACE,))
    condition = None if operation == "Scan" else expressions.key_condition()
    if condition is not None:
        bounds = bounds_of(condition.bind(schema, values))
    wanted = expressions.condition("FilterExpression")
    holds = None if wanted is None else wanted.bind(values)
    whole = index is None or request.get("Select") == "ALL_ATTRIBUTES"

    def is_on_page(item: Item) -> bool:
        position = schema.key_or_none(item)
        if position is None or not bounds.low <= (*position, *table.schema.key(item)) < bounds.high:
            return False
        part = item if whole or index is None else index.part(item)
        return holds is None or holds(part)

    return is_on_page


def _view(table: Table, request: dict[str, Any], projection: Projection | None) -> View | None:
    if projection is not None:
        return projection.project
    name = request.get("IndexName")
    if name is None or request.get("Select") == "ALL_ATTRIBUTES":
        return None
    index = table.local_indexes.get(name) or table.global_indexes.get(name)
    return None if index is None else index.part


def _has_key(table: Table, item: Item) -> bool:
    return all(name in item for name in table.schema.names)


def _transact_get(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    answer = call.answer or {}
    reads = []
    for entry, response in zip(call.request["TransactItems"], answer["Responses"], strict=True):
        get = entry["Get"]
        projection = Expressions(get).projection()
        key = key_of(table_of(call, get["TableName"]), get["Key"])
        view = None if projection is None else projection.project
        reads.append(sight.seen(call, key, response.get("Item"), view, consistent=True))

    def apply(values: Values) -> Values | None:
        for read, value in zip(reads, values, strict=True):
            if isinstance(read, Step) and read.apply((value,)) is None:
                return None
        return values

    keys = tuple(key for read in reads if isinstance(read, Step) for key in read.keys)
    yield Step(keys, call.invoked, call.completed, apply, call)


#: By operation: what an answered call of it says.
READS: dict[str, Callable[[Sight, Call], Iterator[Step | Observation]]] = {
    "GetItem": _get,
    "BatchGetItem": _batch_get,
    "Query": _page,
    "Scan": _page,
    "TransactGetItems": _transact_get,
}
