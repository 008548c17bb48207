"""What a schedule decides: who goes on, and what befalls a request.

A schedule is the list of the decisions that depart from the plain course, in which each client runs to
its end, one after the other, and nothing fails.  Each is known by the client and the number of its step,
so that any part of a schedule is a schedule.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from attrs import Factory, frozen

from ddbha.testing.exploration.kinds import KINDS, Asked

#: How many attempts of a client in a row are made to fail: the ten of boto3's legacy mode outlast them,
#: the four of its standard mode do not.
MOST_IN_A_ROW = 7
#: The kind of a decision about whose turn it is.
SWITCH = "switch"


@frozen
class Decision:
    """Before a step of a client, counted from 1, another goes on; or in the step a fault happens."""

    client: str
    step: int
    kind: str
    detail: dict[str, Any] = Factory(dict)

    def __str__(self) -> str:
        if self.kind == SWITCH:
            return f"{self.detail['to']} goes on before step {self.step} of {self.client or 'anybody'}"
        return f"{self.client}, step {self.step}: {KINDS[self.kind].told(self.detail)}"


class Schedule(ABC):
    """Decides, and keeps the decisions that depart from the plain course."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def turn(self, client: str, step: int, others: Sequence[str], default: str) -> str:
        """Who goes on: `default`, or one of `others`."""
        chosen = self._turn(client, step, others)
        if chosen is None or chosen == default:
            return default
        self.decisions.append(Decision(client, step, SWITCH, {"to": chosen}))
        return chosen

    def fault(self, client: str, step: int, asked: Asked) -> Decision | None:
        """What befalls this request."""
        decision = self._fault(client, step, asked)
        if decision is not None:
            self.decisions.append(decision)
        return decision

    @abstractmethod
    def _turn(self, client: str, step: int, others: Sequence[str]) -> str | None: ...

    @abstractmethod
    def _fault(self, client: str, step: int, asked: Asked) -> Decision | None: ...


class Drawn(Schedule):
    """A schedule drawn from a seed.

    Each seed has its own rates of switches and faults, and its own choice among the kinds of faults:
    some bugs need one thing often, others need that nothing else gets in between.
    """

    def __init__(self, seed: int, kinds: Iterable[str]) -> None:
        super().__init__()
        self._random = random = Random(seed)
        self._kinds = [kind for kind in kinds if random.random() < 0.5]
        self._switch_rate = random.choice((0.1, 0.3, 0.5, 0.8))
        self._fault_rate = random.choice((0.0, 0.1, 0.3, 0.6))
        #: How many steps of each client in a row were struck until now.
        self._in_a_row: dict[str, int] = {}

    def _turn(self, client: str, step: int, others: Sequence[str]) -> str | None:
        random = self._random
        return random.choice(others) if others and random.random() < self._switch_rate else None

    def _fault(self, client: str, step: int, asked: Asked) -> Decision | None:
        decision = self._drawn_fault(client, step, asked)
        if decision is not None and KINDS[decision.kind].fails:
            struck = self._in_a_row.get(client, 0)
            if struck < MOST_IN_A_ROW:
                self._in_a_row[client] = struck + 1
                return decision
            decision = None
        self._in_a_row[client] = 0
        return decision

    def _drawn_fault(self, client: str, step: int, asked: Asked) -> Decision | None:
        random = self._random
        if random.random() >= self._fault_rate:
            return None
        possible = [kind for kind in self._kinds if KINDS[kind].possible(asked)]
        if not possible:
            return None
        kind = random.choice(possible)
        return Decision(client, step, kind, KINDS[kind].draw(asked, random))


class Replayed(Schedule):
    """A schedule of given decisions; those that have become impossible are left out."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        super().__init__()
        self._given = {(one.client, one.step, one.kind == SWITCH): one for one in decisions}

    def _turn(self, client: str, step: int, others: Sequence[str]) -> str | None:
        given = self._given.get((client, step, True))
        return given.detail["to"] if given is not None and given.detail["to"] in others else None

    def _fault(self, client: str, step: int, asked: Asked) -> Decision | None:
        given = self._given.get((client, step, False))
        return given if given is not None and KINDS[given.kind].possible(asked) else None
