"""What all regions of a world share: its settings, time, chance, network, and what has failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from math import inf
from random import Random
from typing import Any

from attrs import Factory, define, field

from ddbha.clock import Clock, Moment, Scheduler, Timings
from ddbha.followers.kinesis import KinesisStreams
from ddbha.followers.links import Links
from ddbha.followers.replication import GlobalTable
from ddbha.interruptions import uninterrupted
from ddbha.observe.events import EventKind, Timeline
from ddbha.observe.metrics import Metrics
from ddbha.region.parts import Parts
from ddbha.settings import Settings
from ddbha.storage.replication import Replication
from ddbha.values.key import ItemKey


@define(eq=False)
class Environment:
    """What all regions of a world share."""

    settings: Settings
    #: The world's clock; while something is done late that was due, it shows when that was.
    clock: Clock
    random: Random
    scheduler: Scheduler = Factory(Scheduler)
    events: Timeline = Factory(Timeline)
    metrics: Metrics = Factory(Metrics)
    #: The faults that keep a zone down, by zone.
    zone_outages: dict[str, set[object]] = Factory(dict)
    #: The faults that keep two zones from reaching each other, by the pair.
    zone_cuts: dict[frozenset[str], set[object]] = Factory(dict)
    #: The zones that traffic is moved away from, by zonal shift, and whether AWS began it.
    zonal_shifts: dict[object, tuple[str, bool]] = Factory(dict)
    #: How many seconds replicas stay behind, by zone and fault.
    zone_lags: dict[str, dict[object, float]] = Factory(dict)
    #: How many tables are being restored, by account.
    restores: Counter[str] = Factory(Counter)
    #: The network between regions.
    links: Links = Factory(Links)
    #: Tables with replicas in several regions.
    global_tables: list[GlobalTable] = Factory(list)
    #: What is kept with the world by those who know it.
    parts: Parts = Factory(Parts)
    #: What was put to Kinesis data streams.
    kinesis: KinesisStreams = Factory(
        lambda self: KinesisStreams(lambda: self.clock.time()), takes_self=True
    )
    #: The operation that is being answered, and the ARNs of other accounts that it may use.
    operation: str = ""
    #: The ongoing transactions that hold items, by the ARN of the table and the key.
    locks: dict[tuple[str, ItemKey], Any] = Factory(dict)
    #: Seconds that the transaction takes that is being answered.
    transaction_seconds: float = 0.0
    #: Seconds that the client waits for the answer.
    patience: float = inf
    admitted: frozenset[str] = frozenset()

    #: How partitions replicate.
    replication: Replication = Factory(
        lambda self: Replication(
            self.scheduler,
            lambda: self.clock.time(),
            self.settings.leader_seconds,
            self.settings.stale_reads,
        ),
        takes_self=True,
    )

    #: The clock that goes on.
    _clock: Clock = field(default=Factory(lambda self: self.clock, takes_self=True), init=False)

    def __attrs_post_init__(self) -> None:
        self.scheduler.stand_at = self._stand_at

    def __repr__(self) -> str:
        return f"<Environment {self.clock!r}>"

    def _stand_at(self, moment: float | None) -> None:
        self.clock = self._clock if moment is None else Moment(moment)

    @property
    def timings(self) -> Timings:
        """How long transitions of the control plane take."""
        return self.settings.timings

    @contextmanager
    def standstill(self) -> Iterator[Environment]:
        """The world up to date, while nobody else gets in: to show it, or to do several things."""
        with self.scheduler.lock, uninterrupted:
            self.scheduler.run_due(self.clock.time())
            yield self

    def record(self, kind: EventKind, region: str, **details: Any) -> None:
        """Put an event on the timeline."""
        self.events.add(self.clock.time(), kind, region, **details)

    def lag(self, zone: str) -> float:
        """Seconds that replicas in a zone stay behind."""
        lags = self.zone_lags.get(zone)
        return max(lags.values(), default=0.0) if lags else 0.0

    def later(self, seconds: float, action: Any) -> None:
        """Run `action` when `seconds` have passed, at the earliest before the next request."""
        self.scheduler.at(self.clock.time() + seconds, action)

    def blocked(self, action: Any) -> None:
        """Run `action` again once a leader serves, a link is open or a transaction has ended."""
        self.scheduler.blocked(action)

    def unblock(self) -> None:
        """Something has changed: let what is blocked be tried again, before the next request."""
        self.scheduler.unblock(self.clock.time())

    def count_pending(self) -> None:
        """Let the metrics know how many writes are on their way between regions."""
        now = self.clock.time()
        for group in self.global_tables:
            for source, destination in permutations(group.members, 2):
                self.metrics.put(
                    "PendingReplicationCount",
                    float(group.pending(source, destination)),
                    now,
                    source,
                    AccountId=group.members[source].account_id,
                    TableName=group.name,
                    ReceivingRegion=destination,
                )

    def clear(self) -> None:
        """Forget all tables of all regions, and whatever else was there."""
        self.global_tables.clear()
        self.kinesis.clear()
        self.restores.clear()
        self.scheduler.clear()
        self.locks.clear()
        self.events.clear()
        self.metrics.clear()

    def settle(self) -> None:
        """Bring all replicas in other regions as far as the network lets them be now."""
        now = self.clock.time()
        for group in self.global_tables:
            group.settle(now)
