"""Time as a value: clocks that a test owns, the scheduler of due events, and how long things take."""

from __future__ import annotations

import heapq
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from attrs import Factory, define, field, frozen

from ddbha.errors import ClockError


class Clock(ABC):
    """Where a world's time comes from.  Nothing ever waits: a clock that should sleep moves on."""

    @abstractmethod
    def time(self) -> float:
        """Seconds since the epoch."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once."""

    def now(self) -> datetime:
        """The time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), timezone.utc)

    def advance(
        self,
        by: timedelta | None = None,
        *,
        seconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
    ) -> None:
        """Move on by a timedelta or by the sum of the units.

        Raises `ClockError` if that would be backwards.
        """
        step = (by or timedelta()) + timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        if step < timedelta():
            raise ClockError(
                f"A world's clock only moves forward; it was asked to advance by {step}. "
                "Use world.reset() or a new World to start over."
            )
        self.sleep(step.total_seconds())


class SystemClock(Clock):
    """The machine's time, plus whatever was slept or advanced: waiting costs no real time."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def time(self) -> float:
        return time.time() + self._ahead

    def sleep(self, seconds: float) -> None:
        self._ahead += seconds


class ManualClock(Clock):
    """A clock that stands still until it is advanced or something waits on it.

    `start` is an ISO 8601 text, an aware datetime or seconds since the epoch.
    """

    def __init__(self, start: str | datetime | float = "2026-01-01T00:00:00Z") -> None:
        self._time = _epoch(start)

    def time(self) -> float:
        return self._time

    def sleep(self, seconds: float) -> None:
        self._time += seconds

    def __repr__(self) -> str:
        return f"ManualClock({self.now().isoformat()!r})"


def _epoch(start: str | datetime | float) -> float:
    if isinstance(start, (int, float)):
        return float(start)
    if isinstance(start, str):
        try:
            start = datetime.fromisoformat(start.replace("Z", "+00:00"))
        except ValueError:
            raise ClockError(
                f"{start!r} is not an ISO 8601 time; write it like 2026-01-01T00:00:00Z."
            ) from None
    if start.tzinfo is None:
        raise ClockError(f"{start!r} has no time zone; a world's time is UTC: append Z.")
    return start.timestamp()


@define
class Scheduler:
    """Events in order of time, then of insertion."""

    _heap: list[tuple[float, int, Callable[[], None]]] = Factory(list)
    _inserted: int = field(default=0, init=False)

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Run `action` once the world's time has reached `when` (seconds since the epoch)."""
        self._inserted += 1
        heapq.heappush(self._heap, (when, self._inserted, action))

    def run_due(self, now: float) -> None:
        """Run what is due at `now`, including what becomes due meanwhile."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            heapq.heappop(heap)[2]()

    def clear(self) -> None:
        """Forget all events."""
        self._heap.clear()


@frozen
class Timings:
    """How many seconds the transitions of the control plane take.

    `leader_lease` is for how long after the loss of a leader its successor must not serve yet.
    """

    create_table: float = 0.0
    create_table_with_indexes: float = 0.0
    update_table: float = 0.0
    delete_table: float = 0.0
    create_index: float = 0.0
    backfill_index: float = 0.0
    delete_index: float = 0.0
    change_billing_mode: float = 0.0
    create_replica: float = 0.0
    backfill_replica: float = 0.0
    delete_replica: float = 0.0
    leader_lease: float = 0.0
    update_time_to_live: float = 0.0
    #: How long a split takes; the partition is read and written meanwhile.
    split_partition: float = 0.0
    #: From when a table is active until it can be backed up.
    enable_backups: float = 0.0
    create_backup: float = 0.0
    restore_table: float = 0.0
    export_table: float = 0.0
    import_table: float = 0.0
    #: How far the latest restorable time is behind.
    point_in_time_delay: float = 0.0
    #: Between two changes of the policy of one table or stream.
    policy_interval: float = 0.0
    #: Of Kinesis destinations.
    enable_destination: float = 0.0
    disable_destination: float = 0.0
    update_destination: float = 0.0
    #: Until more warm throughput is there.
    warm_up: float = 0.0
    #: Of contributor insights.
    enable_insights: float = 0.0
    disable_insights: float = 0.0

    @classmethod
    def instant(cls) -> Timings:
        """Every transition is over by the next request."""
        return cls()

    @classmethod
    def aws(cls) -> Timings:
        """What is typically seen on AWS."""
        return cls(
            create_table=4.0,
            create_table_with_indexes=18.0,
            update_table=10.0,
            delete_table=5.0,
            create_index=40.0,
            backfill_index=600.0,
            delete_index=60.0,
            change_billing_mode=120.0,
            create_replica=40.0,
            backfill_replica=540.0,
            delete_replica=180.0,
            leader_lease=1.5,
            update_time_to_live=1800.0,
            split_partition=60.0,
            enable_backups=5.0,
            create_backup=0.05,
            restore_table=240.0,
            export_table=150.0,
            import_table=300.0,
            point_in_time_delay=300.0,
            policy_interval=15.0,
            enable_destination=6.0,
            disable_destination=2.0,
            update_destination=130.0,
            warm_up=450.0,
            enable_insights=3.0,
            disable_insights=2.0,
        )
