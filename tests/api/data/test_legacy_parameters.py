"""Legacy parameters through real clients.

Messages and their order come from public tests that run against AWS: dynalite's (test/query.js, scan.js,
putItem.js, updateItem.js, getItem.js and the validations they cover), those of ExtendDB on
ConditionalOperator and mixing, the `aws_verified` ones of moto on Select, and Alternator's
test_expected.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INVALID = "One or more parameter values were invalid: "
MIXED = "Can not use both expression and non-expression parameters in the same request: "
WITHOUT = "ConditionalOperator cannot be used without Filter or Expected"
ALONE = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
KEY: Any = {"pk": {"S": "k"}}


def eq(value: str) -> Any:
    return {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": value}]}


def on(operator: str, *values: Any) -> Any:
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock(), wording="older")


@pytest.fixture
def client(world: ddbha.World) -> DynamoDBClient:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="hash", **on_demand("pk"))
    client.create_table(TableName="range", **on_demand("pk", "sk:N"))
    client.put_item(TableName="hash", Item={**KEY, "a": {"S": "x"}, "b": {"S": "y"}})
    for number in range(5):
        client.put_item(
            TableName="range",
            Item={"pk": {"S": "k"}, "sk": {"N": str(number)}, "odd": {"BOOL": bool(number % 2)}},
        )
    return client


def refused(client: DynamoDBClient, operation: str, request: dict[str, Any]) -> str:
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**request)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    return error["Message"]


def sort_keys(answer: Any) -> list[str]:
    return [item["sk"]["N"] for item in answer["Items"]]


@pytest.mark.parametrize(
    ("operation", "request_", "message"),
    [
        ("scan", {}, WITHOUT),
        ("scan", {"ScanFilter": {}}, WITHOUT),
        ("scan", {"ScanFilter": {"a": eq("x")}}, ALONE),
        ("scan", {"AttributesToGet": ["a", "b"]}, WITHOUT),
        ("query", {"KeyConditions": {"pk": eq("k")}}, WITHOUT),
        ("query", {}, WITHOUT),
        ("query", {"KeyConditions": {"pk": eq("k")}, "QueryFilter": {"a": eq("x")}}, ALONE),
        ("put_item", {"Item": KEY}, WITHOUT),
        ("put_item", {"Item": KEY, "Expected": {"a": eq("x")}}, ALONE),
        ("delete_item", {"Key": KEY}, WITHOUT),
        ("delete_item", {"Key": KEY, "Expected": {"a": eq("x")}}, ALONE),
        ("update_item", {"Key": KEY, "AttributeUpdates": {"a": {"Value": {"S": "v"}}}}, WITHOUT),
        ("update_item", {"Key": KEY}, WITHOUT),
    ],
)
def test_a_conditional_operator_needs_two_conditions(
    client: DynamoDBClient, operation: str, request_: dict[str, Any], message: str
) -> None:
    request = {"TableName": "hash", "ConditionalOperator": "AND", **request_}
    assert refused(client, operation, request) == message


VALUES = {":v": {"S": "x"}}


@pytest.mark.parametrize(
    ("operation", "request_", "legacy", "expressions"),
    [
        (
            "get_item",
            {"Key": KEY, "AttributesToGet": ["a"], "ProjectionExpression": "b"},
            "AttributesToGet",
            "ProjectionExpression",
        ),
        (
            "scan",
            {
                "AttributesToGet": ["a"],
                "ScanFilter": {"a": eq("x")},
                "ConditionalOperator": "AND",
                "FilterExpression": "a = :v",
                "ProjectionExpression": "b",
                "ExpressionAttributeValues": VALUES,
            },
            "AttributesToGet, ScanFilter, ConditionalOperator",
            "ProjectionExpression, FilterExpression",
        ),
        (
            "scan",
            {"ScanFilter": {"a": eq("x")}, "ProjectionExpression": "b"},
            "ScanFilter",
            "ProjectionExpression",
        ),
        (
            "query",
            {
                "KeyConditions": {"pk": eq("k")},
                "QueryFilter": {"a": eq("x")},
                "ConditionalOperator": "AND",
                "KeyConditionExpression": "pk = :p",
                "FilterExpression": "a = :v",
                "ProjectionExpression": "b",
                "ExpressionAttributeValues": {**VALUES, ":p": {"S": "k"}},
            },
            "QueryFilter, ConditionalOperator, KeyConditions",
            "ProjectionExpression, FilterExpression, KeyConditionExpression",
        ),
        (
            "put_item",
            {
                "Item": KEY,
                "Expected": {"a": eq("x")},
                "ConditionalOperator": "AND",
                "ConditionExpression": "attribute_exists(pk)",
            },
            "Expected, ConditionalOperator",
            "ConditionExpression",
        ),
        (
            "delete_item",
            {
                "Key": KEY,
                "ConditionalOperator": "AND",
                "ConditionExpression": "attribute_exists(pk)",
            },
            "ConditionalOperator",
            "ConditionExpression",
        ),
        (
            "update_item",
            {
                "Key": KEY,
                "AttributeUpdates": {"a": {"Value": {"S": "v"}}},
                "Expected": {"a": eq("x")},
                "ConditionalOperator": "AND",
                "UpdateExpression": "SET a = :v",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeValues": {**VALUES, ":unused": {"S": "y"}},
            },
            "AttributeUpdates, Expected, ConditionalOperator",
            "UpdateExpression, ConditionExpression",
        ),
    ],
)
def test_expressions_and_legacy_parameters_do_not_mix(
    client: DynamoDBClient, operation: str, request_: dict[str, Any], legacy: str, expressions: str
) -> None:
    assert refused(client, operation, {"TableName": "hash", **request_}) == (
        f"{MIXED}Non-expression parameters: {{{legacy}}} Expression parameters: {{{expressions}}}"
    )


def test_key_conditions_may_stand_beside_other_expressions(client: DynamoDBClient) -> None:
    answer = client.query(
        TableName="hash",
        KeyConditions={"pk": eq("k")},
        FilterExpression="a = :v",
        ProjectionExpression="a",
        ExpressionAttributeValues={":v": {"S": "x"}},
    )
    assert answer["Items"] == [{"a": {"S": "x"}}]


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"a": {}}, "Value must be provided when Exists is null for Attribute: a"),
        ({"a": {"Exists": True}}, "Value must be provided when Exists is true for Attribute: a"),
        (
            {"a": {"Exists": False, "Value": {"S": "x"}}},
            "Value cannot be used when Exists is false for Attribute: a",
        ),
        (
            {"a": {"Exists": True, "ComparisonOperator": "NULL"}},
            "Exists and ComparisonOperator cannot be used together for Attribute: a",
        ),
        (
            {"a": {"Value": {"S": "x"}, "AttributeValueList": []}},
            "Value and AttributeValueList cannot be used together for Attribute: a",
        ),
        (
            {"a": {"ComparisonOperator": "LT"}},
            "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a",
        ),
        (
            {"a": {"AttributeValueList": []}},
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
        ),
        (
            {"a": on("EQ", {"S": "x"}, {"S": "y"})},
            "Invalid number of argument(s) for the EQ ComparisonOperator",
        ),
        (
            {"a": on("NULL", {"S": "x"})},
            "Invalid number of argument(s) for the NULL ComparisonOperator",
        ),
        ({"a": on("IN")}, "Invalid number of argument(s) for the IN ComparisonOperator"),
        (
            {"a": on("IN", {"S": "x"}, {"N": "1"})},
            "AttributeValues inside AttributeValueList must be of same type",
        ),
        (
            {"a": on("CONTAINS", {"SS": ["x"]})},
            "ComparisonOperator CONTAINS is not valid for SS AttributeValue type",
        ),
        (
            {"a": on("BEGINS_WITH", {"N": "1"})},
            "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type",
        ),
    ],
)
def test_wrong_expectations(client: DynamoDBClient, expected: Any, message: str) -> None:
    for operation, what in (("put_item", "Item"), ("delete_item", "Key"), ("update_item", "Key")):
        request = {"TableName": "hash", what: KEY, "Expected": expected}
        assert refused(client, operation, request) == INVALID + message
    assert client.get_item(TableName="hash", Key=KEY)["Item"]["a"] == {"S": "x"}


@pytest.mark.parametrize(
    ("expected", "operator", "holds"),
    [
        ({"a": {"Value": {"S": "x"}}}, None, True),
        ({"a": {"Exists": True, "Value": {"S": "y"}}}, None, False),
        ({"q": {"Exists": False}}, None, True),
        ({"a": {"Exists": False}}, None, False),
        ({"q": on("NE", {"N": "1"})}, None, True),
        ({"q": on("NOT_CONTAINS", {"S": "z"})}, None, False),
        ({"a": on("NOT_CONTAINS", {"S": "z"})}, None, True),
        ({"a": on("LE", {"N": "9"})}, None, False),
        ({"a": {"ComparisonOperator": "EQ", "Value": {"S": "x"}}}, None, True),
        ({"a": eq("x"), "b": eq("z")}, None, False),
        ({"a": eq("x"), "b": eq("z")}, "AND", False),
        ({"a": eq("x"), "b": eq("z")}, "OR", True),
        ({}, None, True),
    ],
)
def test_expectations(client: DynamoDBClient, expected: Any, operator: Any, holds: bool) -> None:
    request: Any = {"TableName": "hash", "Expected": expected}
    if operator:
        request["ConditionalOperator"] = operator
    new: Any = {**KEY, "a": {"S": "x"}, "b": {"S": "y"}, "new": {"N": "1"}}
    if holds:
        client.put_item(Item=new, **request)
        client.update_item(Key=KEY, AttributeUpdates={"c": {"Value": {"N": "1"}}}, **request)
        assert client.get_item(TableName="hash", Key=KEY)["Item"] == {**new, "c": {"N": "1"}}
        client.delete_item(Key=KEY, **request)
        assert "Item" not in client.get_item(TableName="hash", Key=KEY)
    else:
        for call, more in (
            (client.put_item, {"Item": new}),
            (client.update_item, {"Key": KEY, "AttributeUpdates": {"c": {"Value": {"N": "1"}}}}),
            (client.delete_item, {"Key": KEY}),
        ):
            with pytest.raises(client.exceptions.ConditionalCheckFailedException):
                call(**more, **request)
        assert "new" not in client.get_item(TableName="hash", Key=KEY)["Item"]


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        (
            {"a": {"Action": "PUT"}},
            "Only DELETE action is allowed when no attribute value is specified",
        ),
        (
            {"a": {"Action": "DELETE", "Value": {"L": []}}},
            "DELETE action with value is not supported for the type L",
        ),
        (
            {"a": {"Action": "ADD", "Value": {"BOOL": True}}},
            "ADD action is not supported for the type BOOL",
        ),
        (
            {"pk": {"Value": {"S": "new"}}},
            "Cannot update attribute pk. This attribute is part of the key",
        ),
    ],
)
def test_wrong_updates(client: DynamoDBClient, updates: Any, message: str) -> None:
    request = {"TableName": "hash", "Key": KEY, "AttributeUpdates": updates}
    assert refused(client, "update_item", request) == INVALID + message


def test_updates_come_back(client: DynamoDBClient) -> None:
    answer = client.update_item(
        TableName="hash",
        Key=KEY,
        AttributeUpdates={
            "a": {"Action": "DELETE"},
            "n": {"Action": "ADD", "Value": {"N": "2"}},
            "b": {"Value": {"S": "z"}},
        },
        ReturnValues="UPDATED_NEW",
    )
    assert answer["Attributes"] == {"n": {"N": "2"}, "b": {"S": "z"}}
    assert client.get_item(TableName="hash", Key=KEY)["Item"] == {**KEY, "n": {"N": "2"}, "b": {"S": "z"}}


def test_deletions_alone_create_no_item(client: DynamoDBClient, world: ddbha.World) -> None:
    """AttributeUpdates, DELETE: "Nothing happens; there is no attribute to delete"."""
    other: Any = {"pk": {"S": "other"}}
    answer = client.update_item(
        TableName="hash",
        Key=other,
        AttributeUpdates={"a": {"Action": "DELETE"}, "s": {"Action": "DELETE", "Value": {"SS": ["x"]}}},
        ReturnValues="ALL_NEW",
    )
    assert "Attributes" not in answer
    assert "Item" not in client.get_item(TableName="hash", Key=other)
    client.update_item(
        TableName="hash", Key=other, AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "1"}}}
    )
    assert client.get_item(TableName="hash", Key=other)["Item"] == {**other, "n": {"N": "1"}}
    world.verify()


def test_attributes_to_get(client: DynamoDBClient) -> None:
    wanted = ["a", "gone"]
    assert client.get_item(TableName="hash", Key=KEY, AttributesToGet=wanted)["Item"] == {"a": {"S": "x"}}
    batch = client.batch_get_item(RequestItems={"hash": {"Keys": [KEY], "AttributesToGet": wanted}})
    assert batch["Responses"]["hash"] == [{"a": {"S": "x"}}]
    assert client.scan(TableName="hash", AttributesToGet=wanted)["Items"] == [{"a": {"S": "x"}}]
    duplicate = f"{INVALID}Duplicate value in attribute name: a"
    twice = {"AttributesToGet": ["a", "b", "a"]}
    for operation, request in (
        ("get_item", {"TableName": "hash", "Key": KEY, **twice}),
        ("batch_get_item", {"RequestItems": {"hash": {"Keys": [KEY], **twice}}}),
        ("scan", {"TableName": "hash", **twice}),
        ("query", {"TableName": "hash", **twice}),
    ):
        assert refused(client, operation, request) == duplicate


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({}, ["0", "1", "2", "3", "4"]),
        ({"sk": on("EQ", {"N": "2"})}, ["2"]),
        ({"sk": on("LE", {"N": "1"})}, ["0", "1"]),
        ({"sk": on("LT", {"N": "1"})}, ["0"]),
        ({"sk": on("GE", {"N": "3"})}, ["3", "4"]),
        ({"sk": on("GT", {"N": "3"})}, ["4"]),
        ({"sk": on("BETWEEN", {"N": "1"}, {"N": "3"})}, ["1", "2", "3"]),
    ],
)
def test_key_conditions(client: DynamoDBClient, conditions: Any, found: list[str]) -> None:
    answer = client.query(TableName="range", KeyConditions={**conditions, "pk": eq("k")})
    assert sort_keys(answer) == found


UNINDEXABLE = "Attempted conditional constraint is not an indexable operation"
UNSUPPORTED = "Query key condition not supported"


@pytest.mark.parametrize(
    ("table", "conditions", "message"),
    [
        ("hash", {}, "Conditions can be of length 1 or 2 only"),
        (
            "hash",
            {"pk": eq("k"), "a": eq("x"), "b": eq("y")},
            "Conditions can be of length 1 or 2 only",
        ),
        ("hash", {"pk": on("NULL")}, UNINDEXABLE),
        ("hash", {"pk": on("NE", {"S": "k"})}, UNINDEXABLE),
        ("hash", {"pk": on("IN", {"S": "k"})}, UNINDEXABLE),
        ("range", {"pk": eq("k"), "sk": on("NOT_NULL")}, UNINDEXABLE),
        ("range", {"pk": eq("k"), "sk": on("CONTAINS", {"N": "1"})}, UNINDEXABLE),
        ("hash", {"pk": on("LE", {"S": "k"})}, UNSUPPORTED),
        ("hash", {"pk": on("BEGINS_WITH", {"S": "k"})}, UNSUPPORTED),
        ("hash", {"pk": eq("k"), "a": eq("x")}, UNSUPPORTED),
        ("hash", {"a": eq("k")}, "Query condition missed key schema element: pk"),
        ("range", {"pk": eq("k"), "a": eq("k")}, "Query condition missed key schema element: sk"),
        (
            "range",
            {"pk": eq("k"), "sk": eq("1")},
            f"{INVALID}Condition parameter type does not match schema type",
        ),
        (
            "hash",
            {"pk": on("EQ")},
            f"{INVALID}Invalid number of argument(s) for the EQ ComparisonOperator",
        ),
        (
            "hash",
            {"pk": on("BETWEEN", {"S": "b"}, {"S": "a"})},
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper "
            "bound",
        ),
    ],
)
def test_wrong_key_conditions(client: DynamoDBClient, table: str, conditions: Any, message: str) -> None:
    assert refused(client, "query", {"TableName": table, "KeyConditions": conditions}) == message


def test_a_query_needs_key_conditions(client: DynamoDBClient) -> None:
    for table in ("hash", "no-such-table"):
        assert refused(client, "query", {"TableName": table}) == (
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
            "request."
        )


def test_filters(client: DynamoDBClient) -> None:
    odd: Any = {"odd": on("EQ", {"BOOL": True})}
    answer = client.query(TableName="range", KeyConditions={"pk": eq("k")}, QueryFilter=odd)
    assert (sort_keys(answer), answer["Count"], answer["ScannedCount"]) == (["1", "3"], 2, 5)
    answer_ = client.scan(
        TableName="range",
        ScanFilter={**odd, "sk": on("GT", {"N": "3"})},
        ConditionalOperator="OR",
        AttributesToGet=["sk"],
    )
    assert sort_keys(answer_) == ["1", "3", "4"]
    assert refused(
        client,
        "query",
        {"TableName": "hash", "KeyConditions": {"pk": eq("k")}, "QueryFilter": {"pk": eq("k")}},
    ) == ("QueryFilter can only contain non-primary key attributes: Primary key attribute: pk")


@pytest.mark.parametrize(
    ("select", "chosen"),
    [
        ("ALL_ATTRIBUTES", "ALL_ATTRIBUTES"),
        ("ALL_PROJECTED_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"),
        ("COUNT", "only the Count"),
    ],
)
def test_select_and_attributes_to_get(client: DynamoDBClient, select: str, chosen: str) -> None:
    request = {"TableName": "hash", "Select": select, "AttributesToGet": ["a"]}
    message = f"Cannot specify the AttributesToGet when choosing to get {chosen}"
    assert refused(client, "scan", request) == message
    request["KeyConditions"] = {"pk": eq("k")}  # type: ignore[assignment]
    assert refused(client, "query", request) == f"1 validation error detected: {message}"


def test_select_specific_attributes(client: DynamoDBClient) -> None:
    specific: Any = {"TableName": "hash", "Select": "SPECIFIC_ATTRIBUTES"}
    assert client.scan(**specific, AttributesToGet=["b"])["Items"] == [{"b": {"S": "y"}}]
    message = (
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
        "SPECIFIC_ATTRIBUTES"
    )
    assert refused(client, "scan", specific) == message
    assert (
        refused(client, "query", {**specific, "KeyConditions": {"pk": eq("k")}})
        == f"1 validation error detected: {message}"
    )
