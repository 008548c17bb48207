"""Batches and transactions through a real client, after the API reference and the developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def client(world: ddbha.World) -> DynamoDBClient:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="tab", **on_demand("pk"))
    return client


def everything(client: DynamoDBClient) -> set[str]:
    return {item["pk"]["S"] for item in client.scan(TableName="tab", ConsistentRead=True)["Items"]}


def test_a_batch_is_written_and_read(client: DynamoDBClient, world: ddbha.World) -> None:
    table = world.resource("dynamodb", region_name="us-east-1").Table("tab")
    with table.batch_writer() as batch:
        for number in range(60):
            batch.put_item(Item={"pk": str(number), "n": number})
        batch.delete_item(Key={"pk": "0"})
    assert everything(client) == {str(number) for number in range(1, 60)}
    keys: Any = [{"pk": {"S": str(number)}} for number in range(3)]
    answer = client.batch_get_item(RequestItems={"tab": {"Keys": keys, "ProjectionExpression": "n"}})
    assert sorted(item["n"]["N"] for item in answer["Responses"]["tab"]) == ["1", "2"]
    assert answer["UnprocessedKeys"] == {}


def test_a_batch_with_a_bad_member_writes_nothing(client: DynamoDBClient) -> None:
    good: Any = {"PutRequest": {"Item": {"pk": {"S": "a"}}}}
    bad: Any = {"PutRequest": {"Item": {"pk": {"N": "1"}}}}
    with pytest.raises(ClientError, match="The provided key element does not match the schema"):
        client.batch_write_item(RequestItems={"tab": [good, bad]})
    with pytest.raises(ClientError, match="contains duplicates"):
        client.batch_write_item(RequestItems={"tab": [good, good]})
    assert everything(client) == set()


def put(pk: str, **more: Any) -> Any:
    return {"Put": {"TableName": "tab", "Item": {"pk": {"S": pk}}, **more}}


def test_a_transaction_is_all_or_nothing_with_reasons_in_order(client: DynamoDBClient) -> None:
    client.put_item(TableName="tab", Item={"pk": {"S": "there"}})
    unless_there = put(
        "there",
        ConditionExpression="attribute_not_exists(pk)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[put("a"), unless_there, put("b")])
    response: Any = caught.value.response
    assert [reason["Code"] for reason in response["CancellationReasons"]] == [
        "None",
        "ConditionalCheckFailed",
        "None",
    ]
    assert response["CancellationReasons"][1]["Item"] == {"pk": {"S": "there"}}
    assert response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, None]"
    )
    assert everything(client) == {"there"}
    with pytest.raises(ClientError, match="cannot include multiple operations on one item"):
        client.transact_write_items(TransactItems=[put("a"), put("a")])


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_repeated_token_comes_with_an_equal_request_whatever_the_order_of_its_maps(
    client: DynamoDBClient, size: int
) -> None:
    def ask(item: Any) -> Any:
        puts: Any = [{"Put": {"Item": item, "TableName": "tab"}}]
        return client.transact_write_items(TransactItems=puts, ClientRequestToken="once")

    item: Any = {"pk": {"S": "a"}, "text": {"S": "x" * size}, "data": {"B": b"00"}, "t": {"BOOL": True}}
    ask(item)
    ask(dict(reversed(item.items())))
    changes: list[Any] = [{"text": {"S": "y" * size}}, {"data": {"B": b"01"}}, {"data": {"S": "3030"}}]
    for change in changes:
        with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
            ask({**item, **change})


def test_a_token_makes_a_transaction_idempotent_for_ten_minutes(
    client: DynamoDBClient, world: ddbha.World
) -> None:
    increment: Any = {
        "Update": {
            "TableName": "tab",
            "Key": {"pk": {"S": "counter"}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }

    def counter() -> str:
        get: Any = {"Get": {"TableName": "tab", "Key": {"pk": {"S": "counter"}}}}
        return client.transact_get_items(TransactItems=[get])["Responses"][0]["Item"]["n"]["N"]

    for _ in range(3):
        client.transact_write_items(TransactItems=[increment], ClientRequestToken="once")
    assert counter() == "1"
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        client.transact_write_items(TransactItems=[put("x")], ClientRequestToken="once")
    world.clock.advance(minutes=10)
    client.transact_write_items(TransactItems=[increment], ClientRequestToken="once")
    assert counter() == "2"


def test_a_transaction_without_quorum_leaves_nothing(client: DynamoDBClient, world: ddbha.World) -> None:
    names = [f"item-{number}" for number in range(20)]
    with (
        world.faults.node_outage("us-east-1a", table="tab", partition=2),
        world.faults.node_outage("us-east-1b", table="tab", partition=2),
        pytest.raises(ClientError, match="InternalServerError"),
    ):
        client.transact_write_items(TransactItems=[put(name) for name in names])
    assert everything(client) == set()
    world.verify()
