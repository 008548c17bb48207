"""Names, paths and literal values."""

from __future__ import annotations

from ddbha.errors import ValidationException
from ddbha.expressions.partiql.cursor import Cursor
from ddbha.expressions.partiql.lexer import malformed
from ddbha.expressions.partiql.syntax import (
    Bag,
    ListOf,
    Literal,
    MapOf,
    Parameter,
    Scalar,
    placeholder,
)
from ddbha.expressions.partiql.words import KEYWORDS
from ddbha.expressions.syntax import INDEX_OUT_OF_RANGE, Path, Value, list_index


class ValueParser(Cursor):
    """Parses names, paths and values; literals and parameters are kept in the order of the text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._parameters = 0
        self._literals: list[Literal] = []

    def _name(self) -> str:
        if not self._at_name():
            raise self._unexpected()
        return self._next().text

    def _table(self) -> str:
        """The table of a write, which has no index; `ValidationException` if it has one."""
        table = self._simple_name()
        if self._token.is_symbol("."):
            raise ValidationException("This operation is not supported on an index")
        return table

    def _simple_name(self) -> str:
        if not self._at_name():
            raise malformed("Expected identifier for simple path")
        return self._next().text

    def _at_name(self) -> bool:
        token = self._token
        return token.kind == "identifier" or (token.kind == "word" and token.keyword not in KEYWORDS)

    def _path(self) -> Path:
        return self._path_from(self._name())

    def _path_from(self, name: str) -> Path:
        parts: list[str | int] = [name]
        while True:
            if self._accept("."):
                if not self._at_name():
                    raise malformed("Invalid path dot component")
                parts.append(self._next().text)
            elif self._token.is_symbol("["):
                self._position += 1
                token = self._next()
                if token.kind == "number" and token.text.isdecimal():
                    parts.append(self._index(token.text))
                elif token.kind == "string":
                    parts.append(token.text)
                else:
                    self._position -= 1
                    raise self._unexpected()
                self._expect("]")
            else:
                return tuple(parts)

    def _index(self, digits: str) -> int:
        index = list_index(digits)
        if index is None:
            raise ValidationException(f"{INDEX_OUT_OF_RANGE}; index: [{digits}]")
        return index

    def _value(self) -> Value:
        return self._kept(self._literal())

    def _may_be_set(self, value: Value) -> bool:
        """Whether a value is written as a set, or comes as a parameter of any type."""
        literal = self._literals[int(value.name[1:])]
        return isinstance(literal, Bag | Parameter)

    def _kept(self, literal: Literal) -> Value:
        self._literals.append(literal)
        return Value(placeholder(len(self._literals) - 1))

    def _literal(self) -> Literal:
        token = self._next()
        if token.kind == "string":
            return Scalar("S", token.text)
        if token.kind == "number":
            return Scalar("N", token.text)
        if token.keyword in ("TRUE", "FALSE"):
            return Scalar("BOOL", token.keyword == "TRUE")
        if token.keyword == "NULL":
            return Scalar("NULL", True)
        if token.keyword == "MISSING":
            raise ValidationException("MISSING must be compared using IS operator")
        if token.kind == "symbol":
            if token.text in ("-", "+") and self._token.kind == "number":
                return Scalar("N", token.text.strip("+") + self._next().text)
            if token.text == "?":
                self._parameters += 1
                return Parameter(self._parameters - 1)
            if token.text == "[":
                return ListOf(self._elements("]"))
            if token.text == "<<":
                return Bag(self._elements(">>"))
            if token.text == "{":
                return self._map()
        self._position -= 1
        if token.kind == "word" and self._after.is_symbol("("):
            raise self._refusal(f"Unsupported data type: {token.text} under key root", token)
        raise self._unexpected()

    def _elements(self, closing: str) -> tuple[Literal, ...]:
        if self._accept(closing):
            return ()
        self._enter()
        elements = [self._literal()]
        while self._accept(","):
            elements.append(self._literal())
        self._depth -= 1
        self._expect(closing)
        return tuple(elements)

    def _map(self) -> MapOf:
        if self._accept("}"):
            return MapOf(())
        self._enter()
        members = [self._member()]
        while self._accept(","):
            members.append(self._member())
        self._depth -= 1
        self._expect("}")
        return MapOf(tuple(members))

    def _member(self) -> tuple[str, Literal]:
        token = self._next()
        if token.kind != "string":
            self._position -= 1
            raise self._unexpected()
        self._expect(":")
        return token.text, self._literal()
