"""Transactions that take time: prepared, with their items locked, and not committed yet.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import define

from ddbha.api.idempotency import Requested
from ddbha.errors import (
    InternalServerError,
    NoAnswer,
    TransactionConflictException,
    TransactionInProgressException,
)
from ddbha.faults.requests import MESSAGES
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.key import ItemKey

_CONFLICT = MESSAGES["TransactionConflictException"]


@define(eq=False)
class OngoingTransaction:
    """What holds the locks of its items until `commit` succeeds.

    `requested` is what the token stands for.
    """

    region: Region
    token: str | None
    requested: Requested
    items: list[tuple[Table, ItemKey]]
    #: Writes everything or raises `InternalServerError` with nothing written.
    commit: Callable[[], None]

    def begin(self, seconds: float) -> None:
        """Lock the items, and commit in so many seconds.

        The client hears nothing: raises `NoAnswer`.  It is let go at once, so that whoever has one thread
        sees the items locked.
        """
        for table, key in self.items:
            self.region.environment.locks[table.arn, key] = self
        names = sorted({table.name for table, _ in self.items})
        self.region.record("transaction-prepared", tables=", ".join(names), seconds=seconds)
        self.region.later(seconds, self.end)
        raise NoAnswer("read_timeout", waits=False)

    def end(self) -> None:
        """Commit and unlock the items, as soon as all of their partitions have a leader."""
        try:
            self.commit()
        except InternalServerError:
            self.region.environment.blocked(self.end)
            return
        for table, key in self.items:
            del self.region.environment.locks[table.arn, key]
        self.region.environment.unblock()
        self.region.record("transaction-committed", items=len(self.items))


def refuse_in_progress(region: Region, token: str, requested: Any) -> None:
    """Raise `TransactionInProgressException` if the transaction with this token has not ended."""
    for ongoing in region.environment.locks.values():
        if ongoing.token == token and ongoing.region is region:
            ongoing.requested.check(requested)
            raise TransactionInProgressException(MESSAGES["TransactionInProgressException"])


def refuse_locked(region: Region, table: Table, key: ItemKey) -> None:
    """Raise `TransactionConflictException` if an ongoing transaction holds the item."""
    if (table.arn, key) in region.environment.locks:
        raise TransactionConflictException(_CONFLICT)


def conflicts(region: Region, items: Iterable[tuple[Table, ItemKey]]) -> list[dict[str, Any]]:
    """The reasons of cancellation for those items that are held, in order; nothing if none is."""
    if not region.environment.locks:
        return []
    held = [(table.arn, key) in region.environment.locks for table, key in items]
    if not any(held):
        return []
    return [
        {"Code": "TransactionConflict", "Message": _CONFLICT} if locked else {"Code": "None"}
        for locked in held
    ]
