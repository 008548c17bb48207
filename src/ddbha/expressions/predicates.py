"""What is asked of one item after the other, once the values of a request are known.

What depends on values alone is done when they are bound: a filter looks at thousands of items with the
same values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import ge, gt, le, lt
from typing import Any

from ddbha.expressions.checks import Values
from ddbha.values import number
from ddbha.values.attribute import AttributeValue, Item, equal, order, type_of

Predicate = Callable[[Item], bool]
Getter = Callable[[Item], AttributeValue | None]
#: Conditions and operands before the values are known.
Bind = Callable[[Values], Predicate]
BindOperand = Callable[[Values], Getter]
#: What is asked of two values that are both there.
_Relation = Callable[[AttributeValue, AttributeValue], bool]

#: The types that are ordered, and those of which equal values are written in one way.
ORDERED = frozenset({"S", "N", "B"})
PLAIN = ORDERED | {"BOOL", "NULL"}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def constant(name: str) -> BindOperand:
    """The value of a placeholder."""

    def bind(values: Values) -> Getter:
        value = values[name]
        return lambda item: value

    return bind


def size(operand: BindOperand) -> BindOperand:
    """How long a string or a binary value is, and how many members anything else has."""

    def bind(values: Values) -> Getter:
        get = operand(values)

        def measure(item: Item) -> AttributeValue | None:
            value = get(item)
            if value is None:
                return None
            for descriptor, content in value.items():
                if descriptor == "S":
                    return {"N": str(_code_units(content))}
                if descriptor not in ("N", "BOOL", "NULL"):
                    return {"N": str(len(content))}
            return None

        return measure

    return bind


def every(parts: Sequence[Bind]) -> Bind:
    """All of these."""

    def bind(values: Values) -> Predicate:
        tests = [part(values) for part in parts]

        def holds(item: Item) -> bool:
            for test in tests:  # noqa: SIM110 (a generator costs more than most tests)
                if not test(item):
                    return False
            return True

        return holds

    return bind


def either(parts: Sequence[Bind]) -> Bind:
    """One of these at least."""

    def bind(values: Values) -> Predicate:
        tests = [part(values) for part in parts]

        def holds(item: Item) -> bool:
            for test in tests:  # noqa: SIM110
                if test(item):
                    return True
            return False

        return holds

    return bind


def negated(part: Bind) -> Bind:
    """The opposite."""

    def bind(values: Values) -> Predicate:
        test = part(values)
        return lambda item: not test(item)

    return bind


def exists(operand: BindOperand, *, wanted: bool) -> Bind:
    """Whether there is something, or nothing."""

    def bind(values: Values) -> Predicate:
        get = operand(values)
        return lambda item: (get(item) is not None) is wanted

    return bind


def same(left: BindOperand, right: BindOperand, known: str | None, *, wanted: bool) -> Bind:
    """Whether two operands are equal, or are not; `known` is the placeholder that the right one is.

    A missing attribute equals nothing, so it differs from everything.
    """

    def bind(values: Values) -> Predicate:
        get = left(values)
        if known is not None and type_of(values[known]) in PLAIN:
            value = values[known]
            return lambda item: (get(item) == value) is wanted
        get_other = right(values)

        def holds(item: Item) -> bool:
            a, b = get(item), get_other(item)
            if a is None or b is None:
                return not wanted
            return equal(a, b) is wanted

        return holds

    return bind


def ordered(
    left: BindOperand, right: BindOperand, known: str | None, compare: Callable[[Any, Any], bool]
) -> Bind:
    """Whether two operands are of one type that has an order, and stand in this one."""

    def bind(values: Values) -> Predicate:
        if known is None:
            return of_two(left, right, in_order)(values)
        get, bound = left(values), values[known]
        kind = type_of(bound)
        return _bounded(get, kind, order(bound), compare) if kind in ORDERED else _never

    def in_order(a: AttributeValue, b: AttributeValue) -> bool:
        kind = type_of(a)
        return kind in ORDERED and kind in b and compare(order(a), order(b))

    return bind


def _bounded(get: Getter, kind: str, bound: Any, compare: Callable[[Any, Any], bool]) -> Predicate:
    parse, near = number.parse, float(bound) if kind == "N" else 0.0

    def is_number(item: Item) -> bool:
        value = get(item)
        if value is None:
            return False
        content = value.get("N")
        if content is None:
            return False
        # Rounding keeps the order; only numbers that hardly differ have to be compared exactly.
        nearly = float(content)
        return compare(nearly, near) if nearly != near else compare(parse(content), bound)

    def is_text(item: Item) -> bool:
        value = get(item)
        if value is None:
            return False
        content = value.get(kind)
        return content is not None and compare(content, bound)

    return is_number if kind == "N" else is_text


def _never(item: Item) -> bool:
    return False


def of_two(left: BindOperand, right: BindOperand, relation: _Relation) -> Bind:
    """Whether both operands are there and stand in a relation."""

    def bind(values: Values) -> Predicate:
        get, get_other = left(values), right(values)

        def holds(item: Item) -> bool:
            a = get(item)
            if a is None:
                return False
            b = get_other(item)
            return b is not None and relation(a, b)

        return holds

    return bind


def has_type(value: AttributeValue, kind: AttributeValue) -> bool:
    """Whether a value is of the type that another one names."""
    return kind["S"] in value


def begins_with(value: AttributeValue, prefix: AttributeValue) -> bool:
    """Whether a string or a binary value begins with another one."""
    kind = type_of(prefix)
    return kind in ("S", "B") and kind in value and value[kind].startswith(prefix[kind])


def contains(value: AttributeValue, part: AttributeValue) -> bool:
    """Whether a value is part of a string or a binary value, or a member of a list or a set."""
    kind, wanted = type_of(value), type_of(part)
    if kind == "L":
        return any(equal(element, part) for element in value["L"])
    if kind in ("S", "B"):
        return kind == wanted and part[kind] in value[kind]
    return kind == f"{wanted}S" and part[wanted] in value[kind]


def _code_units(text: str) -> int:
    """The length of a string as Java counts it, in units of UTF-16."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
