"""Key condition expressions: one partition key, and optionally a range of sort keys.

Indexes with several key attributes want all partition keys, and take sort keys from left to right.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from attrs import frozen

from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import Condition, Values, condition
from ddbha.expressions.parser import Parser
from ddbha.expressions.syntax import (
    Attribute,
    Between,
    Comparison,
    ConditionNode,
    Every,
    Function,
    Operand,
    Value,
)
from ddbha.values.attribute import AttributeValue
from ddbha.values.key import KeySchema

_PARAMETER = "KeyConditionExpression"
_UNSUPPORTED = "Query key condition not supported"
#: What an index can answer; only the legacy KeyConditions can ask for anything else.
INDEXABLE = frozenset({"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"})
_SWAPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


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
    parts: tuple[tuple[str, str, tuple[str, ...]], ...]

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
        found: dict[str, tuple[str, tuple[AttributeValue, ...]]] = {}
        for name, operator, operands in self.parts:
            if name in found:
                raise ValidationException(
                    f"Invalid {_PARAMETER}: KeyConditionExpressions must only contain one condition "
                    "per key"
                )
            found[name] = operator, tuple(values[operand] for operand in operands)
        for attribute in schema.partition_attributes:
            if attribute.name not in found:
                raise _missed(attribute.name)
        if not found.keys() <= set(schema.names):
            left = [name for name in schema.names if name not in found]
            raise _missed(left[0]) if left else ValidationException(_UNSUPPORTED)
        for attribute in schema.attributes:
            operator, given = found.get(attribute.name, ("=", ()))
            if operator not in INDEXABLE:
                raise ValidationException(
                    "Attempted conditional constraint is not an indexable operation"
                )
            for value in given:
                if attribute.type not in value:
                    raise ValidationException(
                        "One or more parameter values were invalid: Condition parameter type does not "
                        "match schema type"
                    )
        if any(found[attribute.name][0] != "=" for attribute in schema.partition_attributes):
            raise ValidationException(_UNSUPPORTED)
        partition = tuple(found[attribute.name][1][0] for attribute in schema.partition_attributes)
        return KeyRange(partition, *_sort_keys(schema, found))


def _sort_keys(
    schema: KeySchema, found: Mapping[str, tuple[str, tuple[AttributeValue, ...]]]
) -> tuple[tuple[AttributeValue, ...], str | None, tuple[AttributeValue, ...]]:
    """The sort keys that are given, then operator and operands of the condition on the next one."""
    left = len(found) - len(schema.partition_attributes)
    given: list[AttributeValue] = []
    for attribute in schema.sort_attributes[:left]:
        if attribute.name not in found:
            raise _missed(attribute.name)
        operator, operands = found[attribute.name]
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
    return KeyCondition(compiled, tuple(map(_part, _flat(tree))))


def _flat(node: ConditionNode) -> list[ConditionNode]:
    if isinstance(node, Every):
        return [part for inner in node.conditions for part in _flat(inner)]
    return [node]


def _part(node: ConditionNode) -> tuple[str, str, tuple[str, ...]]:
    if isinstance(node, Comparison):
        if isinstance(node.left, Value):
            if node.operator not in _SWAPPED:
                raise _invalid_operator(node.operator)
            return _named(node.right), _SWAPPED[node.operator], (_placeholder(node.left),)
        if node.operator not in _SWAPPED:
            raise _invalid_operator(node.operator)
        return _named(node.left), node.operator, (_placeholder(node.right),)
    if isinstance(node, Between):
        return _named(node.operand), "BETWEEN", (_placeholder(node.low), _placeholder(node.high))
    if isinstance(node, Function) and node.name == "begins_with":
        return _named(node.arguments[0]), node.name, (_placeholder(node.arguments[1]),)
    names = {"Either": "OR", "Not": "NOT", "In": "IN"}
    raise _invalid_operator(node.name if isinstance(node, Function) else names[type(node).__name__])


def _named(operand: Operand) -> str:
    if isinstance(operand, Attribute):
        if len(operand.path) == 1:
            return str(operand.path[0])
        raise ValidationException(
            f"Invalid {_PARAMETER}: KeyConditionExpressions cannot have conditions on nested attributes"
        )
    raise ValidationException(
        f"Invalid {_PARAMETER}: No key attributes are specified in the condition"
        if isinstance(operand, Value)
        else _UNSUPPORTED
    )


def _placeholder(operand: Operand) -> str:
    if isinstance(operand, Value):
        return operand.name
    raise ValidationException(
        f"Invalid {_PARAMETER}: Operand must be a value; key conditions compare keys with values"
    )


def _invalid_operator(operator: str) -> ValidationException:
    return ValidationException(
        f"Invalid {_PARAMETER}: Invalid operator used in KeyConditionExpression: {operator}"
    )
