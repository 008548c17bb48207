"""The world of a trial: each request of a client is a step, at which the schedule decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from random import Random
from typing import TYPE_CHECKING, Any

from ddbha.api.registry import Caller
from ddbha.clock import ManualClock
from ddbha.engine import Engine
from ddbha.faults.fault import Fault
from ddbha.region.places import ZONE_LETTERS
from ddbha.settings import Arguments, Settings
from ddbha.storage.replica import Replica
from ddbha.world import World

if TYPE_CHECKING:
    from typing_extensions import Unpack

Perform = Callable[[], dict[str, Any]]
#: Answers a request of whoever asks: operation, parameters, region, and what performs it.
Ask = Callable[[str, dict[str, Any], str, Perform], dict[str, Any]]


class TrialEngine(Engine):
    """An engine whose requests go through `ask`, and whose chance can be told what to say."""

    def __init__(self, settings: Settings, ask: Ask) -> None:
        super().__init__(settings)
        self._ask = ask
        self.directed = _Directed(settings.seed)
        self.environment.random = self.directed

    def call(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        caller: Caller,
        *,
        typed: bool = False,
        client: str = "",
        patience: float = inf,
    ) -> dict[str, Any]:
        """As `Engine.call`, when the client's turn has come."""

        def perform() -> dict[str, Any]:
            return super(TrialEngine, self).call(
                service, operation, params, caller, typed=typed, client=client, patience=patience
            )

        return self._ask(operation, params, caller.region, perform)


class TrialWorld(World):
    """A world on a manual clock whose requests go through `ask`."""

    engine: TrialEngine

    def __init__(self, ask: Ask, **settings: Unpack[Arguments]) -> None:
        self._ask = ask
        settings.setdefault("clock", ManualClock())
        settings.setdefault("open_outcomes", True)
        super().__init__(**settings)
        #: The faults that began with a request and outlast it.
        self.lasting: list[Fault] = []

    def _new_engine(self, settings: Settings) -> TrialEngine:
        return TrialEngine(settings, self._ask)

    @contextmanager
    def reading_from(self, zone: str, *, behind: float) -> Iterator[None]:
        """Eventually consistent reads are answered from `zone`, so many seconds behind, if it is up.

        Unlike a fault that begins now, this holds for what was written before and not read there yet.
        """
        followers = [replica for replica, leads in self._replicas(zone) if not leads]
        lags = [replica.lag for replica in followers]
        for replica in followers:
            replica.lag = max(replica.lag, behind)
        self.engine.directed.fixed = (ZONE_LETTERS.index(zone[-1]) + 0.5) / len(ZONE_LETTERS)
        try:
            yield
        finally:
            self.engine.directed.fixed = None
            for replica, lag in zip(followers, lags, strict=True):
                replica.lag = lag

    def _replicas(self, zone: str, table: str | None = None) -> Iterator[tuple[Replica, bool]]:
        """The replicas in a zone, and whether each leads."""
        for region in self.engine.regions:
            for name, one in region.tables.items():
                if zone in region.zones and table in (None, name):
                    for partition in one.all_partitions():
                        for replica in partition.replicas:
                            if replica.zone == zone:
                                yield replica, replica is partition.leader

    def replicating_with(self, region: str) -> list[str]:
        """The other regions of the global tables that are in `region`."""
        found: set[str] = set()
        for group in self.engine.environment.global_tables:
            active = {name for name, member in group.members.items() if member.status == "ACTIVE"}
            if region in active:
                found |= active - {region}
        return sorted(found)

    def behind(self, zone: str, table: str, at_most: float) -> float:
        """How many seconds ago that was written which a table's replicas in `zone` did not show."""
        horizon = self.clock.time() - at_most
        waiting = [
            record.time
            for replica, leads in self._replicas(zone, table)
            if not leads
            for record in replica.log.after(replica.applied_sequence)
            # What is older was not read, but would have been seen.
            if record.time > horizon
        ]
        return self.clock.time() - min(waiting) if waiting else 0.0

    def settle(self) -> None:
        """Let a minute pass: tables are active by then, and all writes have reached every region."""
        self.clock.sleep(60)
        with self.engine.standstill() as environment:
            environment.settle()

    def heal(self) -> None:
        """End the faults that the schedule began, and let a minute pass."""
        for fault in self.lasting:
            fault.end()
        self.lasting.clear()
        self.settle()


class _Directed(Random):
    """The world's randomness, except while a read has been given its replica.

    A partition draws one number to choose the replica that reads.
    """

    fixed: float | None = None

    def random(self) -> float:
        return super().random() if self.fixed is None else self.fixed
