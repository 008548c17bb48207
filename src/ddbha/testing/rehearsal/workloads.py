"""Workloads that are shipped: small programs as people write them on DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from attrs import frozen
from botocore.exceptions import BotoCoreError, ClientError

from ddbha.testing.rehearsal.stage import RehearsalClock, Workload

#: What a program meets when DynamoDB does not do what it asks.
ERRORS = (ClientError, BotoCoreError)


@frozen
class Shipped:
    """A workload with the tables that it needs, as requests of CreateTable."""

    name: str
    run: Workload
    tables: tuple[dict[str, Any], ...]


def _table(name: str, *keys: str) -> dict[str, Any]:
    kinds = ("HASH", "RANGE")[: len(keys)]
    return {
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
        "KeySchema": [
            {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds, strict=True)
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }


def orders(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    """Orders are placed under a number that nobody has used, and read back."""
    client = clients()
    for number in clock.cycles():
        key = {"customer": {"S": f"customer-{number % 20}"}, "order": {"S": f"{number:06}"}}
        try:
            client.put_item(
                TableName="orders",
                Item={**key, "total": {"N": str(number)}},
                ConditionExpression="attribute_not_exists(customer)",
            )
            client.get_item(TableName="orders", Key=key)
        except ERRORS:
            continue


def counter(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    """Visits are counted in one item."""
    client = clients()
    for _ in clock.cycles():
        try:
            client.update_item(
                TableName="counters",
                Key={"name": {"S": "visits"}},
                UpdateExpression="ADD visits :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
            client.get_item(TableName="counters", Key={"name": {"S": "visits"}})
        except ERRORS:
            continue


def session_store(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    """Sessions are read at each page, consistently at the first, and written back."""
    client, chance = clients(), Random(0)
    for number in clock.cycles():
        key = {"session": {"S": f"s{chance.randrange(50)}"}}
        try:
            found = client.get_item(TableName="sessions", Key=key).get("Item", key)
            client.put_item(TableName="sessions", Item={**found, "page": {"N": str(number)}})
        except ERRORS:
            continue


def event_log(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    """Events are appended to a log, and its newest ones are read."""
    client = clients()
    for number in clock.cycles():
        try:
            client.put_item(
                TableName="events",
                Item={"log": {"S": "main"}, "time": {"S": f"{clock.time():.3f}-{number:06}"}},
            )
            client.query(
                TableName="events",
                KeyConditionExpression="log = :log",
                ExpressionAttributeValues={":log": {"S": "main"}},
                ScanIndexForward=False,
                Limit=5,
            )
        except ERRORS:
            continue


SHIPPED = {
    "orders": Shipped("orders", orders, (_table("orders", "customer", "order"),)),
    "counter": Shipped("counter", counter, (_table("counters", "name"),)),
    "session store": Shipped("session store", session_store, (_table("sessions", "session"),)),
    "event log": Shipped("event log", event_log, (_table("events", "log", "time"),)),
}
