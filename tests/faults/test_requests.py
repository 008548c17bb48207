"""Errors, lost answers and partial batches, as a client of botocore meets them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)

import ddbha
from ddbha.errors import DdbhaError, UnknownPlaceError, UsageError
from ddbha.faults.requests import LostAs
from tests.building import on_demand

ITEM: Any = {"id": {"S": "1"}}


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


def client_of(world: ddbha.World, attempts: int = 1) -> Any:
    config = Config(retries={"mode": "standard", "total_max_attempts": attempts})
    return world.client("dynamodb", region_name="us-east-1", config=config)


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = client_of(world)
    for name in ("orders", "other"):
        client.create_table(TableName=name, **on_demand("id"))
    return client


def count(client: Any, table: str = "orders") -> int:
    return int(client.scan(TableName=table, ConsistentRead=True)["Count"])


def test_throttles_are_retried_on_the_clock_of_the_world(world: ddbha.World, client: Any) -> None:
    world.faults.error("ThrottlingException", operation="PutItem", table="orders", times=2)
    before = world.clock.time()
    answer = client_of(world, attempts=3).put_item(TableName="orders", Item=ITEM)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert world.clock.time() > before
    client.put_item(TableName="other", Item=ITEM)


def test_an_error_before_the_commit_leaves_nothing_and_one_after_it_leaves_the_write(
    world: ddbha.World, client: Any
) -> None:
    for after_commit, left in ((False, 0), (True, 1)):
        with world.faults.error("InternalServerError", operation="PutItem", after_commit=after_commit):
            with pytest.raises(ClientError) as caught:
                client.put_item(TableName="orders", Item=ITEM)
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
            assert count(client) == left
    client.put_item(TableName="orders", Item={"id": {"S": "2"}})
    world.verify()


def test_a_retry_after_a_lost_answer_meets_its_own_write(world: ddbha.World, client: Any) -> None:
    world.faults.timeout(operation="PutItem", after_commit=True, times=1)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        client_of(world, attempts=2).put_item(
            TableName="orders", Item=ITEM, ConditionExpression="attribute_not_exists(id)"
        )
    assert count(client) == 1


def test_a_lost_answer_raises_what_botocore_raises(world: ddbha.World, client: Any) -> None:
    with world.faults.timeout(operation="PutItem"), pytest.raises(ReadTimeoutError):
        client.put_item(TableName="orders", Item=ITEM)
    with world.faults.timeout(kind="endpoint_connection"), pytest.raises(EndpointConnectionError):
        client.list_tables()
    assert count(client) == 0


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [("read_timeout", 7), ("connect_timeout", 3), ("endpoint_connection", 0), ("connection_closed", 0)],
)
def test_a_client_waits_for_as_long_as_it_is_configured(
    world: ddbha.World, kind: LostAs, seconds: float
) -> None:
    config = Config(connect_timeout=3, read_timeout=7, retries={"total_max_attempts": 1})
    client = world.client("dynamodb", region_name="us-east-1", config=config)
    began = world.clock.time()
    with world.faults.timeout(kind=kind), pytest.raises((ConnectionError, HTTPClientError)):
        client.list_tables()
    assert world.clock.time() - began == seconds


def test_a_region_that_is_out_costs_a_client_its_time_and_a_fault_may_end_meanwhile(
    world: ddbha.World,
) -> None:
    client = client_of(world, 2)
    # 60 s are botocore's default.
    began = world.clock.time()
    world.faults.region_outage("us-east-1", shows="timeouts", duration=50)
    assert client.list_tables()["ResponseMetadata"]["RetryAttempts"] == 1
    assert 60 <= world.clock.time() - began < 90


def test_what_a_batch_did_not_do_comes_back(world: ddbha.World, client: Any) -> None:
    puts = [{"PutRequest": {"Item": {"id": {"S": str(number)}}}} for number in range(12)]
    world.faults.partial_batch(operation="BatchWriteItem", keep=10, times=1)
    answer = client.batch_write_item(RequestItems={"orders": puts[:6], "other": puts[6:]})
    assert answer["UnprocessedItems"] == {"other": puts[10:]}
    assert (count(client), count(client, "other")) == (6, 4)
    assert not client.batch_write_item(RequestItems=answer["UnprocessedItems"])["UnprocessedItems"]
    keys = [{"id": {"S": str(number)}} for number in range(6)]
    world.faults.partial_batch(operation="BatchGetItem", keep=1, times=1)
    answer = client.batch_get_item(RequestItems={"orders": {"Keys": keys, "ConsistentRead": True}})
    assert answer["UnprocessedKeys"] == {"orders": {"Keys": keys[1:], "ConsistentRead": True}}
    assert answer["Responses"] == {"orders": keys[:1]}


def test_faults_choose_by_request_and_by_seed(world: ddbha.World, client: Any) -> None:
    world.faults.error(
        "InternalServerError", when=lambda request: request.get("Item", {}).get("id") == {"S": "7"}
    )
    outcomes = []
    for number in range(10):
        try:
            client.put_item(TableName="orders", Item={"id": {"S": str(number)}})
            outcomes.append(True)
        except ClientError:
            outcomes.append(False)
    assert [number for number, done in enumerate(outcomes) if not done] == [7]
    world.faults.end_all()

    def run(seed: int) -> list[int]:
        world = ddbha.World(seed=seed, clock=ddbha.ManualClock())
        seeded = client_of(world)
        world.faults.error("ThrottlingException", operation="ListTables", probability=0.5)
        hit = []
        for number in range(20):
            try:
                seeded.list_tables()
            except ClientError:
                hit.append(number)
        return hit

    assert run(1) == run(1)
    assert 0 < len(run(1)) < 20


def test_faults_compose_and_are_scheduled(world: ddbha.World, client: Any) -> None:
    puts = [{"PutRequest": {"Item": {"id": {"S": str(number)}}}} for number in range(4)]
    world.faults.partial_batch(keep=2)
    world.faults.error("InternalServerError", operation="BatchWriteItem", after=10, duration=5)
    answer = client.batch_write_item(RequestItems={"orders": puts})
    assert len(answer["UnprocessedItems"]["orders"]) == 2
    world.clock.advance(seconds=10)
    with pytest.raises(ClientError, match="InternalServerError"):
        client.batch_write_item(RequestItems={"orders": puts})
    world.clock.advance(seconds=5)
    assert client.batch_write_item(RequestItems={"orders": puts[2:]})["UnprocessedItems"] == {}


def test_misuse_says_what_is_possible(world: ddbha.World, client: Any) -> None:
    with pytest.raises(UsageError, match="ThrottlingException"):
        world.faults.error("Throttling")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="Did you mean PutItem"):
        world.faults.error("ThrottlingException", operation="put_item")  # type: ignore[arg-type]
    with pytest.raises(UnknownPlaceError, match="Tables: orders, other"):
        world.faults.error("ThrottlingException", table="orderz")
    with pytest.raises(UsageError, match="never arrives"):
        world.faults.timeout(kind="connect_timeout", after_commit=True)
    with pytest.raises(UsageError, match="is none of read_timeout"):
        world.faults.timeout(kind="late")  # type: ignore[arg-type]
    with pytest.raises(DdbhaError, match="at least 1"):
        world.faults.partial_batch(keep=0)
    with pytest.raises(UsageError, match="between 0 and 1"):
        world.faults.error("ThrottlingException", probability=2)
    assert not world.faults.active
