"""Who may use an endpoint: programs, and no web page that nobody asked in.

What a page can send without being asked first is in
https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS#simple_requests
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from ddbha import World
from ddbha.cli.commands import main
from ddbha.errors import UsageError
from ddbha.server import protocols, serving
from ddbha.server.doors import Doors
from tests.building import on_demand
from tests.server.asking import HEADERS, Answer, ask

DELETE = {**HEADERS, "x-amz-target": "DynamoDB_20120810.DeleteTable"}


@pytest.fixture
def world() -> World:
    world = World()
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="orders", **on_demand("pk"))
    return world


def tables(world: World) -> list[str]:
    return world.client("dynamodb", region_name="us-east-1").list_tables()["TableNames"]


def delete(world: World, *, doors: Doors | None = None, address: str = "127.0.0.1", **by: str) -> Answer:
    body = b'{"TableName": "orders"}'
    return ask(world, "POST", headers={**DELETE, **by}, body=body, doors=doors, address=address)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://localhost:3000"])
def test_pages_of_other_origins_can_do_nothing(world: World, origin: str) -> None:
    for method in ("POST", "OPTIONS", "GET"):
        headers = {**DELETE, "origin": origin, "access-control-request-method": "POST"}
        answer = ask(world, method, headers=headers, body=b'{"TableName": "orders"}')
        assert answer.status == 403
        assert "--allow-origin" in answer.json["message"]
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert tables(world) == ["orders"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8000", "[", "", "a@localhost", "10.0.0.1", "é"]
)
def test_a_loopback_endpoint_has_loopback_names(world: World, host: str) -> None:
    assert delete(world, host=host).status == 403
    assert tables(world) == ["orders"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000"]
)
def test_names_of_the_machine_itself(world: World, host: str) -> None:
    assert delete(world, host=host, origin=f"http://{host}").status == 200


def test_other_addresses_are_called_by_what_they_are(world: World) -> None:
    assert delete(world, address="10.0.0.1", host="db.test:8000").status == 403
    assert delete(world, address="10.0.0.1", host="10.0.0.1:8000").status == 200


def test_what_is_allowed_by_name(world: World) -> None:
    doors = Doors.of(["DB.test"], ["http://localhost:3000"])
    assert delete(world, doors=doors, host="db.test", origin="http://localhost:3001").status == 403
    assert delete(world, doors=doors, host="other.test", origin="http://localhost:3000").status == 403
    answer = delete(world, doors=doors, host="db.test:8000", origin="http://localhost:3000")
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert answer.headers["vary"] == "origin"
    answer = delete(world, doors=Doors.of(["*"], ["*"]), host="any.test", origin="https://a.example")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (400, "*")
    assert "access-control-allow-origin" not in delete(world, doors=doors).headers


@pytest.mark.parametrize("name", ["http://db.test", "", "a/b", "db.test:80", "[", "a@b"])
def test_no_names_of_hosts(name: str) -> None:
    with pytest.raises(UsageError, match="no name of a host"):
        World().serve(allow_hosts=[name])


@pytest.mark.parametrize("origin", ["localhost", "", "http://", "http://a/b", "null"])
def test_no_origins(origin: str) -> None:
    with pytest.raises(UsageError, match="no origin"):
        World().serve(allow_origins=[origin])
    with pytest.raises(UsageError, match="a list"):
        World().serve(allow_origins="http://localhost:3000")


def test_the_command_line_takes_several(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Doors] = []
    monkeypatch.setattr(serving, "in_foreground", lambda *arguments: opened.append(arguments[-1]))
    given = ["--allow-host", "a.test", "--allow-host", "b.test", "--allow-origin", "http://c.test"]
    main(["serve", *given])
    assert opened == [Doors.of(["a.test", "b.test"], ["http://c.test"])]


def test_endpoints_are_discovered_where_one_asked(world: World) -> None:
    headers = {**HEADERS, "x-amz-target": "DynamoDB_20120810.DescribeEndpoints", "host": "localhost:8000"}
    answer = ask(world, "POST", headers=headers, body=b"{}")
    assert answer.json["Endpoints"] == [{"Address": "localhost:8000", "CachePeriodInMinutes": 1440}]


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_headers_that_never_end(protocol: str, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(protocols, "HEADERS_WITHIN", 0.05)
    with World().serve() as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port or 0), timeout=10) as slow:
            slow.sendall(sent)
            assert slow.recv(1) == b""
