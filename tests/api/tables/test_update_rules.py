"""Quotas of the control plane, and what UpdateTable takes together.

Quotas: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
Messages: answers of the service that bug reports and test suites of other projects recorded.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from ddbha.api.tables import control_plane_quotas
from tests.building import of_units
from tests.installed import needs

INVALID = "One or more parameter values were invalid: "
TABLE: dict[str, Any] = {"TableName": "tab", **of_units(20, 20, "pk")}
ON_DEMAND = {
    **{name: value for name, value in TABLE.items() if name != "ProvisionedThroughput"},
    "BillingMode": "PAY_PER_REQUEST",
}


def units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def index_on(name: str, **more: Any) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
        **more,
    }


@pytest.fixture
def world() -> ddbha.World:
    # One in the morning, in a world where everything is done at once.
    return ddbha.World(clock=ddbha.ManualClock("2026-01-01T01:00:00Z"))


@pytest.fixture
def client(world: ddbha.World) -> Any:
    # Of quotas that are exceeded the mode `standard` makes retries, which take time.
    return world.client("dynamodb", region_name="us-east-1", config=Config(retries={"mode": "legacy"}))


def update(client: Any, **changes: Any) -> Any:
    return client.update_table(TableName="tab", **changes)["TableDescription"]


def described(client: Any) -> Any:
    return client.describe_table(TableName="tab")["Table"]


def refusal(call: Any, *arguments: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_units_are_decreased_four_times_a_day_and_then_once_an_hour(
    client: Any, world: ddbha.World
) -> None:
    client.create_table(**TABLE)
    for read in (19, 18, 17, 16):
        update(client, ProvisionedThroughput=units(read, 20))
    assert described(client)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 4
    limited = (
        "LimitExceededException",
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
        "After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at "
        "most once every 3600 seconds. Number of decreases today: 4. Last decrease at Thursday, January "
        "1, 2026 at 1:00:00 AM Coordinated Universal Time. Next decrease can be made at Thursday, "
        "January 1, 2026 at 2:00:00 AM Coordinated Universal Time",
    )
    world.clock.advance(seconds=3599)
    assert refusal(update, client, ProvisionedThroughput=units(16, 19)) == limited
    # An increase is always possible.
    update(client, ProvisionedThroughput=units(30, 20))
    world.clock.advance(seconds=1)
    update(client, ProvisionedThroughput=units(30, 19))
    assert (
        "Number of decreases today: 5" in refusal(update, client, ProvisionedThroughput=units(30, 18))[1]
    )
    throughput = described(client)["ProvisionedThroughput"]
    assert throughput["NumberOfDecreasesToday"] == 5
    assert throughput["LastDecreaseDateTime"] == datetime(2026, 1, 1, 2, tzinfo=timezone.utc)
    assert throughput["LastIncreaseDateTime"] == datetime(2026, 1, 1, 1, 59, 59, tzinfo=timezone.utc)


def test_a_new_day_of_utc_begins_to_count_again(client: Any, world: ddbha.World) -> None:
    client.create_table(**TABLE)
    world.clock.advance(hours=22, minutes=45)
    for read in (19, 18, 17, 16):
        update(client, ProvisionedThroughput=units(read, 20))
    # Midnight comes before the hour is over.
    assert refusal(update, client, ProvisionedThroughput=units(15, 20))[1].endswith(
        "Next decrease can be made at Friday, January 2, 2026 at 12:00:00 AM Coordinated Universal Time"
    )
    world.clock.advance(minutes=15)
    assert described(client)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0
    update(client, ProvisionedThroughput=units(15, 20))
    assert described(client)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1


def test_an_index_has_a_count_of_its_own(client: Any) -> None:
    client.create_table(
        **TABLE, GlobalSecondaryIndexes=[index_on("by-pk", ProvisionedThroughput=units(9, 9))]
    )
    for read in (8, 7, 6, 5):
        change = {"IndexName": "by-pk", "ProvisionedThroughput": units(read, 9)}
        update(client, GlobalSecondaryIndexUpdates=[{"Update": change}])
    change = {"IndexName": "by-pk", "ProvisionedThroughput": units(4, 9)}
    code, _ = refusal(update, client, GlobalSecondaryIndexUpdates=[{"Update": change}])
    assert code == "LimitExceededException"
    update(client, ProvisionedThroughput=units(19, 20))
    shown = described(client)["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]
    assert (shown["ReadCapacityUnits"], shown["NumberOfDecreasesToday"]) == (5, 4)


def test_units_of_an_index_that_stay_as_they_are(client: Any) -> None:
    client.create_table(
        **TABLE, GlobalSecondaryIndexes=[index_on("by-pk", ProvisionedThroughput=units(2, 3))]
    )
    change = {"IndexName": "by-pk", "ProvisionedThroughput": units(2, 3)}
    assert refusal(update, client, GlobalSecondaryIndexUpdates=[{"Update": change}]) == (
        "ValidationException",
        "The provisioned throughput for the index by-pk will not change. The requested value equals the "
        "current value. Current ReadCapacityUnits provisioned for index by-pk: 2. Requested "
        "ReadCapacityUnits: 2. Current WriteCapacityUnits provisioned for index by-pk: 3. Requested "
        "WriteCapacityUnits: 3. Refer to the Amazon DynamoDB Developer Guide for current limits and how "
        "to request higher limits.",
    )


def test_more_units_than_a_table_may_have(client: Any) -> None:
    code, message = refusal(client.create_table, **{**TABLE, "ProvisionedThroughput": units(40_001, 1)})
    assert code == "LimitExceededException"
    assert message.startswith(
        "The requested ReadCapacityUnits, 40001, is above the per table maximum for the account in "
        "us-east-1. Per table maximum: 40000. "
    )


def test_a_table_becomes_on_demand_four_times_a_day(client: Any, world: ddbha.World) -> None:
    client.create_table(**TABLE)
    for _ in range(4):
        update(client, BillingMode="PAY_PER_REQUEST")
        assert described(client)["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
        update(client, BillingMode="PROVISIONED", ProvisionedThroughput=units(1, 1))
    code, message = refusal(update, client, BillingMode="PAY_PER_REQUEST")
    assert code == "LimitExceededException"
    assert message.startswith("Subscriber limit exceeded: Update to PayPerRequest mode are limited to")
    world.clock.advance(days=1)
    update(client, BillingMode="PAY_PER_REQUEST")


def test_the_class_of_a_table_changes_twice_in_thirty_days(client: Any, world: ddbha.World) -> None:
    client.create_table(**ON_DEMAND)
    update(client, TableClass="STANDARD_INFREQUENT_ACCESS")
    update(client, TableClass="STANDARD")
    assert refusal(update, client, TableClass="STANDARD") == (
        "LimitExceededException",
        "Subscriber limit exceeded: Updates to TableClass are limited to 2 times in 30 day(s).",
    )
    assert described(client)["TableClassSummary"]["LastUpdateDateTime"] == world.clock.now()
    world.clock.advance(days=30)
    update(client, TableClass="STANDARD_INFREQUENT_ACCESS")


def test_tables_and_operations_of_an_account(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane_quotas, "MAXIMUM_TABLES", 3)
    for name in ("one", "two", "three"):
        client.create_table(**{**ON_DEMAND, "TableName": name})
    assert refusal(client.create_table, **ON_DEMAND) == (
        "LimitExceededException",
        "Subscriber limit exceeded: There is a limit of 3 tables per subscriber",
    )


def test_operations_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane_quotas, "MAXIMUM_CONCURRENT_OPERATIONS", 2)
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    legacy = Config(retries={"mode": "legacy"})
    client: Any = world.client("dynamodb", region_name="us-east-1", config=legacy)
    client.create_table(**ON_DEMAND)
    client.create_table(**{**ON_DEMAND, "TableName": "two"})
    three = {**ON_DEMAND, "TableName": "three"}
    message = (
        "Subscriber limit exceeded: Only 2 tables can be created, updated, or deleted simultaneously"
    )
    assert refusal(client.create_table, **three) == ("LimitExceededException", message)
    world.clock.advance(minutes=1)
    client.create_table(**three)
    client.delete_table(TableName="two")
    assert refusal(client.delete_table, TableName="tab") == ("LimitExceededException", message)
    assert refusal(update, client, TableClass="STANDARD") == ("LimitExceededException", message)
    assert client.describe_table(TableName="tab")["Table"]["TableStatus"] == "ACTIVE"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"SSESpecification": {"Enabled": True}, "DeletionProtectionEnabled": True},
            "Server-Side Encryption modification must be the only operation in the request",
        ),
        (
            {"TableClass": "STANDARD", "BillingMode": "PAY_PER_REQUEST"},
            "TableClass modification must be the only operation in the request",
        ),
        (
            {"DeletionProtectionEnabled": True, "BillingMode": "PAY_PER_REQUEST"},
            "DeletionProtection modification must be the only operation in the request",
        ),
        pytest.param(
            {"WarmThroughput": {"ReadUnitsPerSecond": 1}, "BillingMode": "PAY_PER_REQUEST"},
            "WarmThroughput must be the only operation in the request",
            marks=needs("UpdateTable.WarmThroughput"),
        ),
        (
            {
                "OnDemandThroughput": {"MaxReadRequestUnits": 1},
                "StreamSpecification": {"StreamEnabled": False},
            },
            "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
        ),
        (
            {
                "ProvisionedThroughput": units(1, 1),
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
            },
            "You cannot modify stream status while updating table IOPS",
        ),
        (
            {
                "ProvisionedThroughput": units(1, 1),
                "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-pk"}}],
            },
            "You cannot create or delete index while updating table IOPS",
        ),
        (
            {"GlobalSecondaryIndexUpdates": []},
            "List of GlobalSecondaryIndexUpdates is empty",
        ),
        (
            {"GlobalSecondaryIndexUpdates": [{}]},
            "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
            "GlobalSecondaryIndexUpdate.Delete must not be null",
        ),
        (
            {
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Delete": {"IndexName": "by-pk"},
                        "Update": {"IndexName": "by-pk", "ProvisionedThroughput": units(1, 1)},
                    }
                ]
            },
            "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object",
        ),
        (
            {
                "GlobalSecondaryIndexUpdates": [
                    {"Delete": {"IndexName": "by-pk"}},
                    {"Update": {"IndexName": "by-pk", "ProvisionedThroughput": units(1, 1)}},
                ]
            },
            "Only one global secondary index update per index is allowed simultaneously. Index: by-pk",
        ),
        (
            {"BillingMode": "PROVISIONED"},
            "ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
        ),
        (
            {"OnDemandThroughput": {"MaxReadRequestUnits": 1}},
            "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode "
            "is PROVISIONED",
        ),
        pytest.param(
            {"WarmThroughput": {"ReadUnitsPerSecond": 19}},
            "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current "
            "WarmThroughput, decreasing WarmThroughput is not supported",
            marks=needs("UpdateTable.WarmThroughput"),
        ),
        ({"SSESpecification": {"Enabled": False}}, "Table is already encrypted by default"),
        (
            {"SSESpecification": {"Enabled": False, "SSEType": "KMS"}},
            "SSEType can not be specified if Enabled is false",
        ),
        (
            {"SSESpecification": {"Enabled": True, "SSEType": "AES256"}},
            "SSEType AES256 is not supported",
        ),
        (
            {"SSESpecification": {"Enabled": True, "KMSMasterKeyId": "k"}},
            "SSEType KMS is required if KMSMasterKeyId is specified",
        ),
    ],
)
def test_changes_that_are_refused(client: Any, changes: Any, message: str) -> None:
    client.create_table(
        **TABLE, GlobalSecondaryIndexes=[index_on("by-pk", ProvisionedThroughput=units(2, 3))]
    )
    before = described(client)
    assert refusal(update, client, **changes) == ("ValidationException", INVALID + message)
    assert described(client) == before


def test_indexes_that_are_not_there(client: Any) -> None:
    client.create_table(**ON_DEMAND)
    delete = [{"Delete": {"IndexName": "none"}}]
    assert refusal(update, client, GlobalSecondaryIndexUpdates=delete) == (
        "ResourceNotFoundException",
        "Requested resource not found: Index none for table tab",
    )


def test_an_index_is_given_room_and_then_filled() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**ON_DEMAND)
    client.get_waiter("table_exists").wait(TableName="tab")

    def states() -> tuple[str, list[tuple[str, bool | None]]]:
        table = described(client)
        indexes = table.get("GlobalSecondaryIndexes", [])
        return table["TableStatus"], [(i["IndexStatus"], i.get("Backfilling")) for i in indexes]

    create = {
        "AttributeDefinitions": TABLE["AttributeDefinitions"],
        "GlobalSecondaryIndexUpdates": [{"Create": index_on("one")}],
    }
    update(client, **create)
    assert states() == ("UPDATING", [("CREATING", False)])
    world.clock.advance(minutes=1)
    assert states() == ("ACTIVE", [("CREATING", True)])
    # While it is filled other settings can be changed, but no other index be made.
    update(client, DeletionProtectionEnabled=True)
    world.clock.advance(seconds=15)
    update(client, DeletionProtectionEnabled=False)
    other = {**create, "GlobalSecondaryIndexUpdates": [{"Create": index_on("two")}]}
    assert refusal(update, client, **other) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
        "table",
    )
    code, message = refusal(client.delete_table, TableName="tab")
    assert code == "ResourceInUseException"
    assert message.endswith("Cannot delete table while indexes are being created, updated, or deleted.")
    world.clock.advance(minutes=20)
    assert states() == ("ACTIVE", [("ACTIVE", None)])
    assert refusal(update, client, **create) == (
        "ValidationException",
        "Attempting to create an index which already exists",
    )
    # One that is being filled can be deleted.
    update(client, **other)
    world.clock.advance(minutes=1)
    update(client, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "two"}}])
    assert states() == ("UPDATING", [("ACTIVE", None), ("DELETING", True)])
    world.clock.advance(hours=1)
    assert states() == ("ACTIVE", [("ACTIVE", None)])
    world.verify()


def test_a_table_that_is_updated_cannot_be_deleted() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**ON_DEMAND)
    client.get_waiter("table_exists").wait(TableName="tab")
    update(client, TableClass="STANDARD_INFREQUENT_ACCESS")
    code, message = refusal(client.delete_table, TableName="tab")
    assert code == "ResourceInUseException"
    assert message.endswith("Table: tab is in the process of being updated.")


def test_maximums_of_an_on_demand_table_change_one_by_one(client: Any) -> None:
    client.create_table(
        **ON_DEMAND, OnDemandThroughput={"MaxReadRequestUnits": 1000, "MaxWriteRequestUnits": 500}
    )

    def maximums() -> Any:
        return described(client).get("OnDemandThroughput")

    assert update(client, OnDemandThroughput={"MaxReadRequestUnits": 2000})["TableStatus"] == "ACTIVE"
    assert maximums() == {"MaxReadRequestUnits": 2000, "MaxWriteRequestUnits": 500}
    update(client, OnDemandThroughput={"MaxWriteRequestUnits": -1})
    assert maximums() == {"MaxReadRequestUnits": 2000}
    update(client, OnDemandThroughput={"MaxReadRequestUnits": -1})
    assert maximums() is None
    for units in (0, -2):
        assert refusal(update, client, OnDemandThroughput={"MaxReadRequestUnits": units}) == (
            "ValidationException",
            f"{INVALID}Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of "
            "valid range",
        )


@needs("CreateTable.WarmThroughput")
def test_warm_throughput_only_grows(client: Any) -> None:
    client.create_table(**ON_DEMAND)

    def warm() -> Any:
        return described(client)["WarmThroughput"]

    assert warm() == {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    answer = update(client, WarmThroughput={"ReadUnitsPerSecond": 13000})
    assert answer["TableStatus"] == "ACTIVE"
    assert answer["WarmThroughput"]["Status"] == "UPDATING"
    assert warm() == {"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    message = refusal(update, client, WarmThroughput={"ReadUnitsPerSecond": 12999})[1]
    assert message.endswith("decreasing WarmThroughput is not supported")
    too_little = {"ReadUnitsPerSecond": 1, "WriteUnitsPerSecond": 4000}
    assert re.search(
        "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput",
        refusal(client.create_table, **{**ON_DEMAND, "TableName": "new"}, WarmThroughput=too_little)[1],
    )


@needs("CreateTable.WarmThroughput")
def test_indexes_have_maximums_and_warm_throughput_too(client: Any) -> None:
    client.create_table(**ON_DEMAND, GlobalSecondaryIndexes=[index_on("by-pk")])
    for change in (
        {"OnDemandThroughput": {"MaxReadRequestUnits": 7}},
        {"WarmThroughput": {"WriteUnitsPerSecond": 5000}},
    ):
        update(client, GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by-pk", **change}}])
    shown = described(client)["GlobalSecondaryIndexes"][0]
    assert shown["OnDemandThroughput"] == {"MaxReadRequestUnits": 7}
    assert shown["WarmThroughput"] == {
        "ReadUnitsPerSecond": 12000,
        "WriteUnitsPerSecond": 5000,
        "Status": "ACTIVE",
    }


def test_encryption_is_described_with_its_key(client: Any) -> None:
    client.create_table(**ON_DEMAND, SSESpecification={"Enabled": True})
    shown = described(client)["SSEDescription"]
    assert (shown["Status"], shown["SSEType"]) == ("ENABLED", "KMS")
    assert re.fullmatch("arn:aws:kms:us-east-1:123456789012:key/[0-9a-f-]{36}", shown["KMSMasterKeyArn"])
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    update(client, SSESpecification=specification)
    assert described(client)["SSEDescription"]["KMSMasterKeyArn"] == key
    assert (
        "Table is already encrypted with given KMSMasterKeyId"
        in refusal(update, client, SSESpecification=specification)[1]
    )
    update(client, SSESpecification={"Enabled": False})
    assert "SSEDescription" not in described(client)
