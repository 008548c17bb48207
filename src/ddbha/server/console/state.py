"""A world as the JSON that the console shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import combinations, islice
from typing import Any
from weakref import WeakKeyDictionary

from ddbha.engine import Engine
from ddbha.errors import InternalServerError, UnknownPlaceError
from ddbha.faults.fault import Fault
from ddbha.recovery.backup import backups_of
from ddbha.region.environment import Environment
from ddbha.region.region import Region, Regions, utc
from ddbha.region.table import Table
from ddbha.storage.partition import Partition

#: Events of the timeline that are shown, the newest first.
EVENTS = 60
#: Partitions of one table or index that are shown.
PARTITIONS = 24
#: Seconds of the metrics that say what goes on now.
_RECENT = 60

Json = dict[str, Any]


class View:
    """Looks at a world; numbers its faults so that they can be named."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._numbers: WeakKeyDictionary[Fault, int] = WeakKeyDictionary()
        self._faults_seen = 0

    def state(self) -> Json:
        """Everything that is shown, as of one moment."""
        engine = self._engine
        with engine.standstill() as environment:
            environment.settle()
            events = list(islice(reversed(list(engine.events)), EVENTS))
            return {
                "seed": engine.settings.seed,
                "time": engine.clock.now().isoformat(timespec="milliseconds"),
                "regions": [self._region(region) for region in engine.regions],
                "links": list(_links(engine.regions)),
                "faults": [
                    {"number": self._number(fault), "description": fault.description}
                    for fault in engine.faults.active
                ],
                "events": [
                    {
                        "time": utc(event.time).isoformat(timespec="milliseconds"),
                        "kind": event.kind,
                        "region": event.region,
                        "details": " ".join(f"{name}={value}" for name, value in event.details.items()),
                    }
                    for event in events
                ],
            }

    def fault(self, number: object) -> Fault:
        """The active fault of a number; `UnknownPlaceError` if it has ended."""
        for fault in self._engine.faults.active:
            if self._number(fault) == number:
                return fault
        raise UnknownPlaceError("There is no fault of that number any more.")

    def _number(self, fault: Fault) -> int:
        if fault not in self._numbers:
            self._faults_seen += 1
            self._numbers[fault] = self._faults_seen
        return self._numbers[fault]

    def _region(self, region: Region) -> Json:
        environment = region.environment
        return {
            "name": region.name,
            "account": region.account_id,
            "down": bool(environment.links.outages.get(region.name)),
            "skew": environment.links.skew(region.name),
            "zones": [
                {
                    "name": zone,
                    "down": bool(environment.zone_outages.get(zone)),
                    "lag": environment.lag(zone),
                }
                for zone in region.zones
            ],
            "tables": [self._table(region, table) for table in region.tables.values()],
            "backups": [
                {
                    "arn": backup.arn,
                    "name": backup.name,
                    "table": backup.source.name,
                    "status": backup.status,
                    "created": utc(backup.created).isoformat(timespec="seconds"),
                }
                for backup in backups_of(region).values()
            ],
        }

    def _table(self, region: Region, table: Table) -> Json:
        owners = {table.name: table.partitions}
        for index in table.global_indexes.values():
            # Without a quorum it stays behind until there is one, and is shown like that.
            with suppress(InternalServerError):
                index.catch_up(region.now())
            owners[f"{table.name}/{index.name}"] = index.partitions
        return {
            "name": table.name,
            "status": table.status,
            "items": table.item_count,
            "bytes": table.size,
            "billing": table.settings.billing_mode,
            "replicas": sorted(table.membership.group.members) if table.membership else [],
            "throttled": {
                kind: sum(self._metric(f"{kind}ThrottleEvents", region, table)) for kind in _KINDS
            },
            "consumed": {
                kind: sum(self._metric(f"Consumed{kind}CapacityUnits", region, table, recent=True))
                for kind in _KINDS
            },
            "owners": [
                {
                    "name": owner,
                    "count": len(partitions),
                    "partitions": [_partition(p, region.now()) for p in partitions[:PARTITIONS]],
                }
                for owner, partitions in owners.items()
            ],
        }

    def _metric(
        self, name: str, region: Region, table: Table, *, recent: bool = False
    ) -> Iterator[float]:
        """The sums by minute of a metric of a table and of its indexes."""
        start = utc(region.now() - _RECENT) if recent else None
        dimensions: list[dict[str, Any]] = [{"TableName": table.name}]
        for index in table.global_indexes:
            dimensions.append({"TableName": table.name, "GlobalSecondaryIndexName": index})
        for its in dimensions:
            for _, value in self._engine.metrics.query(name, region=region.name, start=start, **its):
                yield value


_KINDS = ("Read", "Write")


def _partition(partition: Partition, now: float) -> Json:
    leader = partition.leader
    replicas = []
    for replica in partition.replicas:
        # Replicas that nobody reads apply late, which nobody can tell; only a lag is worth showing.
        if replica.up and replica is not leader:
            replica.catch_up(now)
        replicas.append(
            {
                "zone": replica.zone,
                "status": replica.status,
                "leader": replica is leader,
                "sequence": replica.last_sequence,
                "missing": max(0, leader.last_sequence - replica.last_sequence),
                "unapplied": replica.last_sequence - replica.applied_sequence,
                "lag": replica.lag,
            }
        )
    return {"number": partition.number, "term": partition.term, "replicas": replicas}


def _links(regions: Regions) -> Iterator[Json]:
    """The links between regions, and what has not arrived over them."""
    environment = regions.environment
    links = environment.links
    for region, other in combinations(regions.names(), 2):
        yield {
            "regions": [region, other],
            "cut": bool(links.cuts.get(frozenset((region, other)))),
            "open": not (
                links.cuts.get(frozenset((region, other)))
                or links.outages.get(region)
                or links.outages.get(other)
            ),
            # At most, where each write draws its own.
            "lag": [links.lag(region, other, 1.0), links.lag(other, region, 1.0)],
            "pending": [_pending(environment, region, other), _pending(environment, other, region)],
        }


def _pending(environment: Environment, source: str, destination: str) -> int:
    return sum(
        len(group.members[source].outgoing.get(destination, ()))
        for group in environment.global_tables
        if source in group.members
    )
