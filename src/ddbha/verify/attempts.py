"""Attempts: every request that reached a world, or would have, and what became of what it wrote.

Recorded with the history, and read by `availability`.  A retry is an attempt of its own, known as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from types import MappingProxyType
from typing import Any

from attrs import Factory, define, field

from ddbha.api.registry import Caller
from ddbha.errors import AwsError, NoAnswer
from ddbha.faults.requests import named_by, tables_of
from ddbha.region.region import Region, Regions
from ddbha.region.table import Table
from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.record import LogRecord
from ddbha.values.attribute import Item
from ddbha.values.image import Image, unpack
from ddbha.values.key import ItemKey

#: Operations whose answers hold items as they were read.
READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})


_NOTHING: Mapping[str, Any] = MappingProxyType({})


@define(eq=False)
class Attempt:
    """One request on its way to one region; times are seconds since the epoch on the world's clock."""

    #: Attempts of one call of a client have one number.
    call: int
    client: str
    account_id: str
    region: str
    operation: str
    tables: tuple[str, ...]
    began: float
    ended: float = inf
    #: What the client was told instead of an answer: an error code, or how the answer was lost.
    error: str | None = None
    #: Whether the error says that the service could not do it, rather than would not.
    failed: bool = False
    #: Of an eventually consistent read: how old the oldest state is that its answer shows, in seconds.
    staleness: float | None = None
    #: While it is being answered: the ledgers of its tables, by name or ARN as it names them, and what an
    #: eventually consistent read asks.
    ledgers: Mapping[str, Ledger] = _NOTHING
    asked: dict[str, Any] | None = None

    @property
    def answered(self) -> bool:
        """Whether the request was done, as far as its client knows."""
        return self.error is None


@define(eq=False)
class Change:
    """A state that an item had in one region from some time on."""

    time: float
    new: Image | None
    #: What a client asked for; None for what came from elsewhere, or happened by itself.
    attempt: Attempt | None


@define(eq=False)
class Ledger:
    """All states of the items of one table in one region since it was first named by a request."""

    table: Table
    region: Region
    changes: dict[ItemKey, list[Change]] = Factory(dict)
    readers: list[_Reader] = Factory(list)
    #: Whose request is being answered.
    writing: Attempt | None = None

    @classmethod
    def open(cls, table: Table, region: Region) -> Ledger:
        """Begin with what is there."""
        ledger = cls(table, region)
        for partition in table.partitions:
            partition.leader.apply_all()
            for key, image in partition.leader.items.images.items():
                ledger.changes[key] = [Change(-inf, image, None)]

        def follow(partition: Partition) -> _Reader:
            reader = _Reader(partition, ledger)
            ledger.readers.append(reader)
            return reader

        table.partitions.attach(follow)
        return ledger

    def read(self, writing: Attempt | None) -> None:
        """Take in what was written since the last time, by `writing` if it was a client."""
        self.writing = writing
        for reader in list(self.readers):
            reader.catch_up(inf)

    def note(self, record: LogRecord) -> None:
        """The next record of one partition."""
        by_client = record.cause is None and record.version is None and record.origin == self.region.name
        attempt = self.writing if by_client else None
        self.changes.setdefault(record.key, []).append(Change(record.time, record.new, attempt))

    def age(self, key: ItemKey, shown: Item | None, now: float) -> float:
        """How many seconds ago an item was last as it is shown, 0.0 for what it is now."""
        changes = self.changes.get(key, [])
        following = None
        for change in reversed(changes):
            if _shows(change.new, shown):
                break
            following = change
        else:
            if shown is not None or following is None:
                # Shown as it never was: not for us to say; or never written.
                return 0.0
        return 0.0 if following is None else now - following.time

    def close(self) -> None:
        """Follow the table no more."""
        for reader in self.readers:
            if reader in reader.partition.followers:
                reader.partition.followers.remove(reader)
        self.readers.clear()


@define(eq=False)
class _Reader(PartitionFollower):
    """Tells a ledger of the records of one partition."""

    ledger: Ledger

    def apply(self, record: LogRecord) -> None:
        self.ledger.note(record)

    def successor(self, partition: Partition) -> _Reader:
        reader = _Reader(
            partition,
            self.ledger,
            applied_sequence=partition.acknowledged_sequence,
            predecessor=self,
        )
        if self in self.ledger.readers:
            self.ledger.readers.remove(self)
        self.ledger.readers.append(reader)
        return reader


