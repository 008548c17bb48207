"""What a world keeps has a bound or an expiry on its clock, also where nobody looks."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from typing import Any

import pytest

import ddbha
from ddbha.api.idempotency import Tokens
from ddbha.followers.replication import VERSIONS
from ddbha.followers.stream import RETENTION, ROLLOVER
from ddbha.observe.metrics import KEPT, Series
from ddbha.storage.partition import ELECTIONS
from tests.building import on_demand

KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"

pytest_plugins = "pytester"


def world_with_table(**more: Any) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock="2026-01-01T00:00:00Z")
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="tab", **on_demand("id"), **more)
    return world, client


def test_transaction_tokens_expire_where_nobody_repeats_them() -> None:
    """Ten minutes, by AWS's description of idempotency."""
    world, client = world_with_table()
    region = next(iter(world.engine.regions))
    for number in range(50):
        put = {"TableName": "tab", "Item": {"id": {"S": str(number)}}}
        client.transact_write_items(TransactItems=[{"Put": put}])
        world.clock.advance(minutes=1)
    assert len(region.parts.the(Tokens)) <= 11


def test_of_a_large_transaction_a_token_keeps_no_more_than_a_digest() -> None:
    _, client = world_with_table()
    put = {"TableName": "tab", "Item": {"id": {"S": "a"}, "text": {"S": "x" * 300_000}}}
    client.transact_write_items(TransactItems=[{"Put": put}])
    tracemalloc.start()
    for _ in range(10):
        client.transact_write_items(TransactItems=[{"Put": put}])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 300_000


def test_a_stream_that_nobody_reads_forgets() -> None:
    view = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    world, client = world_with_table(StreamSpecification=view)
    for number in range(200):
        client.put_item(TableName="tab", Item={"id": {"S": "a"}, "n": {"N": str(number)}})
        world.clock.advance(hours=1)
    region = next(iter(world.engine.regions))
    (stream,) = region.streams.values()
    kept = sum(len(shard.after(0, 1000)) for shard in stream._shards.values())
    assert kept <= (RETENTION + 2 * ROLLOVER) / 3600


def test_metrics_keep_fifteen_days() -> None:
    series = Series()
    for minute in range(KEPT + 500):
        series.add(1.0, minute * 60.0)
    assert len(series.minutes) == KEPT
    assert min(series.minutes) == 500


def test_metrics_of_seldom_values_keep_fifteen_days_too() -> None:
    series = Series()
    for day in range(40):
        series.add(1.0, day * 86_400.0)
    assert [minute // 1440 for minute in series.minutes] == list(range(25, 40))


def test_metrics_of_tables_that_are_gone_are_forgotten_when_all_their_values_are_old() -> None:
    world, client = world_with_table()
    held = set()
    for number in range(1500):
        client.create_table(TableName=f"tab{number}", **on_demand("id"))
        client.put_item(TableName=f"tab{number}", Item={"id": {"S": "a"}})
        client.delete_table(TableName=f"tab{number}")
        world.clock.advance(days=1)
        held.add(len(world.metrics._series) // 100)
    assert max(held) <= 11
    # The table that was there all along counts again, and what is young is still there.
    client.put_item(TableName="tab", Item={"id": {"S": "a"}})
    for name in ("tab", "tab1499", "tab1490"):
        found = world.metrics.query("ConsumedWriteCapacityUnits", TableName=name)
        assert [value for _, value in found] == [1.0], name


def test_a_kinesis_stream_keeps_a_day() -> None:
    """24 hours unless its retention is made longer."""
    world, client = world_with_table()
    client.enable_kinesis_streaming_destination(TableName="tab", StreamArn=KINESIS)
    region = next(iter(world.engine.regions))
    (destination,) = region.destinations["tab"].values()
    for number in range(3000):
        client.put_item(TableName="tab", Item={"id": {"S": "a"}, "n": {"N": str(number)}})
        world.clock.advance(hours=1)
    # Nobody has looked yet; records come in batches of 1024.
    assert len(destination._written) <= 1024
    read = [record["dynamodb"]["NewImage"]["n"]["N"] for record in world.kinesis[KINESIS]]
    assert read == [str(number) for number in range(2976, 3000)]
    world.clock.advance(hours=12)
    assert len(world.kinesis[KINESIS]) == 12
    world.clock.advance(hours=12)
    assert world.kinesis[KINESIS] == []


def test_a_global_table_forgets_the_versions_of_items_deleted_long_ago() -> None:
    world, here = world_with_table()
    for region in ("eu-west-1", "ap-southeast-2"):
        here.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": region}}])
    near, far = (world.client("dynamodb", region_name=r) for r in ("eu-west-1", "ap-southeast-2"))
    late: Any = {"id": {"S": "late"}}
    # An item that is deleted everywhere before its creation has arrived in one region.
    cut = world.faults.network_cut("us-east-1", "ap-southeast-2")
    far.put_item(TableName="tab", Item=late)
    world.clock.advance(minutes=1)
    near.delete_item(TableName="tab", Key=late)
    far.describe_table(TableName="tab")
    for number in range(VERSIONS + 100):
        key: Any = {"id": {"S": str(number)}}
        here.put_item(TableName="tab", Item=key)
        here.delete_item(TableName="tab", Key=key)
        world.clock.advance(hours=1)
    cut.end()
    for client in (here, near, far):
        assert client.scan(TableName="tab", ConsistentRead=True)["Count"] == 0
    group = next(iter(world.engine.regions)).environment.global_tables[0]
    assert all(len(member.versions) < 200 for member in group.members.values())
    world.verify()


def test_elections_are_remembered_up_to_a_number() -> None:
    world, client = world_with_table()
    for number in range(2 * ELECTIONS):
        with world.faults.zone_outage(f"us-east-1{'ab'[number % 2]}"):
            client.put_item(TableName="tab", Item={"id": {"S": "a"}})
    partitions = next(iter(world.engine.regions)).tables["tab"].partitions
    assert max(partition.term for partition in partitions) > ELECTIONS
    assert max(len(partition.elections) for partition in partitions) == ELECTIONS
    world.verify()


def test_the_world_of_a_test_ends_with_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import gc
        import weakref

        WORLDS = []

        def test_one(ddbha_world):
            WORLDS.append(weakref.ref(ddbha_world))

        def test_two(ddbha_world):
            gc.collect()
            assert WORLDS[0]() is None
        """
    )
    pytester.runpytest_inprocess("-p", "ddbha.pytest_plugin").assert_outcomes(passed=2)


def test_a_world_that_is_let_go_is_gone() -> None:
    world, client = world_with_table()
    client.put_item(TableName="tab", Item={"id": {"S": "a"}})
    gone = weakref.ref(world.engine)
    del world, client
    gc.collect()
    assert gone() is None
