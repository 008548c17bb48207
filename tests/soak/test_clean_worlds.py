"""A thousand worlds of each kind in which nothing is wrong: `make soak`."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

import ddbha
from tests.verify.clean_worlds import one_region, two_regions

FIRST = int(os.environ.get("DDBHA_FIRST_SEED", "0"))
SEEDS = int(os.environ.get("DDBHA_SEEDS", "1000"))


@pytest.mark.parametrize("kind", [one_region, two_regions])
def test_no_alarm(kind: Callable[[int], ddbha.World]) -> None:
    for seed in range(FIRST, FIRST + SEEDS):
        try:
            kind(seed).verify()
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
