"""Zonal shifts: leaders and readers move away from a zone on request, and back.

Nothing fails for it.  AWS's Application Recovery Controller does so with the traffic of load balancers:
https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-shift.html
"""

from __future__ import annotations

from itertools import combinations

from attrs import define

from ddbha.errors import UsageError
from ddbha.faults.fault import Effect
from ddbha.region.environment import Environment
from ddbha.region.places import region_of, zones_of
from ddbha.region.region import Regions
from ddbha.storage.partition import Partition


@define(eq=False)
class ZonalShifts:
    """Makes the shifts of a world."""

    _regions: Regions

    def shift(self, zone: str, *, automatic: bool) -> Effect:
        """Leaders and readers keep away from a zone; an `automatic` shift is one that AWS begins.

        One that is due when it is not possible does nothing, and the timeline says so.  Raises
        `UnknownPlaceError` for what is no zone.
        """
        region = self._region_of(zone)
        moved: list[tuple[Partition, int]] = []

        def begin(fault: object) -> None:
            try:
                self.require(zone, automatic=automatic)
            except UsageError as error:
                self._environment.record("zonal-shift-refused", region, zone=zone, reason=str(error))
                return
            self._environment.zonal_shifts[fault] = (zone, automatic)
            moved.extend(self._apply(region))

        def end(fault: object) -> None:
            if self._environment.zonal_shifts.pop(fault, None) is None:
                return
            self._apply(region)
            for partition, term in moved:
                if partition.term == term and zone not in self._environment.replication.away:
                    partition.hand_over({zone})

        told = "zonal autoshift" if automatic else "zonal shift"
        return Effect(f"{told} away from {zone}", begin, end, lambda: any(self._partitions(region)))

    def require(self, zone: str, *, automatic: bool) -> None:
        """Raise `UsageError` if traffic cannot be moved away from a zone now.

        Without it two zones must be up and reach each other; and of each kind a region has one shift.
        """
        region = self._region_of(zone)
        for other, kind in self._environment.zonal_shifts.values():
            if kind == automatic and self._region_of(other) == region:
                raise UsageError(f"{region} has a zonal shift already, away from {other}: end it first.")
        down, cuts = self._environment.zone_outages, self._environment.zone_cuts
        rest = [name for name in zones_of(region) if name != zone and not down.get(name)]
        if not any(frozenset(pair) not in cuts for pair in combinations(rest, 2)):
            raise UsageError(
                f"Traffic cannot be moved away from {zone}: of the other zones of {region} two must be "
                "up and reach each other, or there is no quorum without it."
            )

    def _apply(self, region: str) -> list[tuple[Partition, int]]:
        """Move as the shifts of a region ask; the customer's comes before AWS's.

        Returns the partitions that have another leader now, with their terms.
        """
        shifts = [s for s in self._environment.zonal_shifts.values() if self._region_of(s[0]) == region]
        zones = [zone for zone, _ in sorted(shifts, key=lambda shift: shift[1])]
        away = self._environment.replication.away
        away.difference_update(zones_of(region))
        away.update(zones[:1])
        moved = []
        for partition in self._partitions(region):
            term = partition.term
            partition.review()
            if partition.term != term:
                moved.append((partition, partition.term))
        return moved

    def _partitions(self, region: str) -> list[Partition]:
        return [
            partition
            for place in self._regions
            if place.name == region
            for table in place.tables.values()
            for partition in table.all_partitions()
        ]

    @property
    def _environment(self) -> Environment:
        return self._regions.environment

    def _region_of(self, zone: str) -> str:
        return region_of(zone, self._environment.settings.more_regions)
