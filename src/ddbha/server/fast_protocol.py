"""HTTP as httptools reads it, where that is installed."""

from __future__ import annotations

import asyncio
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ddbha.errors import NoAnswer
from ddbha.server.app import Endpoint, Request, headers_of, name_of
from ddbha.server.protocols import Bounded, Plain

#: Bytes that a request may have around its body before they are understood; h11 has the same limit.
LONGEST_HEADERS = 64 * 1024
#: Digits of the length of a body that fits into memory without a second thought.
_DIGITS = 7

#: What follows the last answer of a connection, or is for h11 to answer.
_UNHEARD = Request("", "", {}, {}, "")
_FAILED = {"content-type": "text/plain; charset=utf-8", "connection": "close", "content-length": "21"}


class Fast(Bounded, HttpToolsProtocol):
    """Answers at once what SDKs send; whatever is not ordinary goes through uvicorn and ASGI.

    The task, the events and the messages that ASGI wants for a request take longer than most operations
    do, and there is nothing to wait for: the answer is made in memory.
    """

    def __init__(self, *args: Any, endpoint: Endpoint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._endpoint = endpoint
        # Bytes that came since something of a request was understood.
        self._unread = 0
        self._in_body = False
        # What is being received, if it is ordinary.
        self._request: Request | None = None
        self._body: list[bytes] = []
        self._is_last = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._client = name_of(self.client)

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as ended:
            self._hand_over(data[ended.args[0] :])
            return
        except HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
            return
        self.await_headers(self._unread > 0 and not self._in_body)
        if self._unread > LONGEST_HEADERS and not self.transport.is_closing():
            self.send_400_response("The headers of the request are too long.")

    def on_headers_complete(self) -> None:
        self._unread, self._in_body = 0, True
        is_ours = not (self.transport.is_closing() or self.parser.should_upgrade())
        self._request = self._ordinary() if is_ours else _UNHEARD
        if self._request is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        if self._request is None:
            super().on_body(body)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        self._unread, self._in_body = 0, False
        if self._request is None:
            super().on_message_complete()
        else:
            request, body = self._request, b"".join(self._body)
            self._request, self._body = None, []
            self._answer(request, body)

    def shutdown(self) -> None:
        if self._request is None:
            super().shutdown()
        self._is_last = True

    def _ordinary(self) -> Request | None:
        """The request if it is one of an SDK and the next to be answered."""
        if (
            self.url != b"/"
            or self.parser.get_method() != b"POST"
            or self.parser.get_http_version() != "1.1"
            or not self.parser.should_keep_alive()
            or self.expect_100_continue
            # The client does not take in what it was told, or an earlier answer is under way.
            or self.flow.write_paused
            or not (self.cycle is None or self.cycle.response_complete)
        ):
            return None
        headers = headers_of(self.headers)
        address = None if self.server is None else self.server[0]
        length = headers.get("content-length", "")
        if not length or len(length) > _DIGITS or self._endpoint.doors.refusal(headers, address):
            return None
        return Request("POST", "/", {}, headers, self._client)

    def _answer(self, request: Request, body: bytes) -> None:
        if request is _UNHEARD:
            return
        try:
            status, content, headers = self._endpoint.respond(request, body)
        except NoAnswer:
            self.transport.close()
            return
        except Exception as error:
            self.logger.error("The endpoint failed to answer", exc_info=error)
            status, content, headers = 500, b"Internal Server Error", _FAILED
        if self._is_last:
            headers = {**headers, "connection": "close"}
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        self.transport.write(STATUS_LINE[status] + lines.encode("latin-1") + b"\r\n" + content)
        if "connection" in headers:
            self.transport.close()
        else:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _hand_over(self, rest: bytes) -> None:
        """Let h11 go on with a request for another protocol: httptools does not read the body of one.

        As any server may, the endpoint answers it in the protocol that it speaks.
        """
        self.connections.discard(self)
        self.await_headers(False)
        if not (self.cycle is None or self.cycle.response_complete):
            # Nobody sends it behind a request that is not answered yet.
            self.transport.close()
        if self.transport.is_closing():
            return
        line = b"%b %b HTTP/%b" % (
            self.parser.get_method(),
            self.url,
            self.parser.get_http_version().encode(),
        )
        lines = [line, *(b"%b: %b" % header for header in self.headers)]
        plain = Plain(self.config, self.server_state, self.app_state, self.loop)
        self.transport.set_protocol(plain)
        plain.connection_made(self.transport)
        plain.data_received(b"\r\n".join(lines) + b"\r\n\r\n" + rest)
