"""Faults inside a region: nodes, zones, the network between zones, and followers that lag.

Scenarios: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/disaster-recovery-resiliency.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from attrs import define

from ddbha.errors import UnknownPlaceError, UsageError
from ddbha.faults.fault import Effect
from ddbha.faults.requests import Request, tables_of
from ddbha.followers.index_followers import IndexFollowers
from ddbha.region.places import region_of
from ddbha.region.region import Regions
from ddbha.region.table import Table
from ddbha.storage.partition import Partition
from ddbha.storage.replica import Replica


@define(eq=False)
class ZoneFaults:
    """Makes the effects on the replicas of a world."""

    _regions: Regions

    def zone_outage(self, zone: str) -> Effect:
        """All replicas in a zone stop answering."""
        self._region_of(zone)
        outages = self._regions.environment.zone_outages

        def begin(fault: object) -> None:
            outages.setdefault(zone, set()).add(fault)
            for partition, replica in self._replicas(zone):
                replica.outages.add(fault)
                partition.review()

        def end(fault: object) -> None:
            outages[zone].discard(fault)
            self._restore(fault, zone)

        return Effect(f"zone outage {zone}", begin, end, self._holds(zone))

    def node_outage(self, zone: str, table: str, partition: int) -> Effect:
        """The node that holds one partition's replica in a zone stops answering."""
        self._replica(zone, table, partition)

        def begin(fault: object) -> None:
            owner, lost = self._replica(zone, table, partition)
            lost.outages.add(fault)
            owner.review()

        def end(fault: object) -> None:
            self._restore(fault, zone)

        return Effect(f"node outage {zone} table={table} partition={partition}", begin, end)

    def zone_cut(self, zone: str, other: str) -> Effect:
        """Two zones of a region cannot reach each other."""
        if zone == other or self._region_of(zone) != self._region_of(other):
            raise UsageError(f"{zone} and {other} are not two zones of one region.")
        pair = frozenset((zone, other))
        cuts = self._regions.environment.zone_cuts

        def begin(fault: object) -> None:
            cuts.setdefault(pair, set()).add(fault)
            for partition, _ in self._replicas(zone):
                partition.review()

        def end(fault: object) -> None:
            cuts[pair].discard(fault)
            if not cuts[pair]:
                del cuts[pair]
            for partition, _ in self._replicas(zone):
                partition.review()

        return Effect(f"zone cut {zone} {other}", begin, end, self._holds(zone))

    def follower_lag(self, zone: str, seconds: float) -> Effect:
        """Replicas in a zone apply what they hold so many seconds late, except where they lead."""
        self._region_of(zone)
        _check_lag(seconds)
        environment = self._regions.environment
        lags = environment.zone_lags.setdefault(zone, {})

        def refresh() -> None:
            now = environment.clock.time()
            for _, replica in self._replicas(zone):
                # What was there before the lag began stays seen.
                replica.catch_up(now)
                replica.lag = environment.lag(zone)

        def begin(fault: object) -> None:
            lags[fault] = seconds
            refresh()

        def end(fault: object) -> None:
            del lags[fault]
            refresh()

        return Effect(f"follower lag {zone} seconds={seconds}", begin, end, self._holds(zone))

    def index_lag(self, table: str, index: str, seconds: float) -> Effect:
        """A global secondary or vector index takes writes in so many seconds late, in every region."""
        self.require_table(table)
        _check_lag(seconds)
        if not list(self._indexes(table, index)):
            tables = [region.tables[table] for region in self._regions if table in region.tables]
            names = sorted({i.name for one in tables for i in one.following_indexes()})
            raise UnknownPlaceError(
                f"Table {table!r} has no global secondary or vector index {index!r}. "
                f"It has: {', '.join(names) or 'none'}."
            )

        def begin(fault: object) -> None:
            for found in self._indexes(table, index):
                found.add_lag(fault, seconds, self._regions.environment.clock.time())

        def end(fault: object) -> None:
            for found in self._indexes(table, index):
                found.remove_lag(fault)

        return Effect(f"index lag {table} {index} seconds={seconds}", begin, end)

    def led_from(self, zone: str) -> Callable[[Request], bool]:
        """Whether a request may need a partition whose leader is in a zone.

        The key tells which partition a single item is in; other requests may need all.
        """
        region = self._region_of(zone)

        def met(request: Request) -> bool:
            names = tables_of(request)
            return any(
                partition.leader.zone == zone
                for place in self._regions
                if place.name == region
                for name in names & place.tables.keys()
                for partition in _needed(place.tables[name], request)
            )

        return met

    def require_table(self, name: str) -> None:
        """Raise `UnknownPlaceError` if no region has such a table."""
        names = {table for region in self._regions for table in region.tables}
        if name not in names:
            raise UnknownPlaceError(
                f"There is no table {name!r}. Tables: {', '.join(sorted(names)) or 'none'}."
            )

    def _holds(self, zone: str) -> Callable[[], bool]:
        """Whether there is a replica in a zone."""
        return lambda: any(True for _ in self._replicas(zone))

    def _region_of(self, zone: str) -> str:
        return region_of(zone, self._regions.environment.settings.more_regions)

    def _indexes(self, table: str, index: str) -> Iterator[IndexFollowers]:
        for region in self._regions:
            if table in region.tables:
                for one in region.tables[table].following_indexes():
                    if one.name == index:
                        yield one.followers

    def _restore(self, fault: object, zone: str) -> None:
        # Looked up now: a partition may have been split since the fault began.
        places = [place for place in self._replicas(zone) if fault in place[1].outages]
        for _, replica in places:
            replica.outages.discard(fault)
        for partition, _ in places:
            partition.review()

    def _replicas(self, zone: str) -> Iterator[tuple[Partition, Replica]]:
        for region in self._regions:
            if zone in region.zones:
                for table in region.tables.values():
                    for partition in table.all_partitions():
                        for replica in partition.replicas:
                            if replica.zone == zone:
                                yield partition, replica

    def _replica(self, zone: str, table: str, number: int) -> tuple[Partition, Replica]:
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
        partition = partitions[number]
        return partition, next(r for r in partition.replicas if r.zone == zone)


def _needed(table: Table, request: Request) -> Iterable[Partition]:
    key = table.schema.key_or_none(request.get("Key") or request.get("Item") or {})
    return table.partitions if key is None else [table.partitions.of(key)]


def _check_lag(seconds: float) -> None:
    if not isinstance(seconds, (int, float)) or seconds < 0:
        raise UsageError(f"seconds={seconds!r} is no lag: it is a number of seconds, zero or more.")
