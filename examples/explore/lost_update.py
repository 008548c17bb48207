"""A deposit reads the balance, adds to it and writes it back: of two at once, one is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.config import Config

from ddbha.exploration import Trial

#: Faults may come one after another: ten attempts, as this mode makes with DynamoDB, outlast them.
PATIENT = Config(retries={"mode": "legacy"})

Deposit = Callable[[Any, int], None]


def read_modify_write(accounts: Any, amount: int) -> None:
    """Wrong: somebody else may write between the read and the write."""
    account = accounts.get_item(Key={"id": "alice"}, ConsistentRead=True)["Item"]
    accounts.put_item(Item={"id": "alice", "balance": account["balance"] + amount})


def read_modify_write_on_condition(accounts: Any, amount: int) -> None:
    """Right: the write succeeds only on the balance that was read, else it all begins again."""
    changed = accounts.meta.client.exceptions.ConditionalCheckFailedException
    while True:
        balance = accounts.get_item(Key={"id": "alice"}, ConsistentRead=True)["Item"]["balance"]
        try:
            accounts.put_item(
                Item={"id": "alice", "balance": balance + amount},
                ConditionExpression="balance = :balance",
                ExpressionAttributeValues={":balance": balance},
            )
        except changed:
            continue
        return


def _two_deposits(trial: Trial, deposit: Deposit) -> None:
    accounts = trial.world.resource("dynamodb", config=PATIENT).create_table(
        TableName="accounts",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    accounts.put_item(Item={"id": "alice", "balance": 100})
    trial.client("A", deposit, accounts, 10)
    trial.client("B", deposit, accounts, 20)
    trial.run()
    balance = accounts.get_item(Key={"id": "alice"}, ConsistentRead=True)["Item"]["balance"]
    assert balance == 130, f"10 and 20 were put to 100, and the balance is {balance}"


def broken(trial: Trial) -> None:
    _two_deposits(trial, read_modify_write)


def fixed(trial: Trial) -> None:
    _two_deposits(trial, read_modify_write_on_condition)


#: What may befall the requests of this example.  A write whose answer is lost is another one's subject.
FAULTS = ("stale_reads", "lost_requests", "errors", "zone_outages")


if __name__ == "__main__":
    from ddbha.exploration import FailingSchedule, explore

    try:
        explore(broken, faults=FAULTS)
    except FailingSchedule as failure:
        print(failure)
    explore(fixed, faults=FAULTS)
    print("fixed: 200 schedules, and none breaks it")
