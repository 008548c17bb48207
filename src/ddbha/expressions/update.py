"""Update expressions: every operand is read from the item as it was before.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from itertools import pairwise
from typing import Any

from attrs import frozen

from ddbha.errors import ValidationException
from ddbha.expressions.checks import Check, Checks, Values
from ddbha.expressions.evaluate import fetch
from ddbha.expressions.parser import Parser
from ddbha.expressions.projection import Projection, of_paths, refuse_overlaps
from ddbha.expressions.syntax import Action, Arithmetic, Attribute, Function, Operand, Path, Value
from ddbha.values import number
from ddbha.values.attribute import AttributeValue, Item, type_of

_PARAMETER = "UpdateExpression"
_MISSING = "The provided expression refers to an attribute that does not exist in the item"
_BAD_PATH = "The document path provided in the update expression is invalid for update"
_SETS = frozenset({"SS", "NS", "BS"})
#: The clauses that give an item something; the others take.
_GIVING = ("SET", "ADD")
#: The types that ADD and DELETE take.
_OPERANDS = {"ADD": _SETS | {"N"}, "DELETE": _SETS}

_Read = Callable[[Item, Values], AttributeValue]


class _TypeMismatch(Exception):
    """An operand and what the item holds do not go together."""


@frozen(eq=False)
class Update:
    """A compiled update."""

    names_used: frozenset[str]
    values_used: frozenset[str]
    paths: tuple[Path, ...]
    attributes: frozenset[str]
    #: Whether an item that is not there is created: to take something from none does not make one.
    creates: bool
    _actions: tuple[tuple[Action, _Read | None], ...]
    #: The numbers of the actions in the order in which they are applied.
    _order: tuple[int, ...]
    _checks: tuple[Check, ...]
    _targets: Projection
    #: What is said of an operand whose type does not fit the item.
    _mismatch: str

    @property
    def nested(self) -> frozenset[str]:
        """The attributes of which only a part is changed."""
        return self._targets.nested

    def check(self, values: Values) -> None:
        """Raise `ValidationException` for undefined placeholders and operands of impossible types."""
        for check in self._checks:
            check(values)

    def apply(self, item: Item, values: Values) -> Item:
        """The item after all actions; `item` is the caller's own copy, {} where there was none.

        Raises `ValidationException` where a path or a type does not fit the item.
        """
        try:
            return self._apply(item, values)
        except _TypeMismatch:
            raise ValidationException(self._mismatch) from None

    def _apply(self, item: Item, values: Values) -> Item:
        reads = [(action, read(item, values) if read else None) for action, read in self._actions]
        for position in self._order:
            action, operand = reads[position]
            if operand is None:
                _remove(item, action.path)
            elif action.clause == "SET":
                _set(item, action.path, operand)
            elif action.clause == "ADD":
                _add(item, action.path, operand)
            else:
                _delete(item, action.path, operand)
        return item

    def select(self, item: Item) -> Item:
        """The targeted parts of an item, as UPDATED_OLD and UPDATED_NEW return them."""
        return self._targets.project(item)


def update(text: str, names: Mapping[str, str] | None = None) -> Update:
    """Compile an update expression; compiled ones are kept by text and names."""
    return _update(text, tuple(names.items()) if names else ())


@lru_cache(maxsize=2048)
def _update(text: str, names: tuple[tuple[str, str], ...]) -> Update:
    parser = Parser(text, dict(names), _PARAMETER)
    actions = parser.update()
    refuse_overlaps(tuple(action.path for action in actions), _PARAMETER)
    return of_actions(
        actions,
        frozenset(parser.names_used),
        frozenset(parser.values_used),
    )


def of_actions(
    actions: Sequence[Action],
    names_used: frozenset[str],
    values_used: frozenset[str],
    *,
    parameter: str = _PARAMETER,
    mismatch: str = "An operand in the update expression has an incorrect data type",
) -> Update:
    """Compile actions whose paths do not overlap.

    `parameter` is what error messages call them, and empty for PartiQL.
    """
    paths = tuple(action.path for action in actions)
    return Update(
        names_used,
        values_used,
        paths,
        frozenset(str(path[0]) for path in paths),
        not actions or any(action.clause in _GIVING for action in actions),
        tuple((action, _reader(action.operand) if action.operand else None) for action in actions),
        _order(actions),
        _checks(actions, parameter),
        of_paths(paths),
        mismatch,
    )


def _checks(actions: Sequence[Action], parameter: str) -> tuple[Check, ...]:
    """What must hold of placeholders and operands.

    AWS looks at the last action first, and at all names before any value.
    """
    checks = Checks(parameter)
    for action in reversed(actions):
        if action.operand is not None:
            _check_names(action.operand, checks)
    for action in reversed(actions):
        if action.operand is not None:
            _check_operand(action.operand, checks)
        if action.clause in ("ADD", "DELETE"):
            assert isinstance(action.operand, Value), "the parser admits nothing else"
            checks.typed_for(action.clause, action.operand, _OPERANDS[action.clause])
    return checks.built()


def _check_names(operand: Operand, checks: Checks) -> None:
    if isinstance(operand, Attribute):
        checks.named(operand)
    for part in _parts(operand):
        _check_names(part, checks)


def _check_operand(operand: Operand, checks: Checks) -> None:
    for part in _parts(operand):
        _check_operand(part, checks)
    if isinstance(operand, Value):
        checks.defined(operand)
    elif isinstance(operand, Arithmetic):
        checks.typed((operand.left, operand.right), operand.operator, frozenset("N"))
    elif isinstance(operand, Function) and operand.name == "list_append":
        checks.typed(operand.arguments, operand.name, frozenset("L"))
    elif isinstance(operand, Function):
        checks.path(operand)
        checks.distinct(operand.name, *operand.arguments)


def _parts(operand: Operand) -> tuple[Operand, ...]:
    if isinstance(operand, Arithmetic):
        return operand.left, operand.right
    return operand.arguments if isinstance(operand, Function) else ()


def _reader(operand: Operand) -> _Read:
    if isinstance(operand, Value):
        name = operand.name
        return lambda item, values: values[name]
    if isinstance(operand, Attribute):
        get = fetch(operand.path)

        def attribute(item: Item, values: Values) -> AttributeValue:
            value = get(item)
            if value is None:
                raise ValidationException(_MISSING)
            # Two attributes must not share a list or a map that a later action changes.
            return deepcopy(value)

        return attribute
    if isinstance(operand, Arithmetic):
        left, right = _reader(operand.left), _reader(operand.right)
        compute = number.add if operand.operator == "+" else number.subtract

        def arithmetic(item: Item, values: Values) -> AttributeValue:
            a, b = left(item, values), right(item, values)
            if "N" not in a or "N" not in b:
                raise _TypeMismatch
            return {"N": compute(a["N"], b["N"])}

        return arithmetic
    first, second = operand.arguments
    otherwise = _reader(second)
    if operand.name == "if_not_exists":
        # What is no path is refused before anything is read.
        existing = fetch(first.path if isinstance(first, Attribute) else ("",))

        def if_not_exists(item: Item, values: Values) -> AttributeValue:
            found = existing(item)
            return otherwise(item, values) if found is None else deepcopy(found)

        return if_not_exists
    head = _reader(first)

    def list_append(item: Item, values: Values) -> AttributeValue:
        a, b = head(item, values), otherwise(item, values)
        if "L" not in a or "L" not in b:
            raise _TypeMismatch
        return {"L": [*a["L"], *b["L"]]}

    return list_append


def _container(item: Item, path: Path) -> Any:
    """What holds the last part of a path: a dict of members or a list of elements."""
    holder: Any = item
    for part, following in pairwise(path):
        value = _member(holder, part)
        if value is None:
            raise ValidationException(_BAD_PATH)
        holder = value.get("L" if isinstance(following, int) else "M")
        if holder is None:
            raise ValidationException(_BAD_PATH)
    return holder


def _member(holder: Any, part: str | int) -> AttributeValue | None:
    if isinstance(part, int):
        return holder[part] if part < len(holder) else None
    return holder.get(part)  # type: ignore[no-any-return]


def _set(item: Item, path: Path, value: AttributeValue) -> None:
    holder, last = _container(item, path), path[-1]
    if isinstance(last, int) and last >= len(holder):
        holder.append(value)
    else:
        holder[last] = value


def _add(item: Item, path: Path, operand: AttributeValue) -> None:
    current = _member(_container(item, path), path[-1])
    kind = type_of(operand)
    if current is None:
        _set(item, path, operand)
    elif kind not in current:
        raise _TypeMismatch
    elif kind == "N":
        _set(item, path, {"N": number.add(current["N"], operand["N"])})
    else:
        _set(item, path, {kind: list(dict.fromkeys([*current[kind], *operand[kind]]))})


def _delete(item: Item, path: Path, operand: AttributeValue) -> None:
    current = _member(_container(item, path), path[-1])
    if current is None:
        return
    kind = type_of(operand)
    if kind not in current:
        raise _TypeMismatch
    left = [member for member in current[kind] if member not in operand[kind]]
    if left:
        _set(item, path, {kind: left})
    else:
        _remove(item, path)


def _remove(item: Item, path: Path) -> None:
    holder, last = _container(item, path), path[-1]
    if isinstance(last, str):
        holder.pop(last, None)
    elif last < len(holder):
        del holder[last]


def _order(actions: Sequence[Action]) -> tuple[int, ...]:
    """The numbers of the actions in the order in which they are applied.

    Elements beyond the end of a list are appended in the order of their indexes.  What may be removed, by
    REMOVE or as the last of a set, goes last, and from the end of each list on, so that indexes mean what
    they did before the update.
    """

    def index(number: int) -> tuple[tuple[int, int | str], ...]:
        return tuple((isinstance(part, int), part) for part in actions[number].path)

    numbers = range(len(actions))
    given = [number for number in numbers if actions[number].clause in _GIVING]
    taken = [number for number in numbers if actions[number].clause not in _GIVING]
    return (*sorted(given, key=index), *sorted(taken, key=index, reverse=True))
