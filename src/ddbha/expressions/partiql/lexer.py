"""PartiQL text to tokens.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.data-types.html
"""

from __future__ import annotations

import re

from attrs import frozen

from ddbha.errors import ValidationException

_TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*|/\*[\s\S]*?\*/)|(?P<word>[A-Za-z_$][A-Za-z0-9_$]*)"
    r"|(?P<identifier>\"(?:[^\"]|\"\")+\")|(?P<string>'(?:[^']|'')*')"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<symbol><<|>>|<>|<=|>=|!=|[()\[\]{}.,:;?*=<>+-])"
)


@frozen
class Token:
    """A token: its kind, and its text without quotes."""

    kind: str
    text: str

    @property
    def keyword(self) -> str:
        """The text in capitals if this may be a keyword, and nothing otherwise."""
        return self.text.upper() if self.kind == "word" else ""

    def is_symbol(self, text: str) -> bool:
        """Whether this is that symbol, and not a string with the same text."""
        return self.kind == "symbol" and self.text == text


def malformed(detail: str) -> ValidationException:
    """The error for text that is no statement."""
    return ValidationException(f"Statement wasn't well formed, can't be processed: {detail}")


def tokens(text: str) -> list[Token]:
    """The tokens of a statement, closed by one of kind `end`; `ValidationException` otherwise."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            # AWS has no more to say of what it cannot read.
            raise malformed("")
        kind, written = str(match.lastgroup), match.group()
        if kind in ("identifier", "string"):
            quote = written[0]
            written = written[1:-1].replace(quote * 2, quote)
        if kind != "space":
            found.append(Token(kind, written))
        position = match.end()
    found.append(Token("end", ""))
    return found
