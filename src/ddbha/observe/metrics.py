"""Metrics under the names, dimensions and statistics that DynamoDB has in CloudWatch.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timezone
from functools import partial
from math import inf
from typing import Literal, get_args

from attrs import Factory, define, field

from ddbha.errors import UsageError, did_you_mean

MINUTE = 60
#: Minutes that a series keeps; CloudWatch keeps values of one minute for 15 days.
KEPT = 15 * 24 * 60
#: Series from which on it is looked whether all are still of use.
SERIES = 1000
Statistic = Literal["Sum", "SampleCount", "Average", "Minimum", "Maximum"]
STATISTICS: tuple[str, ...] = get_args(Statistic)

#: The metrics that a world has, and their dimensions.
MetricName = Literal[
    "AccountMaxReadCapacityUnits",
    "AccountMaxWriteCapacityUnits",
    "ConditionalCheckFailedRequests",
    "ConsumedReadCapacityUnits",
    "ConsumedWriteCapacityUnits",
    "FaultInjectionServiceInducedErrors",
    "PendingReplicationCount",
    "ProvisionedReadCapacityUnits",
    "ProvisionedWriteCapacityUnits",
    "ReadThrottleEvents",
    "ReplicationLatency",
    "ReturnedItemCount",
    "SystemErrors",
    "ThrottledRequests",
    "TimeToLiveDeletedItemCount",
    "TransactionConflict",
    "UserErrors",
    "WriteThrottleEvents",
]
NAMES: frozenset[str] = frozenset(get_args(MetricName))
DIMENSIONS = frozenset(
    {"TableName", "GlobalSecondaryIndexName", "Operation", "ReceivingRegion", "AccountId"}
)

#: Name, region, and the dimensions in the order of their names.
SeriesKey = tuple[str, str, tuple[tuple[str, str], ...]]


@define(eq=False)
class Summary:
    """What is kept of the values of some time."""

    sum: float
    count: int
    minimum: float
    maximum: float

    def merge(self, other: Summary) -> None:
        """Take in the values of another summary."""
        self.sum += other.sum
        self.count += other.count
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)

    def statistic(self, name: str) -> float:
        """One of `STATISTICS`."""
        if name == "Average":
            return self.sum / self.count
        values = {"Sum": self.sum, "SampleCount": float(self.count), "Minimum": self.minimum}
        return values.get(name, self.maximum)


@define(eq=False)
class Series:
    """The values of one metric with one set of dimensions, summed up by minute.

    Where it was forgotten since all its values were too old, `return_` puts it back with the next one.
    """

    return_: Callable[[Series], None] = field(default=lambda series: None, repr=False)
    #: In a dict the way to the first one of those that are left grows with each that was dropped.
    minutes: OrderedDict[int, Summary] = Factory(OrderedDict)
    #: The minute that the last value was of, in seconds since the epoch, and its summary.
    _begins: float = field(default=inf, init=False)
    _ends: float = field(default=-inf, init=False)
    _summary: Summary = field(factory=lambda: Summary(0.0, 0, inf, -inf), init=False)

    def add(self, value: float, time: float) -> None:
        """Take in a value of a time in seconds since the epoch."""
        if not self._begins <= time < self._ends:
            self._turn_to(int(time // MINUTE))
        summary = self._summary
        summary.sum += value
        summary.count += 1
        if value < summary.minimum:
            summary.minimum = value
        if value > summary.maximum:
            summary.maximum = value

    @property
    def newest(self) -> int:
        """The minute of the last value, counted from the epoch; -1 before there is one."""
        return next(reversed(self.minutes), -1)

    def clear(self) -> None:
        """Forget all values."""
        self.minutes.clear()
        self._begins, self._ends = inf, -inf

    def _turn_to(self, minute: int) -> None:
        self._begins, self._ends = minute * MINUTE, (minute + 1) * MINUTE
        if minute not in self.minutes:
            self.minutes[minute] = Summary(0.0, 0, inf, -inf)
        self._summary = self.minutes[minute]
        # The first one that was made is the oldest, but for a clock that was set back.
        while next(iter(self.minutes)) <= minute - KEPT or len(self.minutes) > KEPT:
            self.minutes.popitem(last=False)
        self.return_(self)


@define(eq=False)
class Metrics:
    """All series of a world.

    `counted` is entered for each query: what is counted late, from logs, is counted then, and nobody
    adds to the series meanwhile.
    """

    counted: Callable[[], AbstractContextManager[None]] = field(default=nullcontext, repr=False)
    _series: dict[SeriesKey, Series] = Factory(dict)
    #: With so many series those are forgotten that have had no value for long.
    _most: int = field(factory=lambda: SERIES)

    def __repr__(self) -> str:
        return f"<Metrics of {len({name for name, _, _ in list(self._series)})} names>"

    def put(self, name: str, value: float, time: float, region: str, **dimensions: str) -> None:
        """Take in a value of a time in seconds since the epoch."""
        self.series(name, region, **dimensions).add(value, time)

    def series(self, name: str, region: str, **dimensions: str) -> Series:
        """One series, to be kept at hand by whoever adds to it often."""
        key = (name, region, tuple(sorted(dimensions.items())))
        series = self._series.get(key)
        if series is None:
            if len(self._series) >= self._most:
                self._forget_old()
            series = self._series[key] = Series(partial(self._series.__setitem__, key))
        return series

    def _forget_old(self) -> None:
        """Forget the series whose values are all too old: most are of tables that are gone."""
        horizon = max(-1, max(series.newest for series in self._series.values()) - KEPT)
        for key in [key for key, series in self._series.items() if series.newest <= horizon]:
            del self._series[key]
        self._most = 2 * len(self._series) + SERIES

    def query(
        self,
        name: MetricName,
        *,
        region: str | None = None,
        period: int = MINUTE,
        start: datetime | None = None,
        end: datetime | None = None,
        statistic: Statistic = "Sum",
        **dimensions: str,
    ) -> list[tuple[datetime, float]]:
        """A statistic of each period that has values, oldest first, with the beginning of the period.

        `period` is a multiple of 60 seconds, counted from the epoch; `start` is the first minute and
        `end` the one after the last.  Series of several regions, or with more dimensions than are given,
        are taken together, but those of an index only if `GlobalSecondaryIndexName` is given: as in
        CloudWatch, they are no part of the table's.  `AccountId` stands for asking in that account.
        Units are those of CloudWatch: Count for all that ddbha has, and milliseconds for latencies.
        Raises `UsageError` for an unknown metric, dimension or statistic, or an impossible period.
        """
        if name not in NAMES and not any(name == one for one, _, _ in list(self._series)):
            raise UsageError(f"There is no metric {name}.{did_you_mean(name, NAMES)}")
        for dimension in dimensions.keys() - DIMENSIONS:
            raise UsageError(
                f"Metrics have no dimension {dimension}; they have {', '.join(sorted(DIMENSIONS))}."
            )
        if statistic not in STATISTICS:
            raise UsageError(f"statistic={statistic!r} is none of {', '.join(STATISTICS)}.")
        if period < MINUTE or period % MINUTE:
            raise UsageError(f"period={period} is not a multiple of {MINUTE} seconds.")
        with self.counted():
            periods = self._periods(name, region, period, start, end, dimensions)
        return [
            (datetime.fromtimestamp(seconds, timezone.utc), periods[seconds].statistic(statistic))
            for seconds in sorted(periods)
        ]

    def _periods(
        self,
        name: str,
        region: str | None,
        period: int,
        start: datetime | None,
        end: datetime | None,
        dimensions: dict[str, str],
    ) -> dict[int, Summary]:
        first = -1.0 if start is None else start.timestamp() // MINUTE * MINUTE
        last = float("inf") if end is None else end.timestamp()
        periods: dict[int, Summary] = {}
        for (its_name, its_region, its_dimensions), series in self._series.items():
            if its_name != name or region not in (None, its_region):
                continue
            if not _fits(dict(its_dimensions), dimensions):
                continue
            for minute, summary in series.minutes.items():
                seconds = minute * MINUTE
                if first <= seconds < last:
                    period_start = seconds - seconds % period
                    if period_start in periods:
                        periods[period_start].merge(summary)
                    else:
                        periods[period_start] = Summary(
                            summary.sum, summary.count, summary.minimum, summary.maximum
                        )
        return periods

    def sums(self, name: str, minutes: Sequence[int]) -> Iterator[tuple[str, dict[str, str], float]]:
        """Region, dimensions and sum over some minutes (since the epoch) of each series of a metric.

        One pass for all tables; what is counted late is for the caller to count before.
        """
        for (its_name, region, dimensions), series in self._series.items():
            if its_name == name:
                found = [series.minutes[minute].sum for minute in minutes if minute in series.minutes]
                if found:
                    yield region, dict(dimensions), sum(found)

    def names(self) -> list[str]:
        """The names of all metrics that have values."""
        with self.counted():
            return sorted({name for (name, _, _), series in self._series.items() if series.minutes})

    def clear(self) -> None:
        """Forget all values; series that are at hand somewhere go on."""
        for series in self._series.values():
            series.clear()


def _fits(found: dict[str, str], wanted: dict[str, str]) -> bool:
    if ("GlobalSecondaryIndexName" in found) != ("GlobalSecondaryIndexName" in wanted):
        return False
    return wanted.items() <= found.items()
