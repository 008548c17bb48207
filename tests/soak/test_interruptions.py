"""Every deed struck at every step of ddbha that it takes: `make soak`."""

from __future__ import annotations

import os

import pytest

from tests.interrupting import OTHERS, WRITES, Deed, by_signal, strike_everywhere

FIRST = int(os.environ.get("DDBHA_FIRST_SEED", "0"))


@pytest.mark.parametrize("deed", [*WRITES, *OTHERS], ids=lambda deed: deed.name)
def test_all_or_nothing(deed: Deed) -> None:
    strike_everywhere(FIRST, deed, by_signal)
