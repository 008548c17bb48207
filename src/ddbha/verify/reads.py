"""What a read saw: an item as it was at some moment of the read, or that there was none."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

from attrs import evolve, frozen

from ddbha.expressions.syntax import Path
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.table import Table
from ddbha.values.attribute import Item
from ddbha.values.key import ItemKey
from ddbha.verify.calls import STATEMENTS, Call
from ddbha.verify.expressions import holds, projected
from ddbha.verify.item_values import key_of, packed, table_of, unpacked
from ddbha.verify.linearizability import Key, Observation, Step, Value, Values
from ddbha.verify.pages import Page, Place, position
from ddbha.verify.terms import Terms

#: Finds the place that an eventually consistent read of a call may have looked back to in a table, by its
#: id; None if it may have seen what was there before all that is known.
Since = Callable[[Call, str], float | None]
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
        self,
        call: Call,
        key: Key,
        matches: Callable[[Value], bool],
        *,
        consistent: bool,
        position: Callable[[Value], Hashable] | None = None,
    ) -> Step | Observation:
        """A read saw something of a key that only some values explain."""
        assert call.completed is not None, "an answered call is complete"
        if not consistent:
            since = self.since(call, key[0])
            if since is None:
                return Observation(key, -inf, call.completed, lambda value: True, call)
            return Observation(key, since, call.completed, matches, call, position)

        def apply(values: Values) -> Values | None:
            return values if matches(values[0]) else None

        return Step((key,), call.invoked, call.completed, apply, call)

    def page(
        self, call: Call, page: Page, items: Sequence[Item], *, consistent: bool
    ) -> Iterator[Step | Observation]:
        """A page showed some items, and of all others that they do not belong on it."""
        table = page.place.table
        # An item that moves may be seen at both of its positions in an index, or at neither.
        found = [(key_of(table, item), item) for item in items]
        named = {key for key, _ in found}

        def is_on(item: Item, value: Value) -> bool:
            whole = unpacked(value)
            return whole is not None and page.shows(whole) and packed(page.view(whole)) == packed(item)

        def is_off(value: Value) -> bool:
            whole = unpacked(value)
            return whole is None or not page.shows(whole)

        def position_of(value: Value) -> Hashable:
            whole = unpacked(value)
            return None if whole is None else page.place.position(whole)

        moving = position_of if isinstance(page.place.index, GlobalIndex) else None
        for key, item in found:
            yield self.matched(call, key, partial(is_on, item), consistent=consistent)
        for place in () if page.is_open else self.keys.get(table.id, ()):
            key = table.id, place
            if key not in named and page.may_show(place):
                yield self.matched(call, key, is_off, consistent=consistent, position=moving)


def is_page(call: Call) -> bool:
    """Whether a call reads a page: its answer says something of every item, also of those not on it."""
    if call.operation == "ExecuteStatement":
        return bool(call.request["Statement"].lstrip()[:6].upper() == "SELECT")
    return call.operation in ("Query", "Scan")


def have_keys(table: Table, items: Iterable[Item]) -> bool:
    """Whether all items say which they are; `counts` looks at those that do not."""
    return all(table.schema.fits(item) for item in items)


def read_steps(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    """What an answered call says of items; nothing if it reads none."""
    if call.operation in STATEMENTS:
        yield from _STATED[call.operation](sight, call)
    elif call.operation in _READS:
        yield from _READS[call.operation](sight, call)


def _view(paths: Sequence[Path] | None) -> View | None:
    return None if paths is None else partial(projected, paths)


def _get(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    request, answer = call.request, call.answer or {}
    key = key_of(table_of(call, request["TableName"]), request["Key"])
    consistent = bool(request.get("ConsistentRead"))
    view = _view(Terms(request).paths())
    yield sight.seen(call, key, answer.get("Item"), view, consistent=consistent)


def _batch_get(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    answer = call.answer or {}
    for name, wanted in call.request["RequestItems"].items():
        table = table_of(call, name)
        items = answer.get("Responses", {}).get(name, [])
        if not have_keys(table, items):
            continue
        found = {key_of(table, item): item for item in items}
        rest = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
        unread = {key_of(table, key) for key in rest}
        view = _view(Terms(wanted).paths())
        for attributes in wanted["Keys"]:
            key = key_of(table, attributes)
            if key not in unread:
                consistent = bool(wanted.get("ConsistentRead"))
                yield sight.seen(call, key, found.get(key), view, consistent=consistent)


def page_of(call: Call) -> Page | None:
    """The page that an answered call read; None if it read none."""
    if call.operation != "ExecuteStatement":
        return Page.of(call) if is_page(call) else None
    from ddbha.verify.statements import columns, descends, selected

    found = selected(call.request)
    if found is None:
        return None
    select, values = found
    place = Place(table_of(call, select.table), call.index)
    answer = call.answer or {}
    down = descends(select, place.table.schema if place.index is None else place.index.schema)
    page = Page(place, (), select.where, values, select.paths, None, project=columns)
    if "NextToken" not in call.request and "NextToken" not in answer:
        return page
    if down is None:
        return evolve(page, is_open=True)
    return evolve(
        page,
        start=position(place, call.behind),
        end=position(place, answer.get("LastEvaluatedKey")),
        descends=down,
        is_open="NextToken" in call.request and call.behind is None,
    )


def _page(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    page, items = page_of(call), (call.answer or {}).get("Items")
    if page is not None and items is not None and have_keys(page.place.table, items):
        consistent = bool(call.request.get("ConsistentRead"))
        yield from sight.page(call, page, items, consistent=consistent)


def _transact_get(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    answer = call.answer or {}
    reads = []
    for entry, response in zip(call.request["TransactItems"], answer["Responses"], strict=True):
        get = entry["Get"]
        key = key_of(table_of(call, get["TableName"]), get["Key"])
        view = _view(Terms(get).paths())
        reads.append(sight.seen(call, key, response.get("Item"), view, consistent=True))
    yield _together(call, reads)


def _together(call: Call, reads: Iterable[Step | Observation]) -> Step:
    """Reads at one moment."""
    steps = [read for read in reads if isinstance(read, Step)]

    def apply(values: Values) -> Values | None:
        fitting = all(s.apply((value,)) is not None for s, value in zip(steps, values, strict=True))
        return values if fitting else None

    keys = tuple(key for step in steps for key in step.keys)
    return Step(keys, call.invoked, call.completed, apply, call)


def _batch_stated(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    answer = call.answer or {}
    for entry, response in zip(call.request["Statements"], answer["Responses"], strict=True):
        if "Error" not in response:
            consistent = bool(entry.get("ConsistentRead"))
            yield from _one_stated(sight, call, entry, response, consistent=consistent)


def _transact_stated(sight: Sight, call: Call) -> Iterator[Step | Observation]:
    entries, responses = call.request["TransactStatements"], (call.answer or {}).get("Responses")
    if not responses:
        return
    pairs = zip(entries, responses, strict=True)
    reads = [read for pair in pairs for read in _one_stated(sight, call, *pair, consistent=True)]
    if reads:
        yield _together(call, reads)


def _one_stated(
    sight: Sight, call: Call, entry: Mapping[str, Any], response: Mapping[str, Any], *, consistent: bool
) -> Iterator[Step | Observation]:
    """A SELECT of one item."""
    from ddbha.verify.statements import columns, key_selected, selected

    found = selected(entry)
    if found is None:
        return
    (select, values), item = found, response.get("Item")
    key = key_of(table_of(call, select.table), key_selected(call, select, values))

    def matches(value: Value) -> bool:
        whole = unpacked(value)
        if whole is None or select.where is None or not holds(select.where, whole, values):
            return item is None
        seen = whole if select.paths is None else columns(select.paths, whole)
        return packed(seen) == packed(item)

    yield sight.matched(call, key, matches, consistent=consistent)


#: By operation: what an answered call of it says.
_READS: dict[str, Callable[[Sight, Call], Iterator[Step | Observation]]] = {
    "GetItem": _get,
    "BatchGetItem": _batch_get,
    "Query": _page,
    "Scan": _page,
    "TransactGetItems": _transact_get,
}
_STATED: dict[str, Callable[[Sight, Call], Iterator[Step | Observation]]] = {
    "ExecuteStatement": _page,
    "BatchExecuteStatement": _batch_stated,
    "ExecuteTransaction": _transact_stated,
}
