"""The examples: each planted bug is found within a hundred seeds, and its fix passes all of them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

import ddbha
from ddbha.testing.exploration import FAULTS, FailingSchedule

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "explore").glob("*.py"))


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"explore_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


#: At most so many changes of turn and faults are left after shrinking.
NEEDED = {
    "lost_update": 1,
    "stale_read": 1,
    "retried_payment": 2,
    "unprocessed_items": 1,
    "unconditional_lock": 3,
    "repeated_records": 1,
    "region_counter": 2,
    "forgotten_settings": 0,
    "drawn_twice": 1,
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_bug_is_found_and_its_fix_passes(path: Path) -> None:
    example = load(path)
    faults = getattr(example, "FAULTS", FAULTS)
    with pytest.raises(FailingSchedule) as found:
        ddbha.explore(example.broken, seeds=range(100), faults=faults)
    assert len(found.value.decisions) <= NEEDED[path.stem], str(found.value)
    assert isinstance(found.value.__cause__, AssertionError)
    ddbha.explore(example.fixed, seeds=range(100), faults=faults)
