"""Nothing that a caller passed or was given is shared with the world: changing it changes no answer."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from ddbha.api.registry import Caller
from tests.building import index_on, on_demand

KEY: dict[str, Any] = {"pk": {"S": "a"}}
ITEM: dict[str, Any] = {**KEY, "kind": {"S": "k"}, "m": {"M": {"l": {"L": [{"N": "1"}, {"SS": ["x"]}]}}}}
TABLE: dict[str, Any] = {
    "TableName": "orders",
    **on_demand("pk", more=["kind"]),
    "GlobalSecondaryIndexes": [index_on("by-kind", "kind")],
    "SSESpecification": {"Enabled": True, "SSEType": "KMS"},
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    "Tags": [{"Key": "team", "Value": "a"}],
}
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
POLICY = '{"Version": "2012-10-17", "Statement": []}'
STATEMENTS = [{"Statement": "SELECT * FROM orders WHERE pk = ?", "Parameters": [{"S": "a"}]}]
FAILING = {
    "ConditionExpression": "attribute_not_exists(pk)",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
#: Requests in an order in which each of them finds what it needs.
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("CreateTable", TABLE),
    ("PutItem", {"TableName": "orders", "Item": ITEM, "ReturnConsumedCapacity": "INDEXES"}),
    ("PutItem", {"TableName": "orders", "Item": ITEM, **FAILING}),
    ("PutItem", {"TableName": "orders", "Item": ITEM, "ReturnValues": "ALL_OLD"}),
    (
        "UpdateItem",
        {
            "TableName": "orders",
            "Key": KEY,
            "UpdateExpression": "SET m.l[0] = :v, n = :w",
            "ExpressionAttributeValues": {":v": {"M": {"deep": {"S": "s"}}}, ":w": {"L": [{"S": "t"}]}},
            "ReturnValues": "ALL_NEW",
        },
    ),
    ("UpdateItem", {"TableName": "orders", "Key": KEY, **FAILING}),
    ("GetItem", {"TableName": "orders", "Key": KEY}),
    (
        "Query",
        {
            "TableName": "orders",
            "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
        },
    ),
    ("Scan", {"TableName": "orders", "IndexName": "by-kind", "Limit": 1}),
    ("BatchGetItem", {"RequestItems": {"orders": {"Keys": [KEY]}}}),
    (
        "BatchWriteItem",
        {"RequestItems": {"orders": [{"PutRequest": {"Item": {**ITEM, "pk": {"S": "b"}}}}]}},
    ),
    ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "orders", "Key": KEY}}]}),
    (
        "TransactWriteItems",
        {
            "ClientRequestToken": "token",
            "TransactItems": [{"Put": {"TableName": "orders", "Item": {**ITEM, "pk": {"S": "c"}}}}],
        },
    ),
    (
        "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "orders", "Item": ITEM, **FAILING}}]},
    ),
    ("ExecuteStatement", STATEMENTS[0]),
    ("BatchExecuteStatement", {"Statements": STATEMENTS}),
    ("ExecuteTransaction", {"TransactStatements": STATEMENTS}),
    (
        "UpdateTimeToLive",
        {"TableName": "orders", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}},
    ),
    ("DescribeTimeToLive", {"TableName": "orders"}),
    ("TagResource", {"ResourceArn": ARN, "Tags": [{"Key": "more", "Value": "b"}]}),
    ("ListTagsOfResource", {"ResourceArn": ARN}),
    ("PutResourcePolicy", {"ResourceArn": ARN, "Policy": POLICY}),
    ("GetResourcePolicy", {"ResourceArn": ARN}),
    (
        "UpdateContinuousBackups",
        {"TableName": "orders", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
    ),
    ("DescribeContinuousBackups", {"TableName": "orders"}),
    ("UpdateContributorInsights", {"TableName": "orders", "ContributorInsightsAction": "ENABLE"}),
    ("DescribeContributorInsights", {"TableName": "orders"}),
    ("CreateBackup", {"TableName": "orders", "BackupName": "first"}),
    ("ListBackups", {}),
    (
        "RestoreTableToPointInTime",
        {"SourceTableName": "orders", "TargetTableName": "restored", "UseLatestRestorableTime": True},
    ),
    ("ExportTableToPointInTime", {"TableArn": ARN, "S3Bucket": "bucket", "ClientToken": "one"}),
    ("ListExports", {}),
    (
        "UpdateTable",
        {
            "TableName": "orders",
            "AttributeDefinitions": [{"AttributeName": "n2", "AttributeType": "N"}],
            "GlobalSecondaryIndexUpdates": [{"Create": index_on("by-n", "n2:N")}],
        },
    ),
    ("DescribeTable", {"TableName": "orders"}),
    ("UpdateTable", {"TableName": "orders", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}),
    ("DescribeTable", {"TableName": "orders"}),
    ("ListTables", {}),
    ("DescribeLimits", {}),
    ("DescribeEndpoints", {}),
]


def keep(answer: Any) -> None:
    """A caller that leaves alone what it was given."""


def spoil(value: Any) -> None:
    """Change everything that can be changed in a structure."""
    if isinstance(value, dict):
        for member in value.values():
            spoil(member)
        value.clear()
        value["spoilt"] = "yes"
    elif isinstance(value, list):
        for member in value:
            spoil(member)
        value[:] = ["spoilt"]


def run(touch: Callable[[Any], None]) -> tuple[list[Any], str]:
    """A world's answers to the requests, each passed to `touch` afterwards, and its history."""
    world = ddbha.World(seed=1, clock=ddbha.ManualClock(), history=True)
    world.objects["bucket"]
    caller = Caller(world.account_id, "us-east-1")
    answers = []
    for operation, request in REQUESTS:
        params = copy.deepcopy(request)
        try:
            answer = world.engine.call("dynamodb", operation, params, caller)
        except ddbha.AwsError as error:
            answer = error.body()
            answers.append(copy.deepcopy(answer))
            touch(error.fields)
        else:
            answers.append(copy.deepcopy(answer))
            touch(answer)
        touch(params)
    world.verify()
    return answers, str(world.history)


def test_changing_what_was_passed_and_given_changes_nothing() -> None:
    assert run(spoil) == run(keep)


def test_so_with_clients() -> None:
    """The same through botocore, which hands structures through where it need not convert them."""

    def told(touch: Callable[[Any], None]) -> list[Any]:
        world = ddbha.World(seed=1, clock=ddbha.ManualClock())
        world.objects["bucket"]
        client: Any = world.client("dynamodb")
        answers = []
        for operation, request in REQUESTS:
            params = copy.deepcopy(request)
            try:
                answer = client._make_api_call(operation, params)
            except ClientError as error:
                answer = error.response
            answers.append(copy.deepcopy(answer))
            touch(answer)
            touch(params)
        return answers

    assert told(spoil) == told(keep)


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "DeleteItem"])
def test_the_item_of_a_failed_condition_is_the_callers(operation: str) -> None:
    world = ddbha.World(history=True)
    client: Any = world.client("dynamodb")
    client.create_table(**TABLE)
    client.put_item(TableName="orders", Item=ITEM)
    request: dict[str, Any] = {"TableName": "orders", **FAILING}
    request |= {"Item": ITEM} if operation == "PutItem" else {"Key": KEY}
    with pytest.raises(ClientError) as failed:
        client._make_api_call(operation, request)
    response: Any = failed.value.response
    spoil(response["Item"])
    assert "spoilt" not in str(list(world.history)[-1].error.__dict__)
    world.verify()
