"""A short run of the random schedules of which `make soak` has ten thousand."""

from __future__ import annotations

import pytest

from tests.soak.schedules import Schedule


@pytest.mark.parametrize("seed", range(6))
def test_a_schedule_ends_and_loses_nothing(seed: int) -> None:
    Schedule(seed).run(steps=40)
