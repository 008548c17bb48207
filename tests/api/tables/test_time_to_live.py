"""UpdateTimeToLive and DescribeTimeToLive.

Messages: answers of the service recorded in public conformance suites; the rules are those of
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand

TABLE: dict[str, Any] = {"TableName": "tab", **on_demand("pk")}


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    client.get_waiter("table_exists").wait(TableName="tab")
    return client


def update(client: Any, enabled: bool, attribute: str = "expires") -> Any:
    return client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute}
    )


def described(client: Any) -> Any:
    return client.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]


def test_changes_take_their_time(client: Any, world: ddbha.World) -> None:
    assert described(client) == {"TimeToLiveStatus": "DISABLED"}
    answer = update(client, True)
    assert answer["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "expires"}
    assert described(client) == {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}
    world.clock.advance(hours=1)
    assert described(client) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    update(client, False)
    assert described(client) == {"TimeToLiveStatus": "DISABLING", "AttributeName": "expires"}
    world.clock.advance(hours=1)
    assert described(client) == {"TimeToLiveStatus": "DISABLED"}


def test_refusals(client: Any, world: ddbha.World) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*TimeToLive is already disabled$"):
        update(client, False)
    update(client, True)
    with pytest.raises(ClientError, match=r"TimeToLive is already enabled$"):
        update(client, True)
    for enabled in (True, False):
        with pytest.raises(
            ClientError,
            match=r"TimeToLive is active on a different AttributeName: current AttributeName is expires$",
        ):
            update(client, enabled, "other")
    with pytest.raises(
        ClientError, match=r"Time to live has been modified multiple times within a fixed interval$"
    ):
        update(client, False)
    world.clock.advance(hours=1)
    update(client, False)
    with pytest.raises(ClientError, match=r"TimeToLive is already disabled$"):
        update(client, False)
    with pytest.raises(ClientError, match=r"modified multiple times within a fixed interval$"):
        update(client, True, "other")
    world.clock.advance(hours=1)
    update(client, True, "other")
    assert described(client)["AttributeName"] == "other"


def test_only_tables_that_are_there_have_the_setting(client: Any, world: ddbha.World) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException, match=r"Table: none not found$"):
        client.describe_time_to_live(TableName="none")
    client.create_table(**{**TABLE, "TableName": "new"})
    specification = {"Enabled": True, "AttributeName": "expires"}
    with pytest.raises(client.exceptions.ResourceInUseException, match=r"Table new is being created$"):
        client.update_time_to_live(TableName="new", TimeToLiveSpecification=specification)
    with pytest.raises(
        ClientError,
        match=r"Cannot describe time to live while table is in CREATING state: Current table state is "
        r"CREATING$",
    ):
        client.describe_time_to_live(TableName="new")
    world.clock.advance(minutes=1)
    client.update_time_to_live(TableName="new", TimeToLiveSpecification=specification)
    client.delete_table(TableName="new")
    world.clock.advance(hours=1)
    client.create_table(**{**TABLE, "TableName": "new"})
    world.clock.advance(minutes=1)
    description = client.describe_time_to_live(TableName="new")["TimeToLiveDescription"]
    assert description == {"TimeToLiveStatus": "DISABLED"}
