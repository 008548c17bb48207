"""Which function answers which operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from ddbha.errors import NotImplementedOperation, ValidationException
from ddbha.region.region import Region

Request = dict[str, Any]
Response = dict[str, Any]
Operation = Callable[[Region, Request], Response]

_OPERATIONS: dict[tuple[str, str], Operation] = {}
_LACKS: dict[tuple[str, str], frozenset[str]] = {}


@frozen
class Caller:
    """Who asks, and where."""

    account_id: str
    region: str


def operation(
    name: str, *, service: str = "dynamodb", lacks: frozenset[str] = frozenset()
) -> Callable[[Operation], Operation]:
    """Register the function that answers an operation.

    Members that it `lacks` are refused by name rather than ignored.
    """

    def register(function: Operation) -> Operation:
        def refuse(region: Region, request: Request) -> Response:
            for member in sorted(lacks & request.keys()):
                raise ValidationException(f"ddbha does not implement {member} of {name} yet")
            return function(region, request)

        _OPERATIONS[service, name] = refuse if lacks else function
        _LACKS[service, name] = lacks
        return function

    return register


def find(service: str, name: str) -> Operation:
    """The function that answers an operation; `NotImplementedOperation` if there is none."""
    try:
        return _OPERATIONS[service, name]
    except KeyError:
        raise NotImplementedOperation(service, name) from None


def implemented() -> dict[tuple[str, str], frozenset[str]]:
    """All (service, operation) pairs that have a function, each with the members that it lacks."""
    return dict(_LACKS)


def names() -> frozenset[str]:
    """The names of all operations that have a function."""
    return frozenset(name for _, name in _OPERATIONS)
