"""The expressions of one request together with their name and value placeholders.

The legacy parameters answer where a request has them instead.
"""

from __future__ import annotations

import re
from typing import Any

from ddbha.api.registry import Request
from ddbha.errors import InvalidValue, Reworded, ValidationException
from ddbha.expressions.evaluate import Condition, condition
from ddbha.expressions.key_condition import KeyCondition, key_condition
from ddbha.expressions.legacy import LEGACY_PARAMETERS, Legacy, legacy, refuse_mixture
from ddbha.expressions.projection import Projection, projection
from ddbha.expressions.search_condition import SearchCondition, search_condition
from ddbha.expressions.update import Update, update
from ddbha.values.attribute import (
    EMPTY_NAME,
    MAXIMUM_NAME_SIZE,
    NAME_TOO_LARGE,
    AttributeValue,
    Item,
    canonical_item,
    canonical_value,
    text_size,
)

#: Bytes of a name or value placeholder.
MAXIMUM_PLACEHOLDER_SIZE = 255
#: Bytes of all placeholders of a request together with what they stand for.
MAXIMUM_SIZE = 2 * 1024 * 1024

_NAME = re.compile("#[A-Za-z0-9_]+", re.ASCII)
_VALUE = re.compile(":[A-Za-z0-9_]+", re.ASCII)
_PARAMETERS = frozenset(
    {
        "ConditionExpression",
        "UpdateExpression",
        "ProjectionExpression",
        "FilterExpression",
        "KeyConditionExpression",
        "SearchConditionExpression",
    }
)

_LEGACY = frozenset(LEGACY_PARAMETERS)
_CONCERNED = _LEGACY | {"ExpressionAttributeNames", "ExpressionAttributeValues"}


class Compiled(Request):
    """A request whose expressions are compiled already: one that a PartiQL statement stands for."""

    def __init__(self, request: Request, parts: Legacy) -> None:
        super().__init__(request)
        self.parts = parts


class Expressions:
    """Compiles the expressions of a request; `finish` makes sure that every placeholder is used.

    `values` holds the operands of expressions and of legacy parameters.
    """

    _names: dict[str, str] | None = None
    _legacy: Legacy | None = None
    _names_used: frozenset[str] = frozenset()
    _values_used: frozenset[str] = frozenset()

    def __init__(self, request: Request) -> None:
        self._request = request
        self.values: dict[str, AttributeValue] = {}
        if isinstance(request, Compiled):
            self._take(request.parts)
        elif not _CONCERNED.isdisjoint(request):
            self._read(request)

    def _take(self, parts: Legacy) -> None:
        self._legacy = parts
        self.values.update(parts.values)
        self._values_used |= parts.values.keys()

    def _read(self, request: Request) -> None:
        refuse_misplaced(request)
        if not _LEGACY.isdisjoint(request):
            self._legacy = legacy(request)
        size = 0
        if "ExpressionAttributeValues" in request:
            _check_placeholders(request, "ExpressionAttributeValues", _VALUE)
            self.values, size = _values(request)
        if "ExpressionAttributeNames" in request:
            _check_placeholders(request, "ExpressionAttributeNames", _NAME)
            self._names = request["ExpressionAttributeNames"]
            size += sum(len(key) + text_size(name) for key, name in self._names.items())
        if size > MAXIMUM_SIZE:
            raise ValidationException(
                "ExpressionAttributeNames and ExpressionAttributeValues exceed the maximum size of "
                f"{MAXIMUM_SIZE} bytes"
            )
        if self._legacy is not None:
            self._take(self._legacy)

    def condition(self, parameter: str = "ConditionExpression") -> Condition | None:
        """The condition or filter of the request, checked against the values."""
        text = self._request.get(parameter)
        if text is None:
            return None if self._legacy is None else self._legacy.condition
        compiled = condition(text, self._names, parameter)
        self._note(compiled)
        compiled.check(self.values)
        return compiled

    def update(self) -> Update | None:
        """The update of the request, checked against the values."""
        text = self._request.get("UpdateExpression")
        if text is None:
            return None if self._legacy is None else self._legacy.update
        compiled = update(text, self._names)
        self._note(compiled)
        compiled.check(self.values)
        return compiled

    def key_condition(self) -> KeyCondition | None:
        """The key condition of the request, checked against the values."""
        text = self._request.get("KeyConditionExpression")
        if text is None:
            return None if self._legacy is None else self._legacy.key_condition
        compiled = key_condition(text, self._names)
        self._note(compiled.condition)
        compiled.condition.check(self.values)
        return compiled

    def search_condition(self) -> SearchCondition | None:
        """The search condition of the request, checked against the values."""
        text = self._request.get("SearchConditionExpression")
        if text is None:
            return None
        compiled = search_condition(text, self._names)
        self._note(compiled)
        compiled.condition.check(self.values)
        return compiled

    def projection(self) -> Projection | None:
        """The projection of the request."""
        text = self._request.get("ProjectionExpression")
        if text is None:
            return None if self._legacy is None else self._legacy.projection
        compiled = projection(text, self._names)
        self._names_used |= compiled.names_used
        return compiled

    def finish(self) -> None:
        """Raise `ValidationException` for placeholders that no expression of the request uses."""
        if self._names is not None:
            self._refuse_unused("ExpressionAttributeNames", self._names, self._names_used)
        if self.values:
            self._refuse_unused("ExpressionAttributeValues", self.values, self._values_used)

    def _note(self, compiled: Condition | Update | SearchCondition) -> None:
        self._names_used |= compiled.names_used
        self._values_used |= compiled.values_used

    def _refuse_unused(self, member: str, given: dict[str, Any], used: frozenset[str]) -> None:
        if not used.issuperset(given):
            unused = [name for name in given if name not in used]
            raise ValidationException(
                f"Value provided in {member} unused in expressions: keys: {{{', '.join(unused)}}}"
            )


