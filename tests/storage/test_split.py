"""Splits: nothing is lost or repeated, whatever follows the partition and whatever is down."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from ddbha.errors import UsageError
from tests.building import index_on, on_demand


def world_with_table(*, local_index: bool = False) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = world.client("dynamodb", region_name="us-east-1")
    definition: Any = {
        "TableName": "tab",
        **on_demand("pk", "sk:N", more=["colour"]),
        "GlobalSecondaryIndexes": [index_on("by-colour", "colour", projection="KEYS_ONLY")],
    }
    if local_index:
        definition["LocalSecondaryIndexes"] = [index_on("local", "pk", "colour")]
    client.create_table(**definition)
    return world, client


def put(client: Any, pk: str, sk: int) -> None:
    item: Any = {"pk": {"S": pk}, "sk": {"N": str(sk)}, "colour": {"S": ("red", "blue")[sk % 2]}}
    client.put_item(TableName="tab", Item=item)


def sort_keys(client: Any, pk: str, **more: Any) -> list[int]:
    pages = client.get_paginator("query").paginate(
        TableName="tab",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": pk}},
        PaginationConfig={"PageSize": 7},
        **more,
    )
    return [int(item["sk"]["N"]) for page in pages for item in page["Items"]]


def test_an_item_collection_is_divided_by_its_sort_key() -> None:
    world, client = world_with_table()
    table = world.table("tab")
    for sk in range(20):
        put(client, "hot", sk)
    holder = next(p for p in table.partitions if p.leader.items.images)
    count = len(table.partitions)
    # The first cut takes what lies before the item collection off; the next one goes through it.
    for _ in range(3):
        holder = max(holder.split(), key=lambda half: len(half.leader.items))
    assert len(table.partitions) == count + 3
    for sk in range(20, 40):
        put(client, "hot", sk)
    assert sort_keys(client, "hot") == list(range(40))
    assert sort_keys(client, "hot", ScanIndexForward=False) == list(range(39, -1, -1))
    assert sum(bool(p.leader.items.images) for p in table.partitions) > 1
    assert (
        sum(len(page["Items"]) for page in client.get_paginator("scan").paginate(TableName="tab")) == 40
    )
    world.verify()


def test_an_item_collection_stays_whole_in_a_table_with_a_local_index() -> None:
    world, client = world_with_table(local_index=True)
    for sk in range(20):
        put(client, "hot", sk)
    holder = next(p for p in world.table("tab").partitions if p.leader.items.images)
    halves = holder.split()
    assert sorted(len(half.leader.items) for half in halves) == [0, 20]
    with pytest.raises(UsageError, match="never divided"):
        next(h for h in halves if h.leader.items.images).split((*_position(halves), 5))
    with pytest.raises(UsageError, match="was split before"):
        holder.split()


def _position(halves: Any) -> Any:
    return next(key[:2] for half in halves for key in half.leader.items.images)


def test_a_split_while_a_zone_is_down_is_copied_there_when_it_returns() -> None:
    world, client = world_with_table()
    for sk in range(10):
        put(client, f"p{sk}", sk)
    outage = world.faults.zone_outage("us-east-1b")
    node = world.faults.node_outage("us-east-1c", table="tab", partition=0, after=5)
    for partition in list(world.table("tab").partitions):
        partition.split()
    put(client, "p10", 10)
    outage.end()
    world.clock.advance(seconds=6)
    put(client, "p11", 11)
    node.end()
    for partition in world.table("tab").partitions:
        assert {replica.last_sequence for replica in partition.replicas} == {
            partition.acknowledged_sequence
        }
    world.verify()


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 5), st.integers(0, 9)),
        st.tuples(st.just("delete"), st.integers(0, 5), st.integers(0, 9)),
        st.tuples(st.just("split"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("outage"), st.sampled_from("abc"), st.integers(0, 3)),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_any_splits_and_outages_between_writes_leave_table_and_index_equal_to_a_dict(plan: Any) -> None:
    world, client = world_with_table()
    table = world.table("tab")
    model: dict[tuple[str, int], str] = {}
    for step, first, second in plan:
        if step == "put":
            put(client, f"p{first}", second)
            model[f"p{first}", second] = ("red", "blue")[second % 2]
        elif step == "delete":
            client.delete_item(TableName="tab", Key={"pk": {"S": f"p{first}"}, "sk": {"N": str(second)}})
            model.pop((f"p{first}", second), None)
        elif step == "outage":
            world.faults.end_all()
            world.faults.zone_outage(f"us-east-1{first}", duration=second)
        else:
            partitions = table.global_indexes["by-colour"].partitions if second else table.partitions
            partitions[first % len(partitions)].split()
        world.clock.advance(seconds=1)
    for pk in {pk for pk, _ in model}:
        assert sort_keys(client, pk) == sorted(sk for p, sk in model if p == pk)
    for colour in ("red", "blue"):
        found = client.query(
            TableName="tab",
            IndexName="by-colour",
            KeyConditionExpression="colour = :c",
            ExpressionAttributeValues={":c": {"S": colour}},
        )
        assert found["Count"] == sum(value == colour for value in model.values())
    world.faults.end_all()
    world.verify()
