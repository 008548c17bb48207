"""What holds for every test."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


class _Defects(logging.Handler):
    """Keeps what the engine says of its own failures."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


@pytest.fixture(autouse=True)
def defects() -> Iterator[list[str]]:
    """A request that makes the engine fail is answered with a 500, and fails the test that sent it."""
    handler = _Defects()
    logger = logging.getLogger("ddbha.engine")
    logger.addHandler(handler)
    yield handler.said
    logger.removeHandler(handler)
    assert not handler.said, "\n".join(handler.said)
