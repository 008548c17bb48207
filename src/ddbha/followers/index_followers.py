"""What carries the writes of a table into an index of it, as late as faults say."""

from __future__ import annotations

from attrs import define, evolve

from ddbha.storage.follower import Follower
from ddbha.storage.partition import Partition, PartitionFollower


class IndexFollowers(list["IndexFollower"]):
    """The followers of one index, one for each partition of the table, and what holds them up."""

    def __init__(self) -> None:
        super().__init__()
        self._lags: dict[object, float] = {}

    def add(self, follower: IndexFollower) -> None:
        """One more follower, as late as the others."""
        self.append(follower)
        self._set_lag()

    def add_lag(self, cause: object, seconds: float, now: float) -> None:
        """Stay so many seconds behind for a cause; what is in the index `now` stays seen."""
        self.catch_up(now)
        self._lags[cause] = seconds
        self._set_lag()

    def remove_lag(self, cause: object) -> None:
        """A cause to stay behind is gone."""
        self._lags.pop(cause, None)
        self._set_lag()

    def catch_up(self, now: float) -> None:
        """Bring the index as far as its lag allows at `now`."""
        for follower in self:
            follower.catch_up(now)

    def leave(self) -> None:
        """Follow the table no more."""
        for follower in self:
            follower.partition.followers.remove(follower)

    def _set_lag(self) -> None:
        lag = max(self._lags.values(), default=0.0)
        for follower in self:
            link: Follower | None = follower
            while link is not None:
                # What a partition wrote before it was split is as late as what its halves write.
                link.lag = lag
                link = link.predecessor


@define(eq=False)
class IndexFollower(PartitionFollower):
    """Carries the writes of one partition of the table into an index."""

    followers: IndexFollowers

    def successor(self, partition: Partition) -> IndexFollower:
        if self in self.followers:
            self.followers.remove(self)
        follower = evolve(
            self,
            partition=partition,
            applied_sequence=partition.acknowledged_sequence,
            predecessor=self,
        )
        self.followers.append(follower)
        return follower
