"""Condition expressions as closures.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from attrs import frozen

from ddbha.errors import ValidationException
from ddbha.expressions.parser import Parser
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
    Path,
    Value,
)
from ddbha.values.attribute import DESCRIPTORS, AttributeValue, Item, equal, order, text_size, type_of

Values = Mapping[str, AttributeValue]
Predicate = Callable[[Item, Values], bool]
Getter = Callable[[Item, Values], AttributeValue | None]
Check = Callable[[Values], None]

_ORDERED = frozenset({"S", "N", "B"})
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@frozen(eq=False)
class Condition:
    """A compiled condition.

    `check` refuses values that AWS refuses before any item is read; `holds` tells whether an item
    meets the condition.
    """

    names_used: frozenset[str]
    values_used: frozenset[str]
    attributes: frozenset[str]
    holds: Predicate
    _checks: tuple[Check, ...]

    def check(self, values: Values) -> None:
        """Raise `ValidationException` for operands of impossible types."""
        for check in self._checks:
            check(values)


def condition(
    text: str, names: Mapping[str, str] | None = None, parameter: str = "ConditionExpression"
) -> Condition:
    """Compile a condition or filter expression; compiled ones are kept by text and names."""
    return _condition(text, tuple(names.items()) if names else (), parameter)


@lru_cache(maxsize=2048)
def _condition(text: str, names: tuple[tuple[str, str], ...], parameter: str) -> Condition:
    parser = Parser(text, dict(names), parameter)
    tree = parser.condition()
    return of_tree(tree, parameter, frozenset(parser.names_used), frozenset(parser.values_used))


def of_tree(
    tree: ConditionNode, parameter: str, names_used: frozenset[str], values_used: frozenset[str]
) -> Condition:
    """Compile a syntax tree; `parameter` is what error messages call it."""
    compiler = _Compiler(parameter)
    holds = compiler.condition(tree)
    checks = (_defined(values_used, parameter), *compiler.checks)
    return Condition(names_used, values_used, frozenset(compiler.attributes), holds, checks)


def _defined(used: frozenset[str], parameter: str) -> Check:
    def check(values: Values) -> None:
        for name in used:
            if name not in values:
                raise ValidationException(
                    f"Invalid {parameter}: An expression attribute value used in expression is not "
                    f"defined; attribute value: {name}"
                )

    return check


def fetch(path: Path) -> Callable[[Item], AttributeValue | None]:
    """A function from an item to what stands at a path."""
    name, rest = str(path[0]), path[1:]
    if not rest:
        return lambda item: item.get(name)

    def get(item: Item) -> AttributeValue | None:
        value: Any = item.get(name)
        for part in rest:
            if value is None:
                return None
            if isinstance(part, int):
                elements = value.get("L")
                value = elements[part] if elements is not None and part < len(elements) else None
            else:
                value = value.get("M", {}).get(part)
        return value  # type: ignore[no-any-return]

    return get


class _Compiler:
    def __init__(self, parameter: str) -> None:
        self._parameter = parameter
        self.checks: list[Check] = []
        self.attributes: set[str] = set()

    def condition(self, node: ConditionNode) -> Predicate:
        if isinstance(node, Every):
            parts = [self.condition(part) for part in node.conditions]
            return lambda item, values: all(part(item, values) for part in parts)
        if isinstance(node, Either):
            parts = [self.condition(part) for part in node.conditions]
            return lambda item, values: any(part(item, values) for part in parts)
        if isinstance(node, Not):
            inner = self.condition(node.condition)
            return lambda item, values: not inner(item, values)
        if isinstance(node, Comparison):
            return self._comparison(node)
        if isinstance(node, Between):
            return self._between(node)
        if isinstance(node, In):
            operand = self._operand(node.operand)
            options = [self._operand(option) for option in node.options]

            def is_in(item: Item, values: Values) -> bool:
                value = operand(item, values)
                if value is None:
                    return False
                found = (option(item, values) for option in options)
                return any(other is not None and equal(value, other) for other in found)

            return is_in
        return self._function(node)

    def _operand(self, node: Operand) -> Getter:
        if isinstance(node, Value):
            name = node.name
            return lambda item, values: values[name]
        if isinstance(node, Attribute):
            self.attributes.add(str(node.path[0]))
            get = fetch(node.path)
            return lambda item, values: get(item)
        assert isinstance(node, Function), "arithmetic is parsed in update expressions only"
        if node.name != "size":
            raise ValidationException(
                f"Invalid {self._parameter}: The function is not allowed to be used this way in an "
                f"expression; function: {node.name}"
            )
        self._require_types(node.arguments[0], "size", frozenset({"S", "B", "L", "M", "SS", "NS", "BS"}))
        operand = self._operand(node.arguments[0])

        def size(item: Item, values: Values) -> AttributeValue | None:
            value = operand(item, values)
            if value is None:
                return None
            for descriptor, content in value.items():
                if descriptor == "S":
                    return {"N": str(text_size(content))}
                if descriptor not in ("N", "BOOL", "NULL"):
                    return {"N": str(len(content))}
            return None

        return size

    def _comparison(self, node: Comparison) -> Predicate:
        left, right = self._operand(node.left), self._operand(node.right)
        if node.left == node.right and isinstance(node.left, Attribute):
            raise ValidationException(
                f"Invalid {self._parameter}: The first operand must be distinct from the remaining "
                f"operands for this operator or function; operator: {node.operator}, first operand: "
                f"{'.'.join(map(str, node.left.path))}"
            )
        if node.operator in ("=", "<>"):
            wanted = node.operator == "="

            def same(item: Item, values: Values) -> bool:
                a, b = left(item, values), right(item, values)
                if a is None or b is None:
                    # A missing attribute equals nothing, so it differs from everything.
                    return not wanted
                return equal(a, b) is wanted

            return same
        for operand in (node.left, node.right):
            self._require_types(operand, node.operator, _ORDERED)
        compare = _COMPARE[node.operator]

        def ordered(item: Item, values: Values) -> bool:
            a, b = left(item, values), right(item, values)
            if a is None or b is None:
                return False
            kind = type_of(a)
            return kind in _ORDERED and kind in b and compare(order(a), order(b))

        return ordered

    def _between(self, node: Between) -> Predicate:
        operand, low, high = map(self._operand, (node.operand, node.low, node.high))
        for part in (node.operand, node.low, node.high):
            self._require_types(part, "BETWEEN", _ORDERED)
        if isinstance(node.low, Value) and isinstance(node.high, Value):
            self.checks.append(self._bounds_check(node.low.name, node.high.name))

        def between(item: Item, values: Values) -> bool:
            value, a, b = operand(item, values), low(item, values), high(item, values)
            if value is None or a is None or b is None:
                return False
            kind = type_of(value)
            if kind not in _ORDERED or kind not in a or kind not in b:
                return False
            return bool(order(a) <= order(value) <= order(b))  # type: ignore[operator]

        return between

    def _bounds_check(self, low: str, high: str) -> Check:
        def check(values: Values) -> None:
            a, b = values[low], values[high]
            if type_of(a) != type_of(b):
                raise ValidationException(
                    f"Invalid {self._parameter}: The BETWEEN operator requires same data type for lower "
                    f"and upper bounds; lower bound operand: AttributeValue: {_shown(a)}, upper bound "
                    f"operand: AttributeValue: {_shown(b)}"
                )
            if order(a) > order(b):  # type: ignore[operator]
                raise ValidationException(
                    f"Invalid {self._parameter}: The BETWEEN operator requires upper bound to be greater "
                    f"than or equal to lower bound; lower bound operand: AttributeValue: {_shown(a)}, "
                    f"upper bound operand: AttributeValue: {_shown(b)}"
                )

        return check

    def _function(self, node: Function) -> Predicate:
        name = node.name
        operand = self._operand(node.arguments[0])
        if name == "attribute_exists":
            return lambda item, values: operand(item, values) is not None
        if name == "attribute_not_exists":
            return lambda item, values: operand(item, values) is None
        argument = self._operand(node.arguments[1])
        if name == "attribute_type":
            self.checks.append(self._type_check(node.arguments[1]))

            def has_type(item: Item, values: Values) -> bool:
                value, wanted = operand(item, values), argument(item, values)
                return value is not None and wanted is not None and wanted["S"] in value

            return has_type
        if name == "begins_with":
            for part in node.arguments:
                self._require_types(part, name, frozenset({"S", "B"}))

            def begins_with(item: Item, values: Values) -> bool:
                value, prefix = operand(item, values), argument(item, values)
                if value is None or prefix is None:
                    return False
                kind = type_of(prefix)
                return kind in ("S", "B") and kind in value and value[kind].startswith(prefix[kind])

            return begins_with

        def contains(item: Item, values: Values) -> bool:
            value, part = operand(item, values), argument(item, values)
            if value is None or part is None:
                return False
            kind, wanted = type_of(value), type_of(part)
            if kind == "L":
                return any(equal(element, part) for element in value["L"])
            if kind in ("S", "B"):
                return kind == wanted and part[kind] in value[kind]
            return kind == f"{wanted}S" and part[wanted] in value[kind]

        return contains

    def _type_check(self, node: Operand) -> Check:
        def check(values: Values) -> None:
            given = values[node.name] if isinstance(node, Value) else {}
            kind = type_of(given) if given else "NULL"
            if kind != "S":
                raise self._wrong_type("attribute_type", kind)
            if given["S"] not in DESCRIPTORS:
                valid = ",".join(sorted(DESCRIPTORS))
                raise ValidationException(
                    f"Invalid {self._parameter}: Invalid attribute type name found; type: {given['S']}, "
                    f"valid types: {{{valid}}}"
                )

        return check

    def _require_types(self, node: Operand, function: str, allowed: frozenset[str]) -> None:
        if not isinstance(node, Value):
            return

        def check(values: Values) -> None:
            kind = type_of(values[node.name])
            if kind not in allowed:
                raise self._wrong_type(function, kind)

        self.checks.append(check)

    def _wrong_type(self, function: str, kind: str) -> ValidationException:
        return ValidationException(
            f"Invalid {self._parameter}: Incorrect operand type for operator or function; operator or "
            f"function: {function}, operand type: {kind}"
        )


def _shown(value: AttributeValue) -> str:
    kind = type_of(value)
    return f"{{{kind}:{value[kind]}}}"
