"""HTTP requests to the ASGI application of a world, without a socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from attrs import frozen
from starlette.types import ASGIApp

from ddbha import World
from ddbha.server.app import application
from ddbha.server.doors import Doors

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-target, Signature=0"
)
#: The headers of a request as an SDK sends it.
HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-date": "20260101T000000Z",
    "authorization": AUTHORIZATION,
}


@frozen
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


def ask(
    world: World,
    method: str,
    target: str = "/",
    *,
    headers: dict[str, str],
    body: bytes = b"",
    chunks: int = 1,
    doors: Doors | None = None,
    address: str = "127.0.0.1",
    endpoint: ASGIApp | None = None,
) -> Answer:
    """Send one request, its body in so many `chunks`, to an endpoint at an address, by that name.

    Without an `endpoint` it is one that nobody asked before.
    """
    if "host" not in headers:
        headers = {"host": f"{address}:8000", **headers}
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "server": (address, 8000),
        "client": ("127.0.0.1", 50000),
    }
    step = -(-len(body) // chunks) or 1
    parts = [body[start : start + step] for start in range(0, len(body), step)] or [b""]
    incoming: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": index + 1 < len(parts)}
        for index, part in enumerate(parts)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    async def answered() -> None:
        await (endpoint or application(world.engine, doors))(scope, receive, send)

    asyncio.run(answered())
    start, *contents = sent
    received = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], received, b"".join(message["body"] for message in contents))


def call(world: World, operation: str, request: Any, **headers: str) -> Answer:
    """Call an operation, of DynamoDB unless its name says otherwise, as an SDK would."""
    target = operation if "." in operation else f"DynamoDB_20120810.{operation}"
    all_headers = {**HEADERS, "x-amz-target": target}
    all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return ask(world, "POST", headers=all_headers, body=body)
