"""Which of several faults AWS reports, and the quotas of tables and transactions.

Sources as in `test_validation`.
"""

from __future__ import annotations

from typing import Any

import pytest

from ddbha import ManualClock, World
from ddbha.api.registry import Caller
from ddbha.errors import AwsError, ResourceNotFoundException

HERE = Caller("123456789012", "us-east-1")
INVALID = "One or more parameter values were invalid: "
KEY = {"pk": {"S": "a"}}
NO_MATCH = "The provided key element does not match the schema"


@pytest.fixture
def world() -> World:
    world = World(clock=ManualClock(), wording="older")
    world.engine.call("dynamodb", "CreateTable", table(), HERE)
    return world


def key(*names: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
    ]


def table(*attributes: str, **more: Any) -> dict[str, Any]:
    names = attributes or ("pk",)
    return {
        "TableName": "orders",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
        "KeySchema": key("pk"),
        "BillingMode": "PAY_PER_REQUEST",
        **more,
    }


def index(number: int, *names: str, **projection: Any) -> dict[str, Any]:
    return {
        "IndexName": f"index{number}",
        "KeySchema": key(*names),
        "Projection": projection or {"ProjectionType": "ALL"},
    }


def refusal(world: World, operation: str, request: Any) -> str:
    with pytest.raises(AwsError) as caught:
        world.engine.call("dynamodb", operation, request, HERE)
    assert not isinstance(caught.value, ResourceNotFoundException)
    return caught.value.message


UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
HUGE = {"ReadCapacityUnits": 10**12 + 1, "WriteCapacityUnits": 10**12 + 1}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        # dynalite, createTable
        (
            table(BillingMode="PROVISIONED", AttributeDefinitions=[]),
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode "
            "is PROVISIONED",
        ),
        (
            table(ProvisionedThroughput=UNITS, KeySchema=key("a", "a")),
            f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
            "BillingMode is PAY_PER_REQUEST",
        ),
        (
            table(BillingMode="PROVISIONED", ProvisionedThroughput=HUGE, AttributeDefinitions=[]),
            "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
        ),
        (
            table(KeySchema=key("pk", "sk")),
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        # conformance, error-messages/createTable
        (
            table(KeySchema=key("pk", "pk")),
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            table("other"),
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], "
            "AttributeDefinitions: [other]",
        ),
        (
            table("pk", "sk", KeySchema=key("pk", "pk")),
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (
            table(KeySchema=[{"AttributeName": "pk", "KeyType": "RANGE"}]),
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            table("pk", "sk"),
            f"{INVALID}Number of attributes in KeySchema does not exactly match number of attributes "
            "defined in AttributeDefinitions",
        ),
        (table(LocalSecondaryIndexes=[]), f"{INVALID}List of LocalSecondaryIndexes is empty"),
        (table(GlobalSecondaryIndexes=[]), f"{INVALID}List of GlobalSecondaryIndexes is empty"),
        # conformance, error-messages/createTable
        (
            table("pk", "a", LocalSecondaryIndexes=[index(1, "pk", "a")]),
            f"{INVALID}Table KeySchema does not have a range key, which is required when specifying a "
            "LocalSecondaryIndex",
        ),
        (
            table("pk", "a", GlobalSecondaryIndexes=[index(1, "a"), index(1, "a", "pk")]),
            f"{INVALID}Duplicate index name: index1",
        ),
        (
            table("pk", "sk", KeySchema=key("pk", "sk"), LocalSecondaryIndexes=[index(1, "pk")]),
            f"{INVALID}Index KeySchema does not have a range key for index: index1",
        ),
        (
            table("pk", GlobalSecondaryIndexes=[{**index(1, "pk"), "ProvisionedThroughput": UNITS}]),
            f"{INVALID}ProvisionedThroughput should not be specified for index: index1 when "
            "BillingMode is PAY_PER_REQUEST",
        ),
        (
            table(
                "pk",
                "sk",
                KeySchema=key("pk", "sk"),
                LocalSecondaryIndexes=[index(n, "pk", "sk") for n in range(6)],
            ),
            f"{INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
        (
            table("pk", GlobalSecondaryIndexes=[index(n, "pk") for n in range(21)]),
            f"{INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
    ],
)
def test_a_table_is_checked_in_this_order(request_: dict[str, Any], message: str) -> None:
    assert refusal(World(clock=ManualClock()), "CreateTable", request_) == message


def test_projections_that_a_table_cannot_have() -> None:
    # conformance, createTable/specValidation: refused, without the words; the limit is of the quotas page
    world = World(clock=ManualClock())
    names = {"ProjectionType": "INCLUDE", "NonKeyAttributes": [f"a{n}" for n in range(20)]}
    for indexes in (
        [index(1, "pk", ProjectionType="INCLUDE")],
        [index(1, "pk", ProjectionType="KEYS_ONLY", NonKeyAttributes=["x"])],
        [index(n, "pk", **names) for n in range(6)],
    ):
        assert refusal(world, "CreateTable", table(GlobalSecondaryIndexes=indexes)).startswith(INVALID)
    stream = {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}
    assert refusal(world, "CreateTable", table(StreamSpecification=stream)).startswith(INVALID)
    world.engine.call(
        "dynamodb",
        "CreateTable",
        table(GlobalSecondaryIndexes=[index(n, "pk", **names) for n in range(5)]),
        HERE,
    )


ABSENT: dict[str, Any] = {"TableName": "absent", "Key": KEY}
VALUE = {":v": {"S": "x"}}


@pytest.mark.parametrize(
    ("operation", "request_", "message"),
    [
        # dynalite, getItem, putItem, updateItem and query: all of it before the table is looked for
        (
            "GetItem",
            {**ABSENT, "ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        # conformance, error-messages/putItem
        (
            "PutItem",
            {"TableName": "absent", "Item": KEY, "ExpressionAttributeValues": VALUE},
            "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression "
            "is null",
        ),
        # dynalite, deleteItem, query and scan
        (
            "DeleteItem",
            {**ABSENT, "ExpressionAttributeValues": VALUE},
            "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression "
            "is null",
        ),
        (
            "Query",
            {"TableName": "absent", "ExpressionAttributeValues": VALUE},
            "ExpressionAttributeValues can only be specified when using expressions: FilterExpression "
            "and KeyConditionExpression are null",
        ),
        (
            "Scan",
            {"TableName": "absent", "ExpressionAttributeValues": VALUE},
            "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is "
            "null",
        ),
        (
            "GetItem",
            {**ABSENT, "ExpressionAttributeNames": {}, "ProjectionExpression": ""},
            "ExpressionAttributeNames must not be empty",
        ),
        (
            "GetItem",
            {**ABSENT, "ExpressionAttributeNames": {"a": "a"}, "ProjectionExpression": ""},
            'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"',
        ),
        (
            "GetItem",
            {**ABSENT, "ProjectionExpression": ""},
            "Invalid ProjectionExpression: The expression can not be empty;",
        ),
        (
            "GetItem",
            {"TableName": "absent", "Key": {"a": {}}, "ProjectionExpression": ""},
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        ),
        (
            "PutItem",
            {"TableName": "absent", "Item": KEY, "ReturnValues": "ALL_NEW", "ConditionExpression": ""},
            "ReturnValues can only be ALL_OLD or NONE",
        ),
        ("PutItem", {"TableName": "absent", "Item": {"": {"S": "x"}}}, "Empty attribute name"),
        # dynalite, query and scan
        (
            "Query",
            {"TableName": "absent", "ExclusiveStartKey": {"a": {}}, "FilterExpression": ""},
            "The provided starting key is invalid: Supplied AttributeValue is empty, must contain "
            "exactly one of the supported datatypes",
        ),
        (
            "Query",
            {"TableName": "absent", "FilterExpression": ""},
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
            "request.",
        ),
        (
            "Scan",
            {"TableName": "absent", "Segment": 1, "FilterExpression": ""},
            "The TotalSegments parameter is required but was not present in the request when Segment "
            "parameter is present",
        ),
        # conformance, limits/expressionSize and validation-ordering/deepRequests
        (
            "DeleteItem",
            {
                **ABSENT,
                "ConditionExpression": "a = :v" + " AND a = :v" * 373,
                "ExpressionAttributeValues": VALUE,
            },
            "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; "
            "expression size: 4109",
        ),
        (
            "UpdateItem",
            {
                **ABSENT,
                "UpdateExpression": "SET " + ", ".join(f"a{n} = :v" for n in range(500)),
                "ExpressionAttributeValues": VALUE,
            },
            "Invalid UpdateExpression: Expression size has exceeded the maximum allowed size;",
        ),
        # conformance, validation-ordering/transactions
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "absent", "Item": KEY}},
                    {
                        "ConditionCheck": {
                            "TableName": "orders",
                            "Key": KEY,
                            "ConditionExpression": "attribute_not_exists(",
                        }
                    },
                ]
            },
            'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("',
        ),
        (
            "TransactGetItems",
            {"TransactItems": [{"Get": {"TableName": "orders", "Key": KEY}}] * 2},
            "Transaction request cannot include multiple operations on one item",
        ),
        # dynalite, getItem; conformance, error-messages/getItem and batchWriteItem
        ("GetItem", {"TableName": "orders", "Key": {}}, NO_MATCH),
        ("GetItem", {"TableName": "orders", "Key": {**KEY, "b": {"S": "a"}}}, NO_MATCH),
        ("GetItem", {"TableName": "orders", "Key": {"pk": {"N": "1"}}}, NO_MATCH),
        (
            "BatchWriteItem",
            {"RequestItems": {"orders": [{"PutRequest": {"Item": {"pk": {"N": "5"}}}}]}},
            NO_MATCH,
        ),
        (
            "BatchWriteItem",
            {"RequestItems": {"orders": [{"PutRequest": {"Item": {"other": {"S": "x"}}}}]}},
            NO_MATCH,
        ),
        (
            "BatchWriteItem",
            {"RequestItems": {"orders": [{}]}},
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
            "supported datatypes",
        ),
        (
            "BatchWriteItem",
            {"RequestItems": {}},
            "The requestItems parameter is required for BatchWriteItem",
        ),
    ],
)
def test_the_first_fault_is_reported(
    world: World, operation: str, request_: dict[str, Any], message: str
) -> None:
    assert refusal(world, operation, request_) == message


