"""The console's timeline, charts and menu of faults, over ASGI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from ddbha import ManualClock, World
from ddbha.faults.catalogue import Faults
from ddbha.faults.experiments import Experiment
from ddbha.faults.fault import Fault
from ddbha.server.app import application
from tests.building import index_on, on_demand
from tests.server.asking import Answer, ask

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HERE = {"host": "127.0.0.1:8000"}
FROM_THE_PAGE = {**HERE, "origin": "http://127.0.0.1:8000"}
PLACE = {"account": "123456789012", "region": "us-east-1", "table": "orders"}


@pytest.fixture
def world() -> World:
    return World(clock=ManualClock())


@pytest.fixture
def client(world: World) -> DynamoDBClient:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="orders", **on_demand("id"))
    return client


def get(world: World, view: str, **asked: str) -> Answer:
    return ask(world, "GET", f"/console/{view}?{urlencode(asked)}", headers=HERE)


# -- The timeline --------------------------------------------------------------------------------------


def test_events_by_kind_table_region_and_time(world: World, client: DynamoDBClient) -> None:
    client.create_table(TableName="customers", **on_demand("id"))
    world.clock.advance(seconds=5)
    with world.faults.zone_outage("us-east-1a"):
        world.clock.advance(seconds=5)

    def kinds(**asked: str) -> list[str]:
        return [event["kind"] for event in get(world, "events", **asked).json["events"]]

    assert kinds()[0] == "fault-ended"
    assert set(kinds(kind="table-active")) == {"table-active"}
    assert len(kinds(kind="table-active")) == 2
    assert set(kinds(table="customers")) <= {"table-active", "leader-elected"}
    assert "table-active" in kinds(table="customers")
    assert kinds(region="eu-west-1") == []
    assert "fault-ended" not in kinds(until="2026-01-01T00:00:05Z")
    assert "fault-began" in kinds(until="2026-01-01T00:00:05.000+00:00")
    assert set(kinds(until="2026-01-01T00:00:04Z")) == {"table-active"}


def test_a_fault_is_about_the_table_that_it_names(world: World, client: DynamoDBClient) -> None:
    world.faults.node_outage("us-east-1a", table="orders")
    (event,) = get(world, "events", kind="fault-began", table="orders").json["events"]
    assert event["details"] == {"fault": "node outage us-east-1a table=orders partition=0"}
    assert get(world, "events", kind="fault-began", table="order").json["events"] == []


def test_pages_of_events(world: World, client: DynamoDBClient) -> None:
    for number in range(250):
        world.events.add(world.clock.time(), "throttled", "us-east-1", table="orders", number=number)
    seen: list[str] = []
    before: dict[str, str] = {}
    for more in (True, True, False):
        page = get(world, "events", kind="throttled", **before).json
        assert page["more"] is more
        seen += [event["details"]["number"] for event in page["events"]]
        before = {"before": str(page["events"][-1]["number"])}
    assert seen == [str(number) for number in reversed(range(250))]


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "nonsense"},
        {"until": "yesterday"},
        {"until": "2026-01-01T00:00:00"},
        {"before": "-1"},
        {"before": "9" * 5000},
    ],
)
def test_what_is_no_page_of_events_is_refused(world: World, asked: dict[str, str]) -> None:
    answer = get(world, "events", **asked)
    assert answer.status == 400
    assert answer.json["error"]


# -- Charts --------------------------------------------------------------------------------------------


def charts(world: World, **asked: str) -> Any:
    answer = get(world, "charts", **{**PLACE, **asked})
    assert answer.status == 200
    return {chart["name"]: chart["series"] for chart in answer.json["charts"]}


def test_charts_of_capacity_and_lags(world: World, client: DynamoDBClient) -> None:
    client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    client.describe_table(TableName="orders")
    start = world.clock.time()
    world.faults.replication_lag("us-east-1", "eu-west-1", seconds=2)
    world.faults.follower_lag("us-east-1b", seconds=30)
    client.put_item(TableName="orders", Item={"id": {"S": "a"}})
    world.clock.advance(seconds=2)
    assert get(world, "state").status == 200
    world.clock.advance(seconds=58)
    client.put_item(TableName="orders", Item={"id": {"S": "b"}})
    client.put_item(TableName="orders", Item={"id": {"S": "c"}})
    shown = charts(world)
    assert shown["Consumed capacity"]["Write"] == [[start, 1], [start + 60, 2]]
    assert shown["Throttled requests"] == {"Read": [], "Write": []}
    # Of a replicated write that took two seconds.
    assert shown["Replication lag"]["to eu-west-1"] == [[start, 2]]
    world.clock.advance(seconds=40)
    assert charts(world, seconds="30")["Consumed capacity"]["Write"] == [[start + 60, 2]]


def test_replica_lag_is_what_was_seen(world: World, client: DynamoDBClient) -> None:
    endpoint = application(world.engine)

    def look(path: str) -> Any:
        return ask(world, "GET", f"/console/{path}", headers=HERE, endpoint=endpoint).json

    start = world.clock.time()
    for zone in ("us-east-1a", "us-east-1b", "us-east-1c"):
        world.faults.follower_lag(zone, seconds=30)
    client.put_item(TableName="orders", Item={"id": {"S": "a"}})
    for _ in range(3):
        world.clock.advance(seconds=15)
        look("state")
    (series,) = [
        chart["series"]
        for chart in look(f"charts?{urlencode(PLACE)}")["charts"]
        if chart["name"] == "Replica lag"
    ]
    assert series["between zones"] == [[start + 15, 15], [start + 30, 0]]


@pytest.mark.parametrize(
    "asked",
    [{"table": "none"}, {"region": "nowhere"}, {"account": ""}, {"seconds": "-1"}, {"seconds": "9" * 9}],
)
def test_what_is_no_chart_is_refused(world: World, client: DynamoDBClient, asked: dict[str, str]) -> None:
    assert get(world, "charts", **{**PLACE, **asked}).status == 400


# -- The menu ------------------------------------------------------------------------------------------


def test_the_menu_has_every_fault(world: World) -> None:
    answer = get(world, "menu").json
    returning = {Fault.__name__, Experiment.__name__}
    every = {
        name
        for name, method in vars(Faults).items()
        if not name.startswith("_") and getattr(method, "__annotations__", {}).get("return") in returning
    }
    assert {fault["name"] for fault in answer["faults"]} == every
    assert len(every) >= 14
    assert "us-east-1" in answer["regions"]
    (error,) = [fault for fault in answer["faults"] if fault["name"] == "error"]
    choices = {argument["name"]: argument["choices"] for argument in error["arguments"]}
    assert "ThrottlingException" in choices["code"]
    assert "PutItem" in choices["operation"]


#: Arguments with which each fault begins.
GIVEN: dict[str, dict[str, Any]] = {
    "zone_outage": {"zone": "us-east-1a"},
    "node_outage": {"zone": "us-east-1a", "table": "orders", "partition": 1},
    "zone_cut": {"zone": "us-east-1a", "other": "us-east-1b"},
    "follower_lag": {"zone": "us-east-1a", "seconds": 1.5},
    "index_lag": {"table": "orders", "index": "by-customer", "seconds": 2},
    "region_outage": {"region": "us-east-1", "shows": "errors"},
    "grey_failure": {"place": "us-east-1", "share": 0.5, "latency": 1},
    "zonal_shift": {"away_from": "us-east-1a"},
    "zonal_autoshift": {"away_from": "us-east-1b"},
    "network_cut": {"region": "us-east-1", "other": "eu-west-1"},
    "replication_pause": {"table": "orders", "region": "eu-west-1"},
    "replica_inaccessible": {"table": "orders", "region": "eu-west-1"},
    "replication_lag": {"region": "us-east-1", "other": "eu-west-1", "seconds": [1, 2], "one_way": True},
    "clock_skew": {"region": "us-east-1", "seconds": -3},
    "error": {"code": "ThrottlingException", "operation": "PutItem", "times": 2, "probability": 0.5},
    "timeout": {"after_commit": True, "kind": "connection_closed", "table": "orders"},
    "partial_batch": {"keep": 1},
    "slow_transaction": {"seconds": 3, "duration": 60},
    "from_fis": {
        "template": {
            "actions": {"wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}}
        }
    },
}


def test_every_fault_begins_from_the_menu(world: World, client: DynamoDBClient) -> None:
    client.delete_table(TableName="orders")
    client.create_table(
        TableName="orders",
        **on_demand("id", more=["customer"]),
        GlobalSecondaryIndexes=[index_on("by-customer", "customer")],
    )
    client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    client.describe_table(TableName="orders")
    assert GIVEN.keys() == {fault["name"] for fault in get(world, "menu").json["faults"]}
    for name, arguments in GIVEN.items():
        body = json.dumps({"action": "begin_fault", "fault": name, "arguments": arguments}).encode()
        answer = ask(world, "POST", "/console/actions", headers=FROM_THE_PAGE, body=body)
        assert answer.status == 200, answer.json
        if name != "from_fis":
            assert world.faults.active, name
        world.faults.end_all()
