"""One fault: when it goes on, and what it does when it begins and ends."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from attrs import define, field, frozen

from ddbha.region.environment import Environment


@frozen
class Effect:
    """What a fault does when it begins and when it ends; both are told which fault it is."""

    description: str
    begin: Callable[[object], None]
    end: Callable[[object], None]
    #: Whether there is anything now that it could make a difference to, or was.
    met: Callable[[], bool] = lambda: True
    #: Whether there was something that only chance kept it from.
    spared: Callable[[], bool] = lambda: False


@define(eq=False, repr=False)
class Fault:
    """A fault that was asked for: it is scheduled, active or ended.  Leaving its context ends it."""

    _effect: Effect
    _environment: Environment
    #: Its status when something was last due.
    last_status: str = field(default="SCHEDULED", init=False)
    #: Whether it met a request, a replica or a link in its life so far.
    met: bool = field(default=False, init=False)

    def __repr__(self) -> str:
        return f"<Fault {self.description} {self.last_status}>"

    @property
    def status(self) -> str:
        """SCHEDULED, ACTIVE or ENDED by now."""
        with self._environment.standstill():
            return self.last_status

    @property
    def description(self) -> str:
        """What it takes away, in words."""
        return self._effect.description

    def begin(self) -> None:
        """Start the fault now."""
        with self._environment.standstill():
            if self.last_status == "SCHEDULED":
                self.last_status = "ACTIVE"
                self._environment.record("fault-began", "", fault=self.description)
                self._effect.begin(self)
                self.look()

    def end(self) -> None:
        """End the fault now; a scheduled one never begins.  Ending twice is harmless."""
        with self._environment.standstill():
            began, met = self.last_status == "ACTIVE", self.look()
            self.last_status = "ENDED"
            if began:
                if not met:
                    spared = {"spared": True} if self.spared else {}
                    self._environment.record("fault-met-nothing", "", fault=self.description, **spared)
                self._environment.record("fault-ended", "", fault=self.description)
                self._effect.end(self)

    def look(self) -> bool:
        """Whether it has met anything by now."""
        self.met = self.met or (self.last_status == "ACTIVE" and self._effect.met())
        return self.met

    @property
    def spared(self) -> bool:
        """Whether only chance kept it from whatever it could have met."""
        return not self.met and self._effect.spared()

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()
