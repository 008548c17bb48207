"""Clocks take what is meant, and say what is possible otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import ddbha
from ddbha.clock import Scheduler
from ddbha.errors import ClockError, UnsettledError


def test_seconds_units_and_timedeltas() -> None:
    clock = ddbha.ManualClock(0)
    clock.advance(5)
    clock.advance(minutes=1)
    clock.advance(timedelta(hours=1), seconds=0.5)
    clock.advance(seconds=0)
    assert clock.time() == 5 + 60 + 3600 + 0.5


def test_to_a_moment() -> None:
    clock = ddbha.ManualClock("2026-01-01T00:00:00Z")
    clock.advance_to("2026-01-02T00:00:00Z")
    clock.advance_to(datetime(2026, 1, 3, tzinfo=timezone.utc))
    assert clock.now().isoformat() == "2026-01-03T00:00:00+00:00"
    with pytest.raises(ClockError, match="only moves forward"):
        clock.advance_to("2026-01-01T00:00:00Z")


@pytest.mark.parametrize("by", ["3s", True, [3]])
def test_what_is_no_time_is_refused(by: Any) -> None:
    with pytest.raises(ClockError, match="no time to advance by"):
        ddbha.ManualClock().advance(by)


def test_by_nothing_is_a_mistake() -> None:
    with pytest.raises(ClockError, match="By how much"):
        ddbha.ManualClock().advance()


def test_what_leads_to_itself_at_one_moment_without_an_end_is_named() -> None:
    scheduler, done = Scheduler(), []

    def restless() -> None:
        scheduler.at(5.0, restless)

    def patient() -> None:
        done.append(scheduler)
        if len(done) < 20_000:
            scheduler.at(6.0 + len(done), patient)

    scheduler.at(6.0, patient)
    scheduler.run_due(30_000.0)
    assert len(done) == 20_000, "what is put off to later moments may be as long as it likes"
    scheduler.at(5.0, restless)
    with pytest.raises(UnsettledError, match="restless does not settle: 10001 actions"):
        scheduler.run_due(30_000.0)
