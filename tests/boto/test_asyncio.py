"""aiobotocore and aioboto3 under a mock."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

aioboto3: Any = pytest.importorskip("aioboto3")
from aiobotocore.client import AioBaseClient  # noqa: E402
from aiobotocore.config import AioConfig  # noqa: E402
from aiobotocore.session import AioSession  # noqa: E402

from ddbha import errors  # noqa: E402
from ddbha.clock import ManualClock, Timings  # noqa: E402
from ddbha.testing.mock import mock  # noqa: E402
from tests.building import on_demand  # noqa: E402

pytestmark = pytest.mark.asyncio

TABLE: Any = {"TableName": "orders", **on_demand("pk")}


@pytest.fixture(autouse=True)
def nothing_leaks() -> Any:
    names = ("_make_api_call", "get_waiter")
    before = [vars(AioBaseClient)[name] for name in names], vars(AioSession)["_create_client"]
    yield
    assert ([vars(AioBaseClient)[name] for name in names], vars(AioSession)["_create_client"]) == before


def connect(**options: Any) -> Any:
    return AioSession().create_client("dynamodb", region_name="us-east-1", **options)


async def test_items_come_back() -> None:
    with mock() as world:
        async with connect() as client:
            await client.create_table(**TABLE)
            item = {"pk": {"S": "a"}, "b": {"B": bytearray(b"x")}}
            await client.put_item(TableName="orders", Item=item)
            answer = await client.get_item(TableName="orders", Key={"pk": {"S": "a"}})
        assert answer["Item"] == {"pk": {"S": "a"}, "b": {"B": b"x"}}
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert world.client("dynamodb").list_tables()["TableNames"] == ["orders"]


async def test_clients_made_before_are_served_and_let_go() -> None:
    keys = {"aws_access_key_id": "111122223333", "aws_secret_access_key": "x"}
    async with connect(**keys) as client:
        with mock() as world:
            await client.create_table(**TABLE)
            assert world.client("dynamodb").list_tables()["TableNames"] == []
            other = world.client("dynamodb", account_id="111122223333")
            assert other.list_tables()["TableNames"] == ["orders"]
        assert "_ddbha_transports" not in vars(client)


async def test_resources_of_aioboto3() -> None:
    with mock():
        async with aioboto3.Session().resource("dynamodb", region_name="us-east-1") as resource:
            table = await resource.create_table(**TABLE)
            await table.wait_until_exists()
            await table.put_item(Item={"pk": "a", "n": 1})
            assert (await table.get_item(Key={"pk": "a"}))["Item"] == {"pk": "a", "n": 1}


async def test_errors_are_those_of_the_client() -> None:
    with mock():
        async with connect() as client:
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                await client.describe_table(TableName="none")


async def test_handlers_may_be_coroutines() -> None:
    seen: list[str] = []
    events = ["provide-client-params", "before-call", "before-send", "needs-retry", "after-call"]

    async def note(event_name: str, **_: Any) -> None:
        await asyncio.sleep(0)
        seen.append(event_name.split(".")[0])

    with mock():
        async with connect() as client:
            for event in events:
                client.meta.events.register(event, note)
            await client.list_tables()
    assert seen == events


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
async def test_back_off_is_on_the_worlds_clock(world: Any, mode: str) -> None:
    with mock(world):
        before = world.clock.time()
        world.outcomes = [errors.ThrottlingException("slow"), errors.NoAnswer("read_timeout")]
        async with connect(config=AioConfig(retries={"mode": mode, "total_max_attempts": 5})) as client:
            answer = await client.list_tables()
        assert answer["ResponseMetadata"]["RetryAttempts"] == 2
        assert world.clock.time() > before


async def test_waiters_wait_on_the_worlds_clock() -> None:
    clock = ManualClock()
    with mock(clock=clock, timings=Timings.aws()):
        async with connect() as client:
            before = clock.time()
            await client.create_table(**TABLE)
            await client.get_waiter("table_exists").wait(TableName="orders")
            assert clock.time() == before + 20


async def test_paginators_page() -> None:
    with mock():
        async with connect() as client:
            await client.create_table(**TABLE)
            await client.create_table(**{**TABLE, "TableName": "second"})
            paginator = client.get_paginator("list_tables")
            pages = [page async for page in paginator.paginate(PaginationConfig={"PageSize": 1})]
    assert [name for page in pages for name in page["TableNames"]] == ["orders", "second"]


async def test_other_tasks_run_during_a_call() -> None:
    order: list[str] = []

    async def work(name: str, client: Any) -> None:
        for _ in range(2):
            await client.list_tables()
            order.append(name)

    with mock():
        async with connect() as client:
            await asyncio.gather(work("a", client), work("b", client))
    assert order == ["a", "b", "a", "b"]


LATE_IMPORT = """
import asyncio, sys
import ddbha.testing.mock
with ddbha.testing.mock.mock():
    assert "aiobotocore" not in sys.modules
    from aiobotocore.session import AioSession
    async def main():
        async with AioSession().create_client("dynamodb", region_name="us-east-1") as client:
            return (await client.list_tables())["TableNames"]
    assert asyncio.run(main()) == []
from aiobotocore.client import AioBaseClient
assert "ddbha" not in AioBaseClient._make_api_call.__code__.co_filename
"""


async def test_aiobotocore_may_be_imported_inside() -> None:
    done = subprocess.run([sys.executable, "-c", LATE_IMPORT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