@define(eq=False)
class Attempts:
    """All attempts, oldest first, and the ledgers of the tables that they named."""

    _regions: Regions
    #: Whether they are kept although no history is.
    recording: bool = False
    attempts: list[Attempt] = Factory(list)
    ledgers: dict[str, Ledger] = Factory(dict)
    #: The parameters of the last attempt of each client: a retry sends the same object again.
    _last: dict[str, tuple[Any, int]] = Factory(dict)
    _calls: int = field(default=0, init=False)

    def clear(self) -> None:
        """Forget everything that was recorded."""
        for ledger in self.ledgers.values():
            ledger.close()
        self.attempts.clear()
        self.ledgers.clear()
        self._last.clear()

    def begin(self, client: str, caller: Caller, operation: str, request: Any) -> Attempt:
        """A request, of any shape yet, is on its way."""
        known = self._last.get(client)
        if known is None or known[0] is not request:
            self._calls += 1
            self._last[client] = known = (request, self._calls)
        name = request.get("TableName") if isinstance(request, dict) else None
        attempt = Attempt(
            known[1],
            client,
            caller.account_id,
            caller.region,
            operation,
            (_name(name),) if isinstance(name, str) else (),
            self._regions.environment.clock.time(),
        )
        self.attempts.append(attempt)
        return attempt

    def arrive(self, attempt: Attempt, request: dict[str, Any]) -> None:
        """It has arrived, and is one of the service model's shape."""
        attempt.tables = tuple(sorted(tables_of(request)))
        attempt.ledgers = self._open(attempt, named_by(request))
        if attempt.operation in READS and _is_eventual(attempt.operation, request):
            attempt.asked = request

    def end(self, attempt: Attempt, result: dict[str, Any] | AwsError | NoAnswer) -> None:
        """The client is told the result."""
        if isinstance(result, AwsError):
            attempt.error = result.code
            attempt.failed = result.status >= 500 or result.code in THROTTLES
        elif isinstance(result, NoAnswer):
            attempt.error, attempt.failed = result.kind, True
        attempt.ended = self._regions.environment.clock.time()
        # What a failed attempt wrote was never acknowledged.
        for ledger in attempt.ledgers.values():
            ledger.read(attempt if attempt.answered else None)
        if isinstance(result, dict) and attempt.asked is not None:
            attempt.staleness = self._staleness(attempt, attempt.asked, result)
        attempt.ledgers, attempt.asked = _NOTHING, None

    def _open(self, attempt: Attempt, names: set[str]) -> dict[str, Ledger]:
        region = self._regions.of(attempt.account_id, attempt.region)
        found = {}
        for name in sorted(names):
            table = region.named_table(name)
            if table is None or table.status not in ("ACTIVE", "UPDATING"):
                continue
            if table.id not in self.ledgers:
                owner = self._regions.of(table.arn.split(":")[4], region.name)
                self.ledgers[table.id] = Ledger.open(table, owner)
            self.ledgers[table.id].read(None)
            found[name] = self.ledgers[table.id]
        return found

    def _staleness(self, attempt: Attempt, request: dict[str, Any], answer: dict[str, Any]) -> float:
        oldest = 0.0
        for name, item, key in _shown(attempt.operation, request, answer):
            ledger = attempt.ledgers.get(name)
            position = None if ledger is None else ledger.table.schema.key_or_none(key)
            if ledger is not None and position is not None:
                oldest = max(oldest, ledger.age(position, item, attempt.ended))
        return oldest


#: Errors that say that there was no capacity.
THROTTLES = frozenset(
    {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}
)


def _is_eventual(operation: str, request: dict[str, Any]) -> bool:
    if operation == "BatchGetItem":
        return any(not each.get("ConsistentRead") for each in request["RequestItems"].values())
    return operation != "TransactGetItems" and not request.get("ConsistentRead")


def _shown(
    operation: str, request: dict[str, Any], answer: dict[str, Any]
) -> Iterator[tuple[str, Item | None, Item]]:
    """Table, item and key of what an answer shows; an item that is not there is None."""
    if operation == "GetItem":
        yield request["TableName"], answer.get("Item"), request["Key"]
    elif operation == "BatchGetItem":
        for name, items in answer.get("Responses", {}).items():
            for item in items:
                yield name, item, item
    else:
        for item in answer.get("Items", ()):
            yield request["TableName"], item, item


def _name(name_or_arn: str) -> str:
    return name_or_arn.rpartition("table/")[2].split("/")[0]


def _shows(image: Image | None, shown: Item | None) -> bool:
    """Whether a state of an item is what is shown of it, perhaps in part."""
    if image is None or shown is None:
        return image is None and shown is None
    item = unpack(image)
    return all(item.get(name) == value for name, value in shown.items())
