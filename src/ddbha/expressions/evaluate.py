"""Condition expressions, compiled once by text; `predicates` has what they are compiled to.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import ge, le
from typing import Any

from attrs import frozen

from ddbha.expressions.checks import Check, Checks, Values
from ddbha.expressions.parser import Parser
from ddbha.expressions.predicates import (
    COMPARE,
    ORDERED,
    Bind,
    BindOperand,
    begins_with,
    constant,
    contains,
    either,
    every,
    exists,
    has_type,
    negated,
    of_two,
    ordered,
    same,
    size,
)
from ddbha.expressions.screens import BindScreen, Screen, bound, screens_of
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
    Not,
    Operand,
    Path,
    Value,
)
from ddbha.values.attribute import AttributeValue, Item

#: Operands that one IN may have.
MAXIMUM_OPTIONS = 100
_SIZED = frozenset({"S", "B", "L", "M", "SS", "NS", "BS"})


@frozen(eq=False)
class Condition:
    """A compiled condition.

    `check` refuses values that AWS refuses before any item is read; `bind` takes the values and gives
    what tells whether an item meets the condition.
    """

    names_used: frozenset[str]
    values_used: frozenset[str]
    attributes: frozenset[str]
    #: Those attributes of which only a part is named.
    nested: frozenset[str]
    bind: Bind
    _checks: tuple[Check, ...]
    _screens: Sequence[BindScreen]

    def check(self, values: Values) -> None:
        """Raise `ValidationException` for undefined placeholders and operands of impossible types.

        AWS tells the first fault in the order of the text.
        """
        for check in self._checks:
            check(values)

    def screens(self, values: Values) -> list[Screen]:
        """What every packed item passes that meets the condition, and most others do not."""
        return bound(self._screens, values)

    def holds(self, item: Item, values: Values) -> bool:
        """Whether one item meets the condition."""
        return self.bind(values)(item)


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
    bind = compiler.condition(tree)
    return Condition(
        names_used,
        values_used,
        frozenset(compiler.attributes),
        frozenset(compiler.nested),
        bind,
        compiler.checks.built(),
        screens_of(tree),
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

    def condition(self, node: ConditionNode) -> Bind:
        if isinstance(node, Every):
            return every([self.condition(part) for part in node.conditions])
        if isinstance(node, Either):
            return either([self.condition(part) for part in node.conditions])
        if isinstance(node, Not):
            return negated(self.condition(node.condition))
        if isinstance(node, Comparison):
            return self._comparison(node)
        if isinstance(node, Between):
            return self._between(node)
        if isinstance(node, In):
            return self._in(node)
        return self._function(node)

    def _operand(self, node: Operand) -> BindOperand:
        if isinstance(node, Value):
            self.checks.defined(node)
            return constant(node.name)
        if isinstance(node, Attribute):
            self.checks.named(node)
            self.attributes.add(str(node.path[0]))
            if len(node.path) > 1:
                self.nested.add(str(node.path[0]))
            get = fetch(node.path)
            return lambda values: get
        assert isinstance(node, Function), "arithmetic is parsed in update expressions only"
        operand = self._operand(node.arguments[0])
        self.checks.typed(node.arguments, node.name, _SIZED)
        return size(operand)

    def _comparison(self, node: Comparison) -> Bind:
        left, right = self._operand(node.left), self._operand(node.right)
        operator, known = node.operator, _known(node.right)
        self.checks.distinct(operator, node.left, node.right)
        if operator not in ("=", "<>"):
            self.checks.typed((node.left, node.right), operator, ORDERED)
        if known is None and isinstance(node.left, Value):
            # What is known before any item is the right one.
            left, right, operator, known = right, left, SWAPPED[operator], node.left.name
        if operator in COMPARE:
            return ordered(left, right, known, COMPARE[operator])
        return same(left, right, known, wanted=operator == "=")

    def _between(self, node: Between) -> Bind:
        operand, low, high = map(self._operand, (node.operand, node.low, node.high))
        self.checks.distinct("BETWEEN", node.operand, node.low, node.high)
        self.checks.typed((node.operand, node.low, node.high), "BETWEEN", ORDERED)
        self.checks.bounds(node.low, node.high)
        return every(
            [ordered(operand, low, _known(node.low), ge), ordered(operand, high, _known(node.high), le)]
        )

    def _in(self, node: In) -> Bind:
        operand = self._operand(node.operand)
        options = [(self._operand(option), _known(option)) for option in node.options]
        if len(options) > MAXIMUM_OPTIONS:
            self.checks.refuse(
                f"The IN operator is provided with too many operands; number of operands: {len(options)}"
            )
        self.checks.distinct("IN", node.operand, *node.options)
        return either([same(operand, option, known, wanted=True) for option, known in options])

    def _function(self, node: Function) -> Bind:
        name = node.name
        operand, *others = [self._operand(argument) for argument in node.arguments]
        if name in ("attribute_exists", "attribute_not_exists"):
            self.checks.path(node)
            return exists(operand, wanted=name == "attribute_exists")
        if name == "attribute_type":
            self.checks.path(node)
            self.checks.type_name(node.arguments[1])
            return of_two(operand, others[0], has_type)
        self.checks.distinct(name, *node.arguments)
        if name == "begins_with":
            self.checks.typed(node.arguments, name, frozenset({"S", "B"}))
            return of_two(operand, others[0], begins_with)
        return of_two(operand, others[0], contains)


def _known(operand: Operand) -> str | None:
    """The placeholder that an operand is; None for one that takes an item."""
    return operand.name if isinstance(operand, Value) else None
