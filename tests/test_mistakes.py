"""Mistakes in the use of a world are answered at once, and say what is possible."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import ddbha
from ddbha.errors import UsageError
from tests.building import on_demand


@pytest.fixture
def world() -> ddbha.World:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb")
    client.create_table(TableName="orders", **on_demand("pk"))
    return world


@pytest.mark.parametrize("wrong", ["3s", None, True, -1, float("nan"), float("inf")])
def test_times_of_faults_are_seconds(world: ddbha.World, wrong: Any) -> None:
    with pytest.raises(UsageError, match="after="):
        world.faults.zone_outage("us-east-1a", after=wrong)
    with pytest.raises(UsageError, match="after="):
        world.faults.error("ThrottlingException", after=wrong)
    if wrong is not None:
        with pytest.raises(UsageError, match="duration="):
            world.faults.zone_outage("us-east-1a", duration=wrong)
    assert world.faults.active == []


def test_times_of_faults_may_be_timedeltas(world: ddbha.World) -> None:
    fault = world.faults.zone_outage("us-east-1a", duration=timedelta(minutes=1))
    world.clock.advance(seconds=59)
    assert world.faults.active == [fault]
    world.clock.advance(seconds=1)
    assert str(world).count("DOWN") == 0
    assert fault.status == "ENDED"


def test_faults_are_told_as_they_are_by_now(world: ddbha.World) -> None:
    fault = world.faults.zone_outage("us-east-1a", after=10, duration=10)
    assert (world.faults.active, world.faults.scheduled) == ([], [fault])
    world.clock.advance(seconds=10)
    assert (world.faults.active, world.faults.scheduled) == ([fault], [])
    world.clock.advance(seconds=10)
    assert fault.status == "ENDED"
    assert (world.faults.active, world.faults.scheduled) == ([], [])


def test_lags_are_seconds(world: ddbha.World) -> None:
    wrong: Any = "3"
    with pytest.raises(UsageError, match="number of seconds"):
        world.faults.follower_lag("us-east-1a", seconds=wrong)


def test_metrics_that_there_are_not(world: ddbha.World) -> None:
    with pytest.raises(UsageError, match="Did you mean ConsumedWriteCapacityUnits"):
        world.metrics.query("ConsumedWriteCapacityUnit")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"no dimension Table; they have .*TableName"):
        world.metrics.query("ConsumedWriteCapacityUnits", Table="orders")
    assert world.metrics.query("ReadThrottleEvents", TableName="orders") == []


def test_kinds_of_events_that_there_are_not(world: ddbha.World) -> None:
    with pytest.raises(UsageError, match="Did you mean leader-elected"):
        world.events.of("leader-electd")  # type: ignore[arg-type]
    assert world.events.of("leader-elected") == []


def test_a_history_that_was_never_started(world: ddbha.World) -> None:
    for look in (list, str, len):
        with pytest.raises(UsageError, match="history=True"):
            look(world.history)
    world.history.start()
    assert list(world.history) == []


def test_short_descriptions(world: ddbha.World) -> None:
    fault = world.faults.zone_outage("us-east-1a")
    assert repr(world) == "<World seed=0 2026-01-01T00:00:00+00:00>"
    assert repr(fault) == "<Fault zone outage us-east-1a ACTIVE>"
    assert repr(world.faults) == "<Faults active=['zone outage us-east-1a']>"
    assert repr(world.events) == "<Timeline of 4 events>"
    assert repr(world.history) == "<History of 0 calls, not recording>"
    assert repr(world.metrics).startswith("<Metrics of ")


def test_faults_that_met_nothing_are_told() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb")
    world.faults.zone_outage("us-east-1a").end()
    client.create_table(TableName="orders", **on_demand("pk"))
    world.faults.region_outage("eu-west-1").end()
    world.faults.network_cut("us-east-1", "eu-west-1")
    world.faults.error("ThrottlingException", operation="GetItem")
    met = [
        world.faults.zone_outage("us-east-1b"),
        world.faults.clock_skew("us-east-1", seconds=1),
        world.faults.error("InternalServerError", operation="ListTables", times=1),
    ]
    client.list_tables()
    for fault in met:
        fault.end()
    unmet = [
        "zone outage us-east-1a",
        "region outage eu-west-1",
        "network cut us-east-1 eu-west-1",
        "error ThrottlingException operation=GetItem",
    ]
    assert world.faults.met_nothing == unmet
    assert [event.details["fault"] for event in world.events.of("fault-met-nothing")] == unmet[:2]


def test_faults_that_chance_kept_from_all_requests_are_told_apart() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb")
    faults: Any = world.faults
    code, rare = "ThrottlingException", 1e-9
    faults.error(code, operation="ListTables", probability=rare).end()
    faults.error(code, operation="ListTables", probability=rare)
    faults.error(code, operation="ListTables", probability=0)
    faults.error(code, operation="GetItem", probability=rare)
    ended = faults.error(code, operation="DescribeLimits", probability=rare)
    client.list_tables()
    client.describe_limits()
    ended.end()
    with faults.error(code, operation="DescribeLimits", probability=rare) as fault:
        client.describe_limits()
        assert fault.spared
        client.create_table(TableName="orders", **on_demand("pk"))
    told = {
        name: f"error {code} operation={name}" for name in ("ListTables", "GetItem", "DescribeLimits")
    }
    # The first was over before anything was asked, one has no chance, and for one nobody asked.
    assert sorted(faults.spared) == sorted(
        [told["ListTables"], told["DescribeLimits"], told["DescribeLimits"]]
    )
    assert len(faults.met_nothing) == 6


def test_a_fault_may_meet_what_comes_later() -> None:
    world = ddbha.World()
    client: Any = world.client("dynamodb")
    with world.faults.zone_outage("us-east-1a"):
        client.create_table(TableName="orders", **on_demand("pk"))
    assert world.faults.met_nothing == []
