"""Search conditions: which entries of a vector index a search looks at.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchFilterReference.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from attrs import frozen

from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import Condition, Values, of_tree
from ddbha.expressions.parser import Parser
from ddbha.expressions.syntax import (
    Attribute,
    Between,
    Comparison,
    ConditionNode,
    Either,
    Every,
    Function,
    In,
    Not,
    Operand,
    Value,
)
from ddbha.values.attribute import AttributeValue
from ddbha.values.key import KeyAttribute

PARAMETER = "SearchConditionExpression"
#: What can be asked of an attribute that is a string, a number or binary.
_FUNCTIONS = frozenset({"attribute_exists", "attribute_not_exists", "begins_with"})
_INVALID_COMPARATOR = f"Invalid {PARAMETER}: Invalid comparator used in {PARAMETER}"
_INVALID_OPERATOR = f"Invalid {PARAMETER}: Invalid operator used in {PARAMETER}"


@frozen(eq=False)
class SearchCondition:
    """A compiled search condition: conditions on attributes, each with the placeholders of its values."""

    condition: Condition
    #: Attribute and placeholders of each single condition, in the order of the text.
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    #: Attribute and placeholder of what must be equal in any case.
    equalities: tuple[tuple[str, str], ...]

    @property
    def names_used(self) -> frozenset[str]:
        """Name placeholders."""
        return self.condition.names_used

    @property
    def values_used(self) -> frozenset[str]:
        """Value placeholders."""
        return self.condition.values_used

    def bind(
        self,
        partition: KeyAttribute | None,
        filters: tuple[KeyAttribute, ...],
        values: Values,
    ) -> AttributeValue | None:
        """The value of the partition key that the condition names, None if the index has none.

        Raises `ValidationException` for attributes that are not of the search schema or have another
        type, and for a partition key that is not given by one equality.
        """
        types = {attribute.name: attribute.type for attribute in filters}
        if partition is not None:
            types[partition.name] = partition.type
        for name, _ in self.parts:
            if name not in types:
                raise ValidationException(
                    f"{PARAMETER} must not contain any attributes that is not in SearchSchema. Invalid "
                    f"attribute: {name}"
                )
        found = None
        if partition is not None:
            given = [operand for name, operand in self.equalities if name == partition.name]
            conditions = sum(name == partition.name for name, _ in self.parts)
            if not conditions:
                refuse_without_partition()
            if len(given) != 1 or conditions != 1:
                raise ValidationException(_INVALID_COMPARATOR)
            found = values[given[0]]
        for name, operands in self.parts:
            if not all(types[name] in values[operand] for operand in operands):
                raise ValidationException(
                    "One or more parameter values were invalid: Condition parameter type does not match "
                    "schema type"
                )
        return found


def refuse_without_partition() -> None:
    """Raise `ValidationException` for a search that does not name the partition of the index."""
    raise ValidationException(f"{PARAMETER} must be provided when SearchSchema has a HASH key")


def search_condition(text: str, names: Mapping[str, str] | None = None) -> SearchCondition:
    """Compile a search condition; compiled ones are kept by text and names."""
    return _search_condition(text, tuple(names.items()) if names else ())


@lru_cache(maxsize=1024)
def _search_condition(text: str, names: tuple[tuple[str, str], ...]) -> SearchCondition:
    parser = Parser(text, dict(names), PARAMETER)
    tree = parser.condition()
    compiled = of_tree(tree, PARAMETER, frozenset(parser.names_used), frozenset(parser.values_used))
    every = tree.conditions if isinstance(tree, Every) else (tree,)
    equalities = tuple(
        (name, operands[0])
        for node in every
        if isinstance(node, Comparison) and node.operator == "="
        for name, operands in _parts(node)
    )
    return SearchCondition(compiled, tuple(_parts(tree)), equalities)


def _parts(node: ConditionNode) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(node, Every | Either):
        for condition in node.conditions:
            yield from _parts(condition)
    elif isinstance(node, Not):
        yield from _parts(node.condition)
    elif isinstance(node, Comparison):
        yield _part(node.left, (node.right,))
    elif isinstance(node, Between):
        yield _part(node.operand, (node.low, node.high))
    elif isinstance(node, In):
        yield _part(node.operand, node.options)
    else:
        if node.name not in _FUNCTIONS:
            raise ValidationException(_INVALID_OPERATOR)
        yield _part(node.arguments[0], node.arguments[1:])


def _part(operand: Operand, operands: tuple[Operand, ...]) -> tuple[str, tuple[str, ...]]:
    """The top-level attribute of a condition, and the placeholders it is compared with."""
    if isinstance(operand, Function) or not isinstance(operand, Attribute) or len(operand.path) != 1:
        raise ValidationException(_INVALID_OPERATOR)
    values = tuple(value.name for value in operands if isinstance(value, Value))
    if len(values) != len(operands):
        raise ValidationException(_INVALID_OPERATOR)
    return str(operand.path[0]), values
