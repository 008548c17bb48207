"""What all expressions are made of: paths, values, functions, and parentheses around them.

AWS reads an expression in three steps, and so do the parsers here.  Whatever is no expression is a
syntax error.  Then names and functions are looked at in the order of the text, and the first fault is
told.  Last comes what depends on the placeholders of a request: what is wrong with the names of a path
waits for that in the tree.
"""

from __future__ import annotations

from collections.abc import Mapping

from ddbha.errors import ValidationException
from ddbha.expressions.lexer import Token, tokens
from ddbha.expressions.reserved import RESERVED
from ddbha.expressions.syntax import (
    INDEX_OUT_OF_RANGE,
    MAXIMUM_INDEX,
    Arithmetic,
    Attribute,
    Function,
    Operand,
    Path,
    Value,
    list_index,
)
from ddbha.values.attribute import MAXIMUM_LEVELS

COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
#: Functions that are conditions, with how many arguments they take.
CONDITION_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}
_UPDATE_FUNCTIONS = {"if_not_exists": 2, "list_append": 2}
_ALL_FUNCTIONS = {**CONDITION_FUNCTIONS, **_UPDATE_FUNCTIONS, "size": 1}
MAXIMUM_OPERATORS = 300
#: What makes a condition of the operand before it.
AFTER_OPERAND = COMPARATORS | {"BETWEEN", "IN"}


