"""Two workers take a lock by looking whether it is free, and then writing that it is theirs."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from botocore.config import Config

from ddbha.exploration import Trial

#: Faults may come one after another: ten attempts, as this mode makes with DynamoDB, outlast them.
PATIENT = Config(retries={"mode": "legacy"})

LOCK = {"id": "lock"}
Acquire = Callable[[Any, str], bool]


def look_and_take(locks: Any, owner: str) -> bool:
    """Wrong: both may find it free before either has taken it."""
    if "Item" in locks.get_item(Key=LOCK, ConsistentRead=True):
        return False
    locks.put_item(Item={**LOCK, "owner": owner})
    return True


def take_if_free(locks: Any, owner: str) -> bool:
    """Right: looking and taking is one conditional write, which also knows an earlier try of its own."""
    try:
        locks.put_item(
            Item={**LOCK, "owner": owner},
            ConditionExpression="attribute_not_exists(id) OR #owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": owner},
        )
    except locks.meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _two_workers(trial: Trial, acquire: Acquire) -> None:
    locks = trial.world.resource("dynamodb", config=PATIENT).create_table(
        TableName="locks",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    working: set[str] = set()

    def work(owner: str) -> Generator[None, None, None]:
        if acquire(locks, owner):
            working.add(owner)
            # The work takes a while, in which the other may have its turn.
            yield
            assert working == {owner}, f"{' and '.join(sorted(working))} work at the same time"
            working.remove(owner)
            locks.delete_item(Key=LOCK)

    trial.client("A", work, "A")
    trial.client("B", work, "B")
    trial.run()


def broken(trial: Trial) -> None:
    _two_workers(trial, look_and_take)


def fixed(trial: Trial) -> None:
    _two_workers(trial, take_if_free)


#: That a release may be done twice, since its answer was lost, is a bug of its own in both versions.
FAULTS = ("stale_reads", "lost_requests", "errors", "zone_outages")


if __name__ == "__main__":
    from ddbha.exploration import FailingSchedule, explore

    try:
        explore(broken, faults=FAULTS)
    except FailingSchedule as failure:
        print(failure)
    explore(fixed, faults=FAULTS)
    print("fixed: 200 schedules, and none breaks it")
