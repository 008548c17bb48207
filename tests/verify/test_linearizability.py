"""The search on histories written by hand, known to be right or wrong."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbha.verify.linearizability import Key, NotInOrder, Observation, Step, check

X: Key = ("tab", "x")
Y: Key = ("tab", "y")


def write(invoked: int, completed: int | None, value: Any, key: Key = X) -> Step:
    return Step((key,), invoked, completed, lambda values: (value,), f"write {value}", ("write", value))


def read(invoked: int, completed: int, value: Any, key: Key = X) -> Step:
    return Step(
        (key,), invoked, completed, lambda values: values if values[0] == value else None, f"read {value}"
    )


def add(invoked: int, completed: int | None, key: Key = X) -> Step:
    return Step((key,), invoked, completed, lambda values: ((values[0] or 0) + 1,), "add", "add")  # type: ignore[operator]


def both(invoked: int, completed: int | None, value: Any) -> Step:
    return Step((X, Y), invoked, completed, lambda values: (value, value), f"both {value}")


def read_both(invoked: int, completed: int, first: Any, second: Any) -> Step:
    return Step(
        (X, Y),
        invoked,
        completed,
        lambda values: values if values == (first, second) else None,
        f"read {first} {second}",
    )


GOOD = {
    "nothing": [],
    "one after the other": [write(0, 1, 1), read(2, 3, 1), write(4, 5, 2), read(6, 7, 2)],
    "the first value": [read(0, 1, None)],
    "a read during a write sees the old value": [write(0, 3, 1), read(1, 2, None)],
    "a read during a write sees the new value": [write(0, 3, 1), read(1, 2, 1)],
    "writes at once end in either order": [write(0, 2, 1), write(1, 3, 2), read(4, 5, 1)],
    "a lost write was done": [write(0, None, 1), read(1, 2, 1)],
    "a lost write was not done": [write(0, None, 1), read(1, 2, None), read(3, 4, None)],
    "a lost write is done late": [write(0, None, 1), read(1, 2, None), write(3, 4, 2), read(5, 6, 1)],
    "of five lost counts two were done": [*(add(n, None) for n in range(5)), read(6, 7, 2)],
    "a transaction is seen as a whole": [both(0, 5, 1), read_both(1, 2, None, None), read(3, 4, 1)],
    "single reads between the reads of a transaction": [
        both(0, 9, 1),
        read(1, 2, 1),
        read(3, 4, 1, Y),
        read_both(5, 6, 1, 1),
    ],
}

BAD = {
    "a value out of nowhere": ([write(0, 1, 1), read(2, 3, 2)], "read 2"),
    "an acknowledged write is lost": ([write(0, 1, 1), read(2, 3, None)], "read None"),
    "a stale read": ([write(0, 1, 1), write(2, 3, 2), read(4, 5, 1)], "read 1"),
    "a read of the future": ([read(0, 1, 1), write(2, 3, 1)], "read 1"),
    "reads during a write go back": ([write(0, 9, 1), read(1, 2, 1), read(3, 4, None)], "read None"),
    "two readers disagree on the order": (
        [write(0, 2, 1), write(1, 3, 2), read(4, 5, 1), read(6, 7, 2)],
        "read 2",
    ),
    "a count is taken twice": ([add(0, 1), add(2, 3), read(4, 5, 3)], "read 3"),
    "a lost count is taken twice": ([add(0, None), read(1, 2, 1), read(3, 4, 2)], "read 2"),
    "half of a transaction": ([both(0, 1, 1), read_both(2, 3, 1, None)], "read 1 None"),
    "half of an open transaction": ([both(0, 9, 1), read_both(2, 3, 1, None)], "read 1 None"),
    "a lost transaction is seen half": (
        [both(0, None, 1), read(1, 2, 1), read(3, 4, None, Y)],
        "read None",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_right_history_has_an_order(name: str) -> None:
    check(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_history_has_none_and_the_step_that_fits_nowhere_is_named(name: str) -> None:
    steps, culprit = BAD[name]
    with pytest.raises(NotInOrder) as caught:
        check(steps)
    assert caught.value.culprit.source == culprit


def seen(since: float, completed: int, value: Any) -> Observation:
    return Observation(X, since, completed, lambda found: found == value, f"saw {value}")


@pytest.mark.parametrize(
    ("observation", "right"),
    [
        # The writes of 1, 2 and 3 end at the places 1, 3 and 5.
        (seen(6, 7, 3), True),
        (seen(6, 7, 2), False),
        (seen(4, 7, 2), True),
        (seen(4, 7, 1), False),
        (seen(-1, 7, None), True),
        (seen(1, 7, None), False),
        (seen(0, 2, 2), False),
        (seen(0, 3, 2), True),
        (seen(0, 9, 4), False),
    ],
)
def test_an_eventually_consistent_read_sees_the_allowed_past(
    observation: Observation, right: bool
) -> None:
    writes = [write(0, 1, 1), write(2, 3, 2), write(4, 5, 3)]
    if right:
        check(writes, [observation])
    else:
        with pytest.raises(NotInOrder):
            check(writes, [observation])


def test_an_eventually_consistent_read_may_see_a_lost_write_that_is_overwritten() -> None:
    steps = [write(0, 1, 1), write(2, None, 2), write(3, 4, 3)]
    check(steps, [seen(2, 6, 2)])
    with pytest.raises(NotInOrder):
        check(steps, [seen(-1, 2, 2)])


def test_what_is_there_at_the_beginning_can_be_given() -> None:
    check([read(0, 1, 7)], [Observation(Y, 0, 1, lambda value: value == 8)], {X: 7, Y: 8})


def test_keys_with_too_many_possibilities_are_left_out_and_no_others() -> None:
    def power(number: int) -> Step:
        return Step((X,), number, None, lambda values: ((values[0] or 0) + 2**number,))

    assert check([*map(power, range(20)), read(30, 31, 5)]) == {X}
    with pytest.raises(NotInOrder):
        check([*map(power, range(20)), read(30, 31, 5), read(32, 33, 1, Y)])


intervals = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 5),
        st.sampled_from(["write", "read", "lost"]),
        st.integers(1, 2),
    ),
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(intervals)
def test_the_search_agrees_with_trying_all_orders(plan: Any) -> None:
    steps: list[Step] = []
    for number, (start, length, kind, value) in enumerate(plan):
        # Places are all different.
        invoked, completed = start * 10 + number, (start + length) * 10 + 5 + number
        if kind == "read":
            steps.append(read(invoked, completed, value))
        else:
            steps.append(write(invoked, None if kind == "lost" else completed, value))
    try:
        check(steps)
        found = True
    except NotInOrder:
        found = False
    assert found == any_order(steps)


def any_order(steps: list[Step]) -> bool:
    certain = [step for step in steps if step.completed is not None]
    lost = [step for step in steps if step.completed is None]
    for chosen in range(2 ** len(lost)):
        taken = certain + [step for n, step in enumerate(lost) if chosen >> n & 1]
        if any(map(fits, permutations(taken))):
            return True
    return False


def fits(order: tuple[Step, ...]) -> bool:
    for place, step in enumerate(order):
        if any(later.completed is not None and later.completed < step.invoked for later in order[place:]):
            return False
    values: Any = (None,)
    for step in order:
        values = step.apply(values)
        if values is None:
            return False
    return True
