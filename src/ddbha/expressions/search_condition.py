"""Search conditions: which entries of a vector index a search looks at.

Messages are answers of AWS that the authors of dynoxide and ExtendDB recorded in August 2026.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchFilterReference.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from attrs import frozen

from ddbha.errors import ValidationException
from ddbha.expressions.checks import Values
from ddbha.expressions.evaluate import Condition, of_tree
from ddbha.expressions.parser import Parser
from ddbha.expressions.syntax import (
    Attribute,
    Between,
    Comparison,
    ConditionNode,
    Either,
    Every,
    In,
    Not,
    Operand,
    Value,
)
from ddbha.values.attribute import AttributeValue, kind_of, type_of
from ddbha.values.key import KeyAttribute

PARAMETER = "SearchConditionExpression"
#: What can be asked of an attribute that is a string, a number or binary.
_FUNCTIONS = frozenset({"attribute_exists", "attribute_not_exists", "begins_with"})
_COMPARATORS = frozenset({"<>", "<", "<=", ">", ">="})
_INVALID_COMPARATOR = f"Invalid {PARAMETER}: Invalid comparator used in {PARAMETER}"
_INVALID_OPERATOR = f"Invalid {PARAMETER}: Invalid operator used in {PARAMETER}"
_NESTED = f"Invalid {PARAMETER}: {PARAMETER} cannot have conditions on nested attributes"
_SEVERAL = f"Invalid {PARAMETER}: {PARAMETER} must only contain one condition per attribute"


@frozen
class Part:
    """One condition on one attribute, with the placeholders of its values."""

    attribute: str
    #: A comparator, or the name of another operator or function.
    operator: str
    operands: tuple[str, ...]
    #: Whether it must hold in any case: it stands under no OR and no NOT.
    certain: bool


@frozen(eq=False)
class SearchCondition:
    """A compiled search condition, and the single conditions in the order of the text."""

    condition: Condition
    parts: tuple[Part, ...]

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

        Raises `ValidationException` for attributes that are not of the search schema, a partition key
        that is not given by one equality, and values of another type, in this order.
        """
        types = {attribute.name: attribute.type for attribute in filters}
        if partition is not None:
            types[partition.name] = partition.type
        for part in self.parts:
            if part.attribute not in types:
                raise ValidationException(
                    f"{PARAMETER} must not contain any attributes that is not in SearchSchema. Invalid "
                    f"attribute: {part.attribute}"
                )
        placeholder = None if partition is None else self._placeholder_of(partition.name)
        for part in self.parts:
            for operand in part.operands:
                _require_type(part.attribute, types[part.attribute], values[operand])
        if partition is None or placeholder is None:
            return None
        found = values[placeholder]
        if not found[partition.type]:
            raise ValidationException(
                "One or more parameter values are not valid. The AttributeValue for a key attribute "
                f"cannot contain an empty {kind_of(partition.type)} value. Key: {partition.name}"
            )
        return found

    def _placeholder_of(self, partition: str) -> str:
        """The placeholder of the partition key's value, which one equality gives."""
        given = [part for part in self.parts if part.attribute == partition]
        if not given:
            raise ValidationException(
                f"{PARAMETER} must have all HASH attributes in configured SearchSchema"
            )
        if len(given) > 1:
            raise ValidationException(_SEVERAL)
        (part,) = given
        if part.operator != "=":
            comparator = part.operator in _COMPARATORS
            raise ValidationException(_INVALID_COMPARATOR if comparator else _INVALID_OPERATOR)
        if not part.certain:
            raise ValidationException(_INVALID_OPERATOR)
        return part.operands[0]


def _require_type(name: str, kind: str, value: AttributeValue) -> None:
    if kind not in value:
        raise ValidationException(
            f"Type of '{name}' attribute in {PARAMETER} ({type_of(value)}) does not match type in search "
            f"schema ({kind})"
        )


def refuse_without_partition() -> None:
    """Raise `ValidationException` for a search of an index with a partition key, without a condition."""
    raise ValidationException(f"{PARAMETER} must be provided when SearchSchema has a HASH key")


def search_condition(text: str, names: Mapping[str, str] | None = None) -> SearchCondition:
    """Compile a search condition; compiled ones are kept by text and names."""
    return _search_condition(text, tuple(names.items()) if names else ())


@lru_cache(maxsize=1024)
def _search_condition(text: str, names: tuple[tuple[str, str], ...]) -> SearchCondition:
    parser = Parser(text, dict(names), PARAMETER)
    tree = parser.condition()
    compiled = of_tree(tree, PARAMETER, frozenset(parser.names_used), frozenset(parser.values_used))
    return SearchCondition(compiled, tuple(_parts(tree, True)))


def _parts(node: ConditionNode, certain: bool) -> Iterator[Part]:
    if isinstance(node, Every | Either):
        for condition in node.conditions:
            yield from _parts(condition, certain and isinstance(node, Every))
    elif isinstance(node, Not):
        yield from _parts(node.condition, False)
    elif isinstance(node, Comparison):
        yield _part(node.operator, (node.left, node.right), certain)
    elif isinstance(node, Between):
        yield _part("BETWEEN", (node.operand, node.low, node.high), certain)
    elif isinstance(node, In):
        yield _part("IN", (node.operand, *node.options), certain)
    elif node.name in _FUNCTIONS:
        yield _part(node.name, node.arguments, certain)
    else:
        raise ValidationException(_INVALID_OPERATOR)


def _part(operator: str, operands: tuple[Operand, ...], certain: bool) -> Part:
    """A top-level attribute, and the placeholders that it is compared with."""
    attribute, *others = operands
    if not isinstance(attribute, Attribute):
        raise ValidationException(_INVALID_OPERATOR)
    if len(attribute.path) != 1:
        raise ValidationException(_NESTED)
    values = tuple(other.name for other in others if isinstance(other, Value))
    if len(values) != len(others):
        raise ValidationException(_INVALID_OPERATOR)
    return Part(str(attribute.path[0]), operator, values, certain)
