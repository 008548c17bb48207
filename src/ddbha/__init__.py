"""DynamoDB inside the test process, with high availability simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbha.clock import Clock, ManualClock, SystemClock, Timings
from ddbha.errors import AwsError, DdbhaError
from ddbha.testing.mock import mock
from ddbha.world import World

if TYPE_CHECKING:
    from ddbha.testing.exploration import explore
    from ddbha.testing.rehearsal import rehearse

__all__ = [
    "AwsError",
    "Clock",
    "DdbhaError",
    "ManualClock",
    "SystemClock",
    "Timings",
    "World",
    "explore",
    "mock",
    "rehearse",
]


def __getattr__(name: str) -> Any:
    # Only those who explore or rehearse pay for the import.
    if name == "explore":
        from ddbha.testing.exploration import explore

        return explore
    if name == "rehearse":
        from ddbha.testing.rehearsal import rehearse

        return rehearse
    raise AttributeError(f"module 'ddbha' has no attribute {name!r}")
