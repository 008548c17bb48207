"""What the pages show is what there is: pictures, tables of arguments, what one can paste."""

from __future__ import annotations

import code
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import fields

from ddbha.faults.requests import Choice, Chosen
from ddbha.settings import Arguments, Settings
from tests.docs.test_code_blocks import ROOT, blocks

DOCS = ROOT / "docs"


class Prompt(code.InteractiveConsole):
    """A prompt at which nothing may go wrong."""

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        raise AssertionError(f"cannot be pasted: {sys.exc_info()[1]}")

    def showtraceback(self) -> None:
        raise AssertionError("fails at a prompt") from sys.exc_info()[1]


@pytest.mark.parametrize("page", [DOCS / "tutorial.md", DOCS / "index.md", ROOT / "README.md"])
def test_what_a_newcomer_pastes_line_by_line(page: Path) -> None:
    prompt = Prompt()
    for block in blocks(page):
        for line in [*block.splitlines(), ""]:
            prompt.push(line)


@pytest.mark.parametrize("page", [DOCS / "tutorial.md", DOCS / "index.md", ROOT / "README.md"])
def test_installing_comes_first(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.index("pip install ddbha") < text.index("```python")


def test_pictures_are_what_is_drawn() -> None:
    spec = importlib.util.spec_from_file_location("pictures", DOCS / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    for name, draw in pictures.PAGES.items():
        assert (DOCS / "pictures" / name).read_text(encoding="utf-8") == draw(), name


def table(heading: str) -> dict[str, str]:
    """The arguments of a table of the reference and their defaults."""
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    rows = text[text.index(heading) :].split("\n\n")[1].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {name.strip("`"): default.strip("`") for name, _, default, _ in cells}


def test_arguments_of_worlds() -> None:
    told = table("What `World`, `ddbha.mock` and the marker")
    assert list(told) == list(Arguments.__annotations__)
    plain = {"clock": "SystemClock()", "timings": '"instant"', "on_demand_quota": "(40000, 40000)"}
    for attribute in fields(Settings):
        default = str(attribute.default)
        if isinstance(attribute.default, str):
            default = f'"{attribute.default}"'
        assert told[attribute.name] == plain.get(attribute.name, default)


def test_arguments_of_faults() -> None:
    told = table("Which requests `error`, `timeout`")
    assert list(told) == list(Choice.__annotations__)
    for attribute in fields(Chosen):
        assert told[attribute.name] == str(attribute.default)


def test_links_between_pages_need_no_server() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert re.search(r"^use_directory_urls: false$", settings, re.MULTILINE)
    assert "search-on-disk.js" in (DOCS / "hooks.py").read_text(encoding="utf-8")
