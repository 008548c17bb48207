"""Condition expressions as closures.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from attrs import frozen

from ddbha.expressions.checks import Check, Checks, Values
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
from ddbha.values.attribute import AttributeValue, Item, equal, order, type_of

Predicate = Callable[[Item, Values], bool]
Getter = Callable[[Item, Values], AttributeValue | None]

#: Operands that one IN may have.
MAXIMUM_OPTIONS = 100
_ORDERED = frozenset({"S", "N", "B"})
_SIZED = frozenset({"S", "B", "L", "M", "SS", "NS", "BS"})
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
    #: Those attributes of which only a part is named.
    nested: frozenset[str]
    holds: Predicate
    _checks: tuple[Check, ...]

    def check(self, values: Values) -> None:
        """Raise `ValidationException` for undefined placeholders and operands of impossible types.

        AWS tells the first fault in the order of the text.
        """
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
    """Compile a syntax tree; `parameter` is what error messages call it, and empty for PartiQL."""
    compiler = _Compiler(Checks(parameter))
    holds = compiler.condition(tree)
    return Condition(
        names_used,
        values_used,
        frozenset(compiler.attributes),
        frozenset(compiler.nested),
        holds,
        compiler.checks.built(),
    )


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
    def __init__(self, checks: Checks) -> None:
        self.checks = checks
        self.attributes: set[str] = set()
        self.nested: set[str] = set()

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
            return self._in(node)
        return self._function(node)

    def _operand(self, node: Operand) -> Getter:
        if isinstance(node, Value):
            self.checks.defined(node)
            name = node.name
            return lambda item, values: values[name]
        if isinstance(node, Attribute):
            self.checks.named(node)
            self.attributes.add(str(node.path[0]))
            if len(node.path) > 1:
                self.nested.add(str(node.path[0]))
            get = fetch(node.path)
            return lambda item, values: get(item)
        assert isinstance(node, Function), "arithmetic is parsed in update expressions only"
        operand = self._operand(node.arguments[0])
        self.checks.typed(node.arguments, node.name, _SIZED)

        def size(item: Item, values: Values) -> AttributeValue | None:
            value = operand(item, values)
            if value is None:
                return None
            for descriptor, content in value.items():
                if descriptor == "S":
                    return {"N": str(_code_units(content))}
                if descriptor not in ("N", "BOOL", "NULL"):
                    return {"N": str(len(content))}
            return None

        return size

    def _comparison(self, node: Comparison) -> Predicate:
        left, right = self._operand(node.left), self._operand(node.right)
        self.checks.distinct(node.operator, node.left, node.right)
        if node.operator in ("=", "<>"):
            wanted = node.operator == "="

            def same(item: Item, values: Values) -> bool:
                a, b = left(item, values), right(item, values)
                if a is None or b is None:
                    # A missing attribute equals nothing, so it differs from everything.
                    return not wanted
                return equal(a, b) is wanted

            return same
        self.checks.typed((node.left, node.right), node.operator, _ORDERED)
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
        self.checks.distinct("BETWEEN", node.operand, node.low, node.high)
        self.checks.typed((node.operand, node.low, node.high), "BETWEEN", _ORDERED)
        self.checks.bounds(node.low, node.high)

        def between(item: Item, values: Values) -> bool:
            value, a, b = operand(item, values), low(item, values), high(item, values)
            if value is None or a is None or b is None:
                return False
            kind = type_of(value)
            if kind not in _ORDERED or kind not in a or kind not in b:
                return False
            return bool(order(a) <= order(value) <= order(b))  # type: ignore[operator]

        return between

    def _in(self, node: In) -> Predicate:
        operand = self._operand(node.operand)
        options = [self._operand(option) for option in node.options]
        if len(options) > MAXIMUM_OPTIONS:
            self.checks.refuse(
                f"The IN operator is provided with too many operands; number of operands: {len(options)}"
            )
        self.checks.distinct("IN", node.operand, *node.options)

        def is_in(item: Item, values: Values) -> bool:
            value = operand(item, values)
            if value is None:
                return False
            found = (option(item, values) for option in options)
            return any(other is not None and equal(value, other) for other in found)

        return is_in

    def _function(self, node: Function) -> Predicate:
        name = node.name
        operand, *others = [self._operand(argument) for argument in node.arguments]
        if name in ("attribute_exists", "attribute_not_exists"):
            self.checks.path(node)
            if name == "attribute_exists":
                return lambda item, values: operand(item, values) is not None
            return lambda item, values: operand(item, values) is None
        argument = others[0]
        if name == "attribute_type":
            self.checks.path(node)
            self.checks.type_name(node.arguments[1])

            def has_type(item: Item, values: Values) -> bool:
                value, wanted = operand(item, values), argument(item, values)
                return value is not None and wanted is not None and wanted["S"] in value

            return has_type
        self.checks.distinct(name, *node.arguments)
        if name == "begins_with":
            self.checks.typed(node.arguments, name, frozenset({"S", "B"}))

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


def _code_units(text: str) -> int:
    """The length of a string as Java counts it, in units of UTF-16."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