class OperandParser:
    """Reads operands one by one; `names_used` and `values_used` tell which placeholders there were."""

    def __init__(self, text: str, names: Mapping[str, str], parameter: str) -> None:
        self._text = text
        self._names = names
        self._parameter = parameter
        self._tokens = tokens(text, parameter)
        self._position = 0
        self._depth = 0
        self._operators = 0
        self._faults: list[str] = []
        self.names_used: set[str] = set()
        self.values_used: set[str] = set()

    def _operand(self, *, sum_too: bool = False) -> Operand:
        """An operand, or the sum of two where one may stand; each perhaps in parentheses."""
        opened = 0
        while self._accept("("):
            opened += 1
        operand = self._bare_operand()
        grouped = False
        while True:
            if opened and self._token.kind == ")":
                self._position += 1
                opened -= 1
                if grouped:
                    raise self._redundant()
                grouped = True
            elif sum_too and self._token.kind in ("+", "-"):
                sum_too = grouped = False
                self._operators += 1
                operand = Arithmetic(self._next().text, operand, self._operand())
            elif opened:
                raise self._syntax_error()
            else:
                return operand

    def _bare_operand(self) -> Operand:
        token = self._token
        if token.kind == "value":
            self._position += 1
            self.values_used.add(token.text)
            return Value(token.text)
        if self._at_function():
            return self._function(condition=False)
        return self._attribute()

    def _at_function(self) -> bool:
        return self._token.kind == "name" and self._tokens[self._position + 1].kind == "("

    def _function(self, *, condition: bool) -> Function:
        """A function, that stands for a condition or for an operand."""
        name = self._next().text
        before = len(self._faults)
        self._operators += 1
        self._depth += 1
        if self._depth > MAXIMUM_OPERATORS:
            raise self._too_many_operators()
        self._position += 1
        arguments = [self._operand()]
        while self._accept(","):
            arguments.append(self._operand())
        self._expect(")")
        self._depth -= 1
        fault = self._fault_of_function(name, len(arguments), condition=condition)
        if fault is not None:
            # It lies before those of the arguments.
            self._faults.insert(before, fault)
        return Function(name, tuple(arguments))

    def _fault_of_function(self, name: str, arguments: int, *, condition: bool) -> str | None:
        if name not in _ALL_FUNCTIONS:
            return f"Invalid function name; function: {name}"
        updating = self._parameter == "UpdateExpression"
        if updating is not (name in _UPDATE_FUNCTIONS):
            kind = "an update" if updating else "a condition"
            return f"The function is not allowed in {kind} expression; function: {name}"
        # A list can be appended to once only; AWS does not say why.
        nested = name == "list_append" and self._depth > 0
        if nested or (not updating and condition is not (name in CONDITION_FUNCTIONS)):
            return f"The function is not allowed to be used this way in an expression; function: {name}"
        if arguments != _ALL_FUNCTIONS[name]:
            return (
                "Incorrect number of operands for operator or function; operator or function: "
                f"{name}, number of operands: {arguments}"
            )
        return None

    def _attribute(self) -> Attribute:
        """A document path."""
        fault: str | None = None
        parts: list[str | int] = []
        while True:
            if parts and self._accept("["):
                if self._token.kind != "index":
                    raise self._syntax_error()
                parts.append(self._index(self._next().text))
                self._expect("]")
            elif not parts or self._accept("."):
                name, unknown = self._name()
                parts.append(name)
                fault = fault or unknown
            else:
                break
        if len(parts) > MAXIMUM_LEVELS and fault is None:
            fault = f"The document path has too many nesting elements; nesting levels: {len(parts)}"
        return Attribute(tuple(parts), fault)

    def _path(self) -> tuple[Path, str | None]:
        attribute = self._attribute()
        return attribute.path, attribute.fault

    def _index(self, text: str) -> int:
        index = list_index(text)
        if index is None:
            self._faults.append(f"{INDEX_OUT_OF_RANGE}; index: [{text}]")
            return MAXIMUM_INDEX
        return index

    def _name(self) -> tuple[str, str | None]:
        """A name, and what is wrong with the placeholder that stands for it."""
        token = self._token
        if token.kind == "name":
            if token.text.upper() in RESERVED:
                self._faults.append(
                    f"Attribute name is a reserved keyword; reserved keyword: {token.text}"
                )
            self._position += 1
            return token.text, None
        if token.kind != "name_placeholder":
            raise self._syntax_error()
        self._position += 1
        self.names_used.add(token.text)
        if token.text in self._names:
            return self._names[token.text], None
        return token.text, (
            "An expression attribute name used in the document path is not defined; "
            f"attribute name: {token.text}"
        )

    def _groups_ahead(self) -> int:
        """How many parentheses open here around conditions, and not around operands."""
        position = self._position
        while self._tokens[position].kind == "(":
            position += 1
        opened = position - self._position
        function = self._tokens[position].kind == "name" and self._tokens[position + 1].kind == "("
        after = self._after_operand(position) if opened else position
        closed = 0
        while closed < opened and self._tokens[after + closed].kind == ")":
            closed += 1
        if function and self._tokens[after + closed].kind not in AFTER_OPERAND:
            return opened
        return opened - closed

    def _after_operand(self, position: int) -> int:
        """The place of the token behind an operand without parentheses, as far as there is one."""
        kind, following = self._tokens[position].kind, self._tokens[position + 1 :]
        if kind == "name" and following[0].kind == "(":
            depth = 0
            for token in following:
                position += 1
                depth += (token.kind == "(") - (token.kind == ")")
                if depth == 0 or token.kind == "end":
                    break
            return min(position + 1, len(self._tokens) - 1)
        if kind == "end":
            return position
        position += 1
        while self._tokens[position].kind in (".", "[", "]", "index") or (
            self._tokens[position - 1].kind == "." and self._tokens[position].kind.startswith("name")
        ):
            position += 1
        return position

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _accept(self, kind: str) -> bool:
        if self._tokens[self._position].kind == kind:
            self._position += 1
            return True
        return False

    def _expect(self, kind: str) -> None:
        if not self._accept(kind):
            raise self._syntax_error()

    def _end(self) -> None:
        """Raise `ValidationException` unless all has been read and is sound so far."""
        if self._token.kind != "end":
            raise self._syntax_error()
        if self._operators > MAXIMUM_OPERATORS:
            raise self._too_many_operators()
        if self._faults:
            raise self._error(self._faults[0])

    def _too_many_operators(self) -> ValidationException:
        return self._error(
            f"The expression contains too many operators; operator count: {self._operators}"
        )

    def _redundant(self) -> ValidationException:
        return self._error("The expression has redundant parentheses;")

    def _syntax_error(self) -> ValidationException:
        before = self._tokens[max(0, self._position - 1)]
        after = self._tokens[min(len(self._tokens) - 1, self._position + 1)]
        near = self._text[before.start : after.end]
        return self._error(f'Syntax error; token: "{self._token.text}", near: "{near}"')

    def _error(self, message: str) -> ValidationException:
        return ValidationException(f"Invalid {self._parameter}: {message}")
