from __future__ import annotations

from typing import Any

import pytest

from ddbha.boto import clients
from ddbha.clock import ManualClock
from ddbha.world import World


class Recorded(World):
    """A world that notes what reaches it, and first raises what it is told to."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
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


@pytest.fixture
def world() -> Recorded:
    return Recorded(clock=ManualClock("2026-01-01T00:00:00Z"))


@pytest.fixture
def client(world: Recorded) -> Any:
    return clients.client(world, "dynamodb")


@pytest.fixture
def table(client: Any, world: Recorded) -> str:
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    world.calls.clear()
    return "orders"


@pytest.fixture(autouse=True)
def no_aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No credentials, no region, no files: whoever asks AWS or the machine is found out."""
    import os

    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture(autouse=True)
def no_network_and_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("nothing here may sleep or reach for the network")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("time.sleep", lambda seconds: None if seconds == 0 else refuse())
