"""The order of keys that were written in any other."""

from __future__ import annotations

from random import Random
from typing import Any

import ddbha

#: More than what each replica sorts for itself.
MANY = 1_200


def _write(client: Any, numbers: list[int]) -> None:
    for start in range(0, len(numbers), 25):
        items = [
            {"pk": {"S": "collection"}, "sk": {"N": str(n)}, "kind": {"S": str(n % 7)}}
            for n in numbers[start : start + 25]
        ]
        client.batch_write_item(RequestItems={"orders": [{"PutRequest": {"Item": i}} for i in items]})


def _read(client: Any, **more: Any) -> list[int]:
    pages = client.get_paginator("query").paginate(
        TableName="orders",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "collection"}},
        **more,
    )
    return [int(item["sk"]["N"]) for page in pages for item in page["Items"]]


def test_replicas_take_over_what_another_one_has_sorted_and_only_that() -> None:
    """One of three stays behind, so it holds other keys than those that are sorted first."""
    world = ddbha.World(clock=ddbha.ManualClock(), seed=7)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="orders",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "kind", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-kind",
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "kind", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    numbers = list(range(2 * MANY))
    Random(1).shuffle(numbers)
    _write(client, numbers[:MANY])
    # A zone that does not lead: leaders have everything.
    fault = world.faults.follower_lag("us-east-1c", seconds=60)
    world.clock.advance(30)
    _write(client, numbers[MANY:])
    older, newer = sorted(numbers[:MANY]), sorted(numbers)
    seen = [_read(client) for _ in range(12)]
    assert older in seen
    assert newer in seen
    assert all(found in (older, newer) for found in seen)
    fault.end()
    assert all(_read(client) == newer for _ in range(6))
    by_kind = sorted(numbers, key=lambda n: (str(n % 7), n))
    assert all(_read(client, IndexName="by-kind") == by_kind for _ in range(4))
    world.verify()
