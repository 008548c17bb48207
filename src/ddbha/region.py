"""A region of one account: its tables, its three zones, and what it shares with the whole world."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from random import Random
from typing import Any

from attrs import Factory, define, field

from ddbha.clock import Clock, Scheduler, Timings
from ddbha.errors import (
    AccessDeniedException,
    ResourceNotFoundException,
    ValidationException,
)
from ddbha.events import Timeline
from ddbha.followers.replication import GlobalTable
from ddbha.followers.stream import Stream
from ddbha.links import Links
from ddbha.storage.items import ItemStore
from ddbha.storage.partition import Partition, Replication
from ddbha.storage.replica import Replica
from ddbha.storage.table import Table, even_ranges
from ddbha.values.key import KeySchema

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
    #: Bytes of the items and local index entries with one partition key; 10 GB on AWS.
    item_collection_limit: int = 10 * 1024**3
    #: The faults that keep a zone down, by zone.
    zone_outages: dict[str, set[object]] = Factory(dict)
    #: The faults that keep two zones from reaching each other, by the pair.
    zone_cuts: dict[frozenset[str], set[object]] = Factory(dict)
    #: How many seconds replicas stay behind, by zone and fault.
    zone_lags: dict[str, dict[object, float]] = Factory(dict)
    #: The network between regions.
    links: Links = Factory(Links)
    #: Tables with replicas in several regions, by account and name.
    global_tables: dict[tuple[str, str], GlobalTable] = Factory(dict)
    #: The regions that accounts have looked at, by account and name.
    regions: dict[tuple[str, str], Region] = Factory(dict)

    #: How partitions replicate.
    replication: Replication = Factory(lambda self: Replication(self.clock.time), takes_self=True)

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
    #: What transactions did, by token, for ten minutes.
    tokens: dict[str, Any] = Factory(dict)
    zones: tuple[str, ...] = field(init=False)

    @zones.default
    def _zones(self) -> tuple[str, ...]:
        return tuple(self.name + letter for letter in ZONE_LETTERS)

    def table(self, name_or_arn: str) -> Table:
        """A table that takes reads and writes.

        Raises `ResourceNotFoundException` if there is none, or it is being created or deleted.
        """
        table = self.tables.get(name_or_arn)
        if table is None:
            if ":" not in name_or_arn:
                raise ResourceNotFoundException("Requested resource not found")
            table = self.tables.get(self.table_name(name_or_arn))
            if table is None:
                raise ResourceNotFoundException("Requested resource not found")
        if table.status not in ("ACTIVE", "UPDATING"):
            raise ResourceNotFoundException("Requested resource not found")
        if table.membership is not None:
            table.membership.arrivals(self.now())
        return table

    def described_table(self, name_or_arn: str) -> Table:
        """A table in any state, for the control plane; `ResourceNotFoundException` if there is none."""
        name = self.table_name(name_or_arn)
        table = self.tables.get(name)
        if table is None:
            raise ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")
        self.settle(table)
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
            raise AccessDeniedException(
                f"User: arn:aws:iam::{self.account_id}:root is not authorized to access resource: "
                f"{name_or_arn} because no resource-based policy allows the action"
            )
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

    def new_partitions(
        self, owner: str, count: int, local_schemas: Mapping[str, KeySchema]
    ) -> list[Partition]:
        """Empty partitions of one size for the table or index `owner`, over all zones."""
        partitions: list[Partition] = []

        def notify(kind: str, partition: Partition, zone: str) -> None:
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
                )
            )
        return partitions

    def _new_replica(self, zone: str, local_schemas: Mapping[str, KeySchema]) -> Replica:
        replica = Replica(zone, ItemStore(local_schemas))
        outages = self.environment.zone_outages.get(zone)
        if outages:
            replica.outages.update(outages)
        replica.lag = self.environment.lag(zone)
        return replica


def utc(time: float) -> datetime:
    """A time of the wire: an aware datetime."""
    return datetime.fromtimestamp(time, timezone.utc)
