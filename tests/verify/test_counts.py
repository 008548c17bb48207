"""What answers count, and items that they show without their keys, are compared with what there was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ddbha
from ddbha.errors import InvariantError
from tests.building import index_on, on_demand


@pytest.fixture
def world() -> ddbha.World:
    """Items 0 to 5 of the key "a", of which the even ones are in an index, in a recorded history."""
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    client = client_of(world)
    client.create_table(
        TableName="tab",
        **on_demand("id", "seat:N", more=["n:N"]),
        GlobalSecondaryIndexes=[index_on("by-n", "n", "seat:N")],
    )
    for seat in range(6):
        indexed = {} if seat % 2 else {"n": {"N": "7"}}
        client.put_item(TableName="tab", Item={**key(seat), "size": {"S": "sml"[seat % 3]}, **indexed})
    return world


def client_of(world: ddbha.World) -> Any:
    return world.client("dynamodb", region_name="us-east-1")


def key(seat: int) -> Any:
    return {"id": {"S": "a"}, "seat": {"N": str(seat)}}


OF_A: Any = {
    "TableName": "tab",
    "KeyConditionExpression": "id = :a",
    "ExpressionAttributeValues": {":a": {"S": "a"}},
}
OF_7: Any = {
    "TableName": "tab",
    "IndexName": "by-n",
    "KeyConditionExpression": "n = :n",
    "ExpressionAttributeValues": {":n": {"N": "7"}},
}
SMALL: Any = {
    "FilterExpression": "#s = :s",
    "ExpressionAttributeNames": {"#s": "size"},
    "ExpressionAttributeValues": {**OF_A["ExpressionAttributeValues"], ":s": {"S": "s"}},
}


@pytest.mark.parametrize(
    ("asked", "count", "scanned"),
    [
        (OF_A, 6, 6),
        ({**OF_A, "ConsistentRead": True}, 6, 6),
        ({**OF_A, **SMALL}, 2, 6),
        ({**OF_A, "Limit": 4}, 4, 4),
        ({**OF_A, "ScanIndexForward": False, "ExclusiveStartKey": key(2)}, 2, 2),
        ({**OF_A, **SMALL, "Limit": 5, "ExclusiveStartKey": key(0)}, 1, 5),
        (OF_7, 3, 3),
    ],
)
def test_a_count_is_that_of_the_items_on_the_page(
    world: ddbha.World, asked: Any, count: int, scanned: int
) -> None:
    answer = client_of(world).query(**asked, Select="COUNT")
    assert (answer["Count"], answer["ScannedCount"]) == (count, scanned)
    world.verify()
    told = world.history.calls[-1].answer
    assert told is not None
    for number in (count - 1, count + 1):
        world.history.calls[-1].answer = {**told, "Count": number, "ScannedCount": max(number, scanned)}
        with pytest.raises(InvariantError, match=r"items where there were|says that it looked at"):
            world.verify()


def test_a_page_that_shows_its_items_looked_at_as_many_as_it_says(world: ddbha.World) -> None:
    client_of(world).query(**{**OF_A, **SMALL})
    world.verify()
    told = world.history.calls[-1].answer
    for wrong in (5, 7):
        world.history.calls[-1].answer = {**(told or {}), "ScannedCount": wrong}
        with pytest.raises(InvariantError, match="items where there were 6 to 6"):
            world.verify()


def test_a_count_meanwhile_may_be_any_that_there_was(world: ddbha.World) -> None:
    client = client_of(world)
    world.clock.advance(seconds=10)
    lag = world.faults.index_lag("tab", "by-n", seconds=5)
    client.delete_item(TableName="tab", Key=key(0))
    client.put_item(TableName="tab", Item={**key(1), "n": {"N": "7"}})
    client.put_item(TableName="tab", Item={**key(2), "n": {"N": "8"}})
    assert client.query(**OF_7, Select="COUNT")["Count"] == 3
    for number in range(6):
        world.history.calls[-1].answer = {"Count": number, "ScannedCount": number}
        if 1 <= number <= 4:
            # The fifth item was there all the while, 0 and 2 were before, and 1 came.
            world.verify()
        else:
            with pytest.raises(InvariantError, match="where there were 1 to 4"):
                world.verify()
    lag.end()


def scan(client: Any) -> Any:
    names = {"#s": "size"}
    return client.scan(
        TableName="tab", ProjectionExpression="#s", ExpressionAttributeNames=names, ConsistentRead=True
    )["Items"]


def state(client: Any) -> Any:
    return client.execute_statement(Statement='SELECT "size" FROM tab', ConsistentRead=True)["Items"]


def get_batch(client: Any) -> Any:
    wanted = {
        "Keys": [key(seat) for seat in range(9)],
        "ProjectionExpression": "#s",
        "ExpressionAttributeNames": {"#s": "size"},
        "ConsistentRead": True,
    }
    return client.batch_get_item(RequestItems={"tab": wanted})["Responses"]["tab"]


@pytest.mark.parametrize("read", [scan, state, get_batch])
def test_items_without_their_keys_are_those_that_there_were(
    world: ddbha.World, read: Callable[[Any], Any]
) -> None:
    sizes = sorted(item["size"]["S"] for item in read(client_of(world)))
    assert sizes == ["l", "l", "m", "m", "s", "s"]
    world.verify()
    call = world.history.calls[-1]
    told = call.answer
    assert told is not None
    items = told["Items"] if "Items" in told else told["Responses"]["tab"]
    for wrong in (items[1:], [*items, items[0]], [items[1], *items[1:]], [{}, *items[1:]]):
        if "Items" in told:
            counts: Any = {name: len(wrong) for name in ("Count", "ScannedCount") if name in told}
            call.answer = {**told, "Items": wrong, **counts}
        else:
            call.answer = {**told, "Responses": {"tab": wrong}}
        with pytest.raises(InvariantError, match="items where there were"):
            world.verify()


def test_a_page_of_a_statement_without_keys_shows_nothing_that_there_was_not(
    world: ddbha.World,
) -> None:
    text = "SELECT \"size\" FROM tab WHERE id IN ['a', 'b']"
    assert len(client_of(world).execute_statement(Statement=text, Limit=2)["Items"]) == 2
    world.verify()
    told = world.history.calls[-1].answer
    world.history.calls[-1].answer = {**(told or {}), "Items": [{"size": {"S": "xl"}}]}
    with pytest.raises(InvariantError, match="has 1 items where there were 0 to 0"):
        world.verify()
