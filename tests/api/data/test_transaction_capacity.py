"""Consumed capacity of transactions.

Arithmetic of the developer guide (read-write-operations.html, transaction-apis.html); members as in
answers of AWS on record: rusoto issue 1919 (writes with an index), ExtendDB issue 77 (reads), and the
conformance notes of dynoxide pull requests 123 and 188 (condition checks and repeated tokens).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def client() -> DynamoDBClient:
    client = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb", region_name="us-east-1")
    for name in ("my-table", "other"):
        client.create_table(
            TableName=name,
            **on_demand("pk", more=["colour"]),
            GlobalSecondaryIndexes=[index_on("gsi1", "colour")],
        )
    return client


def put(key: str, size: int = 0, table: str = "my-table", **more: Any) -> Any:
    return {"Put": {"TableName": table, "Item": {"pk": {"S": key}, "d": {"S": "x" * size}, **more}}}


def get(key: str) -> Any:
    return {"Get": {"TableName": "my-table", "Key": {"pk": {"S": key}}}}


def test_writes_cost_twice_and_index_entries_once(client: DynamoDBClient) -> None:
    colour: Any = {"colour": {"S": "red"}}
    puts = [put("a", **colour), put("b", **colour), put("c")]
    answer = client.transact_write_items(TransactItems=puts, ReturnConsumedCapacity="INDEXES")
    assert answer["ConsumedCapacity"] == [
        {
            "TableName": "my-table",
            "CapacityUnits": 8.0,
            "WriteCapacityUnits": 8.0,
            "Table": {"CapacityUnits": 6.0, "WriteCapacityUnits": 6.0},
            "GlobalSecondaryIndexes": {"gsi1": {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}},
        }
    ]


def test_tables_are_listed_each_with_its_own(client: DynamoDBClient) -> None:
    answer = client.transact_write_items(
        TransactItems=[put("a", 1500), put("a", table="other")], ReturnConsumedCapacity="TOTAL"
    )
    assert answer["ConsumedCapacity"] == [
        {"TableName": "my-table", "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0},
        {"TableName": "other", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0},
    ]
    assert "ConsumedCapacity" not in client.transact_write_items(TransactItems=[put("b")])


def test_checks_and_deletions_cost_what_the_item_weighs(client: DynamoDBClient) -> None:
    client.put_item(TableName="my-table", Item=put("a", 2500)["Put"]["Item"])
    client.put_item(TableName="other", Item=put("a", 2500)["Put"]["Item"])
    key = {"pk": {"S": "a"}}
    answer = client.transact_write_items(
        TransactItems=[
            {"Delete": {"TableName": "my-table", "Key": key}},
            {
                "ConditionCheck": {
                    "TableName": "other",
                    "Key": key,
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert [used["WriteCapacityUnits"] for used in answer["ConsumedCapacity"]] == [6.0, 6.0]


def test_a_repeated_token_consumes_reads(client: DynamoDBClient) -> None:
    request: Any = {"TransactItems": [put("a", 9000)], "ClientRequestToken": "token"}
    first = client.transact_write_items(**request, ReturnConsumedCapacity="TOTAL")
    assert first["ConsumedCapacity"] == [
        {"TableName": "my-table", "CapacityUnits": 18.0, "WriteCapacityUnits": 18.0}
    ]
    client.delete_item(TableName="my-table", Key={"pk": {"S": "a"}})
    again = client.transact_write_items(**request, ReturnConsumedCapacity="INDEXES")
    assert again["ConsumedCapacity"] == [
        {
            "TableName": "my-table",
            "CapacityUnits": 6.0,
            "ReadCapacityUnits": 6.0,
            "Table": {"CapacityUnits": 6.0, "ReadCapacityUnits": 6.0},
        }
    ]
    assert "ConsumedCapacity" not in client.transact_write_items(**request)
    assert client.scan(TableName="my-table")["Count"] == 0
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        client.transact_write_items(TransactItems=[put("b")], ClientRequestToken="token")


def test_reads_cost_twice_found_or_not(client: DynamoDBClient) -> None:
    client.put_item(TableName="my-table", Item=put("a")["Put"]["Item"])
    client.put_item(TableName="my-table", Item=put("big", 5000)["Put"]["Item"])
    answer = client.transact_get_items(
        TransactItems=[get("a"), get("missing")], ReturnConsumedCapacity="INDEXES"
    )
    assert answer["ConsumedCapacity"] == [
        {
            "TableName": "my-table",
            "CapacityUnits": 4.0,
            "ReadCapacityUnits": 4.0,
            "Table": {"CapacityUnits": 4.0, "ReadCapacityUnits": 4.0},
        }
    ]
    answer = client.transact_get_items(TransactItems=[get("big")], ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [
        {"TableName": "my-table", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}
    ]
    assert "ConsumedCapacity" not in client.transact_get_items(TransactItems=[get("a")])
