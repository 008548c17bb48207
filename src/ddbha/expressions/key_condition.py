"""Key condition expressions: one partition key, and optionally a range of sort keys.

Indexes with several key attributes want all partition keys, and take sort keys from left to right.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from attrs import field, frozen

from ddbha.errors import ValidationException
from ddbha.expressions.checks import Values
from ddbha.expressions.evaluate import Condition, condition
from ddbha.expressions.parser import Parser
from ddbha.expressions.syntax import (
    SWAPPED,
    Attribute,
    Between,
    Comparison,
    ConditionNode,
    Every,
    Function,
    Operand,
    Value,
)
from ddbha.values.attribute import AttributeValue, kind_of
from ddbha.values.key import KeyAttribute, KeySchema

_PARAMETER = "KeyConditionExpression"
_INVALID = "Invalid condition in KeyConditionExpression: "
_UNSUPPORTED = "Query key condition not supported"
#: What an index can answer; only the legacy KeyConditions can ask for anything else.
INDEXABLE = frozenset({"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"})

#: Attribute, operator and the placeholders of its operands.
_Part = tuple[str, str, tuple[str, ...]]


@frozen
class KeyRange:
    """The partition keys, the sort keys that are given, and how the next sort key is restricted.

    `operator` is None if it is not; it is never "=".
    """

    partition: tuple[AttributeValue, ...]
    sort: tuple[AttributeValue, ...] = ()
    operator: str | None = None
    operands: tuple[AttributeValue, ...] = ()


@frozen(eq=False)
class KeyCondition:
    """A compiled key condition: for each attribute an operator and the placeholders of its operands."""

    condition: Condition
    parts: tuple[_Part, ...]
    #: What is wrong with it as a key condition, whatever the table is.
    fault: str | None = None
    #: Operators and placeholders by attribute.
    _found: dict[str, tuple[str, tuple[str, ...]]] = field(init=False, repr=False)

    @_found.default
    def _by_attribute(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        return {name: (operator, placeholders) for name, operator, placeholders in self.parts}

    def require_sound(self) -> None:
        """Raise `ValidationException` if no table could answer it."""
        if self.fault is not None:
            raise ValidationException(self.fault)

    @property
    def names_used(self) -> frozenset[str]:
        """Name placeholders."""
        return self.condition.names_used

    @property
    def values_used(self) -> frozenset[str]:
        """Value placeholders."""
        return self.condition.values_used

    def bind(self, schema: KeySchema, values: Values) -> KeyRange:
        """The range of keys of `schema` that is meant; `ValidationException` if it is none."""
        self.require_sound()
        found = self._found
        most = len(schema.names)
        # One too many for a single key attribute is told as below, by older records.
        if len(found) > most and len(found) > 2:
            raise ValidationException(
                f"The number of query conditions ({len(found)}) exceeds the number of key attributes "
                f"defined in the schema ({most})"
            )
        for attribute in schema.partition_attributes:
            if attribute.name not in found:
                raise _missed(attribute.name)
        if not found.keys() <= schema.name_set:
            left = [name for name in schema.names if name not in found]
            raise _missed(left[0]) if left else ValidationException(_UNSUPPORTED)
        for attribute in schema.attributes:
            if attribute.name in found:
                operator, placeholders = found[attribute.name]
                if operator not in INDEXABLE:
                    raise ValidationException(
                        "Attempted conditional constraint is not an indexable operation"
                    )
                for placeholder in placeholders:
                    _check(attribute, values[placeholder])
        partition = []
        for attribute in schema.partition_attributes:
            operator, placeholders = found[attribute.name]
            if operator != "=":
                raise ValidationException(_UNSUPPORTED)
            partition.append(values[placeholders[0]])
        if len(found) == len(partition):
            return KeyRange(tuple(partition))
        return KeyRange(tuple(partition), *_sort_keys(schema, found, values))


def _check(attribute: KeyAttribute, value: AttributeValue) -> None:
    """Raise `ValidationException` for what cannot be compared with a key attribute."""
    kind = attribute.type
    if kind not in value:
        raise ValidationException(
            "One or more parameter values were invalid: Condition parameter type does not match schema "
            "type"
        )
    if not value[kind]:
        raise ValidationException(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
            f"contain an empty {kind_of(kind)} value. Key: {attribute.name}"
        )


def _sort_keys(
    schema: KeySchema, found: Mapping[str, tuple[str, tuple[str, ...]]], values: Values
) -> tuple[tuple[AttributeValue, ...], str | None, tuple[AttributeValue, ...]]:
    """The sort keys that are given, then operator and operands of the condition on the next one."""
    left = len(found) - len(schema.partition_attributes)
    given: list[AttributeValue] = []
    for attribute in schema.sort_attributes[:left]:
        if attribute.name not in found:
            raise _missed(attribute.name)
        operator, placeholders = found[attribute.name]
        operands = tuple([values[placeholder] for placeholder in placeholders])
        left -= 1
        if operator == "=":
            given.append(operands[0])
        elif left:
            # Behind a range the next attribute is in no order.
            raise ValidationException(_UNSUPPORTED)
        else:
            return tuple(given), operator, operands
    return tuple(given), None, ()


def _missed(name: str) -> ValidationException:
    return ValidationException(f"Query condition missed key schema element: {name}")


def key_condition(text: str, names: Mapping[str, str] | None = None) -> KeyCondition:
    """Compile a key condition expression; compiled ones are kept by text and names."""
    return _key_condition(text, tuple(names.items()) if names else ())


@lru_cache(maxsize=1024)
def _key_condition(text: str, names: tuple[tuple[str, str], ...]) -> KeyCondition:
    compiled = condition(text, dict(names), _PARAMETER)
    tree = Parser(text, dict(names), _PARAMETER).condition()
    parts: dict[str, _Part] = {}
    try:
        for node in _flat(tree):
            part = _part(node)
            if part[0] in parts:
                raise _Unsound(
                    f"Invalid {_PARAMETER}: KeyConditionExpressions must only contain one condition "
                    "per key"
                )
            parts[part[0]] = part
    except _Unsound as unsound:
        return KeyCondition(compiled, (), str(unsound))
    return KeyCondition(compiled, tuple(parts.values()))


class _Unsound(Exception):
    """A condition is none on a key."""


def _flat(node: ConditionNode) -> list[ConditionNode]:
    if isinstance(node, Every):
        return [part for inner in node.conditions for part in _flat(inner)]
    return [node]


def _part(node: ConditionNode) -> _Part:
    """Attribute, operator and placeholders of one condition."""
    operator, operands = _operator(node)
    if operator not in INDEXABLE:
        raise _Unsound(f"Invalid operator used in KeyConditionExpression: {operator}")
    name: str | None = None
    placeholders: list[str] = []
    for operand in operands:
        if isinstance(operand, Attribute):
            if name is not None:
                raise _Unsound(f"{_INVALID}Multiple attribute names used in one condition")
            if len(operand.path) > 1:
                raise _Unsound("KeyConditionExpressions cannot have conditions on nested attributes")
            name = str(operand.path[0])
        elif not isinstance(operand, Value):
            raise _Unsound("KeyConditionExpressions cannot contain nested operations")
        elif name is None and operator not in SWAPPED:
            raise _Unsound(
                f"{_INVALID}{operator} operator must have the key attribute as its first operand"
            )
        else:
            placeholders.append(operand.name)
    if name is None:
        raise _Unsound(f"{_INVALID}No key attribute specified")
    if isinstance(operands[0], Value):
        operator = SWAPPED[operator]
    return name, operator, tuple(placeholders)


def _operator(node: ConditionNode) -> tuple[str, tuple[Operand, ...]]:
    if isinstance(node, Comparison):
        return node.operator, (node.left, node.right)
    if isinstance(node, Between):
        return "BETWEEN", (node.operand, node.low, node.high)
    if isinstance(node, Function):
        return node.name, node.arguments
    return {"Either": "OR", "Not": "NOT", "In": "IN"}[type(node).__name__], ()
