"""uvicorn's protocols with bounds, and with a way to hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from ddbha.server.app import HANG_UP

#: Seconds that the headers of a request may take.
HEADERS_WITHIN = 20.0


class Bounded(asyncio.Protocol):
    """What is the same however HTTP is read; goes before uvicorn's class."""

    app: Any
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = self._with_hang_up(self.app)
        self._awaited: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.await_headers(True)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.await_headers(False)

    def await_headers(self, due: bool) -> None:
        """Close the connection if a request that is due or has begun does not get to its body in time."""
        if due and self._awaited is None:
            self._awaited = self.loop.call_later(HEADERS_WITHIN, self.transport.close)
        elif self._awaited is not None and not due:
            self._awaited.cancel()
            self._awaited = None

    def _with_hang_up(self, app: ASGIApp) -> ASGIApp:
        def call(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            scope.setdefault("extensions", {})[HANG_UP] = self.transport.close
            return app(scope, receive, send)

        return call


class Plain(Bounded, H11Protocol):
    """HTTP as h11 reads it, which is Python only."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.await_headers(self.conn.their_state is h11.IDLE)
