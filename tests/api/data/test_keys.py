"""Key attributes in expressions and transactions.

Expected: the tests of dynalite that were verified against AWS, and those of ScyllaDB's Alternator.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, on_demand

KEY: dict[str, Any] = {"a": {"S": "1"}, "b": {"S": "1"}}
SCALARS = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "


@pytest.fixture
def client() -> Any:
    client: Any = ddbha.World().client("dynamodb")
    client.create_table(
        TableName="orders",
        **on_demand("a", "b", more=["d"]),
        GlobalSecondaryIndexes=[index_on("by-d", "d")],
    )
    client.put_item(TableName="orders", Item=KEY)
    return client


def told(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    message = refused.value.response["Error"]["Message"]
    return str(message)


@pytest.mark.parametrize(
    ("path", "named"),
    [("a.c", "Key: a"), ("b[0]", "Key: b"), ("d.c", "IndexKey: d"), ("d[1]", "IndexKey: d")],
)
def test_paths_into_key_attributes(client: Any, path: str, named: str) -> None:
    orders = {"TableName": "orders"}
    reads = {"ProjectionExpression": path}
    assert told(client.get_item, **orders, Key=KEY, **reads) == SCALARS + named
    assert told(client.scan, **orders, **reads) == SCALARS + named
    assert (
        told(client.batch_get_item, RequestItems={"orders": {"Keys": [KEY], **reads}}) == SCALARS + named
    )
    assert told(client.scan, **orders, FilterExpression=f"attribute_exists({path})") == SCALARS + named
    query = {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "1"}}}
    assert told(client.query, **orders, **query, **reads) == SCALARS + named
    update = {"UpdateExpression": f"REMOVE {path}"}
    assert told(client.update_item, **orders, Key=KEY, **update) == SCALARS + named
    condition = {"ConditionExpression": f"attribute_exists({path})"}
    for call, what in ((client.put_item, {"Item": KEY}), (client.delete_item, {"Key": KEY})):
        assert told(call, **orders, **what, **condition).endswith(SCALARS + named)
    assert client.get_item(**orders, Key=KEY)["Item"] == KEY


def test_paths_into_index_keys_in_filters_of_queries(client: Any) -> None:
    message = told(
        client.query,
        TableName="orders",
        KeyConditionExpression="a = :a",
        FilterExpression="d[1] = :a",
        ExpressionAttributeValues={":a": {"S": "1"}},
    )
    assert message == f"{SCALARS}IndexKey: d"


def test_empty_keys_in_transactions_are_no_reason_of_a_cancellation(client: Any) -> None:
    empty = {"a": {"S": ""}, "b": {"S": "1"}}
    words = (
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
        "contain an empty string value. Key: a"
    )
    for action in ({"Put": {"Item": empty}}, {"Delete": {"Key": empty}}):
        ((kind, body),) = action.items()
        items = [{kind: {"TableName": "orders", **body}}]
        assert told(client.transact_write_items, TransactItems=items) == words
    wrong = {"TableName": "orders", "Item": {"a": {"N": "1"}, "b": {"S": "1"}}}
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.transact_write_items(TransactItems=[{"Put": wrong}])
    assert cancelled.value.response["CancellationReasons"][0]["Code"] == "ValidationError"


def test_the_size_of_a_transaction_is_that_of_its_request(client: Any) -> None:
    """Large items may be changed by a small request, and not written by a large one."""
    large = {"S": "x" * 390_000}
    keys = [{"a": {"S": "large"}, "b": {"S": str(number)}} for number in range(12)]
    for key in keys:
        client.put_item(TableName="orders", Item={**key, "v": large})
    updates = [
        {"Update": {"TableName": "orders", "Key": key, "UpdateExpression": "SET n = a"}} for key in keys
    ]
    client.transact_write_items(TransactItems=updates)
    puts = [{"Put": {"TableName": "orders", "Item": {**key, "v": large}}} for key in keys]
    assert "4 MB" in told(client.transact_write_items, TransactItems=puts)
    bound = {
        "UpdateExpression": "SET v = :v",
        "ExpressionAttributeValues": {":v": large},
        "TableName": "orders",
    }
    updates = [{"Update": {"Key": key, **bound}} for key in keys]
    assert "4 MB" in told(client.transact_write_items, TransactItems=updates)


def test_empty_keys_of_indexes(client: Any) -> None:
    """The conformance suite's negative cases of index keys, for UpdateItem, PutItem and transactions."""
    put = (
        "One or more parameter values are not valid. A value specified for a secondary index key is not "
        "supported. The AttributeValue for a key attribute cannot contain an empty string value. "
        "IndexName: by-d, IndexKey: d"
    )
    update = (
        "One or more parameter values are not valid. The update expression attempted to update a "
        "secondary index key to a value that is not supported. The AttributeValue for a key attribute "
        "cannot contain an empty string value."
    )
    empty = {"d": {"S": ""}}
    change = {"UpdateExpression": "SET d = :v", "ExpressionAttributeValues": {":v": empty["d"]}}
    body = {"TableName": "orders", "Key": KEY, **change}
    assert told(client.put_item, TableName="orders", Item={**KEY, **empty}) == put
    assert told(client.update_item, **body) == update
    assert told(client.transact_write_items, TransactItems=[{"Update": body}]) == update


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Empty attribute name"),
        ("x" * 65536, "Attribute name is too large, must be less than 65536 bytes"),
    ],
)
def test_names_that_no_attribute_has(client: Any, name: str, message: str) -> None:
    orders = {"TableName": "orders"}
    null = {name: {"ComparisonOperator": "NULL"}}
    keys = {"a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "1"}]}}
    assert told(client.get_item, **orders, Key=KEY, AttributesToGet=["a", name]) == message
    wanted = {"Keys": [KEY], "AttributesToGet": [name]}
    assert told(client.batch_get_item, RequestItems={"orders": wanted}) == message
    assert told(client.scan, **orders, ScanFilter=null) == message
    assert told(client.query, **orders, KeyConditions=keys, QueryFilter=null) == message
    assert told(client.query, **orders, KeyConditions={**keys, **null}) == message
    expected = {name: {"Exists": False}}
    assert told(client.put_item, **orders, Item=KEY, Expected=expected).endswith(message)
    updates = {name: {"Action": "DELETE"}}
    assert told(client.update_item, **orders, Key=KEY, AttributeUpdates=updates).endswith(message)


def test_statements_word_indexes_otherwise(client: Any) -> None:
    """Seen on AWS by the authors of floci (DynamoDbAccessPath.java): no name of an index."""
    missing = 'SELECT * FROM "orders"."none" WHERE a = \'1\''
    assert (
        told(client.execute_statement, Statement=missing) == "The table does not have the specified index"
    )
    message = told(
        client.execute_statement, Statement='SELECT * FROM "orders"."by-d"', ConsistentRead=True
    )
    assert message == "Strongly consistent read is not supported on Global Secondary Indexes"


def test_a_transaction_of_writes_answers_no_items(client: Any) -> None:
    statement = {"Statement": "INSERT INTO orders VALUE {'a': '2', 'b': '2'}"}
    assert client.execute_transaction(TransactStatements=[statement])["Responses"] == []
