"""The kinds of faults that a schedule may draw for a request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from attrs import frozen

from ddbha.faults.names import ErrorCode, OperationName

if TYPE_CHECKING:
    from ddbha.testing.exploration.world import TrialWorld

#: The kinds of faults that schedules are drawn from.
FaultKind = Literal[
    "stale_reads",
    "lost_answers",
    "lost_requests",
    "errors",
    "conflicts",
    "partial_batches",
    "zone_outages",
    "region_outages",
    "network_cuts",
    "replication_lags",
]
_READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem"})
_WRITES = frozenset(
    {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
    | {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}
)
_SINGLE_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
_TRANSACTIONS = frozenset({"TransactWriteItems", "TransactGetItems"})
_ZONES = "abc"


@frozen
class Asked:
    """A request, where it goes, and the world that it goes to."""

    world: TrialWorld
    region: str
    operation: OperationName
    request: dict[str, Any]


class Kind(ABC):
    """One kind of fault; `detail` is what was drawn for one of them."""

    name: ClassVar[str]
    #: Whether it makes an attempt of a call fail.
    fails: ClassVar[bool] = False

    @abstractmethod
    def possible(self, asked: Asked) -> bool:
        """Whether it can befall this request."""

    def draw(self, asked: Asked, random: Random) -> dict[str, Any]:
        """The details of one."""
        return {}

    @abstractmethod
    def told(self, detail: dict[str, Any]) -> str:
        """What happens, for people."""

    @abstractmethod
    def during(self, asked: Asked, detail: dict[str, Any]) -> Any:
        """A context in which the request is answered."""


class StaleReads(Kind):
    """An eventually consistent read is answered by a replica that is behind."""

    name = "stale_reads"

    def possible(self, asked: Asked) -> bool:
        if asked.operation == "BatchGetItem":
            tables = asked.request.get("RequestItems", {}).values()
            return any(not table.get("ConsistentRead") for table in tables)
        return asked.operation in _READS and not asked.request.get("ConsistentRead")

    def draw(self, asked: Asked, random: Random) -> dict[str, Any]:
        return {"zone": asked.region + random.choice(_ZONES), "seconds": random.choice((1, 2, 5))}

    def told(self, detail: dict[str, Any]) -> str:
        return f"{detail['zone']} answers, which may be {detail['seconds']} s behind"

    def during(self, asked: Asked, detail: dict[str, Any]) -> Any:
        return asked.world.reading_from(detail["zone"], behind=detail["seconds"])


class LostAnswers(Kind):
    """A write is done, and its client does not hear of it."""

    name = "lost_answers"
    fails = True

    def possible(self, asked: Asked) -> bool:
        return asked.operation in _WRITES

    def told(self, detail: dict[str, Any]) -> str:
        return "it is done, but the answer is lost"

    def during(self, asked: Asked, detail: dict[str, Any]) -> Any:
        return asked.world.faults.timeout(operation=asked.operation, after_commit=True, times=1)


class LostRequests(Kind):
    """A request never arrives."""

    name = "lost_requests"
    fails = True

    def possible(self, asked: Asked) -> bool:
        return True

    def told(self, detail: dict[str, Any]) -> str:
        return "the request is lost, nothing is done"

    def during(self, asked: Asked, detail: dict[str, Any]) -> Any:
        return asked.world.faults.timeout(operation=asked.operation, kind="connect_timeout", times=1)


class Errors(Kind):
    """A request is refused with an error from AWS's side."""

    name = "errors"
    fails = True
    _codes = ("ThrottlingException", "InternalServerError", "ProvisionedThroughputExceededException")

    def possible(self, asked: Asked) -> bool:
        return True

    def draw(self, asked: Asked, random: Random) -> dict[str, Any]:
        return {"code": random.choice(self._codes)}

    def told(self, detail: dict[str, Any]) -> str:
        return f"AWS answers {detail['code']}, nothing is done"

    def during(self, asked: Asked, detail: dict[str, Any]) -> Any:
        return asked.world.faults.error(detail["code"], operation=asked.operation, times=1)


class Conflicts(Kind):
    """Another client's transaction holds the item."""

    name = "conflicts"
    fails = True

    def possible(self, asked: Asked) -> bool:
        return asked.operation in _SINGLE_WRITES | _TRANSACTIONS

    def told(self, detail: dict[str, Any]) -> str:
        return "a transaction holds the item, nothing is done"

    def during(self, asked: Asked, detail: dict[str, Any]) -> Any:
        transaction = asked.operation in _TRANSACTIONS
        code: ErrorCode = (
            "TransactionCanceledException" if transaction else "TransactionConflictException"
        )
        return asked.world.faults.error(code, operation=asked.operation, times=1)


