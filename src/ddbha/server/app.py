"""The HTTP side of an endpoint, an ASGI application.

What AWS answers beside the operations, to a health check, a browser's preflight or a method it does not
have, is as seen from https://dynamodb.us-east-1.amazonaws.com.
"""

from __future__ import annotations

import gzip
import zlib
from email.utils import formatdate
from io import BytesIO

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ddbha.api.wire.encoding import encoded
from ddbha.boto.clients import default_region
from ddbha.engine import Engine
from ddbha.errors import AwsError, InternalFailure, NoAnswer, SerializationException
from ddbha.server import console
from ddbha.server.doors import ANY, Doorkeeper, Doors
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


def application(engine: Engine, doors: Doors | None = None) -> ASGIApp:
    """The endpoint of a world: its console, and operations at any other path, as AWS answers them."""
    doors = doors or Doors()
    routes = [*console.routes(engine), Route("/{path:path}", Endpoint(engine, doors))]
    return Doorkeeper(Starlette(routes=routes), doors)


class _TooLarge(Exception):
    """The body has more bytes than AWS takes."""


class Endpoint:
    """Answers HTTP requests from a world."""

    def __init__(self, engine: Engine, doors: Doors) -> None:
        self._engine = engine
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request.

        A lost answer closes the connection, and raises `NoAnswer` where the server cannot do that.
        """
        request = Request(scope, receive)
        try:
            response = self._respond(request, await _body(request))
        except ClientDisconnect:
            return
        except _TooLarge:
            response = Response(status_code=413, headers={"connection": "close"})
        except NoAnswer:
            hang_up = scope.get("extensions", {}).get(HANG_UP)
            if hang_up is None:
                raise
            hang_up()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await response(scope, receive, send)

    def _respond(self, request: Request, body: bytes) -> Response:
        if request.method == "OPTIONS" and "origin" in request.headers:
            return self._response(request, 200, b"", **_preflight(request.headers))
        if request.method == "GET" and request.url.path == "/":
            if "text/html" in request.headers.get("accept", ""):
                return console.way_here()
            health = f"healthy: dynamodb.{default_region()}.amazonaws.com "
            return self._response(request, 200, health.encode())
        media_type = request.headers.get("content-type", "").partition(";")[0].strip()
        own = json_of(request.headers.get("x-amz-target", ""))
        if request.method != "POST" or (body and media_type not in (own, "application/json")):
            return self._response(request, 404, _UNKNOWN)
        status, content = self._answer(request, body)
        answered_type = own if media_type == own else "application/json"
        return self._response(request, status, content, **{"content-type": answered_type})

    def _answer(self, request: Request, body: bytes) -> tuple[int, bytes]:
        try:
            body = _unpacked(body, request.headers)
            # One connection has one request at a time, as a client has.
            client = "" if request.client is None else f"{request.client.host}:{request.client.port}"
            return 200, answer(self._engine, request.headers, request.query_params, body, client)
        except AwsError as error:
            return error.status, encoded(error.body())

    def _response(self, request: Request, status: int, body: bytes, **headers: str) -> Response:
        headers |= {
            "server": "Server",
            "date": formatdate(self._engine.clock.time(), usegmt=True),
            "x-amzn-requestid": self._engine.request_id(),
        }
        origin = request.headers.get("origin")
        if origin is not None and self._doors.trusts(origin):
            headers["access-control-allow-origin"] = ANY if ANY in self._doors.origins else origin
            headers["vary"] = "origin"
            if request.method != "OPTIONS":
                headers["access-control-expose-headers"] = _EXPOSED
        if len(body) >= _WORTH_PACKING and _takes_gzip(request.headers):
            body = gzip.compress(body, mtime=0)
            headers["content-encoding"] = "gzip"
        if body:
            # Of the bytes that travel: clients check it before they unpack.
            headers["x-amz-crc32"] = str(zlib.crc32(body))
        return Response(body, status, headers)


async def _body(request: Request) -> bytes:
    """The body as sent; one that is too large is read to its end, so that the client hears why."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAXIMUM_BODY:
            chunks.append(chunk)
    if size > MAXIMUM_BODY:
        raise _TooLarge
    return b"".join(chunks)


def _unpacked(body: bytes, headers: Headers) -> bytes:
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


def _takes_gzip(headers: Headers) -> bool:
    for offer in headers.get("accept-encoding", "").split(","):
        coding, _, weight = offer.replace(" ", "").lower().partition(";q=")
        if coding in ("gzip", "*"):
            return weight.strip("0.") != "" or not weight
    return False


def _preflight(headers: Headers) -> dict[str, str]:
    allowed = {"access-control-max-age": _PREFLIGHT}
    for what in ("headers", "method"):
        wanted = headers.get(f"access-control-request-{what}")
        if wanted is not None:
            name = "headers" if what == "headers" else "methods"
            allowed[f"access-control-allow-{name}"] = wanted
    return allowed
