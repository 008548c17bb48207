"""Global tables with strong consistency: one order of writes that all regions share.

Every write is held by at least one other region before it is acknowledged, so that any two of the three
regions know all of them.  A region that reaches no other one only answers eventually consistent reads.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from attrs import Factory, define

from ddbha.errors import AwsError, InternalServerError, ReplicatedWriteConflictException
from ddbha.followers.replication import ORIGINAL, GlobalTable, Member, Shipment
from ddbha.storage.partitions import Partitions
from ddbha.storage.record import LogRecord, Stamp, Version
from ddbha.storage.replication import Guard
from ddbha.values.image import Image
from ddbha.values.key import ItemKey


@define(eq=False, repr=False)
class StrongMember(Member, Guard):
    """One region's table.  It guards its partitions: they work only in agreement with another region."""

    #: How many writes of the common order the table has taken in.
    position: int = 0
    _taking_in: bool = False

    @property
    def _strong(self) -> StrongGlobalTable:
        assert isinstance(self.group, StrongGlobalTable), "such a group makes such members"
        return self.group

    @property
    def is_alone(self) -> bool:
        return not self._strong.peers(self.region)

    def attach(self) -> None:
        super().attach()
        for partition in self.partitions:
            partition.guard = self

    def detach(self) -> None:
        super().detach()
        for partition in self.partitions:
            partition.guard = None

    def note(self, record: LogRecord) -> None:
        if record.version is None:
            version = Version(Stamp(round(record.time * 1_000_000), self.region), ORIGINAL)
            self._strong.append(
                Shipment(record.time, record.key, record.new, version, self._strong.draw())
            )
            self.position = self._strong.end
            self._strong.held[self.region] = self.position

    def agree(self) -> None:
        """Take in every acknowledged write of any region; `InternalServerError` if none can be asked."""
        if self._taking_in:
            return
        if self.is_alone:
            error = InternalServerError()
            error.induced = self._strong.links.is_induced(self.region, self._strong.name)
            raise error
        self._strong.exchange()
        self._take_in(self._strong.now(), late=False)

    def admit(self, key: ItemKey) -> None:
        """Raise `ReplicatedWriteConflictException` while another region's write is on its way here."""
        if self._taking_in:
            return
        last = self._strong.latest(key)
        if last is None or last.version.stamp.region == self.region:
            return
        links = self._strong.links
        if last.time + links.lag(last.version.stamp.region, self.region, last.draw) > self._strong.now():
            raise ReplicatedWriteConflictException(
                "One or more items in this request are being modified by a request in another Region."
            )

    def arrivals(self, now: float) -> None:
        """Take in what eventually consistent reads may see by `now`."""
        self._strong.exchange()
        try:
            self._take_in(now, late=True)
        except AwsError:
            # A partition has no quorum: what it should take in comes once it has.
            self._not_before = now

    def _take_in(self, now: float, *, late: bool) -> None:
        """Apply what this region holds; if `late` only what a link's lag lets through by `now`."""
        group = self._strong
        while self.position < group.held[self.region]:
            shipment = group.at(self.position)
            region = shipment.version.stamp.region
            time = max(shipment.time, self._not_before)
            if late:
                time = max(time, shipment.time + group.links.lag(region, self.region, shipment.draw))
                if time > now:
                    return
            self._taking_in = True
            try:
                partition = self.partitions.of(shipment.key)
                if shipment.new is not None or shipment.key in partition.available_leader().items.images:
                    time = time if late else now
                    group.admit(self, shipment.key, shipment.new)
                    partition.commit(shipment.key, shipment.new, time, region, None, shipment.version)
            finally:
                self._taking_in = False
            self._not_before = time
            self.position += 1


@define(eq=False, repr=False)
class StrongGlobalTable(GlobalTable):
    """The replicas of one table that agree on one order of writes, and perhaps a witness of it."""

    #: How many writes of the order each region, also a witness, has persisted.
    held: dict[str, int] = Factory(dict)
    _order: deque[Shipment] = Factory(deque)
    #: How many writes every region has, and were dropped from the order.
    _dropped: int = 0

    @property
    def consistency(self) -> str:
        return "STRONG"

    def new_member(
        self, region: str, account_id: str, partitions: Partitions, is_open: Callable[[], bool]
    ) -> Member:
        return StrongMember(region, account_id, partitions, self, is_open)

    @property
    def end(self) -> int:
        """How many writes there were."""
        return self._dropped + len(self._order)

    def append(self, shipment: Shipment) -> None:
        """The next write of the order."""
        self._order.append(shipment)

    def at(self, position: int) -> Shipment:
        """The write at a position of the order."""
        return self._order[position - self._dropped]

    def latest(self, key: ItemKey) -> Shipment | None:
        """The last write of an item that may still be on its way somewhere."""
        if not self.links.lags:
            return None
        return next((shipment for shipment in reversed(self._order) if shipment.key == key), None)

    def peers(self, region: str) -> list[str]:
        """The regions of the group that a region reaches, without itself."""
        return [
            other
            for other in self.held
            if other != region and self.links.are_open(region, other, self.name)
        ]

    def exchange(self) -> None:
        """Regions that reach each other persist what either has."""
        for member in self.members.values():
            member.ship()
        end = self.end
        for region in self.held:
            if self.held[region] != end:
                known = [self.held[other] for other in self.peers(region)]
                self.held[region] = max([self.held[region], *known])
        self._drop()

    def _drop(self) -> None:
        if not self._order:
            return
        end = min(m.position for m in self.members.values() if isinstance(m, StrongMember))
        while self._dropped < end and not self._is_on_its_way(self._order[0]):
            self._order.popleft()
            self._dropped += 1

    def _is_on_its_way(self, shipment: Shipment) -> bool:
        """Whether a write is so young that others of its item conflict with it somewhere."""
        lags, source, now = self.links.lags, shipment.version.stamp.region, self.now()
        return bool(lags) and any(
            shipment.time + self.links.lag(source, region, shipment.draw) > now for region in self.members
        )

    def add(self, member: Member) -> None:
        self.members[member.region] = member
        self.held[member.region] = self.end

    def add_witness(self, region: str) -> None:
        super().add_witness(region)
        self.held[region] = self.end

    def copy(self, source: Member, target: Member) -> Iterator[tuple[ItemKey, Image]]:
        """Nothing: a table is empty when it becomes a member."""
        return iter(())

    def remove(self, region: str) -> None:
        self.members.pop(region).detach()
        del self.held[region]
        if len(self.members) == 1:
            self.members.popitem()[1].detach()

    def pending(self, source: str, destination: str) -> int:
        member = self.members[destination]
        assert isinstance(member, StrongMember)
        return sum(
            shipment.version.stamp.region == source
            for shipment in list(self._order)[member.position - self._dropped :]
        )
