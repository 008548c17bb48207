"""Faults that are planted in the engine are found; `make soak` looks for each in many more worlds."""

from __future__ import annotations

import pytest

from tests.verify.planted import PLANTS

#: Some of the faults, each with a world that shows it.
SHOWN = {
    "condition that always holds": 1,
    "count that counts twice": 0,
    "batch that drops": 0,
    "half a transaction": 0,
    "token that is ignored": 0,
    "page of an index that skips": 1,
    "filter that lets through": 0,
    "page in disorder": 0,
    "split that loses": 0,
    "expiry too early": 0,
    "shipment that is lost": 0,
    "last writer loses": 0,
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_fault_that_is_planted_is_found(name: str) -> None:
    assert PLANTS[name].had_effect(SHOWN[name])
