"""Tables and single items; messages after the service model and the developer guide."""

from __future__ import annotations

from typing import Any

import pytest

from ddbha import ManualClock, Timings, World
from ddbha.api.registry import Caller
from ddbha.errors import (
    InternalServerError,
    NotImplementedOperation,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from tests.building import on_demand

HERE = Caller("123456789012", "us-east-1")
ORDERS: dict[str, Any] = {"TableName": "orders", **on_demand("pk", "sk:N")}
KEY = {"pk": {"S": "a"}, "sk": {"N": "1"}}


def call(world: World, operation: str, **request: Any) -> dict[str, Any]:
    return world.engine.call("dynamodb", operation, request, HERE)


@pytest.fixture
def world() -> World:
    world = World(clock=ManualClock())
    call(world, "CreateTable", **ORDERS)
    return world


def test_a_table_becomes_active_when_the_clock_says_so() -> None:
    world = World(clock=ManualClock(), timings=Timings.aws())
    assert call(world, "CreateTable", **ORDERS)["TableDescription"]["TableStatus"] == "CREATING"
    with pytest.raises(ResourceNotFoundException, match="Requested resource not found"):
        call(world, "GetItem", TableName="orders", Key=KEY)
    with pytest.raises(ResourceInUseException, match="Table already exists: orders"):
        call(world, "CreateTable", **ORDERS)
    world.clock.advance(seconds=10)
    assert call(world, "DescribeTable", TableName="orders")["Table"]["TableStatus"] == "ACTIVE"
    assert call(world, "DeleteTable", TableName="orders")["TableDescription"]["TableStatus"] == "DELETING"
    world.clock.advance(seconds=10)
    assert call(world, "ListTables") == {"TableNames": []}


def test_an_item_comes_back_as_it_was_put_and_numbers_in_canonical_form(world: World) -> None:
    item = {**KEY, "n": {"N": "1.50"}, "b": {"B": b"\x00"}, "m": {"M": {"l": {"L": [{"NULL": True}]}}}}
    assert call(world, "PutItem", TableName="orders", Item=item) == {}
    item["m"]["M"]["l"]["L"].append({"S": "too late"})  # type: ignore[index]
    for consistent in (False, True):
        answer = call(world, "GetItem", TableName="orders", Key=KEY, ConsistentRead=consistent)
        assert answer == {
            "Item": {
                **KEY,
                "n": {"N": "1.5"},
                "b": {"B": b"\x00"},
                "m": {"M": {"l": {"L": [{"NULL": True}]}}},
            }
        }
    assert call(world, "DeleteItem", TableName="orders", Key=KEY, ReturnValues="ALL_OLD") == answer | {
        "Attributes": answer.pop("Item")
    }
    assert call(world, "GetItem", TableName="orders", Key=KEY) == {}
    world.verify()


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"pk": {"S": "a"}}, "Missing the key sk in the item"),
        ({"pk": {"N": "1"}, "sk": {"N": "1"}}, "Type mismatch for key pk expected: S actual: N"),
        ({"pk": {"S": ""}, "sk": {"N": "1"}}, "cannot contain an empty string value. Key: pk"),
        ({"pk": {"S": "a" * 2049}, "sk": {"N": "1"}}, "Size of hashkey has exceeded"),
        ({**KEY, "x": {"S": "a" * 409_600}}, "Item size has exceeded the maximum allowed size"),
        ({**KEY, "x": {"SS": []}}, "An string set  may not be empty"),
        ({**KEY, "x": {}}, "Supplied AttributeValue is empty"),
    ],
)
def test_a_bad_item_changes_nothing(world: World, item: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        call(world, "PutItem", TableName="orders", Item=item)
    assert call(world, "DescribeTable", TableName="orders")["Table"]["ItemCount"] == 0


def test_what_is_not_built_is_named(world: World) -> None:
    # An operation of the future: those of today's service model are all meant to be built.
    with pytest.raises(NotImplementedOperation, match="dynamodb:DescribeTomorrow"):
        call(world, "DescribeTomorrow")


def test_zones_fail_and_return(world: World) -> None:
    call(world, "PutItem", TableName="orders", Item=KEY)
    with world.faults.zone_outage("us-east-1a"):
        call(world, "PutItem", TableName="orders", Item={**KEY, "v": {"N": "2"}})
        with world.faults.zone_outage("us-east-1b"):
            with pytest.raises(InternalServerError):
                call(world, "GetItem", TableName="orders", Key=KEY, ConsistentRead=True)
            assert call(world, "GetItem", TableName="orders", Key=KEY)["Item"]["v"] == {"N": "2"}
    assert call(world, "GetItem", TableName="orders", Key=KEY, ConsistentRead=True)["Item"]["v"] == {
        "N": "2"
    }
    world.verify()
