"""Faults of single requests: errors instead of answers, answers that are lost, batches half done.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any, Literal, TypedDict

from attrs import Factory, define, field, fields_dict, frozen

from ddbha.errors import (
    AwsError,
    FromOutside,
    InternalServerError,
    NoAnswer,
    TransactionCanceledException,
    UsageError,
    error_class,
)
from ddbha.faults.names import OperationName
from ddbha.region.environment import Environment

Request = dict[str, Any]
Response = dict[str, Any]
Perform = Callable[[Request], Response]

#: What a client sees when an answer is lost.
LostAs = Literal["read_timeout", "connect_timeout", "endpoint_connection", "connection_closed"]
#: Of each, whether the request may have been done all the same.
LOST_ANSWERS: dict[LostAs, bool] = {
    "read_timeout": True,
    "connect_timeout": False,
    "endpoint_connection": False,
    "connection_closed": True,
}
#: What AWS says with errors that come from its side and carry no details of the request.
MESSAGES = {
    "ProvisionedThroughputExceededException": (
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing "
        "your provisioning level with the UpdateTable API."
    ),
    "ThrottlingException": (
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically "
        "scaling your table or index so please try again shortly. If exceptions persist, check if you "
        "have a hot key: "
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
    ),
    "RequestLimitExceeded": (
        "Throughput exceeds the current throughput limit for your account. To request a limit increase, "
        "contact AWS Support at https://aws.amazon.com/support."
    ),
    "TransactionConflictException": "Transaction is ongoing for the item",
    "TransactionInProgressException": (
        "Transaction is currently in progress, please retry after some time with the same token"
    ),
}
_CONFLICT = {"Code": "TransactionConflict", "Message": MESSAGES["TransactionConflictException"]}


class Choice(TypedDict, total=False):
    """Which requests a fault meets, and when: all of them unless something here says otherwise.

    `operation` is like PutItem; `table` a name; `region` like us-east-1; `times` how many requests at
    most; `probability` between 0 and 1; `when` is called with the request; `after` and `duration` are
    seconds on the world's clock.
    """

    operation: OperationName | None
    table: str | None
    region: str | None
    times: int | None
    probability: float
    when: Callable[[Request], bool] | None
    after: float
    duration: float | None


@frozen
class Chosen:
    """The part of a `Choice` that looks at requests; raises `UsageError` for what chooses none."""

    operation: str | None = None
    table: str | None = None
    region: str | None = None
    times: int | None = None
    probability: float = 1.0
    when: Callable[[Request], bool] | None = None

    @classmethod
    def of(cls, choice: Choice) -> Chosen:
        """The requests that the arguments of a fault choose."""
        names = [name for name in fields_dict(cls) if name in choice]
        for name in choice:
            if name not in Choice.__annotations__:
                known = ", ".join(Choice.__annotations__)
                raise UsageError(f"Requests cannot be chosen by {name}=; they are by {known}.")
        given: Any = choice
        return cls(**{name: given[name] for name in names})

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise UsageError(f"probability={self.probability} is not between 0 and 1.")
        if self.times is not None and self.times < 1:
            raise UsageError(f"times={self.times} is not a positive number.")

    def __str__(self) -> str:
        told = {
            "operation": self.operation,
            "table": self.table,
            "region": self.region,
            "times": self.times,
        }
        return "".join(f" {name}={value}" for name, value in told.items() if value is not None)

    def fits(self, region: str, operation: str, request: Request) -> bool:
        """Whether a request is one of these, if chance has it so."""
        if self.operation not in (None, operation) or self.region not in (None, region):
            return False
        if self.table is not None and self.table not in tables_of(request):
            return False
        return self.when is None or _asked(self.when, request)

    def strikes(self, random: Random) -> bool:
        """Whether chance has it so."""
        # Without a probability nothing is drawn, so that adding a sure fault changes no other choice.
        return self.probability >= 1 or random.random() < self.probability


def _asked(when: Callable[[Request], bool], request: Request) -> bool:
    # A test may do with it what it likes.
    shown = deepcopy(request)
    try:
        return bool(when(shown))
    except Exception as error:
        raise FromOutside(error) from error


@define(eq=False)
class RequestFault(ABC):
    """Meets the requests that are chosen, and decides what becomes of them."""

    chosen: Chosen
    after_commit: bool
    #: How many requests it may still meet, None for all.
    left: int | None = field(default=Factory(lambda self: self.chosen.times, takes_self=True), init=False)
    #: Whether it has met one.
    met: bool = field(default=False, init=False)
    #: Whether chance has spared one that might have been met.
    spared: bool = field(default=False, init=False)
    #: Since when it meets any, in seconds since the epoch.
    began: float = field(default=0.0, init=False)

    def meets(self, region: str, operation: str, request: Request, random: Random) -> bool:
        """Whether this request is hit; counts it if so."""
        if self.left == 0 or not self.chosen.fits(region, operation, request):
            return False
        if not self.chosen.strikes(random):
            self.spared = self.chosen.probability > 0
            return False
        self.met = True
        if self.left is not None:
            self.left -= 1
        return True

    @abstractmethod
    def answer(self, request: Request, perform: Perform) -> Response:
        """What the client gets; `perform` does what the request asks for."""


@define(eq=False)
class ErrorFault(RequestFault):
    """Answers with an error, before the request is done or although it was."""

    error: type[AwsError]
    message: str | None

    def answer(self, request: Request, perform: Perform) -> Response:
        if self.after_commit:
            perform(request)
        if self.error is TransactionCanceledException:
            actions = request.get("TransactItems") or request.get("TransactStatements") or [None]
            raise TransactionCanceledException([_CONFLICT] * len(actions))
        message = MESSAGES.get(self.error.code) if self.message is None else self.message
        # Errors that have a message of their own say it when none is given.
        raise self.error() if message is None else self.error(message)


@define(eq=False)
class InducedError(ErrorFault):
    """An error that AWS Fault Injection Service injects; metrics count it apart."""

    def answer(self, request: Request, perform: Perform) -> Response:
        try:
            return super().answer(request, perform)
        except self.error as error:
            error.induced = True
            raise


@define(eq=False)
class LostAnswer(RequestFault):
    """The client hears nothing; `kind` is one of `LOST_ANSWERS`."""

    kind: LostAs

    def answer(self, request: Request, perform: Perform) -> Response:
        if self.after_commit:
            # An error is an answer too, and lost like any other.
            with suppress(AwsError):
                perform(request)
        raise NoAnswer(self.kind)


@define(eq=False)
class SlowTransaction(RequestFault):
    """A transaction is prepared, and committed so many `seconds` later; its client hears nothing."""

    seconds: float
    environment: Environment

    def answer(self, request: Request, perform: Perform) -> Response:
        self.environment.transaction_seconds = self.seconds
        try:
            return perform(request)
        finally:
            self.environment.transaction_seconds = 0.0


@define(eq=False)
class GreyFailure(RequestFault):
    """A `share` of requests fails, and answers are late: from not at all to `latency` seconds.

    They are as late as that once it has gone on for `rise` seconds.  A client that loses its patience
    before hears nothing of what is done all the same.
    """

    share: float
    latency: float
    rise: float
    environment: Environment

    def answer(self, request: Request, perform: Perform) -> Response:
        environment = self.environment
        if environment.random.random() < self.share:
            self._be_late()
            raise InternalServerError
        try:
            response = perform(request)
        except AwsError:
            # An error is an answer too, and as late as any other.
            self._be_late()
            raise
        self._be_late()
        return response

    def _be_late(self) -> None:
        clock = self.environment.clock
        grown = 1.0 if self.rise == 0 else min(1.0, (clock.time() - self.began) / self.rise)
        if grown * self.latency > self.environment.patience:
            raise NoAnswer("read_timeout")
        clock.sleep(grown * self.latency)


@define(eq=False)
class PartialBatch(RequestFault):
    """Does the first `keep` entries of a batch and gives the others back."""

    keep: int

    def answer(self, request: Request, perform: Perform) -> Response:
        kept: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        room = self.keep
        for table, entries in request["RequestItems"].items():
            keys = entries["Keys"] if isinstance(entries, dict) else entries
            for target, part in ((kept, keys[:room]), (rest, keys[room:])):
                if part:
                    target[table] = {**entries, "Keys": part} if isinstance(entries, dict) else part
            room -= min(room, len(keys))
        member = "UnprocessedItems"
        if any(isinstance(entries, dict) for entries in request["RequestItems"].values()):
            member = "UnprocessedKeys"
        response = perform({**request, "RequestItems": kept})
        response[member] = {**rest, **response.get(member, {})}
        return response


def answered_with(code: str) -> type[AwsError]:
    """The AWS error that requests can be answered with; raises `UsageError` for one that there is not."""
    error = error_class(code)
    if error is None:
        raise UsageError(
            f"DynamoDB has no error {code!r}; it has ThrottlingException, InternalServerError, "
            "ProvisionedThroughputExceededException, TransactionConflictException and the others of "
            "ddbha.errors."
        )
    return error


def through(
    faults: list[RequestFault],
    region: str,
    operation: str,
    request: Request,
    random: Random,
    perform: Perform,
) -> Response:
    """Answer a request past those faults that meet it, the first one outermost."""
    remaining = iter(list(faults))

    def step(request: Request, remaining: Iterator[RequestFault] = remaining) -> Response:
        for fault in remaining:
            if fault.meets(region, operation, request, random):
                return fault.answer(request, step)
        return perform(request)

    return step(request)


def tables_of(request: Request) -> set[str]:
    """The names of the tables that a request is about."""
    return {name.rpartition("table/")[2].split("/")[0] for name in named_by(request)}


def named_by(request: Request) -> set[str]:
    """The tables that a request is about, by name or by ARN as it names them."""
    named = [request.get("TableName"), request.get("SourceTableName"), request.get("TargetTableName")]
    if isinstance(request.get("RequestItems"), dict):
        named += request["RequestItems"]
    for entry in request.get("TransactItems") or ():
        named += [action.get("TableName") for action in entry.values()]
    for entries in ([request], request.get("Statements"), request.get("TransactStatements")):
        named += [_stated(entry["Statement"]) for entry in entries or () if "Statement" in entry]
    return {name for name in named if isinstance(name, str)}


def _stated(statement: str) -> str | None:
    # Few tests have statements, and their parser takes its time to import.
    from ddbha.expressions.partiql.parser import table_of

    return table_of(statement)
