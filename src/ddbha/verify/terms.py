"""The expressions of a request, or its legacy parameters, as the syntax trees that the checker reads.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from attrs import Factory, define

from ddbha.errors import ValidationException
from ddbha.expressions.parser import Parser
from ddbha.expressions.syntax import (
    Action,
    Attribute,
    Between,
    Comparison,
    ConditionNode,
    Either,
    Every,
    Function,
    In,
    Not,
    Path,
    Value,
)
from ddbha.values.attribute import AttributeValue, canonical_value

_COMPARATORS = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
_FUNCTIONS = {
    "NOT_NULL": "attribute_exists",
    "NULL": "attribute_not_exists",
    "CONTAINS": "contains",
    "BEGINS_WITH": "begins_with",
}
#: The legacy parameter that stands for an expression.
_OLDER = {
    "ConditionExpression": ("Expected",),
    "FilterExpression": ("QueryFilter", "ScanFilter"),
    "KeyConditionExpression": ("KeyConditions",),
}


@define(eq=False)
class Terms:
    """What one request says of items; `values` are its placeholders, and operands of legacy parameters.

    Raises `ValidationException` for what is no expression, or has values that are not there.
    """

    body: Mapping[str, Any]
    values: dict[str, AttributeValue] = Factory(dict)

    def __attrs_post_init__(self) -> None:
        for name, value in self.body.get("ExpressionAttributeValues", {}).items():
            self.values[name] = canonical_value(value)[0]

    def condition(self, parameter: str = "ConditionExpression") -> ConditionNode | None:
        """The condition, filter or key condition; None if there is none."""
        if parameter in self.body:
            tree, used = _condition(self.body[parameter], self._names, parameter)
            self._require(used)
            return tree
        for older in _OLDER[parameter]:
            if self.body.get(older):
                nodes = [self._older(older, name, one) for name, one in self.body[older].items()]
                # Of a query it says how the filter is meant, never the key.
                anyhow = self.body.get("ConditionalOperator") == "OR" and older != "KeyConditions"
                return Either(tuple(nodes)) if anyhow else Every(tuple(nodes))
        return None

    def actions(self) -> tuple[Action, ...] | None:
        """The actions of the update; None if there is none."""
        if "UpdateExpression" in self.body:
            actions, used = _update(self.body["UpdateExpression"], self._names)
            self._require(used)
            return actions
        if "AttributeUpdates" in self.body:
            return tuple(self._change(name, one) for name, one in self.body["AttributeUpdates"].items())
        return None

    def paths(self) -> tuple[Path, ...] | None:
        """The paths to show; None for all."""
        if "ProjectionExpression" in self.body:
            return _projection(self.body["ProjectionExpression"], self._names)
        names = self.body.get("AttributesToGet")
        return None if names is None else tuple((name,) for name in names)

    @property
    def _names(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.body.get("ExpressionAttributeNames", {}).items())

    def _require(self, used: frozenset[str]) -> None:
        if not used <= self.values.keys():
            raise ValidationException("an expression uses values that were not given")

    def _value(self, parameter: str, attribute: str, number: int, value: AttributeValue) -> Value:
        # No placeholder has such a name.
        name = f"{parameter} {attribute} {number}"
        self.values[name] = canonical_value(value)[0]
        return Value(name)

    def _older(self, parameter: str, name: str, one: Mapping[str, Any]) -> ConditionNode:
        """One member of a legacy parameter."""
        given = one.get("AttributeValueList", [one["Value"]] if "Value" in one else [])
        by = one.get("ComparisonOperator", "EQ" if given else "NULL")
        subject = Attribute((name,))
        values = [self._value(parameter, name, number, value) for number, value in enumerate(given)]
        if by in _COMPARATORS:
            return Comparison(_COMPARATORS[by], subject, values[0])
        if by == "BETWEEN":
            return Between(subject, values[0], values[1])
        if by == "IN":
            return In(subject, tuple(values))
        if by == "NOT_CONTAINS":
            # Unlike NE, it does not hold for an attribute that is not there.
            exists = Function("attribute_exists", (subject,))
            return Every((exists, Not(Function("contains", (subject, values[0])))))
        return Function(_FUNCTIONS[by], (subject, *values))

    def _change(self, name: str, one: Mapping[str, Any]) -> Action:
        """One member of AttributeUpdates."""
        path, how = (name,), one.get("Action", "PUT")
        if "Value" not in one:
            return Action("REMOVE", path)
        value = self._value("AttributeUpdates", name, 0, one["Value"])
        if how == "PUT":
            return Action("SET", path, value)
        if "L" in one["Value"]:
            nothing = self._value("AttributeUpdates", name, 1, {"L": []})
            present = Function("if_not_exists", (Attribute(path), nothing))
            return Action("SET", path, Function("list_append", (present, value)))
        return Action(how, path, value)


@lru_cache(maxsize=1024)
def _condition(
    text: str, names: tuple[tuple[str, str], ...], parameter: str
) -> tuple[ConditionNode, frozenset[str]]:
    parser = Parser(text, dict(names), parameter)
    return parser.condition(), frozenset(parser.values_used)


@lru_cache(maxsize=1024)
def _update(text: str, names: tuple[tuple[str, str], ...]) -> tuple[tuple[Action, ...], frozenset[str]]:
    parser = Parser(text, dict(names), "UpdateExpression")
    return parser.update(), frozenset(parser.values_used)


@lru_cache(maxsize=1024)
def _projection(text: str, names: tuple[tuple[str, str], ...]) -> tuple[Path, ...]:
    return Parser(text, dict(names), "ProjectionExpression").projection()


def conjuncts(where: ConditionNode | None) -> list[ConditionNode]:
    """The conditions all of which must hold."""
    nodes, found = [] if where is None else [where], list[ConditionNode]()
    while nodes:
        node = nodes.pop(0)
        if isinstance(node, Every):
            nodes = [*node.conditions, *nodes]
        else:
            found.append(node)
    return found
