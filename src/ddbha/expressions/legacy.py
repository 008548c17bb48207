"""The parameters that expressions replaced, translated into the syntax tree of expressions.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html

Operands become values under names that no placeholder can have, so what is compiled depends only on
attributes and operators, and is kept like a compiled expression.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import frozen

from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import Condition, of_tree
from ddbha.expressions.key_condition import KeyCondition
from ddbha.expressions.operands import COMPARATORS
from ddbha.expressions.projection import Projection, of_paths
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
    Value,
)
from ddbha.expressions.update import Update, of_actions
from ddbha.values.attribute import AttributeValue, canonical_value, check_names, order, type_of

#: In the order in which AWS lists them when they meet expressions.
LEGACY_PARAMETERS = (
    "AttributesToGet",
    "AttributeUpdates",
    "QueryFilter",
    "ScanFilter",
    "Expected",
    "ConditionalOperator",
    "KeyConditions",
)
_EXPRESSIONS = (
    "ProjectionExpression",
    "UpdateExpression",
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
)
_INVALID = "One or more parameter values were invalid: "
_SETS = frozenset({"SS", "NS", "BS"})
_SCALARS = frozenset({"S", "N", "B"})

#: An attribute, its comparison operator, and how many operands that has.
_Part = tuple[str, str, int]


@frozen
class _Operator:
    """A comparison operator: what expressions call it, how many operands it takes and of which types."""

    name: str
    least: int
    most: int | None
    types: frozenset[str] | None = None


_OPERATORS = {
    "EQ": _Operator("=", 1, 1),
    "NE": _Operator("<>", 1, 1),
    "LE": _Operator("<=", 1, 1, _SCALARS),
    "LT": _Operator("<", 1, 1, _SCALARS),
    "GE": _Operator(">=", 1, 1, _SCALARS),
    "GT": _Operator(">", 1, 1, _SCALARS),
    "NOT_NULL": _Operator("attribute_exists", 0, 0),
    "NULL": _Operator("attribute_not_exists", 0, 0),
    "CONTAINS": _Operator("contains", 1, 1, _SCALARS),
    "NOT_CONTAINS": _Operator("contains", 1, 1, _SCALARS),
    "BEGINS_WITH": _Operator("begins_with", 1, 1, frozenset({"S", "B"})),
    "IN": _Operator("IN", 1, None, _SCALARS),
    "BETWEEN": _Operator("BETWEEN", 2, 2, _SCALARS),
}


@frozen(eq=False)
class Legacy:
    """What the legacy parameters of one request mean; None for what they leave open.

    `values` holds their operands under the names that the compiled parts refer to.
    """

    update: Update | None
    condition: Condition | None
    projection: Projection | None
    key_condition: KeyCondition | None
    values: dict[str, AttributeValue]


def legacy(request: Mapping[str, Any]) -> Legacy | None:
    """Compile the legacy parameters of a request, or None if it has none.

    Raises `ValidationException` if they are wrong; `refuse_mixture` looks at what they stand beside.
    """
    given = [name for name in LEGACY_PARAMETERS if name in request]
    if not given:
        return None
    for name in given:
        if name != "ConditionalOperator":
            check_names(request[name])
    _check_conditional_operator(request)
    values: dict[str, AttributeValue] = {}
    return Legacy(
        _update_of(request, values),
        _condition_of(request, values),
        _projection_of(request),
        _key_condition_of(request, values),
        values,
    )


def refuse_mixture(request: Mapping[str, Any]) -> None:
    """Raise `ValidationException` if legacy parameters stand beside expressions."""
    given = [name for name in LEGACY_PARAMETERS if name in request]
    expressions = [name for name in _EXPRESSIONS if name in request]
    if "KeyConditionExpression" not in expressions:
        # AWS lets the other expressions stand beside KeyConditions.
        given = [name for name in given if name != "KeyConditions"]
    if expressions and given:
        raise ValidationException(
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {{{', '.join(given)}}} "
            f"Expression parameters: {{{', '.join(expressions)}}}"
        )


def _check_conditional_operator(request: Mapping[str, Any]) -> None:
    if "ConditionalOperator" not in request:
        return
    conditions = max(len(request.get(name, ())) for name in ("Expected", "QueryFilter", "ScanFilter"))
    if conditions == 0:
        raise ValidationException("ConditionalOperator cannot be used without Filter or Expected")
    if conditions == 1:
        raise ValidationException(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        )


def _condition_of(request: Mapping[str, Any], values: dict[str, AttributeValue]) -> Condition | None:
    for parameter in ("Expected", "QueryFilter", "ScanFilter"):
        if request.get(parameter):
            read = _expected if parameter == "Expected" else _filtered
            parts = tuple(_parts(parameter, read(request[parameter]), values))
            return _condition(parameter, parts, request.get("ConditionalOperator", "AND"))
    return None


def _key_condition_of(
    request: Mapping[str, Any], values: dict[str, AttributeValue]
) -> KeyCondition | None:
    conditions = request.get("KeyConditions")
    if conditions is None:
        return None
    parts = tuple(_parts("KeyConditions", _filtered(conditions), values))
    if len(parts) not in (1, 2):
        raise ValidationException("Conditions can be of length 1 or 2 only")
    return _key_condition(parts)


def _projection_of(request: Mapping[str, Any]) -> Projection | None:
    names = request.get("AttributesToGet")
    if names is None:
        return None
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValidationException(f"{_INVALID}Duplicate value in attribute name: {name}")
        seen.add(name)
    return _projection(tuple(names))


def _update_of(request: Mapping[str, Any], values: dict[str, AttributeValue]) -> Update | None:
    updates = request.get("AttributeUpdates")
    if updates is None:
        return None
    shape: list[tuple[str, str, str | None]] = []
    for attribute, change in updates.items():
        action = change.get("Action", "PUT")
        kind = None
        if "Value" in change:
            value = canonical_value(change["Value"])[0]
            kind = type_of(value)
            values[_name("AttributeUpdates", attribute, 0)] = value
        elif action != "DELETE":
            raise ValidationException(
                f"{_INVALID}Only DELETE action is allowed when no attribute value is specified"
            )
        if action == "DELETE" and kind is not None and kind not in _SETS:
            raise ValidationException(
                f"{_INVALID}DELETE action with value is not supported for the type {kind}"
            )
        if action == "ADD" and kind not in _SETS and kind not in ("N", "L"):
            raise ValidationException(f"{_INVALID}ADD action is not supported for the type {kind}")
        shape.append((attribute, action, kind))
    values[_EMPTY_LIST.name] = {"L": []}
    return _update(tuple(shape))


#: What a list is added to where there is none yet.
_EMPTY_LIST = Value("AttributeUpdates")


def _name(parameter: str, attribute: str, number: int) -> str:
    return f"{parameter} {attribute} {number}"


def _operands(parameter: str, attribute: str, count: int) -> tuple[Value, ...]:
    return tuple(Value(_name(parameter, attribute, number)) for number in range(count))


def _expected(conditions: Mapping[str, Any]) -> Iterator[tuple[str, str, list[AttributeValue]]]:
    """Attribute, comparison operator and operands of each member of `Expected`."""
    for attribute, condition in conditions.items():
        where = f"for Attribute: {attribute}"
        operator = condition.get("ComparisonOperator")
        exists = condition.get("Exists")
        operands = condition.get("AttributeValueList")
        if operands is not None and "Value" in condition:
            raise ValidationException(
                f"{_INVALID}Value and AttributeValueList cannot be used together {where}"
            )
        if operator is not None:
            if exists is not None:
                raise ValidationException(
                    f"{_INVALID}Exists and ComparisonOperator cannot be used together {where}"
                )
            if "Value" in condition:
                operands = [condition["Value"]]
            elif operands is None and operator not in ("NULL", "NOT_NULL"):
                raise ValidationException(
                    f"{_INVALID}Value or AttributeValueList must be used with ComparisonOperator: "
                    f"{operator} {where}"
                )
            yield attribute, operator, operands or []
        elif operands is not None:
            raise ValidationException(
                f"{_INVALID}AttributeValueList can only be used with a ComparisonOperator {where}"
            )
        elif exists is False:
            if "Value" in condition:
                raise ValidationException(f"{_INVALID}Value cannot be used when Exists is false {where}")
            yield attribute, "NULL", []
        elif "Value" in condition:
            yield attribute, "EQ", [condition["Value"]]
        else:
            shown = "null" if exists is None else "true"
            raise ValidationException(f"{_INVALID}Value must be provided when Exists is {shown} {where}")


def _filtered(conditions: Mapping[str, Any]) -> Iterator[tuple[str, str, list[AttributeValue]]]:
    """Attribute, comparison operator and operands of each member of a filter or of `KeyConditions`."""
    for attribute, condition in conditions.items():
        yield attribute, condition["ComparisonOperator"], condition.get("AttributeValueList", [])


def _parts(
    parameter: str,
    conditions: Iterator[tuple[str, str, list[AttributeValue]]],
    values: dict[str, AttributeValue],
) -> Iterator[_Part]:
    """Check each condition, and put its operands into `values`."""
    for attribute, operator, operands in conditions:
        canonical = [canonical_value(operand)[0] for operand in operands]
        _check_operands(operator, canonical)
        for number, value in enumerate(canonical):
            values[_name(parameter, attribute, number)] = value
        yield attribute, operator, len(canonical)


def _check_operands(operator: str, operands: Sequence[AttributeValue]) -> None:
    rule = _OPERATORS[operator]
    if len(operands) < rule.least or (rule.most is not None and len(operands) > rule.most):
        raise ValidationException(
            f"{_INVALID}Invalid number of argument(s) for the {operator} ComparisonOperator"
        )
    if len({type_of(operand) for operand in operands}) > 1:
        raise ValidationException(
            f"{_INVALID}AttributeValues inside AttributeValueList must be of same type"
        )
    for operand in operands:
        if rule.types is not None and type_of(operand) not in rule.types:
            raise ValidationException(
                f"{_INVALID}ComparisonOperator {operator} is not valid for {type_of(operand)} "
                "AttributeValue type"
            )
    if operator == "BETWEEN" and order(operands[0]) > order(operands[1]):  # type: ignore[operator]
        raise ValidationException(
            "The BETWEEN condition was provided a range where the lower bound is greater than the "
            "upper bound"
        )


@lru_cache(maxsize=1024)
def _condition(parameter: str, parts: tuple[_Part, ...], conditional_operator: str) -> Condition:
    nodes = tuple(_node(parameter, *part) for part in parts)
    tree = Either(nodes) if conditional_operator == "OR" else Every(nodes)
    return of_tree(tree, parameter, frozenset(), _names(parameter, parts))


@lru_cache(maxsize=1024)
def _key_condition(parts: tuple[_Part, ...]) -> KeyCondition:
    return KeyCondition(
        _condition("KeyConditions", parts, "AND"),
        tuple(
            (
                attribute,
                _OPERATORS[operator].name,
                tuple(operand.name for operand in _operands("KeyConditions", attribute, count)),
            )
            for attribute, operator, count in parts
        ),
    )


@lru_cache(maxsize=1024)
def _projection(names: tuple[str, ...]) -> Projection:
    return of_paths([(name,) for name in names])


@lru_cache(maxsize=1024)
def _update(shape: tuple[tuple[str, str, str | None], ...]) -> Update:
    actions = []
    for attribute, action, kind in shape:
        path = (attribute,)
        operand = Value(_name("AttributeUpdates", attribute, 0))
        if kind is None:
            actions.append(Action("REMOVE", path))
        elif action == "PUT":
            actions.append(Action("SET", path, operand))
        elif kind == "L":
            # Expressions append to lists with a function, not with ADD.
            present = Function("if_not_exists", (Attribute(path), _EMPTY_LIST))
            actions.append(Action("SET", path, Function("list_append", (present, operand))))
        else:
            actions.append(Action(action, path, operand))
    return of_actions(
        actions,
        frozenset(),
        frozenset(),
        mismatch="Type mismatch for attribute to update",
    )


def _names(parameter: str, parts: tuple[_Part, ...]) -> frozenset[str]:
    return frozenset(
        operand.name
        for attribute, _, count in parts
        for operand in _operands(parameter, attribute, count)
    )


def _node(parameter: str, attribute: str, operator: str, count: int) -> ConditionNode:
    subject = Attribute((attribute,))
    operands = _operands(parameter, attribute, count)
    name = _OPERATORS[operator].name
    if name in COMPARATORS:
        return Comparison(name, subject, *operands)
    if operator == "BETWEEN":
        return Between(subject, *operands)
    if operator == "IN":
        return In(subject, operands)
    function = Function(name, (subject, *operands))
    if operator == "NOT_CONTAINS":
        # Unlike NE, it does not hold for an attribute that is missing.
        return Every((Function("attribute_exists", (subject,)), Not(function)))
    return function
