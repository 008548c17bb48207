"""A world as an HTTP endpoint, for programs that are not Python or not in this process.

What it needs beside ddbha, Starlette and uvicorn, is imported when an endpoint is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from ddbha.engine import Engine
from ddbha.errors import UsageError

#: Who is let in: programs of this machine only.
LOOPBACK = "127.0.0.1"


def serve(
    engine: Engine,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    allow_hosts: Iterable[str] = (),
    allow_origins: Iterable[str] = (),
) -> AbstractContextManager[str]:
    """As `World.serve`."""
    serving = _serving()
    doors = serving.Doors.of(allow_hosts, allow_origins)
    opened: AbstractContextManager[str] = serving.in_thread(engine, host, port, doors)
    return opened


def run(
    engine: Engine,
    *,
    host: str = LOOPBACK,
    port: int = 8000,
    allow_hosts: Iterable[str] = (),
    allow_origins: Iterable[str] = (),
) -> None:
    """Serve the world from this thread until the process is asked to end; errors as for `serve`."""
    serving = _serving()
    serving.in_foreground(engine, host, port, serving.Doors.of(allow_hosts, allow_origins))


def _serving() -> Any:
    try:
        from ddbha.server import serving
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] not in ("starlette", "uvicorn"):
            raise
        raise UsageError(
            "An HTTP endpoint needs Starlette and uvicorn: pip install 'ddbha[server]'"
        ) from missing
    return serving
