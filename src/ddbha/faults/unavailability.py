"""What a request is told where a quorum is lost, and what becomes of a write that is told so.

A region without two zones that reach each other changes nothing of its tables: whoever creates, updates
or deletes needs the region's control plane, which spans the zones as partitions do.  What is there goes
on as it was: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/static-stability.html

A write that is answered with 500 may have been done or not:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import deepcopy
from functools import partial
from typing import Any

from attrs import Factory, define

from ddbha.errors import AwsError, InternalServerError, ServiceUnavailable
from ddbha.faults.requests import named_by
from ddbha.region.environment import Environment
from ddbha.region.region import Region
from ddbha.region.table import Table

Request = dict[str, Any]
Response = dict[str, Any]

#: How many of the failures in a region without a quorum are 503 instead of 500.
UNAVAILABLE = 0.25
#: How many of the writes that are told of a failure are done nevertheless, if outcomes are left open.
SURVIVING = 0.5
#: Writes of one item; nobody else writes that while its partition has no leader.
_SINGLE = frozenset({"PutItem", "UpdateItem", "DeleteItem", "ExecuteStatement"})
_WRITES = _SINGLE | {
    "BatchWriteItem",
    "TransactWriteItems",
    "BatchExecuteStatement",
    "ExecuteTransaction",
}
_READS = frozenset({"GetItem", "Query", "Scan", "SearchVectors", "BatchGetItem", "TransactGetItems"})
#: What goes on without a control plane.
_OF_ITEMS = _WRITES | _READS


def changes_resources(operation: str) -> bool:
    """Whether an operation creates, changes or deletes more than items."""
    return not (operation in _OF_ITEMS or operation.startswith(("Describe", "List", "Get")))


@define(eq=False)
class _Survivor:
    """A write that was answered with an error, and is done nevertheless once there is a leader."""

    perform: Callable[[Region, Request], Response]
    region: Region
    operation: str
    request: Request
    #: What it names, and how far that was written.
    tables: dict[str, Table | None]
    written: list[int]
    #: The tables of other accounts that it may use.
    admitted: frozenset[str]
    #: Whether something newer was answered, so that what is older is not written any more.
    is_late: bool = False

    @classmethod
    def of(
        cls,
        perform: Callable[[Region, Request], Response],
        region: Region,
        operation: str,
        request: Request,
    ) -> _Survivor | None:
        """What survives of a request; None for one that cannot."""
        tables = {name: region.named_table(name) for name in named_by(request)}
        if any(table is None or table.consistency == "STRONG" for table in tables.values()):
            # Regions agree on an order, and what they have not agreed on is in none of their logs.
            return None
        admitted = region.environment.admitted
        return cls(perform, region, operation, deepcopy(request), tables, _written(tables), admitted)

    @property
    def is_possible(self) -> bool:
        """Whether its tables are those that it was meant for, and nothing newer is in them.

        Nobody else writes a single item while its partition has no leader; other partitions may go on.
        """
        if {name: self.region.named_table(name) for name in self.tables} != self.tables:
            return False
        return self.operation in _SINGLE or not (self.is_late or _written(self.tables) != self.written)


@define(eq=False)
class Unavailability:
    """Stands between requests and the operations that answer them."""

    environment: Environment
    #: Within it, an operation is done that no client asks for at the time.
    aside: Callable[[str], AbstractContextManager[None]]
    _survivors: list[_Survivor] = Factory(list)

    def answer(
        self,
        perform: Callable[[Region, Request], Response],
        region: Region,
        operation: str,
        request: Request,
    ) -> Response:
        """What `perform` answers.

        Raises `InternalServerError` where a quorum is lost, and at times `ServiceUnavailable` where the
        whole region fails.
        """
        try:
            if operation not in _OF_ITEMS and changes_resources(operation) and not region.has_quorum:
                raise InternalServerError
            response = perform(region, request)
        except InternalServerError as error:
            random = self.environment.random
            is_open = operation in _WRITES and self.environment.settings.open_outcomes
            if is_open and random.random() < SURVIVING:
                survivor = _Survivor.of(perform, region, operation, request)
                if survivor is not None:
                    self._survivors.append(survivor)
                    self.environment.blocked(partial(self._take_effect, survivor))
            if not error.induced and _is_dark(region, request) and random.random() < UNAVAILABLE:
                raise ServiceUnavailable from None
            raise
        if self._survivors and operation in _WRITES:
            self._note_newer({region.named_table(name) for name in named_by(request)})
        return response

    def clear(self) -> None:
        """Forget what was left open."""
        self._survivors.clear()

    def _note_newer(self, tables: set[Table | None]) -> None:
        """A write was answered: it may have left no record, but what is older must not follow it."""
        for survivor in self._survivors:
            if not tables.isdisjoint(survivor.tables.values()):
                survivor.is_late = True

    def _take_effect(self, survivor: _Survivor) -> None:
        """Do what is in the log that a new leader found, unless something newer is."""
        environment = self.environment
        if survivor.is_possible:
            before, environment.admitted = environment.admitted, survivor.admitted
            try:
                with self.aside(survivor.operation):
                    survivor.perform(survivor.region, survivor.request)
            except InternalServerError:
                environment.blocked(partial(self._take_effect, survivor))
                return
            except AwsError:
                # It would have been refused, had it been answered.
                pass
            finally:
                environment.admitted = before
        self._survivors.remove(survivor)


def _written(tables: dict[str, Table | None]) -> list[int]:
    return [
        partition.acknowledged_sequence
        for table in tables.values()
        if table is not None
        for partition in table.partitions
    ]


def _is_dark(region: Region, request: Request) -> bool:
    """Whether all of a region fails, and not only a partition; or it is cut off from all others."""
    if not region.has_quorum:
        return True
    for name in named_by(request):
        table = region.named_table(name)
        member = None if table is None else table.membership
        if member is not None and member.is_alone:
            return True
    return False
