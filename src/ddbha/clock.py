"""Time as a value: clocks that a test owns, the scheduler of due events, and how long things take."""

from __future__ import annotations

import heapq
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from threading import Lock, RLock
from typing import Any
from weakref import WeakSet

from attrs import Factory, define, field, frozen

from ddbha.errors import ClockError, UnsettledError
from ddbha.interruptions import uninterrupted
from ddbha.turns import Turns

#: The end of the year 8999: what a world plans for later has to have a date too.
LATEST = datetime(9000, 1, 1, tzinfo=timezone.utc).timestamp()


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
        by: timedelta | float | None = None,
        *,
        seconds: float | None = None,
        minutes: float | None = None,
        hours: float | None = None,
        days: float | None = None,
    ) -> None:
        """Move on by a timedelta, by so many seconds, or by the sum of the units.

        Raises `ClockError` if that would be backwards or too far, or if nothing says by how much.
        """
        given = {"seconds": seconds, "minutes": minutes, "hours": hours, "days": days}
        told = {name: value for name, value in given.items() if value is not None}
        if by is None and not told:
            raise ClockError("By how much? Say seconds=, minutes=, hours=, days= or a timedelta.")
        units = timedelta(**told)
        if isinstance(by, bool) or not isinstance(by, (int, float, timedelta, type(None))):
            raise ClockError(f"{by!r} is no time to advance by: give seconds, units or a timedelta.")
        step = units + (by if isinstance(by, timedelta) else timedelta(seconds=by or 0))
        if step < timedelta():
            raise ClockError(
                f"A world's clock only moves forward; it was asked to advance by {step}. "
                "Use world.reset() or a new World to start over."
            )
        if self.time() + step.total_seconds() > LATEST:
            raise ClockError("A world's time ends with the year 8999: there are no dates long after it.")
        self.sleep(step.total_seconds())

    def advance_to(self, moment: str | datetime | float) -> None:
        """Move on to a moment: an ISO 8601 text, an aware datetime or seconds since the epoch.

        Raises `ClockError` if that is in the past.
        """
        self.advance(timedelta(seconds=_epoch(moment) - self.time()))


#: Held while a clock moves, so that threads that sleep at once do not set it back.
_moving = Lock()


