"""Application Auto Scaling of one table: target tracking, minute by minute while something consumes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf

from attrs import Factory, define, field, frozen

from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.observe.metrics import MINUTE
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.settings import Throughput

#: Throughput rises when so many minutes in a row were above the target ...
OUT_MINUTES = 2
#: ... and falls when so many were this many percentage points below it.  Minutes without any consumption
#: have no value, so a table that nobody uses stays as it is.
IN_MINUTES, IN_MARGIN = 15, 20.0

#: The name of a global index, or None for the table, and Read or Write.
Dimension = tuple[str | None, str]


@frozen
class ScalingSettings:
    """How one dimension is scaled; the target is in per cent of the throughput, cooldowns in seconds.

    Without a target there is no policy, and nothing changes.
    """

    minimum: int
    maximum: int
    target: float | None
    policy_name: str
    role_arn: str
    disabled: bool = False
    disable_scale_in: bool = False
    scale_in_cooldown: int = 0
    scale_out_cooldown: int = 0
    #: Seconds since the epoch at which the limits and the policy were first set.
    since: float = 0.0
    policy_since: float = 0.0
    in_suspended: bool = False
    out_suspended: bool = False
    schedules_suspended: bool = False

    @property
    def active(self) -> bool:
        """Whether the dimension is scaled at all."""
        return not self.disabled and self.target is not None

    def wanted(self, current: int, rates: list[float], since_change: float) -> int:
        """The throughput to have, given the units a second of the last minutes, newest first."""
        if self.target is None or not current:
            return current
        wanted = current
        utilization = [100 * rate / current for rate in rates]
        recent, low = utilization[:OUT_MINUTES], self.target - IN_MARGIN
        if min(recent) > self.target:
            if since_change >= self.scale_out_cooldown and not self.out_suspended:
                wanted = max(current, ceil(100 * rates[0] / self.target))
        elif (
            not self.disable_scale_in
            and not self.in_suspended
            and since_change >= self.scale_in_cooldown
            and all(0 < used < low for used in utilization)
        ):
            wanted = min(current, ceil(100 * max(rates) / self.target))
        return min(max(wanted, self.minimum), self.maximum)


@define(eq=False)
class AutoScaling:
    """The settings of one table, kept with it; `change` asks for new throughputs as a client would."""

    region: Region
    table: Table
    #: Sets the throughput of the table and of those indexes that change, by name; whether that was done.
    change: Callable[[dict[str | None, Throughput]], bool]
    settings: dict[Dimension, ScalingSettings] = Factory(dict)
    _changed: dict[Dimension, float] = field(factory=dict, init=False)
    _scheduled: bool = field(default=False, init=False)

    def wake(self) -> None:
        """Something was consumed: look at it when its minute is over."""
        if not self._scheduled:
            self._scheduled = True
            now = self.region.now()
            self.region.later((now // MINUTE + 1) * MINUTE - now, self._evaluate)

    def _evaluate(self) -> None:
        self._scheduled = False
        region, table = self.region, self.table
        if region.tables.get(table.name) is not table:
            return
        rates = {dimension: self._rates(dimension) for dimension in self.settings}
        if table.status == "ACTIVE" and table.settings.billing_mode == "PROVISIONED":
            self._adapt(rates)
        if any(any(rate) for rate in rates.values()):
            self.wake()

    def _adapt(self, rates: dict[Dimension, list[float]]) -> None:
        now, changes = self.region.now(), dict[str | None, Throughput]()
        scaled: dict[Dimension, tuple[int, int]] = {}
        for (index_name, kind), settings in self.settings.items():
            index = None if index_name is None else self.table.global_indexes.get(index_name)
            if not settings.active or (index is None and index_name is not None):
                continue
            throughput = changes.get(index_name) or _throughput(self.table, index)
            current = throughput.read if kind == "Read" else throughput.write
            since = now - self._changed.get((index_name, kind), -inf)
            wanted = settings.wanted(current, rates[index_name, kind], since)
            if wanted != current:
                read, write = throughput.read, throughput.write
                changes[index_name] = (
                    Throughput(wanted, write) if kind == "Read" else Throughput(read, wanted)
                )
                scaled[index_name, kind] = current, wanted
        if not changes or not self.change(changes):
            return
        for (index_name, kind), (before, units) in scaled.items():
            self._changed[index_name, kind] = now
            self.region.record(
                "throughput-scaled",
                table=self.table.name,
                index=index_name,
                capacity=kind,
                units=units,
                before=before,
            )

    def _rates(self, dimension: Dimension) -> list[float]:
        """Units a second in the last whole minutes, newest first."""
        index_name, kind = dimension
        self.table.count_writes(self.region.now())
        minutes = self.region.consumed(kind, self.table.name, index_name).minutes
        this_minute = int(self.region.now() // MINUTE)
        past = (minutes.get(this_minute - back) for back in range(1, IN_MINUTES + 1))
        return [0.0 if summary is None else summary.sum / MINUTE for summary in past]


def _throughput(table: Table, index: GlobalIndex | None) -> Throughput:
    return table.settings.throughput if index is None else index.throughput
