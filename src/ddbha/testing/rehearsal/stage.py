"""The stage of one rehearsal: a world, its clock, and those who act on it at their times.

Nothing runs at the same time as anything else.  While a workload sleeps, whoever is due acts: the
disaster, and the operator who brings the data back.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterator
from typing import Any

from attrs import Factory, define, field

from ddbha.world import World

#: Steps of somebody who acts; each yields the seconds until the next.
Steps = Generator[float, None, None]
#: Seconds between the cycles of a workload, while nothing happens and around a disaster.
CALM, BUSY = 30.0, 0.25
#: Seconds before and after the beginning and the end of a disaster that are busy.
BEFORE, AFTER = 10.0, 40.0


class Over(BaseException):
    """The rehearsal is over; nothing of a workload should catch it."""


@define(eq=False)
class Operation:
    """One call of a workload's client, over all its retries and regions; `error` is None if it worked."""

    name: str
    began: float
    ended: float
    region: str
    error: str | None = None


@define(eq=False)
class Stage:
    """What takes part in one rehearsal; times are seconds since the epoch on the world's clock."""

    world: World
    #: The tables, as requests of CreateTable.
    tables: list[dict[str, Any]]
    disaster_at: float = 0.0
    disaster_ends: float = 0.0
    ends: float = 0.0
    operations: list[Operation] = Factory(list)
    #: Reads that showed what a bad deploy had written.
    wrong_reads: int = 0
    #: The tables that clients use now, by the names that workloads know.
    names: dict[str, str] = Factory(dict)
    #: The region that clients use now, where it is not one of their own.
    place: str | None = None
    #: What DynamoDB said if it did not let the disaster happen.
    refused: str | None = None
    #: When restored tables took the place of others.
    switched_at: float | None = None
    _actors: list[tuple[float, int, Steps]] = Factory(list)
    _count: int = field(default=0, init=False)
    _acting: bool = field(default=False, init=False)

    def act(self, steps: Steps, at: float | None = None) -> None:
        """Let somebody act from now, or from a time, on."""
        self._count += 1
        when = self.world.clock.time() if at is None else at
        heapq.heappush(self._actors, (when, self._count, steps))

    def sleep(self, seconds: float) -> None:
        """Let time pass, and those act who are due meanwhile."""
        clock = self.world.clock
        target = clock.time() + seconds
        while not self._acting and self._actors and self._actors[0][0] <= target:
            when, _, steps = heapq.heappop(self._actors)
            clock.sleep(max(0.0, when - clock.time()))
            self._acting = True
            try:
                pause = next(steps, None)
            finally:
                self._acting = False
            if pause is not None:
                self.act(steps, clock.time() + pause)
        clock.sleep(max(0.0, target - clock.time()))


@define(eq=False)
class RehearsalClock:
    """The clock that a workload is given."""

    _stage: Stage

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._stage.world.clock.time()

    def sleep(self, seconds: float) -> None:
        """Let seconds pass; ends the workload when the rehearsal is over."""
        self._stage.sleep(seconds)
        if self.time() >= self._stage.ends:
            raise Over

    def every(self, seconds: float) -> Iterator[int]:
        """Count cycles, so many seconds apart, until the rehearsal is over."""
        number = 0
        while self.time() < self._stage.ends:
            yield number
            number += 1
            self._stage.sleep(seconds)

    def cycles(self) -> Iterator[int]:
        """Count cycles until the rehearsal is over: many around the disaster, few in between."""
        number = 0
        while self.time() < self._stage.ends:
            yield number
            number += 1
            self._stage.sleep(self._pace())

    def _pace(self) -> float:
        now = self.time()
        moments = (self._stage.disaster_at, self._stage.disaster_ends)
        if any(moment - BEFORE <= now <= moment + AFTER for moment in moments):
            return BUSY
        following = [moment - BEFORE - now for moment in moments if moment - BEFORE > now]
        return max(BUSY, min([CALM, *following]))


#: What a workload is: a function of what makes clients, and the clock.
Workload = Callable[[Callable[[], Any], RehearsalClock], object]
