"""What PartiQL statements ask, written or read: the checker's own reading of what the parser gives.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.statements.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ddbha.expressions.partiql import parser as partiql
from ddbha.expressions.partiql.syntax import Delete, Exists, Insert, Parsed, Select, Update, bound_item
from ddbha.expressions.syntax import (
    Arithmetic,
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
    Path,
)
from ddbha.expressions.syntax import Value as Placeholder
from ddbha.region.table import Table
from ddbha.values.attribute import AttributeValue, Item, canonical_item
from ddbha.values.key import KeySchema
from ddbha.verify.asked import (
    CONDITIONS,
    FAILED,
    NOTHING,
    UNKNOWN,
    Asked,
    Write,
    told_of,
    told_of_transaction,
)
from ddbha.verify.calls import Call
from ddbha.verify.expressions import Values, at
from ddbha.verify.item_values import key_of, table_of
from ddbha.verify.terms import conjuncts


def _statement(call: Call) -> Iterator[Asked]:
    statement = partiql.parsed(call.request["Statement"])
    told = told_of(call)
    if not isinstance(statement.statement, Select) and told != NOTHING:
        shown = call.answer["Items"] if call.answer is not None else None
        returned = None if shown is None else shown[0] if shown else {}
        yield Asked((_stated(call, statement, call.request, returned),), told)


def _statements(call: Call) -> Iterator[Asked]:
    entries = call.request["Statements"]
    responses = (call.answer or {}).get("Responses", [{}] * len(entries))
    for entry, response in zip(entries, responses, strict=True):
        told, returned = told_of(call), None
        if call.answer is not None:
            returned = response.get("Item", {})
            error = response.get("Error")
            if error is not None:
                told = FAILED if error["Code"] in CONDITIONS else NOTHING
                if error["Code"] == "InternalServerError":
                    told = UNKNOWN
        if told == NOTHING:
            continue
        statement = partiql.parsed(entry["Statement"])
        if not isinstance(statement.statement, Select):
            yield Asked((_stated(call, statement, entry, returned),), told)


def _transaction_of_statements(call: Call) -> Iterator[Asked]:
    told = told_of_transaction(call)
    entries = call.request["TransactStatements"]
    statements = [partiql.parsed(entry["Statement"]) for entry in entries]
    if told is not None and not any(isinstance(one.statement, Select) for one in statements):
        writes = [_stated(call, *pair) for pair in zip(statements, entries, strict=True)]
        yield Asked(tuple(writes), *told, call.request.get("ClientRequestToken"))


def _stated(call: Call, parsed: Parsed, entry: Mapping[str, Any], returned: Item | None = None) -> Write:
    """The write that a statement stands for."""
    statement, parameters = parsed.statement, entry.get("Parameters", ())
    values = parsed.values(parameters)
    if isinstance(statement, Insert):
        table = table_of(call, statement.table)
        item = canonical_item(bound_item(statement.item, parameters))[0]
        return Write(key_of(table, item), "Put", item, _absent(table), None, values)
    if isinstance(statement, Exists):
        select = statement.select
        table = table_of(call, select.table)
        key = _pinned(table, select.where, values)
        return Write(key_of(table, key), "ConditionCheck", key, select.where, None, values)
    assert isinstance(statement, Update | Delete), "a SELECT is no write"
    table = table_of(call, statement.table)
    key, where = _pinned(table, statement.where, values), statement.where
    assert where is not None, "it names the key"
    returns = statement.returning
    if isinstance(statement, Delete):
        # To delete what is not there is no failure, whatever the condition.
        condition = Either((_absent(table), where))
        return Write(key_of(table, key), "Delete", key, condition, None, values, returns, returned)
    # The key that it names is that of an item, so what is not there meets no condition.
    return Write(key_of(table, key), "Update", key, where, statement.actions, values, returns, returned)


def _absent(table: Table) -> ConditionNode:
    return Function("attribute_not_exists", (Attribute((table.schema.partition.name,)),))


def _pinned(table: Table, where: ConditionNode | None, values: Values) -> Item:
    """The key that a WHERE clause names by equality."""
    found: dict[str, AttributeValue] = {}
    for node in conjuncts(where):
        if isinstance(node, Comparison) and node.operator == "=":
            for subject, value in ((node.left, node.right), (node.right, node.left)):
                if isinstance(subject, Attribute) and isinstance(value, Placeholder):
                    whole = str(subject.path[0]) if len(subject.path) == 1 else ""
                    found.setdefault(whole, values[value.name])
    return {name: value for name, value in found.items() if name in table.schema.names}


#: By operation: what a call of it asks to be written.
WRITES: dict[str, Callable[[Call], Iterator[Asked]]] = {
    "ExecuteStatement": _statement,
    "BatchExecuteStatement": _statements,
    "ExecuteTransaction": _transaction_of_statements,
}


def selected(entry: Mapping[str, Any]) -> tuple[Select, Values] | None:
    """What one statement selects; None if it is no SELECT."""
    parsed = partiql.parsed(entry["Statement"])
    statement = parsed.statement
    if not isinstance(statement, Select):
        return None
    return statement, parsed.values(entry.get("Parameters", ()))


def key_selected(call: Call, select: Select, values: Values) -> Item:
    """The key of the item that a SELECT of one item names."""
    return _pinned(table_of(call, select.table), select.where, values)


def columns(paths: Sequence[Path], item: Item) -> Item:
    """The columns of an item that it has, named from the last name of their paths on."""
    found: Item = {}
    for path in paths:
        last = max(place for place, part in enumerate(path) if isinstance(part, str))
        value = at(path, item)
        if value is not None:
            found[str(path[last]) + "".join(f"[{part}]" for part in path[last + 1 :])] = value
    return found


def descends(select: Select, schema: KeySchema) -> bool | None:
    """Whether the pages of a SELECT go from the greatest position down, and not from the least up.

    None where they may do neither: several item collections come in the order of their keys.
    """
    partition = schema.partition.name
    whole = [] if select.where is None else [select.where]
    named = [path for node in whole for path in _paths(node) if path[0] == partition]
    if not named:
        # All is looked at.
        return False
    if len(named) > 1 or not any(_pins(node, partition) for node in conjuncts(select.where)):
        return None
    if schema.sort is not None:
        return dict(select.orders).get(schema.sort.name, False)
    return select.orders[0][1] if select.orders else False


def _pins(node: ConditionNode, name: str) -> bool:
    """Whether a condition is that an attribute equals a value."""
    if not isinstance(node, Comparison) or node.operator != "=":
        return False
    sides = (node.left, node.right)
    return Attribute((name,)) in sides and any(isinstance(side, Placeholder) for side in sides)


def _paths(node: ConditionNode | Operand) -> Iterator[Path]:
    """All paths that a condition or an operand names."""
    if isinstance(node, Attribute):
        yield node.path
    parts: tuple[ConditionNode | Operand, ...] = ()
    if isinstance(node, Every | Either):
        parts = node.conditions
    elif isinstance(node, Not):
        parts = (node.condition,)
    elif isinstance(node, Comparison | Arithmetic):
        parts = (node.left, node.right)
    elif isinstance(node, Between):
        parts = (node.operand, node.low, node.high)
    elif isinstance(node, In):
        parts = (node.operand, *node.options)
    elif isinstance(node, Function):
        parts = node.arguments
    for part in parts:
        yield from _paths(part)
