"""What each recorded call means: the steps that it took, and what it saw.

This is DynamoDB without replicas: one item before, one item after, and the answer that belongs to it.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from attrs import frozen

from ddbha.api.data.placeholders import Expressions
from ddbha.api.data.queries import bounds_of
from ddbha.api.data.transactions import TOKEN_LIFETIME
from ddbha.errors import (
    AwsError,
    ConditionalCheckFailedException,
    TransactionCanceledException,
    ValidationException,
)
from ddbha.expressions.evaluate import Condition
from ddbha.expressions.projection import Projection
from ddbha.expressions.update import Update
from ddbha.faults.requests import tables_of
from ddbha.region.table import Table
from ddbha.storage.partitions import KeyBounds
from ddbha.values.attribute import Item, canonical_item
from ddbha.values.image import Image
from ddbha.values.key import HASH_SPACE, ItemKey
from ddbha.verify.history import BackgroundWrite, Call
from ddbha.verify.linearizability import Key, Observation, Step, Value, Values

#: Finds the place that an eventually consistent read of a call may have looked back to.
Since = Callable[[Call], float]
View = Callable[[Item], Item]


def packed(item: Item | None) -> Value:
    """An item as a value that is equal to that of every equal item."""
    # The second version of marshal's format says nothing of shared or interned objects.
    return None if item is None else marshal.dumps(_sorted(canonical_item(item)[0]), 2)


def unpacked(value: Value) -> Item | None:
    """A fresh copy of the item that a value stands for."""
    return None if value is None else marshal.loads(value)  # type: ignore[arg-type]


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: sorted(content) if name in ("SS", "NS", "BS") else _sorted(content)
            for name, content in sorted(value.items())
        }
    if isinstance(value, list):
        return [_sorted(element) for element in value]
    return value


def key_of(table: Table, attributes: Item) -> Key:
    """The key by which the item with these attributes is known to the search."""
    return table.id, table.schema.key(canonical_item(attributes)[0])


def background_step(write: BackgroundWrite) -> Step:
    """A write without a request."""
    new = packed(None if write.new is None else write.new.item())
    key = write.table.id, write.key
    return Step((key,), write.invoked, write.completed, lambda values: (new,), write)


def final_step(table: Table, key: ItemKey, image: Image | None, place: int) -> Step:
    """What is in a table at the end is what a last read would see."""
    found = packed(None if image is None else image.item())
    source = f"the final state of table {table.name}, key {key}, is {unpacked(found)}"
    return Step(
        ((table.id, key),),
        place,
        place + 1,
        lambda values: values if values[0] == found else None,
        source,
    )


@frozen(eq=False)
class Meaning:
    """What calls mean, given which keys each table ever had."""

    keys: Mapping[str, Iterable[ItemKey]]
    since: Since

    def of(self, call: Call) -> Iterator[Step | Observation]:
        """The steps and observations of one call; none if it said nothing and did nothing."""
        if not tables_of(call.request) <= call.tables.keys():
            return
        try:
            if call.operation in _WRITES:
                yield from _WRITES[call.operation](call)
            elif call.operation in _READS and call.answer is not None:
                yield from _READS[call.operation](self, call)
        except AwsError:
            # A request that makes no sense did nothing, whatever its client was told.
            assert call.answer is None, "what was answered makes sense"

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


def _table(call: Call, name: str) -> Table:
    return call.tables[name.rpartition("table/")[2].split("/")[0]]


# Reads


def _get(meaning: Meaning, call: Call) -> Iterator[Step | Observation]:
    request, answer = call.request, call.answer or {}
    key = key_of(_table(call, request["TableName"]), request["Key"])
    projection = Expressions(request).projection()
    view = None if projection is None else projection.project
    consistent = bool(request.get("ConsistentRead"))
    yield meaning.seen(call, key, answer.get("Item"), view, consistent=consistent)


def _batch_get(meaning: Meaning, call: Call) -> Iterator[Step | Observation]:
    answer = call.answer or {}
    for name, wanted in call.request["RequestItems"].items():
        table = _table(call, name)
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
                yield meaning.seen(call, key, found.get(key), view, consistent=consistent)


def _page(meaning: Meaning, call: Call) -> Iterator[Step | Observation]:
    request, answer = call.request, call.answer or {}
    table = _table(call, request["TableName"])
    items = answer.get("Items", [])
    if request.get("Select") == "COUNT" or not all(_has_key(table, item) for item in items):
        return
    consistent = bool(request.get("ConsistentRead"))
    expressions = Expressions(request)
    view = _view(table, request, expressions.projection())
    found = {key_of(table, item): item for item in items}
    for key, item in found.items():
        yield meaning.seen(call, key, item, view, consistent=consistent)
    if "LastEvaluatedKey" in answer or not _PARTIAL.isdisjoint(request):
        return
    is_on_page = _membership(table, call.operation, request, expressions)
    if is_on_page is None:
        return
    for position in meaning.keys.get(table.id, ()):
        key = table.id, position
        if key not in found:
            yield meaning.matched(call, key, _is_off(is_on_page), consistent=consistent)


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
    whole = index is None or request.get("Select") == "ALL_ATTRIBUTES"

    def is_on_page(item: Item) -> bool:
        position = schema.key_or_none(item)
        if position is None or not bounds.low <= (*position, *table.schema.key(item)) < bounds.high:
            return False
        part = item if whole or index is None else index.part(item)
        return wanted is None or wanted.holds(part, values)

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


def _transact_get(meaning: Meaning, call: Call) -> Iterator[Step | Observation]:
    answer = call.answer or {}
    reads = []
    for entry, response in zip(call.request["TransactItems"], answer["Responses"], strict=True):
        get = entry["Get"]
        projection = Expressions(get).projection()
        key = key_of(_table(call, get["TableName"]), get["Key"])
        view = None if projection is None else projection.project
        reads.append(meaning.seen(call, key, response.get("Item"), view, consistent=True))

    def apply(values: Values) -> Values | None:
        for read, value in zip(reads, values, strict=True):
            if isinstance(read, Step) and read.apply((value,)) is None:
                return None
        return values

    keys = tuple(key for read in reads if isinstance(read, Step) for key in read.keys)
    yield Step(keys, call.invoked, call.completed, apply, call)


_READS: dict[str, Callable[[Meaning, Call], Iterator[Step | Observation]]] = {
    "GetItem": _get,
    "BatchGetItem": _batch_get,
    "Query": _page,
    "Scan": _page,
    "TransactGetItems": _transact_get,
}


# Writes


@frozen(eq=False)
class _Action:
    """A write of one item, or a check of it."""

    key: Key
    kind: str
    #: The item of a put, the key of all others.
    attributes: Item
    condition: Condition | None
    update: Update | None
    values: Any

    @classmethod
    def of(cls, call: Call, kind: str, body: dict[str, Any]) -> _Action:
        expressions = Expressions(body)
        attributes = canonical_item(body["Item" if kind == "Put" else "Key"])[0]
        key = key_of(_table(call, body["TableName"]), attributes)
        update = expressions.update() if kind == "Update" else None
        return cls(key, kind, attributes, expressions.condition(), update, expressions.values)

    def holds(self, value: Value) -> bool:
        """Whether the condition holds for an item."""
        return self.condition is None or self.condition.holds(unpacked(value) or {}, self.values)

    def after(self, value: Value) -> Value:
        """The item after the action; raises `AwsError` where it would be refused."""
        if self.kind == "Put":
            return packed(self.attributes)
        if self.kind == "Delete":
            return None
        if self.kind == "ConditionCheck" or (
            value is None and self.update is not None and not self.update.creates
        ):
            return value
        item = unpacked(value) or canonical_item(self.attributes)[0].copy()
        return packed(item if self.update is None else self.update.apply(item, self.values))


def _single(call: Call, kind: str) -> Iterator[Step]:
    known = call.outcome == "ANSWERED"
    conditional = isinstance(call.error, ConditionalCheckFailedException)
    if call.outcome == "REFUSED" and not conditional:
        return
    action = _Action.of(call, kind, call.request)
    if call.outcome == "REFUSED":

        def refused(values: Values) -> Values | None:
            return None if action.holds(values[0]) else values

        yield Step((action.key,), call.invoked, call.completed, refused, call)
        return
    returned = _returned(call, action) if known else None

    def apply(values: Values) -> Values | None:
        if not action.holds(values[0]):
            return None
        try:
            after = action.after(values[0])
        except AwsError:
            return None
        if returned is not None and not returned(values[0], after):
            return None
        return (after,)

    completed = call.completed if known else None
    yield Step((action.key,), call.invoked, completed, apply, call, (kind, repr(call.request)))


def _returned(call: Call, action: _Action) -> Callable[[Value, Value], bool]:
    """Whether the attributes that a write returned are those of the item before or after it."""
    wanted = call.request.get("ReturnValues", "NONE")
    shown = packed((call.answer or {}).get("Attributes", {}))

    def fits(before: Value, after: Value) -> bool:
        if wanted == "NONE":
            return True
        item = unpacked(before if wanted in ("ALL_OLD", "UPDATED_OLD") else after) or {}
        if wanted.startswith("UPDATED"):
            if action.update is None:
                return True
            item = action.update.select(item)
        return packed(item) == shown

    return fits


def _batch_write(call: Call) -> Iterator[Step]:
    if call.outcome == "REFUSED":
        return
    left = (call.answer or {}).get("UnprocessedItems", {})
    for name, entries in call.request["RequestItems"].items():
        undone = {_entry(call, name, entry)[0] for entry in left.get(name, ())}
        for entry in entries:
            key, new = _entry(call, name, entry)
            if key not in undone:
                completed = None if call.answer is None else call.completed
                write = partial(_overwrite, new)
                yield Step((key,), call.invoked, completed, write, call, ("Write", new))


def _overwrite(new: Value, values: Values) -> Values:
    return (new,)


def _entry(call: Call, name: str, entry: dict[str, Any]) -> tuple[Key, Value]:
    table = _table(call, name)
    if "DeleteRequest" in entry:
        return key_of(table, entry["DeleteRequest"]["Key"]), None
    item = entry["PutRequest"]["Item"]
    return key_of(table, item), packed(item)


def _transact_write(call: Call) -> Iterator[Step]:
    held: list[bool] = []
    if call.outcome == "REFUSED":
        if not isinstance(call.error, TransactionCanceledException):
            return
        codes = [reason["Code"] for reason in call.error.fields["CancellationReasons"]]
        if not set(codes) <= {"None", "ConditionalCheckFailed"}:
            return
        held = [code == "None" for code in codes]
    actions = [
        _Action.of(call, kind, body)
        for entry in call.request["TransactItems"]
        for kind, body in entry.items()
    ]
    keys = tuple(action.key for action in actions)
    if held:

        def refused(values: Values) -> Values | None:
            holds = [a.holds(value) for a, value in zip(actions, values, strict=True)]
            return values if holds == held else None

        yield Step(keys, call.invoked, call.completed, refused, call)
        return
    token = call.request.get("ClientRequestToken")
    # A token is a place of its own: whoever finds it used has nothing more to do.
    used = () if token is None else (("token", (call.account_id, call.region, token)),)

    def apply(values: Values) -> Values | None:
        items, tokens = values[: len(keys)], values[len(keys) :]
        for time in tokens:
            if isinstance(time, float) and call.began < time + TOKEN_LIFETIME:
                return values
        if not all(a.holds(value) for a, value in zip(actions, items, strict=True)):
            return None
        try:
            after = tuple(a.after(value) for a, value in zip(actions, items, strict=True))
        except ValidationException:
            return None
        return (*after, *(call.began for _ in tokens))

    completed = call.completed if call.outcome == "ANSWERED" else None
    yield Step((*keys, *used), call.invoked, completed, apply, call)


_WRITES: dict[str, Callable[[Call], Iterator[Step]]] = {
    "PutItem": partial(_single, kind="Put"),
    "UpdateItem": partial(_single, kind="Update"),
    "DeleteItem": partial(_single, kind="Delete"),
    "BatchWriteItem": _batch_write,
    "TransactWriteItems": _transact_write,
}
