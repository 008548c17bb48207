"""Partitions are added for throughput, for size and for heat, in the background.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.Partitions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil

from attrs import Factory, define, frozen

from ddbha.errors import InternalServerError
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.storage.items import GREATEST
from ddbha.storage.partition import Partition
from ddbha.storage.partitions import Partitions
from ddbha.values.key import HASH_SPACE, ItemKey
from ddbha.values.settings import Throughput

PARTITION_CEILING = Throughput(read=3000, write=1000)
#: An on-demand table is ready for 4000 writes and 12 000 reads a second.
ON_DEMAND_PARTITIONS = 4
#: No more partitions are made for throughput alone: ten times what the quota of a table needs.
MOST_PARTITIONS = 500
#: A partition is hot in a minute in which this share of its ceiling was used ...
HOT = 0.8
#: ... and is split after so many hot minutes in a row.
HOT_MINUTES = 3
#: A key, or an item collection, with this share of the traffic gets a partition of its own.
DOMINANT = 0.5
#: Keys of one minute that are remembered to choose where to split.
KEYS = 1000
#: Seconds after which on-demand capacity has grown to twice a new peak.
GROWTH = 30 * 60.0


@define(eq=False)
class Heat:
    """The traffic of one partition, reads or writes, in the current minute."""

    minute: int = -1
    units: float = 0.0
    #: Units by key, in the order in which keys were first used.
    keys: dict[ItemKey, float] = Factory(dict)
    hot_minutes: int = 0

    def add(self, key: ItemKey | None, units: float, ceiling: float, now: float) -> bool:
        """Count traffic; whether the partition has been hot for long enough to be split."""
        minute = int(now // 60)
        ready = False
        if minute != self.minute:
            hot = minute == self.minute + 1 and self.units >= HOT * ceiling * 60
            self.hot_minutes = self.hot_minutes + 1 if hot else 0
            ready = self.hot_minutes >= HOT_MINUTES
            if not ready:
                self.keys.clear()
            self.minute, self.units = minute, 0.0
        self.units += units
        if not ready and key is not None and (key in self.keys or len(self.keys) < KEYS):
            self.keys[key] = self.keys.get(key, 0.0) + units
        return ready


@define(eq=False)
class Peak:
    """The highest use of an on-demand table in any minute so far, in units a second."""

    highest: float = 0.0
    _minute: int = -1
    _units: float = 0.0

    def add(self, units: float, now: float) -> float:
        """Count traffic; the new peak if the minute that has just ended was one, else 0."""
        minute, peak = int(now // 60), 0.0
        if minute != self._minute:
            rate = self._units / 60
            if rate > self.highest:
                self.highest = peak = rate
            self._minute, self._units = minute, 0.0
        self._units += units
        return peak


def partition_count(throughput: Throughput, warm: Throughput | None = None) -> int:
    """Partitions that a provisioned throughput needs, or the throughput that is to be warm.

    No provisioned throughput stands for an on-demand table.
    """
    ceiling = PARTITION_CEILING
    ready = 0 if warm is None else max(ceil(warm.read / ceiling.read), ceil(warm.write / ceiling.write))
    if throughput == Throughput():
        return min(max(ON_DEMAND_PARTITIONS, ready), MOST_PARTITIONS)
    units = throughput.read * ceiling.write + throughput.write * ceiling.read
    return min(max(-(-units // (ceiling.read * ceiling.write)), ready), MOST_PARTITIONS)


@frozen
class Growth:
    """The partitions that a table and its indexes come to have for a throughput; none is ever removed."""

    #: Partitions of the table or one of its indexes, and how many they are to be at least.
    _wanted: list[tuple[Partitions, int]]

    @classmethod
    def of(cls, rates: Iterable[tuple[Partitions, Throughput, Throughput | None]]) -> Growth:
        """What provisioned and warm throughputs need."""
        return cls([(partitions, partition_count(units, warm)) for partitions, units, warm in rates])

    def seconds(self, split: float) -> float:
        """How long it takes: each doubling the time of one split, all partitions at once."""
        cuts = [cuts for wanted in self._wanted for _, cuts in _even_cuts(*wanted)]
        return split * max(map(len, cuts), default=0).bit_length()

    def grow(self, region: Region, owner: str) -> None:
        """Make the partitions, of one size wherever they were.

        Raises `InternalServerError` while one of those that are to be split has no leader; the others may
        have been split by then.
        """
        for partitions, count in self._wanted:
            for partition, cuts in _even_cuts(partitions, count):
                _split(region, owner, partition, cuts, "throughput")


def _even_cuts(partitions: Partitions, count: int) -> list[tuple[Partition, list[ItemKey]]]:
    """Where to split so that no partition has more than its share, `1 / count`, of the hashes."""
    if count <= len(partitions):
        return []
    found = []
    for partition in partitions:
        low, high = partition.low[0], partition.high[0]
        parts = -(-(high - low) * count // HASH_SPACE)
        cuts: list[ItemKey] = [(low + (high - low) * number // parts,) for number in range(1, parts)]
        cuts = [cut for cut in cuts if partition.low < cut < partition.high]
        if cuts:
            found.append((partition, cuts))
    return found


def prepare_for_double(
    region: Region, table: Table, index: GlobalIndex | None, rate: float, ceiling: float
) -> None:
    """An on-demand table or index saw a new peak: half an hour later it can take twice as much."""
    partitions = table.partitions if index is None else index.partitions
    growth = Growth([(partitions, min(ceil(2 * rate / ceiling), MOST_PARTITIONS))])

    def grow() -> None:
        try:
            growth.grow(region, table.name)
        except InternalServerError:
            region.environment.blocked(grow)

    region.later(GROWTH, grow)


def split_for_heat(region: Region, table: Table, partition: Partition, heat: Heat) -> None:
    """Split a hot partition so that both sides take part in its traffic, where that helps."""
    cuts = _cuts_for_heat(heat.keys, whole=bool(partition.leader.items.local_schemas))
    heat.keys.clear()
    heat.hot_minutes = 0
    if any(partition.low < cut < partition.high for cut in cuts):
        _split_later(region, table.name, partition, lambda: cuts, "heat")


def split_for_size(region: Region, owner: str, partition: Partition) -> None:
    """Split a partition that has grown beyond what one may hold, if its items can be divided."""

    def cuts() -> list[ItemKey]:
        leader = partition.available_leader()
        at = leader.items.dividing_position(partition.low, partition.high)
        if at is None:
            # One item, or one collection that must stay whole: look again when it has doubled.
            partition.full_at = 2 * leader.items.size
        return [] if at is None else [at]

    _split_later(region, owner, partition, cuts, "size")


def _cuts_for_heat(keys: dict[ItemKey, float], *, whole: bool) -> list[ItemKey]:
    traffic: dict[ItemKey, float] = {}
    for key, units in keys.items():
        place = key[:2] if whole else key
        traffic[place] = traffic.get(place, 0.0) + units
    total = sum(traffic.values())
    collections: dict[ItemKey, list[ItemKey]] = {}
    for key in traffic:
        collections.setdefault(key[:2], []).append(key)
    for collection, members in collections.items():
        if sum(traffic[key] for key in members) > DOMINANT * total and _one_direction(members):
            # Each write goes to the end: only the end would be hot after a split.
            return [collection, (*collection, GREATEST)]
    for key, units in traffic.items():
        if units > DOMINANT * total:
            return [key, (*key, GREATEST)]
    before = 0.0
    for key in sorted(traffic):
        if before + traffic[key] / 2 >= total / 2:
            return [key]
        before += traffic[key]
    return []


def _one_direction(keys: list[ItemKey]) -> bool:
    """Whether the sort keys of a collection came in rising or in falling order."""
    return len(keys) > 2 and (keys == sorted(keys) or keys == sorted(keys, reverse=True))


def _split(region: Region, owner: str, partition: Partition, cuts: list[ItemKey], reason: str) -> None:
    """Split a partition at positions in order, as far as they lie in it."""
    for cut in cuts:
        if partition.low < cut < partition.high:
            _, partition = partition.split(cut)
            region.record("partition-added", table=owner, partition=partition.number, reason=reason)


def _split_later(
    region: Region, owner: str, partition: Partition, cuts: Callable[[], list[ItemKey]], reason: str
) -> None:
    """Split a partition at one or two positions once the world's timings have passed."""

    def split() -> None:
        if partition not in partition.siblings:
            return
        try:
            _split(region, owner, partition, cuts(), reason)
        except InternalServerError:
            # No leader: there is time enough when the zones are back.
            region.environment.blocked(split)

    region.later(region.environment.timings.split_partition, split)
