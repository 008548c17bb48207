"""The proof that the answers in a history fit together, and the report when they do not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from attrs import evolve

from ddbha.errors import InvariantError
from ddbha.observe.events import Event
from ddbha.values.image import Image, unpack
from ddbha.values.key import ItemKey
from ddbha.verify.calls import BackgroundWrite, Call
from ddbha.verify.history import History
from ddbha.verify.invariants import newest_images
from ddbha.verify.item_values import packed, unpacked
from ddbha.verify.linearizability import Key, NotInOrder, Observation, Step, Value, check
from ddbha.verify.model import Meaning, background_step, final_step
from ddbha.verify.reads import Since, is_page

#: How much of the history is shown before and after the request that does not fit.
BEFORE, AFTER = 12, 3


def verify_history(history: History, events: Iterable[Event]) -> None:
    """Raise `InvariantError` if no order of the requests explains what clients were told.

    Strongly consistent reads and writes are linearizable for each key, transactions for all of their keys
    together; eventually consistent reads show what was there within their lag; what was acknowledged is
    in the tables at the end.  What has an unknown outcome and left no record did not happen.
    """
    history.read_all()
    written = _places(history)
    initial: dict[Key, Value] = {}
    final: dict[str, dict[ItemKey, Image]] = {}
    for known in history.known.values():
        final[known.table.id] = newest_images(known.table.partitions)
        for key, image in known.initial.items():
            initial[known.table.id, key] = packed(unpack(image))

    steps = [background_step(write) for write in history.background]
    observations: list[Observation] = []

    def take(meaning: Meaning, calls: Iterable[Call]) -> None:
        for call in calls:
            for one in meaning.of(call):
                if not isinstance(one, Step):
                    observations.append(one)
                elif one.completed is not None:
                    steps.append(one)
                elif _may_have_happened(one, written):
                    steps.append(_narrowed(one, written))

    take(Meaning({}, since(history)), (call for call in history if not is_page(call)))
    # A page says of all items that ever were that they are on it, or are not there.
    keys: dict[str, dict[ItemKey, None]] = {
        known.table.id: dict.fromkeys((*known.initial, *final[known.table.id]))
        for known in history.known.values()
    }
    for step in steps:
        for table, key in step.keys:
            if table in keys:
                keys[table][key] = None
    take(Meaning(keys, since(history)), filter(is_page, history))
    place = len(history.times)
    for known in history.known.values():
        images = final[known.table.id]
        steps += [final_step(known.table, k, images.get(k), place) for k in keys[known.table.id]]
    try:
        check(steps, observations, initial)
    except NotInOrder as failure:
        raise InvariantError(_report(failure, history, events)) from None


def _places(history: History) -> dict[tuple[Key, Value], list[int]]:
    """Before which places each item was written as it then was."""
    places: dict[tuple[Key, Value], list[int]] = {}
    for known in history.known.values():
        for kept in known.records:
            if kept.record.new is not None:
                written = (known.table.id, kept.record.key), packed(unpack(kept.record.new))
                places.setdefault(written, []).append(kept.place)
    return places


def _may_have_happened(step: Step, written: Mapping[tuple[Key, Value], list[int]]) -> bool:
    return all(written.get(write, [-1])[-1] > step.invoked for write in step.writes)


def _narrowed(step: Step, written: Mapping[tuple[Key, Value], list[int]]) -> Step:
    """A write whose client was told nothing took place within its call if it left its record there."""
    call = step.source
    if isinstance(call, Call) and call.completed is not None:
        for write in step.writes:
            if any(step.invoked < place <= call.completed for place in written[write]):
                return evolve(step, completed=call.completed)
    return step


def since(history: History) -> Since:
    """Where eventually consistent reads may have looked back to: the place before which all is seen."""
    times, tables = history.times, history.known

    def place(call: Call, table: str) -> float | None:
        earliest = call.began - call.staleness
        if table not in tables or earliest < tables[table].since:
            return None
        return min(bisect_right(times, earliest) - 1, call.invoked)

    return place


def _report(failure: NotInOrder, history: History, events: Iterable[Event]) -> str:
    culprit = failure.culprit
    source = culprit.source
    keys = culprit.keys if isinstance(culprit, Step) else (culprit.key,)
    where = ", ".join(_shown_key(key, history) for key in keys)
    possible = "; ".join(
        ", ".join(str(unpacked(value)) if isinstance(value, bytes) else str(value) for value in values)
        for values in failure.possible
    )
    lines = [f"{source}", f"does not fit any order of the history; {where} could be: {possible}"]
    around = _around(source, keys, history)
    if around:
        lines.append("The history around it:")
        lines += [f"  {'>' if entry is source else ' '} {entry}" for entry in around]
        lines += _events_around(source, around, events)
    return "\n".join(lines)


def _shown_key(key: Key, history: History) -> str:
    table, position = key
    if table in history.known:
        return f"{history.known[table].table.name} {position[1:]}"
    return f"{table} {position}"


def _around(source: Any, keys: Iterable[Key], history: History) -> list[Call | BackgroundWrite]:
    """The entries about the same keys, up to a few after the one that does not fit."""
    meaning = Meaning({}, lambda call, table: 0)
    wanted = set(keys)
    entries: list[Call | BackgroundWrite] = []
    for call in history:
        touched: set[Key] = set()
        for one in meaning.of(call):
            touched.update(one.keys if isinstance(one, Step) else (one.key,))
        if call is source or not touched.isdisjoint(wanted):
            entries.append(call)
    entries += [write for write in history.background if (write.table.id, write.key) in wanted]
    entries.sort(key=lambda entry: entry.invoked)
    place = entries.index(source) if source in entries else len(entries)
    return entries[max(0, place - BEFORE) : place + AFTER + 1]


def _events_around(
    source: Any, around: list[Call | BackgroundWrite], events: Iterable[Event]
) -> list[str]:
    began = [entry.began for entry in around if isinstance(entry, Call)]
    if not began:
        return []
    near = [event for event in events if began[0] <= event.time <= began[-1]]
    if not near:
        return []
    first = datetime.fromtimestamp(began[0], timezone.utc).isoformat(timespec="milliseconds")
    return [f"What happened from {first} on:", *(f"    {event}" for event in near[-BEFORE:])]
