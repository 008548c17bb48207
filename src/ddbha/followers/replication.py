"""Global tables: every region writes, all regions converge by last writer wins.

A `Replicator` follows the log of each partition of a member and puts what clients wrote there on its way
to the other members.  A member takes a write in only if it is later than what it holds of the item.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from math import inf
from random import Random
from typing import Any

from attrs import Factory, define, field, frozen

from ddbha.errors import AwsError
from ddbha.followers.links import Links
from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.partitions import Partitions
from ddbha.storage.record import LogRecord, Stamp, Version
from ddbha.values.image import Image
from ddbha.values.key import ItemKey

#: The stamp of what was there before the table became global.
ORIGINAL = Stamp(0, "")
#: Seconds that the versions of deleted items are kept: nobody's clock is wrong by as much, so whatever is
#: written later has a later stamp.
DELETED = 24 * 60 * 60
#: Versions from which on it is looked whether all are still of use.
VERSIONS = 1000


@frozen(eq=False)
class Shipment:
    """A write on its way: the whole item, or None for a deletion."""

    time: float
    key: ItemKey
    new: Image | None
    version: Version
    #: Between 0 and 1: where its lag lies between the bounds of the link.
    draw: float


@define(eq=False)
class Member:
    """One region's table in a global table, and what it knows of the versions of its items."""

    region: str
    account_id: str
    partitions: Partitions
    group: GlobalTable
    #: Whether the table takes reads and writes.
    is_open: Callable[[], bool]
    #: ReplicaStatus as the other regions see it.
    status: str = "CREATING"
    #: Members of the `ReplicaDescription` that were overridden here.
    overrides: dict[str, Any] = Factory(dict)
    #: Versions of items, also of those that were deleted not long ago, as far as they were written since.
    versions: dict[ItemKey, Version] = Factory(dict)
    #: What has not arrived in the other regions.
    outgoing: dict[str, deque[Shipment]] = Factory(dict)
    replicators: list[Replicator] = Factory(list)
    #: When the table became a member of the group, and by the help of which region.
    joined: float = 0.0
    source: str | None = None
    #: How many changes of its settings wait until it can be reached.
    waiting: int = 0
    #: Since when nobody can reach the replica, if its `status` says so.
    inaccessible_since: float | None = None
    #: The faults that are the reason, each with the status that it shows.
    causes: dict[object, str] = Factory(dict)
    #: Since when a policy stops replication from and to it.
    unauthorized_since: float | None = None
    #: Nothing more arrives before this time, so that a log never goes back in time.
    _not_before: float = -inf
    #: With so many versions those of deleted items are forgotten.
    _most: int = field(factory=lambda: VERSIONS)

    def __repr__(self) -> str:
        return f"<Member {self.region} {self.status}>"

    @property
    def arn(self) -> str:
        """The ARN of the table."""
        return f"arn:aws:dynamodb:{self.region}:{self.account_id}:table/{self.group.name}"

    @property
    def shown_status(self) -> str:
        """The `status`, unless it is a policy that stops a replica."""
        if self.unauthorized_since is not None and self.status in ("ACTIVE", "UPDATING"):
            return "REPLICATION_NOT_AUTHORIZED"
        return self.status

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is replicated from and to it before somebody puts that right."""
        return self.inaccessible_since is not None or self.unauthorized_since is not None

    @property
    def is_alone(self) -> bool:
        """Whether the table cannot work, since its region reaches no other one."""
        return False

    def attach(self) -> None:
        """Send out what is written from now on."""

        def follow(partition: Partition) -> Replicator:
            replicator = Replicator(partition, self)
            self.replicators.append(replicator)
            return replicator

        self.partitions.attach(follow)

    def detach(self) -> None:
        """Be an ordinary table again."""
        self.replicators.clear()
        self.partitions.detach(Replicator)

    def ship(self) -> None:
        """Put all that was written on its way."""
        for replicator in self.replicators:
            if replicator.applied_sequence != replicator.partition.acknowledged_sequence:
                replicator.catch_up(inf)

    def note(self, record: LogRecord) -> None:
        """Take note of one record of the table's log, and send it out if a client wrote it here."""
        if record.version is not None:
            self.versions[record.key] = record.version
            return
        known = self.versions.get(record.key)
        base = ORIGINAL if known is None else known.stamp
        # Whoever has seen a write comes after it, however wrong the clock.
        now = round((record.time + self.group.links.skew(self.region)) * 1_000_000)
        version = Version(Stamp(max(now, base.microseconds + 1), self.region), base)
        self.versions[record.key] = version
        shipment = Shipment(record.time, record.key, record.new, version, self.group.draw())
        for queue in self.outgoing.values():
            queue.append(shipment)

    def receive(self, shipment: Shipment, time: float) -> None:
        """Take a write of another region in, unless a later one is here.

        Raises `AwsError` while the item's partition has no quorum or the table no capacity.
        """
        key, version = shipment.key, shipment.version
        known = self.versions.get(key)
        if known is not None:
            if version.stamp <= known.stamp:
                if known.base < version.stamp:
                    self.group.conflict(self, key, known, version)
                return
            if known.stamp > version.base:
                self.group.conflict(self, key, version, known)
        partition = self.partitions.of(key)
        if shipment.new is not None or key in partition.available_leader().items.images:
            self.group.admit(self, key, shipment.new)
            partition.commit(key, shipment.new, time, version.stamp.region, None, version)
        self.versions[key] = version

    def arrivals(self, now: float) -> None:
        """Take in, in order of arrival, what has come from the other members by `now`."""
        for member in self.group.members.values():
            member.ship()
        if len(self.versions) > self._most:
            self.group.forget_deleted(now)
            self._most = 2 * len(self.versions) + VERSIONS
        sources = [
            (member.region, queue)
            for member in self.group.members.values()
            if (queue := member.outgoing.get(self.region)) and self.group.are_open(member, self)
        ]
        while sources:
            arrival, region, queue = min(
                (self._arrival(region, queue[0]), region, queue) for region, queue in sources
            )
            if arrival > now:
                return
            shipment = queue[0]
            try:
                self.receive(shipment, arrival)
            except AwsError:
                # A partition has no quorum, or the replica no capacity: it lags, and loses nothing.
                self._not_before = now
                return
            self._not_before = arrival
            queue.popleft()
            self.group.arrived(region, self.region, arrival - shipment.time)
            if not queue:
                sources = [source for source in sources if source[1]]

    def hold_until(self, time: float) -> None:
        """Let nothing more arrive before a time."""
        self._not_before = max(self._not_before, time)

    def _arrival(self, source: str, shipment: Shipment) -> float:
        links = self.group.links
        return max(
            shipment.time + links.lag(source, self.region, shipment.draw),
            # What a cut or another lag held back comes when that is over.
            links.changed if shipment.time < links.changed else shipment.time,
            self._not_before,
        )


