"""The checker raises no alarm in worlds of an engine that works; `make soak` looks at many more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import ddbha
from tests.verify.clean_worlds import one_region, two_regions


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", [one_region, two_regions])
def test_no_alarm(kind: Callable[[int], ddbha.World], seed: int) -> None:
    kind(seed).verify()
