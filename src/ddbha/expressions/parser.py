"""Tokens to syntax tree, with name placeholders resolved."""

from __future__ import annotations

from collections.abc import Mapping

from ddbha.errors import ValidationException
from ddbha.expressions.lexer import Token, tokens
from ddbha.expressions.reserved import RESERVED
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
UPDATE_FUNCTIONS = {"if_not_exists": 2, "list_append": 2}
_ALL_FUNCTIONS = {**CONDITION_FUNCTIONS, **UPDATE_FUNCTIONS, "size": 1}
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")
MAXIMUM_OPERATORS = 300
MAXIMUM_OPTIONS = 100
#: Deeper parentheses than any expression within the operator limit has a use for.
_MAXIMUM_DEPTH = 60


class Parser:
    """Reads one expression; `names_used` and `values_used` tell which placeholders it holds."""

    def __init__(self, text: str, names: Mapping[str, str], parameter: str) -> None:
        self._text = text
        self._names = names
        self._parameter = parameter
        self._tokens = tokens(text, parameter)
        self._position = 0
        self._depth = 0
        self._operators = 0
        self.names_used: set[str] = set()
        self.values_used: set[str] = set()

    def condition(self) -> ConditionNode:
        """A whole condition expression."""
        node = self._either()
        self._expect_end()
        return node

    def projection(self) -> tuple[Path, ...]:
        """A whole projection expression: paths with commas between."""
        paths = [self._path()]
        while self._accept(","):
            paths.append(self._path())
        self._expect_end()
        return tuple(paths)

    def update(self) -> tuple[Action, ...]:
        """A whole update expression: each clause at most once, in any order."""
        actions: list[Action] = []
        seen: set[str] = set()
        while self._token.kind != "end":
            clause = self._token.text.upper()
            if self._token.kind != "name" or clause not in _CLAUSES:
                raise self._syntax_error()
            if clause in seen:
                raise self._error(
                    f'The "{clause}" section can only be used once in an update expression;'
                )
            seen.add(clause)
            self._position += 1
            actions.append(self._action(clause))
            while self._accept(","):
                actions.append(self._action(clause))
        return tuple(actions)

    def _action(self, clause: str) -> Action:
        path = self._path()
        if clause == "REMOVE":
            return Action(clause, path)
        if clause == "SET":
            self._expect("=")
            left = self._operand()
            if self._token.text in ("+", "-"):
                self._count()
                operator = self._next().text
                return Action(clause, path, Arithmetic(operator, left, self._operand()))
            return Action(clause, path, left)
        if self._token.kind != "value":
            raise self._syntax_error()
        return Action(clause, path, self._operand())

    def _either(self) -> ConditionNode:
        conditions = [self._every()]
        while self._keyword("OR"):
            conditions.append(self._every())
        return conditions[0] if len(conditions) == 1 else Either(tuple(conditions))

    def _every(self) -> ConditionNode:
        conditions = [self._not()]
        while self._keyword("AND"):
            conditions.append(self._not())
        return conditions[0] if len(conditions) == 1 else Every(tuple(conditions))

    def _not(self) -> ConditionNode:
        negations = 0
        while self._keyword("NOT"):
            negations += 1
        node = self._primary()
        return Not(node) if negations % 2 else node

    def _primary(self) -> ConditionNode:
        if self._token.text == "(":
            if self._depth >= _MAXIMUM_DEPTH:
                raise self._syntax_error()
            self._next()
            opened_twice = self._token.text == "("
            self._depth += 1
            node = self._either()
            self._depth -= 1
            closed_twice = self._tokens[self._position - 1].text == ")"
            self._expect(")")
            if opened_twice and closed_twice and self._closes_together(self._position - 1):
                raise self._error("The expression has redundant parentheses;")
            return node
        left = self._operand()
        if isinstance(left, Function) and left.name in CONDITION_FUNCTIONS:
            return left
        if self._token.text in COMPARATORS:
            self._count()
            return Comparison(self._next().text, left, self._operand())
        if self._keyword("BETWEEN"):
            low = self._operand()
            if not (self._token.kind == "name" and self._token.text.upper() == "AND"):
                raise self._syntax_error()
            self._next()
            return Between(left, low, self._operand())
        if self._keyword("IN"):
            self._expect("(")
            options = [self._operand()]
            while self._accept(","):
                options.append(self._operand())
            self._expect(")")
            if len(options) > MAXIMUM_OPTIONS:
                raise self._error(
                    "The IN operator is provided with too many operands; "
                    f"number of operands: {len(options)}"
                )
            return In(left, tuple(options))
        raise self._syntax_error()

    def _closes_together(self, outer: int) -> bool:
        """Whether the two parentheses before `outer` and the one there match two opened together."""
        depth = 0
        for position in range(outer, -1, -1):
            text = self._tokens[position].text
            depth += (text == ")") - (text == "(")
            if depth == 1 and text == "(":
                return self._tokens[position - 1].text == "("
        return False

    def _operand(self) -> Operand:
        token = self._token
        if token.kind == "value":
            self._next()
            self.values_used.add(token.text)
            return Value(token.text)
        if token.kind == "name" and self._tokens[self._position + 1].text == "(":
            return self._function()
        return Attribute(self._path())

    def _function(self) -> Function:
        name = self._next().text
        if name not in _ALL_FUNCTIONS:
            raise self._error(f"Invalid function name; function: {name}")
        self._count()
        if self._depth >= _MAXIMUM_DEPTH:
            raise self._syntax_error()
        self._expect("(")
        self._depth += 1
        arguments = [self._operand()]
        while self._accept(","):
            arguments.append(self._operand())
        self._depth -= 1
        self._expect(")")
        updating = self._parameter == "UpdateExpression"
        if updating and name not in UPDATE_FUNCTIONS:
            raise self._error(f"The function is not allowed in an update expression; function: {name}")
        if not updating and name in UPDATE_FUNCTIONS:
            raise self._error(f"The function is not allowed in a condition expression; function: {name}")
        if len(arguments) != _ALL_FUNCTIONS[name]:
            raise self._error(
                "Incorrect number of operands for operator or function; operator or function: "
                f"{name}, number of operands: {len(arguments)}"
            )
        if name in ("attribute_exists", "attribute_not_exists", "if_not_exists") and not isinstance(
            arguments[0], Attribute
        ):
            raise self._error(
                f"Operator or function requires a document path; operator or function: {name}"
            )
        return Function(name, tuple(arguments))

    def _path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while True:
            if self._accept("."):
                parts.append(self._name())
            elif self._token.text == "[":
                self._next()
                if self._token.kind != "number":
                    raise self._syntax_error()
                parts.append(int(self._next().text))
                self._expect("]")
            else:
                if len(parts) > MAXIMUM_LEVELS:
                    raise self._error(
                        f"The document path has too many nesting elements; nesting levels: {len(parts)}"
                    )
                return tuple(parts)

    def _name(self) -> str:
        token = self._token
        if token.kind == "name":
            if token.text.upper() in RESERVED:
                raise self._error(f"Attribute name is a reserved keyword; reserved keyword: {token.text}")
            self._next()
            return token.text
        if token.kind == "name_placeholder":
            self._next()
            self.names_used.add(token.text)
            if token.text not in self._names:
                raise self._error(
                    "An expression attribute name used in the document path is not defined; "
                    f"attribute name: {token.text}"
                )
            return self._names[token.text]
        raise self._syntax_error()

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _accept(self, text: str) -> bool:
        if self._token.text == text:
            self._position += 1
            return True
        return False

    def _keyword(self, word: str) -> bool:
        if self._token.kind == "name" and self._token.text.upper() == word:
            self._position += 1
            self._count()
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._syntax_error()

    def _expect_end(self) -> None:
        if self._token.kind != "end":
            raise self._syntax_error()

    def _count(self) -> None:
        self._operators += 1
        if self._operators > MAXIMUM_OPERATORS:
            raise self._error(
                f"The expression contains too many operators; operator count: {self._operators}"
            )

    def _syntax_error(self) -> ValidationException:
        before = self._tokens[max(0, self._position - 1)]
        after = self._tokens[min(len(self._tokens) - 1, self._position + 1)]
        near = self._text[before.start : after.end]
        return self._error(f'Syntax error; token: "{self._token.text}", near: "{near}"')

    def _error(self, message: str) -> ValidationException:
        return ValidationException(f"Invalid {self._parameter}: {message}")
