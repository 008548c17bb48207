"""The benchmarks run; what they measure is not asserted."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_every_case_runs_on_both_engines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    program = runpy.run_path(str(BENCHMARKS / "__main__.py"), run_name="benchmarks")
    try:
        report = program["main"](many=100, many_for_moto=100, seconds=0)
        names = [case.name for case in sys.modules["cases"].cases()]
    finally:
        for name in ("cases", "recovery", "replication", "report", "starting", "surroundings", "threads"):
            del sys.modules[name]
    printed = capsys.readouterr().out
    assert {
        "put",
        "put over HTTP",
        "schedules a second",
        "gets of 8 threads a second",
        "import milliseconds without bytecode",
        "seconds of 10000 tests by mock",
    } <= report.figures.keys()
    assert [name for name in names if f"\n{name} " not in printed] == []


def test_what_takes_more_than_in_an_earlier_run_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program = runpy.run_path(str(BENCHMARKS / "report.py"))
    history = tmp_path / "history.jsonl"
    earlier, later = program["Report"](), program["Report"]()
    for name, before, after in [
        ("put", 20.0, 25.0),
        ("get", 10.0, 11.0),
        ("schedules a second", 90.0, 120.0),
        ("put, thousand instructions", 240.0, 255.0),
    ]:
        earlier.note(name, before)
        later.note(name, after)
    earlier.compare(history)
    earlier.keep(history)
    later.compare(history)
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == ["put", "put, thousand instructions"]
