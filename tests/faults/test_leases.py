"""Leases: a new leader waits until the one before it can no longer think that it leads."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from ddbha.errors import UsageError
from tests.building import index_on, on_demand

KEY: Any = {"id": {"S": "1"}}
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]


def world_with_table(**arguments: Any) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True, **arguments)
    client = world.client(
        "dynamodb",
        region_name="us-east-1",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    client.create_table(
        TableName="tab", **on_demand("id", more=["n:N"]), GlobalSecondaryIndexes=[index_on("by-n", "n")]
    )
    client.get_waiter("table_exists").wait(TableName="tab")
    return world, client


def put(client: Any, n: int) -> None:
    client.put_item(TableName="tab", Item={**KEY, "n": {"N": str(n)}})


def refused(client: Any, n: int) -> bool:
    try:
        put(client, n)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return (error.response["Error"]["Code"], status) == ("InternalServerError", 500)
    return False


def holder(world: ddbha.World) -> Any:
    return next(p for p in world.table("tab").partitions if p.acknowledged_sequence)


def test_a_new_leader_serves_when_the_old_lease_is_over() -> None:
    world, client = world_with_table(leader_lease=2)
    put(client, 1)
    old = holder(world).leader
    world.faults.zone_outage(old.zone)
    lost = world.clock.time()
    # The lease runs from the loss on, whenever somebody notices.
    world.clock.advance(seconds=0.5)
    assert refused(client, 2)
    with pytest.raises(ClientError):
        client.get_item(TableName="tab", Key=KEY, ConsistentRead=True)
    assert "Item" in client.get_item(TableName="tab", Key=KEY)
    world.clock.advance(seconds=1.4)
    assert refused(client, 3)
    world.clock.advance(seconds=0.1)
    put(client, 4)
    place = {"table": "tab", "partition": holder(world).number}
    (elected,) = [e for e in world.events.of("leader-elected") if place.items() <= e.details.items()]
    assert elected.time == lost + 2
    assert elected.details["term"] == holder(world).term == 2
    world.verify()


def test_an_old_leader_that_returns_in_time_goes_on() -> None:
    world, client = world_with_table(leader_lease=2)
    put(client, 1)
    with world.faults.zone_outage(holder(world).leader.zone):
        world.clock.advance(seconds=1)
    put(client, 2)
    assert holder(world).term == 1
    world.verify()


def test_a_leader_that_is_cut_off_never_acknowledges_again() -> None:
    world, client = world_with_table(leader_lease=2)
    put(client, 1)
    old = holder(world).leader
    cuts = [world.faults.zone_cut(old.zone, zone) for zone in ZONES if zone != old.zone]
    assert refused(client, 2)
    world.clock.advance(seconds=2)
    put(client, 3)
    assert old.last_sequence == 1
    assert holder(world).leader is not old
    for cut in cuts:
        cut.end()
    assert old.last_sequence == 2
    world.verify()


def test_clients_wait_a_lease_out_with_their_retries() -> None:
    world, client = world_with_table(timings=ddbha.Timings.aws())
    patient = world.client(
        "dynamodb",
        region_name="us-east-1",
        config=Config(retries={"mode": "standard", "max_attempts": 20}),
    )
    put(client, 1)
    world.faults.zone_outage(holder(world).leader.zone)
    lost = world.clock.time()
    answer = patient.put_item(TableName="tab", Item={**KEY, "n": {"N": "2"}})
    assert answer["ResponseMetadata"]["RetryAttempts"] > 0
    assert world.clock.time() >= lost + 1.5
    retries = world.events.of("request-retried")
    assert len(retries) == answer["ResponseMetadata"]["RetryAttempts"]
    assert retries[0].details["cause"] == "InternalServerError"
    assert retries[0].details["operation"] == "PutItem"
    world.verify()


def test_an_index_whose_leader_waits_stays_behind_and_keeps_no_write_from_the_table() -> None:
    world, client = world_with_table(leader_lease=2)

    def count(n: int) -> int:
        found = client.query(
            TableName="tab",
            IndexName="by-n",
            KeyConditionExpression="n = :n",
            ExpressionAttributeValues={":n": {"N": str(n)}},
        )
        return int(found["Count"])

    put(client, 1)
    assert count(1) == 1
    table = world.table("tab")
    index = next(p for p in table.global_indexes["by-n"].partitions if p.acknowledged_sequence)
    world.faults.zone_outage(index.leader.zone)
    world.clock.advance(seconds=2)
    put(client, 1)
    assert refused(client, 1) is False
    assert count(1) == 1
    world.verify()


def test_a_replica_that_was_away_for_long_is_copied_and_the_timeline_says_so() -> None:
    world, client = world_with_table(leader_lease=1)
    put(client, 0)
    zone = next(zone for zone in ZONES if zone != holder(world).leader.zone)
    with world.faults.zone_outage(zone):
        put(client, 1)
    with world.faults.zone_outage(zone):
        # The index may have lost a leader, and needs the log until it can follow again.
        world.clock.advance(seconds=1)
        for n in range(1100):
            put(client, n)
    place = {"table": "tab", "partition": holder(world).number, "zone": zone}
    kinds = [event.kind for event in world.events if place.items() <= event.details.items()]
    assert "replica-recovered-from-log" in kinds
    assert kinds[-1] == "replica-recovered-from-copy"
    world.verify()


def test_negative_seconds_are_refused() -> None:
    with pytest.raises(UsageError, match="zero or more"):
        ddbha.World(leader_lease=-1)
    with pytest.raises(UsageError, match="zero or more"):
        ddbha.World(stale_reads=-1)
