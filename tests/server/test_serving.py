"""Endpoints with a socket: boto3 through HTTP, connections, threads, addresses, the command line."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from ddbha import ManualClock, World
from ddbha.cli.commands import main
from ddbha.errors import UsageError
from tests.building import on_demand
from tests.server.asking import HEADERS

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def endpoint(protocol: str) -> Iterator[tuple[World, str]]:
    world = World(clock=ManualClock("2026-01-01T00:00:00Z"))
    with world.serve() as url:
        yield world, url


@pytest.fixture
def world(endpoint: tuple[World, str]) -> Iterator[World]:
    yield endpoint[0]
    endpoint[0].reset()


@pytest.fixture
def url(endpoint: tuple[World, str]) -> str:
    return endpoint[1]


def connect(url: str, service: str = "dynamodb", **options: Any) -> Any:
    credentials = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    return boto3.client(
        service,  # type: ignore[call-overload]
        **{"endpoint_url": url, "region_name": "eu-west-1", **credentials, **options},
    )


def create(client: Any, **parameters: Any) -> None:
    client.create_table(TableName="orders", **on_demand("pk"), **parameters)


def test_boto3_reads_and_writes(world: World, url: str) -> None:
    client = connect(url)
    create(client)
    client.get_waiter("table_exists").wait(TableName="orders")
    item = {"pk": {"S": "a"}, "b": {"B": b"\x00\xff"}, "s": {"BS": [b"1", b"2"]}, "n": {"N": "1.5"}}
    client.put_item(TableName="orders", Item=item)
    assert client.get_item(TableName="orders", Key={"pk": {"S": "a"}})["Item"] == item
    updated = client.update_item(
        TableName="orders",
        Key={"pk": {"S": "a"}},
        UpdateExpression="SET n = n + :one REMOVE s",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="ALL_NEW",
    )
    assert updated["Attributes"] == {"pk": {"S": "a"}, "b": {"B": b"\x00\xff"}, "n": {"N": "2.5"}}
    client.delete_item(TableName="orders", Key={"pk": {"S": "a"}})
    assert "Item" not in client.get_item(TableName="orders", Key={"pk": {"S": "a"}})
    table = client.describe_table(TableName="orders")["Table"]
    assert table["CreationDateTime"].timestamp() == world.clock.time()
    assert world.table("orders", region="eu-west-1").status == "ACTIVE"


def test_boto3_raises_what_it_raises_in_process(world: World, url: str) -> None:
    over_http, in_process = connect(url), world.client("dynamodb", region_name="eu-west-1")
    create(over_http)
    item = {"pk": {"S": "a"}, "b": {"B": b"\x00\xff"}}
    over_http.put_item(TableName="orders", Item=item)
    put = {
        "TableName": "orders",
        "Item": item,
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    calls: list[tuple[str, dict[str, Any]]] = [
        ("put_item", put),
        ("transact_write_items", {"TransactItems": [{"Put": put}]}),
        ("describe_table", {"TableName": "nowhere"}),
        ("scan", {"TableName": "orders", "FilterExpression": "("}),
    ]
    for method, parameters in calls:
        raised = []
        for client in (over_http, in_process):
            with pytest.raises(ClientError) as caught:
                getattr(client, method)(**parameters)
            raised.append(caught.value)
        remote, local = raised
        assert type(remote).__name__ == type(local).__name__
        said = [{**error.response, "ResponseMetadata": None} for error in raised]
        assert said[0] == said[1]
        assert (
            remote.response["ResponseMetadata"]["HTTPStatusCode"]
            == local.response["ResponseMetadata"]["HTTPStatusCode"]
        )


def test_boto3_pages_and_streams(world: World, url: str) -> None:
    client, streams = connect(url), connect(url, "dynamodbstreams")
    create(client, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    items = [{"pk": {"S": str(number)}, "b": {"B": bytes([number])}} for number in range(10)]
    client.batch_write_item(RequestItems={"orders": [{"PutRequest": {"Item": item}} for item in items]})
    pages = list(client.get_paginator("scan").paginate(TableName="orders", Limit=4))
    assert len(pages) == 3
    (stream,) = streams.list_streams(TableName="orders")["Streams"]
    arn = stream["StreamArn"]
    found: list[Any] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        found += streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    images = [record["dynamodb"]["NewImage"] for record in found]
    assert sorted(images, key=lambda image: image["pk"]["S"]) == items
    times = {record["dynamodb"]["ApproximateCreationDateTime"].timestamp() for record in found}
    assert times == {world.clock.time()}


def test_a_lost_answer_closes_the_connection(world: World, url: str) -> None:
    client = connect(url, config=ONCE)
    create(client)
    put = {"TableName": "orders", "Item": {"pk": {"S": "a"}}}
    world.faults.timeout(operation="PutItem", after_commit=True, times=1)
    with pytest.raises(ConnectionClosedError):
        client.put_item(**put)
    # Committed nevertheless, and the next attempt of a client that does retry is answered.
    assert client.get_item(TableName="orders", Key=put["Item"])["Item"] == put["Item"]
    world.faults.timeout(operation="PutItem", times=1)
    retried = connect(url).put_item(**put)
    assert retried["ResponseMetadata"]["RetryAttempts"] == 1


def test_requests_come_from_many_threads(protocol: str) -> None:
    world = World(history=True)
    key = {"pk": {"S": "counter"}}
    with world.serve() as url:
        client = connect(url, config=Config(max_pool_connections=8))
        create(client)

        def count(_: int) -> None:
            client.update_item(
                TableName="orders",
                Key=key,
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(count, range(64)))
        # The world is shared with clients in the process.
        local = world.client("dynamodb", region_name="eu-west-1")
        assert local.get_item(TableName="orders", Key=key)["Item"]["n"] == {"N": "64"}
    counted = [call for call in world.history.calls if call.operation == "UpdateItem"]
    assert len(counted) == 64
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+", call.client) for call in counted)
    world.verify()


def test_one_connection_takes_many_requests(world: World, url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    headers = {**HEADERS, "X-Amz-Target": "DynamoDB_20120810.ListTables"}
    opened = None
    for _ in range(3):
        connection.request("POST", "/", b"{}", headers)
        assert connection.getresponse().read() == b'{"TableNames":[]}'
        opened = opened or connection.sock
        assert connection.sock is opened
    connection.close()


def test_a_body_that_is_too_large_is_refused_with_an_answer(world: World, url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("POST", "/", b" " * (16 * 1024 * 1024 + 1), HEADERS)
    response = connection.getresponse()
    assert (response.status, response.read()) == (413, b"")
    connection.close()


def test_when_the_context_ends_nobody_listens(protocol: str) -> None:
    world = World()
    with world.serve() as url:
        client = connect(url)
        create(client)
    address = urlsplit(url)
    assert address.hostname == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port or 0))
    assert world.table("orders", region="eu-west-1").status == "ACTIVE"


def test_an_address_that_cannot_be_had() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(UsageError, match=f"127.0.0.1 port {port}: .*port 0"),
            World().serve(port=port),
        ):
            pass


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    for name in [name for name in sys.modules if name.startswith("ddbha.server.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("ddbha.server.serving", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match=re.escape("pip install 'ddbha[server]'")):
        World().serve()


def test_importing_ddbha_loads_no_server() -> None:
    code = (
        "import sys, ddbha, ddbha.cli.commands; ddbha.World();"
        "sys.exit(bool({'starlette', 'uvicorn', 'anyio'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# -- The command line ----------------------------------------------------------------------------------


def test_ddbha_serve() -> None:
    command = [sys.executable, "-m", "ddbha", "serve", "--port", "0", "--seed", "7", "--clock", "manual"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        first, second, third = (server.stdout.readline() for _ in range(3))
        found = re.search(r"at (http://127\.0\.0\.1:\d+), seed 7\. Only programs on this machine", first)
        assert found is not None
        assert second.strip() == f"aws dynamodb list-tables --endpoint-url {found[1]}"
        assert third.strip().endswith(f"{found[1]}/console/")
        client = connect(found[1])
        create(client)
        made = client.describe_table(TableName="orders")["Table"]["CreationDateTime"]
        assert made.timestamp() == ManualClock().time()
        os.kill(server.pid, signal.SIGINT)
    assert server.returncode == 0


def test_ddbha_serve_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            main(["serve", "--port", str(port)])
    assert ended.value.code == 1
    assert f"ddbha: Nothing can be served at 127.0.0.1 port {port}" in capsys.readouterr().err


def test_an_endpoint_for_other_machines_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets=None: None)
    main(["serve", "--host", "0.0.0.0", "--port", "0"])
    assert "other machines may reach it, and no credentials are checked" in capsys.readouterr().out


def test_requests_are_waited_for_by_the_fastest_loop_that_is_installed(protocol: str) -> None:
    loops: set[str] = set()

    class Noting(ManualClock):
        def time(self) -> float:
            with suppress(RuntimeError):
                loops.add(type(asyncio.get_running_loop()).__module__)
            return super().time()

    with World(clock=Noting()).serve() as url:
        connect(url).list_tables()
    has_uvloop = find_spec("uvloop") is not None and protocol == "fast"
    assert {name.partition(".")[0] for name in loops} == {"uvloop" if has_uvloop else "asyncio"}
