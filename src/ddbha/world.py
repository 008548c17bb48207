"""The world: accounts, regions, one clock, one seed, and the way in for requests."""

from __future__ import annotations

from functools import partial
from random import Random
from threading import RLock
from typing import Any

# Importing a family of operations registers it.
import ddbha.api.account
import ddbha.api.batches
import ddbha.api.items
import ddbha.api.legacy_global_tables
import ddbha.api.queries
import ddbha.api.streams
import ddbha.api.table_updates
import ddbha.api.tables
import ddbha.api.transactions  # noqa: F401
from ddbha import verify
from ddbha.api import registry
from ddbha.api.registry import Caller, Operation
from ddbha.api.validation import validator
from ddbha.boto import clients
from ddbha.clock import Clock, SystemClock, Timings
from ddbha.errors import AwsError, NoAnswer, UnknownPlaceError, UsageError
from ddbha.events import Timeline
from ddbha.faults import Faults
from ddbha.history import History
from ddbha.region import Environment, Region
from ddbha.request_faults import through
from ddbha.storage.table import Table

_REQUEST_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class World:
    """DynamoDB in this process.

    `timings` says how long control-plane transitions take on `clock`; `seed` decides everything random.
    `item_collection_limit` is in bytes, for tables with local secondary indexes.  `history` records what
    clients ask and are told, for `verify`.

    When a leader is lost, its successor serves after `leader_lease` seconds (None: what `timings` say).
    Eventually consistent reads that do not meet a leader show the past, up to `stale_reads` seconds of it
    as the seed decides.  Raises `UsageError` for negative seconds.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        account_id: str = "123456789012",
        timings: Timings | None = None,
        item_collection_limit: int = 10 * 1024**3,
        history: bool = False,
        leader_lease: float | None = None,
        stale_reads: float = 0.0,
    ) -> None:
        self.seed = seed
        self.clock = clock or SystemClock()
        self.account_id = account_id
        self._environment = Environment(self.clock, timings or Timings.instant(), Random(seed))
        self._environment.item_collection_limit = item_collection_limit
        replication = self._environment.replication
        replication.stale_reads = stale_reads
        replication.leader_lease = (
            self._environment.timings.leader_lease if leader_lease is None else leader_lease
        )
        if stale_reads < 0 or replication.leader_lease < 0:
            raise UsageError("stale_reads= and leader_lease= are seconds: zero or more.")
        self._request_ids = Random(seed)
        self._lock = RLock()
        #: What clients asked for and were told; `history.start()` records it from then on.
        self.history = History(self._environment, recording=history)
        self._clients = 0
        self.faults = Faults(self._environment, registry.names())

    # botocore clients, boto3 resources and a boto3 session whose requests come to this world.
    client = clients.client
    resource = clients.resource
    session = clients.session

    def call(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        caller: Caller,
        *,
        typed: bool = False,
        client: str = "",
    ) -> dict[str, Any]:
        """Answer one request, all of it or nothing; raises `AwsError`.

        `params` may be anything that JSON can be, with blobs as bytes or base64 text; `typed` says that
        its members and types are known to be those of the service model.  `client` names who asks in the
        history.
        """
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            if self._environment.links.outages.get(caller.region):
                raise NoAnswer("endpoint_connection")
            answer, region = registry.find(service, operation), self.region(caller)
            request = validator(service, operation).accept(params, typed=typed)
            if self.history.recording:
                return self._recorded(client, region, operation, request, answer)
            faults = self.faults.of_requests
            if not faults:
                return answer(region, request)
            random = self._environment.random
            return through(faults, operation, request, random, partial(answer, region))

    def _recorded(
        self, client: str, region: Region, operation: str, request: dict[str, Any], perform: Operation
    ) -> dict[str, Any]:
        """Answer a request, and keep it in the history."""
        call = self.history.begin(client, region, operation, request, self.faults.of_requests)
        try:
            faults, random = self.faults.of_requests, self._environment.random
            answer = through(faults, operation, request, random, partial(perform, region))
        except (AwsError, NoAnswer) as error:
            self.history.end(call, error)
            raise
        self.history.end(call, answer)
        return answer

    def region(self, caller: Caller) -> Region:
        """A region as an account sees it."""
        return self._environment.region(caller.account_id, caller.region)

    def table(self, name: str, *, region: str = "us-east-1", account_id: str | None = None) -> Table:
        """A table for inspection; `UnknownPlaceError` if there is none."""
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            tables = self.region(Caller(account_id or self.account_id, region)).tables
            if name not in tables:
                raise UnknownPlaceError(
                    f"There is no table {name!r} in {region}. Tables there: "
                    f"{', '.join(sorted(tables)) or 'none'}."
                )
            self.region(Caller(account_id or self.account_id, region)).settle(tables[name])
            return tables[name]

    @property
    def events(self) -> Timeline:
        """What happened, oldest first."""
        return self._environment.events

    def verify(self) -> None:
        """Raise `InvariantError` if anything holds that never may.

        Looks at what the replicas hold and, if `history` was recorded, at what clients were told; the
        error names the request that does not fit, and shows the history around it.
        """
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            self._environment.settle()
            regions = self._environment.regions.values()
            verify.verify(regions, self.clock.time(), self.history, self.events)

    def reset(self) -> None:
        """Back to an empty world, with the same clock and seed."""
        with self._lock:
            self.faults.end_all()
            self.history.clear()
            self._environment.regions.clear()
            self._environment.global_tables.clear()
            self._environment.scheduler.clear()
            self._environment.events.clear()
            self._environment.random.seed(self.seed)
            self._request_ids.seed(self.seed)

    def client_name(self) -> str:
        """A name for one more client, for the history."""
        self._clients += 1
        return f"client-{self._clients}"

    def request_id(self) -> str:
        """An identifier like AWS's: 52 capital letters and digits."""
        return "".join(self._request_ids.choices(_REQUEST_ID_ALPHABET, k=52))

    def __str__(self) -> str:
        lines = [f"world seed={self.seed} at {self.clock.now().isoformat()}"]
        for region in self._environment.regions.values():
            lines.append(f"  {region.name} account {region.account_id}")
            for table in region.tables.values():
                lines.append(f"    {table.name} {table.status}")
                for partition in table.partitions:
                    replicas = ", ".join(
                        f"{r.zone}{'*' if r is partition.leader else ''} {r.status} {r.last_sequence}"
                        for r in partition.replicas
                    )
                    lines.append(f"      partition {partition.number} term {partition.term}: {replicas}")
        return "\n".join(lines)
