"""Every Python block of the README and of the pages in docs runs, in order, in one namespace per page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def blocks(page: Path) -> list[str]:
    return re.findall(
        r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if blocks(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_runs(page: Path) -> None:
    namespace: dict[str, Any] = {}
    for block in blocks(page):
        exec(compile(block, page.name, "exec"), namespace)


def test_the_readme_has_code() -> None:
    assert blocks(ROOT / "README.md")
