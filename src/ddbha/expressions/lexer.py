"""Expression text to tokens."""

from __future__ import annotations

import re

from attrs import frozen

from ddbha.errors import ValidationException

#: Bytes of an expression.
MAXIMUM_SIZE = 4096

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<name_placeholder>#[A-Za-z0-9_]+)"
    r"|(?P<value>:[A-Za-z0-9_]+)|(?P<number>[0-9]+)|(?P<symbol><>|<=|>=|[()\[\].,=<>+-])"
)


@frozen
class Token:
    """A token: its kind, its text, and where it starts and ends."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str, parameter: str) -> list[Token]:
    """The tokens of an expression, closed by one of kind `end`; `ValidationException` otherwise."""
    if not text.strip():
        raise ValidationException(f"Invalid {parameter}: The expression can not be empty;")
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAXIMUM_SIZE:
        # Of updates AWS does not tell the size.
        told = "" if parameter == "UpdateExpression" else f" expression size: {size}"
        raise ValidationException(
            f"Invalid {parameter}: Expression size has exceeded the maximum allowed size;{told}"
        )
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            near = text[found[-1].start if found else position : position + 1]
            raise ValidationException(
                f'Invalid {parameter}: Syntax error; token: "{text[position]}", near: "{near}"'
            )
        assert match.lastgroup is not None
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), position, match.end()))
        position = match.end()
    found.append(Token("end", "<EOF>", len(text), len(text)))
    return found
