"""uvicorn, in a thread of its own or in the foreground."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from typing import Any

import uvicorn

from ddbha.engine import Engine
from ddbha.errors import UsageError
from ddbha.server import console
from ddbha.server.app import Endpoint, application
from ddbha.server.doors import Doors, is_loopback
from ddbha.server.protocols import Plain

#: Seconds that a connection may be idle; clients reuse them, and meet a closed one as an error.
_KEEP_ALIVE = 60
#: Seconds that requests may still take when the server ends.
_GRACE = 5


def _is_installed(package: str) -> bool:
    return find_spec(package) is not None


def _protocol(endpoint: Endpoint) -> Any:
    """How HTTP is read and answered with the packages that there are."""
    if not _is_installed("httptools"):
        return Plain
    from ddbha.server.fast_protocol import Fast

    return partial(Fast, endpoint=endpoint)


class _Server(uvicorn.Server):
    """Tells when it takes requests, or never will."""

    def __init__(self, engine: Engine, doors: Doors) -> None:
        super().__init__(
            uvicorn.Config(
                application(engine, doors),
                http=_protocol(Endpoint(engine, doors)),
                ws="none",
                loop="uvloop" if _is_installed("uvloop") else "asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.is_up.set()


@contextmanager
def in_thread(engine: Engine, host: str, port: int, doors: Doors) -> Iterator[str]:
    """A world's endpoint for as long as the context is open; its value is the URL."""
    server, listening = _Server(engine, doors), _listen(host, port)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="ddbha endpoint", daemon=True
    )
    with listening:
        thread.start()
        server.is_up.wait()
        try:
            yield _url(host, listening)
        finally:
            server.should_exit = True
            thread.join()


def in_foreground(engine: Engine, host: str, port: int, doors: Doors) -> None:
    """Serve until interrupted."""
    with _listen(host, port) as listening:
        print(_welcome(engine, host, _url(host, listening)), flush=True)
        # The way to end it, not a failure.
        with suppress(KeyboardInterrupt):
            _Server(engine, doors).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UsageError(
            f"Nothing can be served at {host} port {port}: {error.strerror or error}. "
            "Name another port, or port 0 for any free one."
        ) from error
    # Else the body of an answer, sent after its headers, waits 40 ms for the client's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _url(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _welcome(engine: Engine, host: str, url: str) -> str:
    if is_loopback(host):
        reach = "Only programs on this machine reach it."
    else:
        reach = "Programs on other machines may reach it, and no credentials are checked."
    return (
        f"DynamoDB and DynamoDB Streams at {url}, seed {engine.settings.seed}. {reach} Ctrl+C ends it.\n"
        f"  aws dynamodb list-tables --endpoint-url {url}\n"
        f"  The console that shows the world and breaks it: {url}{console.PATH}/"
    )
