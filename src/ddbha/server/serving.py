"""uvicorn, in a thread of its own or in the foreground."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from ddbha.engine import Engine
from ddbha.errors import UsageError
from ddbha.server import console
from ddbha.server.app import HANG_UP, application
from ddbha.server.doors import Doors, is_loopback

#: Seconds that a connection may be idle; clients reuse them, and meet a closed one as an error.
_KEEP_ALIVE = 60
#: Seconds that requests may still take when the server ends.
_GRACE = 5
#: Seconds that the headers of a request may take.
HEADERS_WITHIN = 20.0


class _Protocol(H11Protocol):
    """HTTP with a way to close the connection instead of answering."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app: Any = self._with_hang_up(self.app)
        self._awaited: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._awaited is not None:
            self._awaited.cancel()

    def _await_headers(self) -> None:
        """Close the connection if a request that is due or has begun does not get to its body in time."""
        if self.conn.their_state is not h11.IDLE:
            if self._awaited is not None:
                self._awaited.cancel()
                self._awaited = None
        elif self._awaited is None:
            self._awaited = self.loop.call_later(HEADERS_WITHIN, self.transport.close)

    def _with_hang_up(self, app: Any) -> ASGIApp:
        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[HANG_UP] = self.transport.close
            await app(scope, receive, send)

        return call


class _Server(uvicorn.Server):
    """Tells when it takes requests, or never will."""

    def __init__(self, engine: Engine, doors: Doors) -> None:
        super().__init__(
            uvicorn.Config(
                application(engine, doors),
                http=_Protocol,
                ws="none",
                loop="asyncio",
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
