"""The world at a glance: regions, tables, partitions, replicas and how far behind they are.

Looking changes nothing: what a replica could have applied by now counts as applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from attrs import frozen

from ddbha.region.region import Region, Regions
from ddbha.region.table import Table
from ddbha.storage.partition import Partition
from ddbha.storage.replica import Replica

_HEADINGS = ("region", "table", "partition", "zone", "status", "last", "applied", "lag (s)")


@frozen
class ReplicaPosition:
    """Where one replica of a partition is; `lag` is the age in seconds of the first write it lacks."""

    zone: str
    leads: bool
    status: str
    last_sequence: int
    applied_sequence: int
    lag: float

    def __str__(self) -> str:
        text = f"{self.zone}{'*' if self.leads else ''} {self.status} {self.last_sequence}"
        if self.applied_sequence != self.last_sequence:
            text += f" applied {self.applied_sequence}"
        return f"{text} lag {self.lag:g} s" if self.lag else text


def positions(partition: Partition, now: float) -> list[ReplicaPosition]:
    """The replicas of a partition, in the order of their zones."""
    return [_position(partition, replica, now) for replica in partition.replicas]


def _position(partition: Partition, replica: Replica, now: float) -> ReplicaPosition:
    leader = partition.leader
    applied = replica.applied_sequence
    if replica is leader:
        applied = replica.last_sequence
    else:
        for record in replica.log.after(applied):
            if record.time > now - replica.lag:
                break
            applied = record.sequence
    # A replica may be so far behind that the leader has dropped what it lacks.
    missing = leader.log.after(max(applied, leader.log.dropped_sequence))
    lag = round(max(0.0, now - missing[0].time), 3) if missing else 0.0
    return ReplicaPosition(
        replica.zone, replica is leader, replica.status, replica.last_sequence, applied, lag
    )


def pending(region: Region, table: Table) -> dict[str, int]:
    """How many writes of a global table's member have not arrived, by the region they go to."""
    if table.membership is None:
        return {}
    group = table.membership.group
    return {
        other: group.pending(region.name, other)
        for other in sorted(group.members)
        if other != region.name
    }


def as_text(title: str, regions: Regions) -> str:
    """Lines for people; a star marks the leader of a partition."""
    environment = regions.environment
    now = environment.clock.time()
    lines = [title]
    for region in regions:
        down = ", ".join(zone for zone in region.zones if environment.zone_outages.get(zone))
        lines.append(f"  {region.name} account {region.account_id}{down and f', down: {down}'}")
        for table in region.tables.values():
            lines.append(f"    {table.name} {table.status}{_pending_text(region, table)}")
            for partition in table.partitions:
                replicas = ", ".join(map(str, positions(partition, now)))
                lines.append(f"      partition {partition.number} term {partition.term}: {replicas}")
    return "\n".join(lines)


def as_html(title: str, regions: Regions) -> str:
    """One HTML table with a row for each replica, for notebooks."""
    head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in _rows(regions)
    )
    return (
        f"<table><caption>{escape(title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _rows(regions: Regions) -> Iterator[tuple[str, ...]]:
    environment = regions.environment
    now = environment.clock.time()
    for region in regions:
        place = f"{region.name} ({region.account_id})"
        if not region.tables:
            yield (place, *[""] * (len(_HEADINGS) - 1))
        for table in region.tables.values():
            name = f"{table.name} {table.status}{_pending_text(region, table)}"
            for partition in table.partitions:
                number = f"{partition.number} (term {partition.term})"
                for replica in positions(partition, now):
                    yield (
                        place,
                        name,
                        number,
                        f"{replica.zone}{' *' if replica.leads else ''}",
                        replica.status,
                        str(replica.last_sequence),
                        str(replica.applied_sequence),
                        f"{replica.lag:g}",
                    )


def _pending_text(region: Region, table: Table) -> str:
    return "".join(f", {count} pending to {other}" for other, count in pending(region, table).items())
