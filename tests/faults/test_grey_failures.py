"""A region that fails in part: some requests fail, and answers are later and later.

https://docs.aws.amazon.com/whitepapers/latest/advanced-multi-az-resilience-patterns/gray-failures.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

import ddbha
from ddbha.errors import UnknownPlaceError, UsageError
from tests.building import on_demand

HOME, AWAY = "us-east-1", "eu-west-1"


@pytest.fixture
def world() -> ddbha.World:
    world = ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00Z"), history=True)
    client_of(world).create_table(TableName="carts", **on_demand("id"))
    client_of(world).update_table(TableName="carts", ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    return world


def client_of(world: ddbha.World, region: str = HOME, patience: float = 60) -> Any:
    once = Config(retries={"total_max_attempts": 1}, read_timeout=patience)
    return world.client("dynamodb", region_name=region, config=once)


def seconds_of_a_get(world: ddbha.World, region: str = HOME) -> float:
    began = world.clock.time()
    client_of(world, region).get_item(TableName="carts", Key={"id": {"S": "1"}})
    return world.clock.time() - began


def test_answers_are_later_and_later(world: ddbha.World) -> None:
    with world.faults.grey_failure(HOME, share=0, latency=4, rise=100):
        assert seconds_of_a_get(world) == 0
        world.clock.advance(seconds=50)
        assert seconds_of_a_get(world) == 2
        world.clock.advance(seconds=500)
        assert seconds_of_a_get(world) == 4
        assert seconds_of_a_get(world, AWAY) == 0
    assert seconds_of_a_get(world) == 0
    world.verify()


def test_refusals_are_as_late_as_other_answers(world: ddbha.World) -> None:
    refused: Any = {
        "TableName": "carts",
        "Key": {"id": {"S": "1"}},
        "UpdateExpression": "SET n = n",
        "ConditionExpression": "attribute_exists(id)",
    }
    with world.faults.grey_failure(HOME, share=0, latency=4, rise=0):
        began = world.clock.time()
        with pytest.raises(ClientError, match="conditional request failed"):
            client_of(world).update_item(**refused)
        assert world.clock.time() - began == 4
        with pytest.raises(ReadTimeoutError):
            client_of(world, patience=3).update_item(**refused)
    world.verify()


def test_a_share_of_requests_fails(world: ddbha.World) -> None:
    failed, client = 0, client_of(world)
    with world.faults.grey_failure(HOME, share=0.25, latency=0):
        for number in range(200):
            try:
                client.put_item(TableName="carts", Item={"id": {"S": str(number)}})
            except ClientError as error:
                failed += error.response["Error"]["Code"] == "InternalServerError"
    # Four standard deviations of a binomial distribution.
    assert 26 <= failed <= 74
    world.verify()


def test_what_is_later_than_a_client_waits_is_done_all_the_same(world: ddbha.World) -> None:
    began = world.clock.time()
    with (
        world.faults.grey_failure(HOME, share=0, latency=10, rise=0),
        pytest.raises(ReadTimeoutError),
    ):
        client_of(world, patience=3).put_item(TableName="carts", Item={"id": {"S": "1"}})
    assert world.clock.time() - began == 3
    found = client_of(world, AWAY).get_item(TableName="carts", Key={"id": {"S": "1"}})
    assert "Item" in found, "replication goes on"
    assert world.availability().total.errors == {"read_timeout": 1}
    world.verify()


def test_a_zone_that_fails_in_part_is_left_by_a_zonal_shift(world: ddbha.World) -> None:
    key = {"id": {"S": "1"}}
    client_of(world).put_item(TableName="carts", Item=key)
    leaders = [partition.leader for partition in world.table("carts").partitions]
    zone = next(leader.zone for leader in leaders if leader.items.images)
    with world.faults.grey_failure(zone, share=1, latency=0):
        with pytest.raises(ClientError, match="InternalServerError"):
            client_of(world).get_item(TableName="carts", Key=key)
        client_of(world, AWAY).get_item(TableName="carts", Key=key)
        with world.faults.zonal_shift(zone):
            client_of(world).get_item(TableName="carts", Key=key)
            client_of(world).scan(TableName="carts")
        with pytest.raises(ClientError, match="InternalServerError"):
            client_of(world).scan(TableName="carts")


def test_other_faults_choose_requests_by_region(world: ddbha.World) -> None:
    with world.faults.error("ThrottlingException", region=AWAY, operation="GetItem"):
        assert seconds_of_a_get(world) == 0
        with pytest.raises(ClientError, match="ThrottlingException"):
            seconds_of_a_get(world, AWAY)


def test_what_makes_no_sense_is_refused(world: ddbha.World) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        world.faults.grey_failure(HOME, share=30)
    with pytest.raises(UsageError, match="latency=-1"):
        world.faults.grey_failure(HOME, latency=-1)
    with pytest.raises(UnknownPlaceError):
        world.faults.grey_failure("atlantis-1")
    with pytest.raises(UnknownPlaceError):
        world.faults.error("ThrottlingException", region="us-east-1a")
    assert world.faults.active == []
