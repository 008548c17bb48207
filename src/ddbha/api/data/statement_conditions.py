"""What the WHERE of a PartiQL statement says of keys: the one item, or the item collections to read.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain, combinations
from typing import TypeVar

from ddbha.api.data.queries import bounds_of
from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import Condition, of_tree
from ddbha.expressions.key_condition import INDEXABLE, KeyCondition
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
from ddbha.storage.partitions import KeyBounds
from ddbha.values.attribute import AttributeValue
from ddbha.values.key import KeySchema

#: Attribute, operator and the placeholders of its operands.
_KeyPart = tuple[str, str, tuple[str, ...]]
_Read = TypeVar("_Read")
_SWAPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def conjuncts(node: ConditionNode | None) -> list[ConditionNode]:
    """The conditions all of which must hold."""
    if node is None:
        return []
    return list(_parts(node))


def _parts(node: ConditionNode) -> Iterator[ConditionNode]:
    if isinstance(node, Every):
        for part in node.conditions:
            yield from _parts(part)
    else:
        yield node


def pinned_keys(
    schema: KeySchema, where: ConditionNode | None
) -> tuple[dict[str, str], list[ConditionNode]]:
    """The placeholders that key attributes must equal, and all other conditions."""
    pinned: dict[str, str] = {}
    rest: list[ConditionNode] = []
    for node in conjuncts(where):
        part = _key_part(node)
        if part is not None and part[1] == "=" and part[0] in schema.names and part[0] not in pinned:
            pinned[part[0]] = part[2][0]
        else:
            rest.append(node)
    return pinned, rest


def item_collections(
    schema: KeySchema, conditions: Sequence[ConditionNode]
) -> tuple[list[KeyCondition] | None, list[ConditionNode]]:
    """Key conditions of the item collections that hold all matches, and the other conditions.

    `schema` has one partition key and at most one sort key: PartiQL reads nothing else.
    """
    left = list(conditions)
    partition = _first(left, partial(_partition_options, name=schema.partition.name))
    if partition is None:
        return None, left
    left.remove(partition[0])
    sort = None if schema.sort is None else _first(left, partial(_part_of, name=schema.sort.name))
    if sort is None:
        condition, parts = every(()), tuple[_KeyPart, ...]()
    else:
        left.remove(sort[0])
        condition, parts = every((sort[0],)), (sort[1],)
    name = schema.partition.name
    return [KeyCondition(condition, ((name, "=", (option,)), *parts)) for option in partition[1]], left


def refuse_overlapping_branches(
    schema: KeySchema, where: Either, values: Mapping[str, AttributeValue]
) -> None:
    """Refuse branches of which one bounds the sort key, and another selects some of the same keys.

    A branch that says what the sort key is not overlaps with none.
    """
    if schema.sort is None:
        return
    branches: list[tuple[bool, KeyBounds]] = []
    for branch in where.conditions:
        conditions = conjuncts(branch)
        collections, _ = item_collections(schema, conditions)
        if collections is None:
            return
        if any(_excludes(node, schema.sort.name) for node in conditions):
            continue
        bounded = _first(conditions, partial(_part_of, name=schema.sort.name)) is not None
        for collection in collections:
            collection.condition.check(values)
            branches.append((bounded, bounds_of(collection.bind(schema, values))))
    for (bounded, one), (also_bounded, other) in combinations(branches, 2):
        if (bounded or also_bounded) and max(one.low, other.low) < min(one.high, other.high):
            raise ValidationException(
                "Overlapping conditions with range keys are not supported in where clause"
            )


def _excludes(node: ConditionNode, name: str) -> bool:
    """Whether a condition says something of an attribute that is no range of values."""
    if isinstance(node, Not):
        return _part_of(node.condition, name) is not None or _excludes(node.condition, name)
    if isinstance(node, In):
        return _attribute(node.operand) == name
    return (
        isinstance(node, Comparison)
        and node.operator == "<>"
        and name in (_attribute(node.left), _attribute(node.right))
    )


def _first(
    nodes: Sequence[ConditionNode], read: Callable[[ConditionNode], _Read | None]
) -> tuple[ConditionNode, _Read] | None:
    """The first condition of which `read` makes something, and what it makes of it."""
    found = ((node, read(node)) for node in nodes)
    return next(((node, part) for node, part in found if part is not None), None)


def _part_of(node: ConditionNode, name: str) -> _KeyPart | None:
    part = _key_part(node)
    return part if part is not None and part[0] == name else None


def _partition_options(node: ConditionNode, name: str) -> tuple[str, ...] | None:
    """The placeholders one of which the partition key must equal."""
    if isinstance(node, In) and _attribute(node.operand) == name:
        if all(isinstance(option, Value) for option in node.options):
            return tuple(option.name for option in node.options if isinstance(option, Value))
        return None
    if isinstance(node, Either):
        choices = [_partition_options(one, name) for one in node.conditions]
        return None if None in choices else tuple(chain.from_iterable(filter(None, choices)))
    part = _key_part(node)
    return part[2] if part is not None and part[:2] == (name, "=") else None


def _key_part(node: ConditionNode) -> _KeyPart | None:
    """Attribute, operator and placeholders of what can be a key condition."""
    if isinstance(node, Comparison) and node.operator in _SWAPPED:
        sides, operator = [(node.left, node.right, node.operator)], _SWAPPED[node.operator]
        sides.append((node.right, node.left, operator))
        for subject, value, applied in sides:
            name = _attribute(subject)
            if name is not None and isinstance(value, Value):
                return name, applied, (value.name,)
    elif isinstance(node, Between):
        name = _attribute(node.operand)
        if name is not None and isinstance(node.low, Value) and isinstance(node.high, Value):
            return name, "BETWEEN", (node.low.name, node.high.name)
    elif isinstance(node, Function) and node.name in INDEXABLE:
        name, value = _attribute(node.arguments[0]), node.arguments[1]
        if name is not None and isinstance(value, Value):
            return name, node.name, (value.name,)
    return None


def _attribute(operand: Operand) -> str | None:
    if isinstance(operand, Attribute) and len(operand.path) == 1:
        return str(operand.path[0])
    return None


@lru_cache(maxsize=1024)
def every(conditions: tuple[ConditionNode, ...]) -> Condition:
    """Conditions all of which must hold, compiled."""
    return of_tree(Every(conditions), "", frozenset(), frozenset())
