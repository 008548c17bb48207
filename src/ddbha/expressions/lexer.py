"""Expression text to tokens."""

from __future__ import annotations

import re

from attrs import frozen

from ddbha.errors import ValidationException

#: Bytes of an expression.
MAXIMUM_SIZE = 4096

# A list index has no leading zeros, and a name none but letters in front: `_a` needs a placeholder.
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<name_placeholder>#[A-Za-z0-9_]+)"
    r"|(?P<value>:[A-Za-z0-9_]+)|(?P<index>0|[1-9][0-9]*)|(?P<symbol><>|<=|>=|[()\[\].,=<>+-])"
    r"|(?P<unknown>.)",
    re.DOTALL,
)
_KEYWORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"})


@frozen
class Token:
    """A token: its kind, its text, and where it starts and ends.

    The kind of a keyword or of a symbol is what it says; what no expression has is `unknown`.
    """

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str, parameter: str) -> list[Token]:
    """The tokens of an expression, closed by one of kind `end`.

    Raises `ValidationException` for one that is empty or too long.
    """
    if not text.strip():
        raise ValidationException(f"Invalid {parameter}: The expression can not be empty;")
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAXIMUM_SIZE:
        # Of updates AWS does not tell the size.
        told = "" if parameter == "UpdateExpression" else f" expression size: {size}"
        raise ValidationException(
            f"Invalid {parameter}: Expression size has exceeded the maximum allowed size;{told}"
        )
    found = [
        Token(_kind(str(match.lastgroup), match.group()), match.group(), match.start(), match.end())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]
    found.append(Token("end", "<EOF>", len(text), len(text)))
    return found


def _kind(group: str, text: str) -> str:
    if group == "symbol":
        return text
    if group == "name" and text.upper() in _KEYWORDS:
        return text.upper()
    return group
