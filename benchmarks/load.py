"""Many clients at once, as bytes on sockets: a process of its own, so light that it measures the server.

`python benchmarks/load.py HOST PORT CLIENTS SECONDS < REQUEST` sends a request over and over, and
prints how many answers came a second.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
from time import perf_counter
from typing import Any

_HEADERS = """\
Accept-Encoding: identity
Content-Type: application/x-amz-json-1.0
User-Agent: Boto3/1.44.8 md/Botocore#1.44.8 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.7
X-Amz-Date: 20260101T000000Z
Authorization: AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/dynamodb/aws4_request, \
SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=0123456789abcdef0123456789abcdef
amz-sdk-invocation-id: 01234567-89ab-cdef-0123-456789abcdef
amz-sdk-request: attempt=1
"""


def signed(operation: str, params: dict[str, Any]) -> bytes:
    """A request as boto3 sends it."""
    body = json.dumps(params)
    target = f"Host: 127.0.0.1\nX-Amz-Target: DynamoDB_20120810.{operation}\n"
    head = f"POST / HTTP/1.1\n{target}{_HEADERS}Content-Length: {len(body)}\n\n"
    return (head.replace("\n", "\r\n") + body).encode()


def load(host: str, port: int, request: bytes, clients: int, seconds: float) -> float:
    """Answers a second that so many clients get, each of which waits for one before it asks again.

    Raises `RuntimeError` for an answer other than 200.
    """
    selector = selectors.DefaultSelector()
    for _ in range(clients):
        client = socket.create_connection((host, port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(client, selectors.EVENT_READ, [b""])
        client.sendall(request)
    answered, began = 0, perf_counter()
    while (now := perf_counter()) - began < seconds:
        for ready, _ in selector.select(1):
            client, held = ready.fileobj, ready.data
            assert isinstance(client, socket.socket)
            held[0] += client.recv(65536)
            if _is_whole(held[0]):
                held[0] = b""
                client.sendall(request)
                answered += 1
    for ready in list(selector.get_map().values()):
        assert isinstance(ready.fileobj, socket.socket)
        ready.fileobj.close()
    return answered / (now - began)


def _is_whole(answer: bytes) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the server answered {answer!r}")
    length = head.lower().partition(b"content-length: ")[2]
    return len(body) == int(length.partition(b"\r\n")[0])


if __name__ == "__main__":
    _, host, port, clients, seconds = sys.argv
    print(load(host, int(port), sys.stdin.buffer.read(), int(clients), float(seconds)))
