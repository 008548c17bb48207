"""Resilience of ordinary tests: each runs again with one fault at one of its requests.

Tests are not edited.  A test survives a fault, fails cleanly (its code lets an error of DynamoDB
through), or is wrong: something that it asserts does not hold any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
from threading import Condition, get_ident
from typing import Any, cast

from attrs import Factory, define, field, frozen

from ddbha.engine import Engine
from ddbha.errors import (
    AwsError,
    InternalServerError,
    NoAnswer,
    ProvisionedThroughputExceededException,
    UsageError,
)
from ddbha.faults.names import OperationName
from ddbha.faults.requests import MESSAGES
from ddbha.region.places import zones_of
from ddbha.testing.exploration.world import TrialEngine

Perform = Callable[[], dict[str, Any]]

_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
_WRITES = frozenset(
    {
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "TransactWriteItems",
        "ExecuteStatement",
        "ExecuteTransaction",
        "BatchExecuteStatement",
    }
)
#: What faults may meet: requests for items; what makes tables is left alone.
MET = _READS | _WRITES | {"TransactGetItems"}
#: Seconds that eventually consistent reads are behind, and that a lost zone is away.
BEHIND, AWAY = 60.0, 2.0
#: Seconds until the leaders of a lost zone have successors.
LEASE = 1.5
#: Seconds, of the machine's time, that a thread waits for the first request of another one, and then for
#: each of the next.
FIRST, NEXT = 1.0, 0.2
#: The kind that needs other threads.
OVERTAKEN = "overtaken"


@frozen
class Kind:
    """A kind of fault: which requests it may meet, what it does, and how that is told."""

    told: str
    fits: Callable[[Engine, str, dict[str, Any]], bool]
    act: Callable[[Engine, str, str, Perform], dict[str, Any]]


def _lost_answer(engine: Engine, region: str, operation: str, perform: Perform) -> dict[str, Any]:
    # An error is an answer too, and lost like any other.
    with suppress(AwsError):
        perform()
    raise NoAnswer("read_timeout")


def _lost_request(engine: Engine, region: str, operation: str, perform: Perform) -> dict[str, Any]:
    raise NoAnswer("connect_timeout")


def _throttle(engine: Engine, region: str, operation: str, perform: Perform) -> dict[str, Any]:
    code = "ProvisionedThroughputExceededException"
    raise ProvisionedThroughputExceededException(MESSAGES[code])


def _server_error(engine: Engine, region: str, operation: str, perform: Perform) -> dict[str, Any]:
    raise InternalServerError


def _stale_read(engine: Engine, region: str, operation: str, perform: Perform) -> dict[str, Any]:
    """Whoever does not lead answers, and does not show what was written lately."""
    with engine.standstill() as environment:
        truth = perform()
        chance, places = environment.random, engine.regions
        tables = [t for place in places if place.name == region for t in place.tables.values()]
        partitions = [partition for table in tables for partition in table.all_partitions()]
        behind = [r for p in partitions for r in p.replicas if r is not p.leader]
        lags, drawn = [replica.lag for replica in behind], chance.random
        for replica in behind:
            replica.lag = max(replica.lag, BEHIND)
        try:
            for number in range(len(zones_of(region))):
                # Which replica reads is drawn: each zone is tried until one is behind.
                fixed = (number + 0.5) / len(zones_of(region))
                chance.random = lambda fixed=fixed: fixed  # type: ignore[method-assign, misc]
                answer = perform()
                if answer != truth:
                    return answer
            return truth
        finally:
            chance.random = drawn  # type: ignore[method-assign]
            for replica, lag in zip(behind, lags, strict=True):
                replica.lag = lag


def _zone_loss(engine: Engine, region: str, operation: str, perform: Perform) -> dict[str, Any]:
    with engine.standstill() as environment:
        environment.replication.leader_lease = max(environment.replication.leader_lease, LEASE)
        for zone in zones_of(region)[:1]:
            engine.faults.zone_outage(zone, duration=AWAY)
    return perform()


def _partial_batch(engine: Engine, region: str, operation: str, perform: Perform) -> dict[str, Any]:
    batch = cast(OperationName, operation)
    with engine.faults.partial_batch(operation=batch, keep=1, times=1):
        return perform()


def _region_cut(engine: Engine, region: str, operation: str, perform: Perform) -> dict[str, Any]:
    for other in _regions(engine) - {region}:
        engine.faults.network_cut(region, other, duration=AWAY)
    return perform()


def _plainly(engine: Engine, region: str, operation: str, perform: Perform) -> dict[str, Any]:
    return perform()


def _regions(engine: Engine) -> set[str]:
    """Where replicas of global tables are."""
    groups = engine.environment.global_tables
    return {region for group in groups for region in group.members}


def _always(engine: Engine, operation: str, request: dict[str, Any]) -> bool:
    return True


def _writes(engine: Engine, operation: str, request: dict[str, Any]) -> bool:
    return operation in _WRITES


def _is_replicated(engine: Engine, operation: str, request: dict[str, Any]) -> bool:
    return operation in _WRITES and len(_regions(engine)) > 1


def _reads_eventually(engine: Engine, operation: str, request: dict[str, Any]) -> bool:
    if operation == "BatchGetItem":
        tables = request.get("RequestItems", {}).values()
        return any(not table.get("ConsistentRead") for table in tables)
    return operation in _READS and not request.get("ConsistentRead")


def _has_several(engine: Engine, operation: str, request: dict[str, Any]) -> bool:
    if operation not in ("BatchWriteItem", "BatchGetItem"):
        return False
    entries = request.get("RequestItems", {}).values()
    return sum(len(one["Keys"] if isinstance(one, dict) else one) for one in entries) > 1


KINDS = {
    "lost_answers": Kind("it is done, and the answer is lost", _writes, _lost_answer),
    "lost_requests": Kind("the request is lost", _always, _lost_request),
    "throttles": Kind("it is throttled", _always, _throttle),
    "server_errors": Kind("it is answered with a server error", _always, _server_error),
    "stale_reads": Kind("it reads what was true before", _reads_eventually, _stale_read),
    "zone_loss": Kind("a zone is lost", _always, _zone_loss),
    "partial_batches": Kind("only one entry of the batch is done", _has_several, _partial_batch),
    "region_cuts": Kind("other regions cannot be reached", _is_replicated, _region_cut),
    OVERTAKEN: Kind("other threads go on before it hears the answer", _always, _plainly),
}


def read_kinds(text: str) -> list[str]:
    """The kinds that an option names, separated by commas; `UsageError` for others."""
    if text == "all":
        return list(KINDS)
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in KINDS:
            raise UsageError(f"There is no kind of fault {name!r}; there are {', '.join(KINDS)}.")
    return names


@frozen
class Plan:
    """One fault of one kind, at one request of a test, counted from 1."""

    kind: str
    at: int


@frozen
class Seen:
    """A request of a run: what it was, which kinds may meet it, and which thread made it."""

    operation: str
    kinds: tuple[str, ...]
    thread: int = 0


@define(eq=False)
class Turns:
    """Lets a thread wait until the others have had theirs."""

    _changed: Condition = Factory(Condition)
    #: How many requests each thread has had answered.
    _answered: dict[int, int] = Factory(dict)

    def clear(self) -> None:
        """Nobody has asked for anything."""
        self._answered.clear()

    def answered(self) -> None:
        """A request of this thread is over."""
        with self._changed:
            own = get_ident()
            self._answered[own] = self._answered.get(own, 0) + 1
            self._changed.notify_all()

    def wait(self, expected: int) -> None:
        """Wait until other threads have made so many requests more, or make none any more."""
        with self._changed:
            since, patience = self._of_others(), FIRST
            while self._of_others() - since < expected and self._changed.wait(patience):
                patience = NEXT

    def _of_others(self) -> int:
        return sum(count for thread, count in self._answered.items() if thread != get_ident())


@define(eq=False)
class Director:
    """Sees every request of a test, and lets a planned fault meet one of them."""

    plan: Plan | None = None
    #: Whether the test itself runs now, and not what prepares it.
    watching: bool = False
    #: The requests of the test as it is.
    seen: list[Seen] = Factory(list)
    #: What was met, in words.
    met: str | None = None
    _count: int = field(default=0, init=False)
    _turns: Turns = field(factory=Turns, init=False)
    #: The one that tests run in.
    _thread: int = field(factory=get_ident, init=False)

    def begin(self, plan: Plan | None) -> None:
        """A run begins; without a plan it is of the test as it is."""
        self.plan, self.met, self._count = plan, None, 0
        self._turns.clear()
        if plan is None:
            self.seen.clear()

    def ask(
        self, engine: Engine, operation: str, params: Any, region: str, perform: Perform
    ) -> dict[str, Any]:
        """Answer a request, perhaps by way of the planned fault."""
        trial = isinstance(engine, TrialEngine)
        if not self.watching or trial or operation not in MET or not isinstance(params, dict):
            return perform()
        try:
            return self._ask(engine, operation, params, region, perform)
        finally:
            self._turns.answered()

    def _ask(
        self, engine: Engine, operation: str, params: dict[str, Any], region: str, perform: Perform
    ) -> dict[str, Any]:
        self._count += 1
        plan = self.plan
        if plan is None:
            kinds = tuple(name for name, kind in KINDS.items() if kind.fits(engine, operation, params))
            self.seen.append(Seen(operation, kinds, get_ident()))
            return perform()
        if self._count != plan.at or self.met is not None:
            return perform()
        kind = KINDS[plan.kind]
        self.met = f"at request {plan.at}, {operation}, {kind.told}"
        try:
            return kind.act(engine, region, operation, perform)
        finally:
            if plan.kind == OVERTAKEN:
                self._turns.wait(self._others_after(plan.at))

    def _others_after(self, number: int) -> int:
        """How many requests others made after this one, in the test as it is.

        The test's own thread counts only if there is no third one: else it waits for the others.  If
        there was one other thread, it may be a pool's, that did one thing after another.
        """
        if number > len(self.seen):
            return 0
        own, later = self.seen[number - 1].thread, [one.thread for one in self.seen[number:]]
        workers = {one.thread for one in self.seen} - {self._thread}
        if workers == {own}:
            return later.count(own)
        others = workers - {own} or {self._thread} - {own}
        return sum(thread in others for thread in later)

    def plans(self, kinds: list[str], budget: int, name: str) -> list[Plan]:
        """Every kind at every request that it may meet, or as many as the budget has, drawn by name."""
        found = [
            Plan(kind, number)
            for kind in kinds
            for number, one in enumerate(self.seen, 1)
            if kind in one.kinds and (kind != OVERTAKEN or self._others_after(number))
        ]
        if len(found) <= budget:
            return found
        chosen = set(Random(name).sample(range(len(found)), budget))
        return [plan for place, plan in enumerate(found) if place in chosen]


@contextmanager
def directed(director: Director) -> Iterator[None]:
    """Let a director see the requests of all worlds meanwhile."""
    plain = Engine.call

    def call(
        self: Engine, service: str, operation: str, params: Any, caller: Any, **more: Any
    ) -> dict[str, Any]:
        def perform() -> dict[str, Any]:
            return plain(self, service, operation, params, caller, **more)

        return director.ask(self, operation, params, caller.region, perform)

    Engine.call = call  # type: ignore[method-assign]
    try:
        yield
    finally:
        Engine.call = plain  # type: ignore[method-assign]
