"""A world as an HTTP endpoint, for programs that are not Python or not in this process.

What it needs beside ddbha, Starlette and uvicorn, is imported when an endpoint is opened.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ddbha.errors import UsageError

if TYPE_CHECKING:
    from ddbha.world import World

#: Who is let in: programs of this machine only.
LOOPBACK = "127.0.0.1"


def serve(world: World, *, host: str = LOOPBACK, port: int = 0) -> AbstractContextManager[str]:
    """The world as an HTTP endpoint, in a thread of its own, for as long as the context is open.

    The context's value is the endpoint's URL.  Port 0 is any free one.  Credentials are not checked, so
    mind who can reach `host`.  Raises `UsageError` if ddbha[server] is not installed, or if the address
    cannot be had.
    """
    opened: AbstractContextManager[str] = _serving().in_thread(world, host, port)
    return opened


def run(world: World, *, host: str = LOOPBACK, port: int = 8000) -> None:
    """Serve the world from this thread until the process is asked to end; errors as for `serve`."""
    _serving().in_foreground(world, host, port)


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
