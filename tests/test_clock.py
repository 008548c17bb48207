"""The scheduler: what is due runs at its own moment, and ends."""

from __future__ import annotations

import pytest

from ddbha.clock import MOST_AT_ONE_MOMENT, Scheduler
from ddbha.errors import UnsettledError


def test_actions_run_in_order_each_at_its_moment() -> None:
    moments: list[float | None] = []
    scheduler = Scheduler(moments.append)
    done: list[str] = []

    def again() -> None:
        done.append("again")
        scheduler.at(3.0, lambda: done.append("later"))

    scheduler.at(2.0, again)
    scheduler.at(1.0, lambda: done.append("first"))
    scheduler.run_due(0.5)
    assert done == []
    scheduler.run_due(5.0)
    assert done == ["first", "again", "later"]
    assert moments == [1.0, 2.0, 3.0, None]


def test_what_is_blocked_waits_for_a_change_whatever_the_time() -> None:
    scheduler = Scheduler()
    tries: list[float] = []

    def act() -> None:
        tries.append(1)
        if len(tries) < 3:
            scheduler.blocked(act)

    scheduler.at(1.0, act)
    for _ in range(5):
        scheduler.run_due(1e9)
    assert len(tries) == 1
    scheduler.unblock(1e9)
    scheduler.run_due(1e9)
    assert len(tries) == 2
    scheduler.unblock(1e9)
    scheduler.run_due(1e9)
    assert len(tries) == 3
    assert scheduler.waiting == 0


def put_off(scheduler: Scheduler, counts: list[int]) -> None:
    def never_settles() -> None:
        counts[0] += 1
        scheduler.at(1.0, never_settles)

    scheduler.at(1.0, never_settles)


def test_an_action_that_is_put_off_to_its_own_moment_is_named_and_given_up() -> None:
    scheduler = Scheduler()
    counts = [0]
    put_off(scheduler, counts)
    with pytest.raises(UnsettledError, match=r"test_clock\.put_off\.<locals>\.never_settles"):
        scheduler.run_due(1.0)
    assert counts[0] == MOST_AT_ONE_MOMENT + 1
    # Nothing of it is left, and whatever else is due goes on.
    scheduler.run_due(1.0)
    assert counts[0] == MOST_AT_ONE_MOMENT + 1
    assert scheduler.waiting == 0
