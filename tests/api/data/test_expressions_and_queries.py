"""Conditional writes, updates, queries and scans through a real client, after the developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NAMES = [f"item-{number:03}" for number in range(30)]


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def client(world: ddbha.World) -> DynamoDBClient:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind}  # type: ignore[typeddict-item]
            for name, kind in (("pk", "S"), ("sk", "S"), ("rank", "N"), ("colour", "S"))
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
        LocalSecondaryIndexes=[index_on("by-rank", "pk", "rank", projection="KEYS_ONLY")],
        GlobalSecondaryIndexes=[index_on("by-colour", "colour")],
    )
    for number, name in enumerate(NAMES):
        item: Any = {"pk": {"S": "a"}, "sk": {"S": name}, "rank": {"N": str(-number)}}
        if number % 3 == 0:
            item["colour"] = {"S": "red"}
        client.put_item(TableName="tab", Item=item)
    return client


def sort_keys(answer: Any) -> list[str]:
    return [item["sk"]["S"] for item in answer["Items"]]


def test_a_conditional_put_is_refused_and_shows_the_item(client: DynamoDBClient) -> None:
    key: Any = {"pk": {"S": "a"}, "sk": {"S": NAMES[1]}}
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.put_item(
            TableName="tab",
            Item=key,
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Error"]["Message"] == "The conditional request failed"
    assert caught.value.response["Item"] == {**key, "rank": {"N": "-1"}}  # type: ignore[typeddict-item]


def test_update_returns_what_was_asked_for(client: DynamoDBClient) -> None:
    key: Any = {"pk": {"S": "new"}, "sk": {"S": "x"}}
    arguments: Any = {
        "TableName": "tab",
        "Key": key,
        "UpdateExpression": "ADD visits :one SET #n = :n",
        "ExpressionAttributeNames": {"#n": "name"},
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":n": {"S": "ann"}},
    }
    assert "Attributes" not in client.update_item(**arguments)
    answer = client.update_item(**arguments, ReturnValues="UPDATED_NEW")
    assert answer["Attributes"] == {"visits": {"N": "2"}, "name": {"S": "ann"}}
    answer = client.update_item(**arguments, ReturnValues="ALL_OLD")
    assert answer["Attributes"] == {**key, "visits": {"N": "2"}, "name": {"S": "ann"}}
    with pytest.raises(ClientError, match="This attribute is part of the key"):
        client.update_item(
            TableName="tab",
            Key=key,
            UpdateExpression="SET pk = :p",
            ExpressionAttributeValues={":p": {"S": "p"}},
        )


@pytest.mark.parametrize("consistent", [False, True])
def test_query_ranges_directions_and_pages(client: DynamoDBClient, consistent: bool) -> None:
    def names(condition: str, **more: Any) -> list[str]:
        paginator = client.get_paginator("query")
        pages = paginator.paginate(
            TableName="tab",
            KeyConditionExpression=f"pk = :a AND {condition}",
            ConsistentRead=consistent,
            PaginationConfig={"PageSize": 4},
            **more,
        )
        return [name for page in pages for name in sort_keys(page)]

    one: Any = {":a": {"S": "a"}, ":x": {"S": NAMES[10]}}
    two: Any = {**one, ":y": {"S": NAMES[20]}}
    assert names("sk < :x", ExpressionAttributeValues=one) == NAMES[:10]
    assert names("sk >= :x", ExpressionAttributeValues=one, ScanIndexForward=False) == NAMES[:9:-1]
    assert names("sk BETWEEN :x AND :y", ExpressionAttributeValues=two) == NAMES[10:21]
    prefix: Any = {":a": {"S": "a"}, ":x": {"S": "item-01"}}
    assert names("begins_with(sk, :x)", ExpressionAttributeValues=prefix) == NAMES[10:20]


def test_local_and_global_indexes(client: DynamoDBClient, world: ddbha.World) -> None:
    answer = client.query(
        TableName="tab",
        IndexName="by-rank",
        KeyConditionExpression="pk = :a",
        ExpressionAttributeValues={":a": {"S": "a"}},
    )
    assert sort_keys(answer) == NAMES[::-1]
    red: Any = {
        "TableName": "tab",
        "IndexName": "by-colour",
        "KeyConditionExpression": "colour = :c",
        "ExpressionAttributeValues": {":c": {"S": "red"}},
    }
    assert sorted(sort_keys(client.query(**red))) == NAMES[::3]
    client.update_item(
        TableName="tab", Key={"pk": {"S": "a"}, "sk": {"S": NAMES[0]}}, UpdateExpression="REMOVE colour"
    )
    with world.faults.zone_outage("us-east-1b"):
        assert sorted(sort_keys(client.query(**red))) == NAMES[3::3]
    with pytest.raises(ClientError, match="Consistent reads are not supported"):
        client.query(**red, ConsistentRead=True)
    world.verify()


def test_filters_are_applied_after_the_limit(client: DynamoDBClient) -> None:
    answer = client.query(
        TableName="tab",
        KeyConditionExpression="pk = :a",
        FilterExpression="attribute_exists(colour)",
        ProjectionExpression="sk",
        ExpressionAttributeValues={":a": {"S": "a"}},
        Limit=5,
    )
    assert answer["Items"] == [{"sk": {"S": NAMES[0]}}, {"sk": {"S": NAMES[3]}}]
    assert (answer["Count"], answer["ScannedCount"]) == (2, 5)
    assert answer["LastEvaluatedKey"] == {"pk": {"S": "a"}, "sk": {"S": NAMES[4]}}


def test_a_last_evaluated_key_is_no_part_of_the_items(client: DynamoDBClient) -> None:
    client.put_item(TableName="tab", Item={"pk": {"S": "own"}, "sk": {"S": "x"}})
    answer = client.query(
        TableName="tab",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "own"}},
        Limit=1,
    )
    answer["Items"][0]["sk"]["S"] = "changed"
    assert answer["LastEvaluatedKey"] == {"pk": {"S": "own"}, "sk": {"S": "x"}}


def test_segments_of_a_scan_return_each_item_once(client: DynamoDBClient) -> None:
    for number in range(40):
        client.put_item(TableName="tab", Item={"pk": {"S": str(number)}, "sk": {"S": str(number)}})
    found: list[str] = []
    for segment in range(4):
        pages = client.get_paginator("scan").paginate(
            TableName="tab", Segment=segment, TotalSegments=4, PaginationConfig={"PageSize": 3}
        )
        found += [name for page in pages for name in sort_keys(page)]
    assert sorted(found) == sorted([*NAMES, *map(str, range(40))])


def test_unused_placeholders_are_refused(client: DynamoDBClient) -> None:
    with pytest.raises(ClientError, match=r"unused in expressions: keys: \{:b\}"):
        client.scan(
            TableName="tab",
            FilterExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":b": {"S": "b"}},
        )


def test_consumed_capacity(client: DynamoDBClient) -> None:
    key: Any = {"pk": {"S": "big"}, "sk": {"S": "x"}}
    item: Any = {**key, "colour": {"S": "blue"}, "pad": {"S": "x" * 4000}}
    wanted: Any = {"TableName": "tab", "ReturnConsumedCapacity": "INDEXES"}
    # 4 KB: four units for the item, and four for its whole entry in the global index.
    assert client.put_item(**wanted, Item=item)["ConsumedCapacity"] == {
        "TableName": "tab",
        "CapacityUnits": 8.0,
        "Table": {"CapacityUnits": 4.0},
        "GlobalSecondaryIndexes": {"by-colour": {"CapacityUnits": 4.0}},
    }
    eventual = client.get_item(**wanted, Key=key)["ConsumedCapacity"]
    strong = client.get_item(**wanted, Key=key, ConsistentRead=True)["ConsumedCapacity"]
    assert (eventual["CapacityUnits"], strong["CapacityUnits"]) == (0.5, 1.0)
    total = client.scan(TableName="tab", ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    # About 4 KB and thirty small items, rounded up once for the page.
    assert total == {"TableName": "tab", "CapacityUnits": 1.0}
