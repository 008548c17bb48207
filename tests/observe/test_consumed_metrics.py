"""Metrics of what was consumed: the units of the developer guide's page on read and write operations."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config

import ddbha
from tests.building import index_on, of_units


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "colour", "date")
        ],
        BillingMode="PAY_PER_REQUEST",
        LocalSecondaryIndexes=[index_on("by-date", "pk", "date", projection="KEYS_ONLY")],
        GlobalSecondaryIndexes=[index_on("by-colour", "colour")],
    )
    return client


def key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "1"}}


def item(pk: str, size: int = 0, **attributes: str) -> dict[str, Any]:
    data = {"data": {"S": "x" * size}} if size else {}
    return {**key(pk), **data, **{name: {"S": value} for name, value in attributes.items()}}


def written(world: ddbha.World) -> float:
    return sum(value for _, value in world.metrics.query("ConsumedWriteCapacityUnits", TableName="tab"))


def written_to_index(world: ddbha.World) -> float:
    values = world.metrics.query(
        "ConsumedWriteCapacityUnits", TableName="tab", GlobalSecondaryIndexName="by-colour"
    )
    return sum(value for _, value in values)


def read(world: ddbha.World) -> float:
    return sum(value for _, value in world.metrics.query("ConsumedReadCapacityUnits", TableName="tab"))


def test_writes_cost_the_larger_of_old_and_new(world: ddbha.World, client: Any) -> None:
    client.put_item(TableName="tab", Item=item("a", 2500))
    assert written(world) == 3
    client.put_item(TableName="tab", Item=item("a"))
    assert written(world) == 3 + 3
    client.delete_item(TableName="tab", Key=key("a"))
    client.delete_item(TableName="tab", Key=key("a"))
    assert written(world) == 6 + 1 + 1


def test_writes_without_effect_cost_too(world: ddbha.World, client: Any) -> None:
    client.put_item(TableName="tab", Item=item("a", 1500))
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.delete_item(TableName="tab", Key=key("a"), ConditionExpression="attribute_not_exists(pk)")
    client.update_item(TableName="tab", Key=key("a"), UpdateExpression="REMOVE nothing")
    assert written(world) == 2 + 2 + 2
    ((_, failed),) = world.metrics.query("ConditionalCheckFailedRequests", TableName="tab")
    assert failed == 1


def test_local_entries_are_the_tables_and_global_ones_the_indexs(world: ddbha.World, client: Any) -> None:
    client.put_item(TableName="tab", Item=item("a", date="2026", colour="red"))
    assert (written(world), written_to_index(world)) == (2, 1)
    # A changed key is a deletion and a put; the local entry stays as it is.
    client.put_item(TableName="tab", Item=item("a", date="2026", colour="blue"))
    assert (written(world), written_to_index(world)) == (3, 3)
    # Nothing changes in either index.
    client.put_item(TableName="tab", Item=item("a", date="2026", colour="blue"))
    assert (written(world), written_to_index(world)) == (4, 3)


def test_transactions_cost_twice(world: ddbha.World, client: Any) -> None:
    put = {"Put": {"TableName": "tab", "Item": item("a", 1500, colour="red")}}
    check = {
        "ConditionCheck": {
            "TableName": "tab",
            "Key": key("b"),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
    client.transact_write_items(TransactItems=[put, check])
    assert (written(world), written_to_index(world)) == (4 + 2, 2)
    client.transact_get_items(TransactItems=[{"Get": {"TableName": "tab", "Key": key("a")}}])
    assert read(world) == 2


def test_reads_cost_by_size_and_consistency(world: ddbha.World, client: Any) -> None:
    client.put_item(TableName="tab", Item=item("a", 5000))
    client.get_item(TableName="tab", Key=key("a"))
    client.get_item(TableName="tab", Key=key("a"), ConsistentRead=True)
    client.get_item(TableName="tab", Key=key("none"))
    assert read(world) == 1 + 2 + 0.5
    client.scan(TableName="tab", ConsistentRead=True)
    assert read(world) == 3.5 + 2
    client.scan(TableName="tab", IndexName="by-colour")
    assert read(world) == 5.5
    ((_, index),) = world.metrics.query(
        "ConsumedReadCapacityUnits", TableName="tab", GlobalSecondaryIndexName="by-colour"
    )
    assert index == 0.5


def test_values_belong_to_the_minute_of_the_write(world: ddbha.World, client: Any) -> None:
    for _ in range(3):
        client.put_item(TableName="tab", Item=item("a"))
        world.clock.advance(minutes=2)
    values = world.metrics.query("ConsumedWriteCapacityUnits", TableName="tab")
    assert [value for _, value in values] == [1, 1, 1]
    assert [time.minute for time, _ in values] == [0, 2, 4]


def test_what_a_table_consumed_outlives_it_and_its_partitions(world: ddbha.World, client: Any) -> None:
    for number in range(30):
        client.put_item(TableName="tab", Item=item(f"item-{number}", colour="red"))
    world.table("tab").partitions[0].split()
    world.table("tab").global_indexes["by-colour"].partitions[0].split()
    client.put_item(TableName="tab", Item=item("last", colour="red"))
    client.delete_table(TableName="tab")
    assert (written(world), written_to_index(world)) == (31, 31)


def test_errors_are_counted_by_kind(world: ddbha.World, client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_item(TableName="none", Key=key("a"))
    with world.faults.error("InternalServerError", operation="GetItem"):
        patient = Config(retries={"mode": "legacy"})
        once: Any = world.client("dynamodb", region_name="us-east-1", config=patient)
        with pytest.raises(client.exceptions.InternalServerError):
            once.get_item(TableName="tab", Key=key("a"))
    assert [value for _, value in world.metrics.query("UserErrors")] == [1]
    errors = world.metrics.query("SystemErrors", TableName="tab", Operation="GetItem", period=3600)
    # Botocore makes ten attempts, each of which meets the fault.
    assert [value for _, value in errors] == [10]


def test_provisioned_units_are_a_metric(world: ddbha.World, client: Any) -> None:
    client.create_table(TableName="provisioned", **of_units(3, 7, "pk"))
    name: Any
    for name, units in (("ProvisionedReadCapacityUnits", 3), ("ProvisionedWriteCapacityUnits", 7)):
        ((_, value),) = world.metrics.query(name, TableName="provisioned", statistic="Average")
        assert value == units


def test_returned_items_are_counted(world: ddbha.World, client: Any) -> None:
    for name in ("a", "b", "c"):
        client.put_item(TableName="tab", Item=item(name))
    client.scan(TableName="tab")
    client.scan(TableName="tab", Limit=1)
    ((_, returned),) = world.metrics.query("ReturnedItemCount", TableName="tab", Operation="Scan")
    assert returned == 4


def test_expired_items_are_free_and_counted(world: ddbha.World, client: Any) -> None:
    expires = int(world.clock.time()) + 3600
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    client.put_item(TableName="tab", Item={**item("a"), "expires": {"N": str(expires)}})
    world.clock.advance(hours=3)
    assert client.scan(TableName="tab")["Count"] == 0
    assert written(world) == 1
    ((_, expired),) = world.metrics.query("TimeToLiveDeletedItemCount", TableName="tab")
    assert expired == 1