def refuse_misplaced(request: Request, missing: str = "", newer: str = "") -> None:
    """Raise `ValidationException` for legacy parameters beside expressions, and for placeholders alone.

    AWS looks for these before it looks at any value.  `missing` is what it says of the expressions that
    could have used values, and `newer` how its newer wording says it.
    """
    if _CONCERNED.isdisjoint(request):
        return
    if not _PARAMETERS.isdisjoint(request) and _LEGACY.isdisjoint(request):
        return
    if not _LEGACY.isdisjoint(request):
        refuse_mixture(request)
    for member in ("ExpressionAttributeValues", "ExpressionAttributeNames"):
        if member in request and _PARAMETERS.isdisjoint(request):
            said = f"{member} can only be specified when using expressions"
            if missing and member == "ExpressionAttributeValues":
                raise Reworded(f"{said}: {missing}", f"{said}: {newer or missing}")
            raise ValidationException(said)


def _check_placeholders(request: Request, member: str, placeholder: re.Pattern[str]) -> None:
    if not request[member]:
        raise ValidationException(f"{member} must not be empty")
    for key, value in request[member].items():
        if not placeholder.fullmatch(key):
            raise ValidationException(f'{member} contains invalid key: Syntax error; key: "{key}"')
        if len(key) > MAXIMUM_PLACEHOLDER_SIZE:
            raise ValidationException(
                f"{member} contains invalid key: The expression attribute map contains a key that is too "
                f"long; size of key: {len(key)}"
            )
        if isinstance(value, str) and not 0 < text_size(value) <= MAXIMUM_NAME_SIZE:
            fault = NAME_TOO_LARGE if value else EMPTY_NAME
            raise ValidationException(f"{member} contains invalid value: {fault} for key {key}")


def _values(request: Request) -> tuple[dict[str, AttributeValue], int]:
    """The value placeholders in canonical form, and their size in bytes."""
    given: Item = request["ExpressionAttributeValues"]
    try:
        return canonical_item(given)
    except ValidationException:
        for name, value in given.items():
            _check_value(name, value)
        raise


def _check_value(name: str, value: AttributeValue) -> None:
    try:
        canonical_value(value)
    except ValidationException as error:
        raise InvalidValue(
            f"ExpressionAttributeValues contains invalid value: {error.message} for key {name}",
            newer=error.newer if isinstance(error, InvalidValue) else error.message,
        ) from None
