"""Pages of the timeline, the newest events first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from ddbha.engine import Engine
from ddbha.errors import UsageError
from ddbha.observe.events import KINDS, Event
from ddbha.region.region import utc

#: Events of one page.
PAGE = 100

Json = dict[str, Any]


def page_of_events(engine: Engine, asked: Mapping[str, str]) -> Json:
    """The events that are asked for, by `kind`, `table` and `region`.

    They are not later than `until`, an ISO 8601 time, and came before the event of the number `before`.
    Raises `UsageError` for what is neither a time nor a number, and for unknown kinds.
    """
    kind, table, region = asked.get("kind"), asked.get("table"), asked.get("region")
    if kind and kind not in KINDS:
        raise UsageError(f"There are no events of the kind {kind!r}.")
    until = _time(asked["until"]) if asked.get("until") else None
    before = _number(asked["before"]) if asked.get("before") else None
    with engine.standstill() as environment:
        events = environment.events
        found = (
            _shown(number, event)
            for number, event in events.after(0)
            if (before is None or number < before)
            and (until is None or event.time <= until)
            and (not kind or event.kind == kind)
            and (not table or _is_about(event, table))
            and (not region or event.region == region)
        )
        shown = list(islice(found, PAGE))
        more = next(found, None) is not None
        return {"events": shown, "more": more, "newest": events.added, "kinds": sorted(KINDS)}


def _shown(number: int, event: Event) -> Json:
    return {
        "number": number,
        "time": utc(event.time).isoformat(timespec="milliseconds"),
        "kind": event.kind,
        "region": event.region,
        "table": str(event.details.get("table", "")),
        "details": {name: str(value) for name, value in event.details.items()},
    }


def _is_about(event: Event, table: str) -> bool:
    """Whether an event names a table, if only in the description of a fault."""
    return any(
        value == table or f"table={table}" in str(value).split() for value in event.details.values()
    )


def _time(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.timestamp() + 0.0005 if moment.tzinfo is not None else _no_time(text)
    except (ValueError, OverflowError):
        return _no_time(text)


def _no_time(text: str) -> float:
    raise UsageError(f"{text[:40]!r} is no time like 2026-01-01T00:00:00Z.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise UsageError(f"{text[:40]!r} is no number of an event.")
    return int(text)
