"""What a write did to its items, or may have done, and what an error says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from attrs import frozen

from ddbha.api.data.placeholders import Expressions
from ddbha.api.idempotency import TOKEN_LIFETIME
from ddbha.errors import (
    AwsError,
    ConditionalCheckFailedException,
    TransactionCanceledException,
    ValidationException,
)
from ddbha.expressions.evaluate import Condition
from ddbha.expressions.update import Update
from ddbha.values.attribute import Item, canonical_item
from ddbha.verify.history import Call
from ddbha.verify.item_values import key_of, packed, table_of, unpacked
from ddbha.verify.linearizability import Key, Step, Value, Values


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
    #: The item that a put leaves.
    new: Value = None

    @property
    def writes(self) -> tuple[tuple[Key, Value], ...]:
        """What the action leaves whatever was there before."""
        return ((self.key, self.new),) if self.kind == "Put" else ()

    @classmethod
    def of(cls, call: Call, kind: str, body: dict[str, Any]) -> _Action:
        expressions = Expressions(body)
        attributes = canonical_item(body["Item" if kind == "Put" else "Key"])[0]
        key = key_of(table_of(call, body["TableName"]), attributes)
        update = expressions.update() if kind == "Update" else None
        new = packed(attributes) if kind == "Put" else None
        return cls(key, kind, attributes, expressions.condition(), update, expressions.values, new)

    def holds(self, value: Value) -> bool:
        """Whether the condition holds for an item."""
        return self.condition is None or self.condition.bind(self.values)(unpacked(value) or {})

    def after(self, value: Value) -> Value:
        """The item after the action; raises `AwsError` where it would be refused."""
        if self.kind in ("Put", "Delete"):
            return self.new
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
    signature = kind, repr(call.request)
    yield Step((action.key,), call.invoked, completed, apply, call, signature, action.writes)


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
                written = () if new is None else ((key, new),)
                yield Step((key,), call.invoked, completed, write, call, ("Write", new), written)


def _overwrite(new: Value, values: Values) -> Values:
    return (new,)


def _entry(call: Call, name: str, entry: dict[str, Any]) -> tuple[Key, Value]:
    table = table_of(call, name)
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
    written = tuple(one for action in actions for one in action.writes)
    yield Step((*keys, *used), call.invoked, completed, apply, call, None, written)


#: By operation: the steps that a call of it took, or may have taken.
WRITES: dict[str, Callable[[Call], Iterator[Step]]] = {
    "PutItem": partial(_single, kind="Put"),
    "UpdateItem": partial(_single, kind="Update"),
    "DeleteItem": partial(_single, kind="Delete"),
    "BatchWriteItem": _batch_write,
    "TransactWriteItems": _transact_write,
}
