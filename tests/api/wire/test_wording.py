"""The two wordings of refusals, operation by operation.

Recorded from AWS by https://github.com/paritysuite/dynamodb-conformance: `captures/cross-region-latest.json`
(2026-09-20), `tests/tier3/error-messages` and `validation-ordering` (eu-west-2, October 2026).
"""

# ruff: noqa: E501 (messages stand as they were recorded)
from __future__ import annotations

from typing import Any

import pytest

from ddbha import ManualClock, World
from ddbha.api.registry import Caller
from ddbha.errors import AwsError, UsageError

ONE = "1 validation error detected: "
INVALID = "One or more parameter values were invalid: "
KEY = {"pk": {"S": "a"}}
NO_NAME = f"{ONE}Value at 'TableName' failed to satisfy constraint: Member must have length greater than or equal to 1"
ENUM = "failed to satisfy constraint: Member must satisfy enum value set: "
RETURN_VALUES = (
    "Failed to satisfy constraint: Member must satisfy enum value set: "
    "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
)
CAPACITY = f"Value 'INVALID' at 'returnConsumedCapacity' {ENUM}[INDEXES, TOTAL, NONE]"
METRICS = f"Value 'INVALID' at 'returnItemCollectionMetrics' {ENUM}[SIZE, NONE]"
NAMES = "[Member must have length less than or equal to 255, Member must have length greater than or equal to 3, "
NAMES += "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"


def least(path: str, number: int, what: str = "length") -> str:
    constraint = f"Member must have {what} greater than or equal to {number}"
    return f"{ONE}Value at '{path}' failed to satisfy constraint: {constraint}"


@pytest.fixture(scope="module")
def world() -> World:
    world = World(clock=ManualClock())
    world.client("dynamodb", region_name="us-east-1").create_table(
        TableName="tab",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return world


def refusal(world: World, operation: str, request: Any) -> str:
    with pytest.raises(AwsError) as caught:
        world.engine.call("dynamodb", operation, request, Caller(world.account_id, "us-east-1"))
    assert caught.value.code == "ValidationException"
    return caught.value.message


def put(**members: Any) -> tuple[str, dict[str, Any]]:
    return "PutItem", {"TableName": "tab", "Item": KEY, **members}


def delete(**members: Any) -> tuple[str, dict[str, Any]]:
    return "DeleteItem", {"TableName": "tab", "Key": KEY, **members}


def update(**members: Any) -> tuple[str, dict[str, Any]]:
    return "UpdateItem", {"TableName": "tab", "Key": KEY, **members}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (put(TableName=""), NO_NAME),
        (put(TableName="", ReturnValues="INVALID"), NO_NAME),
        (delete(TableName="", Key={}), NO_NAME),
        (update(TableName="", Key={}), NO_NAME),
        (
            put(TableName="bad table!@#"),
            f"{ONE}Value 'bad table!@#' at 'tableName' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: [a-zA-Z0-9_.-]+",
        ),
        (
            put(
                ReturnConsumedCapacity="INVALID",
                ReturnValues="INVALID",
                ReturnItemCollectionMetrics="INVALID",
            ),
            f"3 validation errors detected: {CAPACITY}; {RETURN_VALUES}; {METRICS}",
        ),
        (
            delete(ReturnConsumedCapacity="INVALID", ReturnValues="INVALID"),
            f"2 validation errors detected: {CAPACITY}; {RETURN_VALUES}",
        ),
        (update(ReturnConsumedCapacity="INVALID", ReturnValues="INVALID"), ONE + RETURN_VALUES),
        # With the key left out everything is in the older wording.
        (
            ("UpdateItem", {"TableName": "", "UpdateExpression": "REMOVE a"}),
            "2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: Member must have "
            "length greater than or equal to 1; Value null at 'key' failed to satisfy constraint: Member must not "
            "be null",
        ),
        (
            ("Query", {"TableName": "tab", "KeyConditionExpression": "pk = :p", "Limit": 0}),
            least("Limit", 1, "value"),
        ),
        (
            ("Query", {"TableName": "tab", "ConditionalOperator": "XOR", "Select": "BOGUS"}),
            "Failed to satisfy constraint: Member must satisfy enum value set: [ALL, OR]",
        ),
        (
            ("Query", {"TableName": "tab", "Select": "INVALID"}),
            f"{ONE}Value 'INVALID' at 'select' {ENUM}[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
        ),
        (("Scan", {"TableName": "tab", "Limit": 0}), least("Limit", 1, "value")),
        (("Scan", {"TableName": "tab", "Segment": -1, "TotalSegments": 4}), least("Segment", 0, "value")),
        (
            ("Scan", {"TableName": "tab", "Segment": 5, "TotalSegments": 5}),
            "The Segment parameter is zero-based and must be less than parameter TotalSegments",
        ),
        (
            ("Scan", {"TableName": "tab", "ExclusiveStartKey": {"bad": {"S": "p"}}}),
            "The provided starting key is invalid",
        ),
        (
            ("Scan", {"TableName": "tab", "Select": "SPECIFIC_ATTRIBUTES"}),
            f"{ONE}Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
        ),
        (("BatchGetItem", {"RequestItems": {}}), least("RequestItems", 1)),
        (
            ("BatchGetItem", {"RequestItems": {"tab": {"Keys": []}}}),
            least("RequestItems.tab.member.Keys", 1),
        ),
        (
            (
                "BatchGetItem",
                {"RequestItems": {"tab": {"Keys": [{"pk": {"S": str(n)}} for n in range(101)]}}},
            ),
            f"{ONE}Value at 'RequestItems.tab.member.Keys' failed to satisfy constraint: Member must have length less "
            "than or equal to 100",
        ),
        (
            (
                "BatchGetItem",
                {"RequestItems": {"bad!name": {"Keys": [KEY]}}, "ReturnConsumedCapacity": "INVALID"},
            ),
            '2 validation errors detected: Value \'{"bad!name":{"Keys":[{"pk":{"S":"a"}}]}}\' at \'requestItems\' failed to satisfy constraint: Map '
            f"keys must satisfy constraint: {NAMES}; {CAPACITY}",
        ),
        (
            ("BatchWriteItem", {"RequestItems": {}}),
            "The requestItems parameter is required for BatchWriteItem",
        ),
        (("TransactWriteItems", {"TransactItems": []}), least("TransactItems", 1)),
        # The control plane has the older checks still.
        (
            ("ListTables", {"Limit": 0}),
            f"{ONE}Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
    ],
)
def test_constraints_of_members(world: World, asked: tuple[str, dict[str, Any]], message: str) -> None:
    assert refusal(world, *asked) == message


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            put(ConditionExpression=""),
            f"{ONE}Invalid ConditionExpression: The expression can not be empty;",
        ),
        (put(ReturnValues="ALL_NEW"), f"{ONE}ReturnValues can only be ALL_OLD or NONE"),
        (
            delete(ExpressionAttributeNames={"#a": "a"}),
            f"{ONE}ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            delete(ConditionExpression="attribute_exists(a)", ExpressionAttributeValues={}),
            f"{ONE}ExpressionAttributeValues must not be empty",
        ),
        (
            delete(Expected={"a": {"Exists": True}}),
            f"{ONE}{INVALID}Value must be provided when Exists is true for Attribute: a",
        ),
        (
            update(UpdateExpression="SET a = :v"),
            f"{ONE}Invalid UpdateExpression: An expression attribute value used in expression is not defined; "
            "attribute value: :v",
        ),
        (
            update(UpdateExpression="REMOVE a", ExpressionAttributeNames={"#unused": "b"}),
            f"{ONE}Value provided in ExpressionAttributeNames unused in expressions: keys: {{#unused}}",
        ),
        # What depends on the table or the item, and values without a type, have no envelope.
        (
            update(UpdateExpression="SET pk = :v", ExpressionAttributeValues={":v": {"S": "x"}}),
            f"{INVALID}Cannot update attribute pk. This attribute is part of the key",
        ),
        (
            put(Item={"pk": {"S": ""}}),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string value. Key: pk",
        ),
        (put(Item={"pk": {"N": "5"}}), f"{INVALID}Type mismatch for key pk expected: S actual: N"),
        (
            put(Item={**KEY, "big": {"S": "a" * 410_000}}),
            "Item size has exceeded the maximum allowed size",
        ),
        (
            ("GetItem", {"TableName": "tab", "Key": KEY, "ProjectionExpression": ""}),
            "Invalid ProjectionExpression: The expression can not be empty;",
        ),
    ],
)
def test_expressions(world: World, asked: tuple[str, dict[str, Any]], message: str) -> None:
    assert refusal(world, *asked) == message


NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
VALUES = [
    ({"N": "abc"}, f"{NOT_NUMERIC}: abc", f"{NOT_NUMERIC}: abc"),
    ({"N": ""}, f"{NOT_NUMERIC}: ", NOT_NUMERIC),
    (
        {"SS": ["b", "a", "b"]},
        f'{INVALID}Input collection ["a", "b", "b"] contains duplicates.',
        f"{INVALID}Input collection [b, a, b] contains duplicates.",
    ),
    (
        {"BS": ["/w==", "AA==", "AA=="]},
        f'{INVALID}Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.',
        f"{INVALID}Input collection [/w==, AA==, AA==]of type BS contains duplicates.",
    ),
    (
        {"NS": ["2", "1", "2"]},
        f"{INVALID}Input collection contains duplicates.",
        "Input collection contains duplicates",
    ),
]


@pytest.mark.parametrize(("value", "newer", "older"), VALUES)
def test_values(world: World, value: Any, newer: str, older: str) -> None:
    condition = {"ConditionExpression": "n = :v", "ExpressionAttributeValues": {":v": value}}
    for asked in (
        put(Item={**KEY, "n": value}),
        put(**condition),
        delete(**condition),
        delete(Key={"pk": value}),
    ):
        assert refusal(world, *asked) == ONE + newer
    query = {
        "TableName": "tab",
        "KeyConditionExpression": "pk = :p",
        "FilterExpression": "n = :v",
        "ExpressionAttributeValues": {":p": {"S": "a"}, ":v": value},
    }
    assert refusal(world, "Query", query) == newer
    assert refusal(world, "GetItem", {"TableName": "tab", "Key": {"pk": value}}) == newer
    assert refusal(world, "BatchGetItem", {"RequestItems": {"tab": {"Keys": [{"pk": value}]}}}) == newer
    check = {"ConditionCheck": {"TableName": "tab", "Key": KEY, **condition}}
    assert refusal(world, "TransactWriteItems", {"TransactItems": [check]}) == newer
    # These have the older checks still.
    write = {"PutRequest": {"Item": {**KEY, "n": value}}}
    assert refusal(world, "BatchWriteItem", {"RequestItems": {"tab": [write]}}) == older
    scan = {"TableName": "tab", "FilterExpression": "n = :v", "ExpressionAttributeValues": {":v": value}}
    wrapped = f"ExpressionAttributeValues contains invalid value: {older} for key :v"
    assert refusal(world, "Scan", scan) == wrapped


def test_the_older_wording_is_a_setting() -> None:
    world = World(clock=ManualClock(), wording="older")
    assert refusal(world, *put(ConditionExpression="")) == (
        "Invalid ConditionExpression: The expression can not be empty;"
    )
    with pytest.raises(UsageError, match="'newer' and 'older'"):
        World(wording="latest")  # type: ignore[arg-type]
