"""UpdateTable, tags and limits through a real client, after the API reference."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, of_units

TABLE: Any = {"TableName": "tab", **of_units(5, 5, "pk")}
CREATE_INDEX: Any = {
    "TableName": "tab",
    "AttributeDefinitions": [{"AttributeName": "colour", "AttributeType": "S"}],
    "GlobalSecondaryIndexUpdates": [
        {
            "Create": {
                **index_on("by-colour", "colour"),
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            }
        }
    ],
}


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    client.get_waiter("table_exists").wait(TableName="tab")
    return client


def test_an_index_is_created_filled_and_deleted_while_writes_go_on(
    client: Any, world: ddbha.World
) -> None:
    client.put_item(TableName="tab", Item={"pk": {"S": "before"}, "colour": {"S": "red"}})
    client.put_item(TableName="tab", Item={"pk": {"S": "violates"}, "colour": {"N": "1"}})
    client.update_table(**CREATE_INDEX)
    query: Any = {
        "TableName": "tab",
        "IndexName": "by-colour",
        "KeyConditionExpression": "colour = :c",
        "ExpressionAttributeValues": {":c": {"S": "red"}},
    }
    client.put_item(TableName="tab", Item={"pk": {"S": "meanwhile"}, "colour": {"S": "red"}})
    with pytest.raises(ClientError, match="backfilling global secondary index"):
        client.query(**query)
    with pytest.raises(ClientError, match="is in the process of being updated"):
        client.update_table(TableName="tab", TableClass="STANDARD_INFREQUENT_ACCESS")
    world.clock.advance(hours=1)
    assert sorted(item["pk"]["S"] for item in client.query(**query)["Items"]) == ["before", "meanwhile"]
    world.verify()
    client.update_table(
        TableName="tab", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-colour"}}]
    )
    world.clock.advance(hours=1)
    assert "GlobalSecondaryIndexes" not in client.describe_table(TableName="tab")["Table"]


def test_settings_are_kept_and_described(client: Any, world: ddbha.World) -> None:
    for change in (
        {"BillingMode": "PAY_PER_REQUEST"},
        {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}},
        {"DeletionProtectionEnabled": True},
        {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
    ):
        client.update_table(TableName="tab", **change)
        world.clock.advance(hours=1)
    table = client.describe_table(TableName="tab")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["LatestStreamArn"].endswith(f"/stream/{table['LatestStreamLabel']}")
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    with pytest.raises(ClientError, match="currently protected against deletion"):
        client.delete_table(TableName="tab")


def test_refused_updates_change_nothing(client: Any) -> None:
    with pytest.raises(ClientError, match="At least one of ProvisionedThroughput"):
        client.update_table(TableName="tab")
    with pytest.raises(ClientError, match="The requested value equals the current value"):
        client.update_table(TableName="tab", ProvisionedThroughput=TABLE["ProvisionedThroughput"])
    with pytest.raises(ClientError, match="cannot create or delete index while changing stream status"):
        client.update_table(**CREATE_INDEX, StreamSpecification={"StreamEnabled": False})
    before = client.describe_table(TableName="tab")["Table"]
    with pytest.raises(ClientError, match="Table has no stream to disable"):
        client.update_table(
            TableName="tab", BillingMode="PAY_PER_REQUEST", StreamSpecification={"StreamEnabled": False}
        )
    assert client.describe_table(TableName="tab")["Table"] == before


def test_tags_and_limits(client: Any) -> None:
    arn = client.describe_table(TableName="tab")["Table"]["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    client.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    with pytest.raises(ClientError, match="Invalid NextToken"):
        client.list_tags_of_resource(ResourceArn=arn, NextToken="2")
    for tags, message in (
        ([], "Atleast one Tag needs to be provided as Input."),
        ([{"Key": "AWS:x", "Value": ""}], "Tag Key cannot be prefixed with aws:, Key: AWS:x"),
        ([{"Key": "a*", "Value": ""}], "The Tag Key provided is invalid, Key: a*"),
        (
            [{"Key": "c", "Value": "1"}, {"Key": "c", "Value": "2"}],
            "Duplicate Tag Keys provided as input: Duplicate Tag Key found c",
        ),
        (
            [{"Key": f"tag {number}", "Value": "é"} for number in range(50)],
            "Number of Tags exceed the current limit for the provided ResourceArn",
        ),
    ):
        with pytest.raises(ClientError, match=re.escape(message)):
            client.tag_resource(ResourceArn=arn, Tags=tags)
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert client.describe_limits()["TableMaxReadCapacityUnits"] == 40_000
    assert client.describe_endpoints()["Endpoints"][0]["Address"] == "dynamodb.us-east-1.amazonaws.com"
