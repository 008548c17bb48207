"""PartiQL statements as the requests of the operations that they stand for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.statements.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain, product
from typing import TypeVar

from attrs import frozen

from ddbha.api.data.placeholders import Compiled
from ddbha.api.registry import Request
from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import Condition, fetch, of_tree
from ddbha.expressions.key_condition import INDEXABLE, KeyCondition
from ddbha.expressions.legacy import Legacy
from ddbha.expressions.partiql.syntax import (
    Delete,
    Exists,
    Insert,
    Parsed,
    Select,
    Update,
    bound_item,
)
from ddbha.expressions.projection import Projection, refuse_overlaps
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
    Operand,
    Path,
    Value,
)
from ddbha.expressions.update import Update as CompiledUpdate
from ddbha.expressions.update import of_actions
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.attribute import AttributeValue, Item
from ddbha.values.key import KeySchema

NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
#: Attribute, operator and the placeholders of its operands.
_KeyPart = tuple[str, str, tuple[str, ...]]
_Read = TypeVar("_Read")
_SWAPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@frozen(eq=False)
class Columns(Projection):
    """A projection whose paths become attributes, named from the last name of the path on."""

    def project(self, item: Item) -> Item:
        """The columns of an item that it has."""
        found = ((_column(path), fetch(path)(item)) for path in self.paths)
        return {name: value for name, value in found if value is not None}


@frozen(eq=False)
class Read:
    """A SELECT: its request, and key conditions of the item collections to read, or None for all."""

    request: Request
    collections: tuple[KeyCondition, ...] | None


@frozen(eq=False)
class Write:
    """The kind of an action of a transaction, and its request."""

    kind: str
    request: Request


def read_plan(region: Region, statement: Select, values: dict[str, AttributeValue]) -> Read:
    """The query or the scan that a SELECT stands for."""
    table = region.table(statement.table)
    request: Request = {"TableName": statement.table}
    schema = table.schema
    if statement.index is not None:
        request["IndexName"] = statement.index
        schema = _index_schema(table, statement.index)
    conditions = _flat(statement.where)
    collections, rest = _collections(schema, conditions)
    if statement.orders:
        request["ScanIndexForward"] = not _descends(statement, schema, collections)
    filtered = _condition(tuple(rest)) if rest else None
    if filtered is not None:
        filtered.check(values)
    columns = None if statement.paths is None else _columns(statement.paths)
    return Read(
        Compiled(request, Legacy(None, filtered, columns, None, values)),
        None if collections is None else tuple(collections),
    )


def item_read_plan(
    region: Region, statement: Select, values: dict[str, AttributeValue]
) -> tuple[Request, tuple[ConditionNode, ...]] | None:
    """The Get of a SELECT whose WHERE names one item, and its other conditions; None if it names none."""
    table = region.table(statement.table)
    pinned, rest = _pinned(table.schema, statement.where)
    if len(pinned) < len(table.schema.names):
        return None
    columns = None if statement.paths is None else _columns(statement.paths)
    request = {"TableName": statement.table, "Key": {name: values[pinned[name]] for name in pinned}}
    return Compiled(request, Legacy(None, None, columns, None, values)), tuple(rest)


def write_plan(
    region: Region,
    parsed: Parsed,
    values: dict[str, AttributeValue],
    parameters: Sequence[AttributeValue],
) -> Write:
    """The put, update, deletion or check that a statement stands for.

    Raises `ValidationException` if its WHERE clause does not name one item.
    """
    statement = parsed.statement
    if isinstance(statement, Insert):
        item = bound_item(statement.item, parameters)
        table = region.table(statement.table)
        absent = _condition((_existence(table, "attribute_not_exists"),))
        request: Request = {"TableName": statement.table, "Item": item}
        return Write("Put", Compiled(request, Legacy(None, absent, None, None, values)))
    if isinstance(statement, Exists):
        return _check_plan(region, statement.select, values)
    assert isinstance(statement, Update | Delete), "a SELECT is no write"
    table = region.table(statement.table)
    key, rest = _item_key(table, statement.where, values)
    request = {"TableName": statement.table, "Key": key}
    if statement.returning != "NONE":
        request["ReturnValues"] = statement.returning
    if isinstance(statement, Update):
        update = _update(statement.actions)
        update.check(values)
        # Unlike UpdateItem, UPDATE creates nothing.
        condition = _condition((_existence(table, "attribute_exists"), *rest))
        condition.check(values)
        return Write("Update", Compiled(request, Legacy(update, condition, None, None, values)))
    deletable = None
    if rest:
        # To delete what is not there is no failure, whatever the condition.
        absent_or = Either((_existence(table, "attribute_not_exists"), Every(rest)))
        deletable = _condition((absent_or,))
        deletable.check(values)
    return Write("Delete", Compiled(request, Legacy(None, deletable, None, None, values)))


def _check_plan(region: Region, select: Select, values: dict[str, AttributeValue]) -> Write:
    if select.index is not None:
        raise ValidationException("Operations on indices are not supported in transactions")
    key, rest = _item_key(region.table(select.table), select.where, values)
    if not rest:
        raise ValidationException("EXISTS() must contain a single item read with additional condition")
    condition = _condition(rest)
    condition.check(values)
    request = {"TableName": select.table, "Key": key}
    return Write("ConditionCheck", Compiled(request, Legacy(None, condition, None, None, values)))


def _item_key(
    table: Table, where: ConditionNode | None, values: Mapping[str, AttributeValue]
) -> tuple[Item, tuple[ConditionNode, ...]]:
    pinned, rest = _pinned(table.schema, where)
    if len(pinned) < len(table.schema.names):
        raise ValidationException(NO_KEY)
    return {name: values[placeholder] for name, placeholder in pinned.items()}, tuple(rest)


def _pinned(schema: KeySchema, where: ConditionNode | None) -> tuple[dict[str, str], list[ConditionNode]]:
    """The placeholders that key attributes must equal, and all other conditions."""
    pinned: dict[str, str] = {}
    rest: list[ConditionNode] = []
    for node in _flat(where):
        part = _key_part(node)
        if part is not None and part[1] == "=" and part[0] in schema.names and part[0] not in pinned:
            pinned[part[0]] = part[2][0]
        else:
            rest.append(node)
    return pinned, rest


def _collections(
    schema: KeySchema, conditions: Sequence[ConditionNode]
) -> tuple[list[KeyCondition] | None, list[ConditionNode]]:
    """Key conditions of the item collections that hold all matches, and the other conditions."""
    left = list(conditions)
    partition: list[tuple[str, tuple[str, ...]]] = []
    for attribute in schema.partition_attributes:
        found = _first(left, partial(_partition_options, name=attribute.name))
        if found is None:
            return None, list(conditions)
        partition.append((attribute.name, found[1]))
        left.remove(found[0])
    kept: list[ConditionNode] = []
    sort: list[_KeyPart] = []
    for attribute in schema.sort_attributes:
        one = _first(left, partial(_part_of, name=attribute.name))
        if one is None:
            break
        kept.append(one[0])
        sort.append(one[1])
        left.remove(one[0])
        if one[1][1] != "=":
            break
    every = _condition(tuple(kept))
    choices = product(*([(name, "=", (option,)) for option in options] for name, options in partition))
    return [KeyCondition(every, (*choice, *sort)) for choice in choices], left


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


def _flat(node: ConditionNode | None) -> list[ConditionNode]:
    """The conditions all of which must hold."""
    if node is None:
        return []
    return list(_conjuncts(node))


def _conjuncts(node: ConditionNode) -> Iterator[ConditionNode]:
    if isinstance(node, Every):
        for part in node.conditions:
            yield from _conjuncts(part)
    else:
        yield node


def _descends(statement: Select, schema: KeySchema, collections: list[KeyCondition] | None) -> bool:
    """Whether the order is from the greatest key to the least; `ValidationException` for other orders."""
    if statement.where is None:
        raise ValidationException("Must have WHERE clause in the statement when using ORDER BY clause.")
    if collections is None:
        raise ValidationException(
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY "
            "clause."
        )
    for name, _ in statement.orders:
        if name not in schema.names:
            raise ValidationException(
                f"Variable reference {name} in ORDER BY clause must be part of the primary key"
            )
    if len(collections) > 1 and statement.orders[0][0] != schema.partition.name:
        raise ValidationException(
            "ddbha orders several item collections by their partition key only: name it first in ORDER BY"
        )
    directions = dict(statement.orders)
    if len(collections) == 1 and schema.sort is not None:
        sorts = [attribute.name for attribute in schema.sort_attributes]
        named = [name for name in directions if name in sorts]
        found = {directions[name] for name in named}
        if len(found) > 1 or named != sorts[: len(named)]:
            raise ValidationException(
                "ddbha orders by several sort keys from left to right, and in one direction only"
            )
        return True in found
    if len(set(directions.values())) > 1:
        raise ValidationException("ddbha orders by both keys in one direction only")
    return statement.orders[0][1]


def _index_schema(table: Table, name: str) -> KeySchema:
    index = table.local_indexes.get(name) or table.global_indexes.get(name)
    # The query or scan says what is wrong with one that is not there.
    return table.schema if index is None else index.schema


def _existence(table: Table, function: str) -> ConditionNode:
    return Function(function, (Attribute((table.schema.partition.name,)),))


def _column(path: Path) -> str:
    last = max(position for position, part in enumerate(path) if isinstance(part, str))
    return str(path[last]) + "".join(f"[{part}]" for part in path[last + 1 :])


@lru_cache(maxsize=1024)
def _columns(paths: tuple[Path, ...]) -> Columns:
    return Columns(frozenset(), paths, frozenset(str(path[0]) for path in paths), frozenset(), {})


@lru_cache(maxsize=1024)
def _condition(conditions: tuple[ConditionNode, ...]) -> Condition:
    return of_tree(Every(conditions), "", frozenset(), frozenset())


@lru_cache(maxsize=1024)
def _update(actions: tuple[Action, ...]) -> CompiledUpdate:
    refuse_overlaps(tuple(action.path for action in actions), "UpdateExpression")
    return of_actions(actions, frozenset(), frozenset(), parameter="")
