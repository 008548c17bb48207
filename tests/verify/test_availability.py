"""`World.availability`: what a recorded history says of how well clients were served."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import ddbha
from ddbha.errors import UsageError
from tests.building import on_demand

HOME, AWAY = "us-east-1", "eu-west-1"


def world_with_table(tries: int = 1, **settings: Any) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock="2026-01-01T00:00:00Z", history=True, **settings)
    client = client_of(world, HOME, tries)
    client.create_table(TableName="tab", **on_demand("id"))
    client.get_waiter("table_exists").wait(TableName="tab")
    return world, client


def client_of(world: ddbha.World, region: str, tries: int = 1) -> Any:
    retries: Any = {"mode": "standard", "total_max_attempts": tries}
    config = Config(retries=retries, connect_timeout=0.5)
    return world.client("dynamodb", region_name=region, config=config)


def put(client: Any, key: str, value: int = 0) -> bool:
    try:
        client.put_item(TableName="tab", Item={"id": {"S": key}, "n": {"N": str(value)}})
    except (ClientError, BotoCoreError):
        return False
    return True


def test_an_outage_has_a_beginning_and_an_end() -> None:
    world, client = world_with_table()
    world.faults.region_outage(HOME, after=10, duration=5)
    start = world.clock.time()
    for second in range(1, 21):
        world.clock.advance_to(start + second)
        put(client, "a")
    found = world.availability()
    service = found.by("operation")["PutItem",]
    assert (service.requests, service.successes) == (20, 15)
    assert service.availability == 75
    assert service.errors == {"endpoint_connection": 5}
    assert service.longest_outage is not None
    assert service.longest_outage.seconds == pytest.approx(5)
    assert found.total.recoveries["region outage us-east-1"] == pytest.approx(5)
    assert "longest stretch without a success: 5 s" in str(found)


def test_retries_are_one_request() -> None:
    world, client = world_with_table(tries=4)
    world.faults.error("ThrottlingException", operation="PutItem", times=2)
    assert put(client, "a")
    service = world.availability().by("operation")["PutItem",]
    assert (service.requests, service.successes, service.saved_by_retries) == (1, 1, 1)
    assert service.errors["ThrottlingException"] == 2


def test_refusals_are_answers() -> None:
    world, client = world_with_table()
    with pytest.raises(ClientError):
        client.update_item(
            TableName="tab", Key={"id": {"S": "a"}}, ConditionExpression="attribute_exists(id)"
        )
    service = world.availability().by("operation")["UpdateItem",]
    assert service.availability == 100
    assert service.errors == {"ConditionalCheckFailedException": 1}


def test_stale_reads_have_an_age() -> None:
    world, client = world_with_table()
    put(client, "a", 1)
    world.clock.advance(seconds=10)
    for letter in "abc":
        world.faults.follower_lag(f"{HOME}{letter}", seconds=3)
    put(client, "a", 2)
    for _ in range(40):
        world.clock.advance(seconds=0.05)
        client.get_item(TableName="tab", Key={"id": {"S": "a"}})
        client.get_item(TableName="tab", Key={"id": {"S": "a"}}, ConsistentRead=True)
    service = world.availability().by("operation")["GetItem",]
    assert len(service.staleness) == 40
    assert service.stale_reads > 0
    assert 0 < service.stale_at(100) <= 3


def test_what_never_left_a_region_is_lost_with_it() -> None:
    world, client = world_with_table()
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    put(client, "known", 1)
    put(client, "changed", 1)
    world.clock.advance(seconds=5)
    world.faults.replication_lag(HOME, AWAY, seconds=2)
    put(client, "changed", 2)
    world.clock.advance(seconds=1)
    put(client, "new", 1)
    assert world.availability().lost_writes == []
    world.faults.region_outage(HOME)
    found = world.availability()
    assert [write.key[1] for write in found.lost_writes] == ["changed", "new"]
    assert found.lost_seconds == pytest.approx(1)
    # Written again elsewhere, it is as lost as before.
    put(client_of(world, AWAY), "changed", 3)
    assert [write.key[1] for write in world.availability().lost_writes] == ["changed", "new"]


def test_what_a_restore_brought_back_is_not_lost() -> None:
    world, client = world_with_table()
    put(client, "a", 1)
    arn = client.create_backup(TableName="tab", BackupName="kept")["BackupDetails"]["BackupArn"]
    world.clock.advance(seconds=1)
    put(client, "b", 1)
    client.delete_table(TableName="tab")
    assert len(world.availability().lost_writes) == 2
    client.restore_table_from_backup(BackupArn=arn, TargetTableName="again")
    found = world.availability(stands_for={"tab": "again"})
    assert [write.key[1] for write in found.lost_writes] == ["b"]


def test_conflicts_are_told() -> None:
    world, client = world_with_table()
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    put(client_of(world, AWAY), "b")
    with world.faults.network_cut(HOME, AWAY):
        put(client, "a", 1)
        world.clock.advance(seconds=1)
        put(client_of(world, AWAY), "a", 2)
    (conflict,) = world.availability().conflicts
    assert (conflict.winner, conflict.loser) == (AWAY, HOME)


def test_times_and_dimensions_are_chosen() -> None:
    world, client = world_with_table()
    put(client, "a")
    world.clock.advance(seconds=60)
    middle = world.clock.now()
    put(client, "b")
    assert world.availability(since=middle).total.requests == 1
    assert world.availability(until=middle).by("table", "operation")["tab", "PutItem"].requests == 2
    with pytest.raises(UsageError, match="region, table, operation, client"):
        world.availability().by("colour")
    with pytest.raises(UsageError, match="later than"):
        world.availability(since=middle, until=world.clock.now().replace(year=2020))
    assert world.availability().to_dict()["total"]["requests"] > 2


def test_without_a_history_there_is_nothing_to_tell() -> None:
    with pytest.raises(UsageError, match="history=True"):
        ddbha.World().availability()


def test_reads_of_another_accounts_table_are_measured_by_that_one() -> None:
    world, client = world_with_table()
    other: Any = world.client("dynamodb", region_name=HOME, account_id="222222222222")
    other.create_table(TableName="tab", **on_demand("id"))
    arn = other.describe_table(TableName="tab")["Table"]["TableArn"]
    statement = {"Effect": "Allow", "Principal": {"AWS": world.account_id}, "Action": "dynamodb:*"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]}
    other.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    put(other, "a", 1)
    put(client, "a", 1)
    world.clock.advance(seconds=10)
    put(client, "a", 2)
    world.clock.advance(seconds=10)
    key: Any = {"id": {"S": "a"}}
    found = client.batch_get_item(RequestItems={arn: {"Keys": [key]}})["Responses"][arn]
    assert found == [{**key, "n": {"N": "1"}}]
    client.get_item(TableName=arn, Key=key)
    client.put_item(TableName=arn, Item={**key, "n": {"N": "3"}})
    measured = world.availability()
    assert measured.total.stale_reads == 0
    assert measured.lost_writes == []
