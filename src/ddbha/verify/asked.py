"""What the writes of a call ask for, item by item, and what its client was told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from attrs import frozen

from ddbha.errors import (
    AwsError,
    ConditionalCheckFailedException,
    DuplicateItemException,
    TransactionCanceledException,
)
from ddbha.expressions.syntax import Action, ConditionNode
from ddbha.values.attribute import Item, canonical_item
from ddbha.verify.calls import Call
from ddbha.verify.expressions import GIVING, Unfit, Values, holds, projected, updated
from ddbha.verify.item_values import key_of, packed, table_of, unpacked
from ddbha.verify.linearizability import Key, Value
from ddbha.verify.terms import Terms

#: What was told of writes: they were done, a condition failed, they were not done, or nothing is known.
DONE, FAILED, NOTHING, UNKNOWN = "DONE", "FAILED", "NOTHING", "UNKNOWN"
CONDITIONS = frozenset({"ConditionalCheckFailed", "DuplicateItem"})


@frozen(eq=False)
class Write:
    """A write of one item, or a check of it."""

    key: Key
    #: Put, Update, Delete or ConditionCheck.
    kind: str
    #: The item of a put, the key of all others.
    attributes: Item
    condition: ConditionNode | None
    actions: tuple[Action, ...] | None
    values: Values
    returns: str = "NONE"
    #: The attributes that were returned; None where nothing is known of them.
    returned: Item | None = None

    @property
    def overwrites(self) -> Value:
        """What a put leaves whatever was there before; None for all others."""
        return packed(self.attributes) if self.kind == "Put" else None

    def holds(self, value: Value) -> bool:
        """Whether the condition holds for an item."""
        return self.condition is None or holds(self.condition, unpacked(value) or {}, self.values)

    def _after(self, value: Value) -> Value:
        if self.kind == "Put":
            return packed(self.attributes)
        if self.kind == "Delete":
            return None
        if self.kind == "ConditionCheck":
            return value
        if value is None and self.actions and not any(one.clause in GIVING for one in self.actions):
            # To take something from an item that is not there does not make one.
            return None
        item = self.attributes if value is None else unpacked(value) or {}
        try:
            return packed(updated(self.actions or (), item, self.values))
        except AwsError:
            # A number became too large, or has too many digits.
            raise Unfit from None

    def outcome(self, before: Value) -> Value:
        """The item after the write; raises `Unfit` where it would have been answered differently."""
        if not self.holds(before):
            raise Unfit
        after = self._after(before)
        if not self._shows(before, after):
            raise Unfit
        return after

    def leads(self, before: Value, after: Value) -> bool:
        """Whether the write makes one item of another, and is answered as it was."""
        try:
            return self.outcome(before) == after
        except Unfit:
            return False

    def _shows(self, before: Value, after: Value) -> bool:
        if self.returned is None or self.returns == "NONE":
            return True
        item = unpacked(before if self.returns in ("ALL_OLD", "UPDATED_OLD") else after) or {}
        if self.returns.startswith("UPDATED"):
            item = projected([one.path for one in self.actions or ()], item)
        return packed(item) == packed(self.returned)


@frozen(eq=False)
class Asked:
    """Writes that are done together or not at all, and what was told of them."""

    writes: tuple[Write, ...]
    told: str
    #: Of a failed condition of several: for each write whether its condition held.
    held: tuple[bool, ...] = ()
    token: str | None = None


def told_of(call: Call) -> str:
    """What was told of all writes of a call at once."""
    if call.outcome == "ANSWERED":
        return DONE
    if call.outcome != "REFUSED":
        return UNKNOWN
    failed = isinstance(call.error, ConditionalCheckFailedException | DuplicateItemException)
    return FAILED if failed else NOTHING


def _single(call: Call, kind: str) -> Iterator[Asked]:
    told = told_of(call)
    returned = call.answer.get("Attributes", {}) if call.answer is not None else None
    if told != NOTHING:
        yield Asked((_write(call, kind, call.request, returned),), told)


def _write(call: Call, kind: str, body: Mapping[str, Any], returned: Item | None = None) -> Write:
    terms = Terms(body)
    attributes = canonical_item(body["Item" if kind == "Put" else "Key"])[0]
    key = key_of(table_of(call, body["TableName"]), attributes)
    actions = terms.actions() if kind == "Update" else None
    returns = body.get("ReturnValues", "NONE")
    return Write(key, kind, attributes, terms.condition(), actions, terms.values, returns, returned)


def _batch_write(call: Call) -> Iterator[Asked]:
    left = (call.answer or {}).get("UnprocessedItems", {})
    for name, entries in call.request["RequestItems"].items():
        undone = {_entry(call, name, entry).key for entry in left.get(name, ())}
        for entry in entries:
            write = _entry(call, name, entry)
            yield Asked((write,), NOTHING if write.key in undone else told_of(call))


def _entry(call: Call, name: str, entry: Mapping[str, Any]) -> Write:
    if "DeleteRequest" in entry:
        return _write(call, "Delete", {**entry["DeleteRequest"], "TableName": name})
    return _write(call, "Put", {**entry["PutRequest"], "TableName": name})


def _transact_write(call: Call) -> Iterator[Asked]:
    told = told_of_transaction(call)
    if told is not None:
        writes = [
            _write(call, kind, body)
            for entry in call.request["TransactItems"]
            for kind, body in entry.items()
        ]
        yield Asked(tuple(writes), *told, call.request.get("ClientRequestToken"))


def told_of_transaction(call: Call) -> tuple[str, tuple[bool, ...]] | None:
    """What was told of a transaction, and whose conditions held; None if nothing follows from it."""
    if call.outcome != "REFUSED":
        return told_of(call), ()
    if not isinstance(call.error, TransactionCanceledException):
        return None
    codes = [reason["Code"] for reason in call.error.fields["CancellationReasons"]]
    if not CONDITIONS.union(["None"]).issuperset(codes):
        return None
    return FAILED, tuple(code == "None" for code in codes)


#: By operation: what a call of it asks to be written.
WRITES: dict[str, Callable[[Call], Iterator[Asked]]] = {
    "PutItem": partial(_single, kind="Put"),
    "UpdateItem": partial(_single, kind="Update"),
    "DeleteItem": partial(_single, kind="Delete"),
    "BatchWriteItem": _batch_write,
    "TransactWriteItems": _transact_write,
}
