"""What conditions, updates and projections mean: the checker's own reading of their syntax trees.

It shares the parser with the engine and nothing else, so that what the engine evaluates wrongly is seen.
Whoever asks has been answered before, so a tree is taken to be one that AWS admits.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

from ddbha.expressions.syntax import (
    Action,
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
    Value,
)
from ddbha.values.attribute import AttributeValue, Item

Values = Mapping[str, AttributeValue]
#: A change of what stands at a path: what is there after it, given what was there; None for nothing.
_Change = Callable[[AttributeValue | None], AttributeValue | None]

_EXACT = Context(prec=600)
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
#: The clauses of an update that make an item where there is none.
GIVING = frozenset({"SET", "ADD"})


class Unfit(Exception):
    """An update and the item that it meets do not go together."""


def holds(node: ConditionNode, item: Item, values: Values) -> bool:
    """Whether a condition holds for an item; {} stands for none."""
    if isinstance(node, Every):
        return all(holds(part, item, values) for part in node.conditions)
    if isinstance(node, Either):
        return any(holds(part, item, values) for part in node.conditions)
    if isinstance(node, Not):
        return not holds(node.condition, item, values)
    if isinstance(node, Comparison):
        return _compares(node.operator, *_operands((node.left, node.right), item, values))
    if isinstance(node, Between):
        found, low, high = _operands((node.operand, node.low, node.high), item, values)
        return _compares("<=", low, found) and _compares("<=", found, high)
    if isinstance(node, In):
        found, *options = _operands((node.operand, *node.options), item, values)
        return any(_compares("=", found, option) for option in options)
    return _is_true(node.name, *_operands(node.arguments, item, values))


def _operands(nodes: Iterable[Operand], item: Item, values: Values) -> list[AttributeValue | None]:
    return [_operand(node, item, values) for node in nodes]


def _operand(node: Operand, item: Item, values: Values) -> AttributeValue | None:
    """What an operand of a condition stands for; None for what is not there."""
    if isinstance(node, Value):
        return values[node.name]
    if isinstance(node, Attribute):
        return at(node.path, item)
    assert isinstance(node, Function), "conditions have no arithmetic"
    (found,) = _operands(node.arguments, item, values)
    size = None if found is None else _size(*_content(found))
    return None if size is None else {"N": str(size)}


def at(path: Path, item: Item) -> AttributeValue | None:
    """What stands at a path of an item."""
    found: AttributeValue | None = {"M": item}
    for part in path:
        if found is None:
            return None
        kind, content = _content(found)
        if kind == "L" and isinstance(part, int):
            found = content[part] if part < len(content) else None
        elif kind == "M" and isinstance(part, str):
            found = content.get(part)
        else:
            return None
    return found


def _content(value: AttributeValue) -> tuple[str, Any]:
    """The type and the content of a value."""
    ((kind, content),) = value.items()
    return kind, content


def _size(kind: str, content: Any) -> int | None:
    if kind == "S":
        # Characters beyond the first 65536 count twice.
        return sum(2 if ord(character) > 0xFFFF else 1 for character in content)
    return None if kind in ("N", "BOOL", "NULL") else len(content)


def plain(value: AttributeValue) -> Hashable:
    """A value that is equal for equal values of DynamoDB only."""
    kind, content = _content(value)
    if kind == "N":
        return kind, Decimal(content)
    if kind == "L":
        return kind, tuple(plain(element) for element in content)
    if kind == "M":
        return kind, frozenset((name, plain(member)) for name, member in content.items())
    if kind in ("SS", "NS", "BS"):
        return kind, frozenset(plain({kind[0]: member}) for member in content)
    return kind, content


def _compares(by: str, left: AttributeValue | None, right: AttributeValue | None) -> bool:
    if left is None or right is None:
        # What is not there differs from everything, and compares with nothing.
        return by == "<>"
    if by in ("=", "<>"):
        return (plain(left) == plain(right)) == (by == "=")
    kind, other_kind = _content(left)[0], _content(right)[0]
    if kind != other_kind or kind not in ("S", "N", "B"):
        return False
    return _COMPARED[by](sortable(left), sortable(right))


def sortable(value: AttributeValue) -> Any:
    """What values of one of the types S, N and B are ordered by."""
    kind, content = _content(value)
    if kind == "N":
        return Decimal(content)
    return content.encode("utf-8", "surrogatepass") if kind == "S" else content


def _is_true(
    function: str, subject: AttributeValue | None, argument: AttributeValue | None = None
) -> bool:
    if function == "attribute_exists":
        return subject is not None
    if function == "attribute_not_exists":
        return subject is None
    if subject is None or argument is None:
        return False
    (kind, content), (wanted, part) = _content(subject), _content(argument)
    if function == "attribute_type":
        return bool(kind == part)
    if function == "begins_with":
        return kind == wanted and kind in ("S", "B") and content[: len(part)] == part
    assert function == "contains", "there are no others"
    if kind == "L":
        return any(plain(element) == plain(argument) for element in content)
    if kind in ("SS", "NS", "BS"):
        return any(plain({kind[0]: member}) == plain(argument) for member in content)
    return kind == wanted and kind in ("S", "B") and part in content


def updated(actions: Sequence[Action], item: Item, values: Values) -> Item:
    """An item after all actions of an update, each of which saw it as it was before.

    Raises `Unfit` where a path or a type does not fit the item.
    """
    changes = [(action.path, _change(action, item, values)) for action in actions]
    kind, content = _content(_rebuilt({"M": item}, changes))
    assert kind == "M", "an item stays a map of attributes"
    return content  # type: ignore[no-any-return]


def _change(action: Action, item: Item, values: Values) -> _Change:
    if action.operand is None:
        return lambda before: None
    operand = _given(action.operand, item, values)
    if action.clause == "SET":
        return lambda before: operand
    if action.clause == "ADD":
        return lambda before: operand if before is None else _sum(before, operand)
    return lambda before: None if before is None else _difference(before, operand)


def _given(node: Operand, item: Item, values: Values) -> AttributeValue:
    """What an operand of an update stands for."""
    if isinstance(node, Arithmetic):
        left, right = _given(node.left, item, values), _given(node.right, item, values)
        if left.keys() != {"N"} or right.keys() != {"N"}:
            raise Unfit
        compute = _EXACT.add if node.operator == "+" else _EXACT.subtract
        return {"N": str(compute(Decimal(left["N"]), Decimal(right["N"])))}
    if isinstance(node, Function) and node.name == "if_not_exists":
        first, second = node.arguments
        assert isinstance(first, Attribute), "it is a path that may not exist"
        found = at(first.path, item)
        return _given(second, item, values) if found is None else found
    if isinstance(node, Function):
        head, tail = (_given(argument, item, values) for argument in node.arguments)
        if head.keys() != {"L"} or tail.keys() != {"L"}:
            raise Unfit
        return {"L": head["L"] + tail["L"]}
    found = _operand(node, item, values)
    if found is None:
        raise Unfit
    return found


def _sum(before: AttributeValue, operand: AttributeValue) -> AttributeValue:
    (kind, one), (wanted, other) = _content(before), _content(operand)
    if kind != wanted:
        raise Unfit
    if kind == "N":
        return {"N": str(_EXACT.add(Decimal(one), Decimal(other)))}
    return {kind: [*one, *(member for member in other if member not in one)]}


def _difference(before: AttributeValue, operand: AttributeValue) -> AttributeValue | None:
    (kind, one), (wanted, other) = _content(before), _content(operand)
    if kind != wanted:
        raise Unfit
    left = [member for member in one if member not in other]
    return {kind: left} if left else None


def _rebuilt(before: AttributeValue, changes: Iterable[tuple[Path, _Change]]) -> AttributeValue:
    """A map or a list with what the changes make of its members; what is beyond a list is appended."""
    below: dict[str | int, list[tuple[Path, _Change]]] = defaultdict(list)
    for path, change in changes:
        below[path[0]].append((path[1:], change))
    kind, content = _content(before)
    if any(isinstance(part, int) != (kind == "L") for part in below) or kind not in ("L", "M"):
        raise Unfit
    if kind == "M":
        members = {**content, **{n: _after(content.get(n), inner) for n, inner in below.items()}}
        return {"M": {name: member for name, member in members.items() if member is not None}}
    elements: list[AttributeValue | None] = list(content)
    for place, inner in sorted(below.items()):
        if isinstance(place, int) and place < len(content):
            elements[place] = _after(content[place], inner)
        else:
            elements.append(_after(None, inner))
    return {"L": [element for element in elements if element is not None]}


def _after(before: AttributeValue | None, changes: list[tuple[Path, _Change]]) -> AttributeValue | None:
    (path, change), *_ = changes
    if not path:
        # No other action may touch what this one does.
        return change(before)
    if before is None:
        raise Unfit
    return _rebuilt(before, changes)


def projected(paths: Iterable[Path], item: Item) -> Item:
    """The parts of an item at paths; lists close up over what was not asked for."""
    found = _picked({"M": item}, list(paths))
    return {} if found is None else found["M"]


def _picked(value: AttributeValue, paths: list[Path]) -> AttributeValue | None:
    if () in paths:
        return value
    kind, content = _content(value)
    if kind not in ("L", "M"):
        return None
    below: dict[str | int, list[Path]] = defaultdict(list)
    for path in paths:
        below[path[0]].append(path[1:])
    if kind == "M":
        parts = {n: _picked(content[n], inner) for n, inner in below.items() if n in content}
        members = {name: part for name, part in parts.items() if part is not None}
        return {"M": members} if members else None
    places = sorted(part for part in below if isinstance(part, int) and part < len(content))
    picked = [_picked(content[place], below[place]) for place in places]
    elements = [element for element in picked if element is not None]
    return {"L": elements} if elements else None
