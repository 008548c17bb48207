"""Faults: what a test takes away from a world, and gives back.

Scenarios: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/disaster-recovery-resiliency.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import TracebackType

from attrs import define, field

from ddbha.errors import AwsError, UnknownPlaceError, UsageError, error_class
from ddbha.faults.regions import Effect, RegionFaults
from ddbha.faults.requests import (
    LOST_ANSWERS,
    ErrorFault,
    LostAnswer,
    PartialBatch,
    Request,
    RequestFault,
    SlowTransaction,
)
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.environment import Environment
from ddbha.region.region import ZONE_LETTERS, Regions
from ddbha.storage.partition import Partition
from ddbha.storage.replica import Replica

_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d+)([a-z])")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")


@define(eq=False)
class Fault:
    """A fault that was asked for: it is scheduled, active or ended.  Leaving its context ends it."""

    description: str
    _environment: Environment
    _begin: Callable[[Fault], None]
    _end: Callable[[Fault], None]
    status: str = field(default="SCHEDULED", init=False)

    def begin(self) -> None:
        """Start the fault now."""
        if self.status == "SCHEDULED":
            self.status = "ACTIVE"
            self._environment.record("fault-began", "", fault=self.description)
            self._begin(self)

    def end(self) -> None:
        """End the fault now; a scheduled one never begins.  Ending twice is harmless."""
        began = self.status == "ACTIVE"
        self.status = "ENDED"
        if began:
            self._environment.record("fault-ended", "", fault=self.description)
            self._end(self)

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()


@define(eq=False)
class Faults:
    """The faults of a world.

    Each method starts a fault and returns its handle.  `after` and `duration` (seconds on the world's
    clock) schedule its start and its end.
    """

    _regions: Regions
    #: Names of the operations that requests can be for.
    _operations: frozenset[str] = frozenset()
    _active: list[Fault] = field(factory=list, init=False)
    #: What meets single requests, in the order in which the faults began.
    of_requests: list[RequestFault] = field(factory=list, init=False)

    def zone_outage(self, zone: str, *, after: float = 0, duration: float | None = None) -> Fault:
        """All replicas in a zone stop answering.

        Raises `UnknownPlaceError` if no region can have such a zone.
        """
        self._region_of(zone)

        def begin(fault: Fault) -> None:
            self._regions.environment.zone_outages.setdefault(zone, set()).add(fault)
            for partition, replica in self._replicas(zone):
                replica.outages.add(fault)
                partition.note_loss()

        def end(fault: Fault) -> None:
            self._regions.environment.zone_outages[zone].discard(fault)
            self._restore(fault, zone)

        return self._start(f"zone outage {zone}", begin, end, after, duration)

    def node_outage(
        self,
        zone: str,
        *,
        table: str,
        partition: int = 0,
        after: float = 0,
        duration: float | None = None,
    ) -> Fault:
        """The node that holds one partition's replica in a zone stops answering.

        Raises `UnknownPlaceError` if the zone's region has no such table or partition.
        """
        self._replica(zone, table, partition)

        def begin(fault: Fault) -> None:
            lost = self._replica(zone, table, partition)
            lost.outages.add(fault)
            next(p for p, replica in self._replicas(zone) if replica is lost).note_loss()

        def end(fault: Fault) -> None:
            self._restore(fault, zone)

        return self._start(
            f"node outage {zone} table={table} partition={partition}", begin, end, after, duration
        )

    def zone_cut(
        self, zone: str, other: str, *, after: float = 0, duration: float | None = None
    ) -> Fault:
        """Two zones of a region cannot reach each other; clients reach both.

        A leader that is cut off from both of its peers steps down, and what it holds grows old.  Raises
        `UnknownPlaceError` for a zone that cannot be, `UsageError` for zones of different regions.
        """
        if zone == other or self._region_of(zone) != self._region_of(other):
            raise UsageError(f"{zone} and {other} are not two zones of one region.")
        pair = frozenset((zone, other))
        cuts = self._regions.environment.zone_cuts

        def begin(fault: Fault) -> None:
            cuts.setdefault(pair, set()).add(fault)
            for partition, _ in self._replicas(zone):
                partition.note_loss()

        def end(fault: Fault) -> None:
            cuts[pair].discard(fault)
            if not cuts[pair]:
                del cuts[pair]
            for partition, _ in self._replicas(zone):
                partition.heal()

        return self._start(f"zone cut {zone} {other}", begin, end, after, duration)

    def follower_lag(
        self, zone: str, *, seconds: float, after: float = 0, duration: float | None = None
    ) -> Fault:
        """Replicas in a zone apply what they hold so many seconds late, except where they lead.

        Eventually consistent reads that meet them see the past.  Raises `UnknownPlaceError` if no region
        can have such a zone.
        """
        self._region_of(zone)
        _check_lag(seconds)
        lags = self._regions.environment.zone_lags.setdefault(zone, {})

        def refresh() -> None:
            now = self._regions.environment.clock.time()
            for _, replica in self._replicas(zone):
                # What was there before the lag began stays seen.
                replica.catch_up(now)
                replica.lag = self._regions.environment.lag(zone)

        def begin(fault: Fault) -> None:
            lags[fault] = seconds
            refresh()

        def end(fault: Fault) -> None:
            del lags[fault]
            refresh()

        return self._start(f"follower lag {zone} seconds={seconds}", begin, end, after, duration)

    def index_lag(
        self,
        table: str,
        index: str,
        *,
        seconds: float,
        after: float = 0,
        duration: float | None = None,
    ) -> Fault:
        """A global secondary index takes writes in so many seconds late, in every region.

        Raises `UnknownPlaceError` if there is no such table or index.
        """
        self._require_table(table)
        _check_lag(seconds)
        if not list(self._indexes(table, index)):
            names = sorted(
                name
                for r in self._regions
                if table in r.tables
                for name in r.tables[table].global_indexes
            )
            raise UnknownPlaceError(
                f"Table {table!r} has no global secondary index {index!r}. "
                f"It has: {', '.join(names) or 'none'}."
            )

        def begin(fault: Fault) -> None:
            for found in self._indexes(table, index):
                found.add_lag(fault, seconds, self._regions.environment.clock.time())

        def end(fault: Fault) -> None:
            for found in self._indexes(table, index):
                found.remove_lag(fault)

        return self._start(f"index lag {table} {index} seconds={seconds}", begin, end, after, duration)

    def region_outage(self, region: str, *, after: float = 0, duration: float | None = None) -> Fault:
        """A region vanishes: clients cannot connect to it, nothing is replicated to or from it.

        Its tables keep what they have, and catch up when it is back.  Raises `UnknownPlaceError` for
        what cannot be a region.
        """
        _check_region(region)
        return self._between(self._links.region_outage(region), after, duration)

    def network_cut(
        self, region: str, other: str, *, after: float = 0, duration: float | None = None
    ) -> Fault:
        """Two regions cannot reach each other; clients reach both, and writes are merged afterwards."""
        _check_region(region, other)
        return self._between(self._links.network_cut(region, other), after, duration)

    def replication_pause(
        self, table: str, region: str, *, after: float = 0, duration: float | None = None
    ) -> Fault:
        """Nothing is replicated to or from a table's replica in one region, as by AWS FIS's pause action.

        https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
        Raises `UnknownPlaceError` if there is no such replica.
        """
        return self._between(self._links.replication_pause(table, region), after, duration)

    def replica_inaccessible(
        self,
        table: str,
        region: str,
        *,
        status: str = "REGION_DISABLED",
        after: float = 0,
        duration: float | None = None,
    ) -> Fault:
        """A replica is out of reach because its account disabled the region, or its key cannot be used.

        `status` is REGION_DISABLED or INACCESSIBLE_ENCRYPTION_CREDENTIALS.  Requests for the table there
        are refused, nothing is replicated, and after 20 hours it leaves the global table for good and
        stays as an ordinary table; one with strong consistency is ARCHIVED after seven days.
        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ReplicaDescription.html
        Raises `UnknownPlaceError` if there is no such replica.
        """
        effect = self._links.replica_inaccessible(table, region, status)
        return self._between(effect, after, duration)

    def replication_lag(
        self,
        region: str,
        other: str,
        *,
        seconds: float | tuple[float, float],
        one_way: bool = False,
        after: float = 0,
        duration: float | None = None,
    ) -> Fault:
        """Writes in one region arrive so many seconds late in the other, and the other way round.

        `seconds` may be a range: each write's lag is drawn from it by the seed.  With `one_way` only
        what goes from `region` to `other` is late.
        """
        _check_region(region, other)
        effect = self._links.replication_lag(region, other, seconds, one_way=one_way)
        return self._between(effect, after, duration)

    def clock_skew(
        self, region: str, *, seconds: float, after: float = 0, duration: float | None = None
    ) -> Fault:
        """The clock by which a region stamps its writes is so many seconds ahead (behind if negative)."""
        _check_region(region)
        return self._between(self._links.clock_skew(region, seconds), after, duration)

    def _between(self, effect: Effect, after: float, duration: float | None) -> Fault:
        return self._start(effect.description, effect.begin, effect.end, after, duration)

    @property
    def _links(self) -> RegionFaults:
        return RegionFaults(self._regions)

    def error(
        self,
        code: str,
        *,
        operation: str | None = None,
        table: str | None = None,
        times: int | None = None,
        probability: float = 1.0,
        when: Callable[[Request], bool] | None = None,
        after_commit: bool = False,
        message: str | None = None,
        after: float = 0,
        duration: float | None = None,
    ) -> Fault:
        """Requests are answered with the AWS error `code`, after they were done if `after_commit`.

        `operation`, `table`, `when` (called with the request) and `probability` choose the requests,
        `times` says how many.  Raises `UsageError` for a code that DynamoDB does not have and
        `UnknownPlaceError` for a table that does not exist.
        """
        error: type[AwsError] | None = error_class(code)
        if error is None:
            raise UsageError(
                f"DynamoDB has no error {code!r}; it has ThrottlingException, InternalServerError, "
                "ProvisionedThroughputExceededException, TransactionConflictException and the others of "
                "ddbha.errors."
            )
        fault = ErrorFault(operation, table, times, probability, when, after_commit, error, message)
        return self._meet(f"error {code}", fault, after, duration)

    def timeout(
        self,
        *,
        operation: str | None = None,
        table: str | None = None,
        times: int | None = None,
        probability: float = 1.0,
        when: Callable[[Request], bool] | None = None,
        after_commit: bool = False,
        kind: str = "read_timeout",
        after: float = 0,
        duration: float | None = None,
    ) -> Fault:
        """The answers to requests are lost, after they were done if `after_commit`.

        `kind` is read_timeout, connect_timeout, endpoint_connection or connection_closed: which of
        botocore's exceptions the client raises.  Requests are chosen as for `error`.
        """
        if kind not in LOST_ANSWERS:
            raise UsageError(f"kind={kind!r} is none of {', '.join(LOST_ANSWERS)}.")
        if after_commit and not LOST_ANSWERS[kind]:
            raise UsageError(f"A request that ends in {kind} never arrives: after_commit= is impossible.")
        fault = LostAnswer(operation, table, times, probability, when, after_commit, kind)
        return self._meet(f"timeout {kind}", fault, after, duration)

    def partial_batch(
        self,
        *,
        keep: int,
        operation: str = "BatchWriteItem",
        table: str | None = None,
        times: int | None = None,
        probability: float = 1.0,
        when: Callable[[Request], bool] | None = None,
        after: float = 0,
        duration: float | None = None,
    ) -> Fault:
        """Batches are done up to `keep` entries; the others come back as unprocessed."""
        if operation not in ("BatchWriteItem", "BatchGetItem"):
            raise UsageError(f"{operation} is no batch; BatchWriteItem and BatchGetItem are.")
        if keep < 1:
            raise UsageError("keep= is at least 1: AWS answers with an error if nothing was done.")
        fault = PartialBatch(operation, table, times, probability, when, False, keep)
        return self._meet(f"partial batch keep={keep}", fault, after, duration)

    def slow_transaction(
        self,
        *,
        seconds: float,
        operation: str = "TransactWriteItems",
        table: str | None = None,
        times: int | None = None,
        probability: float = 1.0,
        when: Callable[[Request], bool] | None = None,
        after: float = 0,
        duration: float | None = None,
    ) -> Fault:
        """Transactions are prepared at once, and committed so many seconds later on the world's clock.

        Meanwhile their items are locked: other writes and transactions meet conflicts, reads see the
        state before.  The client hears nothing (`ReadTimeoutError`); trying again with the same token
        gives TransactionInProgressException until it is committed.  Requests are chosen as for `error`.
        """
        if operation not in ("TransactWriteItems", "ExecuteTransaction"):
            raise UsageError(
                f"{operation} is no transaction that writes; "
                "TransactWriteItems and ExecuteTransaction are."
            )
        if seconds <= 0:
            raise UsageError("seconds= is more than zero: how long the transaction takes.")
        environment = self._regions.environment
        # The client does not know whether it was done: as for answers that are lost after the commit.
        fault = SlowTransaction(operation, table, times, probability, when, True, seconds, environment)
        return self._meet(f"slow transaction seconds={seconds}", fault, after, duration)

    def _meet(self, description: str, met: RequestFault, after: float, duration: float | None) -> Fault:
        if not 0 <= met.probability <= 1:
            raise UsageError(f"probability={met.probability} is not between 0 and 1.")
        if met.times is not None and met.times < 1:
            raise UsageError(f"times={met.times} is not a positive number.")
        if met.operation is not None and met.operation not in self._operations:
            raise UsageError(f"ddbha has no operation {met.operation!r}; they are named like PutItem.")
        # A request may be meant to meet its fault while it creates the table.
        if met.table is not None and met.operation != "CreateTable":
            self._require_table(met.table)
        for name in ("operation", "table", "times"):
            if getattr(met, name) is not None:
                description += f" {name}={getattr(met, name)}"

        def begin(fault: Fault) -> None:
            self.of_requests.append(met)

        def end(fault: Fault) -> None:
            self.of_requests.remove(met)

        return self._start(description, begin, end, after, duration)

    def _indexes(self, table: str, index: str) -> Iterator[GlobalIndex]:
        for region in self._regions:
            if table in region.tables and index in region.tables[table].global_indexes:
                yield region.tables[table].global_indexes[index]

    def _region_of(self, zone: str) -> str:
        match = _ZONE.fullmatch(zone)
        if match is None or match[2] not in ZONE_LETTERS:
            raise UnknownPlaceError(
                f"There is no zone {zone!r}. Zones are a region's name and one of the letters "
                f"{', '.join(ZONE_LETTERS)}, for example {self._example_zones()}."
            )
        return match[1]

    def _require_table(self, name: str) -> None:
        names = {table for region in self._regions for table in region.tables}
        if name not in names:
            raise UnknownPlaceError(
                f"There is no table {name!r}. Tables: {', '.join(sorted(names)) or 'none'}."
            )

    def end_all(self) -> None:
        """End every fault."""
        for fault in list(self._active):
            fault.end()

    @property
    def active(self) -> list[Fault]:
        """The faults that go on now."""
        return [fault for fault in self._active if fault.status == "ACTIVE"]

    def _start(
        self,
        description: str,
        begin: Callable[[Fault], None],
        end: Callable[[Fault], None],
        after: float,
        duration: float | None,
    ) -> Fault:
        if after < 0 or (duration is not None and duration < 0):
            raise UsageError("after= and duration= are seconds from now on: zero or more.")
        fault = Fault(description, self._regions.environment, begin, end)
        self._active = [other for other in self._active if other.status != "ENDED"]
        self._active.append(fault)
        if after == 0:
            fault.begin()
        else:
            self._regions.environment.later(after, fault.begin)
        if duration is not None:
            self._regions.environment.later(after + duration, fault.end)
        return fault

    def _restore(self, fault: Fault, zone: str) -> None:
        # Looked up now: a partition may have been split since the fault began.
        places = [place for place in self._replicas(zone) if fault in place[1].outages]
        for _, replica in places:
            replica.outages.discard(fault)
        for partition, _ in places:
            partition.heal()

    def _replicas(self, zone: str) -> Iterator[tuple[Partition, Replica]]:
        for region in self._regions:
            if zone in region.zones:
                for table in region.tables.values():
                    for partition in table.all_partitions():
                        for replica in partition.replicas:
                            if replica.zone == zone:
                                yield partition, replica

    def _replica(self, zone: str, table: str, number: int) -> Replica:
        regions = [region for region in self._regions if zone in region.zones]
        found = [region.tables[table] for region in regions if table in region.tables]
        if not found:
            names = sorted({name for region in regions for name in region.tables})
            raise UnknownPlaceError(
                f"No table {table!r} has replicas in zone {zone!r}. "
                f"Tables there: {', '.join(names) or 'none'}."
            )
        partitions = found[0].partitions
        if not 0 <= number < len(partitions):
            raise UnknownPlaceError(
                f"Table {table!r} has partitions 0 to {len(partitions) - 1}, not {number}."
            )
        return next(r for r in partitions[number].replicas if r.zone == zone)

    def _example_zones(self) -> str:
        zones = [zone for region in self._regions for zone in region.zones]
        return ", ".join(zones or [f"us-east-1{letter}" for letter in ZONE_LETTERS])


def _check_lag(seconds: float) -> None:
    if seconds < 0:
        raise UsageError(f"seconds={seconds} would be a look into the future; a lag is zero or more.")


def _check_region(*names: str) -> None:
    for name in names:
        if not _REGION.fullmatch(name):
            raise UnknownPlaceError(f"There is no region {name!r}; regions are named like us-east-1.")
