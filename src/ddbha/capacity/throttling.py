"""Throttling: what a table, an index and each of their partitions may still read and write.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
"""

from __future__ import annotations

from attrs import Factory, define, field

from ddbha.capacity import scaling
from ddbha.capacity.auto_scaling import AutoScaling
from ddbha.capacity.scaling import PARTITION_CEILING, Heat
from ddbha.errors import (
    AwsError,
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ThrottlingException,
)
from ddbha.faults.requests import MESSAGES
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.storage.partition import Partition
from ddbha.values.key import ItemKey
from ddbha.values.settings import Throughput

#: Seconds of unused capacity that a provisioned table or index keeps; a new one begins with all of them.
BURST = 300.0
#: Ceilings, maximums and quotas hold for each second.
NO_BURST = 1.0

_INDEX_EXCEEDED = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the "
    "table was exceeded. Consider increasing your provisioning level for the under-provisioned global "
    "secondary indexes with the UpdateTable API."
)
_MAXIMUM_EXCEEDED = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"


@define(eq=False)
class Bucket:
    """Units that come at `rate` a second, of which at most those of so many `seconds` are kept.

    What could not be known beforehand, such as the size of a page, may take more than there is; then
    nothing more is admitted until the debt has been refilled.
    """

    rate: float
    seconds: float
    _time: float
    level: float = field(init=False)

    @level.default
    def _full(self) -> float:
        return self.rate * self.seconds

    def at(self, rate: float, now: float) -> Bucket:
        """This bucket, filled up to `now`, from then on at `rate`."""
        if now > self._time:
            self.level += (now - self._time) * self.rate
            self._time = now
        elif rate == self.rate:
            return self
        self.rate = rate
        self.level = min(self.level, rate * self.seconds)
        return self

    def holds(self, units: float) -> bool:
        """Whether so many units are there; more than the bucket can ever hold need it full."""
        return self.level >= min(units, self.rate * self.seconds)


