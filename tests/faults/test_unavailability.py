"""What clients are told where a quorum is lost, and what has become of their writes.

Status 500 leaves open whether a write was done; 503 is for a service that is not available at present:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand
from tests.installed import needs

KEY: Any = {"id": {"S": "1"}}
ONCE = Config(retries={"total_max_attempts": 1})
NOT_AVAILABLE = {"InternalServerError", "ServiceUnavailable"}


def world_with_table(**arguments: Any) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True, **arguments)
    client: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    client.create_table(TableName="tab", **on_demand("id"))
    client.put_item(TableName="tab", Item={**KEY, "n": {"N": "0"}})
    return world, client


def holder(world: ddbha.World) -> Any:
    """The partition with the item."""
    return next(p for p in world.table("tab").partitions if p.acknowledged_sequence)


def number(client: Any) -> str | None:
    item = client.get_item(TableName="tab", Key=KEY, ConsistentRead=True).get("Item")
    return None if item is None else str(item["n"]["N"])


def error_of(call: Callable[..., Any], *arguments: Any, **named: Any) -> str | None:
    try:
        call(*arguments, **named)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def put(client: Any, n: int, **more: Any) -> None:
    client.put_item(TableName="tab", Item={**KEY, "n": {"N": str(n)}}, **more)


def count(client: Any) -> None:
    client.update_item(
        TableName="tab",
        Key=KEY,
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def transact(client: Any) -> None:
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "tab", "Item": {"id": {"S": name}, "n": {"N": "1"}}}} for name in "123"
        ]
    )


def two_zones_down(world: ddbha.World) -> ExitStack:
    stack = ExitStack()
    for zone in ("us-east-1a", "us-east-1b"):
        stack.enter_context(world.faults.zone_outage(zone))
    return stack


WRITES: dict[str, tuple[Callable[[Any], None], str | None]] = {
    "put": (lambda client: put(client, 1), "1"),
    "conditional put": (lambda client: put(client, 1, ConditionExpression="attribute_exists(id)"), "1"),
    "update": (count, "1"),
    "delete": (lambda client: client.delete_item(TableName="tab", Key=KEY), None),
    "batch": (
        lambda client: client.batch_write_item(
            RequestItems={"tab": [{"PutRequest": {"Item": {**KEY, "n": {"N": "1"}}}}]}
        ),
        "1",
    ),
    "transaction": (transact, "1"),
    "statement": (
        lambda client: client.execute_statement(Statement="UPDATE tab SET n = 1 WHERE id = '1'"),
        "1",
    ),
}


@pytest.mark.parametrize("kind", WRITES)
def test_a_write_during_a_failover_may_have_been_done_or_not(kind: str) -> None:
    write, done = WRITES[kind]
    found = Counter[str | None]()
    for seed in range(12):
        world, client = world_with_table(seed=seed, leader_lease=1.5, open_outcomes=True)
        with world.faults.zone_outage(holder(world).leader.zone):
            assert error_of(write, client) == "InternalServerError"
            world.clock.advance(seconds=1.5)
            found[number(client)] += 1
        world.verify()
    assert set(found) == {"0", done}, f"of 12 seeds: {found}"


def test_a_refused_write_is_undone_unless_outcomes_are_open() -> None:
    for seed in range(12):
        world, client = world_with_table(seed=seed, leader_lease=1.5)
        with world.faults.zone_outage(holder(world).leader.zone):
            assert error_of(count, client) == "InternalServerError"
            world.clock.advance(seconds=1.5)
            assert number(client) == "0"


def test_what_was_refused_takes_effect_before_what_comes_later() -> None:
    for seed in range(12):
        world, client = world_with_table(seed=seed, open_outcomes=True)
        with two_zones_down(world):
            for n in (1, 2, 3):
                assert error_of(put, client, n) in NOT_AVAILABLE
        put(client, 4)
        world.clock.advance(hours=1)
        assert number(client) == "4"
        world.verify()


def test_a_transaction_does_not_come_after_what_other_partitions_took_meanwhile() -> None:
    for seed in range(12):
        world, client = world_with_table(seed=seed, leader_lease=1.5, open_outcomes=True)
        with world.faults.zone_outage(holder(world).leader.zone):
            assert error_of(transact, client) == "InternalServerError"
            newer = [{"id": {"S": name}, "n": {"N": "7"}} for name in "23"]
            acknowledged = [i for i in newer if not error_of(client.put_item, TableName="tab", Item=i)]
            world.clock.advance(seconds=1.5)
        for item in acknowledged:
            key = {"id": item["id"]}
            assert client.get_item(TableName="tab", Key=key, ConsistentRead=True)["Item"] == item
        world.verify()


def test_a_transaction_does_not_come_after_a_deletion_that_left_no_record() -> None:
    for seed in range(12):
        world, client = world_with_table(seed=seed, leader_lease=1.5, open_outcomes=True)
        with world.faults.zone_outage(holder(world).leader.zone):
            assert error_of(transact, client) == "InternalServerError"
            gone = [
                {"id": {"S": name}}
                for name in "23"
                if not error_of(client.delete_item, TableName="tab", Key={"id": {"S": name}})
            ]
            world.clock.advance(seconds=1.5)
        for key in gone:
            assert "Item" not in client.get_item(TableName="tab", Key=key, ConsistentRead=True)
        world.verify()


def test_a_table_that_is_made_anew_has_nothing_of_the_old_one() -> None:
    for seed in range(12):
        world, client = world_with_table(seed=seed, leader_lease=1.5, open_outcomes=True)
        with world.faults.node_outage(holder(world).leader.zone, table="tab"):
            error_of(count, client)
            client.delete_table(TableName="tab")
            client.create_table(TableName="tab", **on_demand("id"))
        world.clock.advance(hours=1)
        assert client.scan(TableName="tab", ConsistentRead=True)["Items"] == []


def test_with_two_zones_lost_some_answers_are_503() -> None:
    world, client = world_with_table()
    told = Counter[str]()
    answers: dict[str, tuple[int, str]] = {}
    with two_zones_down(world):
        for _ in range(60):
            for call, arguments in ((put, (client, 1)), (number, (client,))):
                with pytest.raises(ClientError) as caught:
                    call(*arguments)
                response: Any = caught.value.response
                error = response["Error"]
                told[error["Code"]] += 1
                status = response["ResponseMetadata"]["HTTPStatusCode"]
                answers[error["Code"]] = status, error["Message"]
    assert set(told) == NOT_AVAILABLE
    assert told["InternalServerError"] > told["ServiceUnavailable"] > 0
    assert answers["ServiceUnavailable"] == (
        503,
        "Service AmazonDynamoDB is currently unavailable. Please try again",
    )
    world.verify()


def test_one_partition_that_fails_is_no_unavailable_service() -> None:
    world, client = world_with_table()
    zones = [replica.zone for replica in holder(world).replicas][:2]
    number_of = holder(world).number
    with ExitStack() as stack:
        for zone in zones:
            stack.enter_context(world.faults.node_outage(zone, table="tab", partition=number_of))
        told = {error_of(put, client, 1) for _ in range(40)}
    assert told == {"InternalServerError"}


@needs("UpdateTable.MultiRegionConsistency")
def test_a_region_that_is_cut_off_from_all_others_is_unavailable_at_times() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    client.create_table(TableName="tab", **on_demand("id"))
    others = ["us-east-2", "us-west-2"]
    client.update_table(
        TableName="tab",
        ReplicaUpdates=[{"Create": {"RegionName": name}} for name in others],
        MultiRegionConsistency="STRONG",
    )
    client.describe_table(TableName="tab")
    with ExitStack() as stack:
        for name in others:
            stack.enter_context(world.faults.network_cut("us-east-1", name))
        told = {error_of(put, client, 1) for _ in range(40)}
    assert told == NOT_AVAILABLE
    put(client, 2)
    assert number(client) == "2"


#: Of what AWS says of its control planes: they may fail where what was made goes on.
CHANGES: dict[str, Callable[[Any], Any]] = {
    "CreateTable": lambda client: client.create_table(TableName="new", **on_demand("id")),
    "UpdateTable": lambda client: client.update_table(TableName="tab", DeletionProtectionEnabled=True),
    "DeleteTable": lambda client: client.delete_table(TableName="tab"),
    "UpdateTimeToLive": lambda client: client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"}
    ),
    "UpdateContinuousBackups": lambda client: client.update_continuous_backups(
        TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    ),
    "TagResource": lambda client: client.tag_resource(
        ResourceArn="arn:aws:dynamodb:us-east-1:123456789012:table/tab", Tags=[{"Key": "a", "Value": "b"}]
    ),
}


@pytest.mark.parametrize("operation", CHANGES)
def test_without_a_quorum_of_zones_nothing_is_changed_and_everything_described(operation: str) -> None:
    world, client = world_with_table()
    before = client.describe_table(TableName="tab")["Table"]
    with two_zones_down(world):
        assert error_of(CHANGES[operation], client) in NOT_AVAILABLE
        assert client.describe_table(TableName="tab")["Table"] == before
        assert client.list_tables()["TableNames"] == ["tab"]
        assert client.get_item(TableName="tab", Key=KEY)["Item"]["n"] == {"N": "0"}
    assert client.describe_table(TableName="tab")["Table"] == before
    with world.faults.zone_outage("us-east-1c"):
        CHANGES[operation](client)
    world.verify()


@pytest.mark.parametrize("cut", [("us-east-1a", "us-east-1b"), ("us-east-1b", "us-east-1c")])
def test_zones_that_do_not_reach_each_other_are_no_quorum(cut: tuple[str, str]) -> None:
    world, client = world_with_table()
    (other,) = {"us-east-1a", "us-east-1b", "us-east-1c"} - set(cut)
    with world.faults.zone_cut(*cut):
        client.create_table(TableName="one", **on_demand("id"))
        with world.faults.zone_outage(other):
            assert error_of(client.create_table, TableName="two", **on_demand("id"))
    assert client.list_tables()["TableNames"] == ["one", "tab"]


def test_a_table_that_is_being_made_is_active_once_it_can_be_written() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    client: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    client.create_table(TableName="tab", **on_demand("id"))
    with two_zones_down(world):
        world.clock.advance(minutes=1)
        assert client.describe_table(TableName="tab")["Table"]["TableStatus"] == "CREATING"
    world.clock.advance(seconds=1.5)
    assert client.describe_table(TableName="tab")["Table"]["TableStatus"] == "ACTIVE"
    put(client, 1)
    world.verify()
