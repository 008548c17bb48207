"""The network between regions: which can reach which, and how late replication arrives.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from typing import Literal, get_args

from attrs import Factory, define

#: Seconds: fixed, or evenly drawn between two bounds for each write.
Lag = float | tuple[float, float]
#: What clients of a region meet while nobody reaches it; of several outages at once, the first of these.
Shows = Literal["refused", "timeouts", "errors"]


@define(eq=False)
class Links:
    """All links of a world.

    Causes of any kind may hold a link back; it is as before when all are gone.
    """

    #: Regions that nobody can reach.
    outages: dict[str, set[object]] = Factory(dict)
    #: What each of these outages shows clients.
    shown: dict[object, Shows] = Factory(dict)
    #: Pairs of regions that cannot reach each other.
    cuts: dict[frozenset[str], set[object]] = Factory(dict)
    #: Replicas (region and table) that replication is paused for, in both directions.
    pauses: dict[tuple[str, str], set[object]] = Factory(dict)
    #: The pauses of AWS Fault Injection Service: metrics count what comes of them apart.
    induced: set[object] = Factory(set)
    #: How late writes arrive, by source and destination.
    lags: dict[tuple[str, str], dict[object, Lag]] = Factory(dict)
    #: How far a region's clock is ahead, in seconds.
    skews: dict[str, dict[object, float]] = Factory(dict)
    #: When the last change was made: what was held back until then arrives no earlier.
    changed: float = float("-inf")

    def outage(self, region: str) -> Shows | None:
        """What clients of a region meet instead of it, None if it is there."""
        causes = self.outages.get(region)
        return min((self.shown[cause] for cause in causes), key=get_args(Shows).index) if causes else None

    def are_connected(self, region: str, other: str) -> bool:
        """Whether two regions reach each other at all."""
        return not (
            self.outages.get(region)
            or self.outages.get(other)
            or self.cuts.get(frozenset((region, other)))
        )

    def are_open(self, region: str, other: str, table: str) -> bool:
        """Whether writes to a table get from one region to another."""
        if not (self.outages or self.cuts or self.pauses):
            return True
        return not (
            self.outages.get(region)
            or self.outages.get(other)
            or self.cuts.get(frozenset((region, other)))
            or self.pauses.get((region, table))
            or self.pauses.get((other, table))
        )

    def is_induced(self, region: str, table: str) -> bool:
        """Whether an experiment keeps a replica from the others."""
        return not self.induced.isdisjoint(self.pauses.get((region, table), ()))

    def lag(self, source: str, destination: str, draw: float) -> float:
        """Seconds that one write needs; `draw` is its own number between 0 and 1."""
        lags = self.lags.get((source, destination))
        if not lags:
            return 0.0
        return max(
            lag[0] + (lag[1] - lag[0]) * draw if isinstance(lag, tuple) else lag for lag in lags.values()
        )

    def skew(self, region: str) -> float:
        """Seconds that a region's clock is ahead of the world's."""
        return sum(self.skews.get(region, {}).values())
