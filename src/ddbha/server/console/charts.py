"""What the charts of a table are drawn from: its metrics by minute, and how late its replicas were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from ddbha.engine import Engine
from ddbha.errors import UsageError
from ddbha.observe.metrics import MINUTE, MetricName, Metrics
from ddbha.region.table import Table
from ddbha.server.console.lags import Lags

#: The longest time that is drawn, in seconds.
LONGEST = 24 * 3600

Json = dict[str, Any]
Points = list[tuple[float, float]]

CONSUMED: dict[str, MetricName] = {
    "Read": "ConsumedReadCapacityUnits",
    "Write": "ConsumedWriteCapacityUnits",
}
THROTTLED: dict[str, MetricName] = {"Read": "ReadThrottleEvents", "Write": "WriteThrottleEvents"}


def charts(engine: Engine, lags: Lags, asked: Mapping[str, str]) -> Json:
    """The charts of the `table` of an `account` in a `region`, over the last `seconds`.

    Each has a `unit` and `series` by name; a series is points of seconds since the epoch and a value: a
    sum or a maximum of the minute that begins then, or a lag as it was seen at that moment.
    Raises `UsageError` for a table that is not there and for a time that is none.
    """
    seconds = asked.get("seconds", "3600")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 9 and 0 < int(seconds) <= LONGEST):
        raise UsageError(f"seconds= is a number up to {LONGEST}.")
    with engine.standstill():
        region = engine.regions.find(asked.get("account", ""), asked.get("region", ""))
        table = None if region is None else region.tables.get(asked.get("table", ""))
        if region is None or table is None:
            raise UsageError("account=, region= and table= are those of a table that is shown.")
        end = engine.clock.now()
        start = end - timedelta(seconds=int(seconds))
        return {
            "start": start.timestamp(),
            "end": end.timestamp(),
            "minute": MINUTE,
            "charts": _Drawing(engine.metrics, table, region.name, region.account_id, start).charts(lags),
        }


@frozen
class _Drawing:
    """Draws the charts of one table from a moment on."""

    metrics: Metrics
    table: Table
    region: str
    account: str
    start: datetime

    def charts(self, lags: Lags) -> list[Json]:
        first = self.start.timestamp()
        membership = self.table.membership
        members = set() if membership is None else {*membership.group.members}
        return [
            {
                "name": "Consumed capacity",
                "unit": "units in a minute",
                "series": {kind: self._units(name) for kind, name in CONSUMED.items()},
            },
            {
                "name": "Throttled requests",
                "unit": "requests in a minute",
                "series": {kind: self._units(name) for kind, name in THROTTLED.items()},
            },
            {
                "name": "Replication lag",
                "unit": "seconds, the longest in a minute",
                "series": {f"to {other}": self._lag(other) for other in sorted(members - {self.region})},
            },
            {
                "name": "Replica lag",
                "unit": "seconds, whenever somebody looked",
                "series": {
                    "between zones": [point for point in lags.of(self.table) if point[0] >= first]
                },
            },
        ]

    def _units(self, metric: MetricName) -> Points:
        """The sum of a metric of the table and of its global indexes."""
        points: dict[float, float] = {}
        of_table: dict[str, Any] = {"AccountId": self.account, "TableName": self.table.name}
        indexes = [{"GlobalSecondaryIndexName": name} for name in self.table.global_indexes]
        for of_index in ({}, *indexes):
            dimensions = of_table | of_index
            for moment, value in self.metrics.query(
                metric, region=self.region, start=self.start, **dimensions
            ):
                at = moment.timestamp()
                points[at] = points.get(at, 0.0) + value
        return sorted(points.items())

    def _lag(self, other: str) -> Points:
        found = self.metrics.query(
            "ReplicationLatency",
            region=self.region,
            start=self.start,
            statistic="Maximum",
            AccountId=self.account,
            TableName=self.table.name,
            ReceivingRegion=other,
        )
        return [(moment.timestamp(), milliseconds / 1000) for moment, milliseconds in found]
