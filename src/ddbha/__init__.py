"""DynamoDB inside the test process, with high availability simulated."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddbha.clock import Clock, ManualClock, SystemClock, Timings
    from ddbha.errors import AwsError, DdbhaError
    from ddbha.testing.exploration import explore
    from ddbha.testing.mock import mock
    from ddbha.testing.rehearsal import rehearse
    from ddbha.world import World

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

_HOMES = {
    "AwsError": "ddbha.errors",
    "Clock": "ddbha.clock",
    "DdbhaError": "ddbha.errors",
    "ManualClock": "ddbha.clock",
    "SystemClock": "ddbha.clock",
    "Timings": "ddbha.clock",
    "World": "ddbha.world",
    "explore": "ddbha.testing.exploration",
    "mock": "ddbha.testing.mock",
    "rehearse": "ddbha.testing.rehearsal",
}


def __getattr__(name: str) -> Any:
    # Whoever imports ddbha, such as a module of tests that are not run, pays for what is used of it.
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
        globals()[name] = found
        return found
    if not name.startswith("_") and find_spec(f"{__name__}.{name}"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
