"""A thousand worlds of each kind in which nothing is wrong: `make soak`."""

from __future__ import annotations

import os

import pytest

from tests.verify.clean_worlds import KINDS

FIRST = int(os.environ.get("DDBHA_FIRST_SEED", "0"))
SEEDS = int(os.environ.get("DDBHA_SEEDS", "1000"))


@pytest.mark.parametrize("kind", KINDS)
def test_no_alarm(kind: str) -> None:
    for seed in range(FIRST, FIRST + SEEDS):
        try:
            KINDS[kind](seed).verify()
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
