"""A region of one account: its tables, its three zones, and what it shares with the whole world."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone
from itertools import permutations
from random import Random
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, field

from ddbha.api.access.policies import Policy
from ddbha.capacity.scaling import split_for_size
from ddbha.clock import Clock, Scheduler, Timings
from ddbha.errors import (
    AccessDeniedException,
    AwsError,
    ResourceNotFoundException,
    UnrecognizedClientException,
    ValidationException,
)
from ddbha.faults.links import Links
from ddbha.followers.consumption import ConsumedWrites
from ddbha.followers.kinesis import Destination, KinesisStreams
from ddbha.followers.replication import GlobalTable, Member
from ddbha.followers.stream import Stream
from ddbha.observe.events import Timeline
from ddbha.observe.metrics import Metrics, Series
from ddbha.recovery.objects import Objects, ObjectStore
from ddbha.region.table import Table, Throughput, even_ranges
from ddbha.storage.items import ItemStore
from ddbha.storage.partition import Partition, Replication
from ddbha.storage.replica import Replica
from ddbha.values.key import ItemKey, KeySchema

if TYPE_CHECKING:
    from ddbha.recovery.backup import Backup
    from ddbha.recovery.transfer import Export, Import

ON_DEMAND_QUOTA = Throughput(40_000, 40_000)
ZONE_LETTERS = "abc"

_TABLE_ARN = re.compile(r"arn:aws[^:]*:dynamodb:([^:]*):([^:]*):table/([^/]+)(?:/index/(.+))?")

_STREAM_ARN = re.compile(r"arn:aws[^:]*:dynamodb:[^:]+:[^:]+:table/[^/]+/stream/[^/]+")


@define(eq=False)
class Environment:
    """What all regions of a world share."""

    clock: Clock
    timings: Timings
    random: Random
    scheduler: Scheduler = Factory(Scheduler)
    events: Timeline = Factory(Timeline)
    metrics: Metrics = Factory(Metrics)
    #: Bytes of the items and local index entries with one partition key; 10 GB on AWS.
    item_collection_limit: int = 10 * 1024**3
    #: Bytes of the items that one partition holds before it is split; 10 GB on AWS.
    partition_size: float = 10 * 1024**3
    #: Whether on-demand tables are throttled too.
    throttling: bool = False
    #: Units a second that one on-demand table or index may use in an account.
    on_demand_quota: Throughput = ON_DEMAND_QUOTA
    #: Seconds that expired items stay beyond the next whole minute.
    ttl_delay: float = 0.0
    #: The faults that keep a zone down, by zone.
    zone_outages: dict[str, set[object]] = Factory(dict)
    #: The faults that keep two zones from reaching each other, by the pair.
    zone_cuts: dict[frozenset[str], set[object]] = Factory(dict)
    #: How many seconds replicas stay behind, by zone and fault.
    zone_lags: dict[str, dict[object, float]] = Factory(dict)
    #: How many tables are being restored, by account.
    restores: Counter[str] = Factory(Counter)
    #: The network between regions.
    links: Links = Factory(Links)
    #: Tables with replicas in several regions, by account and name.
    global_tables: dict[tuple[str, str], GlobalTable] = Factory(dict)
    #: The regions that accounts have looked at, by account and name.
    regions: dict[tuple[str, str], Region] = Factory(dict)
    #: Resource-based policies by the ARN of the table or stream.
    policies: dict[str, Policy] = Factory(dict)
    #: Where exports go and imports come from.
    objects: ObjectStore = Factory(Objects)
    #: What was put to Kinesis data streams.
    kinesis: KinesisStreams = Factory(KinesisStreams)
    #: The operation that is being answered, and the ARNs of other accounts that it may use.
    operation: str = ""
    #: The ongoing transactions that hold items, by the ARN of the table and the key.
    locks: dict[tuple[str, ItemKey], Any] = Factory(dict)
    #: Seconds that the transaction takes that is being answered.
    transaction_seconds: float = 0.0
    admitted: frozenset[str] = frozenset()

    #: How partitions replicate.
    replication: Replication = Factory(lambda self: Replication(self.clock.time), takes_self=True)

    def __repr__(self) -> str:
        return f"<Environment {self.clock!r}>"

    def record(self, kind: str, region: str, **details: Any) -> None:
        """Put an event on the timeline."""
        self.events.add(self.clock.time(), kind, region, **details)

    def lag(self, zone: str) -> float:
        """Seconds that replicas in a zone stay behind."""
        return max(self.zone_lags.get(zone, {}).values(), default=0.0)

    def later(self, seconds: float, action: Any) -> None:
        """Run `action` when `seconds` have passed, at the earliest before the next request."""
        self.scheduler.at(self.clock.time() + seconds, action)

    def region(self, account_id: str, name: str) -> Region:
        """A region as an account sees it."""
        region = self.regions.get((account_id, name))
        if region is None:
            region = self.regions[account_id, name] = Region(name, account_id, self)
        return region

    def leave_global_table(self, account_id: str, member: Member) -> None:
        """Let a table leave its global table; so does the last one that remains."""
        group = member.group
        rest = [other for other in group.members.values() if other is not member]
        group.remove(member.region)
        member.table.membership = None
        if len(rest) == 1:
            rest[0].table.membership = None
            del self.global_tables[account_id, group.name]

    def count_pending(self) -> None:
        """Let the metrics know how many writes are on their way between regions."""
        now = self.clock.time()
        for group in self.global_tables.values():
            for source, destination in permutations(group.members, 2):
                self.metrics.put(
                    "PendingReplicationCount",
                    float(group.pending(source, destination)),
                    now,
                    source,
                    TableName=group.name,
                    ReceivingRegion=destination,
                )

    def settle(self) -> None:
        """Bring all replicas in other regions as far as the network lets them be now."""
        now = self.clock.time()
        for group in self.global_tables.values():
            group.settle(now)


@define(eq=False)
class Region:
    """One region as one account sees it."""

    name: str
    account_id: str
    environment: Environment
    tables: dict[str, Table] = Factory(dict)
    #: Streams by ARN, also those of tables that are gone.
    streams: dict[str, Stream] = Factory(dict)
    #: Kinesis destinations by table and ARN of the stream, the newest last.
    destinations: dict[str, dict[str, Destination]] = Factory(dict)
    #: Backups by ARN, also those of tables that are gone.
    backups: dict[str, Backup] = Factory(dict)
    #: Exports and imports by ARN, for 90 days.
    exports: dict[str, Export] = Factory(dict)
    imports: dict[str, Import] = Factory(dict)
    #: What transactions did, by token, for ten minutes.
    tokens: dict[str, Any] = Factory(dict)
    #: The revision ids of the last changes of policies, by ARN.
    policy_changes: dict[str, str] = Factory(dict)
    #: Metrics at hand.
    _series: dict[tuple[str, str, str | None], Series] = Factory(dict)
    zones: tuple[str, ...] = field(init=False)

    @zones.default
    def _zones(self) -> tuple[str, ...]:
        return tuple(self.name + letter for letter in ZONE_LETTERS)

    def __repr__(self) -> str:
        return f"<Region {self.name} account={self.account_id}>"

    def table(self, name_or_arn: str) -> Table:
        """A table that takes reads and writes.

        Raises `ResourceNotFoundException` if there is none, or it is being created or deleted.
        """
        table = self.tables.get(name_or_arn)
        if table is None:
            if ":" not in name_or_arn:
                raise ResourceNotFoundException("Requested resource not found")
            if name_or_arn in self.environment.admitted:
                account = name_or_arn.split(":")[4]
                owner = self.environment.regions[account, self.name]
                table = owner.tables.get(name_or_arn.partition("/")[2])
            else:
                table = self.tables.get(self.table_name(name_or_arn))
            if table is None:
                raise ResourceNotFoundException("Requested resource not found")
        if table.status not in ("ACTIVE", "UPDATING"):
            raise ResourceNotFoundException("Requested resource not found")
        member = table.membership
        if member is not None:
            if member.inaccessible_since is not None:
                raise _inaccessible(member.status)
            member.arrivals(self.now())
        return table

    def described_table(self, name_or_arn: str) -> Table:
        """A table in any state, for the control plane; `ResourceNotFoundException` if there is none."""
        name = self.table_name(name_or_arn)
        table = self.tables.get(name)
        if table is None:
            raise ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")
        self.settle(table)
        return table

    def changed_table(self, name_or_arn: str) -> Table:
        """A table whose settings are to be changed; `ResourceNotFoundException` while it is restored."""
        table = self.described_table(name_or_arn)
        if table.restoring_from is not None:
            raise ResourceNotFoundException(
                f"Requested resource not found: Table: {table.name} not found"
            )
        return table

    def settle(self, table: Table) -> None:
        """Take in what has arrived from other regions."""
        if table.membership is not None and table.status in ("ACTIVE", "UPDATING"):
            table.membership.arrivals(self.now())

    def peer(self, name: str) -> Region:
        """Another region of the same account."""
        return self.environment.region(self.account_id, name)

    def stream(self, arn: str) -> Stream:
        """A stream in any state.

        Raises `ValidationException` for what is no stream ARN, and `ResourceNotFoundException` if there
        is no such stream any more.
        """
        if not _STREAM_ARN.fullmatch(arn):
            raise ValidationException("Invalid StreamArn")
        if arn.split(":")[4] != self.account_id:
            raise not_allowed(self.account_id, self.environment.operation, arn)
        if arn not in self.streams:
            raise ResourceNotFoundException(f"Requested resource not found: Stream: {arn} not found")
        stream = self.streams[arn]
        if stream.table_name in self.tables:
            self.settle(self.tables[stream.table_name])
        return stream

    def table_name(self, name_or_arn: str) -> str:
        """The name that a table name or the ARN of a table in this region stands for."""
        if not name_or_arn.startswith("arn:"):
            return name_or_arn
        match = _TABLE_ARN.fullmatch(name_or_arn)
        if match is None or match[4]:
            raise ValidationException(f"Invalid table ARN: {name_or_arn}")
        region, account, name = match[1], match[2], match[3]
        if region != self.name:
            raise ValidationException(
                f"The region in the provided ARN does not match the region of the request: {region}"
            )
        if account != self.account_id:
            raise not_allowed(self.account_id, self.environment.operation, name_or_arn)
        return name

    def table_arn(self, name: str) -> str:
        """The ARN of a table of this region."""
        return f"arn:aws:dynamodb:{self.name}:{self.account_id}:table/{name}"

    def now(self) -> float:
        """Seconds since the epoch by this region's clock."""
        return self.environment.clock.time()

    def later(self, seconds: float, action: Any) -> None:
        """Run `action` when `seconds` have passed, at the earliest before the next request."""
        self.environment.later(seconds, action)

    def record(self, kind: str, **details: Any) -> None:
        """Put an event of this region on the timeline."""
        self.environment.record(kind, self.name, **details)

    def consumed(self, kind: str, table: str, index: str | None = None) -> Series:
        """The metric of the Read or Write capacity units of a table or a global index."""
        name = (kind, table, index)
        series = self._series.get(name)
        if series is None:
            dimensions = {"TableName": table}
            if index is not None:
                dimensions["GlobalSecondaryIndexName"] = index
            metric = f"Consumed{kind}CapacityUnits"
            series = self.environment.metrics.series(metric, self.name, **dimensions)
            self._series[name] = series
        return series

    def returned(self, operation: str, table: str) -> Series:
        """The metric of the items that queries or scans of a table return."""
        name = (operation, table, None)
        series = self._series.get(name)
        if series is None:
            series = self.environment.metrics.series(
                "ReturnedItemCount", self.name, TableName=table, Operation=operation
            )
            self._series[name] = series
        return series

    def new_partitions(
        self, owner: str, count: int, local_schemas: Mapping[str, KeySchema]
    ) -> list[Partition]:
        """Empty partitions of one size for the table or index `owner`, over all zones."""
        partitions: list[Partition] = []
        table, _, index = owner.partition("/")
        consumed = self.consumed("Write", table, index or None)
        expired = self.environment.metrics.series(
            "TimeToLiveDeletedItemCount", self.name, TableName=table
        )

        def notify(kind: str, partition: Partition, zone: str) -> None:
            if kind == "partition-full":
                split_for_size(self, owner, partition)
            details: dict[str, Any] = {"zone": zone, "term": partition.term}
            if partition.serves_from:
                details["serves_in"] = round(max(0.0, partition.serves_from - self.now()), 3)
            self.record(kind, table=owner, partition=partition.number, **details)

        for number, (low, high) in enumerate(even_ranges(count)):
            replicas = tuple(self._new_replica(zone, local_schemas) for zone in self.zones)
            partitions.append(
                Partition(
                    number,
                    low,
                    high,
                    replicas,
                    # The zones share the leaders of a table evenly.
                    replicas[number % len(replicas)],
                    self.environment.random,
                    notify,
                    partitions,
                    self.environment.zone_cuts,
                    replication=self.environment.replication,
                    size_limit=self.environment.partition_size,
                )
            )
        for partition in partitions:
            follower = ConsumedWrites(partition, consumed, bool(index), None if index else expired)
            partition.followers.append(follower)
        return partitions

    def _new_replica(self, zone: str, local_schemas: Mapping[str, KeySchema]) -> Replica:
        replica = Replica(zone, ItemStore(local_schemas))
        outages = self.environment.zone_outages.get(zone)
        if outages:
            replica.outages.update(outages)
        replica.lag = self.environment.lag(zone)
        return replica


def not_allowed(account_id: str, action: str, resource: str) -> AccessDeniedException:
    """The error for an account that wants to use a resource of another one without a policy for it."""
    return AccessDeniedException(
        f"User: arn:aws:iam::{account_id}:root is not authorized to perform: dynamodb:{action} on "
        f"resource: {resource} because no resource-based policy allows the dynamodb:{action} action"
    )


def _inaccessible(status: str) -> AwsError:
    if status == "REGION_DISABLED":
        return UnrecognizedClientException("The security token included in the request is invalid.")
    return ValidationException("KMS key disabled error: the key of the table cannot be used")


def utc(time: float) -> datetime:
    """A time of the wire: an aware datetime."""
    return datetime.fromtimestamp(time, timezone.utc)
