"""The table of operations says what the registry says."""

from __future__ import annotations

import re
from pathlib import Path

from ddbha import World
from ddbha.api.registry import implemented

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def test_the_table_of_operations_is_up_to_date() -> None:
    assert World.__module__ == "ddbha.world", "importing the world registers all operations"
    rows = dict(re.findall(r"^\| (\w+) \| (\w.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    rows.pop("operation", None)
    said = {name: state for name, state in rows.items() if state != "not implemented"}
    assert said == {
        name: f"partial, without {', '.join(sorted(lacks))}" if lacks else "implemented"
        for (_, name), lacks in implemented().items()
    }
