"""Orders are written in a batch, and nobody looks at what came back unprocessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.config import Config

from ddbha.exploration import Trial

#: Faults may come one after another: ten attempts, as this mode makes with DynamoDB, outlast them.
PATIENT = Config(retries={"mode": "legacy"})

ORDERS = [{"PutRequest": {"Item": {"id": {"S": f"order-{number}"}}}} for number in range(10)]


def write_once(client: Any) -> None:
    """Wrong: DynamoDB may do a part of a batch and give back the rest."""
    client.batch_write_item(RequestItems={"orders": ORDERS})


def write_until_done(client: Any) -> None:
    """Right: what comes back is sent again; a Table's `batch_writer` does the same."""
    waiting = {"orders": ORDERS}
    while waiting:
        waiting = client.batch_write_item(RequestItems=waiting)["UnprocessedItems"]


def _import(trial: Trial, write: Callable[[Any], None]) -> None:
    client = trial.world.client("dynamodb", config=PATIENT)
    client.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    trial.client("importer", write, client)
    trial.run()
    count = client.scan(TableName="orders", ConsistentRead=True)["Count"]
    assert count == len(ORDERS), f"{len(ORDERS)} orders were imported, and there are {count}"


def broken(trial: Trial) -> None:
    _import(trial, write_once)


def fixed(trial: Trial) -> None:
    _import(trial, write_until_done)


if __name__ == "__main__":
    from ddbha.exploration import FailingSchedule, explore

    try:
        explore(broken)
    except FailingSchedule as failure:
        print(failure)
    explore(fixed)
    print("fixed: 200 schedules, and none breaks it")
