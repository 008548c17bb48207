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
    r"|(?P<symbol><<|>>|<>|<=|>=|!=|\|\||/(?!\*)|[()\[\]{}.,:;?*=<>+%-])"
)
#: What the parser keeps exponents and scales of numbers in.
_INTEGER = range(-(2**31), 2**31)
_LONGEST_EXPONENT = 10


@frozen
class Token:
    """A token: its kind, its text without quotes, and where in the statement it stands."""

    kind: str
    text: str
    start: int
    length: int

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


def place(text: str, token: Token) -> str:
    """Where a token stands, as messages have it: the line, the column, both from 1, and the length."""
    line_start = text.rfind("\n", 0, token.start) + 1
    line = text.count("\n", 0, token.start) + 1
    return f"at {line}:{token.start - line_start + 1}:{token.length}"


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
        if kind == "number" and not _is_readable(written):
            raise malformed("")
        if kind in ("identifier", "string"):
            quote = written[0]
            written = written[1:-1].replace(quote * 2, quote)
        if kind != "space":
            found.append(Token(kind, written, position, match.end() - position))
        position = match.end()
    found.append(Token("end", "", position, 0))
    return found


def _is_readable(number: str) -> bool:
    """Whether exponent and scale of a number fit into 32 bits, as those that the parser reads must."""
    mantissa, _, exponent = number.lower().partition("e")
    if not exponent:
        return True
    if len(exponent.lstrip("+-0")) > _LONGEST_EXPONENT:
        return False
    scale = len(mantissa.partition(".")[2]) - int(exponent)
    return int(exponent) in _INTEGER and scale in _INTEGER
