"""The tables of options and disasters on the pages are what the code measures."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddbha.rehearsal import DISASTERS, rehearse
from ddbha.testing.rehearsal import OPTIONS
from ddbha.testing.rehearsal.matrix import words

ROOT = Path(__file__).parents[2]
COSTS = "*cost in capacity units*"


def table(path: Path) -> dict[tuple[str, str], str]:
    """The cells of the table of options on a page, by option and disaster."""
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("| disaster | "))
    rows = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    head, _, *rest = rows
    return {
        (option, row[0]): cell for row in rest for option, cell in zip(head[1:], row[1:], strict=True)
    }


def test_the_page_has_every_option_and_disaster() -> None:
    shown = table(ROOT / "docs" / "options.md")
    rows = [*(disaster.name for disaster in DISASTERS), COSTS]
    assert list(shown) == [(option.name, row) for row in rows for option in OPTIONS]


def test_the_readme_shows_a_part_of_it() -> None:
    everything = table(ROOT / "docs" / "options.md")
    part = table(ROOT / "README.md")
    assert part
    assert part.items() <= everything.items()


@pytest.mark.parametrize(
    ("option", "disaster"),
    # Those in which no client waits before it tries again: how long that is differs between boto3s.
    [
        ("backups every 1 hour", "a table deleted"),
        ("global table, fail over after 3 errors", "a table deleted"),
    ],
)
def test_what_stands_there_is_measured(option: str, disaster: str) -> None:
    chosen = next(one for one in OPTIONS if one.name == option)
    # The seeds are those of `ddbha options`.
    matrix = rehearse("session store", options=[chosen], disasters=[disaster], seeds=range(2))
    shown = table(ROOT / "docs" / "options.md")
    assert words(matrix.cell(option, disaster)) == shown[option, disaster]
    assert matrix.costs() == [shown[option, COSTS]]
