"""A backup is restored into a new table; it has the items, but no time to live and no tags.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CreateBackup.html names what one has to
set up again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.config import Config

from ddbha.exploration import Trial

Recover = Callable[[Any, str], None]


def restore(client: Any, backup: str) -> None:
    """Wrong: the items are back, and the settings of the old table are not."""
    client.restore_table_from_backup(TargetTableName="sessions-restored", BackupArn=backup)
    client.get_waiter("table_exists").wait(TableName="sessions-restored")


def restore_with_settings(client: Any, backup: str) -> None:
    """Right: what a restore leaves out is copied from the old table, or from where it is declared."""
    restore(client, backup)
    arns = {
        name: client.describe_table(TableName=name)["Table"]["TableArn"]
        for name in ("sessions", "sessions-restored")
    }
    tags = client.list_tags_of_resource(ResourceArn=arns["sessions"])["Tags"]
    client.tag_resource(ResourceArn=arns["sessions-restored"], Tags=tags)
    expiry = client.describe_time_to_live(TableName="sessions")["TimeToLiveDescription"]
    client.update_time_to_live(
        TableName="sessions-restored",
        TimeToLiveSpecification={"Enabled": True, "AttributeName": expiry["AttributeName"]},
    )


def _recovery(trial: Trial, recover: Recover) -> None:
    client: Any = trial.world.client("dynamodb", config=Config(retries={"total_max_attempts": 30}))
    client.create_table(
        TableName="sessions",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "backup", "Value": "daily"}],
    )
    client.update_time_to_live(
        TableName="sessions",
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"},
    )
    expires = str(int(trial.world.clock.time()) + 3600)
    client.put_item(TableName="sessions", Item={"id": {"S": "a"}, "expires": {"N": expires}})
    made = client.create_backup(TableName="sessions", BackupName="before")["BackupDetails"]
    trial.client("operator", recover, client, made["BackupArn"])
    trial.run()
    arn = client.describe_table(TableName="sessions-restored")["Table"]["TableArn"]
    tags = client.list_tags_of_resource(ResourceArn=arn)["Tags"]
    expiry = client.describe_time_to_live(TableName="sessions-restored")["TimeToLiveDescription"]
    status = expiry["TimeToLiveStatus"]
    assert (status, len(tags)) == ("ENABLED", 1), f"time to live is {status}, and the tags are {tags}"


def broken(trial: Trial) -> None:
    _recovery(trial, restore)


def fixed(trial: Trial) -> None:
    _recovery(trial, restore_with_settings)


#: The bug needs none of them; the fix has to bear them.
FAULTS = ("lost_requests", "errors", "zone_outages")


if __name__ == "__main__":
    from ddbha.exploration import FailingSchedule, explore

    try:
        explore(broken, faults=FAULTS)
    except FailingSchedule as failure:
        print(failure)
    explore(fixed, faults=FAULTS)
    print("fixed: 200 schedules, and none breaks it")
