"""A table, with its partitions and where their replicas are, as the JSON that the console shows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ddbha.errors import InternalServerError
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.storage.partition import Partition

#: Partitions of one table or index that are shown.
PARTITIONS = 24
KINDS = ("Read", "Write")

Json = dict[str, Any]
#: Numbers of a region's tables: by Read or Write, region and table.
Numbers = Mapping[tuple[str, str, str], float]


def shown_table(
    region: Region, table: Table, reachable: bool, consumed: Numbers, throttled: Numbers
) -> Json:
    """A table as it is now; `reachable` tells whether clients reach its region."""
    now = region.now()
    member = table.membership
    reachable = reachable and (member is None or member.inaccessible_since is None)
    owners = {table.name: table.partitions}
    for index in table.global_indexes.values():
        # Without a quorum it stays behind until there is one, and is shown like that.
        with suppress(InternalServerError):
            index.catch_up(now)
        owners[f"{table.name}/{index.name}"] = index.partitions
    items, size = _holdings(table)
    return {
        "name": table.name,
        "region": region.name,
        "account": region.account_id,
        "status": table.status if member is None or reachable else member.status,
        "reachable": reachable,
        "items": items,
        "bytes": size,
        "billing": table.settings.billing_mode,
        "replicas": sorted(member.group.members) if member is not None else [],
        "consistency": table.consistency,
        "stream": table.settings.stream_label is not None,
        "indexes": [index.name for index in table.following_indexes()],
        "consumed": {kind: consumed.get((kind, region.name, table.name), 0) for kind in KINDS},
        "throttled": {kind: throttled.get((kind, region.name, table.name), 0) for kind in KINDS},
        "owners": [
            {
                "name": owner,
                "count": len(partitions),
                "partitions": [_partition(one, now, reachable) for one in partitions[:PARTITIONS]],
            }
            for owner, partitions in owners.items()
        ],
    }


def _holdings(table: Table) -> tuple[int, int]:
    """How many items a table has, and their bytes; in one go, since every look at the world asks."""
    items = size = 0
    for partition in table.partitions:
        leader = partition.leader
        leader.apply_all()
        items += len(leader.items)
        size += leader.items.size
    return items, size


def is_behind(shown: Json) -> bool:
    """Whether a replica of a table, as it is shown, lacks something."""
    return any(
        replica["missing"] or replica["unapplied"]
        for partition in shown["owners"][0]["partitions"]
        for replica in partition["replicas"]
    )


def _partition(partition: Partition, now: float, reachable: bool) -> Json:
    leader = partition.leader
    newest = leader.last_sequence
    replicas = []
    for replica in partition.replicas:
        # Replicas that nobody reads apply late, which nobody can tell; only a lag is worth showing, and
        # not of one that is down.
        held = replica.log.last_sequence
        if replica.applied_sequence != held and replica is not leader and not replica.outages:
            replica.catch_up(now)
        replicas.append(
            {
                "zone": replica.zone,
                "status": replica.status if reachable else "UNREACHABLE",
                "leader": replica is leader,
                "sequence": held,
                "missing": max(0, newest - held),
                "unapplied": 0
                if replica is leader or replica.outages
                else held - replica.applied_sequence,
                "lag": replica.lag,
            }
        )
    return {
        "number": partition.number,
        "term": partition.term,
        "serves": partition.serves,
        "replicas": replicas,
    }
