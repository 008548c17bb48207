"""The calls that are measured: the same ones for every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

TABLE = "bench"
BIG = "big"
ITEM: dict[str, Any] = {
    "pk": {"S": "user#1"},
    "sk": {"S": "order#0001"},
    "amount": {"N": "129.95"},
    "name": {"S": "A customer's name"},
    "tags": {"SS": ["new", "paid"]},
    "address": {"M": {"street": {"S": "Main St 1"}, "zip": {"S": "12345"}}},
    "open": {"BOOL": True},
}
KEY = {"pk": ITEM["pk"], "sk": ITEM["sk"]}
DEFINITION: dict[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "owner")
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-owner",
            "KeySchema": [
                {"AttributeName": "owner", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@frozen
class Case:
    """One call; `goal` is the most it should cost, in multiples of botocore's floor."""

    name: str
    operation: str
    params: dict[str, Any]
    goal: float


def _query(table: str, pk: str, **more: Any) -> dict[str, Any]:
    return {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}},
        **more,
    }


def _entry(number: int, **more: Any) -> dict[str, Any]:
    return {**ITEM, "pk": {"S": "batch"}, "sk": {"S": f"{number:04}"}, **more}


def _transaction(table: str) -> dict[str, Any]:
    update = {
        "TableName": table,
        "UpdateExpression": "ADD visits :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    keys = [{"pk": {"S": "transaction"}, "sk": {"S": f"{number:04}"}} for number in range(4)]
    return {"TransactItems": [{"Update": {**update, "Key": key}} for key in keys]}


def _puts() -> dict[str, Any]:
    items = [{**ITEM, "pk": {"S": "transaction"}, "sk": {"S": f"put {number}"}} for number in range(4)]
    return {"TransactItems": [{"Put": {"TableName": TABLE, "Item": item}} for item in items]}


def cases() -> list[Case]:
    """All calls, on the tables that `load` makes."""
    owners = {"TableName": TABLE, "IndexName": "by-owner"}
    update = {
        "TableName": TABLE,
        "Key": KEY,
        "UpdateExpression": "SET #n = :n, address.zip = :z REMOVE gone ADD visits :one",
        "ExpressionAttributeNames": {"#n": "name"},
        "ExpressionAttributeValues": {
            ":n": {"S": "Another name"},
            ":z": {"S": "54321"},
            ":one": {"N": "1"},
        },
    }
    return [
        Case("put", "PutItem", {"TableName": TABLE, "Item": ITEM}, 1),
        Case(
            "conditional put",
            "PutItem",
            {"TableName": TABLE, "Item": ITEM, "ConditionExpression": "attribute_exists(pk)"},
            1.25,
        ),
        Case("get", "GetItem", {"TableName": TABLE, "Key": KEY}, 1),
        Case("update, three actions", "UpdateItem", update, 2),
        Case(
            "update, three actions, ALL_NEW",
            "UpdateItem",
            {**update, "ReturnValues": "ALL_NEW"},
            2,
        ),
        Case("delete", "DeleteItem", {"TableName": TABLE, "Key": KEY}, 1),
        Case("query 20 of 20", "Query", _query(TABLE, "twenty"), 4),
        Case("query 20 of many", "Query", _query(BIG, "collection", Limit=20), 4),
        Case(
            "index query 20",
            "Query",
            {
                **owners,
                "KeyConditionExpression": "#o = :o",
                "ExpressionAttributeNames": {"#o": "owner"},
                "ExpressionAttributeValues": {":o": {"S": "ann"}},
            },
            4,
        ),
        Case(
            "query, filter of 100",
            "Query",
            {
                **_query(TABLE, "hundred"),
                "FilterExpression": "amount > :t",
                "ExpressionAttributeValues": {":pk": {"S": "hundred"}, ":t": {"N": "1000"}},
            },
            10,
        ),
        Case(
            "query, equality filter of 100",
            "Query",
            {
                **_query(TABLE, "hundred"),
                "FilterExpression": "#n = :n AND amount > :t",
                "ExpressionAttributeNames": {"#n": "name"},
                "ExpressionAttributeValues": {
                    ":pk": {"S": "hundred"},
                    ":n": {"S": "nobody"},
                    ":t": {"N": "100"},
                },
            },
            5,
        ),
        Case(
            "batch write 25",
            "BatchWriteItem",
            {"RequestItems": {TABLE: [{"PutRequest": {"Item": _entry(n)}} for n in range(25)]}},
            1,
        ),
        Case(
            "batch get 25",
            "BatchGetItem",
            {
                "RequestItems": {
                    TABLE: {"Keys": [{"pk": {"S": "batch"}, "sk": {"S": f"{n:04}"}} for n in range(25)]}
                }
            },
            1,
        ),
        Case("transact write 4 puts", "TransactWriteItems", _puts(), 1.25),
        Case("transact write 4", "TransactWriteItems", _transaction(TABLE), 3.5),
        Case("transact write 4, big table", "TransactWriteItems", _transaction(BIG), 3.5),
        Case("scan page of 500", "Scan", {"TableName": BIG, "Limit": 500}, 90),
    ]


def load(client: Any, many: int, write: Callable[[str, list[dict[str, Any]]], None]) -> None:
    """Make both tables; `write` fills one with items, `many` of them in the big one's one collection."""
    for table in (TABLE, BIG):
        client.create_table(TableName=table, **DEFINITION)
    small = [{**ITEM, "pk": {"S": "twenty"}, "sk": {"S": f"{n:04}"}} for n in range(20)]
    small += [{**ITEM, "pk": {"S": "hundred"}, "sk": {"S": f"{n:04}"}} for n in range(100)]
    small += [_entry(n, owner={"S": "ann"}) for n in range(100, 120)]
    write(TABLE, small)
    write(BIG, [{**ITEM, "pk": {"S": "collection"}, "sk": {"S": f"{n:06}"}} for n in range(many)])
