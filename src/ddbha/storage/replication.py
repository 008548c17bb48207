"""How the replicas of a partition work together: the quorum, what reaches what, and what a world sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence

from attrs import Factory, define

from ddbha.clock import Scheduler
from ddbha.storage.replica import Replica
from ddbha.values.key import ItemKey

#: Replicas that must persist a record before it is acknowledged.
QUORUM = 2


class Guard(ABC):
    """What a partition needs besides its own quorum: agreement with the other regions of its table."""

    @abstractmethod
    def agree(self) -> None:
        """Bring the partition up to date; `InternalServerError` while that is impossible."""

    @abstractmethod
    def admit(self, key: ItemKey) -> None:
        """Raise `AwsError` if another region is writing the item just now."""


@define(eq=False)
class Replication:
    """What is set for all partitions of a world, in seconds.

    A new leader is elected when the `leader_lease` of the one before it has run out.  Eventually
    consistent reads look up to `stale_reads` into the past where they do not meet the leader.
    """

    #: Holds elections when they are due.
    scheduler: Scheduler
    #: Seconds since the epoch.
    now: Callable[[], float]
    leader_lease: float = 0.0
    stale_reads: float = 0.0
    #: The zones that leaders and readers keep away from, as long as others can do their work.
    away: set[str] = Factory(set)


#: Of partitions by themselves: nothing takes time.
INSTANT = Replication(Scheduler(), lambda: 0.0)


def reachable(
    replica: Replica, replicas: Sequence[Replica], cuts: Collection[frozenset[str]]
) -> list[Replica]:
    """The replicas that one of them can talk to, itself included; none if it is down."""
    if replica.outages:
        return []
    up = [other for other in replicas if not other.outages]
    if not cuts:
        return up
    return [other for other in up if frozenset((replica.zone, other.zone)) not in cuts]
