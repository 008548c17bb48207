"""One of the three replicas of a partition."""

from __future__ import annotations

from attrs import Factory, define

from ddbha.storage.follower import Follower
from ddbha.storage.items import ItemStore
from ddbha.storage.log import Log
from ddbha.storage.record import LogRecord
from ddbha.values.key import ItemKey


@define(eq=False)
class Replica(Follower):
    """A log and an item store of its own in one zone; the store follows the log."""

    zone: str
    items: ItemStore
    log: Log = Factory(Log)
    #: The faults that keep this replica from answering; it is up when there are none.
    outages: set[object] = Factory(set)

    def __repr__(self) -> str:
        return (
            f"<Replica {self.zone} {self.status} last_sequence={self.last_sequence} "
            f"applied_sequence={self.applied_sequence}>"
        )

    @property
    def source(self) -> Log:
        return self.log

    def apply(self, record: LogRecord) -> None:
        self.items.replace(record.key, record.new)

    @property
    def up(self) -> bool:
        """Whether this replica can be reached."""
        return not self.outages

    @property
    def status(self) -> str:
        """UP or DOWN."""
        return "DOWN" if self.outages else "UP"

    @property
    def last_sequence(self) -> int:
        """The newest record that this replica has persisted."""
        return self.log.last_sequence

    def apply_all(self) -> None:
        """Apply everything in the log whatever the lag: what a leader must have done."""
        log = self.log
        if self.applied_sequence != log.last_sequence:
            for record in log.after(self.applied_sequence):
                self.apply(record)
            self.applied_sequence = log.last_sequence

    def half(self, origin: Replica, low: ItemKey, high: ItemKey) -> Replica:
        """The replica in this one's zone of one half of the partition, a copy of what `origin` holds.

        The origin is the leader, or this replica itself where it cannot reach the leader.
        """
        items = ItemStore(origin.items.local_schemas)
        log = Log()
        for key, image in origin.items.range(low, high):
            items.replace(key, image)
        log.restart_at(origin.applied_sequence)
        return Replica(
            self.zone,
            items,
            log,
            set(self.outages),
            applied_sequence=log.last_sequence,
            lag=self.lag,
        )

    def recover_from(self, leader: Replica) -> str:
        """Fetch what was missed from the leader: its log if that reaches back far enough, else a copy."""
        if self.last_sequence >= leader.log.dropped_sequence:
            for record in leader.log.after(self.last_sequence):
                self.log.append(record)
            return "log"
        leader.apply_all()
        self.items = leader.items.copy()
        # The records come along, since a follower of this partition may still need them from here.
        self.log.restart_at(leader.log.dropped_sequence)
        for record in leader.log.after(leader.log.dropped_sequence):
            self.log.append(record)
        self.applied_sequence = leader.last_sequence
        return "copy"
