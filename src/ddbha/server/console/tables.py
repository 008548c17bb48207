"""A table as the JSON that the console shows."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ddbha.errors import InternalServerError
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.server.console.capacity import KINDS, Numbers
from ddbha.server.console.partitions import ShownPartitions

#: Partitions of one table or index that are shown.
PARTITIONS = 24

Json = dict[str, Any]


def shown_table(
    region: Region,
    table: Table,
    reachable: bool,
    shown: ShownPartitions,
    consumed: Numbers,
    throttled: Numbers,
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
        "consumed": {
            kind: consumed.get((kind, region.name, table.name, region.account_id), 0) for kind in KINDS
        },
        "throttled": {kind: throttled.get((kind, region.name, table.name), 0) for kind in KINDS},
        "owners": [
            {
                "name": owner,
                "count": len(partitions),
                "partitions": [shown.of(one, now, reachable) for one in partitions[:PARTITIONS]],
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