class PartialBatches(Kind):
    """A batch is done in part, and the rest comes back unprocessed."""

    name = "partial_batches"

    def possible(self, asked: Asked) -> bool:
        return asked.operation in ("BatchWriteItem", "BatchGetItem") and _entries(asked.request) > 1

    def draw(self, asked: Asked, random: Random) -> dict[str, Any]:
        return {"keep": random.randrange(1, _entries(asked.request))}

    def told(self, detail: dict[str, Any]) -> str:
        return f"only {detail['keep']} of the batch are done"

    def during(self, asked: Asked, detail: dict[str, Any]) -> Any:
        return asked.world.faults.partial_batch(operation=asked.operation, keep=detail["keep"], times=1)


def _entries(request: dict[str, Any]) -> int:
    entries = request.get("RequestItems", {}).values()
    return sum(len(one["Keys"] if isinstance(one, dict) else one) for one in entries)


class Lasting(Kind):
    """A fault that begins with a request and goes on for a while."""

    @abstractmethod
    def start(self, asked: Asked, detail: dict[str, Any]) -> Any:
        """Begin the fault."""

    @contextmanager
    def during(self, asked: Asked, detail: dict[str, Any]) -> Iterator[None]:
        asked.world.lasting.append(self.start(asked, detail))
        yield


class ZoneOutages(Lasting):
    """A zone of the region is down for a while; never two at a time."""

    name = "zone_outages"
    fails = True

    def possible(self, asked: Asked) -> bool:
        return not any(fault.status == "ACTIVE" for fault in asked.world.lasting)

    def draw(self, asked: Asked, random: Random) -> dict[str, Any]:
        return {"zone": asked.region + random.choice(_ZONES), "seconds": random.choice((0.05, 1, 20))}

    def told(self, detail: dict[str, Any]) -> str:
        return f"zone {detail['zone']} goes down for {detail['seconds']} s"

    def start(self, asked: Asked, detail: dict[str, Any]) -> Any:
        return asked.world.faults.zone_outage(detail["zone"], duration=detail["seconds"])


class RegionOutages(Lasting):
    """The region cannot be reached for a while."""

    name = "region_outages"
    fails = True

    def possible(self, asked: Asked) -> bool:
        return not any(fault.status == "ACTIVE" for fault in asked.world.lasting)

    def draw(self, asked: Asked, random: Random) -> dict[str, Any]:
        return {"region": asked.region, "seconds": random.choice((0.05, 1))}

    def told(self, detail: dict[str, Any]) -> str:
        return f"region {detail['region']} goes down for {detail['seconds']} s"

    def start(self, asked: Asked, detail: dict[str, Any]) -> Any:
        return asked.world.faults.region_outage(detail["region"], duration=detail["seconds"])


class NetworkCuts(Lasting):
    """Two regions of a global table cannot reach each other for a while."""

    name = "network_cuts"

    def possible(self, asked: Asked) -> bool:
        return bool(asked.world.replicating_with(asked.region))

    def draw(self, asked: Asked, random: Random) -> dict[str, Any]:
        other = random.choice(asked.world.replicating_with(asked.region))
        return {"regions": [asked.region, other], "seconds": random.choice((0.05, 1, 20))}

    def told(self, detail: dict[str, Any]) -> str:
        return f"{' and '.join(detail['regions'])} are cut off from each other for {detail['seconds']} s"

    def start(self, asked: Asked, detail: dict[str, Any]) -> Any:
        return asked.world.faults.network_cut(*detail["regions"], duration=detail["seconds"])


class ReplicationLags(Lasting):
    """Writes arrive late in the other regions of a global table."""

    name = "replication_lags"

    def possible(self, asked: Asked) -> bool:
        return bool(asked.world.replicating_with(asked.region))

    def draw(self, asked: Asked, random: Random) -> dict[str, Any]:
        other = random.choice(asked.world.replicating_with(asked.region))
        return {"regions": [asked.region, other], "seconds": random.choice((0.05, 0.5, 2))}

    def told(self, detail: dict[str, Any]) -> str:
        return f"{' and '.join(detail['regions'])} are {detail['seconds']} s apart from now on"

    def start(self, asked: Asked, detail: dict[str, Any]) -> Any:
        return asked.world.faults.replication_lag(*detail["regions"], seconds=detail["seconds"])


#: All kinds by name.
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        StaleReads(),
        LostAnswers(),
        LostRequests(),
        Errors(),
        Conflicts(),
        PartialBatches(),
        ZoneOutages(),
        RegionOutages(),
        NetworkCuts(),
        ReplicationLags(),
    )
}