@define(eq=False)
class Replicator(PartitionFollower):
    """Reads the log of one partition of a member."""

    member: Member

    def apply(self, record: LogRecord) -> None:
        self.member.note(record)

    def successor(self, partition: Partition) -> Replicator:
        self.catch_up(inf)
        replicator = Replicator(partition, self.member, applied_sequence=partition.acknowledged_sequence)
        if self in self.member.replicators:
            self.member.replicators.remove(self)
        self.member.replicators.append(replicator)
        return replicator


@define(eq=False)
class GlobalTable:
    """The replicas of one table in several regions, of one account or each of another one."""

    name: str
    links: Links
    random: Random
    #: Tells the timeline of a conflict: region, key, winner, loser.
    notify: Callable[[str, ItemKey, Stamp, Stamp], None]
    #: Tells the metrics of an arrival: source, destination, seconds.
    arrived: Callable[[str, str, float], None]
    #: Lets a member consume the capacity for a write, or raises `AwsError`.
    admit: Callable[[Member, ItemKey, Image | None], None]
    #: The world's clock.
    now: Callable[[], float]
    members: dict[str, Member] = Factory(dict)
    #: Regions that keep the changes without being replicas, with their WitnessStatus.
    witnesses: dict[str, str] = Factory(dict)

    @property
    def consistency(self) -> str:
        """EVENTUAL or STRONG."""
        return "EVENTUAL"

    @property
    def is_multi_account(self) -> bool:
        """Whether each replica is in an account of its own."""
        return len({member.account_id for member in self.members.values()}) > 1

    @property
    def settings_replication(self) -> str:
        """Whether each replica has all settings that are synchronized, or may have its own."""
        return "ENABLED" if self.is_multi_account else "ENABLED_WITH_OVERRIDES"

    def are_open(self, member: Member, other: Member) -> bool:
        """Whether writes get from one member to another."""
        return (
            member.unauthorized_since is None
            and other.unauthorized_since is None
            and self.links.are_open(member.region, other.region, self.name)
        )

    def authorize(self, member: Member, allowed: bool) -> None:
        """Let replication from and to a member go on, or stop it: what was held back arrives now."""
        now = self.now()
        self.settle(now)
        member.unauthorized_since = None if allowed else now
        for each in self.members.values():
            each.hold_until(now)
        self.settle(now)

    @property
    def sweeper(self) -> str | None:
        """The region that removes expired items for all: the first one that can be reached."""
        regions = [name for name, member in self.members.items() if member.shown_status == "ACTIVE"]
        return min((name for name in regions if not self.links.outages.get(name)), default=None)

    def new_member(
        self, region: str, account_id: str, partitions: Partitions, is_open: Callable[[], bool]
    ) -> Member:
        """A table that is to take part, by its partitions."""
        return Member(region, account_id, partitions, self, is_open)

    def __repr__(self) -> str:
        return f"<GlobalTable {self.name} in {', '.join(self.members)}>"

    def draw(self) -> float:
        """A number for the lag of one write; nothing is drawn while no lag is."""
        return self.random.random() if self.links.lags else 0.0

    def conflict(self, member: Member, key: ItemKey, winner: Version, loser: Version) -> None:
        """Two regions wrote an item without knowing of each other."""
        self.notify(member.region, key, winner.stamp, loser.stamp)

    def add(self, member: Member) -> None:
        """Let a table take part: writes go to it and come from it from now on."""
        for other in self.members.values():
            other.ship()
            other.outgoing[member.region] = deque()
            member.outgoing[other.region] = deque()
        self.members[member.region] = member

    def add_witness(self, region: str) -> None:
        """Let a region keep the changes without being a replica."""
        self.witnesses[region] = "CREATING"

    def copy(self, source: Member, target: Member) -> Iterator[tuple[ItemKey, Image]]:
        """What a new member begins with: the items of another, and what has not arrived there."""
        target.versions.update(source.versions)
        for other in self.members.values():
            pending = other.outgoing.get(source.region)
            if other is not target and pending:
                other.outgoing[target.region].extend(pending)
        for partition in source.partitions:
            yield from partition.available_leader().items.images.items()

    def remove(self, region: str) -> None:
        """Let a table leave the group; what has not arrived in it never does."""
        for other in self.members.values():
            other.ship()
        self.members.pop(region).detach()
        for other in self.members.values():
            other.outgoing.pop(region, None)
        if len(self.members) == 1:
            self.members.popitem()[1].detach()

    def forget_deleted(self, now: float) -> None:
        """Forget the versions of items that were deleted long ago, in all regions at once.

        What is still on its way somewhere has to be compared with what is there.
        """
        members = self.members.values()
        needed = {s.key for member in members for queue in member.outgoing.values() for s in queue}
        for member in members:
            for partition in member.partitions:
                needed.update(partition.leader.items.images)
        horizon = round((now - DELETED) * 1_000_000)
        young = [key for member in members for key, v in member.versions.items() if v.stamp[0] > horizon]
        needed.update(young)
        for member in members:
            member.versions = {key: v for key, v in member.versions.items() if key in needed}

    def settle(self, now: float) -> None:
        """Bring every member as far as the network lets it be at `now`."""
        for member in self.members.values():
            if member.is_open():
                member.arrivals(now)

    def pending(self, source: str, destination: str) -> int:
        """How many writes of one member have not arrived in another."""
        return len(self.members[source].outgoing[destination])
