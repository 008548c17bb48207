"""What AWS says of requests that its service model, or its JSON parser, does not admit.

Expected messages were recorded from DynamoDB itself by two public projects:

* dynalite: https://github.com/architect/dynalite, directory `test` (and its newer copy,
  `test-tape/mocha-source-split`), whose tests were written against AWS;
* conformance: https://github.com/paritysuite/dynamodb-conformance (before: nubo-db), which runs against
  AWS in all regions.  Since June 2026 regions move one by one to another wording for some operations
  (`Value at 'TableName' failed …`); expected here is the wording with values and paths.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from ddbha import ManualClock, World
from ddbha.api.registry import Caller
from ddbha.errors import AwsError, SerializationException, ValidationException

HERE = Caller("123456789012", "us-east-1")
KEY = {"pk": {"S": "a"}}
EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
    "datatypes"
)
TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
    "supported limit"
)
INVALID = "One or more parameter values were invalid: "


@pytest.fixture
def world() -> World:
    world = World(clock=ManualClock(), wording="older")
    world.engine.call("dynamodb", "CreateTable", table("orders"), HERE)
    return world


def table(name: str, **more: Any) -> dict[str, Any]:
    return {
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        **more,
    }


def refusal(world: World, operation: str, request: Any) -> str:
    with pytest.raises(AwsError) as caught:
        world.engine.call("dynamodb", operation, request, HERE)
    assert isinstance(caught.value, (ValidationException, SerializationException)), caught.value
    world.verify()
    return caught.value.message


def unmet(value: str, path: str, constraint: str) -> str:
    shown = value if value == "null" else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def detected(*errors: str) -> str:
    plural = "" if len(errors) == 1 else "s"
    return f"{len(errors)} validation error{plural} detected: {'; '.join(errors)}"


NULL = "Member must not be null"
ENUM = "Member must satisfy enum value set: "
PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
LEAST = "Member must have length greater than or equal to "
MOST = "Member must have length less than or equal to "
LONG = "a" * 256


@pytest.mark.parametrize(
    ("operation", "request_", "errors"),
    [
        # conformance, error-messages/putItem
        ("PutItem", {"Item": KEY}, [unmet("null", "tableName", NULL)]),
        ("PutItem", {"TableName": "", "Item": KEY}, [unmet("", "tableName", LEAST + "1")]),
        ("PutItem", {"TableName": LONG, "Item": KEY}, [unmet(LONG, "tableName", MOST + "255")]),
        (
            "PutItem",
            {"TableName": "bad table!@#", "Item": KEY},
            [unmet("bad table!@#", "tableName", PATTERN)],
        ),
        # conformance, registry/splits.json: eu-south-2 and me-central-1
        (
            "PutItem",
            {"TableName": "", "Item": {}, "ReturnValues": "INVALID"},
            [
                unmet(
                    "INVALID", "returnValues", ENUM + "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
                ),
                unmet("", "tableName", LEAST + "1"),
            ],
        ),
        # conformance, validation-ordering/updateItem
        (
            "UpdateItem",
            {"TableName": "", "ReturnConsumedCapacity": "INVALID", "ReturnValues": "INVALID"},
            [
                unmet("INVALID", "returnConsumedCapacity", ENUM + "[INDEXES, TOTAL, NONE]"),
                unmet("", "tableName", LEAST + "1"),
                unmet(
                    "INVALID", "returnValues", ENUM + "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
                ),
                unmet("null", "key", NULL),
            ],
        ),
        (
            "UpdateItem",
            {"TableName": "absent", "ConditionalOperator": "XOR"},
            [unmet("XOR", "conditionalOperator", ENUM + "[OR, AND]"), unmet("null", "key", NULL)],
        ),
        # dynalite, batchWriteItem
        ("BatchWriteItem", {}, [unmet("null", "requestItems", NULL)]),
        # conformance, error-messages/batchWriteItem
        (
            "BatchWriteItem",
            {"RequestItems": {"orders": []}},
            [
                unmet(
                    "{orders=[]}",
                    "requestItems",
                    f"Map value must satisfy constraint: [{MOST}25, {LEAST}1]",
                )
            ],
        ),
        # conformance, validation-ordering/batchOperations
        (
            "BatchWriteItem",
            {
                "RequestItems": {"absent": [{"PutRequest": {"Item": KEY}}]},
                "ReturnConsumedCapacity": "BOGUS",
                "ReturnItemCollectionMetrics": "BOGUS2",
            },
            [
                unmet("BOGUS", "returnConsumedCapacity", ENUM + "[INDEXES, TOTAL, NONE]"),
                unmet("BOGUS2", "returnItemCollectionMetrics", ENUM + "[SIZE, NONE]"),
            ],
        ),
        # conformance, error-messages/transactWriteItems, and dynalite's paths of lists in maps
        ("TransactWriteItems", {"TransactItems": []}, [unmet("[]", "transactItems", LEAST + "1")]),
        (
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "orders"}}], "ClientRequestToken": "x" * 37},
            [
                unmet("x" * 37, "clientRequestToken", MOST + "36"),
                unmet("null", "transactItems.1.member.put.item", NULL),
            ],
        ),
        (
            "BatchWriteItem",
            {"RequestItems": {"orders": [{"PutRequest": {}, "DeleteRequest": {}}]}},
            [
                unmet("null", "requestItems.orders.member.1.member.deleteRequest.key", NULL),
                unmet("null", "requestItems.orders.member.1.member.putRequest.item", NULL),
            ],
        ),
        # dynalite, getItem
        (
            "GetItem",
            {"TableName": "abc;", "ReturnConsumedCapacity": "hi", "AttributesToGet": []},
            [
                unmet("hi", "returnConsumedCapacity", ENUM + "[INDEXES, TOTAL, NONE]"),
                unmet("[]", "attributesToGet", LEAST + "1"),
                unmet("abc;", "tableName", PATTERN),
                unmet("null", "key", NULL),
            ],
        ),
        # dynalite, scan and listTables
        (
            "Scan",
            {"TableName": "orders", "Limit": 0, "Segment": -1, "Select": "hi"},
            [
                unmet("0", "limit", "Member must have value greater than or equal to 1"),
                unmet("-1", "segment", "Member must have value greater than or equal to 0"),
                unmet(
                    "hi",
                    "select",
                    ENUM + "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
                ),
            ],
        ),
        (
            "ListTables",
            {"Limit": 101},
            [unmet("101", "limit", "Member must have value less than or equal to 100")],
        ),
        # dynalite, createTable
        (
            "CreateTable",
            {"TableName": "abc;"},
            [
                unmet("null", "attributeDefinitions", NULL),
                unmet("abc;", "tableName", PATTERN),
                unmet("null", "keySchema", NULL),
            ],
        ),
        (
            "CreateTable",
            {
                "TableName": "abc",
                "AttributeDefinitions": [{}],
                "KeySchema": [],
                "ProvisionedThroughput": {"ReadCapacityUnits": -1, "WriteCapacityUnits": -1},
                "BillingMode": "A",
            },
            [
                unmet("null", "attributeDefinitions.1.member.attributeName", NULL),
                unmet("null", "attributeDefinitions.1.member.attributeType", NULL),
                unmet("A", "billingMode", ENUM + "[PROVISIONED, PAY_PER_REQUEST]"),
                unmet(
                    "-1",
                    "provisionedThroughput.writeCapacityUnits",
                    "Member must have value greater than or equal to 1",
                ),
                unmet(
                    "-1",
                    "provisionedThroughput.readCapacityUnits",
                    "Member must have value greater than or equal to 1",
                ),
                unmet("[]", "keySchema", LEAST + "1"),
            ],
        ),
        # conformance, error-messages/createTable
        ("CreateTable", table("ab"), [unmet("ab", "tableName", LEAST + "3")]),
        (
            "CreateTable",
            table(
                "three",
                KeySchema=[{"AttributeName": name, "KeyType": "HASH"} for name in ("pk", "sk", "extra")],
            ),
            [
                unmet(
                    "[KeySchemaElement(attributeName=pk, keyType=HASH), "
                    "KeySchemaElement(attributeName=sk, keyType=HASH), "
                    "KeySchemaElement(attributeName=extra, keyType=HASH)]",
                    "keySchema",
                    MOST + "2",
                )
            ],
        ),
        (
            "CreateTable",
            table("kinds", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "SS"}]),
            [unmet("SS", "attributeDefinitions.1.member.attributeType", ENUM + "[B, N, S]")],
        ),
    ],
)
def test_constraints_of_the_model_are_reported_with_value_and_path(
    world: World, operation: str, request_: dict[str, Any], errors: list[str]
) -> None:
    assert refusal(world, operation, request_) == detected(*errors)


def test_the_index_of_a_global_index_is_reported_before_that_of_a_local_one(world: World) -> None:
    # conformance, validation-ordering/createTable: whichever comes first in the request
    index = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "Projection": {}}
    request = table(
        "indexes",
        LocalSecondaryIndexes=[{"IndexName": "aa", **index}],
        GlobalSecondaryIndexes=[{"IndexName": "zz", **index}],
    )
    assert refusal(world, "CreateTable", request) == detected(
        unmet("zz", "globalSecondaryIndexes.1.member.indexName", LEAST + "3"),
        unmet("aa", "localSecondaryIndexes.1.member.indexName", LEAST + "3"),
    )


def test_ten_errors_are_reported_at_most(world: World) -> None:
    # dynalite: `if (errors.length >= 10) return` stands for what its tests met
    message = refusal(world, "CreateTable", {**table("many"), "AttributeDefinitions": [{}] * 20})
    assert message.startswith("10 validation errors detected: ")
    assert message.count("; ") == 9


def test_a_table_name_is_asked_for_before_anything_else(world: World) -> None:
    # conformance, error-messages/createTable; dynalite, deleteTable
    for operation in ("CreateTable", "DescribeTable", "UpdateTable", "DeleteTable"):
        assert refusal(world, operation, {}) == (
            "The parameter 'TableName' is required but was not present in the request"
        )


def test_echoed_requests_are_written_as_java_writes_them(world: World) -> None:
    # conformance, error-messages/batchWriteItem: the echo may have further members
    request = {"RequestItems": {"bad!name": [{"PutRequest": {"Item": KEY}}]}}
    message = refusal(world, "BatchWriteItem", request)
    begin = "1 validation error detected: Value '{bad!name=[WriteRequest(putRequest=PutRequest(item={pk="
    assert message.startswith(begin)
    assert message.endswith(
        f"at 'requestItems' failed to satisfy constraint: Map keys must satisfy constraint: [{MOST}255, "
        f"{LEAST}3, {PATTERN}]"
    )


NOT_BASE64 = "only base-64-encoded strings are convertible to bytes"
VALUES = "com.amazonaws.dynamodb.v20120810.AttributeValue"


@pytest.mark.parametrize(
    ("operation", "request_", "message"),
    # dynalite, test-tape/mocha-source-split/helpers/assertions.js
    [
        ("PutItem", {"TableName": True}, "TRUE_VALUE cannot be converted to String"),
        ("PutItem", {"TableName": 23}, "NUMBER_VALUE cannot be converted to String"),
        ("PutItem", {"TableName": 34.56}, "DECIMAL_VALUE cannot be converted to String"),
        ("PutItem", {"TableName": []}, "Unrecognized collection type class java.lang.String"),
        ("PutItem", {"TableName": {}}, "Start of structure or map found where not expected"),
        ("Query", {"Limit": "23"}, "STRING_VALUE cannot be converted to Integer"),
        ("Query", {"Limit": False}, "FALSE_VALUE cannot be converted to Integer"),
        ("Query", {"Limit": []}, "Unrecognized collection type class java.lang.Integer"),
        ("Query", {"ConsistentRead": 1}, "NUMBER_VALUE cannot be converted to Boolean"),
        ("Query", {"ConsistentRead": "23"}, "Unexpected token received from parser"),
        ("GetItem", {"Key": "x"}, "Unexpected field type"),
        (
            "GetItem",
            {"Key": []},
            f"Unrecognized collection type java.util.Map<java.lang.String, {VALUES}>",
        ),
        ("GetItem", {"Key": {"a": "x"}}, "Unexpected value type in payload"),
        ("GetItem", {"Key": {"a": []}}, f"Unrecognized collection type class {VALUES}"),
        ("GetItem", {"Key": {"a": {"S": 5}}}, "NUMBER_VALUE cannot be converted to String"),
        ("GetItem", {"Key": {"a": {"B": 5}}}, NOT_BASE64),
        (
            "GetItem",
            {"Key": {"a": {"B": "23456"}}},
            "Base64 encoded length is expected a multiple of 4 bytes but found: 5",
        ),
        # Bits of the last character that belong to no byte, as Java's codec of the service refuses them.
        ("GetItem", {"Key": {"a": {"B": "QR=="}}}, "Invalid last non-pad Base64 character dectected"),
        ("GetItem", {"Key": {"a": {"B": "QUF="}}}, "Invalid last non-pad Base64 character dectected"),
        ("GetItem", {"Key": {"a": {"SS": "x"}}}, "Unexpected field type"),
        ("GetItem", {"Key": {"a": {"SS": {}}}}, "Start of structure or map found where not expected"),
        ("GetItem", {"Key": {"a": {"L": ["x"]}}}, "Unexpected value type in payload"),
        (
            "GetItem",
            {"ExpressionAttributeNames": []},
            "Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>",
        ),
        ("CreateTable", {"KeySchema": "x"}, "Unexpected field type"),
        ("CreateTable", {"KeySchema": ["x"]}, "Unexpected value type in payload"),
        (
            "CreateTable",
            {"KeySchema": [[]]},
            "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.KeySchemaElement",
        ),
        ("CreateTable", {"ProvisionedThroughput": "x"}, "Unexpected field type"),
    ],
)
def test_other_json_types_are_not_converted(
    world: World, operation: str, request_: dict[str, Any], message: str
) -> None:
    assert refusal(world, operation, request_) == message


def test_unknown_members_and_nulls_are_ignored(world: World) -> None:
    request = {"TableName": "orders", "Key": KEY, "Colour": 1, "ConsistentRead": None}
    assert world.engine.call("dynamodb", "GetItem", request, HERE) == {}


@pytest.mark.parametrize(
    ("value", "message"),
    # dynalite, getItem and batchWriteItem
    [
        ({}, EMPTY),
        (None, EMPTY),
        ({"a": ""}, EMPTY),
        ({"M": {"a": {}}}, EMPTY),
        ({"L": [{"a": {}}]}, EMPTY),
        ({"S": "a", "N": "1"}, SEVERAL),
        ({"S": "", "N": ""}, "The parameter cannot be converted to a numeric value"),
        ({"S": "a", "N": "b"}, "The parameter cannot be converted to a numeric value: b"),
        ({"NULL": "no"}, INVALID + "Null attribute value types must have the value of true"),
        ({"SS": []}, INVALID + "An string set  may not be empty"),
        ({"NS": []}, INVALID + "An number set  may not be empty"),
        ({"BS": []}, INVALID + "Binary sets should not be empty"),
        ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
        (
            {"BS": ["Yg==", "Yg=="]},
            INVALID + "Input collection [Yg==, Yg==]of type BS contains duplicates.",
        ),
        ({"NS": ["1", "1"]}, "Input collection contains duplicates"),
    ],
)
def test_attribute_values_are_refused_before_a_table_is_looked_for(
    world: World, value: Any, message: str
) -> None:
    assert refusal(world, "PutItem", {"TableName": "absent", "Item": {"a": value}}) == message
    assert refusal(world, "GetItem", {"TableName": "absent", "Key": {"a": value}}) == message
    batch = {"RequestItems": {"absent": [{"PutRequest": {"Item": {"a": value}}}]}}
    assert refusal(world, "BatchWriteItem", batch) == message


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "leaf"}
    for _ in range(levels):
        value = {"M": {"n": value}}
    return value


@pytest.mark.parametrize("validates", [True, False])
def test_documents_have_32_levels_at_most(world: World, validates: bool) -> None:
    # conformance, limits/nestingDepth: 31 maps around a leaf are taken, 32 are not
    config = Config(parameter_validation=validates)
    client = world.client("dynamodb", region_name="us-east-1", config=config)
    client.put_item(TableName="orders", Item={**KEY, "document": deep(31)})
    for levels in (32, 63, 1000, 20_000):
        with pytest.raises(ClientError) as caught:
            client.put_item(TableName="orders", Item={**KEY, "document": deep(levels)})
        assert caught.value.response["Error"]["Message"] == TOO_DEEP


def test_a_huge_flat_item_is_refused(world: World) -> None:
    # conformance, error-messages/batchWriteItem; dynalite, putItem
    item = {f"{number}": {"BOOL": True} for number in range(100_000)}
    message = "Item size has exceeded the maximum allowed size"
    assert refusal(world, "PutItem", {"TableName": "absent", "Item": item}) == message


class Unread:
    """What nobody may look at: no member of a request reads as such a thing."""


UNREAD = [Unread()] * 10_001
NAMED_UNREAD = {f"n{number}": unread for number, unread in enumerate(UNREAD)}
EQUAL = {"ComparisonOperator": "EQ"}


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("Scan", {"ScanFilter": {"a": {**EQUAL, "AttributeValueList": UNREAD}}}),
        ("Scan", {"ScanFilter": NAMED_UNREAD}),
        ("Query", {"KeyConditions": NAMED_UNREAD}),
        ("PutItem", {"Item": KEY, "Expected": NAMED_UNREAD}),
        ("UpdateItem", {"Key": KEY, "AttributeUpdates": NAMED_UNREAD}),
        ("UpdateItem", {"Key": KEY, "ExpressionAttributeNames": NAMED_UNREAD}),
        ("UpdateItem", {"Key": KEY, "ExpressionAttributeValues": NAMED_UNREAD}),
        ("GetItem", {"Key": KEY, "AttributesToGet": UNREAD}),
        ("CreateTable", {"AttributeDefinitions": UNREAD}),
        ("UpdateTable", {"ReplicaUpdates": UNREAD}),
        ("ExecuteStatement", {"Statement": "SELECT", "Parameters": UNREAD}),
    ],
    ids=lambda given: next(reversed(given)) if isinstance(given, dict) else given,
)
def test_more_members_than_any_request_needs_are_not_read(
    world: World, operation: str, members: dict[str, Any]
) -> None:
    said = refusal(world, operation, {"TableName": "orders", **members})
    assert said == "A collection of the request has more than 10000 members"


def test_more_attributes_than_any_item_has_are_not_read(world: World) -> None:
    many = {f"{number}": Unread() for number in range(400 * 1024 // 3 + 1)}
    for item in (many, {**KEY, "m": {"M": many}}, {**KEY, "l": {"L": [Unread()] * (400 * 1024 + 1)}}):
        said = refusal(world, "PutItem", {"TableName": "orders", "Item": item})
        assert said == "Item size has exceeded the maximum allowed size"


def test_clients_check_first_unless_told_not_to(world: World) -> None:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    with pytest.raises(ParamValidationError):
        client.get_item(TableName=5, Key=KEY)
    config = Config(parameter_validation=False)
    client = world.client("dynamodb", region_name="us-east-1", config=config)
    with pytest.raises(ClientError) as caught:
        client.get_item(TableName=5, Key=KEY)
    assert caught.value.response["Error"]["Code"] == "SerializationException"
    assert caught.value.response["Error"]["Message"] == "NUMBER_VALUE cannot be converted to String"
