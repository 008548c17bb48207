"""The faults that a world was asked for: when they begin and end, and which of them meet requests."""

from __future__ import annotations

from datetime import timedelta
from math import inf

from attrs import define, field

from ddbha.errors import UsageError, did_you_mean
from ddbha.faults.fault import Effect, Fault
from ddbha.faults.requests import Choice, RequestFault
from ddbha.faults.zones import ZoneFaults
from ddbha.region.places import check_region
from ddbha.region.region import Regions

#: How long something takes: seconds on the world's clock.
Seconds = float | timedelta


@define(eq=False, repr=False)
class Running:
    """Faults of all kinds, in the order in which they were asked for."""

    _regions: Regions
    #: Names of the operations that requests can be for.
    _operations: frozenset[str] = frozenset()
    _active: list[Fault] = field(factory=list, init=False)
    #: What meets single requests, in the order in which the faults began.
    of_requests: list[RequestFault] = field(factory=list, init=False)

    @property
    def active(self) -> list[Fault]:
        """The faults that go on now."""
        return self._with("ACTIVE")

    @property
    def scheduled(self) -> list[Fault]:
        """The faults that are to begin later."""
        return self._with("SCHEDULED")

    def _with(self, status: str) -> list[Fault]:
        with self._regions.environment.standstill():
            return [fault for fault in self._active if fault.status == status]

    @property
    def met_nothing(self) -> list[str]:
        """What the faults were, or are, that met no request, no replica and no link until now.

        A test that expects to survive one of these has shown nothing; pytest's fixtures warn of them.
        """
        return [description for description, _ in self._missed()]

    @property
    def spared(self) -> list[str]:
        """Those of `met_nothing` that chance alone kept from the requests that there were.

        So they might have met one: with more requests, a longer duration, or another seed.
        """
        return [description for description, spared in self._missed() if spared]

    def _missed(self) -> list[tuple[str, bool]]:
        with self._regions.environment.standstill() as environment:
            ended = [event.details for event in environment.events.of("fault-met-nothing")]
            unended = [fault for fault in self._active if fault.status != "ENDED"]
            return [
                *((details["fault"], details.get("spared", False)) for details in ended),
                *((fault.description, fault.spared) for fault in unended if not fault.look()),
            ]

    def end_all(self) -> None:
        """End every fault."""
        with self._regions.environment.standstill():
            for fault in list(self._active):
                fault.end()

    def __repr__(self) -> str:
        # Whoever only shows it, as a debugger does, changes nothing.
        active = [fault for fault in self._active if fault.last_status == "ACTIVE"]
        return f"<Faults active={[fault.description for fault in active]}>"

    def _start(self, effect: Effect, after: Seconds, duration: Seconds | None) -> Fault:
        after = seconds_of("after", after)
        duration = None if duration is None else seconds_of("duration", duration)
        with self._regions.environment.standstill() as environment:
            fault = Fault(effect, environment)
            self._active = [other for other in self._active if other.status != "ENDED"]
            self._active.append(fault)
            if after == 0:
                fault.begin()
            else:
                environment.later(after, fault.begin)
            if duration is not None:
                environment.later(after + duration, fault.end)
        return fault

    def _meet(self, description: str, met: RequestFault, choice: Choice) -> Fault:
        effect = self._of_requests(description, met)
        return self._start(effect, choice.get("after", 0), choice.get("duration"))

    def _of_requests(self, description: str, met: RequestFault) -> Effect:
        """What meets single requests; raises `UsageError` for requests that there cannot be."""
        chosen = met.chosen
        if chosen.operation is not None and chosen.operation not in self._operations:
            meant = did_you_mean(chosen.operation, self._operations) or " They are named like PutItem."
            raise UsageError(f"ddbha has no operation {chosen.operation!r}.{meant}")
        # A request may be meant to meet its fault while it creates the table.
        if chosen.table is not None and chosen.operation != "CreateTable":
            ZoneFaults(self._regions).require_table(chosen.table)
        if chosen.region is not None:
            self._check_region(chosen.region)

        def begin(fault: object) -> None:
            met.began = self._regions.environment.clock.time()
            self.of_requests.append(met)

        def end(fault: object) -> None:
            self.of_requests.remove(met)

        return Effect(f"{description}{chosen}", begin, end, lambda: met.met, lambda: met.spared)

    def _check_region(self, *names: str) -> None:
        check_region(*names, more=self._regions.environment.settings.more_regions)


def seconds_of(name: str, given: Seconds) -> float:
    """How many seconds an argument says; `UsageError` for what is no time, or in the past."""
    if isinstance(given, timedelta):
        given = given.total_seconds()
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given < inf:
        raise UsageError(f"{name}={given!r} is no time: say how many seconds from now on, zero or more.")
    return given
