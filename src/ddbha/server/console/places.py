"""Regions, their zones and the links between them, as the JSON that the console shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from ddbha.region.environment import Environment
from ddbha.region.region import Region, Regions
from ddbha.server.console.fault_numbers import FaultNumbers

Json = dict[str, Any]


def shown_region(region: Region, numbers: FaultNumbers) -> Json:
    """A region and its zones; what is down names the `faults` that keep it so, by their numbers."""
    environment = region.environment
    outages, cuts = environment.links.outages.get(region.name), environment.zone_cuts
    return {
        "name": region.name,
        "account": region.account_id,
        "status": "UNREACHABLE" if outages else "UP",
        "faults": numbers.of_all(outages),
        "shows": environment.links.outage(region.name),
        "skew": environment.links.skew(region.name),
        "zones": [
            {
                "name": zone,
                # Nobody can tell how a zone is whose region nobody reaches.
                "status": "UNREACHABLE" if outages else _zone_status(environment, zone),
                "faults": numbers.of_all(environment.zone_outages.get(zone)),
                "lag": environment.lag(zone),
                "left": zone in environment.replication.away,
                "cut_from": [other for other in region.zones if cuts.get(frozenset((zone, other)))],
            }
            for zone in region.zones
        ],
    }


def _zone_status(environment: Environment, zone: str) -> str:
    return "DOWN" if environment.zone_outages.get(zone) else "UP"


def shown_links(regions: Regions, numbers: FaultNumbers) -> Iterator[Json]:
    """The links between regions, and what has not arrived over them."""
    environment = regions.environment
    links = environment.links
    for region, other in combinations(regions.names(), 2):
        cuts = links.cuts.get(frozenset((region, other)))
        yield {
            "regions": [region, other],
            "cut": bool(cuts),
            "faults": numbers.of_all(cuts),
            "open": links.are_connected(region, other),
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
