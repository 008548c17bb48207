"""Which function answers which operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from ddbha.errors import NotImplementedOperation, ValidationException
from ddbha.region import Region

Request = dict[str, Any]
Response = dict[str, Any]
Operation = Callable[[Region, Request], Response]

_OPERATIONS: dict[tuple[str, str], Operation] = {}


@frozen
class Caller:
    """Who asks, and where."""

    account_id: str
    region: str


def operation(name: str, *, service: str = "dynamodb") -> Callable[[Operation], Operation]:
    """Register the function that answers an operation."""

    def register(function: Operation) -> Operation:
        _OPERATIONS[service, name] = function
        return function

    return register


def find(service: str, name: str) -> Operation:
    """The function that answers an operation; `NotImplementedOperation` if there is none."""
    try:
        return _OPERATIONS[service, name]
    except KeyError:
        raise NotImplementedOperation(service, name) from None


def implemented() -> list[tuple[str, str]]:
    """All (service, operation) pairs that have a function."""
    return sorted(_OPERATIONS)


def names() -> frozenset[str]:
    """The names of all operations that have a function."""
    return frozenset(name for _, name in _OPERATIONS)


def refuse_unsupported(request: Request, members: frozenset[str], name: str) -> None:
    """Refuse members that an operation does not honour yet, rather than ignore them."""
    for member in members & request.keys():
        raise ValidationException(f"ddbha does not implement {member} of {name} yet")
