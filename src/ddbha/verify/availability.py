"""Availability: what a recorded history says of how well clients were served, and what is lost.

AWS's own statements (99.99 % for tables of one region, 99.999 % for global tables) are about months of
production; what is measured here is what happened to these requests in this world.
https://aws.amazon.com/dynamodb/sla/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from math import ceil, inf
from typing import Any

from attrs import Factory, define, field, frozen

from ddbha.errors import UsageError
from ddbha.observe.events import Event
from ddbha.region.region import Regions
from ddbha.region.table import Table
from ddbha.values.image import Image, size_of, unpack
from ddbha.values.key import ItemKey
from ddbha.verify.attempts import Attempt, Attempts, Change, Ledger

#: What requests can be told apart by.
DIMENSIONS = ("region", "table", "operation", "client")


@frozen
class Outage:
    """A stretch without a success: from the first failure to the next success, or to the end."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.begin

    def __str__(self) -> str:
        return f"{self.seconds:g} s ({_clock(self.begin)} to {_clock(self.end)})"


@define(eq=False)
class Service:
    """How requests of one kind were served."""

    requests: int = 0
    successes: int = 0
    #: Successes that needed a retry.
    saved_by_retries: int = 0
    #: Attempts that ended in an error, by what the client was told.
    errors: Counter[str] = Factory(Counter)
    outages: list[Outage] = Factory(list)
    #: Seconds from the beginning of each fault to the first success after it, by the fault's words.
    recoveries: dict[str, float] = Factory(dict)
    #: How old what eventually consistent reads showed was, in seconds, sorted.
    staleness: list[float] = Factory(list)

    @property
    def availability(self) -> float:
        """Successes per hundred requests; a refusal, such as a failed condition, is an answer."""
        return 100.0 * self.successes / self.requests if self.requests else 100.0

    @property
    def longest_outage(self) -> Outage | None:
        """The longest stretch without a success."""
        return max(self.outages, key=lambda outage: outage.seconds, default=None)

    @property
    def stale_reads(self) -> int:
        """How many reads showed what was not true any more."""
        return sum(age > 0 for age in self.staleness)

    def stale_at(self, percent: float) -> float:
        """The age, in seconds, that so many per cent of eventually consistent reads did not exceed."""
        if not self.staleness:
            return 0.0
        return self.staleness[max(0, ceil(percent / 100 * len(self.staleness)) - 1)]

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        longest = self.longest_outage
        return {
            "requests": self.requests,
            "successes": self.successes,
            "availability": self.availability,
            "saved_by_retries": self.saved_by_retries,
            "errors": dict(self.errors),
            "longest_outage": None
            if longest is None
            else {"seconds": longest.seconds, "begin": longest.begin, "end": longest.end},
            "recoveries": dict(self.recoveries),
            "staleness": {str(p): self.stale_at(p) for p in (50, 99, 100)},
            "stale_reads": self.stale_reads,
        }


@frozen
class LostWrite:
    """An acknowledged write that is nowhere any more; `time` is seconds since the epoch."""

    table: str
    key: ItemKey
    time: float
    region: str
    operation: str
    client: str

    def __str__(self) -> str:
        return f"{_clock(self.time)} {self.region} {self.operation} {self.table} {self.key[1:]}"


@frozen
class Conflict:
    """Two regions wrote an item without knowing of each other, and the later write won."""

    time: float
    table: str
    key: Any
    winner: str
    loser: str


