"""The checker raises no alarm in worlds of an engine that works; `make soak` looks at many more."""

from __future__ import annotations

import pytest

from tests.verify.clean_worlds import KINDS


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_no_alarm(kind: str, seed: int) -> None:
    KINDS[kind](seed).verify()
