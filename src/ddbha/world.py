"""The world: accounts, regions, one clock, one seed, and the way in for requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from random import Random
from threading import RLock
from typing import Any

# Importing a family of operations registers it.
import ddbha.api.access.resource_policies
import ddbha.api.data.batches
import ddbha.api.data.items
import ddbha.api.data.queries
import ddbha.api.data.statements
import ddbha.api.data.transactions
import ddbha.api.global_tables.legacy_global_tables
import ddbha.api.recovery.backups
import ddbha.api.recovery.exports
import ddbha.api.recovery.imports
import ddbha.api.recovery.point_in_time
import ddbha.api.streams.kinesis_destinations
import ddbha.api.streams.streams
import ddbha.api.tables.account
import ddbha.api.tables.auto_scaling_settings
import ddbha.api.tables.contributor_insights
import ddbha.api.tables.table_updates
import ddbha.api.tables.tables
import ddbha.api.tables.time_to_live  # noqa: F401
from ddbha import server, verify
from ddbha.api import registry
from ddbha.api.access.authorization import authorize
from ddbha.api.metering import count_error, count_tables
from ddbha.api.registry import Caller, Operation
from ddbha.api.wire.validation import validator
from ddbha.boto import clients
from ddbha.clock import Clock, SystemClock, Timings
from ddbha.errors import AwsError, NoAnswer, UnknownPlaceError, UsageError
from ddbha.faults.catalogue import Faults
from ddbha.faults.requests import through
from ddbha.followers.archive import DAY
from ddbha.followers.kinesis import KinesisStreams
from ddbha.observe import overview
from ddbha.observe.events import Timeline
from ddbha.observe.history import History
from ddbha.observe.metrics import Metrics
from ddbha.recovery.objects import Objects, S3Objects
from ddbha.recovery.plans import BackupPlan
from ddbha.recovery.schedules import schedule as parsed_schedule
from ddbha.region.region import Environment, Region
from ddbha.region.table import Table, Throughput
from ddbha.templates import cloudformation as templates
from ddbha.templates import seeding
from ddbha.testing.event_source import EventSourceMapping
from ddbha.world_file import saving as world_file
from ddbha.world_file.container import Members
from ddbha.world_file.loading import WorldFile, random_state

_NOTHING: frozenset[str] = frozenset()


class World:
    """DynamoDB in this process.

    `timings` says how long control-plane transitions take on `clock`; `seed` decides everything random.
    `item_collection_limit` is in bytes, for tables with local secondary indexes.
    `ttl_delay` is how many seconds longer than to the next whole minute expired items stay.
    `history` records what clients ask and are told, for `verify`.
    `s3` is a boto3 S3 client for exports and imports; without one they use `objects`.
    `throttling` holds on-demand tables to their partitions, their maximums and the account's
    `on_demand_quota` (read and write units a second of one table); provisioned tables always are held to
    what they provision.  A partition is split beyond `partition_size` bytes of items.

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
        ttl_delay: float = 0.0,
        history: bool = False,
        leader_lease: float | None = None,
        stale_reads: float = 0.0,
        s3: Any = None,
        throttling: bool = False,
        partition_size: float = 10 * 1024**3,
        on_demand_quota: tuple[int, int] = (40_000, 40_000),
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
        self._environment.ttl_delay = ttl_delay
        if s3 is not None:
            self._environment.objects = S3Objects(s3)
        self._environment.throttling = throttling
        self._environment.partition_size = partition_size
        self._environment.on_demand_quota = Throughput(*on_demand_quota)
        self._environment.metrics.refresh = self._count_consumption
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
    # The same as an HTTP endpoint, for programs that are not boto3.
    serve = server.serve
    # Tables from templates and descriptions, and what they are filled with.
    create_from = templates.create_from
    load_items = seeding.load_items

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
            request = params
            try:
                request = validator(service, operation).accept(params, typed=typed)
                self._environment.operation = operation
                if self._environment.policies:
                    region = authorize(region, service, operation, request)
                else:
                    self._environment.admitted = _NOTHING
                if self.history.recording:
                    return self._recorded(client, region, operation, request, answer)
                faults = self.faults.of_requests
                if not faults:
                    return answer(region, request)
                random = self._environment.random
                return through(faults, operation, request, random, partial(answer, region))
            except AwsError as error:
                count_error(region, operation, request, error)
                raise

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

    def backup_plan(
        self,
        schedule: str,
        *,
        table: str | None = None,
        tag: tuple[str, str] | None = None,
        delete_after_days: float | None = None,
        name: str = "plan",
        region: str = "us-east-1",
        account_id: str | None = None,
    ) -> BackupPlan:
        """Back tables up from now on: the one called `table`, and those with a `tag` (key and value).

        `schedule` is like rate(12 hours) or cron(0 5 ? * * *), in UTC.  The backups are of the type
        AWS_BACKUP, and vanish after `delete_after_days`.  Raises `UsageError` for what makes no sense.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_HowItWorksAWS.html
        """
        if table is None and tag is None:
            raise UsageError("A backup plan needs a table=, or a tag= like ('backup', 'daily').")
        if delete_after_days is not None and delete_after_days <= 0:
            raise UsageError("delete_after_days must be more than 0, or None to keep all backups.")
        retention = None if delete_after_days is None else delete_after_days * DAY
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            place = self.region(Caller(account_id or self.account_id, region))
            plan = BackupPlan(name, parsed_schedule(schedule), table, tag, retention, place)
            plan.begin()
        return plan

    def stream_events(
        self, table: str, *, region: str = "us-east-1", **settings: Any
    ) -> EventSourceMapping:
        """What AWS Lambda makes of the table's stream: event batches, and their delivery to a handler.

        `settings` are those of `EventSourceMapping`, such as batch_size=10.  Raises `UsageError` for a
        setting out of range and for a table that has no stream.
        """
        found = self.table(table, region=region)
        if found.settings.stream_label is None:
            raise UsageError(f"The table {table!r} has no stream; enable one with UpdateTable.")
        arn = f"{found.arn}/stream/{found.settings.stream_label}"
        return EventSourceMapping(self.client("dynamodbstreams", region_name=region), arn, **settings)

    @property
    def events(self) -> Timeline:
        """What happened, oldest first."""
        return self._environment.events

    @property
    def objects(self) -> Objects:
        """Where exports go and imports come from: `objects[bucket][key]` are bytes.

        Asking for a bucket makes it.  Raises `UsageError` if the world was given an S3 client.
        """
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            objects = self._environment.objects
            if not isinstance(objects, Objects):
                raise UsageError("This world keeps its objects in the S3 that it was given; ask there.")
            return objects

    @property
    def kinesis(self) -> KinesisStreams:
        """The records that tables put to Kinesis data streams, by the ARN of the stream.

        A stream is there from when a table has it as an active destination.
        """
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            return self._environment.kinesis

    @property
    def metrics(self) -> Metrics:
        """What was consumed, throttled and so on, by minute, under CloudWatch's names."""
        return self._environment.metrics

    def _count_consumption(self) -> None:
        """Let the metrics take in what was written and what is provisioned by now."""
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            self._environment.settle()
            self._environment.count_pending()
            for region in self._environment.regions.values():
                count_tables(region)

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

    def save(self, path: str | PathLike[str]) -> None:
        """Keep the world in a file: tables with items and settings, history, and backups.

        Raises `UsageError` if it is in the middle of something that a file cannot hold: a fault, a
        transition of the control plane, writes between regions.  docs/world-file.md describes the format.
        """
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            if self.faults.active:
                raise UsageError("A world with faults cannot be saved; end them with faults.end_all().")
            if self._environment.locks:
                raise UsageError(
                    "A world with an ongoing transaction cannot be saved; let its time pass."
                )
            facts = {
                "seed": self.seed,
                "account_id": self.account_id,
                "request_ids": self._request_ids.getstate(),
            }
            world_file.save(Path(path), self._environment, facts)

    @classmethod
    def load(cls, path: str | PathLike[str], *, clock: Clock | None = None, s3: Any = None) -> World:
        """The world that `save` kept in a file.

        Its clock goes on where the other one was, unless a `clock` is given.  Raises `WorldFileError`
        for a file that is foreign, damaged or truncated, and `UsageError` for a clock that is behind.
        """
        file = WorldFile.read(Members.read(Path(path)))
        with file.refusing_contradictions():
            header = file.header
            world = cls(
                seed=header["seed"],
                clock=file.clock(clock),
                account_id=header["account_id"],
                timings=file.timings(),
                item_collection_limit=header["item_collection_limit"],
                ttl_delay=header["ttl_delay"],
                throttling=header["throttling"],
                partition_size=header["partition_size"],
                on_demand_quota=tuple(header["on_demand_quota"]),
                s3=s3,
            )
            file.fill(world._environment)
            world._request_ids.setstate(random_state(header["request_ids"]))
        return world

    def reset(self) -> None:
        """Back to an empty world, with the same clock and seed."""
        with self._lock:
            self.faults.end_all()
            self.history.clear()
            self._environment.regions.clear()
            self._environment.global_tables.clear()
            self._environment.policies.clear()
            self._environment.kinesis.clear()
            if isinstance(self._environment.objects, Objects):
                self._environment.objects.clear()
            self._environment.restores.clear()
            self._environment.scheduler.clear()
            self._environment.locks.clear()
            self._environment.events.clear()
            self._environment.metrics.clear()
            self._environment.random.seed(self.seed)
            self._request_ids.seed(self.seed)

    @contextmanager
    def standstill(self) -> Iterator[Environment]:
        """The world up to date, while nobody else gets in: to show it, or to do several things."""
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            yield self._environment

    def client_name(self) -> str:
        """A name for one more client, for the history."""
        self._clients += 1
        return f"client-{self._clients}"

    def request_id(self) -> str:
        """An identifier like AWS's: 52 capital letters and digits."""
        return f"{self._request_ids.getrandbits(208):052X}"

    def __str__(self) -> str:
        return self._shown(overview.as_text)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return self._shown(overview.as_html)

    def _shown(self, form: Callable[[str, Environment], str]) -> str:
        with self._lock:
            self._environment.scheduler.run_due(self.clock.time())
            self._environment.settle()
            title = f"world seed={self.seed} at {self.clock.now().isoformat()}"
            return form(title, self._environment)
