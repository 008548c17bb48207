"""A cart is read back right after it was written, without ConsistentRead."""

from __future__ import annotations

from typing import Any

from botocore.config import Config

from ddbha.exploration import Trial

#: Faults may come one after another: ten attempts, as this mode makes with DynamoDB, outlast them.
PATIENT = Config(retries={"mode": "legacy"})


def _shop(carts: Any, customer: str, consistent: bool) -> None:
    carts.update_item(
        Key={"customer": customer},
        UpdateExpression="SET apples = :apples",
        ExpressionAttributeValues={":apples": 3},
    )
    cart = carts.get_item(Key={"customer": customer}, ConsistentRead=consistent)["Item"]
    assert cart["apples"] == 3, f"the order has {cart['apples']} apples"


def _two_customers(trial: Trial, consistent: bool) -> None:
    carts = trial.world.resource("dynamodb", config=PATIENT).create_table(
        TableName="carts",
        AttributeDefinitions=[{"AttributeName": "customer", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for customer in ("bob", "eve"):
        carts.put_item(Item={"customer": customer, "apples": 0})
        trial.client(customer, _shop, carts, customer, consistent)
    trial.run()


def broken(trial: Trial) -> None:
    """Wrong: an eventually consistent read may be answered by a replica that is behind."""
    _two_customers(trial, consistent=False)


def fixed(trial: Trial) -> None:
    """Right: a strongly consistent read shows every write that was acknowledged."""
    _two_customers(trial, consistent=True)


#: boto3 does not try again after a conflict, and neither does this example.
FAULTS = ("stale_reads", "lost_answers", "lost_requests", "errors", "zone_outages")


if __name__ == "__main__":
    from ddbha.exploration import FailingSchedule, explore

    try:
        explore(broken, faults=FAULTS)
    except FailingSchedule as failure:
        print(failure)
    explore(fixed, faults=FAULTS)
    print("fixed: 200 schedules, and none breaks it")
