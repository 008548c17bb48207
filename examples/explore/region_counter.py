"""A counter in a global table is counted up in two regions; the last writer wins, and counts are lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.config import Config

from ddbha.exploration import Trial

#: Faults may come one after another: ten attempts, as this mode makes with DynamoDB, outlast them.
PATIENT = Config(retries={"mode": "legacy"})

REGIONS = ("us-east-1", "eu-west-1")
Count = Callable[[Any, str], None]


def count_one_item(table: Any, region: str) -> None:
    """Wrong: both regions write one item, and of two versions one is kept."""
    _add(table, "visits")


def count_own_item(table: Any, region: str) -> None:
    """Right: each region writes an item of its own, and whoever wants the sum adds them up."""
    _add(table, f"visits in {region}")


def _add(table: Any, key: str) -> None:
    table.update_item(
        Key={"id": key},
        UpdateExpression="ADD visits :one",
        ExpressionAttributeValues={":one": 1},
    )


def _two_regions(trial: Trial, count: Count) -> None:
    home, away = REGIONS
    client = trial.world.client("dynamodb", region_name=home, config=PATIENT)
    client.create_table(
        TableName="visits",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.update_table(TableName="visits", ReplicaUpdates=[{"Create": {"RegionName": away}}])
    for region in REGIONS:
        table = trial.world.resource("dynamodb", region_name=region, config=PATIENT).Table("visits")
        trial.client(region, count, table, region)
    trial.run()
    items = (
        trial.world.resource("dynamodb", region_name=home, config=PATIENT).Table("visits").scan()["Items"]
    )
    visits = sum(int(str(item["visits"])) for item in items)
    assert visits == 2, f"there were two visits, and {visits} are counted"


def broken(trial: Trial) -> None:
    _two_regions(trial, count_one_item)


def fixed(trial: Trial) -> None:
    _two_regions(trial, count_own_item)


#: A write that is done twice is another example's subject.
FAULTS = ("lost_requests", "errors", "zone_outages", "network_cuts", "replication_lags")


if __name__ == "__main__":
    from ddbha.exploration import FailingSchedule, explore

    try:
        explore(broken, faults=FAULTS)
    except FailingSchedule as failure:
        print(failure)
    explore(fixed, faults=FAULTS)
    print("fixed: 200 schedules, and none breaks it")
