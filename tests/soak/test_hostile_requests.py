"""A hundred thousand requests that somebody changed: `make soak`."""

from __future__ import annotations

import os

import pytest

from tests.server.test_hostile_requests import ask_everything

FIRST = int(os.environ.get("DDBHA_FIRST_SEED", "1000"))
SEEDS = int(os.environ.get("DDBHA_SEEDS", "2000"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_changed_requests(seed: int) -> None:
    ask_everything(seed)