class SystemClock(Clock):
    """The machine's time, plus whatever was slept or advanced: waiting costs no real time."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def time(self) -> float:
        return time.time() + self._ahead

    def sleep(self, seconds: float) -> None:
        with _moving:
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
        with _moving:
            self._time += seconds

    def __repr__(self) -> str:
        return f"ManualClock({self.now().isoformat()!r})"


def _epoch(start: str | datetime | float) -> float:
    if isinstance(start, (int, float)):
        if not 0 <= start <= LATEST:
            raise ClockError(f"{start!r} is no time between the years 1970 and 9000.")
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


class Moment(Clock):
    """A clock that stands still at a time in the past: when something was due that is done only now."""

    def __init__(self, time: float) -> None:
        self._time = time

    def time(self) -> float:
        return self._time

    def sleep(self, seconds: float) -> None:
        raise ClockError("Nothing waits within what a world does when it is due.")


Action = Callable[[], None]
#: How often one action after another may be put off to the very moment at which they run.
MOST_AT_ONE_MOMENT = 10_000
#: By how many seconds what a request put off can be behind the beginning of that request.
_LONGEST_REQUEST = 1.0


@define(eq=False)
class Scheduler:
    """Actions in order of time, then of insertion, and actions that wait for something to change.

    Whoever looks at a world or changes it holds its `lock`, which one thread may do again and again.

    Each action runs at the moment at which it is due: `stand_at` is told that moment before, and None
    after the last one.  What finds that it cannot be done yet is `blocked` until something has changed;
    an action that were put off to the moment at which it runs would run for ever.
    """

    stand_at: Callable[[float | None], None] = lambda moment: None
    #: Told the latest moment there was before a clock was set back.
    set_back: Callable[[float], None] = lambda moment: None
    lock: Any = Factory(RLock)
    #: In which order threads get to the lock.
    turns: Turns = Factory(lambda self: Turns(self.lock), takes_self=True)
    #: When, number, how many before it led to it at the same moment, and what to do.
    _heap: list[tuple[float, int, int, Action]] = Factory(list)
    _blocked: list[Action] = Factory(list)
    _inserted: int = field(default=0, init=False)
    #: The action that runs now: its moment, and how many led to it at that moment.
    _running: tuple[float, int] | None = field(default=None, init=False)
    #: No action runs at a moment before the last one.
    _latest: float = field(default=float("-inf"), init=False)
    #: The numbers of actions that ended in an exception.
    _failed: set[int] = field(factory=set, init=False)
    #: The world's time when what is due was last looked for.
    _seen: float = field(default=float("-inf"), init=False)

    def __attrs_post_init__(self) -> None:
        _schedulers.add(self)

    def at(self, when: float, action: Action) -> None:
        """Run `action` once the world's time has reached `when` (seconds since the epoch)."""
        self._inserted += 1
        depth = 0
        if self._running is not None and when <= self._running[0]:
            depth = self._running[1] + 1
        heapq.heappush(self._heap, (when, self._inserted, depth, action))

    def blocked(self, action: Action) -> None:
        """Run `action` after the next change that may let it be done."""
        self._blocked.append(action)

    def unblock(self, now: float) -> None:
        """Something has changed: let all that is blocked be tried again, in order."""
        waiting, self._blocked = self._blocked, []
        for action in waiting:
            self.at(now, action)

    def run_due(self, now: float) -> None:
        """Run what is due at `now`, including what becomes due meanwhile.

        Raises `UnsettledError` if an action leads to another one at the same moment without an end.
        """
        if now < self._seen - _LONGEST_REQUEST and self._running is None:
            self._follow_back(now)
        self._seen = now
        if self._heap and self._heap[0][0] <= now and self._running is None:
            with self.lock, uninterrupted:
                self._run(now)

    def _follow_back(self, now: float) -> None:
        """The machine's time was set back, as freezegun does: what waited so long waits no longer."""
        latest = self._seen + _LONGEST_REQUEST
        self.set_back(latest)
        back = latest - now
        self._heap = [(when - back, number, depth, action) for when, number, depth, action in self._heap]
        self._latest = now

    def _run(self, now: float) -> None:
        if self._running is not None:
            return
        heap = self._heap
        try:
            while heap and heap[0][0] <= now:
                entry = when, number, depth, action = heap[0]
                if depth > MOST_AT_ONE_MOMENT:
                    raise UnsettledError(
                        f"{_named(action)} does not settle: {depth} actions led to one another at "
                        f"{datetime.fromtimestamp(when, timezone.utc).isoformat()}."
                    )
                self._latest = max(when, self._latest)
                self._running = self._latest, depth
                self.stand_at(self._latest)
                try:
                    action()
                except BaseException:
                    # A signal may have come meanwhile: it is tried once more at the next look.
                    if number in self._failed:
                        self._done(entry)
                    else:
                        self._failed.add(number)
                    raise
                self._done(entry)
        finally:
            self._running = None
            self.stand_at(None)

    def _done(self, entry: tuple[float, int, int, Action]) -> None:
        """Take an action out that has been run, wherever it is by now."""
        self._failed.discard(entry[1])
        if self._heap and self._heap[0] is entry:
            heapq.heappop(self._heap)
        elif entry in self._heap:
            self._heap.remove(entry)
            heapq.heapify(self._heap)

    @property
    def waiting(self) -> int:
        """How many actions wait for a time or for a change."""
        return len(self._heap) + len(self._blocked)

    def clear(self) -> None:
        """Forget everything."""
        self._heap.clear()
        self._blocked.clear()
        self._failed.clear()


_schedulers: WeakSet[Scheduler] = WeakSet()
_held: list[Scheduler] = []


def _hold_still() -> None:
    """Before a fork: the child must not find a world in the middle of something that nobody ends."""
    for scheduler in list(_schedulers):
        scheduler.lock.acquire()
        _held.append(scheduler)


def _go_on() -> None:
    while _held:
        _held.pop().lock.release()


def _go_on_alone() -> None:
    for scheduler in _held:
        scheduler.turns.clear()
    _go_on()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold_still, after_in_parent=_go_on, after_in_child=_go_on_alone)


def _named(action: Action) -> str:
    action = getattr(action, "func", action)
    return f"{getattr(action, '__module__', '')}.{getattr(action, '__qualname__', repr(action))}"


@frozen
class Timings:
    """How many seconds the transitions of the control plane take.

    `leader_lease` is for how long after the loss of a leader its successor must not be elected yet.
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
    #: Until a bulk operation writes, and how long it takes for a write request unit: a quarter of that if
    #: it is ACCELERATED.
    begin_bulk_operation: float = 0.0
    bulk_write_unit: float = 0.0
    cancel_bulk_operation: float = 0.0
    #: How far the latest restorable time is behind.
    point_in_time_delay: float = 0.0
    #: Between two changes of the policy of one table or stream.
    policy_interval: float = 0.0
    #: Between two changes of the deletion protection of one table.
    deletion_protection_interval: float = 0.0
    #: Until a table is encrypted with another key.
    change_encryption: float = 0.0
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
            begin_bulk_operation=60.0,
            bulk_write_unit=0.0001,
            cancel_bulk_operation=5.0,
            point_in_time_delay=300.0,
            policy_interval=15.0,
            deletion_protection_interval=15.0,
            change_encryption=22.0,
            enable_destination=6.0,
            disable_destination=2.0,
            update_destination=130.0,
            warm_up=450.0,
            enable_insights=3.0,
            disable_insights=2.0,
        )
