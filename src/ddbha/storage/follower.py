"""The one abstraction for whatever reads a log: a cursor, a lag, and an `apply`."""

from __future__ import annotations

from abc import ABC, abstractmethod

from attrs import define, field

from ddbha.storage.log import Log
from ddbha.storage.record import LogRecord


@define(eq=False)
class Follower(ABC):
    """Applies the records of a log in order, each once.

    A follower may catch up as late as when it is next read: nobody can tell.  With a `lag` (seconds)
    it stays that far in the past.
    """

    applied_sequence: int = field(default=0, kw_only=True)
    lag: float = field(default=0.0, kw_only=True)
    #: Reads the log that this one continues, and comes first: set while a split is not digested.
    predecessor: Follower | None = field(default=None, kw_only=True)

    @property
    @abstractmethod
    def source(self) -> Log:
        """The log that is followed."""

    @abstractmethod
    def apply(self, record: LogRecord) -> None:
        """Take one record in."""

    @property
    def current(self) -> bool:
        """Whether everything that was written is applied."""
        return self.predecessor is None and self.applied_sequence == self.source.last_sequence

    def catch_up(self, now: float) -> None:
        """Apply every record that is at least `lag` seconds old at `now`, and what is before it."""
        if self.predecessor is not None:
            self.predecessor.catch_up(now)
            if not self.predecessor.current:
                return
            self.predecessor = None
        log = self.source
        if self.applied_sequence == log.last_sequence:
            return
        horizon, records = now - self.lag, log.after(self.applied_sequence)
        # The log of an index, which several partitions feed, may have what is older behind what is newer.
        while records and records[-1].time > horizon:
            records.pop()
        for record in records:
            self.apply(record)
            self.applied_sequence = record.sequence
