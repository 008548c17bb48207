"""Whether a request is what the service model says, before its operation looks at it.

For each operation a *check* is compiled from its input shape, once: it answers "valid" or "not valid"
in a microsecond or two.  Only of what is not valid a report is written (`constraints`).  A request that
does not come from a client that knows the model's types is read first (`reading`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ddbha.api.wire.constraints import constraints, report
from ddbha.api.wire.model import input_shape, required_members
from ddbha.api.wire.reading import Reader, request_reader

#: Whether a value meets the constraints of its shape; its types are known to be right.
Check = Callable[[Any], bool]

_TABLE_NAME = re.compile("[a-zA-Z0-9_.-]{3,255}|arn:.{1,1020}", re.DOTALL)


class Validator:
    """What is asked of the requests of one operation."""

    def __init__(self, service: str, operation: str) -> None:
        self._operation = operation
        self._shape = input_shape(service, operation)
        self._read: Reader | None = None
        self._check: Check | None = None if self._shape is None else _check(self._shape, {})

    def accept(self, request: Any, *, typed: bool, older: bool = False) -> dict[str, Any]:
        """The request as its operation may take it.

        `typed` says that members and types are known to be the model's, so that nothing has to be read;
        `older` which of AWS's two wordings a report has.
        Raises `SerializationException` for wrong types and `ValidationException` for broken constraints.
        """
        if not typed:
            if self._read is None:
                self._read = request_reader(self._shape)
            request = self._read(request)
        if self._check is not None and not self._check(request):
            assert self._shape is not None, "an operation without a shape has no check"
            raise report(self._operation, self._shape, request, older=older)
        accepted: dict[str, Any] = request
        return accepted


@cache
def validator(service: str, operation: str) -> Validator:
    """The validator of an operation, compiled at its first request."""
    return Validator(service, operation)


def _check(shape: Shape, known: dict[str, Check | None]) -> Check | None:
    """The check of a shape, None if nothing is asked; `known` holds those built before."""
    if shape.name not in known:
        # What lies inside itself, an attribute value, is checked by its operation.
        known[shape.name] = None
        known[shape.name] = _compiled(shape, known)
    return known[shape.name]


def _compiled(shape: Shape, known: dict[str, Check | None]) -> Check | None:
    if shape.name == "TableArn":
        matches = _TABLE_NAME.fullmatch
        return lambda value: matches(value) is not None
    own = _own_check(shape)
    if isinstance(shape, StructureShape):
        return _structure_check(shape, known)
    if isinstance(shape, ListShape):
        member = _check(shape.member, known)
        return own if member is None else _and(own, lambda value: all(map(member, value)))
    if isinstance(shape, MapShape):
        key, content = _check(shape.key, known), _check(shape.value, known)
        if key is not None:
            own = _and(own, lambda value: all(map(key, value)))
        return own if content is None else _and(own, lambda value: all(map(content, value.values())))
    return own


def _own_check(shape: Shape) -> Check | None:
    check: Check | None = None
    for holds, _ in constraints(shape):
        check = _and(check, holds)
    return check


def _and(first: Check | None, second: Check) -> Check:
    return second if first is None else lambda value: first(value) and second(value)


def _structure_check(shape: StructureShape, known: dict[str, Check | None]) -> Check | None:
    required = frozenset(required_members(shape))
    found = ((name, _check(member, known)) for name, member in shape.members.items())
    members = {name: check for name, check in found if check is not None}
    if not members:
        return (lambda value: value.keys() >= required) if required else None

    def is_valid(value: dict[str, Any]) -> bool:
        if not value.keys() >= required and not value.keys() >= set(required_members(shape, value)):
            return False
        for name, content in value.items():
            check = members.get(name)
            if check is not None and not check(content):
                return False
        return True

    return is_valid
