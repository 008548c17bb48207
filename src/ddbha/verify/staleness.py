"""How far in the past an eventually consistent read may have looked when a call ends."""

from __future__ import annotations

from math import inf

from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.table import Table
from ddbha.storage.follower import Follower
from ddbha.storage.partition import Partition
from ddbha.verify.calls import Call


def staleness(call: Call, now: float) -> float:
    """Seconds that what a call read may have been in the past; infinite if it may be any past."""
    index = call.index if isinstance(call.index, GlobalIndex) else None
    return max((_behind(table, index, now) for table in call.tables.values()), default=0.0)


def _behind(table: Table, index: GlobalIndex | None, now: float) -> float:
    partitions = table.partitions if index is None else index.partitions
    worst = max(_behind_leader(partition) for partition in partitions)
    return worst if index is None else worst + _behind_table(index, now)


def _behind_leader(partition: Partition) -> float:
    """How many seconds ago the state may be from that a replica of a partition shows."""
    worst = partition.replication.stale_reads
    for replica in partition.replicas:
        if replica.up and replica is not partition.leader:
            if replica.last_sequence < partition.acknowledged_sequence:
                return inf
            worst = max(worst, replica.lag)
    return worst


def _behind_table(index: GlobalIndex, now: float) -> float:
    """How many seconds ago the state of the table may be from that an index shows."""
    if any(_is_late(follower, now) for follower in index.followers):
        return inf
    return max((follower.lag for follower in index.followers), default=0.0)


def _is_late(follower: Follower, now: float) -> bool:
    """Whether a follower is further behind than its lag, since it could not write what it read."""
    if follower.predecessor is not None and _is_late(follower.predecessor, now):
        return True
    unread = follower.source.after(follower.applied_sequence)
    return any(record.time <= now - follower.lag for record in unread)
