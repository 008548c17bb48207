"""The story of a trial: what each client asked for, what befell it and what it was told."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, field

from ddbha.errors import AwsError, NoAnswer
from ddbha.faults.requests import tables_of
from ddbha.testing import wording
from ddbha.testing.exploration.decisions import SWITCH, Decision
from ddbha.testing.exploration.kinds import KINDS

if TYPE_CHECKING:
    from ddbha.testing.exploration.world import TrialWorld


@define(eq=False)
class Happening:
    """One request of one client, told when it began and what came of it."""

    client: str
    region: str
    operation: str
    request: dict[str, Any]
    time: float
    #: Whether the client's library asks again what it asked before.
    again: bool = field(default=False, init=False)
    asked: str = field(default="", init=False)
    #: What the client was told, in words, and whether that is an answer, an error or silence.
    told: str = field(default="", init=False)
    outcome: str = field(default="OPEN", init=False)
    #: What befell the request.
    note: str = field(default="", init=False)

    def __attrs_post_init__(self) -> None:
        # The caller may change what it passed in.
        self.request = deepcopy(self.request)
        self.asked = wording.asked(self.operation, self.request)

    def end(
        self, result: dict[str, Any] | AwsError | NoAnswer, decision: Decision | None, world: TrialWorld
    ) -> None:
        """The request has its answer, or none."""
        if isinstance(result, dict):
            self.outcome, self.told = "ANSWERED", wording.answered(self.operation, result)
        else:
            self.outcome = "REFUSED" if isinstance(result, AwsError) else "SILENCE"
            self.told = wording.failed(result)
        if decision is None:
            return
        self.note = KINDS[decision.kind].told(decision.detail)
        if decision.kind == "stale_reads":
            zone, most = decision.detail["zone"], decision.detail["seconds"]
            names = tables_of(self.request)
            behind = max((world.behind(zone, name, most) for name in names), default=0.0)
            self.note = f"stale by {behind:.2f} s, from {zone}" if behind else f"from {zone}"

    @property
    def result(self) -> str:
        """What came of it, with what befell it."""
        words = f": {self.told}" if self.told else ""
        return f"{words} ({self.note})" if self.note else words

    def __str__(self) -> str:
        again = " again" if self.again else ""
        return f"{self.client}{again} {self.asked}{self.result}"


@define(eq=False)
class Story:
    """Everything that the clients did in a trial, in order, and how it ended."""

    name: str
    seed: int
    happenings: list[Happening] = Factory(list)
    decisions: Sequence[Decision] = ()
    error: BaseException | None = None

    def add(self, happening: Happening) -> None:
        """A client asks for something."""
        own = [other for other in self.happenings if other.client == happening.client]
        if own and own[-1].outcome in ("REFUSED", "SILENCE"):
            last = own[-1].operation, own[-1].request
            happening.again = last == (happening.operation, happening.request)
        self.happenings.append(happening)

    @property
    def title(self) -> str:
        """What breaks, and how little it takes."""
        switches = sum(decision.kind == SWITCH for decision in self.decisions)
        faults = len(self.decisions) - switches
        needed = f"{_count(switches, 'change')} of turn and {_count(faults, 'fault')}"
        return f"{self.name} breaks with seed {self.seed}: {needed} are enough"

    @property
    def ending(self) -> str:
        """How it ended."""
        if self.error is None:
            return "nothing is wrong"
        return f"{type(self.error).__name__}: {self.error}".rstrip(": ")

    @property
    def repetition(self) -> str:
        """How to see it again."""
        return f"ddbha.explore({self.name}, seeds=[{self.seed}])"

    def __str__(self) -> str:
        width = len(str(len(self.happenings)))
        lines = [f"  {n:{width}}. {one}" for n, one in enumerate(self.happenings, 1)]
        return "\n".join(
            [self.title, *lines, f"  In the end {self.ending}", f"  Again: {self.repetition}"]
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
