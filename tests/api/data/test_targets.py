"""Where a query goes on.

Expected: the tests of dynalite that were verified against AWS (test/query.js of architect/dynalite), and
the error codes that AWS ships with DynamoDB Local.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, on_demand

OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions"
PREDICATE = "The provided starting key does not match the range key predicate"
ONE_ROW = "The query can return at most one row and cannot be restarted"


@pytest.fixture
def client() -> Any:
    client: Any = ddbha.World().client("dynamodb")
    client.create_table(
        TableName="orders",
        **on_demand("a", "b", more=["c"]),
        LocalSecondaryIndexes=[index_on("local", "a", "c")],
        GlobalSecondaryIndexes=[index_on("global", "c", "b")],
    )
    client.create_table(TableName="plain", **on_demand("a"))
    for number in range(4):
        item = {"a": {"S": "a"}, "b": {"S": str(number)}, "c": {"S": "c"}}
        client.put_item(TableName="orders", Item=item)
    return client


def text(**values: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in values.items()}


def ask(client: Any, condition: str, start: dict[str, Any], index: str | None = None, **more: Any) -> Any:
    values = {":a": {"S": "a"}, ":c": {"S": "c"}, ":1": {"S": "1"}, ":2": {"S": "2"}}
    used = {name: value for name, value in values.items() if name in condition}
    return client.query(
        TableName="orders",
        KeyConditionExpression=condition,
        ExpressionAttributeValues=used,
        ExclusiveStartKey=start,
        **({} if index is None else {"IndexName": index}),
        **more,
    )


@pytest.mark.parametrize(
    ("condition", "start", "index", "message"),
    [
        ("a = :a", text(a="x", b="1"), None, OUTSIDE),
        ("a = :a AND b > :1", text(a="a", b="1"), None, PREDICATE),
        ("a = :a AND b > :1", text(a="a", b="0"), None, PREDICATE),
        ("a = :a AND b < :2", text(a="a", b="2"), None, PREDICATE),
        ("a = :a AND b BETWEEN :1 AND :2", text(a="a", b="3"), None, PREDICATE),
        ("a = :a AND begins_with(b, :2)", text(a="a", b="1"), None, PREDICATE),
        ("a = :a AND b = :1", text(a="a", b="2"), None, PREDICATE),
        ("a = :a AND b = :1", text(a="a", b="1"), None, ONE_ROW),
        ("a = :a AND b < :2", text(a="x", b="1"), None, ONE_ROW),
        ("a = :a AND c > :c", text(a="a", b="1", c="b"), "local", PREDICATE),
        ("c = :c AND b > :1", text(a="a", b="1", c="c"), "global", PREDICATE),
        ("c = :c AND b = :1", text(a="a", b="1", c="x"), "global", ONE_ROW),
        ("c = :c", text(a="a", b="1", c="x"), "global", OUTSIDE),
    ],
)
def test_starting_keys_that_contradict_the_condition(
    client: Any, condition: str, start: dict[str, Any], index: str | None, message: str
) -> None:
    for forward in (True, False):
        with pytest.raises(ClientError) as refused:
            ask(client, condition, start, index, ScanIndexForward=forward)
        assert refused.value.response["Error"]["Message"] == message


def test_a_table_without_a_sort_key_has_no_second_page(client: Any) -> None:
    with pytest.raises(ClientError, match=ONE_ROW):
        client.query(
            TableName="plain",
            KeyConditionExpression="a = :a",
            ExpressionAttributeValues=text(**{":a": "a"}),
            ExclusiveStartKey=text(a="a"),
        )


def test_indexes_may_have_many_entries_of_one_key(client: Any) -> None:
    start = text(a="a", b="1", c="c")
    assert ask(client, "a = :a AND c = :c", start, "local")["Count"] == 2
    assert ask(client, "c = :c AND b = :1", start, "global")["Count"] == 0


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("a = :a", 4),
        ("a = :a AND b >= :1", 3),
        ("a = :a AND b < :2", 2),
        ("a = :a AND b BETWEEN :1 AND :2", 2),
        ("a = :a AND begins_with(b, :1)", 1),
    ],
)
def test_every_page_leads_to_the_next(client: Any, condition: str, count: int, forward: bool) -> None:
    values = {":a": {"S": "a"}, ":1": {"S": "1"}, ":2": {"S": "2"}}
    pages = client.get_paginator("query").paginate(
        TableName="orders",
        KeyConditionExpression=condition,
        ExpressionAttributeValues={name: value for name, value in values.items() if name in condition},
        ScanIndexForward=forward,
        Limit=1,
    )
    if "begins" in condition or count > 1:
        assert sum(page["Count"] for page in pages) == count
