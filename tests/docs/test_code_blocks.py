"""Every Python block of the README and of the pages in docs runs, in order, in one namespace per page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.installed import knows

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[2]
#: What shows that the tests of a page are for pytest, which has to run them.
FIXTURE = re.compile(r"^def test_\w+\(\w.*\):", re.MULTILINE)
#: What clients have to know, as `tests.installed` spells it: for the block right below, else for a page.
NEEDS = re.compile(r"<!-- needs ([\w.]+) -->(?!\n\n```python)")
BLOCK = re.compile(r"(?:^<!-- needs ([\w.]+) -->\n\n)?^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[str]:
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [code for needed, code in found if not needed or knows(needed)]


PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if blocks(page)]
PAGES_WITH_TESTS = [page for page in PAGES if FIXTURE.search("\n".join(blocks(page)))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_runs(page: Path) -> None:
    needed = NEEDS.search(page.read_text(encoding="utf-8"))
    if needed is not None and not knows(needed[1]):
        pytest.skip(f"clients of the installed boto3 {boto3.__version__} do not know {needed[1]}")
    namespace: dict[str, Any] = {}
    for block in blocks(page):
        exec(compile(block, page.name, "exec"), namespace)


def test_the_tests_on_pages_pass(pytester: pytest.Pytester) -> None:
    # One run for all pages: most of its time is that of starting.
    texts = {page.stem: "\n".join(blocks(page)) for page in PAGES_WITH_TESTS}
    assert "pytest" in texts
    pytester.makepyfile(**{f"test_of_{name.lower()}": text for name, text in texts.items()})
    outcomes = pytester.runpytest_inprocess("-p", "ddbha.pytest_plugin").parseoutcomes()
    assert outcomes.keys() <= {"passed", "warnings"}, outcomes
    shown = sum(len(re.findall(r"^def test_", text, re.MULTILINE)) for text in texts.values())
    assert outcomes["passed"] >= shown


def test_the_readme_has_code() -> None:
    assert blocks(ROOT / "README.md")
