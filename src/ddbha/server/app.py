"""The HTTP side of an endpoint, an ASGI application.

What AWS answers beside the operations, to a health check, a browser's preflight or a method it does not
have, is as seen from https://dynamodb.us-east-1.amazonaws.com.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Mapping, Sequence
from email.utils import formatdate
from functools import lru_cache
from io import BytesIO
from math import floor
from urllib.parse import parse_qsl

from attrs import define
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ddbha.boto.clients import default_region
from ddbha.engine import Engine
from ddbha.errors import AwsError, InternalFailure, NoAnswer, SerializationException
from ddbha.server import console
from ddbha.server.doors import ANY, Doorkeeper, Doors
from ddbha.server.faster_json import encoded
from ddbha.server.wire import answer, json_of

#: Bytes of a request's body, as sent and unpacked.
MAXIMUM_BODY = 16 * 1024 * 1024
#: The ASGI extension of a server that can close a connection without an answer.
HANG_UP = "ddbha.hang_up"

_UNKNOWN = b"<UnknownOperationException/>\n"
#: Bytes from which packing an answer is worth it.
_WORTH_PACKING = 1024
#: The headers of an answer that a page of another origin may read.
_EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
#: Seconds that a browser may rely on a preflight.
_PREFLIGHT = "172800"

#: A status, the bytes of a body, and headers.
Response = tuple[int, bytes, dict[str, str]]


def application(engine: Engine, doors: Doors | None = None) -> ASGIApp:
    """The endpoint of a world: its console, and operations at any other path, as AWS answers them.

    Starlette finds the console's pages.  Operations go without it, for it would take longer than they do.
    """
    doors = doors or Doors()
    endpoint = Endpoint(engine, doors)
    pages = Starlette(routes=[*console.routes(engine), Route("/{path:path}", endpoint)])

    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_operation = scope["type"] == "http" and not scope["path"].startswith(console.PATH)
        return (endpoint if is_operation else pages)(scope, receive, send)

    return Doorkeeper(app, doors)


class _TooLarge(Exception):
    """The body has more bytes than AWS takes."""


@define
class Request:
    """What there is to know of a request before its body.  Names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    client: str

    @classmethod
    def of(cls, scope: Scope) -> Request:
        query = scope.get("query_string", b"").decode("latin-1")
        parameters = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        headers, client = headers_of(scope["headers"]), name_of(scope.get("client"))
        return cls(scope["method"], scope["path"], parameters, headers, client)


def name_of(client: tuple[str, int] | None) -> str:
    """The client that has an address: one connection has one request at a time, as a client has."""
    return f"{client[0]}:{client[1]}" if client else ""


def headers_of(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name; of one that is there twice the first counts."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(raw)}


class Endpoint:
    """Answers HTTP requests from a world."""

    def __init__(self, engine: Engine, doors: Doors) -> None:
        self._engine = engine
        self.doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request.

        A lost answer closes the connection, and raises `NoAnswer` where the server cannot do that.
        """
        request = Request.of(scope)
        try:
            body = await _body(receive)
            if body is None:
                return
            status, content, headers = self.respond(request, body)
        except NoAnswer:
            hang_up = scope.get("extensions", {}).get(HANG_UP)
            if hang_up is None:
                raise
            hang_up()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    def respond(self, request: Request, body: bytes) -> Response:
        """What is answered to a request and its body.  Raises `NoAnswer`."""
        try:
            status, content, headers = self._respond(request, body)
        except _TooLarge:
            status, content, headers = 413, b"", {"connection": "close"}
        headers["content-length"] = str(len(content))
        return status, content, headers

    def _respond(self, request: Request, body: bytes) -> Response:
        if len(body) > MAXIMUM_BODY:
            raise _TooLarge
        if request.method == "POST":
            media_type = request.headers.get("content-type", "").partition(";")[0].strip()
            own = json_of(request.headers.get("x-amz-target", ""))
            if not body or media_type in (own, "application/json"):
                status, content = self._answer(request, body)
                answered_type = own if media_type == own else "application/json"
                return self._response(request, status, content, {"content-type": answered_type})
        elif request.method == "OPTIONS" and "origin" in request.headers:
            return self._response(request, 200, b"", _preflight(request.headers))
        elif request.method == "GET" and request.path == "/":
            if "text/html" in request.headers.get("accept", ""):
                way = console.way_here()
                return way.status_code, b"", dict(way.headers)
            health = f"healthy: dynamodb.{default_region()}.amazonaws.com "
            return self._response(request, 200, health.encode(), {})
        return self._response(request, 404, _UNKNOWN, {})

    def _answer(self, request: Request, body: bytes) -> tuple[int, bytes]:
        try:
            body = _unpacked(body, request.headers)
            return 200, answer(self._engine, request.headers, request.query, body, request.client)
        except AwsError as error:
            return error.status, encoded(error.body())

    def _response(self, request: Request, status: int, body: bytes, headers: dict[str, str]) -> Response:
        headers |= {
            "server": "Server",
            "date": _date(floor(self._engine.clock.time())),
            "x-amzn-requestid": self._engine.request_id(),
        }
        origin = request.headers.get("origin")
        if origin is not None and self.doors.trusts(origin):
            headers["access-control-allow-origin"] = ANY if ANY in self.doors.origins else origin
            headers["vary"] = "origin"
            if request.method != "OPTIONS":
                headers["access-control-expose-headers"] = _EXPOSED
        if len(body) >= _WORTH_PACKING and _takes_gzip(request.headers):
            body = gzip.compress(body, mtime=0)
            headers["content-encoding"] = "gzip"
        if body:
            # Of the bytes that travel: clients check it before they unpack.
            headers["x-amz-crc32"] = str(zlib.crc32(body))
        return status, body, headers


async def _body(receive: Receive) -> bytes | None:
    """The body as sent; None if the client left before it was whole.

    One that is too large is read to its end, so that the client hears why, and cut.
    """
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")[: MAXIMUM_BODY + 1 - len(body)]
        more = message.get("more_body", False)
    return bytes(body)


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _unpacked(body: bytes, headers: Mapping[str, str]) -> bytes:
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "deflate"):
        raise SerializationException
    try:
        # A small body may unpack to any size.
        if coding == "gzip":
            unpacked = gzip.GzipFile(fileobj=BytesIO(body)).read(MAXIMUM_BODY + 1)
        else:
            unpacked = _inflated(body)
    except (OSError, EOFError, zlib.error):
        raise InternalFailure from None
    if len(unpacked) > MAXIMUM_BODY:
        raise _TooLarge
    return unpacked


def _inflated(body: bytes) -> bytes:
    """What a deflated body holds, no more than is looked at."""
    inflate = zlib.decompressobj()
    unpacked = inflate.decompress(body, MAXIMUM_BODY + 1)
    if not inflate.eof and len(unpacked) <= MAXIMUM_BODY:
        raise EOFError
    return unpacked


def _takes_gzip(headers: Mapping[str, str]) -> bool:
    for offer in headers.get("accept-encoding", "").split(","):
        coding, _, weight = offer.replace(" ", "").lower().partition(";q=")
        if coding in ("gzip", "*"):
            return weight.strip("0.") != "" or not weight
    return False


def _preflight(headers: Mapping[str, str]) -> dict[str, str]:
    allowed = {"access-control-max-age": _PREFLIGHT}
    for what in ("headers", "method"):
        wanted = headers.get(f"access-control-request-{what}")
        if wanted is not None:
            name = "headers" if what == "headers" else "methods"
            allowed[f"access-control-allow-{name}"] = wanted
    return allowed
