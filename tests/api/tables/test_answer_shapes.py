"""What the control plane answers, member by member.

As recorded from AWS in October 2026 (tables of one region, us-west-2).
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, of_units, on_demand
from tests.installed import needs
from tests.server.asking import call

TABLE: dict[str, Any] = {"TableName": "tab", **on_demand("pk")}
ONCE = Config(retries={"total_max_attempts": 1})
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890a"


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00Z"), timings="aws")


@pytest.fixture
def client(world: ddbha.World) -> Any:
    return world.client("dynamodb", region_name="us-east-1")


def made(world: ddbha.World, client: Any, **more: Any) -> None:
    client.create_table(**TABLE, **more)
    world.clock.advance(minutes=10)


def described(client: Any) -> Any:
    return client.describe_table(TableName="tab")["Table"]


def encrypt(client: Any, key: str) -> Any:
    wanted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    return client.update_table(TableName="tab", SSESpecification=wanted)["TableDescription"]


@needs("CreateTable.WarmThroughput")
@pytest.mark.parametrize(
    ("asked", "told"), [({}, False), ({"WarmThroughput": {"ReadUnitsPerSecond": 13000}}, True)]
)
def test_create_table_tells_less_than_describe_table(client: Any, asked: Any, told: bool) -> None:
    index = {**index_on("by-pk", "pk"), **asked}
    answer = client.create_table(**TABLE, GlobalSecondaryIndexes=[index], **asked)["TableDescription"]
    shown = described(client)
    assert answer["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert shown["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] == shown["CreationDateTime"]
    assert ("WarmThroughput" in answer) is told
    assert ("WarmThroughput" in answer["GlobalSecondaryIndexes"][0]) is told
    assert "WarmThroughput" in shown
    assert "WarmThroughput" in shown["GlobalSecondaryIndexes"][0]


def test_since_when_a_table_is_on_demand_is_told_once_it_is(world: ddbha.World, client: Any) -> None:
    client.create_table(TableName="tab", **of_units(1, 1, "pk"))
    world.clock.advance(minutes=10)
    answer = client.update_table(TableName="tab", BillingMode="PAY_PER_REQUEST")["TableDescription"]
    assert answer["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    world.clock.advance(minutes=10)
    assert "LastUpdateToPayPerRequestDateTime" in described(client)["BillingModeSummary"]


def test_delete_table_says_nothing_of_the_keys(world: ddbha.World, client: Any) -> None:
    made(world, client)
    answer = client.delete_table(TableName="tab")["TableDescription"]
    assert answer["TableStatus"] == "DELETING"
    assert not {"AttributeDefinitions", "KeySchema", "CreationDateTime"} & answer.keys()


def test_encryption_is_updating_for_a_while(world: ddbha.World, client: Any) -> None:
    made(world, client)
    answer = encrypt(client, f"{KEY}0")
    assert (answer["TableStatus"], answer["SSEDescription"]) == ("ACTIVE", {"Status": "UPDATING"})
    with pytest.raises(
        ClientError, match=r"ResourceInUse.*Server-Side Encryption is still being updated"
    ):
        client.update_table(TableName="tab", SSESpecification={"Enabled": False})
    with pytest.raises(ClientError, match="ResourceInUseException"):
        client.delete_table(TableName="tab")
    world.clock.advance(seconds=22)
    assert described(client)["SSEDescription"]["Status"] == "ENABLED"
    client.update_table(TableName="tab", SSESpecification={"Enabled": False})
    assert described(client)["SSEDescription"] == {
        "Status": "UPDATING",
        "SSEType": "KMS",
        "KMSMasterKeyArn": f"{KEY}0",
    }
    world.clock.advance(seconds=22)
    assert "SSEDescription" not in described(client)


def test_four_changes_of_encryption_then_one_in_six_hours(world: ddbha.World, client: Any) -> None:
    made(world, client)
    for number in range(4):
        encrypt(client, f"{KEY}{number}")
        world.clock.advance(seconds=30)
    with pytest.raises(
        ClientError,
        match=r"LimitExceededException.*limit exceeded: Encryption mode changes are limited in "
        r"the 24h window ending at 2026-01-02T00:10:00.000Z. After the first 4 change, each subsequent "
        r"change in the same window can be performed at most once every 21600 seconds. Number of updates "
        r"today: 4. Last change at 2026-01-01T00:11:30",
    ):
        encrypt(client, f"{KEY}4")
    world.clock.advance(hours=6)
    encrypt(client, f"{KEY}4")


def test_deletion_protection_rests_for_fifteen_seconds(world: ddbha.World, client: Any) -> None:
    made(world, client)
    client.update_table(TableName="tab", DeletionProtectionEnabled=True)
    once = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    with pytest.raises(
        ClientError,
        match=r"ThrottlingException.*Deletion protection setting for table tab modified within the "
        r"previous 15000 milliseconds. Please try again after 2026-01-01T00:10:15.000Z",
    ):
        once.update_table(TableName="tab", DeletionProtectionEnabled=False)
    world.clock.advance(seconds=15)
    client.update_table(TableName="tab", DeletionProtectionEnabled=False)
    assert described(client)["DeletionProtectionEnabled"] is False


@pytest.mark.parametrize(
    ("wanted", "member", "other"), [("ALL_OLD", "Message", "message"), ("NONE", "message", "Message")]
)
def test_a_failed_condition_that_shows_the_item_spells_message_so(
    world: ddbha.World, client: Any, wanted: str, member: str, other: str
) -> None:
    made(world, client)
    client.put_item(TableName="tab", Item={"pk": {"S": "a"}})
    body = call(
        world,
        "DeleteItem",
        {
            "TableName": "tab",
            "Key": {"pk": {"S": "a"}},
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": wanted,
        },
    ).json
    assert body[member] == "The conditional request failed"
    assert other not in body


def test_tagging_answers_nothing_at_all(world: ddbha.World, client: Any) -> None:
    made(world, client)
    arn = described(client)["TableArn"]
    tags = [{"Key": "a", "Value": "b"}]
    assert call(world, "TagResource", {"ResourceArn": arn, "Tags": tags}).content == b""
    answer = call(world, "UntagResource", {"ResourceArn": arn, "TagKeys": ["a"]})
    assert (answer.status, answer.content) == (200, b"")
