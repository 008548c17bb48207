"""The history: what clients asked for and what they were told, in the order in which it began and ended.

`ddbha.verify` proves from it that the answers fit together.  Nothing is recorded unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from math import inf
from typing import Any

from attrs import Factory, define, field

from ddbha.errors import AwsError, NoAnswer, UsageError
from ddbha.faults.requests import ErrorFault, RequestFault, named_by
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.region.environment import Environment
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.record import LogRecord
from ddbha.storage.replication import QUORUM
from ddbha.values.image import Image
from ddbha.values.key import ItemKey
from ddbha.verify.calls import RESTORES, UNDERSTOOD, BackgroundWrite, Call, Restored
from ddbha.verify.records import KnownTable
from ddbha.verify.staleness import staleness


@define(eq=False, repr=False)
class History:
    """The calls of all clients, oldest first, once `start` was called."""

    _environment: Environment
    recording: bool = False
    calls: list[Call] = Factory(list)
    background: list[BackgroundWrite] = Factory(list)
    known: dict[str, KnownTable] = Factory(dict)
    restored: list[Restored] = Factory(list)
    #: What was said of records that were acknowledged and not held as they must be.
    lost: list[str] = Factory(list)
    #: The time at each place.
    times: list[float] = Factory(list)
    #: Where the pages ended that a token leads on from.
    _ends: dict[str, dict[str, Any]] = Factory(dict)
    _followers: list[_Reader] = Factory(list)
    #: Whether a request is being answered that the checker does not understand.
    foreign: bool = field(default=False, init=False)
    #: Whether what was asked for before it began may be written later.
    unfinished: bool = field(default=False, init=False)
    #: Where the call is answered that began last.
    _region: Region | None = field(default=None, init=False)

    def start(self) -> None:
        """Record from now on; what was recorded before is forgotten."""
        with self._environment.standstill():
            self.clear()
            self.recording = True
            settings = self._environment.settings
            self.unfinished = bool(self._environment.locks) or settings.open_outcomes

    def clear(self) -> None:
        """Forget everything that was recorded."""
        with self._environment.standstill():
            for follower in self._followers:
                follower.partition.followers.remove(follower)
            self._followers.clear()
            self.calls.clear()
            self.background.clear()
            self.known.clear()
            self.restored.clear()
            self.lost.clear()
            self.times.clear()
            self._ends.clear()

    def begin(
        self,
        client: str,
        region: Region,
        operation: str,
        request: dict[str, Any],
        faults: list[RequestFault],
    ) -> Call:
        """A client asks; `faults` are those that single requests may meet now."""
        found = {name: region.named_table(name) for name in named_by(request)}
        tables = {name: table for name, table in found.items() if table is not None}
        for table in tables.values():
            self._meet(table, region)
        understood = operation in UNDERSTOOD
        self.read_all()
        call = Call(
            client,
            region.name,
            region.account_id,
            operation,
            deepcopy(request),
            self._place(),
            self._environment.clock.time(),
            tables,
            _index_read(operation, request, tables),
            any(fault.after_commit and isinstance(fault, ErrorFault) for fault in faults),
            behind=self._ends.get(request.get("NextToken", "")),
        )
        self.calls.append(call)
        self.foreign = not understood
        self._region = region
        return call

    def _note_restored(self, call: Call, region: Region | None) -> None:
        table = None if region is None else region.tables.get(call.request.get("TargetTableName", ""))
        if region is None or table is None or table.restoring_from is None:
            return
        if call.operation in RESTORES:
            self.known[table.id] = known = self._known(table, region)
            self.restored.append(Restored(call, known, table.restoring_from))

    def end(self, call: Call, result: dict[str, Any] | AwsError | NoAnswer) -> None:
        """The client of a call is told the result."""
        # Before the call ends: what arrived while it was answered belongs into its time.
        self.read_all()
        self.foreign = False
        if call.operation in UNDERSTOOD:
            call.staleness = staleness(call, self._environment.clock.time())
        call.completed, call.ended = self._place(), self._environment.clock.time()
        if isinstance(result, dict):
            call.answer = deepcopy(result)
            if "NextToken" in result and "LastEvaluatedKey" in result:
                self._ends[result["NextToken"]] = call.answer["LastEvaluatedKey"]
            self._note_restored(call, self._region)
        else:
            call.error = result.copied() if isinstance(result, AwsError) else result

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is written meanwhile is no client's doing, and taken as it comes."""
        self.read_all()
        self.foreign = True
        try:
            yield
        finally:
            self.read_all()
            self.foreign = False

    def read_all(self) -> None:
        """Take in what happened in the background up to now, in all tables of all regions."""
        for follower in list(self._followers):
            # The times of records may come from a skewed clock.
            follower.catch_up(inf)
            if follower.lost is not None:
                self.lost.append(follower.lost)
                follower.lost = None
        for known in self.known.values():
            known.look()

    def _place(self) -> int:
        self.times.append(self._environment.clock.time())
        return len(self.times) - 1

    def _meet(self, table: Table, region: Region) -> None:
        if table.id not in self.known and table.status in ("ACTIVE", "UPDATING"):
            self.known[table.id] = self._known(table, region)

    def _known(self, table: Table, region: Region) -> KnownTable:
        """A table from now on, with whom tells of its records."""
        initial: dict[ItemKey, Image] = {}
        now = self._environment.clock.time()
        since = -inf
        for partition in table.partitions:
            partition.leader.apply_all()
            initial.update(partition.leader.items.images)
            if partition.leader.last_sequence:
                since = now
        known = KnownTable(table, region.name, initial, len(self.times), now, since)

        def follow(partition: Partition) -> _Reader:
            reader = _Reader(partition, self, known)
            self._followers.append(reader)
            return reader

        table.partitions.attach(follow)
        return known

    def took_over(self, follower: _Reader, successor: _Reader) -> None:
        """A partition was split: a successor of its follower reads one half."""
        if follower in self._followers:
            self._followers.remove(follower)
        self._followers.append(successor)

    def note(self, known: KnownTable, partition: Partition, record: LogRecord) -> None:
        """A record was written: by an understood request, or in the background."""
        by_itself = record.cause is not None or record.origin != known.region
        asked = not (self.foreign or by_itself)
        known.keep(record, partition, len(self.times), asked=asked)
        if not asked:
            cause = record.cause or ("a request" if self.foreign else f"region {record.origin}")
            # The log tells the order of such writes, so none of them shares its time with another.
            write = BackgroundWrite(
                known.table, record.key, record.new, self._place(), self._place(), cause
            )
            self.background.append(write)

    def __iter__(self) -> Iterator[Call]:
        self._require_start()
        return iter(list(self.calls))

    def __len__(self) -> int:
        self._require_start()
        return len(self.calls)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def __repr__(self) -> str:
        return f"<History of {len(self.calls)} calls{'' if self.recording else ', not recording'}>"

    def _require_start(self) -> None:
        if not self.recording and not self.calls:
            raise UsageError(
                "No history was recorded: make the World with history=True, or call history.start()."
            )


