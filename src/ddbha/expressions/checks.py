"""What must hold of the placeholders and values of an expression before any item is read.

Some of it is known when the expression is compiled, and some only with the values of a request; AWS tells
the first fault in the order of the text, so both stand in one list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ddbha.errors import ValidationException
from ddbha.expressions.syntax import Arithmetic, Attribute, Function, Operand, Value, written
from ddbha.values.attribute import DESCRIPTORS, AttributeValue, order, type_of

Values = Mapping[str, AttributeValue]
Check = Callable[[Values], None]

#: Types, in the orders in which AWS lists them.
_TYPE_NAMES = "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
_ANY_TYPE = "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
#: The types that functions give.
_RESULTS = {"size": "N", "list_append": "L"}
#: How AWS spells types where an update is wrong about them.
_SPELLED = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "L": "LIST",
    "M": "MAP",
}


class Checks:
    """Collects checks; `parameter` is what messages call the expression, empty if they do not."""

    def __init__(self, parameter: str) -> None:
        self._prefix = f"Invalid {parameter}: " if parameter else ""
        self._checks: list[Check] = []
        self._defined: list[str] = []
        self._known: set[str] = set()

    def built(self) -> tuple[Check, ...]:
        """The checks, in the order in which they were added."""
        self._flush()
        return tuple(self._checks)

    def refuse(self, fault: str) -> None:
        """What is wrong whatever the values are."""

        def check(values: Values) -> None:
            raise self._error(fault)

        self._add(check)

    def defined(self, value: Value) -> None:
        """The placeholder has a value."""
        if value.name not in self._known:
            self._known.add(value.name)
            self._defined.append(value.name)

    def named(self, attribute: Attribute) -> None:
        """The placeholders of names in the path are known."""
        if attribute.fault is not None:
            self.refuse(attribute.fault)

    def path(self, function: Function) -> None:
        """The first argument is a path."""
        if not isinstance(function.arguments[0], Attribute):
            self.refuse(
                f"Operator or function requires a document path; operator or function: {function.name}"
            )

    def distinct(self, function: str, first: Operand, *others: Operand) -> None:
        """The first operand is no path that is among the others."""
        if isinstance(first, Attribute) and first in others:
            self.refuse(
                "The first operand must be distinct from the remaining operands for this operator or "
                f"function; operator: {function}, first operand: {written(first.path)}"
            )

    def typed(self, operands: Sequence[Operand], function: str, allowed: frozenset[str]) -> None:
        """The operands, as far as their types are known without an item, have one of these types."""
        for operand in operands:
            if isinstance(operand, Value):
                self._typed_value(operand.name, function, allowed)
            else:
                kind = _type_of_result(operand)
                if kind is not None and kind not in allowed:
                    self.refuse(_wrong_type(function, kind))

    def _typed_value(self, name: str, function: str, allowed: frozenset[str]) -> None:
        def check(values: Values) -> None:
            kind = type_of(values[name])
            if kind not in allowed:
                raise self._error(_wrong_type(function, kind))

        self._add(check)

    def typed_for(self, clause: str, value: Value, allowed: frozenset[str]) -> None:
        """As `typed`, for what the clause of an update adds or deletes."""

        def check(values: Values) -> None:
            kind = type_of(values[value.name])
            if kind not in allowed:
                raise self._error(
                    f"Incorrect operand type for operator or function; operator: {clause}, operand type: "
                    f"{_SPELLED[kind]}, typeSet: ALLOWED_FOR_{clause}_OPERAND"
                )

        self._add(check)

    def type_name(self, operand: Operand) -> None:
        """The operand is a value that names a type."""
        if not isinstance(operand, Value):
            kind = _type_of_result(operand) or _ANY_TYPE
            self.refuse(_wrong_type("attribute_type", kind))
            return
        name = operand.name

        def check(values: Values) -> None:
            kind = type_of(values[name])
            if kind != "S":
                raise self._error(_wrong_type("attribute_type", kind))
            if values[name]["S"] not in DESCRIPTORS:
                raise self._error(
                    f"Invalid attribute type name found; type: {values[name]['S']}, valid types: "
                    f"{_TYPE_NAMES}"
                )

        self._add(check)

    def bounds(self, low: Operand, high: Operand) -> None:
        """Where both bounds of BETWEEN are values, they are of one type and in order."""
        if not isinstance(low, Value) or not isinstance(high, Value):
            return
        lower, upper = low.name, high.name

        def check(values: Values) -> None:
            a, b = values[lower], values[upper]
            if type_of(a) != type_of(b):
                fault = "requires same data type for lower and upper bounds"
            elif order(a) > order(b):  # type: ignore[operator]
                fault = "requires upper bound to be greater than or equal to lower bound"
            else:
                return
            raise self._error(
                f"The BETWEEN operator {fault}; lower bound operand: AttributeValue: {_shown(a)}, "
                f"upper bound operand: AttributeValue: {_shown(b)}"
            )

        self._add(check)

    def _add(self, check: Check) -> None:
        self._flush()
        self._checks.append(check)

    def _flush(self) -> None:
        """One check for all the placeholders since the last one."""
        if not self._defined:
            return
        names = tuple(self._defined)
        self._defined = []

        def check(values: Values) -> None:
            for name in names:
                if name not in values:
                    raise self._error(
                        "An expression attribute value used in expression is not defined; "
                        f"attribute value: {name}"
                    )

        self._checks.append(check)

    def _error(self, message: str) -> ValidationException:
        return ValidationException(self._prefix + message)


def _type_of_result(operand: Operand) -> str | None:
    if isinstance(operand, Arithmetic):
        return "N"
    return _RESULTS.get(operand.name) if isinstance(operand, Function) else None


def _wrong_type(function: str, kind: str) -> str:
    return (
        "Incorrect operand type for operator or function; operator or function: "
        f"{function}, operand type: {kind}"
    )


def _shown(value: AttributeValue) -> str:
    kind = type_of(value)
    return f"{{{kind}:{value[kind]}}}"
