"""The expressions of one request together with their name and value placeholders.

The legacy parameters answer where a request has them instead.
"""

from __future__ import annotations

from typing import Any

from ddbha.api.registry import Request
from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import Condition, condition
from ddbha.expressions.key_condition import KeyCondition, key_condition
from ddbha.expressions.legacy import LEGACY_PARAMETERS, Legacy, legacy
from ddbha.expressions.projection import Projection, projection
from ddbha.expressions.update import Update, update
from ddbha.values.attribute import AttributeValue, Item, canonical_value

_LEGACY = frozenset(LEGACY_PARAMETERS)


class Expressions:
    """Compiles the expressions of a request; `finish` makes sure that every placeholder is used.

    `values` holds the operands of expressions and of legacy parameters.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._legacy: Legacy | None = None if _LEGACY.isdisjoint(request) else legacy(request)
        self._names: dict[str, str] | None = request.get("ExpressionAttributeNames")
        self.values: dict[str, AttributeValue] = _values(request)
        self._names_used: set[str] = set()
        self._values_used: set[str] = set()
        if self._legacy is not None:
            self.values.update(self._legacy.values)
            self._values_used.update(self._legacy.values)

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
        self._refuse_unused("ExpressionAttributeNames", self._names or {}, self._names_used)
        self._refuse_unused("ExpressionAttributeValues", self.values, self._values_used)

    def _note(self, compiled: Condition | Update | KeyCondition) -> None:
        self._names_used |= compiled.names_used
        self._values_used |= compiled.values_used

    def _refuse_unused(self, member: str, given: dict[str, Any], used: set[str]) -> None:
        unused = [name for name in given if name not in used]
        if unused:
            raise ValidationException(
                f"Value provided in {member} unused in expressions: keys: {{{', '.join(unused)}}}"
            )


def _values(request: Request) -> dict[str, AttributeValue]:
    values: Item = {}
    for name, value in request.get("ExpressionAttributeValues", {}).items():
        try:
            values[name] = canonical_value(value)[0]
        except ValidationException as error:
            raise ValidationException(
                f"ExpressionAttributeValues contains invalid value: {error.message} for key {name}"
            ) from None
    return values
