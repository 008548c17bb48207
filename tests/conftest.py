"""What holds for every test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from ddbha.observe.events import KINDS, Timeline


class _Defects(logging.Handler):
    """Keeps what the engine says of its own failures."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


@pytest.fixture(autouse=True, scope="session")
def known_kinds() -> Iterator[None]:
    """Whatever happens is of a kind that one can ask the timeline for."""
    add = Timeline.add

    def checked(self: Timeline, time: float, kind: str, region: str, **details: Any) -> None:
        assert kind in KINDS, f"{kind} is missing in KINDS"
        add(self, time, kind, region, **details)

    Timeline.add = checked  # type: ignore[method-assign]
    yield
    Timeline.add = add  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def defects() -> Iterator[list[str]]:
    """A request that makes the engine fail is answered with a 500, and fails the test that sent it."""
    handler = _Defects()
    logger = logging.getLogger("ddbha.engine")
    logger.addHandler(handler)
    yield handler.said
    logger.removeHandler(handler)
    assert not handler.said, "\n".join(handler.said)
