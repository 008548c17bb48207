"""Writes and the log: what was acknowledged and is not there as asked, and what nobody asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

import ddbha
from ddbha.errors import InvariantError
from ddbha.verify.logged import verify_logged
from tests.building import on_demand

HERE: Any = {"TableName": "tab"}
ONE: Any = {":one": {"N": "1"}}


def key(name: str) -> Any:
    return {"id": {"S": name}}


def a_history() -> ddbha.World:
    """One call of each operation that writes."""
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    client: Any = world.client("dynamodb", region_name="us-east-1", config=once)
    client.create_table(TableName="tab", **on_demand("id"))
    client.put_item(**HERE, Item=key("put"))
    client.update_item(
        **HERE, Key=key("updated"), UpdateExpression="ADD n :one", ExpressionAttributeValues=ONE
    )
    client.update_item(**HERE, Key=key("legacy"), AttributeUpdates={"n": {"Value": {"N": "1"}}})
    with suppress(ClientError):
        client.update_item(
            **HERE,
            Key=key("updated"),
            UpdateExpression="SET n = :one",
            ConditionExpression="n > :one",
            ExpressionAttributeValues=ONE,
        )
    client.batch_write_item(
        RequestItems={
            "tab": [{"PutRequest": {"Item": key("batch")}}, {"DeleteRequest": {"Key": key("put")}}]
        }
    )
    client.transact_write_items(
        TransactItems=[
            {"Put": {**HERE, "Item": key("first")}},
            {"Put": {**HERE, "Item": key("second")}},
        ]
    )
    client.delete_item(**HERE, Key=key("first"))
    return world


def test_what_was_asked_for_is_in_the_log() -> None:
    world = a_history()
    verify_logged(world.history)
    asked = [kept.asked for known in world.history.known.values() for kept in known.records]
    assert asked == [True] * 8


@pytest.mark.parametrize("name", ["put", "updated", "legacy", "batch", "first", "second"])
def test_a_write_without_a_record_is_found(name: str) -> None:
    world = a_history()
    (known,) = world.history.known.values()
    lost = next(kept for kept in known.records if kept.record.key[1] == name)
    known.records.remove(lost)
    with pytest.raises(InvariantError, match=r"its log has no record of it|replaced something else"):
        world.verify()


def of(world: ddbha.World, operation: str) -> Any:
    return next(call for call in world.history if call.operation == operation)


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("PutItem", lambda request: request["Item"].update(n={"N": "1"})),
        ("UpdateItem", lambda request: request.update(UpdateExpression="ADD m :one")),
        ("BatchWriteItem", lambda request: request["RequestItems"]["tab"].pop()),
        ("TransactWriteItems", lambda request: request["TransactItems"].pop()),
        ("TransactWriteItems", lambda request: request["TransactItems"][1]["Put"].update(Item=key("x"))),
        ("DeleteItem", lambda request: request.update(Key=key("second"))),
    ],
)
def test_a_record_that_is_not_what_was_asked_for_is_found(
    operation: str, change: Callable[[Any], Any]
) -> None:
    world = a_history()
    change(of(world, operation).request)
    with pytest.raises(InvariantError, match=r"another record|no record of it|nobody asked"):
        verify_logged(world.history)


def test_a_record_outside_of_its_call_is_found() -> None:
    world = a_history()
    call = of(world, "PutItem")
    # As if it had been answered before anything was written.
    call.completed = call.invoked
    with pytest.raises(InvariantError, match="no record of it"):
        verify_logged(world.history)


def test_a_condition_that_held_and_failed_is_found() -> None:
    world = a_history()
    call = next(call for call in world.history if call.outcome == "REFUSED")
    call.request["ConditionExpression"] = "n >= :one"
    with pytest.raises(InvariantError, match="failed, although it held"):
        verify_logged(world.history)


def test_a_transaction_that_takes_its_time_is_found_in_the_log_later() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    client: Any = world.client("dynamodb", region_name="us-east-1", config=once)
    client.create_table(TableName="tab", **on_demand("id"))
    puts = [{"Put": {**HERE, "Item": key(name)}} for name in "ab"]
    slow = world.faults.slow_transaction(seconds=5, times=1)
    with slow, pytest.raises(ReadTimeoutError):
        client.transact_write_items(TransactItems=puts)
    world.clock.advance(seconds=10)
    assert len(client.scan(**HERE)["Items"]) == 2
    world.verify()
    (known,) = world.history.known.values()
    known.records.pop()
    with pytest.raises(InvariantError, match="nobody asked for what is in the log"):
        verify_logged(world.history)
