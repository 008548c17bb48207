"""What passes over one connection, byte by byte, however the endpoint reads HTTP."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from ddbha import ManualClock, World
from ddbha.server.app import Endpoint
from tests.building import on_demand
from tests.server.asking import HEADERS

LIST = b"DynamoDB_20120810.ListTables"
PUT = b"DynamoDB_20120810.PutItem"
SCAN = b"DynamoDB_20120810.Scan"
SIGNED = b"".join(f"{name}: {value}\r\n".encode() for name, value in HEADERS.items())


@pytest.fixture(scope="module")
def served(protocol: str) -> Iterator[tuple[World, str]]:
    world = World(clock=ManualClock("2026-01-01T00:00:00Z"))
    with world.serve() as url:
        yield world, url


@pytest.fixture
def world(served: tuple[World, str]) -> World:
    world, _ = served
    world.reset()
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="orders", **on_demand("pk"))
    return world


class Connection:
    """A socket, and the answers that come in."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port or 0), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def send(self, *segments: bytes) -> None:
        for segment in segments:
            self._socket.sendall(segment)

    def answer(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        while b"\r\n\r\n" not in self._received:
            self._read()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
        length = int(headers.get("content-length", 0)) if has_body else 0
        while len(self._received) < length:
            self._read()
        body, self._received = self._received[:length], self._received[length:]
        return int(line.split(" ")[1]), headers, body

    def json(self) -> Any:
        return json.loads(self.answer()[2])

    def line(self) -> bytes:
        while b"\r\n\r\n" not in self._received:
            self._read()
        line, _, self._received = self._received.partition(b"\r\n\r\n")
        return line

    def rest(self) -> bytes:
        """What still comes before the server closes the connection."""
        try:
            while received := self._socket.recv(65536):
                self._received += received
        except ConnectionResetError:
            pass
        return self._received

    def _read(self) -> None:
        received = self._socket.recv(65536)
        assert received, f"the connection ended after {self._received!r}"
        self._received += received

    def close(self) -> None:
        self._socket.close()


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    connection = Connection(url)
    yield connection
    connection.close()


@pytest.fixture
def connection(world: World, served: tuple[World, str]) -> Iterator[Connection]:
    with connected(served[1]) as connection:
        yield connection


def asked(
    target: bytes = LIST, body: bytes = b"{}", *more: bytes, line: bytes = b"POST / HTTP/1.1"
) -> bytes:
    lines = [line, b"Host: localhost", b"X-Amz-Target: " + target, *more]
    if not any(header.lower().startswith(b"transfer-encoding") for header in more):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n" + SIGNED + b"\r\n" + body


def put(key: str) -> bytes:
    return json.dumps({"TableName": "orders", "Item": {"pk": {"S": key}}}).encode()


def keys(world: World) -> list[str]:
    client = world.client("dynamodb", region_name="us-east-1")
    return sorted(item["pk"]["S"] for item in client.scan(TableName="orders")["Items"])


def test_a_request_in_pieces(connection: Connection) -> None:
    whole = asked()
    for size in (1, 7, 100, len(whole) - 2, len(whole)):
        connection.send(*(whole[start : start + size] for start in range(0, len(whole), size)))
        assert connection.json() == {"TableNames": ["orders"]}


def test_requests_that_do_not_wait_are_answered_in_order(connection: Connection) -> None:
    page = b"GET /console/menu HTTP/1.1\r\nHost: localhost\r\n\r\n"
    health = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    wrong = asked(b"DynamoDB_20120810.Nothing")
    connection.send(asked() + page + asked() + health + wrong + asked()[:50])
    connection.send(asked()[50:] + asked())
    assert connection.json() == {"TableNames": ["orders"]}
    assert "faults" in connection.json()
    assert connection.json() == {"TableNames": ["orders"]}
    assert connection.answer()[2].startswith(b"healthy")
    assert connection.json() == {"__type": "com.amazon.coral.service#UnknownOperationException"}
    assert [connection.json() for _ in range(2)] == [{"TableNames": ["orders"]}] * 2


def test_a_body_in_chunks(connection: Connection) -> None:
    for trailer in (b"", b"X-More: 1\r\n"):
        chunks = b"1\r\n{\r\n1;what=ever\r\n}\r\n0\r\n" + trailer + b"\r\n"
        connection.send(asked(LIST, chunks, b"Transfer-Encoding: chunked"))
        assert connection.json() == {"TableNames": ["orders"]}


def test_a_client_that_asks_whether_it_may_go_on(connection: Connection) -> None:
    whole = asked(LIST, b"{}", b"Expect: 100-continue")
    connection.send(whole[:-2])
    assert connection.line().startswith(b"HTTP/1.1 100 ")
    connection.send(b"{}")
    assert connection.json() == {"TableNames": ["orders"]}


def test_a_client_that_would_rather_speak_another_protocol(connection: Connection) -> None:
    # As the HTTP client of Java does at its first request.
    upgrade = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAEAAEAA")
    connection.send(asked(LIST, b"{}", *upgrade))
    assert connection.json() == {"TableNames": ["orders"]}
    connection.send(asked())
    assert connection.json() == {"TableNames": ["orders"]}


def test_only_the_head_of_an_answer(connection: Connection) -> None:
    connection.send(asked(LIST, b"", line=b"HEAD / HTTP/1.1"))
    status, headers, _ = connection.answer(has_body=False)
    assert (status, headers["content-length"]) == (404, "29")
    connection.send(asked())
    assert connection.json() == {"TableNames": ["orders"]}


@pytest.mark.parametrize(
    ("line", "more"),
    [(b"POST / HTTP/1.1", [b"Connection: close"]), (b"POST / HTTP/1.0", [])],
    ids=["close", "1.0"],
)
def test_a_connection_for_one_request(connection: Connection, line: bytes, more: list[bytes]) -> None:
    connection.send(asked(LIST, b"{}", *more, line=line))
    status, headers, body = connection.answer()
    assert (status, headers["connection"], body) == (200, "close", b'{"TableNames":["orders"]}')
    assert connection.rest() == b""


def test_what_is_no_http(connection: Connection) -> None:
    connection.send(b"\x16\x03\x01 nonsense\r\n\r\n")
    assert connection.answer()[0] == 400
    connection.rest()


def test_a_header_that_is_too_long(connection: Connection) -> None:
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        connection.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Long: ", *[b"x" * 65536] * 100_000)


def test_endless_trailers(connection: Connection) -> None:
    request = asked(LIST, b"2\r\n{}\r\n0\r\n", b"Transfer-Encoding: chunked")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        connection.send(request, *[b"X-More: " + b"x" * 60_000 + b"\r\n"] * 100_000)


def test_a_client_that_leaves_within_a_request(world: World, served: tuple[World, str]) -> None:
    with connected(served[1]) as leaving:
        leaving.send(asked(PUT, put("lost"))[:-1])
    with connected(served[1]) as other:
        other.send(asked(PUT, put("kept")))
        assert other.json() == {}
    assert keys(world) == ["kept"]


def test_after_a_lost_answer_nothing_is_done(world: World, connection: Connection) -> None:
    world.faults.timeout(operation="PutItem", after_commit=True, times=1)
    connection.send(asked(PUT, put("1")) + asked(PUT, put("2")))
    assert connection.rest() == b""
    assert keys(world) == ["1"]


def test_a_packed_body_that_is_too_large_ends_the_connection(connection: Connection) -> None:
    packed = gzip.compress(b" " * (16 * 1024 * 1024 + 1))
    connection.send(asked(LIST, packed, b"Content-Encoding: gzip"))
    status, headers, body = connection.answer()
    assert (status, headers["connection"], body) == (413, "close", b"")
    assert connection.rest() == b""


def test_a_foreign_page_ends_its_connection(world: World, connection: Connection) -> None:
    connection.send(asked(PUT, put("1"), b"Origin: https://evil.example"))
    status, headers, _ = connection.answer()
    assert (status, headers["connection"]) == (403, "close")
    assert connection.rest() == b""
    assert keys(world) == []


def test_a_client_that_is_slow_to_read(world: World, connection: Connection) -> None:
    client = world.client("dynamodb", region_name="us-east-1")
    item = {"pk": {"S": "large"}, "text": {"S": "x" * 300_000}}
    client.put_item(TableName="orders", Item=item)
    # More than the buffers of both sides hold.
    connection.send(asked(SCAN, b'{"TableName":"orders"}') * 100)
    for _ in range(100):
        assert connection.json()["Items"] == [item]


def test_a_defect_is_an_answer_and_the_end_of_the_connection(
    monkeypatch: pytest.MonkeyPatch, connection: Connection
) -> None:
    def fail(*_: Any) -> Any:
        raise LookupError("a defect")

    monkeypatch.setattr(Endpoint, "respond", fail)
    connection.send(asked())
    assert connection.answer()[0] == 500
    connection.rest()