@define(eq=False)
class Availability:
    """What the history says; `by` tells requests apart."""

    since: float
    until: float
    total: Service
    lost_writes: list[LostWrite]
    conflicts: list[Conflict]
    _measure: Callable[[Callable[[Attempt], bool]], Service] = field(repr=False)
    _attempts: list[Attempt] = field(repr=False)

    @property
    def lost_seconds(self) -> float:
        """The recovery point in seconds: from the oldest lost write to the newest; 0.0 for none."""
        times = [write.time for write in self.lost_writes]
        return max(times) - min(times) if times else 0.0

    def by(self, *dimensions: str) -> dict[tuple[str, ...], Service]:
        """How requests were served by region, table, operation or client, or by several of them.

        Raises `UsageError` for anything else.
        """
        for name in dimensions:
            if name not in DIMENSIONS:
                raise UsageError(f"Requests are not told apart by {name!r}: by {', '.join(DIMENSIONS)}.")
        groups = sorted({_group(attempt, dimensions) for attempt in self._attempts})
        return {group: self._measure(_of(group, dimensions)) for group in groups}

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, by region, table, operation and client."""
        return {
            "since": self.since,
            "until": self.until,
            "total": self.total.to_dict(),
            "by": [
                {**dict(zip(DIMENSIONS, group, strict=True)), **service.to_dict()}
                for group, service in self.by(*DIMENSIONS).items()
            ],
            "lost_writes": [
                {
                    "table": write.table,
                    "key": list(write.key[1:]),
                    "time": write.time,
                    "region": write.region,
                    "operation": write.operation,
                }
                for write in self.lost_writes
            ],
            "lost_seconds": self.lost_seconds,
            "conflicts": len(self.conflicts),
        }

    def __str__(self) -> str:
        total = self.total
        lines = [
            f"{_clock(self.since)} to {_clock(self.until)}: {total.successes} of {total.requests} "
            f"requests succeeded ({total.availability:.3f} %), {total.saved_by_retries} by a retry",
        ]
        if total.errors:
            told = ", ".join(f"{code} {count}" for code, count in total.errors.most_common())
            lines.append(f"  errors: {told}")
        if total.longest_outage is not None:
            lines.append(f"  longest stretch without a success: {total.longest_outage}")
        lines += [
            f"  {seconds:g} s after {fault} it worked" for fault, seconds in total.recoveries.items()
        ]
        if total.staleness:
            lines.append(
                f"  stale reads: {total.stale_reads} of {len(total.staleness)} eventually consistent, "
                f"half at most {total.stale_at(50):g} s old, the oldest {total.stale_at(100):g} s"
            )
        if self.lost_writes:
            lines.append(
                f"  {len(self.lost_writes)} acknowledged writes are lost, of {self.lost_seconds:g} s; "
                f"the first: {self.lost_writes[0]}"
            )
        if self.conflicts:
            lines.append(f"  {len(self.conflicts)} conflicts were won by the last writer")
        return "\n".join(lines)

    __repr__ = __str__


def measure(
    attempts: Attempts,
    regions: Regions,
    events: Iterable[Event],
    since: float | None,
    until: float | None,
    stands_for: Mapping[str, str],
) -> Availability:
    """Look at attempts that began from `since` on and before `until`; see `World.availability`."""
    now = regions.environment.clock.time()
    begin = -inf if since is None else since
    end = now if until is None else until
    if begin > end:
        raise UsageError("since= is later than until=.")
    # A request belongs to the time at which it began, with all its attempts.
    chosen = [attempt for attempt in attempts.attempts if begin <= attempt.began <= end]
    told = [event for event in events if begin <= event.time <= end]
    faults = [(str(e.details["fault"]), e.time) for e in told if e.kind == "fault-began"]

    def of(fits: Callable[[Attempt], bool]) -> Service:
        return _service([attempt for attempt in chosen if fits(attempt)], faults, end)

    conflicts = [
        Conflict(e.time, e.details["table"], e.details["key"], e.details["winner"], e.details["loser"])
        for e in told
        # Every region decides alike, and says so; the one that lost is asked.
        if e.kind == "write-conflict-resolved" and e.region == e.details["loser"]
    ]
    first = min((attempt.began for attempt in chosen), default=end)
    lost = [w for w in lost_writes(attempts, regions, stands_for) if begin <= w.time <= end]
    return Availability(
        first if since is None else begin, end, of(lambda attempt: True), lost, conflicts, of, chosen
    )


def _service(attempts: list[Attempt], faults: list[tuple[str, float]], end: float) -> Service:
    calls: dict[int, list[Attempt]] = {}
    for attempt in attempts:
        calls.setdefault(attempt.call, []).append(attempt)
    service = Service(len(calls))
    successes: list[float] = []
    failed_since: float | None = None
    for tries in sorted(calls.values(), key=lambda tries: tries[-1].ended):
        last = tries[-1]
        service.errors.update(attempt.error for attempt in tries if attempt.error is not None)
        if last.failed:
            failed_since = tries[0].began if failed_since is None else failed_since
            continue
        service.successes += 1
        service.saved_by_retries += len(tries) > 1
        successes.append(last.ended)
        if len(tries) > 1 and failed_since is None:
            failed_since = tries[0].began
        if failed_since is not None:
            service.outages.append(Outage(failed_since, last.ended))
            failed_since = None
        if last.staleness is not None:
            service.staleness.append(last.staleness)
    if failed_since is not None:
        service.outages.append(Outage(failed_since, end))
    service.staleness.sort()
    for fault, began in faults:
        after = next((time for time in successes if time >= began), None)
        if after is not None:
            service.recoveries[fault] = after - began
    return service


def _group(attempt: Attempt, dimensions: tuple[str, ...]) -> tuple[str, ...]:
    values = {
        "region": attempt.region,
        "table": " ".join(attempt.tables),
        "operation": attempt.operation,
        "client": attempt.client,
    }
    return tuple(values[name] for name in dimensions)


def _of(group: tuple[str, ...], dimensions: tuple[str, ...]) -> Callable[[Attempt], bool]:
    return lambda attempt: _group(attempt, dimensions) == group


# -- What is lost ---------------------------------------------------------------------------------------


def lost_writes(attempts: Attempts, regions: Regions, stands_for: Mapping[str, str]) -> list[LostWrite]:
    """The acknowledged writes of which no table in reach knows, oldest first.

    A table knows the writes that it took in itself or from another region, whatever became of the item
    afterwards; of one that took its place, as `stands_for` says, it knows what its items began with.
    """
    for ledger in attempts.ledgers.values():
        ledger.read(None)
    lost: list[LostWrite] = []
    for ledger in attempts.ledgers.values():
        name = ledger.table.name
        survivors = [
            (region.tables[place], place != name)
            for region in regions
            if region.account_id == ledger.region.account_id
            and (place := stands_for.get(name, name)) in region.tables
            and not regions.environment.links.outages.get(region.name)
        ]
        if any(table is ledger.table for table, _ in survivors):
            continue
        knowing = [_Knowing(table, attempts.ledgers.get(table.id), took) for table, took in survivors]
        for key, changes in ledger.changes.items():
            first = max((one.knows_up_to(key, changes) for one in knowing), default=-1) + 1
            for change in changes[first:]:
                attempt = change.attempt
                if attempt is None or any(one.took_in(key, change) for one in knowing):
                    continue
                lost.append(
                    LostWrite(name, key, change.time, attempt.region, attempt.operation, attempt.client)
                )
    return sorted(lost, key=lambda write: write.time)


@define(eq=False)
class _Knowing:
    """What one surviving table knows of the writes of another."""

    table: Table
    ledger: Ledger | None
    #: Whether it took the other's place, and is no replica of it.
    took_place: bool

    def took_in(self, key: ItemKey, change: Change) -> bool:
        """Whether it took a write in from the other region."""
        if self.ledger is None or self.took_place:
            return False
        return any(
            # Images are shared by replicas, backups and restores, so writes are told by identity.
            own.new is change.new and (own.new is not None or own.time >= change.time)
            for own in self.ledger.changes.get(key, ())
        )

    def knows_up_to(self, key: ItemKey, changes: list[Change]) -> int:
        """The place of the newest change that its item came from; -1 for none."""
        if self.ledger is None:
            partition = self.table.partitions.of(key)
            partition.leader.apply_all()
            state = partition.leader.items.images.get(key)
        else:
            own = self.ledger.changes.get(key, [])
            state = own[0].new if own and own[0].time == -inf else None
        if state is None:
            return max((n for n, change in enumerate(changes) if change.new is None), default=-1)
        return max((n for n, change in enumerate(changes) if _same(change.new, state)), default=-1)


def _same(image: Image | None, state: Image) -> bool:
    if image is None or image is state:
        return image is state
    return size_of(image) == size_of(state) and (image == state or unpack(image) == unpack(state))


def _clock(time: float) -> str:
    if time in (inf, -inf):
        return "the beginning"
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
