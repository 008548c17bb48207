"""The log of one replica: consecutive records, of which the oldest may have been dropped."""

from __future__ import annotations

from attrs import Factory, define

from ddbha.storage.record import LogRecord


@define(eq=False)
class Log:
    """Records with consecutive sequence numbers, `first_sequence` to `last_sequence`."""

    _records: list[LogRecord] = Factory(list)
    #: The sequence number of the newest record that is not kept any more.
    dropped_sequence: int = 0

    @property
    def last_sequence(self) -> int:
        """The sequence number of the newest record, 0 before the first."""
        return self.dropped_sequence + len(self._records)

    def append(self, record: LogRecord) -> None:
        """Add the next record."""
        assert record.sequence == self.last_sequence + 1, "a log has no gaps"
        self._records.append(record)

    def after(self, sequence: int) -> list[LogRecord]:
        """All records newer than `sequence`, oldest first."""
        assert sequence >= self.dropped_sequence, "records that are asked for were dropped"
        return self._records[sequence - self.dropped_sequence :]

    def drop_through(self, sequence: int) -> None:
        """Forget the records up to and including `sequence`."""
        count = sequence - self.dropped_sequence
        if count > 0:
            last = self.last_sequence
            try:
                del self._records[:count]
            finally:
                # Also if something struck: what is dropped and what is kept add up.
                self.dropped_sequence = last - len(self._records)

    def restart_at(self, sequence: int) -> None:
        """Forget everything and go on behind `sequence`: the log of a replica copied from a peer."""
        self._records.clear()
        self.dropped_sequence = sequence

    def __len__(self) -> int:
        return len(self._records)
