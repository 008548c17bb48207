"""PartiQL statements as the requests of the operations that they stand for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.statements.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from attrs import frozen

from ddbha.api.data.placeholders import Compiled
from ddbha.api.data.statement_conditions import (
    conjuncts,
    every,
    item_collections,
    pinned_keys,
    refuse_overlapping_branches,
)
from ddbha.api.registry import Request
from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import fetch
from ddbha.expressions.key_condition import KeyCondition
from ddbha.expressions.legacy import Legacy
from ddbha.expressions.partiql.parser import column
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
    ConditionNode,
    Either,
    Every,
    Function,
    Path,
)
from ddbha.expressions.update import Update as CompiledUpdate
from ddbha.expressions.update import of_actions
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.attribute import AttributeValue, Item, canonical_item
from ddbha.values.key import KeySchema

NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"


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
    refuse_several_keys(region, statement)
    schema = _schema(table, statement)
    if statement.index is not None:
        request["IndexName"] = statement.index
    conditions = conjuncts(statement.where)
    collections, rest = item_collections(schema, conditions)
    if isinstance(statement.where, Either):
        refuse_overlapping_branches(schema, statement.where, values)
    if statement.orders:
        request["ScanIndexForward"] = not _descends(statement, schema, collections)
    filtered = every(tuple(rest)) if rest else None
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
    pinned, rest = pinned_keys(table.schema, statement.where)
    if len(pinned) < len(table.schema.names):
        return None
    columns = None if statement.paths is None else _columns(statement.paths)
    request = {"TableName": statement.table, "Key": {name: values[pinned[name]] for name in pinned}}
    return Compiled(request, Legacy(None, None, columns, None, values)), tuple(rest)


def item_of(region: Region, parsed: Parsed, parameters: Sequence[AttributeValue]) -> object:
    """What stands for the one item that a statement is about, None if it is about no single one."""
    statement = parsed.statement
    values = parsed.values(parameters)
    if isinstance(statement, Select):
        found = item_read_plan(region, statement, values)
        if found is None:
            return None
        key = found[0]["Key"]
    else:
        plan = write_plan(region, parsed, values, parameters)
        key = canonical_item(plan.request["Item"])[0] if plan.kind == "Put" else plan.request["Key"]
        statement = statement.select if isinstance(statement, Exists) else statement
    table = region.table(statement.table)
    position = table.schema.key_or_none(key)
    # A key that no item can have is refused where the statement runs.
    return None if position is None else (table.name, position)


def refuse_several_keys(region: Region, statement: Select) -> None:
    """Refuse to read an index whose key has several attributes of a kind, as PartiQL does."""
    schema = _schema(region.table(statement.table), statement)
    if len(schema.partition_attributes) > 1 or len(schema.sort_attributes) > 1:
        raise ValidationException(
            "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or "
            "multi-attribute RANGE keys."
        )


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
        absent = every((_existence(table, "attribute_not_exists"),))
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
        condition = every((_existence(table, "attribute_exists"), *rest))
        condition.check(values)
        return Write("Update", Compiled(request, Legacy(update, condition, None, None, values)))
    deletable = None
    if rest:
        # To delete what is not there is no failure, whatever the condition.
        absent_or = Either((_existence(table, "attribute_not_exists"), Every(rest)))
        deletable = every((absent_or,))
        deletable.check(values)
    return Write("Delete", Compiled(request, Legacy(None, deletable, None, None, values)))


def _check_plan(region: Region, select: Select, values: dict[str, AttributeValue]) -> Write:
    if select.index is not None:
        raise ValidationException("Operations on indices are not supported in transactions")
    key, rest = _item_key(region.table(select.table), select.where, values)
    if not rest:
        raise ValidationException("EXISTS() must contain a single item read with additional condition")
    condition = every(rest)
    condition.check(values)
    request = {"TableName": select.table, "Key": key}
    return Write("ConditionCheck", Compiled(request, Legacy(None, condition, None, None, values)))


def _item_key(
    table: Table, where: ConditionNode | None, values: Mapping[str, AttributeValue]
) -> tuple[Item, tuple[ConditionNode, ...]]:
    pinned, rest = pinned_keys(table.schema, where)
    if len(pinned) < len(table.schema.names):
        raise ValidationException(NO_KEY)
    return {name: values[placeholder] for name, placeholder in pinned.items()}, tuple(rest)


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
        return directions.get(schema.sort.name, False)
    if len(set(directions.values())) > 1:
        raise ValidationException("ddbha orders by both keys in one direction only")
    return statement.orders[0][1]


def _schema(table: Table, statement: Select) -> KeySchema:
    """The key of what a SELECT reads."""
    if statement.index is None:
        return table.schema
    index = table.local_indexes.get(statement.index) or table.global_indexes.get(statement.index)
    # The query or scan says what is wrong with one that is not there.
    return table.schema if index is None else index.schema


def _existence(table: Table, function: str) -> ConditionNode:
    return Function(function, (Attribute((table.schema.partition.name,)),))


@lru_cache(maxsize=1024)
def _columns(paths: tuple[Path, ...]) -> Projection:
    """Makes attributes of what is at these paths, named from the last name of the path on."""
    columns = [(column(path), fetch(path)) for path in paths]

    def project(item: Item) -> Item:
        found = [(name, get(item)) for name, get in columns]
        return {name: value for name, value in found if value is not None}

    attributes = frozenset(str(path[0]) for path in paths)
    return Projection(frozenset(), paths, attributes, frozenset(), project)


@lru_cache(maxsize=1024)
def _update(actions: tuple[Action, ...]) -> CompiledUpdate:
    refuse_overlaps(tuple(action.path for action in actions), "UpdateExpression")
    return of_actions(actions, frozenset(), frozenset(), parameter="")
