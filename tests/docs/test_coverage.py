"""The table of operations says what the registry says."""

from __future__ import annotations

import re
from pathlib import Path

from ddbha import World
from ddbha.api.registry import implemented
from ddbha.api.wire.model import SERVICES

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def test_the_table_of_operations_is_up_to_date() -> None:
    assert World.__module__ == "ddbha.world", "importing the world registers all operations"
    said = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        title = section.partition(":")[0]
        for name, state in re.findall(r"^\| (\w+) \| (\w.*) \|$", section, re.MULTILINE):
            if name != "operation" and state != "not implemented":
                said[title, name] = state
    assert said == {
        (SERVICES[service], name): f"partial, without {', '.join(sorted(lacks))}"
        if lacks
        else "implemented"
        for (service, name), lacks in implemented().items()
    }
