"""`pytest --ddbha-resilience` finds the bugs of examples/explore by ordinary tests of them."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from boto3.dynamodb import conditions, transform

from ddbha.testing import resilience

pytest_plugins = "pytester"

#: Loaded before pytester notes what is: one copy does not know the conditions of another.
LOADED = conditions, transform
HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples" / "explore"
#: Which kind of fault shows that a program is broken; None where its test fails as it is.
FOUND_BY = {
    "test_deposits": "overtaken",
    "test_a_lock_has_one_holder": "overtaken",
    "test_payments": "lost_answers",
    "test_a_cart": "stale_reads",
    "test_an_import": "partial_batches",
    "test_visits_of_two_regions": "region_cuts",
    "test_sales_add_up": "lost_answers",
    "test_two_referees_draw_two_players": "stale_reads",
    "test_sessions_come_back": None,
}


#: What each fixed program is fixed for is in its `FAULTS`; these two bear no write that is done twice.
NOT_FIXED_FOR = {("test_deposits", "lost_answers"), ("test_visits_of_two_regions", "lost_answers")}


def wrong_ones(pytester: pytest.Pytester, *options: str) -> tuple[set[tuple[str, str]], str]:
    """Tests and kinds of fault under which they are wrong, and the whole output."""
    pytester.syspathinsert(EXAMPLES)
    pytester.makepyfile(test_shop=(HERE / "ordinary.py").read_text(encoding="utf-8"))
    # A busy machine may take long to begin a thread.
    with patch.object(resilience, "FIRST", 10.0):
        done = pytester.runpytest_inprocess(
            "-p", "ddbha.pytest_plugin", "--assert=plain", "--tb=line", *options
        )
    found, test = set(), ""
    for line in done.outlines:
        if line.startswith("test_shop.py::"):
            test = line.removeprefix("test_shop.py::")
        elif line.startswith("  ") and " wrong" in line:
            found.add((test, line.split()[0]))
    return found, done.stdout.str()


def test_broken_programs_are_found(pytester: pytest.Pytester) -> None:
    told_of = (HERE / "ordinary.py").read_text(encoding="utf-8")
    assert all(f"import {path.stem} " in told_of for path in EXAMPLES.glob("*.py"))
    kinds = ",".join(sorted({kind for kind in FOUND_BY.values() if kind}))
    found, told = wrong_ones(pytester, "-k", "broken", f"--ddbha-resilience={kinds}")
    for name, kind in FOUND_BY.items():
        if kind is None:
            assert f"FAILED test_shop.py::{name}[broken]" in told
        else:
            assert (f"{name}[broken]", kind) in found
    assert f" 1 failed, {len(FOUND_BY) - 1} passed" in told


def test_fixed_programs_are_not(pytester: pytest.Pytester) -> None:
    found, told = wrong_ones(pytester, "-k", "fixed", "--ddbha-resilience", "--ddbha-resilience-budget=3")
    assert found <= {(f"{name}[fixed]", kind) for name, kind in NOT_FIXED_FOR}
    assert f" {len(FOUND_BY)} passed" in told
