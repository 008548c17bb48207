"""What a world keeps has a bound or an expiry on its clock, also where nobody looks."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

import ddbha
from ddbha.api.idempotency import Tokens
from ddbha.followers.stream import RETENTION, ROLLOVER
from ddbha.observe.metrics import KEPT, Series
from tests.building import on_demand

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
