"""A place in the tokens of a statement, and steps from it.

The parsers of values, conditions and statements stand on each other, and this is the ground.
"""

from __future__ import annotations

from ddbha.errors import ValidationException
from ddbha.expressions.partiql.lexer import Token, malformed, place, tokens
from ddbha.expressions.partiql.words import KEYWORDS, OPERATORS

#: Deeper than any item may be nested.
_MAXIMUM_DEPTH = 60


class Cursor:
    """Reads tokens one by one; raises `ValidationException` for what may not stand there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._position = 0
        self._depth = 0

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _MAXIMUM_DEPTH:
            raise malformed("Nesting Levels have exceeded supported limits")

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    @property
    def _after(self) -> Token:
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)]

    def _next(self) -> Token:
        token = self._token
        # The end stays where it is, however often it is read.
        if token.kind == "end":
            raise self._unexpected()
        self._position += 1
        return token

    def _accept(self, symbol: str) -> bool:
        if self._token.is_symbol(symbol):
            self._position += 1
            return True
        return False

    def _keyword(self, word: str) -> bool:
        if self._token.keyword == word:
            self._position += 1
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            raise self._unexpected()

    def _expect_keyword(self, word: str) -> None:
        if not self._keyword(word):
            raise self._unexpected()

    def _unexpected(self) -> ValidationException:
        token = self._token
        if (token.keyword or token.text) in OPERATORS and token.kind in ("word", "symbol"):
            return malformed("Unexpected operator")
        return malformed("Unexpected keyword" if token.keyword in KEYWORDS else "Unexpected term")

    def _refusal(self, message: str, token: Token) -> ValidationException:
        """The error for a statement that is well formed but not one of DynamoDB's, at a token."""
        return ValidationException(f"{message} {place(self._text, token)}")
