"""`pytest --ddbha-resilience`: what becomes of ordinary tests under faults, as a table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from botocore.exceptions import BotoCoreError, ClientError

from ddbha.testing.resilience import Director, Plan, directed, read_kinds

_CAUGHT = pytest.StashKey[Any]()
#: How many wrong runs of one test and kind are told.
_TOLD = 3
SURVIVED, CLEAN, WRONG = "survived", "failed cleanly", "wrong"


class ResiliencePlugin:
    """Runs each test again under faults; registered only if it is asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._kinds = read_kinds(config.getoption("--ddbha-resilience"))
        self._budget: int = config.getoption("--ddbha-resilience-budget")
        self._at: int | None = config.getoption("--ddbha-resilience-at")
        self._strict: bool = config.getoption("--ddbha-resilience-strict")
        if self._budget < 0:
            raise pytest.UsageError("--ddbha-resilience-budget is a number of runs: zero or more.")
        self._director = Director()
        self._rows: list[dict[str, Any]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test as it is and, if it passes, under its faults."""
        if item.get_closest_marker("ddbha_explore"):
            return None
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        with directed(self._director):
            reports, _ = self._run(item, nextitem, None)
            if all(report.passed for report in reports):
                rows = [self._tried(item, nextitem, plan) for plan in self._plans(item)]
                # Reports travel from the workers of xdist with what they carry.
                reports[-1].ddbha_resilience = rows
        for report in reports:
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _plans(self, item: pytest.Item) -> list[Plan]:
        if self._at is not None:
            return [Plan(kind, self._at) for kind in self._kinds]
        return self._director.plans(self._kinds, self._budget, item.nodeid)

    def _run(
        self, item: pytest.Item, nextitem: pytest.Item | None, plan: Plan | None
    ) -> tuple[list[Any], Any]:
        self._director.begin(plan)
        item.stash[_CAUGHT] = None
        if hasattr(item, "_initrequest"):
            item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        return reports, item.stash[_CAUGHT]

    def _tried(self, item: pytest.Item, nextitem: pytest.Item | None, plan: Plan) -> dict[str, Any]:
        reports, caught = self._run(item, nextitem, plan)
        if all(not report.failed for report in reports):
            outcome, why = SURVIVED, ""
        else:
            outcome = CLEAN if isinstance(caught, (ClientError, BotoCoreError)) else WRONG
            why = f"{type(caught).__name__}: {caught}".splitlines()[0][:160]
        return {
            "test": item.nodeid,
            "kind": plan.kind,
            "at": plan.at,
            "outcome": outcome,
            "story": f"{self._director.met or 'the request was not made'}: {why}",
        }

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Only what a test itself asks for meets faults."""
        self._director.watching = True
        try:
            yield
        finally:
            self._director.watching = False

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Keep what a run failed with."""
        if call.excinfo is not None and item.stash.get(_CAUGHT, None) is None:
            item.stash[_CAUGHT] = call.excinfo.value
        yield

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what was found out about a test."""
        self._rows += getattr(report, "ddbha_resilience", ())

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """With the strict option a wrong run fails the session."""
        wrong = any(row["outcome"] == WRONG for row in self._rows)
        if self._strict and wrong and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The table: what survives, what fails cleanly, what is wrong, and how to see that again."""
        if not self._rows:
            return
        terminalreporter.section("ddbha: resilience")
        tests: dict[str, dict[str, Counter[str]]] = {}
        for row in self._rows:
            kinds = tests.setdefault(row["test"], {})
            kinds.setdefault(row["kind"], Counter())[row["outcome"]] += 1
        for test, kinds in tests.items():
            terminalreporter.line(test)
            for kind, counts in kinds.items():
                told = ", ".join(f"{counts[o]} {o}" for o in (WRONG, CLEAN, SURVIVED) if counts[o])
                terminalreporter.line(f"  {kind:16} {told}")
        wrong = [row for row in self._rows if row["outcome"] == WRONG]
        shown: Counter[tuple[str, str]] = Counter()
        for row in wrong:
            shown[row["test"], row["kind"]] += 1
            if shown[row["test"], row["kind"]] > _TOLD:
                continue
            terminalreporter.line("")
            terminalreporter.line(f"wrong: {row['test']}")
            terminalreporter.line(f"  {row['story']}")
            again = f"--ddbha-resilience={row['kind']} --ddbha-resilience-at={row['at']}"
            terminalreporter.line(f"  again: pytest '{row['test']}' {again}")
        total = Counter(row["outcome"] for row in self._rows)
        terminalreporter.line("")
        terminalreporter.line(
            f"{len(self._rows)} runs under faults: {total[SURVIVED]} survived, {total[CLEAN]} failed "
            f"cleanly, {total[WRONG]} wrong"
        )
