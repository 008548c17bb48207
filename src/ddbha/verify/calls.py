"""What a history consists of: calls of clients, writes that none of them asked for, restored tables."""

from __future__ import annotations

from typing import Any

from attrs import define, frozen

from ddbha.errors import AwsError, NoAnswer
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.region.table import RestoreOrigin, Table
from ddbha.values.image import Image, unpack
from ddbha.values.key import ItemKey
from ddbha.verify.records import KnownTable

#: The operations that are asked for in PartiQL.
STATEMENTS = frozenset({"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"})
#: The operations whose meaning the checker knows.  What others write it takes as it comes.
UNDERSTOOD = STATEMENTS | frozenset(
    {
        "PutItem",
        "GetItem",
        "UpdateItem",
        "DeleteItem",
        "Query",
        "Scan",
        "BatchGetItem",
        "BatchWriteItem",
        "TransactGetItems",
        "TransactWriteItems",
    }
)

#: The operations that make a table with what another one held.
RESTORES = frozenset({"RestoreTableFromBackup", "RestoreTableToPointInTime"})


@define(eq=False)
class Call:
    """One request of one client, and what became of it.

    `invoked` and `completed` are places in the order of all beginnings and ends of calls, `began` and
    `ended` are times in seconds since the epoch.
    """

    client: str
    region: str
    account_id: str
    operation: str
    request: dict[str, Any]
    invoked: int
    began: float
    #: The tables that the request names, by the names and ARNs that it has for them, as they were found.
    tables: dict[str, Table]
    #: The index that it reads, as it was then: one of that name may be made anew with other keys.
    index: LocalIndex | GlobalIndex | None = None
    #: Whether even an error says nothing about whether the request was done.
    uncertain: bool = False
    completed: int | None = None
    ended: float | None = None
    answer: dict[str, Any] | None = None
    #: What the client was told instead of an answer; None while the call is open.
    error: AwsError | NoAnswer | None = None
    #: Behind which key the page begins that its NextToken asks for, if the answer with that is known.
    behind: dict[str, Any] | None = None
    #: How many seconds in the past an eventually consistent read may have looked.
    staleness: float = 0.0

    @property
    def outcome(self) -> str:
        """ANSWERED, REFUSED (an error says that nothing was done), UNKNOWN or OPEN."""
        if self.answer is not None:
            return "ANSWERED"
        if self.error is None:
            return "OPEN"
        if self.uncertain or not isinstance(self.error, AwsError) or self.error.status >= 500:
            return "UNKNOWN"
        return "REFUSED"

    def __str__(self) -> str:
        if self.answer is not None:
            shown = {name: value for name, value in self.answer.items() if name != "ConsumedCapacity"}
            result = f"answered {shown}"
        elif isinstance(self.error, AwsError):
            result = f"{self.outcome.lower()}: {self.error.code}"
        else:
            result = "no answer" if self.error else "still open"
        place = f"{self.invoked}-{'?' if self.completed is None else self.completed}"
        return f"[{place}] {self.client} {self.operation} {self.request} {result}"


@frozen(eq=False)
class BackgroundWrite:
    """A write that no client's request explains, such as an expiry or one from another region.

    It happened at some moment between the places `invoked` and `completed`.
    """

    table: Table
    key: ItemKey
    new: Image | None
    invoked: int
    completed: int
    cause: str

    def __str__(self) -> str:
        item = None if self.new is None else unpack(self.new)
        return f"[{self.invoked}-{self.completed}] {self.cause} made {self.table.name} {self.key} {item}"


@frozen(eq=False)
class Restored:
    """A table that a call restored, as it was when the call ended, and where it comes from."""

    call: Call
    target: KnownTable
    origin: RestoreOrigin