def test_a_missing_table_comes_before_duplicate_keys_of_a_batch(world: World) -> None:
    # dynalite, batchWriteItem
    entries = [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]
    with pytest.raises(ResourceNotFoundException):
        world.engine.call("dynamodb", "BatchWriteItem", {"RequestItems": {"absent": entries}}, HERE)
    assert refusal(world, "BatchWriteItem", {"RequestItems": {"orders": entries}}) == (
        "Provided list of item keys contains duplicates"
    )


def test_a_transaction_holds_four_megabytes(world: World) -> None:
    # conformance, limits/transactionLimits: 3.5 MB are taken, 4.2 MB are not
    def puts(count: int) -> dict[str, Any]:
        items = [{"pk": {"S": f"{n}"}, "pad": {"S": "x" * 350_000}} for n in range(count)]
        return {"TransactItems": [{"Put": {"TableName": "orders", "Item": item}} for item in items]}

    assert world.engine.call("dynamodb", "TransactWriteItems", puts(10), HERE) == {}
    assert "4 MB" in refusal(world, "TransactWriteItems", puts(12))
    last = {"TableName": "orders", "Key": {"pk": {"S": "11"}}, "ConsistentRead": True}
    assert world.engine.call("dynamodb", "GetItem", last, HERE) == {}
    world.verify()
