"""The syntax tree of condition and update expressions."""

from __future__ import annotations

from attrs import frozen

#: A document path: an attribute name, then names of map members and positions in lists.
Path = tuple[str | int, ...]
#: The last index that AWS takes for the place of an element.
MAXIMUM_INDEX = 2**31 - 1
#: Comparators, each with what it is when its operands are changed round.
SWAPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
INDEX_OUT_OF_RANGE = "List index is not within the allowable range"


def list_index(digits: str) -> int | None:
    """The place in a list that digits name, None if it is beyond any; however many they are."""
    significant = digits.lstrip("0") or "0"
    if len(significant) > len(str(MAXIMUM_INDEX)) or int(significant) > MAXIMUM_INDEX:
        return None
    return int(significant)


def written(path: Path) -> str:
    """A path as error messages show it: `[a, b, [0]]`."""
    return f"[{', '.join(part if isinstance(part, str) else f'[{part}]' for part in path)}]"


@frozen
class Attribute:
    """What stands at a path of the item; `fault` says what is wrong with the names of the path."""

    path: Path
    fault: str | None = None


@frozen
class Value:
    """A value placeholder."""

    name: str


@frozen
class Function:
    """A function and its arguments."""

    name: str
    arguments: tuple[Operand, ...]


@frozen
class Arithmetic:
    """A sum (+) or a difference (-)."""

    operator: str
    left: Operand
    right: Operand


Operand = Attribute | Value | Function | Arithmetic


@frozen
class Comparison:
    """= <> < <= > or >= between two operands."""

    operator: str
    left: Operand
    right: Operand


@frozen
class Between:
    """An operand within two bounds, both included."""

    operand: Operand
    low: Operand
    high: Operand


@frozen
class In:
    """An operand equal to one of several."""

    operand: Operand
    options: tuple[Operand, ...]


@frozen
class Every:
    """AND of two or more conditions."""

    conditions: tuple[ConditionNode, ...]


@frozen
class Either:
    """OR of two or more conditions."""

    conditions: tuple[ConditionNode, ...]


@frozen
class Not:
    """The opposite of a condition."""

    condition: ConditionNode


ConditionNode = Comparison | Between | In | Every | Either | Not | Function


@frozen
class Action:
    """One action of an update expression: SET, REMOVE, ADD or DELETE; REMOVE has no operand."""

    clause: str
    path: Path
    operand: Operand | None = None
