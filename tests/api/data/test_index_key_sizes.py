"""Values of index keys: not longer than those of table keys, and what is left out of a new index.

The limits are on https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html; the
message was reported by users of the service (dynalite, issue 35; wellcomecollection, platform, issue
2285); that backfill leaves out what is too long is in ScyllaDB's tests, run against the service.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_of, index_on, on_demand

MORE = ("x", "y", "z:B")
INDEXES = [index_on("by_x", "x", "y"), index_of("by_several", ("id", "x"), "at", "y", "z")]


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        GlobalSecondaryIndexes=INDEXES,
        LocalSecondaryIndexes=[index_on("local", "id", "y")],
        **on_demand("id", "at", more=MORE),
    )
    return client


def item(**values: Any) -> dict[str, Any]:
    given = {"id": "a", "at": "b", **values}
    return {name: {"B" if isinstance(v, bytes) else "S": v} for name, v in given.items()}


def too_long(name: str, size: int, most: int, index: str) -> str:
    return (
        f"One or more parameter values were invalid: Size limit exceeded for Index Key {name} "
        f"Actual Size: {size} bytes Max Size: {most} bytes IndexName: {index}"
    )


def refused(call: Any, **parameters: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response


def test_the_longest_values_are_stored_and_found(client: Any) -> None:
    longest = item(x="é" * 1024, y="y" * 1024, z=b"\x00" * 1024)
    client.put_item(TableName="tab", Item=longest)
    for name in ("by_x", "by_several", "local"):
        assert client.scan(TableName="tab", IndexName=name)["Items"] == [longest]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"x": "x" * 2049}, too_long("x", 2049, 2048, "by_x")),
        ({"x": "é" * 1024 + "x"}, too_long("x", 2049, 2048, "by_x")),
        ({"y": "y" * 1025}, too_long("y", 1025, 1024, "local")),
        ({"z": b"\xff" * 1025}, too_long("z", 1025, 1024, "by_several")),
    ],
)
def test_a_longer_value_is_refused(client: Any, values: dict[str, Any], expected: str) -> None:
    one = item(**values)
    for call, parameters in (
        (client.put_item, {"TableName": "tab", "Item": one}),
        (client.batch_write_item, {"RequestItems": {"tab": [{"PutRequest": {"Item": one}}]}}),
    ):
        assert refused(call, **parameters)["Error"]["Message"] == expected
    ((name, value),) = ((name, one[name]) for name in values)
    update = {
        "TableName": "tab",
        "Key": item(),
        "UpdateExpression": f"SET {name} = :v",
        "ExpressionAttributeValues": {":v": value},
    }
    assert refused(client.update_item, **update)["Error"]["Message"] == expected
    assert client.scan(TableName="tab")["Count"] == 0


def test_a_table_key_that_is_a_shorter_key_of_an_index(world: ddbha.World) -> None:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab", GlobalSecondaryIndexes=[index_on("turned", "at", "id")], **on_demand("id", "at")
    )
    client.put_item(TableName="tab", Item=item(id="i" * 1024))
    refusal = refused(client.put_item, TableName="tab", Item=item(id="i" * 1025))
    assert refusal["Error"]["Message"] == too_long("id", 1025, 1024, "turned")


def test_items_with_index_keys_have_400_kilobytes(client: Any) -> None:
    large = item(x="x", y="y", z=b"z", text="t" * 400 * 1024)
    refusal = refused(client.put_item, TableName="tab", Item=large)
    assert refusal["Error"]["Message"] == "Item size has exceeded the maximum allowed size"


def test_a_new_index_leaves_out_what_is_empty_or_too_long(world: ddbha.World) -> None:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="tab", **on_demand("id", "at"))
    lengths = (0, 1, 1024, 1025, 2048, 2049)
    for length in lengths:
        client.put_item(TableName="tab", Item=item(at=f"{length:04}", x="x" * length, y="y" * length))

    def add(index: Any, *names: str) -> list[int]:
        client.update_table(
            TableName="tab",
            AttributeDefinitions=on_demand(names[0], more=names[1:])["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[{"Create": index}],
        )
        found = client.scan(TableName="tab", IndexName=index["IndexName"])["Items"]
        return sorted(len(one["x"]["S"]) for one in found)

    assert add(index_on("by_x", "x"), "x") == [1, 1024, 1025, 2048]
    assert add(index_on("by_id", "id", "x"), "id", "x") == [1, 1024]
    assert add(index_of("by_both", ("id", "x"), "at", "y"), "id", "at", "x", "y") == [1, 1024]
    world.verify()
    # Written again it would break the rule.
    refusal = refused(client.put_item, TableName="tab", Item=item(at="2049", x="x" * 2049))
    assert refusal["Error"]["Message"] == too_long("x", 2049, 2048, "by_x")


def test_what_an_index_does_not_take_is_stored_until_the_index_is_filled() -> None:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.ViolationDetection.html
    # says that writes are refused after the backfill.
    clock = ddbha.ManualClock()
    world = ddbha.World(clock=clock, timings=ddbha.Timings.aws())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="tab", **on_demand("id", "at"))
    client.get_waiter("table_exists").wait(TableName="tab")
    client.update_table(
        TableName="tab",
        AttributeDefinitions=on_demand("x")["AttributeDefinitions"],
        GlobalSecondaryIndexUpdates=[{"Create": index_on("by_x", "x")}],
    )

    def status() -> Any:
        (index,) = client.describe_table(TableName="tab")["Table"]["GlobalSecondaryIndexes"]
        return index["IndexStatus"]

    assert status() == "CREATING"
    odd: dict[str, Any] = {"long": {"S": "x" * 2049}, "empty": {"S": ""}, "number": {"N": "1"}}
    for at, value in odd.items():
        client.put_item(TableName="tab", Item={**item(at=at), "x": value})
    client.put_item(TableName="tab", Item=item(at="right", x="x"))
    clock.advance(hours=1)
    assert status() == "ACTIVE"
    assert client.scan(TableName="tab", IndexName="by_x")["Items"] == [item(at="right", x="x")]
    world.verify()
    for at, value in odd.items():
        refusal = refused(client.put_item, TableName="tab", Item={**item(at=at), "x": value})
        assert refusal["Error"]["Code"] == "ValidationException"
    # Its key attribute may be mended, or removed.
    client.update_item(TableName="tab", Key=item(at="long"), UpdateExpression="REMOVE x")
