"""A partition: a range of the hash of the partition key, held by three replicas in three zones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Container, Mapping, Sequence
from math import inf
from random import Random

from attrs import Factory, define, field

from ddbha.errors import InternalServerError, UsageError
from ddbha.interruptions import uninterrupted
from ddbha.storage.follower import Follower
from ddbha.storage.items import local_position
from ddbha.storage.log import Log
from ddbha.storage.record import LogRecord, Version
from ddbha.storage.replica import Replica
from ddbha.storage.replication import INSTANT, QUORUM, Guard, Replication, reachable
from ddbha.values.image import Image, size_of
from ddbha.values.key import ItemKey

#: Followers catch up at the latest after this many records, and then the log is cut.
BATCH = 1024
#: Elections that are remembered.
ELECTIONS = 1000


@define(eq=False)
class PartitionFollower(Follower):
    """Whatever follows the log of a partition besides its replicas.

    When the partition is split, a successor for each half carries on where this follower ends.
    """

    partition: Partition

    @property
    def source(self) -> Log:
        return self.partition.leader.log

    @abstractmethod
    def successor(self, partition: Partition) -> PartitionFollower:
        """A follower of one half of the partition; called once for each half, the lower one first."""


@define(eq=False)
class Partition:
    """Positions from `low` on and before `high`.

    Writes and strongly consistent reads go through the leader and need two of three replicas;
    eventually consistent reads need one.  `notify` is told of elections and recoveries.
    """

    number: int
    low: ItemKey
    high: ItemKey
    replicas: Sequence[Replica]
    _leader: Replica
    random: Random
    notify: Callable[[str, Partition, str], None]
    #: All partitions of the table or index, in order.
    siblings: list[Partition] = Factory(list)
    #: The pairs of zones that cannot reach each other now.
    cuts: Mapping[frozenset[str], object] = Factory(dict)
    term: int = 1
    #: The newest record that two replicas have persisted: all up to it is acknowledged.
    acknowledged_sequence: int = 0
    #: Followers of this partition's log besides its replicas.
    followers: list[PartitionFollower] = Factory(list)
    guard: Guard | None = None
    replication: Replication = INSTANT
    #: Who led in which of the last terms, oldest first: term and zone.
    elections: list[tuple[int, str]] = Factory(
        lambda self: [(self.term, self._leader.zone)], takes_self=True
    )
    #: Bytes of items beyond which the partition is full and `notify` is told.
    size_limit: float = inf
    #: Bytes at which that is next said.
    full_at: float = field(default=Factory(lambda self: self.size_limit, takes_self=True), init=False)
    _cut_at: int = field(factory=lambda: BATCH, init=False)
    #: When the leader lost its quorum, while it has none; its lease runs from then on.  One that led
    #: nobody yet holds no lease.
    _lost_at: float | None = field(
        default=Factory(lambda self: None if self._can_lead(self._leader) else -inf, takes_self=True),
        init=False,
    )

    def __repr__(self) -> str:
        return f"<Partition {self.number} term={self.term} leader={self._leader.zone}>"

    @property
    def leader(self) -> Replica:
        """The replica that leads, or led last; whatever election is due has been held."""
        if self._lost_at is not None:
            self.replication.scheduler.run_due(self.replication.now())
        return self._leader

    @property
    def serves(self) -> bool:
        """Whether a leader takes writes: it reaches a peer, and whoever led before holds no lease."""
        return self.leader is not None and self._lost_at is None

    def begin_in(self, zone: str) -> None:
        """Let the replica in a zone be the first leader, of a partition that was never written to."""
        self._leader = next(replica for replica in self.replicas if replica.zone == zone)
        self.elections = [(self.term, zone)]

    def available_leader(self) -> Replica:
        """The replica that takes writes and strongly consistent reads, with all records applied.

        Raises `InternalServerError` while no two replicas are up and connected, and from the loss of a
        leader until its lease is over.
        """
        if self.guard is not None:
            self.guard.agree()
        if self._lost_at is not None:
            raise InternalServerError
        leader = self._leader
        if leader.applied_sequence != leader.log.last_sequence:
            leader.apply_all()
        return leader

    def review(self) -> None:
        """Replicas or links were lost or are back: see who leads, and let the others catch up.

        A leader that is down or cut off from both of its peers is given up when its lease is over; until
        then it may come back and go on.  Then one of the others is elected that reaches a peer, as soon
        as there is one.
        """
        if self not in self.siblings:
            # Its halves look after themselves.
            return
        now = self.replication.now()
        if not self._can_lead(self._leader):
            if self._lost_at is None:
                self._lost_at = now
            due = self._lost_at + self.replication.leader_lease
            candidates = [replica for replica in self.replicas if self._can_lead(replica)]
            if candidates and now < due:
                self.replication.scheduler.at(due, self.review)
            if not candidates or now < due:
                return
            self._elect(candidates)
        returned, self._lost_at = self._lost_at is not None, None
        self._recover_all()
        if self._leader.zone in self.replication.away:
            self.hand_over({replica.zone for replica in self.replicas} - self.replication.away)
        if returned:
            self.replication.scheduler.unblock(now)

    def hand_over(self, zones: Container[str]) -> None:
        """Let a replica in one of these zones lead, if one can that misses nothing.

        No lease has to run out, for the leader agrees.
        """
        if self._lost_at is not None or self._leader.zone in zones:
            return
        complete = self._leader.last_sequence
        candidates = [
            replica
            for replica in self.replicas
            if replica.zone in zones and replica.last_sequence == complete and self._can_lead(replica)
        ]
        if candidates:
            self._elect(candidates)
            # It may reach whom the one before did not.
            self._recover_all()

    def _elect(self, candidates: list[Replica]) -> None:
        self._leader = max(candidates, key=lambda replica: replica.last_sequence)
        assert self._leader.last_sequence >= self.acknowledged_sequence, (
            "two of three replicas hold every acknowledged record"
        )
        self.term += 1
        self.elections.append((self.term, self._leader.zone))
        del self.elections[:-ELECTIONS]
        self.notify("leader-elected", self, self._leader.zone)

    def _can_lead(self, replica: Replica) -> bool:
        return len(self._reachable(replica)) >= QUORUM

    def _reachable(self, replica: Replica) -> list[Replica]:
        """The replicas that this one can talk to, itself included; none if it is down."""
        return reachable(replica, self.replicas, self.cuts)

    def _recover_all(self) -> None:
        for replica in self._reachable(self._leader):
            if replica.last_sequence < self._leader.last_sequence:
                how = replica.recover_from(self._leader)
                self.notify(f"replica-recovered-from-{how}", self, replica.zone)

    def reader(self, now: float) -> Replica:
        """Any replica that is up, chosen by the seed, as far as its lag lets it be at `now`.

        One that a zonal shift moved away from is asked only if no other is up.

        Raises `InternalServerError` while all three are down.
        """
        first, second, third = self.replicas
        away = self.replication.away
        if not (first.outages or second.outages or third.outages or away):
            replica = self.replicas[int(self.random.random() * 3)]
        else:
            up = [replica for replica in self.replicas if replica.up]
            if not up:
                raise InternalServerError
            candidates = [replica for replica in up if replica.zone not in away] or up
            replica = candidates[int(self.random.random() * len(candidates))]
        if replica.applied_sequence != replica.log.last_sequence:
            if replica is self._leader:
                replica.apply_all()
            else:
                replica.catch_up(now - self._drawn_staleness(replica))
        return replica

    def _drawn_staleness(self, replica: Replica) -> float:
        """How many seconds further than its lag a replica shows the past this time."""
        stale = self.replication.stale_reads
        # Without it nothing is drawn, so that asking for it changes no other choice.
        return max(0.0, self.random.random() * stale - replica.lag) if stale else 0.0

    def commit(
        self,
        key: ItemKey,
        new: Image | None,
        time: float,
        origin: str,
        cause: str | None = None,
        version: Version | None = None,
    ) -> LogRecord:
        """Write one item: persisted by every replica that the leader reaches, acknowledged by two.

        Raises `InternalServerError`, with nothing written, while no two are up and connected.
        """
        leader = self.available_leader()
        if self.guard is not None:
            self.guard.admit(key)
        sequence = leader.log.last_sequence + 1
        record = LogRecord(
            sequence, self.term, time, origin, key, leader.items.images.get(key), new, cause, version
        )
        try:
            copies = 0
            for replica in self._reachable(leader) if self.cuts else self.replicas:
                if not replica.outages:
                    replica.log.append(record)
                    copies += 1
            assert copies >= QUORUM, "available_leader makes sure of a quorum"
            self.acknowledged_sequence = sequence
            leader.items.replace(key, new)
            leader.applied_sequence = sequence
        except BaseException:
            # Nothing here fails, so it came from outside, and the write is one already.
            self._finish(record)
            raise
        if leader.items.size > self.full_at:
            self._note_size(leader)
        if sequence >= self._cut_at:
            self.catch_up(time)
        return record

    def _finish(self, record: LogRecord) -> None:
        """Do what is left of a write."""
        for replica in self._reachable(self._leader):
            if replica.last_sequence < record.sequence:
                replica.log.append(record)
        self.acknowledged_sequence = record.sequence
        self._leader.items.replace(record.key, record.new)
        self._leader.applied_sequence = record.sequence

    def _note_size(self, leader: Replica) -> None:
        if leader.items.size > self.full_at:
            # Said once: who splits the partition may take its time.
            self.full_at = inf
            self.notify("partition-full", self, leader.zone)

    def catch_up_after_batch(self) -> None:
        """Let the followers catch up when many records are there: nobody wants to know of each."""
        self._cut_at = self.acknowledged_sequence + BATCH

    def catch_up_after_next_write(self) -> None:
        """Let the followers catch up at the next write already: one of them wants to know of it."""
        self._cut_at = self.acknowledged_sequence + 1

    def catch_up(self, now: float) -> None:
        """Let followers and replicas be as far as their lags let them, and keep the rest of the log."""
        for follower in self.followers:
            follower.catch_up(now)
        for replica in self.replicas:
            if replica.up:
                replica.catch_up(now - self.replication.stale_reads)
        needed = min(
            [follower.applied_sequence for follower in self.followers]
            + [replica.applied_sequence for replica in self.replicas if replica.up]
        )
        for replica in self.replicas:
            if replica.up:
                replica.log.drop_through(needed)
        self._cut_at = self.acknowledged_sequence + BATCH

    def load(self, images: dict[ItemKey, Image]) -> None:
        """Fill a partition that was never written to, as one step of the log that no record tells of.

        All replicas that are up fetch the images themselves, from wherever they are, and share them;
        followers go on behind them.  Raises `InternalServerError` while no
        two replicas are up and connected.
        """
        assert not self.acknowledged_sequence, "only an unwritten partition is loaded"
        leader = self.available_leader()
        size = sum([size_of(image) for image in images.values()])
        positions = {
            name: [p for key, image in images.items() if (p := local_position(schema, image, key))]
            for name, schema in leader.items.local_schemas.items()
        }
        for replica in self.replicas:
            if not replica.up:
                # It finds the log cut when it is back, and is copied from the leader.
                continue
            replica.items.load(images, size, positions)
            replica.log.restart_at(1)
            replica.applied_sequence = 1
        self.acknowledged_sequence = 1
        for follower in self.followers:
            follower.applied_sequence = 1
        self._note_size(leader)

    def split(self, at: ItemKey | None = None) -> tuple[Partition, Partition]:
        """Put two partitions in this one's place, divided `at` a position or in the middle of the items.

        The halves are copies of the leader in every zone that it reaches; their logs go on with the next
        sequence number, and successors of this partition's followers read them.  Raises `UsageError`
        where no cut is possible, and `InternalServerError` while fewer than two replicas are up.
        """
        with self.replication.scheduler.lock, uninterrupted:
            return self._split(at)

    def _split(self, at: ItemKey | None) -> tuple[Partition, Partition]:
        if self not in self.siblings:
            raise UsageError(f"Partition {self.number} was split before; split one of its halves.")
        leader = self.available_leader()
        at = self._middle(leader) if at is None else at
        if not self.low < at < self.high:
            raise UsageError(f"{at} does not divide partition {self.number}: {self.low} to {self.high}.")
        if len(at) > 2 and leader.items.local_schemas:
            raise UsageError("An item collection is never divided in a table with local indexes.")
        number = max(partition.number for partition in self.siblings) + 1
        zone = self._other_zone_up()
        halves = (
            self._half(self.number, self.low, at, leader, leader.zone),
            self._half(number, at, self.high, leader, zone),
        )
        place = self.siblings.index(self)
        self.siblings[place : place + 1] = halves
        for half in halves:
            half.followers = [follower.successor(half) for follower in self.followers]
        self.notify("partition-split", self, leader.zone)
        for half in halves:
            # The new leader may reach whom the old one did not.
            half.review()
        return halves

    def _half(self, number: int, low: ItemKey, high: ItemKey, leader: Replica, zone: str) -> Partition:
        reachable = self._reachable(leader)
        for replica in self.replicas:
            if replica not in reachable:
                # It goes on from what it shows, which is not less than before.
                replica.catch_up(self.replication.now())
        replicas = [
            replica.half(leader if replica in reachable else replica, low, high)
            for replica in self.replicas
        ]
        half = Partition(
            number,
            low,
            high,
            replicas,
            next(replica for replica in replicas if replica.zone == zone),
            self.random,
            self.notify,
            self.siblings,
            self.cuts,
            term=self.term + 1,
            acknowledged_sequence=self.acknowledged_sequence,
            guard=self.guard,
            replication=self.replication,
            size_limit=self.size_limit,
        )
        half._cut_at = half.acknowledged_sequence + BATCH
        return half

    def _other_zone_up(self) -> str:
        """A zone besides the leader's that can lead, so that two halves do not share one leader."""
        able = [r.zone for r in self._reachable(self._leader) if r is not self._leader]
        return next((zone for zone in able if zone not in self.replication.away), able[0])

    def _middle(self, leader: Replica) -> ItemKey:
        """Where half of the items lie before; half of the hashes if the items cannot be divided."""
        half = (self.low[0] + self.high[0]) // 2
        return leader.items.dividing_position(self.low, self.high) or (half,)
