"""Conditions of WHERE, and the operands that they and SET have."""

from __future__ import annotations

from ddbha.errors import ValidationException
from ddbha.expressions.operands import COMPARATORS, CONDITION_FUNCTIONS
from ddbha.expressions.partiql.lexer import malformed
from ddbha.expressions.partiql.syntax import Scalar
from ddbha.expressions.partiql.values import ValueParser
from ddbha.expressions.partiql.words import OPERATORS, OTHER_TYPES, SECOND_WORDS, TESTED_TYPES
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
)

_FUNCTIONS = {**CONDITION_FUNCTIONS, "size": 1}


class ConditionParser(ValueParser):
    """Parses conditions into the syntax tree that expressions have too."""

    def _where(self) -> ConditionNode | None:
        return self._either() if self._keyword("WHERE") else None

    def _either(self) -> ConditionNode:
        conditions = [self._every()]
        while self._keyword("OR"):
            self._require_right_side()
            conditions.append(self._every())
        return conditions[0] if len(conditions) == 1 else Either(tuple(conditions))

    def _every(self) -> ConditionNode:
        conditions = [self._not()]
        while self._keyword("AND"):
            self._require_right_side()
            conditions.append(self._not())
        return conditions[0] if len(conditions) == 1 else Every(tuple(conditions))

    def _require_right_side(self) -> None:
        if self._token.kind == "end":
            raise malformed("Missing right-hand side expression of infix operator")

    def _not(self) -> ConditionNode:
        negations = 0
        while self._keyword("NOT"):
            negations += 1
        node = self._primary()
        return Not(node) if negations % 2 else node

    def _primary(self) -> ConditionNode:
        if self._accept("("):
            self._enter()
            node = self._either()
            self._depth -= 1
            self._expect(")")
            return node
        left = self._operand()
        if isinstance(left, Function) and left.name in CONDITION_FUNCTIONS:
            return self._compared_with_truth(left)
        if self._keyword("IS"):
            negated = self._keyword("NOT")
            state = self._state(left)
            return Not(state) if negated else state
        negated = self._keyword("NOT")
        found: ConditionNode
        if self._keyword("BETWEEN"):
            low = self._operand()
            self._expect_keyword("AND")
            found = Between(left, low, self._operand())
        elif self._keyword("IN"):
            found = In(left, self._options())
        elif negated:
            raise self._unexpected()
        else:
            operator = self._next()
            written = "<>" if operator.is_symbol("!=") else operator.text
            if operator.kind != "symbol" or written not in COMPARATORS:
                self._position -= 1
                raise self._unexpected()
            found = Comparison(written, left, self._operand())
        return Not(found) if negated else found

    def _compared_with_truth(self, function: Function) -> ConditionNode:
        """A function that says whether something holds, and what may follow it: `= true`, `<> false`."""
        operator = "<>" if self._token.is_symbol("!=") else self._token.text
        if operator not in ("=", "<>") or self._after.keyword not in ("TRUE", "FALSE"):
            return function
        self._position += 1
        holds = (self._next().keyword == "TRUE") is (operator == "=")
        return function if holds else Not(function)

    def _state(self, operand: Operand) -> ConditionNode:
        if self._keyword("MISSING"):
            return Function("attribute_not_exists", (operand,))
        word = self._token.keyword
        if word in TESTED_TYPES:
            self._position += 1
            return Function("attribute_type", (operand, self._kept(Scalar("S", TESTED_TYPES[word]))))
        if word not in OTHER_TYPES:
            raise malformed("Expected type name")
        if SECOND_WORDS.get(word) == self._after.keyword:
            word += f"_{self._after.keyword}"
        raise ValidationException(
            f"Unsupported data type for IS operator: {word}. Supported data types are "
            "[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]"
        )

    def _options(self) -> tuple[Operand, ...]:
        closing = {"(": ")", "[": "]", "<<": ">>"}.get(self._token.text)
        if self._token.kind != "symbol" or closing is None:
            raise self._unexpected()
        self._position += 1
        options = [self._operand()]
        while self._accept(","):
            options.append(self._operand())
        self._expect(closing)
        return tuple(options)

    def _operand(self) -> Operand:
        if self._at_function():
            return self._function()
        return Attribute(self._path()) if self._at_name() else self._value()

    def _at_function(self) -> bool:
        word = self._token
        return word.kind == "word" and word.keyword not in OPERATORS and self._after.is_symbol("(")

    def _function(self) -> Function:
        token = self._next()
        name = token.text.lower()
        expected = _FUNCTIONS.get(name)
        if expected is None:
            raise self._refusal(f"Unrecognized function: {name}", token)
        arguments = self._arguments()
        if len(arguments) != expected:
            raise ValidationException(
                "Incorrect number of operands for operator or function; operator or function: "
                f"{name}, number of operands: {len(arguments)}"
            )
        return Function(name, tuple(arguments))

    def _arguments(self) -> list[Operand]:
        self._expect("(")
        if self._accept(")"):
            return []
        self._enter()
        arguments = [self._operand()]
        while self._accept(","):
            arguments.append(self._operand())
        self._depth -= 1
        self._expect(")")
        return arguments
