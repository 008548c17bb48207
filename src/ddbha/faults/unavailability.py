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
from typing import Any

from attrs import define

from ddbha.errors import AwsError, InternalServerError, ServiceUnavailable
from ddbha.faults.requests import tables_of
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
_READS = frozenset({"Query", "Scan", "SearchVectors", "BatchGetItem", "TransactGetItems"})


def changes_resources(operation: str) -> bool:
    """Whether an operation creates, changes or deletes more than items."""
    return not (
        operation in _WRITES or operation in _READS or operation.startswith(("Describe", "List", "Get"))
    )


@define(eq=False)
class Unavailability:
    """Stands between requests and the operations that answer them."""

    environment: Environment
    #: Within it, an operation is done that no client asks for at the time.
    aside: Callable[[str], AbstractContextManager[None]]

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
            if changes_resources(operation) and not region.has_quorum:
                raise InternalServerError
            return perform(region, request)
        except InternalServerError:
            random = self.environment.random
            is_open = operation in _WRITES and self.environment.settings.open_outcomes
            if is_open and random.random() < SURVIVING:
                self._survive(perform, region, operation, deepcopy(request))
            if _is_dark(region, request) and random.random() < UNAVAILABLE:
                raise ServiceUnavailable from None
            raise

    def _survive(
        self,
        perform: Callable[[Region, Request], Response],
        region: Region,
        operation: str,
        request: Request,
    ) -> None:
        """Let a write be in the log that the next leader finds, if nothing newer is."""
        tables = {name: region.tables.get(name) for name in tables_of(request)}
        if any(table is None or table.consistency == "STRONG" for table in tables.values()):
            # Regions agree on an order, and what they have not agreed on is in none of their logs.
            return
        environment, admitted, written = self.environment, self.environment.admitted, _written(tables)

        def take_effect() -> None:
            if {name: region.tables.get(name) for name in tables} != tables:
                return
            if operation not in _SINGLE and _written(tables) != written:
                # Other partitions went on: what is older than their items is not written any more.
                return
            before, environment.admitted = environment.admitted, admitted
            try:
                with self.aside(operation):
                    perform(region, request)
            except InternalServerError:
                environment.blocked(take_effect)
            except AwsError:
                # It would have been refused, had it been answered.
                return
            finally:
                environment.admitted = before

        environment.blocked(take_effect)


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
    for name in tables_of(request):
        table = region.tables.get(name)
        member = None if table is None else table.membership
        if member is not None and member.is_alone:
            return True
    return False
