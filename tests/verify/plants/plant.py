"""A fault that is planted in the engine says when it had an effect.

An answer, a log or a store is another than it would have been.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import Factory, define

import ddbha
from ddbha.api import registry


@define(eq=False)
class Effects:
    """How often a plant made a difference, and how to tell at the end whether it did."""

    count: int = 0
    turn: int = 0
    at_end: list[Callable[[ddbha.World], bool]] = Factory(list)

    def note(self, happened: object = True) -> None:
        """The plant made a difference, if that `happened`."""
        self.count += bool(happened)

    def is_turn(self, every: int) -> bool:
        """True every so many times."""
        self.turn += 1
        return self.turn % every == 0


Install = Callable[[pytest.MonkeyPatch, Effects], None]


def answering(patch: pytest.MonkeyPatch, name: str, change: Callable[[Any, Any, Any], Any]) -> None:
    """Let `change` answer an operation, given the region, the request and who answered it before."""
    before = registry.find("dynamodb", name)

    def answer(region: Any, request: Any) -> Any:
        return change(region, request, before)

    patch.setitem(registry._OPERATIONS, ("dynamodb", name), answer)


def copied(value: Any) -> Any:
    """A copy of an item that no change of the other one reaches."""
    if isinstance(value, dict):
        return {name: copied(member) for name, member in value.items()}
    return list(value) if isinstance(value, list) else value
