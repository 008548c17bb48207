"""How many items an answer shows or counts, and how many it looked at, where it does not say which."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from math import inf

from attrs import frozen

from ddbha.errors import InvariantError
from ddbha.expressions.syntax import Path
from ddbha.faults.requests import named_by
from ddbha.values.attribute import Item
from ddbha.values.image import unpack
from ddbha.values.key import ItemKey
from ddbha.verify.calls import Call
from ddbha.verify.expressions import projected
from ddbha.verify.histories import since
from ddbha.verify.history import History
from ddbha.verify.item_values import key_of, packed, table_of
from ddbha.verify.pages import Page, Place
from ddbha.verify.reads import have_keys, page_of
from ddbha.verify.records import KnownTable
from ddbha.verify.terms import Terms

#: How an item looks in an answer; None if it is not there.
Look = Callable[[Item], Hashable]


def verify_counts(history: History) -> None:
    """Raise `InvariantError` if an answer shows or counts what there was not, or less than there was.

    An item counts for what it was at any moment at which the answer may have seen it, by the log.
    """
    looked_back = since(history)
    pasts: dict[str, dict[ItemKey, _Past]] = {}
    for call in history:
        if call.answer is None or not named_by(call.request) <= call.tables.keys():
            continue
        for claim in _claims(call):
            table = claim.place.table.id
            if table not in history.known:
                continue
            after = call.invoked if claim.consistent else looked_back(call, table)
            if after is not None:
                if table not in pasts:
                    pasts[table] = _pasts(history.known[table])
                _verify(call, claim, pasts[table], after)


@frozen(eq=False)
class _Past:
    """What was at a key, and before which place it was written; None where there was nothing."""

    places: list[float]
    items: list[Item | None]

    def between(self, after: float, until: float) -> list[Item | None]:
        """What was there at some moment between two places."""
        low, high = (bisect_right(self.places, place) for place in (after, until))
        return self.items[low - 1 : high]


def _pasts(known: KnownTable) -> dict[ItemKey, _Past]:
    pasts = {key: _Past([-inf], [unpack(image)]) for key, image in known.initial.items()}
    for kept in known.records:
        past = pasts.setdefault(kept.record.key, _Past([-inf], [None]))
        past.places.append(kept.place)
        past.items.append(None if kept.record.new is None else unpack(kept.record.new))
    return pasts


@frozen(eq=False)
class _Claim:
    """What an answer says: how many items of each look it has of a table or an index."""

    place: Place
    shown: Counter[Hashable]
    look: Look
    #: Whether it may be about the item of a key.
    concerns: Callable[[ItemKey], bool]
    consistent: bool
    #: Whether there is more of it in other answers.
    is_part: bool = False


def _verify(call: Call, claim: _Claim, pasts: dict[ItemKey, _Past], after: float) -> None:
    assert call.completed is not None, "an answered call is complete"
    least: Counter[Hashable] = Counter()
    most: Counter[Hashable] = Counter()
    for past in [past for key, past in pasts.items() if claim.concerns(key)]:
        # In an index an item that moves may be seen at both of its positions, or at neither.
        seen = {
            (None, None) if item is None else (claim.place.position(item), claim.look(item))
            for item in past.between(after, call.completed)
        }
        looks = [look for _, look in seen if look is not None]
        most.update(looks)
        if len(seen) == 1:
            least.update(looks)
    for look in claim.shown.keys() | least.keys():
        number = claim.shown[look]
        if number > most[look] or (number < least[look] and not claim.is_part):
            raise InvariantError(
                f"{call}\nhas {number} items where there were {least[look]} to {most[look]}"
            )


def _claims(call: Call) -> Iterator[_Claim]:
    """What an answered call says of items that it does not name."""
    page, answer = page_of(call), call.answer or {}
    if page is not None:
        items, place, may = answer.get("Items"), page.place, page.may_show
        consistent = bool(call.request.get("ConsistentRead"))
        if "ScannedCount" in answer:
            yield _Claim(place, _times(answer["ScannedCount"]), _if(page.looks_at), may, consistent)
        if items is None:
            yield _Claim(place, _times(answer["Count"]), _if(page.shows), may, consistent)
        elif not have_keys(place.table, items):
            yield _Claim(place, _looks(items), partial(_seen_on, page), may, consistent, page.is_open)
    if call.operation == "BatchGetItem":
        for name, wanted in call.request["RequestItems"].items():
            table, items = table_of(call, name), answer.get("Responses", {}).get(name, [])
            if not have_keys(table, items):
                rest = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
                unread = {key_of(table, key) for key in rest}
                keys = {key_of(table, key) for key in wanted["Keys"]} - unread
                read = {key for _, key in keys}.__contains__
                look = partial(_projected, Terms(wanted).paths() or ())
                consistent = bool(wanted.get("ConsistentRead"))
                yield _Claim(Place(table), _looks(items), look, read, consistent)


def _times(number: int) -> Counter[Hashable]:
    return Counter({True: number})


def _if(holds: Callable[[Item], bool]) -> Look:
    return lambda item: holds(item) or None


def _seen_on(page: Page, item: Item) -> Hashable:
    return packed(page.view(item)) if page.shows(item) else None


def _projected(paths: Sequence[Path], item: Item) -> Hashable:
    return packed(projected(paths, item))


def _looks(items: Iterable[Item]) -> Counter[Hashable]:
    return Counter(map(packed, items))
