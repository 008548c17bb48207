"""The guided run: unmodified boto3 code lives through the loss of one zone, then of two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from ddbha.boto.mock import mock
from ddbha.clock import ManualClock
from ddbha.world import World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "orders"
ORDERS = 200


def run() -> None:
    """Print the tour."""
    world = World(seed=1, clock=ManualClock())
    with mock(world):
        client = boto3.client("dynamodb", region_name="us-east-1")
        _write(client, world)
        _lose_one_zone(client, world)
        _lose_two_zones(client, world)
        _read_everything_back(client, world)


def _write(client: DynamoDBClient, world: World) -> None:
    _title("1. Ordinary boto3 code creates a table and writes")
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=TABLE)
    for number in range(ORDERS):
        client.put_item(TableName=TABLE, Item=_order(number, "placed"))
    print(f"{ORDERS} orders written. Every partition has a leader (*) and two more replicas:")
    print(world)


def _lose_one_zone(client: DynamoDBClient, world: World) -> None:
    _title("2. A zone is lost: everything goes on")
    with world.faults.zone_outage("us-east-1a"):
        for number in range(ORDERS):
            client.put_item(TableName=TABLE, Item=_order(number, "paid"))
        print(f"{ORDERS} orders updated without us-east-1a; other replicas lead its partitions:")
        print(world)
    print("The zone returns and fetches what it missed:")
    print(world)


def _lose_two_zones(client: DynamoDBClient, world: World) -> None:
    _title("3. Two zones are lost: no quorum, so no writes")
    with world.faults.zone_outage("us-east-1a"), world.faults.zone_outage("us-east-1b"):
        try:
            client.put_item(TableName=TABLE, Item=_order(0, "lost?"))
        except client.exceptions.InternalServerError as error:
            retries = error.response["ResponseMetadata"]["RetryAttempts"]
            print(f"A write is refused after {retries} retries: {error}")
        answer = client.get_item(TableName=TABLE, Key={"id": {"S": "order-0"}})
        print(f"An eventually consistent read still answers: {answer['Item']['state']['S']}")


def _read_everything_back(client: DynamoDBClient, world: World) -> None:
    _title("4. Both zones return: everything acknowledged is there")
    paid = 0
    for number in range(ORDERS):
        key = {"id": {"S": f"order-{number}"}}
        item = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
        paid += item["state"]["S"] == "paid"
    world.verify()
    print(f"{paid} of {ORDERS} orders are paid, and world.verify() finds nothing wrong.")
    print("\nRead README.md next.")


def _order(number: int, state: str) -> dict[str, Any]:
    return {"id": {"S": f"order-{number}"}, "state": {"S": state}}


def _title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")
