"""A task list with aioboto3: a resource table, a batch writer, a waiter, a paginator and a counter."""

from __future__ import annotations

import asyncio
from typing import Any

import aioboto3
from boto3.dynamodb.conditions import Key

TABLE = "tasks"


async def main(people: list[str], tasks: int) -> dict[str, Any]:
    """Give everybody so many tasks, let all finish one at once, and report."""
    session = aioboto3.Session()
    async with (
        session.resource("dynamodb", region_name="us-east-1") as resource,
        session.client("dynamodb", region_name="us-east-1") as client,
    ):
        table = await resource.create_table(
            TableName=TABLE,
            AttributeDefinitions=[
                {"AttributeName": "person", "AttributeType": "S"},
                {"AttributeName": "task", "AttributeType": "N"},
            ],
            KeySchema=[
                {"AttributeName": "person", "KeyType": "HASH"},
                {"AttributeName": "task", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        await client.get_waiter("table_exists").wait(TableName=TABLE)
        async with table.batch_writer() as batch:
            for person in people:
                for task in range(1, tasks + 1):
                    await batch.put_item(Item={"person": person, "task": task, "state": "open"})
                await batch.put_item(Item={"person": person, "task": 0, "finished": 0})

        await asyncio.gather(*(finish(table, person, 1) for person in people))
        again = await asyncio.gather(
            *(finish(table, person, 1) for person in people), return_exceptions=True
        )

        first = people[0]
        remaining = await table.query(
            KeyConditionExpression=Key("person").eq(first) & Key("task").gte(2), ScanIndexForward=False
        )
        scanned = 0
        async for page in client.get_paginator("scan").paginate(
            TableName=TABLE, PaginationConfig={"PageSize": 7}
        ):
            scanned += page["Count"]
        counter = await table.get_item(Key={"person": first, "task": 0}, ConsistentRead=True)
        return {
            "remaining": [int(item["task"]) for item in remaining["Items"]],
            "finished": int(counter["Item"]["finished"]),
            "refused": [type(error).__name__ for error in again],
            "scanned": scanned,
        }


async def finish(table: Any, person: str, task: int) -> None:
    """Close an open task, then count it."""
    await table.update_item(
        Key={"person": person, "task": task},
        UpdateExpression="SET #state = :closed",
        ConditionExpression="#state = :open",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":closed": "closed", ":open": "open"},
    )
    await table.update_item(
        Key={"person": person, "task": 0},
        UpdateExpression="ADD finished :one",
        ExpressionAttributeValues={":one": 1},
    )


if __name__ == "__main__":
    import ddbha

    with ddbha.mock():
        for name, value in asyncio.run(main(["ann", "bob"], 5)).items():
            print(f"{name}: {value}")
