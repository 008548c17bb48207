"""A region of one account: its tables and streams, and its three zones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import combinations
from typing import Any

from attrs import Factory, define, field

from ddbha.errors import (
    AccessDeniedException,
    AwsError,
    ResourceNotFoundException,
    UnrecognizedClientException,
    ValidationException,
)
from ddbha.followers.kinesis import Destination
from ddbha.followers.replication import Member
from ddbha.followers.stream import Stream
from ddbha.observe.events import EventKind
from ddbha.observe.metrics import SERIES, Series
from ddbha.region.environment import Environment
from ddbha.region.parts import Parts
from ddbha.region.places import zones_of
from ddbha.region.table import Table

_TABLE_ARN = re.compile(r"arn:aws[^:]*:dynamodb:([^:]*):([^:]*):table/([^/]+)(?:/index/(.+))?")

_STREAM_ARN = re.compile(r"arn:aws[^:]*:dynamodb:[^:]+:[^:]+:table/[^/]+/stream/[^/]+")


@define(eq=False)
class Region:
    """One region as one account sees it."""

    name: str
    account_id: str
    environment: Environment
    #: This region and all others, as all accounts see them.
    regions: Regions = field(repr=False)
    tables: dict[str, Table] = Factory(dict)
    #: Streams by ARN, also those of tables that are gone.
    streams: dict[str, Stream] = Factory(dict)
    #: Kinesis destinations by table and ARN of the stream, the newest last.
    destinations: dict[str, dict[str, Destination]] = Factory(dict)
    #: What is kept with the region by those who know it.
    parts: Parts = Factory(Parts)
    #: Metrics at hand, those of tables that are gone until there are many.
    _series: dict[tuple[str, str, str | None], Series] = Factory(dict)
    zones: tuple[str, ...] = field(init=False)

    @zones.default
    def _zones(self) -> tuple[str, ...]:
        return zones_of(self.name)

    def __repr__(self) -> str:
        return f"<Region {self.name} account={self.account_id}>"

    @property
    def has_quorum(self) -> bool:
        """Whether two of its zones are up and reach each other."""
        down, cuts = self.environment.zone_outages, self.environment.zone_cuts
        up = [zone for zone in self.zones if not down.get(zone)]
        return any(frozenset(pair) not in cuts for pair in combinations(up, 2))

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
                owner = self.regions.of(account, self.name)
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

    def named_table(self, name_or_arn: str) -> Table | None:
        """What a request here names, in any state, also in another account; None if there is none."""
        match = _TABLE_ARN.fullmatch(name_or_arn)
        if match is None:
            return self.tables.get(name_or_arn)
        owner = self.regions.find(match[2], self.name) if match[1] == self.name else None
        return None if owner is None else owner.tables.get(match[3])

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
        return self.regions.of(self.account_id, name)

    def home(self, member: Member) -> Region:
        """The region of a member of a global table, as the account of that table sees it."""
        return self.regions.of(member.account_id, member.region)

    def replica(self, member: Member) -> Table:
        """The table by which a member of a global table takes part."""
        return self.home(member).tables[member.group.name]

    def leave_global_table(self, member: Member) -> None:
        """Let a table leave its global table; so does the last one that remains."""
        group = member.group
        rest = [other for other in group.members.values() if other is not member]
        group.remove(member.region)
        self.replica(member).membership = None
        if len(rest) == 1:
            self.replica(rest[0]).membership = None
            self.environment.global_tables.remove(group)
        self.environment.unblock()

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

    def record(self, kind: EventKind, **details: Any) -> None:
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
            series = self._at_hand(name, f"Consumed{kind}CapacityUnits", dimensions)
        return series

    def returned(self, operation: str, table: str) -> Series:
        """The metric of the items that queries or scans of a table return."""
        name = (operation, table, None)
        series = self._series.get(name)
        if series is None:
            dimensions = {"TableName": table, "Operation": operation}
            series = self._at_hand(name, "ReturnedItemCount", dimensions)
        return series

    def _at_hand(
        self, name: tuple[str, str, str | None], metric: str, dimensions: dict[str, str]
    ) -> Series:
        if len(self._series) > 50 * len(self.tables) + SERIES:
            self._series = {one: series for one, series in self._series.items() if one[1] in self.tables}
        account = self.account_id
        series = self.environment.metrics.series(metric, self.name, AccountId=account, **dimensions)
        self._series[name] = series
        return series


@define(eq=False)
class Regions:
    """All regions of a world that accounts have looked at, by account and name."""

    environment: Environment
    _known: dict[tuple[str, str], Region] = Factory(dict)

    def of(self, account_id: str, name: str) -> Region:
        """A region as an account sees it."""
        region = self._known.get((account_id, name))
        if region is None:
            region = self._known[account_id, name] = Region(name, account_id, self.environment, self)
        return region

    def find(self, account_id: str, name: str) -> Region | None:
        """The region if the account has ever looked at it."""
        return self._known.get((account_id, name))

    def names(self) -> list[str]:
        """The names of all that are known, sorted."""
        return sorted({name for _, name in self._known})

    def catch_up(self, now: float) -> None:
        """Bring whatever follows a log as far as its lag lets it be at `now`."""
        for region in self:
            for table in region.tables.values():
                for partition in table.all_partitions():
                    partition.catch_up(now)
        for group in self.environment.global_tables:
            group.settle(now)

    def clear(self) -> None:
        """Forget all of them, with all that they hold."""
        self._known.clear()

    def __iter__(self) -> Iterator[Region]:
        return iter(list(self._known.values()))


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
