"""Real boto3 programs reach the world."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from botocore.stub import Stubber

import ddbha
from tests.building import on_demand

TABLE = {"TableName": "tab", **on_demand("pk")}


@ddbha.mock
def test_plain_boto3_under_mock() -> None:
    client = boto3.client("dynamodb", region_name="eu-west-1")
    client.create_table(**TABLE)
    client.get_waiter("table_exists").wait(TableName="tab")
    answer = client.put_item(TableName="tab", Item={"pk": {"S": "a"}, "b": {"B": b"\x01"}})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert client.get_item(TableName="tab", Key={"pk": {"S": "a"}})["Item"]["b"] == {"B": b"\x01"}


def test_errors_are_botocores_own() -> None:
    client = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.describe_table(TableName="missing")
    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "Requested resource not found: Table: missing not found",
    }
    with pytest.raises(ParamValidationError, match="Missing required parameter"):
        client.get_item(TableName="tab")  # type: ignore[call-arg]


def test_a_lost_quorum_is_retried_on_the_worlds_clock() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    started = world.clock.time()
    world.faults.zone_outage("us-east-1a", duration=0.01)
    with world.faults.zone_outage("us-east-1b"):
        answer = client.put_item(TableName="tab", Item={"pk": {"S": "a"}})
        assert answer["ResponseMetadata"]["RetryAttempts"] > 0
        assert world.clock.time() > started
    with (
        world.faults.zone_outage("us-east-1a"),
        world.faults.zone_outage("us-east-1b"),
        pytest.raises(ClientError, match=r"InternalServerError|ServiceUnavailable"),
    ):
        client.put_item(TableName="tab", Item={"pk": {"S": "a"}})
    world.verify()


def test_stubber_answers_first() -> None:
    client = ddbha.World().client("dynamodb")
    with Stubber(client) as stub:
        stub.add_response("list_tables", {"TableNames": ["stubbed"]})
        assert client.list_tables()["TableNames"] == ["stubbed"]


def test_resources_convert_types() -> None:
    resource = ddbha.World(clock=ddbha.ManualClock()).resource("dynamodb")
    resource.create_table(**TABLE)
    table = resource.Table("tab")
    table.wait_until_exists()
    table.put_item(Item={"pk": "a", "n": 1, "tags": {"x", "y"}})
    assert table.get_item(Key={"pk": "a"})["Item"] == {"pk": "a", "n": 1, "tags": {"x", "y"}}