@define(eq=False)
class Limits:
    """The buckets of the reads or of the writes of a table or a global secondary index."""

    region: Region
    table: Table
    index: GlobalIndex | None
    #: Read or Write.
    kind: str
    #: By name of what they limit.
    _buckets: dict[str, Bucket] = Factory(dict)
    _partitions: dict[Partition, tuple[Bucket, Heat]] = Factory(dict)
    _peak: scaling.Peak = Factory(scaling.Peak)
    _ceiling: float = field(init=False)

    @_ceiling.default
    def _partition_ceiling(self) -> float:
        return float(self._rate(PARTITION_CEILING))

    @property
    def resource(self) -> str:
        """The ARN of the table or the index."""
        return self.table.arn if self.index is None else f"{self.table.arn}/index/{self.index.name}"

    @property
    def dimensions(self) -> dict[str, str]:
        """What names the table or the index in metrics."""
        if self.index is None:
            return {"TableName": self.table.name}
        return {"TableName": self.table.name, "GlobalSecondaryIndexName": self.index.name}

    def take(self, partition: Partition, key: ItemKey | None, units: float, now: float) -> None:
        """Take units out of all buckets that apply; raises the error of the first that lacks them."""
        buckets = self._applicable(partition, now)
        for limit, bucket in buckets:
            if bucket.level < units and not bucket.holds(units):
                raise self._refuse(limit, partition, now)
        for _, bucket in buckets:
            bucket.level -= units
        self._notice(partition, key, units, now)

    def charge(self, partition: Partition, key: ItemKey | None, units: float, now: float) -> None:
        """Take units out of all buckets that apply, whether they are there or not.

        Negative units give back what was taken.
        """
        for _, bucket in self._applicable(partition, now):
            bucket.level -= units
        self._notice(partition, key, units, now)

    def _notice(self, partition: Partition, key: ItemKey | None, units: float, now: float) -> None:
        """Let those know of the traffic who add partitions or throughput for it."""
        heat = self._partitions[partition][1]
        if heat.add(key, units, self._ceiling, now):
            scaling.split_for_heat(self.region, self.table, partition, heat)
        scaler = self.table.parts.find(AutoScaling)
        if scaler is not None:
            scaler.wake()
        if self._on_demand:
            rate = self._peak.add(units, now)
            if rate:
                scaling.prepare_for_double(self.region, self.table, self.index, rate, self._ceiling)

    @property
    def _on_demand(self) -> bool:
        return self.table.settings.billing_mode == "PAY_PER_REQUEST"

    def _applicable(self, partition: Partition, now: float) -> list[tuple[str, Bucket]]:
        owner = self.table.settings if self.index is None else self.index
        found: list[tuple[str, Bucket]] = []
        if self._on_demand:
            maximum = 0 if owner.on_demand is None else self._rate(owner.on_demand)
            if maximum > 0:
                found.append(self._bucket("MaxOnDemandThroughputExceeded", maximum, NO_BURST, now))
            quota = self._rate(self.region.environment.settings.on_demand_quota)
            found.append(self._bucket("AccountLimitExceeded", quota, NO_BURST, now))
        else:
            rate = self._rate(owner.throughput)
            found.append(self._bucket("ProvisionedThroughputExceeded", rate, BURST, now))
        found.append(("KeyRangeThroughputExceeded", self._of_partition(partition, now)))
        return found

    def _rate(self, throughput: Throughput) -> int:
        return throughput.read if self.kind == "Read" else throughput.write

    def _bucket(self, limit: str, rate: float, seconds: float, now: float) -> tuple[str, Bucket]:
        bucket = self._buckets.get(limit)
        if bucket is None:
            bucket = self._buckets[limit] = Bucket(rate, seconds, now)
        return limit, bucket.at(rate, now)

    def _of_partition(self, partition: Partition, now: float) -> Bucket:
        known = self._partitions.get(partition)
        if known is None:
            # Partitions that were split are gone.
            for gone in [p for p in self._partitions if p not in p.siblings]:
                del self._partitions[gone]
            known = Bucket(self._ceiling, NO_BURST, now), Heat()
            self._partitions[partition] = known
        return known[0].at(self._ceiling, now)

    def _refuse(self, limit: str, partition: Partition, now: float) -> AwsError:
        reason = f"{'Table' if self.index is None else 'Index'}{self.kind}{limit}"
        region, metrics = self.region, self.region.environment.metrics
        region.record("throttled", table=self.table.name, partition=partition.number, reason=reason)
        for name in (
            f"{self.kind}ThrottleEvents",
            f"{self.kind}{limit.removesuffix('Exceeded')}ThrottleEvents",
        ):
            metrics.put(name, 1.0, now, region.name, AccountId=region.account_id, **self.dimensions)
        reasons = [{"reason": reason, "resource": self.resource}]
        if limit == "AccountLimitExceeded":
            return RequestLimitExceeded(MESSAGES["RequestLimitExceeded"], ThrottlingReasons=reasons)
        if limit == "MaxOnDemandThroughputExceeded":
            return ThrottlingException(_MAXIMUM_EXCEEDED, throttlingReasons=reasons)
        if self._on_demand:
            return ThrottlingException(MESSAGES["ThrottlingException"], throttlingReasons=reasons)
        message = MESSAGES["ProvisionedThroughputExceededException"]
        return ProvisionedThroughputExceededException(
            message if self.index is None else _INDEX_EXCEEDED, ThrottlingReasons=reasons
        )


@define(eq=False)
class TokenBuckets:
    """The limits of a table and its global indexes, by index and kind, once they were needed."""

    limits: dict[tuple[str | None, str], Limits] = Factory(dict)


#: What throttled requests are answered with.
THROTTLED = (ProvisionedThroughputExceededException, ThrottlingException, RequestLimitExceeded)


@define(eq=False)
class Admission:
    """Admits the reads and writes of one request, and can give back what it took."""

    region: Region
    _taken: list[tuple[Limits, Partition, float]] = Factory(list)

    def take(
        self,
        table: Table,
        index: GlobalIndex | None,
        kind: str,
        partition: Partition,
        key: ItemKey,
        units: float,
    ) -> None:
        """Take units for a read or a write of a key; raises one of `THROTTLED`."""
        limits = limits_of(self.region, table, index, kind)
        limits.take(partition, key, units, self.region.now())
        self._taken.append((limits, partition, units))

    def give_back(self) -> None:
        """Undo everything that was admitted: the request is not done."""
        now = self.region.now()
        for limits, partition, units in self._taken:
            limits.charge(partition, None, -units, now)
        self._taken.clear()


def applies(region: Region, table: Table) -> bool:
    """Whether a table is throttled: always if provisioned, on demand only in a world that throttles."""
    return table.settings.billing_mode == "PROVISIONED" or region.environment.settings.throttling


def limits_of(region: Region, table: Table, index: GlobalIndex | None, kind: str) -> Limits:
    """The buckets of a table or an index, made when they are first needed."""
    name = (None if index is None else index.name, kind)
    known = table.parts.the(TokenBuckets).limits
    limits = known.get(name)
    if limits is None or limits.index is not index:
        limits = known[name] = Limits(region, table, index, kind)
    return limits
