"""Every fault is planted in worlds until eight of them show it: `make soak`."""

from __future__ import annotations

import os

import pytest

from tests.verify.planted import PLANTS

FIRST = int(os.environ.get("DDBHA_FIRST_SEED", "0"))
WORLDS = int(os.environ.get("DDBHA_PLANTED_WORLDS", "8"))
#: Worlds that are tried for one that shows it.
TRIED = 50


@pytest.mark.parametrize("name", PLANTS)
def test_what_is_planted_is_found_wherever_it_has_an_effect(name: str) -> None:
    shown = 0
    for seed in range(FIRST, FIRST + WORLDS * TRIED):
        shown += PLANTS[name].had_effect(seed)
        if shown == WORLDS:
            return
    raise AssertionError(f"only {shown} worlds showed it")
