"""Items loaded into tables from Python values and from files."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ddbha import AwsError, World
from ddbha.errors import UsageError
from tests.building import of_units


@pytest.fixture
def world() -> World:
    world = World()
    world.create_from(
        {
            "TableName": "orders",
            **of_units(1, 1, "id"),
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        }
    )
    return world


def items(world: World) -> dict[str, Any]:
    found = world.resource("dynamodb").Table("orders").scan(ConsistentRead=True)["Items"]
    return {str(item["id"]): item for item in found}


def test_plain_values(world: World) -> None:
    given = {"id": "a", "n": 3, "d": Decimal("1.5"), "b": b"x", "s": {"p", "q"}, "m": {"S": "no type"}}
    assert world.load_items("orders", [given, {"id": "b"}]) == 2
    found = items(world)
    assert found["a"] == {**given, "b": found["a"]["b"]}
    assert bytes(found["a"]["b"]) == b"x"
    assert found["b"] == {"id": "b"}


def test_dynamodb_json(world: World) -> None:
    given = {"id": {"S": "a"}, "b": {"L": [{"B": b"x"}, {"M": {"n": {"N": "7"}}}]}, "t": {"BOOL": True}}
    assert world.load_items("orders", [given]) == 1
    client = world.client("dynamodb")
    assert client.get_item(TableName="orders", Key={"id": {"S": "a"}})["Item"] == given


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": "a", "n": 0.1}, {"id": "b"}]',
        '{"id": "a", "n": 0.1}\n\n{"id": "b"}\n',
        '{"Item": {"id": {"S": "a"}, "n": {"N": "0.1"}}}\r\n{"Item":{"id":{"S":"b"}}}',
        '{"id": {"S": "a"}, "n": {"N": "0.1"}}\n{"id": "b"}',
        '\ufeff[{"id": "a", "n": 0.1}, {"Item": {"id": {"S": "b"}}}]',
    ],
)
def test_files(world: World, tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.json"
    path.write_text(text, encoding="utf-8")
    assert world.load_items("orders", str(path)) == 2
    assert items(world) == {"a": {"id": "a", "n": Decimal("0.1")}, "b": {"id": "b"}}


def test_base64_in_files(world: World, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"id": {"S": "a"}, "b": {"BS": ["eA=="]}}))
    assert world.load_items("orders", path) == 1
    assert {bytes(one) for one in items(world)["a"]["b"]} == {b"x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "a"}\n{"id": ', "orders.json, line 2 is no JSON"),
        ('{"id": "a"}\n\n{"di": "b"}', "orders.json, line 3 cannot be loaded.*Missing the key id"),
        ('[{"id": "a"}, {"id": 3}]', "orders.json, item 2 cannot be loaded.*Type mismatch for key id"),
        ('{"id": "a"}\n3', "orders.json, line 2 is no item"),
        ('[{"id": "a"}, ', "orders.json is no JSON"),
        ('{"id": {"S": "a"}, "b": {"B": "?"}}', "item 1 has a value that no attribute can have"),
    ],
)
def test_a_bad_line_is_named_and_nothing_loaded(
    world: World, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "orders.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        world.load_items("orders", path)
    assert items(world) == {}


def test_bad_values(world: World) -> None:
    with pytest.raises(UsageError, match=r"item 2 has a value.*Float"):
        world.load_items("orders", [{"id": "a"}, {"id": "b", "n": 1.5}])
    with pytest.raises(UsageError, match="put the one into a list"):
        world.load_items("orders", {"id": "a"})  # type: ignore[dict-item]
    with pytest.raises(UsageError, match="cannot be read"):
        world.load_items("orders", "missing.json")
    with pytest.raises(AwsError, match="Requested resource not found"):
        world.load_items("other", [])
    assert items(world) == {}


def test_loading_consumes_no_capacity_and_streams_see_it(world: World) -> None:
    assert world.load_items("orders", ({"id": str(number)} for number in range(2000))) == 2000
    streams = world.client("dynamodbstreams")
    arn = world.client("dynamodb").describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    assert len(streams.get_records(ShardIterator=iterator)["Records"]) == 1000


def test_loaded_items_fit_into_a_recorded_history(world: World) -> None:
    world.history.start()
    table = world.resource("dynamodb").Table("orders")
    table.put_item(Item={"id": "a", "n": 1})
    world.load_items("orders", [{"id": "a", "n": 2}])
    assert table.get_item(Key={"id": "a"}, ConsistentRead=True)["Item"]["n"] == 2
    world.verify()


def test_without_leaders_nothing_is_loaded(world: World) -> None:
    for zone in ("us-east-1a", "us-east-1b"):
        world.faults.zone_outage(zone)
    with pytest.raises(AwsError, match="Internal server error"):
        world.load_items("orders", [{"id": "a"}])
    world.faults.end_all()
    assert items(world) == {}


@pytest.mark.parametrize("depth", [900, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":', '{"L":[', '{"M":{"a":'])
def test_what_is_nested_too_deeply(world: World, tmp_path: Path, opening: str, depth: int) -> None:
    closing = "".join({"[": "]", "{": "}"}[c] for c in reversed(opening) if c in "[{")
    nested = opening * depth + '{"S": "x"}' + closing * depth
    for text in (
        nested,
        f'[{{"id": {{"S": "a"}}, "x": {nested}}}]',
        f'{{"id": "a", "x": {nested}}}\n{{}}',
    ):
        path = tmp_path / "items"
        path.write_text(text)
        with pytest.raises((UsageError, AwsError)):
            world.load_items("orders", path)
    assert items(world) == {}


def test_an_item_inside_itself(world: World) -> None:
    item: dict[str, Any] = {"id": "a"}
    item["self"] = item
    typed: dict[str, Any] = {"M": {}}
    typed["M"]["self"] = typed
    for each in (item, {"id": {"S": "a"}, "x": typed}):
        with pytest.raises(UsageError):
            world.load_items("orders", [each])
    assert items(world) == {}
