"""Where the replicas of partitions are, as the JSON that the console shows."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from attrs import Factory, define

from ddbha.storage.partition import Partition

Json = dict[str, Any]


@define(eq=False)
class ShownPartitions:
    """Partitions as JSON; those that are as they were when they were last shown are not made anew."""

    _known: WeakKeyDictionary[Partition, tuple[list[Any], Json]] = Factory(WeakKeyDictionary)

    def of(self, partition: Partition, now: float, reachable: bool) -> Json:
        """A partition as it is now; `reachable` tells whether clients reach its region."""
        leader = partition.leader
        facts: list[Any] = [reachable, partition.term, leader.zone, partition.serves]
        for replica in partition.replicas:
            # Replicas that nobody reads apply late, which nobody can tell; only a lag is worth showing,
            # and not of one that is down.
            held, applied = replica.log.last_sequence, replica.applied_sequence
            if applied != held:
                if replica is leader or replica.outages:
                    applied = held
                else:
                    replica.catch_up(now)
                    applied = replica.applied_sequence
            facts += (held, applied, not replica.outages, replica.lag)
        known = self._known.get(partition)
        if known is None or known[0] != facts:
            known = self._known[partition] = facts, _partition(partition, facts)
        return known[1]


def _partition(partition: Partition, facts: list[Any]) -> Json:
    reachable, term, leads, serves, *of_replicas = facts
    newest = partition.leader.last_sequence
    replicas = []
    for place, replica in enumerate(partition.replicas):
        held, applied, up, lag = of_replicas[4 * place : 4 * place + 4]
        status = "UP" if up else "DOWN"
        replicas.append(
            {
                "zone": replica.zone,
                "status": status if reachable else "UNREACHABLE",
                "leader": replica.zone == leads,
                "sequence": held,
                "missing": max(0, newest - held),
                "unapplied": held - applied,
                "lag": lag,
            }
        )
    return {"number": partition.number, "term": term, "serves": serves, "replicas": replicas}
