"""A payment is added to an account; its answer is lost, boto3 tries again, and it is added twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.config import Config

from ddbha.exploration import Trial

#: Faults may come one after another: ten attempts, as this mode makes with DynamoDB, outlast them.
PATIENT = Config(retries={"mode": "legacy"})


def pay(client: Any, payment: str, amount: int) -> None:
    """Wrong: ADD does more when it is done again."""
    client.update_item(
        TableName="accounts",
        Key={"id": {"S": "alice"}},
        UpdateExpression="ADD balance :amount",
        ExpressionAttributeValues={":amount": {"N": str(amount)}},
    )


def pay_once(client: Any, payment: str, amount: int) -> None:
    """Right: a transaction with a token is done once in ten minutes, however often it is sent."""
    client.transact_write_items(
        ClientRequestToken=payment,
        TransactItems=[
            {
                "Update": {
                    "TableName": "accounts",
                    "Key": {"id": {"S": "alice"}},
                    "UpdateExpression": "ADD balance :amount",
                    "ExpressionAttributeValues": {":amount": {"N": str(amount)}},
                }
            }
        ],
    )


def _two_payments(trial: Trial, pay: Callable[[Any, str, int], None]) -> None:
    client = trial.world.client("dynamodb", config=PATIENT)
    client.create_table(
        TableName="accounts",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    trial.client("shop", pay, client, "payment-1", 5)
    trial.client("bank", pay, client, "payment-2", 7)
    trial.run()
    item = client.get_item(TableName="accounts", Key={"id": {"S": "alice"}}, ConsistentRead=True)["Item"]
    assert item["balance"]["N"] == "12", f"5 and 7 were paid, and the balance is {item['balance']['N']}"


def broken(trial: Trial) -> None:
    _two_payments(trial, pay)


def fixed(trial: Trial) -> None:
    _two_payments(trial, pay_once)


#: A conflict cancels a transaction for good; boto3 does not try again.
FAULTS = ("stale_reads", "lost_answers", "lost_requests", "errors", "zone_outages", "region_outages")


if __name__ == "__main__":
    from ddbha.exploration import FailingSchedule, explore

    try:
        explore(broken, faults=FAULTS)
    except FailingSchedule as failure:
        print(failure)
    explore(fixed, faults=FAULTS)
    print("fixed: 200 schedules, and none breaks it")