def _index_read(
    operation: str, request: dict[str, Any], tables: dict[str, Table]
) -> LocalIndex | GlobalIndex | None:
    """The index that a request reads; those of vectors are none of these."""
    name = request.get("IndexName")
    if operation == "ExecuteStatement":
        # Few histories have statements, and their parser takes its time to import.
        from ddbha.expressions.partiql.parser import index_of

        name = index_of(request["Statement"])
    if name is None or not tables:
        return None
    table = next(iter(tables.values()))
    return table.local_indexes.get(name) or table.global_indexes.get(name)


@define(eq=False)
class _Reader(PartitionFollower):
    """Tells the history of a table's records."""

    history: History
    known: KnownTable
    predecessor: _Reader | None = field(default=None, kw_only=True)
    #: What is wrong with the records that were read, until it is taken note of.
    lost: str | None = None
    _last: LogRecord | None = None

    def catch_up(self, now: float) -> None:
        """Read what is acknowledged: what else the leader holds may vanish again."""
        if self.predecessor is not None:
            self.predecessor.catch_up(now)
            self.lost = self.predecessor.lost
            self.predecessor = None
        self._look_back()
        acknowledged = self.partition.acknowledged_sequence
        if self.applied_sequence < acknowledged:
            for record in self.source.after(self.applied_sequence):
                if record.sequence <= acknowledged:
                    self.apply(record)
                    self.applied_sequence = record.sequence
                    self._last = record
            self._look_around()

    def _look_back(self) -> None:
        """What was read last is still in the leader's log, unless it was cut behind it."""
        log, last = self.source, self._last
        if last is None or last.sequence <= log.dropped_sequence:
            return
        if log.after(last.sequence - 1)[:1] != [last]:
            self._complain(f"the leader in {self.partition.leader.zone} lacks record {last.sequence}")

    def _look_around(self) -> None:
        """What was acknowledged is held by two replicas at the time."""
        held = sum(replica.last_sequence >= self.applied_sequence for replica in self.partition.replicas)
        if held < QUORUM:
            self._complain(f"record {self.applied_sequence} was held by {held} replica only")

    def _complain(self, said: str) -> None:
        if self.lost is None:
            where = f"{self.known.region} {self.known.table.name} partition {self.partition.number}"
            self.lost = f"{where}: {said}, although it was acknowledged"

    def apply(self, record: LogRecord) -> None:
        self.history.note(self.known, self.partition, record)

    def successor(self, partition: Partition) -> _Reader:
        reader = _Reader(
            partition,
            self.history,
            self.known,
            applied_sequence=partition.acknowledged_sequence,
            predecessor=self,
        )
        self.history.took_over(self, reader)
        return reader
