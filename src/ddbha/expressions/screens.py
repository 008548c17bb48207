"""What is asked of packed items first: whether something is in them that a condition needs.

Most items that do not meet a filter lack it, and need not be unpacked.  The others may still not meet it,
since what is looked for may also stand in a map further down or in the middle of a text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import ge, le
from typing import Any

from ddbha.expressions.checks import Values
from ddbha.expressions.predicates import COMPARE, ORDERED, PLAIN
from ddbha.expressions.syntax import (
    SWAPPED,
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
from ddbha.values.attribute import type_of
from ddbha.values.image import part

#: Whether the item that is packed so may meet the condition.
Screen = Callable[[bytes], bool]
#: A screen before the values are known; None if they are such that it would tell nothing.
BindScreen = Callable[[Values], Screen | None]
_Compare = Callable[[Any, Any], bool]

#: As floats, numbers stand in their order, but those that hardly differ may be equal.
_NEARLY: dict[str, _Compare] = {"<": le, "<=": le, ">": ge, ">=": ge}
#: Bytes of a length in a packed item.
_LENGTH = 4


def screens_of(node: ConditionNode) -> list[BindScreen]:
    """The screens all of which an item passes that meets the condition."""
    if isinstance(node, Every):
        return [screen for inner in node.conditions for screen in screens_of(inner)]
    if isinstance(node, Between):
        bounds = (">=", node.low), ("<=", node.high)
        found = [_comparison(operator, node.operand, bound) for operator, bound in bounds]
        return [screen for screen in found if screen is not None]
    screen = _screen_of(node)
    return [] if screen is None else [screen]


def _screen_of(node: ConditionNode) -> BindScreen | None:
    if isinstance(node, Either):
        return _either([screens_of(inner) for inner in node.conditions])
    if isinstance(node, In):
        options = [_comparison("=", node.operand, option) for option in node.options]
        return _either([[] if option is None else [option] for option in options])
    if isinstance(node, Comparison):
        if isinstance(node.left, Value):
            return _comparison(SWAPPED[node.operator], node.right, node.left)
        return _comparison(node.operator, node.left, node.right)
    return _function(node) if isinstance(node, Function) else None


def bound(screens: Sequence[BindScreen], values: Values) -> list[Screen]:
    """The screens that tell something with these values."""
    return [screen for bind in screens if (screen := bind(values)) is not None]


def _comparison(operator: str, left: Operand, right: Operand) -> BindScreen | None:
    if not isinstance(left, Attribute) or not isinstance(right, Value) or operator == "<>":
        return None
    head, name = _head(left.path), right.name
    return _equal(head, name) if operator == "=" else _ordered(head, operator, name)


def _function(node: Function) -> BindScreen | None:
    operand, *others = node.arguments
    if not isinstance(operand, Attribute):
        return None
    head = _head(operand.path)
    if node.name == "attribute_exists":
        return lambda values: _having(head)
    value = others[0] if others else None
    if not isinstance(value, Value):
        return None
    name = value.name
    if node.name == "attribute_type":
        return lambda values: _having(head + part(values[name]["S"]))
    if node.name == "begins_with":
        return _beginning(head, name)
    return _containing(name) if node.name == "contains" else None


def _head(path: Path) -> bytes:
    """What the value at a path begins with, together with the name before it."""
    name = path[-1]
    return b"{" if isinstance(name, int) else part(name) + b"{"


def _either(parts: Sequence[Sequence[BindScreen]]) -> BindScreen:
    """A screen for what passes all screens of one of the parts; each part must have some."""

    def bind(values: Values) -> Screen | None:
        found = [bound(part, values) for part in parts]
        return _any_of([_all_of(screens) for screens in found]) if all(found) else None

    return bind


def _all_of(screens: Sequence[Screen]) -> Screen:
    def may_meet(packed: bytes) -> bool:
        for screen in screens:  # noqa: SIM110 (a generator costs more than most screens)
            if not screen(packed):
                return False
        return True

    return may_meet if len(screens) > 1 else screens[0]


def _any_of(screens: Sequence[Screen]) -> Screen:
    def may_meet(packed: bytes) -> bool:
        for screen in screens:  # noqa: SIM110
            if screen(packed):
                return True
        return False

    return may_meet


def _having(wanted: bytes) -> Screen:
    # `in` takes half as long again.
    return lambda packed: packed.find(wanted) >= 0


def _nothing(packed: bytes) -> bool:
    return False


def _equal(head: bytes, name: str) -> BindScreen:
    def bind(values: Values) -> Screen:
        value = values[name]
        kind = type_of(value)
        # Of equal sets, lists and maps no more than the type is packed alike.
        return _having(head[:-1] + part(value) if kind in PLAIN else head + part(kind))

    return bind


def _ordered(head: bytes, operator: str, name: str) -> BindScreen:
    def bind(values: Values) -> Screen:
        kind = type_of(values[name])
        if kind not in ORDERED:
            return _nothing
        bound = values[name][kind]
        if kind == "N":
            return _of_number(head + part(kind) + b"u", _NEARLY[operator], float(bound))
        packed = part(bound)
        return _of_text(head + part(kind) + packed[:1], COMPARE[operator], packed[1 + _LENGTH :])

    return bind


def _of_number(head: bytes, compare: _Compare, bound: float) -> Screen:
    before = len(head)

    def may_meet(packed: bytes) -> bool:
        at = packed.find(head)
        while at >= 0:
            # No number has so many characters that its length needs more than the lowest byte.
            start = at + before + _LENGTH
            try:
                if compare(float(packed[start : start + packed[start - _LENGTH]]), bound):
                    return True
            except ValueError:
                # It stands in some text.
                pass
            at = packed.find(head, at + 1)
        return False

    return may_meet


def _of_text(head: bytes, compare: _Compare, bound: bytes) -> Screen:
    before = len(head)

    def may_meet(packed: bytes) -> bool:
        at = packed.find(head)
        while at >= 0:
            start = at + before + _LENGTH
            size = int.from_bytes(packed[start - _LENGTH : start], "little")
            # Code points order as UTF-8 bytes do.
            if compare(packed[start : start + size], bound):
                return True
            at = packed.find(head, at + 1)
        return False

    return may_meet


def _beginning(head: bytes, name: str) -> BindScreen:
    def bind(values: Values) -> Screen:
        kind = type_of(values[name])
        content = part(values[name][kind])
        full = head + part(kind) + content[:1]
        before, prefix = len(full) + _LENGTH, content[1 + _LENGTH :]

        def may_meet(packed: bytes) -> bool:
            at = packed.find(full)
            while at >= 0:
                if packed.startswith(prefix, at + before):
                    return True
                at = packed.find(full, at + 1)
            return False

        return may_meet

    return bind


def _containing(name: str) -> BindScreen:
    def bind(values: Values) -> Screen | None:
        kind = type_of(values[name])
        return _having(part(values[name][kind])[1 + _LENGTH :]) if kind in ORDERED else None

    return bind
