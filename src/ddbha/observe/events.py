"""The timeline: what happened in a world, when and where."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from attrs import Factory, define, field, frozen

from ddbha.errors import UsageError, did_you_mean

#: Older events are forgotten.
KEPT = 10_000


#: What events tell of.
EventKind = Literal[
    "backup-available",
    "backup-expired",
    "backup-job-aborted",
    "backup-job-completed",
    "backup-job-created",
    "backup-job-expired",
    "backup-job-failed",
    "backup-job-running",
    "backup-moved-to-cold",
    "bulk-operation-began",
    "bulk-operation-cancelled",
    "bulk-operation-completed",
    "bulk-operation-completed-with-errors",
    "bulk-operation-failed",
    "copy-job-completed",
    "copy-job-failed",
    "defect",
    "experiment-stopped",
    "export-began",
    "export-completed",
    "export-failed",
    "fault-began",
    "fault-ended",
    "fault-met-nothing",
    "import-began",
    "import-cancelled",
    "import-completed",
    "import-failed",
    "items-expired",
    "leader-elected",
    "partition-added",
    "partition-full",
    "partition-split",
    "replica-active",
    "replica-authorized",
    "replica-deleted",
    "replica-disassociated",
    "replica-given-up",
    "replica-recovered-from-copy",
    "replica-recovered-from-log",
    "replica-unauthorized",
    "replica-waits",
    "request-retried",
    "restore-began",
    "restored",
    "scaling-refused",
    "settings-refused",
    "table-active",
    "table-deleted",
    "table-updated",
    "throttled",
    "throughput-scaled",
    "transaction-committed",
    "transaction-prepared",
    "write-conflict-resolved",
    "zonal-shift-refused",
]
KINDS: frozenset[str] = frozenset(get_args(EventKind))


def event_kind(text: str) -> EventKind:
    """A kind that is put together of words, such as a status; there must be one."""
    assert text in KINDS, f"{text} is missing in KINDS"
    return cast(EventKind, text)


@frozen
class Event:
    """Something that happened: `time` in seconds since the epoch, and details by name."""

    time: float
    kind: EventKind
    region: str
    details: Mapping[str, Any] = Factory(dict)

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.time, timezone.utc).isoformat(timespec="milliseconds")
        details = " ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{when} {self.region} {self.kind} {details}".rstrip()


@define(repr=False)
class Timeline:
    """The newest events, oldest first; more may come while one looks at those that are there."""

    _events: deque[Event] = field(factory=lambda: deque(maxlen=KEPT))
    #: How many there have ever been, also those that are forgotten: the number of the newest one.
    added: int = field(default=0, init=False)

    def add(self, time: float, kind: EventKind, region: str, **details: Any) -> None:
        """Append an event."""
        self.added += 1
        self._events.append(Event(time, kind, region, MappingProxyType(details)))

    def of(self, kind: EventKind) -> list[Event]:
        """The events of one kind; `UsageError` for a kind that there is not."""
        if kind not in KINDS:
            raise UsageError(f"There are no events of the kind {kind!r}.{did_you_mean(kind, KINDS)}")
        return [event for event in self if event.kind == kind]

    def after(self, number: int) -> Iterator[tuple[int, Event]]:
        """The events after the one of a number, with theirs, the newest first."""
        for place, event in enumerate(reversed(tuple(self._events))):
            if self.added - place <= number:
                break
            yield self.added - place, event

    def __repr__(self) -> str:
        return f"<Timeline of {len(self)} events>"

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
