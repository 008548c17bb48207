from __future__ import annotations

from typing import Any

import pytest

from ddbha.clock import ManualClock
from ddbha.engine import Engine
from ddbha.settings import Settings
from ddbha.world import World
from tests.building import on_demand
from tests.sealed import no_aws_environment, no_network_and_no_waiting  # noqa: F401


class RecordedEngine(Engine):
    """An engine that notes what reaches it, and first raises what it is told to."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.calls: list[tuple[str, str, dict[str, Any], Any]] = []
        self.outcomes: list[Exception | None] = []

    def call(
        self, service: str, operation: str, params: dict[str, Any], caller: Any, **more: Any
    ) -> dict[str, Any]:
        self.calls.append((service, operation, params, caller))
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome
        return super().call(service, operation, params, caller, **more)


class Recorded(World):
    """A world on such an engine."""

    engine: RecordedEngine

    def _new_engine(self, settings: Settings) -> RecordedEngine:
        return RecordedEngine(settings)

    @property
    def calls(self) -> list[tuple[str, str, dict[str, Any], Any]]:
        return self.engine.calls

    @property
    def outcomes(self) -> list[Exception | None]:
        return self.engine.outcomes

    @outcomes.setter
    def outcomes(self, outcomes: list[Exception | None]) -> None:
        self.engine.outcomes = outcomes


@pytest.fixture
def world() -> Recorded:
    return Recorded(clock=ManualClock("2026-01-01T00:00:00Z"))


@pytest.fixture
def client(world: Recorded) -> Any:
    return world.client("dynamodb")


@pytest.fixture
def table(client: Any, world: Recorded) -> str:
    client.create_table(TableName="orders", **on_demand("pk"))
    world.calls.clear()
    return "orders"
