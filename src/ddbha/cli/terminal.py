"""Text for people: in colour on a terminal that has Rich (ddbha[cli]), plain everywhere else."""

from __future__ import annotations

import sys
from importlib.util import find_spec

#: What is highlighted in the text of a world, and how.
_STYLES = {
    r"\bDOWN\b": "bold red",
    r"\b(?:UP|ACTIVE)\b": "green",
    r"\b(?:CREATING|UPDATING|DELETING)\b": "yellow",
    r"\S+\*": "bold cyan",
    r"(?m)^  [a-z]{2}-[a-z-]+-\d\b": "bold",
}


def title(text: str) -> None:
    """A heading."""
    _show(f"\n{text}\n{'-' * len(text)}", {r"(?s).+": "bold"})


def say(text: str) -> None:
    """A sentence of explanation."""
    _show(text, {})


def topology(world: object) -> None:
    """A world as `str` shows it, with what is up, down and leading in colour."""
    _show(str(world), _STYLES)


def _show(text: str, styles: dict[str, str]) -> None:
    if sys.stdout.isatty() and find_spec("rich") is not None:
        _show_in_colour(text, styles)
    else:
        print(text)


def _show_in_colour(text: str, styles: dict[str, str]) -> None:
    from rich.console import Console
    from rich.text import Text

    styled = Text(text)
    for pattern, style in styles.items():
        styled.highlight_regex(pattern, style)
    Console().print(styled, soft_wrap=True)
