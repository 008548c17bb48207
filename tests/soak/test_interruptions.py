"""Every deed struck at every step of ddbha that it takes: `make soak`."""

from __future__ import annotations

import os

import pytest

from tests.interrupting import FOLLOWING, OTHERS, WRITES, Deed, by_signal, by_thread, strike_everywhere

FIRST = int(os.environ.get("DDBHA_FIRST_SEED", "0"))


@pytest.mark.parametrize("deed", [*WRITES, *FOLLOWING, *OTHERS], ids=lambda deed: deed.name)
def test_all_or_nothing(deed: Deed) -> None:
    strike_everywhere(FIRST, deed, by_signal)


@pytest.mark.parametrize("deed", [*WRITES, *FOLLOWING], ids=lambda deed: deed.name)
def test_what_another_thread_raises(deed: Deed) -> None:
    strike_everywhere(FIRST, deed, by_thread)
