"""The timeline: what happened in a world, when and where."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any

from attrs import Factory, define, field, frozen

#: Older events are forgotten.
KEPT = 10_000


@frozen
class Event:
    """Something that happened: `time` in seconds since the epoch, and details by name."""

    time: float
    kind: str
    region: str
    details: Mapping[str, Any] = Factory(dict)

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.time, timezone.utc).isoformat(timespec="milliseconds")
        details = " ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{when} {self.region} {self.kind} {details}".rstrip()


@define
class Timeline:
    """The newest events, oldest first; more may come while one looks at those that are there."""

    _events: deque[Event] = field(factory=lambda: deque(maxlen=KEPT))

    def add(self, time: float, kind: str, region: str, **details: Any) -> None:
        """Append an event."""
        self._events.append(Event(time, kind, region, MappingProxyType(details)))

    def of(self, kind: str) -> list[Event]:
        """The events of one kind."""
        return [event for event in self if event.kind == kind]

    def clear(self) -> None:
        """Forget everything."""
        self._events.clear()

    def __iter__(self) -> Iterator[Event]:
        # A deque that grows may not be iterated over.
        return iter(tuple(self._events))

    def __len__(self) -> int:
        return len(self._events)

    def __getitem__(self, position: int) -> Event:
        return self._events[position]

    def __str__(self) -> str:
        return "\n".join(map(str, self))
