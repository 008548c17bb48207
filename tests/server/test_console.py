"""The console over ASGI: what it shows, what its buttons do, and whom it refuses."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from botocore.config import Config

from ddbha import ManualClock, World
from ddbha.api.wire.encoding import encoded
from ddbha.server.app import application
from ddbha.server.console import FILES, MAXIMUM_ACTION
from ddbha.server.console.fault_menu import menu
from ddbha.server.console.state import View
from tests.building import index_on, of_units, on_demand
from tests.server.asking import HEADERS, Answer, ask

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from starlette.types import ASGIApp

HERE = {"host": "127.0.0.1:8000"}
FROM_THE_PAGE = {**HERE, "origin": "http://127.0.0.1:8000", "content-type": "application/json"}
HOME = "123456789012/us-east-1"


@pytest.fixture
def world() -> World:
    return World(clock=ManualClock())


@pytest.fixture
def client(world: World) -> DynamoDBClient:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="orders", **of_units(1, 1, "id"))
    return client


def put(client: DynamoDBClient, name: str) -> None:
    client.put_item(TableName="orders", Item={"id": {"S": name}})


def go_global(client: DynamoDBClient) -> None:
    if client.describe_table(TableName="orders")["Table"].get("BillingModeSummary") is None:
        client.update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
    client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    client.describe_table(TableName="orders")


def state(world: World) -> Any:
    """Everything that is shown, by group."""
    answer = ask(world, "GET", "/console/state", headers=HERE)
    assert answer.status == 200
    assert answer.json["everything"]
    return answer.json["changed"] | {"time": answer.json["time"]}


def region(world: World, name: str = "us-east-1") -> Any:
    return state(world)["regions"][f"123456789012/{name}"]


def table(world: World, name: str = "orders", region: str = "us-east-1") -> Any:
    return state(world)["tables"][f"123456789012/{region}/{name}"]


def link(world: World) -> Any:
    (found,) = state(world)["links"].values()
    return found


def events(world: World, **asked: str) -> Any:
    answer = ask(world, "GET", f"/console/events?{urlencode(asked)}", headers=HERE)
    assert answer.status == 200
    return answer.json["events"]


def replicas(world: World) -> dict[str, Any]:
    partition = table(world)["owners"][0]["partitions"][0]
    return {replica["zone"]: replica for replica in partition["replicas"]}


def act(world: World, action: str, **arguments: Any) -> Answer:
    body = json.dumps({"action": action, **arguments}).encode()
    return ask(world, "POST", "/console/actions", headers=FROM_THE_PAGE, body=body)


def begin(world: World, fault: str, **arguments: Any) -> Answer:
    return act(world, "begin_fault", fault=fault, arguments=arguments)


# -- What it shows -------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_elsewhere(world: World) -> None:
    assert {"index.html", "console.css", "main.js", "preact.js"} <= set(FILES)
    for name in ("", *FILES):
        answer = ask(world, "GET", f"/console/{name}", headers=HERE)
        assert answer.status == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        # The names of XML's vocabularies are addresses, but nothing is fetched from there.
        content = answer.content.replace(b"http://www.w3.org/2000/svg", b"")
        for elsewhere in (b"http://", b"https://", b"//cdn", b"@import"):
            assert elsewhere not in content, name
    html = ask(world, "GET", "/console/", headers=HERE)
    assert html.headers["content-type"] == "text/html; charset=utf-8"
    script = ask(world, "GET", "/console/main.js", headers=HERE)
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"


def test_a_browser_is_led_to_the_page_and_a_program_is_not(world: World) -> None:
    browser = {**HERE, "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for path in ("/", "/console"):
        answer = ask(world, "GET", path, headers=browser)
        assert (answer.status, answer.headers["location"]) == (307, "/console/")
    healthy = ask(world, "GET", "/", headers={**HERE, "accept": "*/*"})
    assert (healthy.status, healthy.content) == (200, b"healthy: dynamodb.us-east-1.amazonaws.com ")


@pytest.mark.parametrize("name", ["LICENSES.txt", "../state.py", "..%2fstate.py", "none.js"])
def test_nothing_else_is_sent(world: World, name: str) -> None:
    assert ask(world, "GET", f"/console/{name}", headers=HERE).status == 404


def test_an_empty_world(world: World) -> None:
    assert state(world) == {"time": "2026-01-01T00:00:00.000+00:00"}
    assert events(world) == []


def test_a_table_and_its_replicas(world: World, client: DynamoDBClient) -> None:
    put(client, "a")
    put(client, "b")
    shown = table(world)
    assert (shown["name"], shown["status"], shown["items"]) == ("orders", "ACTIVE", 2)
    assert shown["consumed"] == {"Read": 0, "Write": 2}
    assert [replica["sequence"] for replica in replicas(world).values()] == [2, 2, 2]
    assert sum(replica["leader"] for replica in replicas(world).values()) == 1
    assert events(world)[0]["kind"] == "table-active"


def test_replicas_that_are_down_miss_records(world: World, client: DynamoDBClient) -> None:
    put(client, "before")
    with world.faults.zone_outage("us-east-1b"):
        put(client, "a")
        # What it held before it went down it would have applied, had anybody read it.
        assert replicas(world)["us-east-1b"]["unapplied"] == 0
        assert replicas(world)["us-east-1b"]["status"] == "DOWN"
        assert replicas(world)["us-east-1b"]["missing"] == 1
    assert replicas(world)["us-east-1b"]["missing"] == 0


def test_replicas_that_lag_have_records_that_are_not_applied(
    world: World, client: DynamoDBClient
) -> None:
    world.faults.follower_lag("us-east-1b", seconds=2)
    put(client, "a")
    assert (replicas(world)["us-east-1b"]["unapplied"], replicas(world)["us-east-1b"]["lag"]) == (1, 2)
    world.clock.advance(seconds=2)
    assert replicas(world)["us-east-1b"]["unapplied"] == 0


def test_a_world_without_a_quorum_is_shown_too(world: World) -> None:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="orders",
        **on_demand("id", more=["customer"]),
        GlobalSecondaryIndexes=[index_on("by-customer", "customer")],
    )
    go_global(client)
    client.put_item(TableName="orders", Item={"id": {"S": "a"}, "customer": {"S": "b"}})
    faults = [world.faults.zone_outage(f"us-east-1{letter}") for letter in "abc"]
    owners = table(world)["owners"]
    assert [owner["name"] for owner in owners] == ["orders", "orders/by-customer"]
    assert not any(partition["serves"] for owner in owners for partition in owner["partitions"])
    statuses = {
        replica["status"]
        for owner in owners
        for partition in owner["partitions"]
        for replica in partition["replicas"]
    }
    assert statuses == {"DOWN"}
    for fault in faults:
        fault.end()
    index = table(world)["owners"][1]["partitions"]
    assert sum(partition["replicas"][0]["sequence"] for partition in index) == 1


def test_requests_throttled_in_the_last_minute_are_counted(world: World, client: DynamoDBClient) -> None:
    impatient = world.client(
        "dynamodb", region_name="us-east-1", config=Config(retries={"total_max_attempts": 1})
    )
    read: Any = {"TableName": "orders", "Key": {"id": {"S": "a"}}, "ConsistentRead": True}
    # 300 seconds of one unit, and then no more: the clock stands still.
    for _ in range(300):
        impatient.get_item(**read)
    with pytest.raises(impatient.exceptions.ProvisionedThroughputExceededException):
        impatient.get_item(**read)
    assert table(world)["throttled"] == {"Read": 1, "Write": 0}
    world.clock.advance(seconds=59)
    assert table(world)["throttled"] == {"Read": 1, "Write": 0}
    world.clock.advance(seconds=1)
    assert table(world)["throttled"] == {"Read": 0, "Write": 0}


def test_a_cut_link_holds_writes_back(world: World, client: DynamoDBClient) -> None:
    go_global(client)
    assert link(world)["open"]
    assert begin(world, "network_cut", region="us-east-1", other="eu-west-1").status == 200
    put(client, "a")
    shown = link(world)
    assert shown["cut"]
    assert dict(zip(shown["regions"], shown["pending"], strict=True)) == {"us-east-1": 1, "eu-west-1": 0}
    (fault,) = state(world)["faults"].values()
    assert act(world, "end_fault", number=fault["number"]).status == 200
    assert link(world)["pending"] == [0, 0]
    assert table(world, region="eu-west-1")["items"] == 1


def test_a_link_with_lag(world: World, client: DynamoDBClient) -> None:
    go_global(client)
    begin(world, "replication_lag", region="us-east-1", other="eu-west-1", seconds=[1, 3], one_way=True)
    put(client, "a")
    shown = link(world)
    assert dict(zip(shown["regions"], shown["lag"], strict=True)) == {"us-east-1": 3, "eu-west-1": 0}
    assert sum(shown["pending"]) == 1
    world.clock.advance(seconds=3)
    assert sum(link(world)["pending"]) == 0


def test_nobody_can_tell_how_a_failed_region_is(world: World, client: DynamoDBClient) -> None:
    world.faults.zone_outage("us-east-1a")
    world.faults.region_outage("us-east-1", shows="timeouts")
    shown = region(world)
    assert (shown["status"], shown["shows"]) == ("UNREACHABLE", "timeouts")
    assert {zone["status"] for zone in shown["zones"]} == {"UNREACHABLE"}
    assert not table(world)["reachable"]
    assert {replica["status"] for replica in replicas(world).values()} == {"UNREACHABLE"}


def test_zones_that_do_not_reach_each_other(world: World, client: DynamoDBClient) -> None:
    world.faults.zone_cut("us-east-1a", "us-east-1b")
    cut = {zone["name"]: zone["cut_from"] for zone in region(world)["zones"]}
    assert cut == {"us-east-1a": ["us-east-1b"], "us-east-1b": ["us-east-1a"], "us-east-1c": []}


def test_a_zone_that_traffic_keeps_away_from(world: World, client: DynamoDBClient) -> None:
    begin(world, "zonal_shift", away_from="us-east-1a")
    assert [zone["left"] for zone in region(world)["zones"]] == [True, False, False]
    assert {zone["status"] for zone in region(world)["zones"]} == {"UP"}


def test_a_replica_whose_region_is_disabled(world: World, client: DynamoDBClient) -> None:
    go_global(client)
    world.faults.replica_inaccessible("orders", "eu-west-1")
    away = table(world, region="eu-west-1")
    assert (away["status"], away["reachable"]) == ("REGION_DISABLED", False)
    assert table(world)["reachable"]


def test_looking_changes_nothing(world: World, client: DynamoDBClient) -> None:
    put(client, "a")
    assert state(world) == state(world)
    world.verify()


# -- What has changed ----------------------------------------------------------------------------------


def changes(world: World, endpoint: ASGIApp, since: str = "") -> Any:
    return ask(world, "GET", f"/console/state?since={since}", headers=HERE, endpoint=endpoint).json


def test_only_changes_are_sent(world: World, client: DynamoDBClient) -> None:
    endpoint = application(world.engine)
    client.create_table(TableName="customers", **on_demand("id"))
    first = changes(world, endpoint)
    assert sorted(first["changed"]["tables"]) == [f"{HOME}/customers", f"{HOME}/orders"]
    idle = changes(world, endpoint, first["moment"])
    assert (idle["everything"], idle["changed"], idle["gone"]) == (False, {}, {})
    put(client, "a")
    written = changes(world, endpoint, idle["moment"])
    assert list(written["changed"]) == ["tables"]
    assert list(written["changed"]["tables"]) == [f"{HOME}/orders"]
    with world.faults.zone_cut("us-east-1a", "us-east-1b"):
        began = changes(world, endpoint, written["moment"])
        assert sorted(began["changed"]) == ["faults", "regions"]
    client.delete_table(TableName="customers")
    client.list_tables()
    after = changes(world, endpoint, began["moment"])
    assert after["gone"] == {"faults": ["1"], "tables": [f"{HOME}/customers"]}
    assert sorted(after["changed"]) == ["regions"]
    # Who asks as of long ago, or as of another endpoint, is told as much.
    assert changes(world, endpoint, first["moment"])["gone"]["tables"] == [f"{HOME}/customers"]
    for unknown in ("", "x", "-1", f"{first['moment']}000"):
        assert changes(world, endpoint, unknown)["everything"]
    assert changes(world, application(world.engine), first["moment"])["everything"]


def test_of_a_world_that_was_reset_nothing_is_left(world: World, client: DynamoDBClient) -> None:
    endpoint = application(world.engine)
    world.faults.zone_outage("us-east-1a")
    first = changes(world, endpoint)
    world.reset()
    after = changes(world, endpoint, first["moment"])
    assert after["changed"] == {}
    assert after["gone"] == {"regions": [HOME], "tables": [f"{HOME}/orders"], "faults": ["1"]}
    assert changes(world, endpoint)["changed"] == {}


def test_an_idle_poll_is_small_and_quick(world: World, client: DynamoDBClient) -> None:
    for number in range(100):
        client.create_table(TableName=f"table-{number:03}", **on_demand("id"))
        client.put_item(TableName=f"table-{number:03}", Item={"id": {"S": "a"}})
    view = View(world.engine)
    moment = view.state()["moment"]

    def idle() -> float:
        began = time.thread_time()
        assert not view.state(moment)["changed"]
        return time.thread_time() - began

    quickest = min(idle() for _ in range(20))
    assert quickest < 0.005
    assert len(encoded(view.state(moment))) < 500


# -- What its buttons do -------------------------------------------------------------------------------


def test_a_zone_fails_and_comes_back(world: World, client: DynamoDBClient) -> None:
    answer = begin(world, "zone_outage", zone="us-east-1a")
    assert answer.json["changed"]["regions"][HOME]["zones"][0] == {
        "name": "us-east-1a",
        "status": "DOWN",
        "faults": [1],
        "lag": 0,
        "left": False,
        "cut_from": [],
    }
    put(client, "a")
    assert replicas(world)["us-east-1a"]["status"] == "DOWN"
    (fault,) = answer.json["changed"]["faults"].values()
    assert act(world, "end_fault", number=fault["number"]).status == 200
    assert "faults" not in state(world)
    assert replicas(world)["us-east-1a"]["sequence"] == 1
    assert act(world, "end_fault", number=fault["number"]).status == 400


def test_a_fault_is_scheduled_and_called_off(world: World, client: DynamoDBClient) -> None:
    begin(world, "region_outage", region="us-east-1", after=60, duration=30)
    begin(world, "clock_skew", region="us-east-1", seconds=-2)
    assert [fault["status"] for fault in state(world)["faults"].values()] == ["ACTIVE", "SCHEDULED"]
    assert act(world, "end_all_faults").status == 200
    world.clock.advance(seconds=61)
    assert region(world)["status"] == "UP"


def test_the_clock_advances(world: World) -> None:
    assert act(world, "advance", seconds=60).json["time"] == "2026-01-01T00:01:00.000+00:00"


@pytest.mark.parametrize(
    "action",
    [
        b"",
        b"[]",
        b"not json",
        b'{"action": ["advance"]}',
        b'{"action": "delete_everything"}',
        b'{"action": "begin_fault"}',
        b'{"action": "begin_fault", "fault": "end_all", "arguments": {}}',
        b'{"action": "begin_fault", "fault": "_start", "arguments": {}}',
        b'{"action": "begin_fault", "fault": "zone_outage"}',
        b'{"action": "begin_fault", "fault": "zone_outage", "arguments": []}',
        b'{"action": "begin_fault", "fault": "zone_outage", "arguments": {"zone": "nowhere"}}',
        b'{"action": "begin_fault", "fault": "zone_outage", "arguments": {"zone": "us-east-1a", "": 1}}',
        b'{"action": "begin_fault", "fault": "region_outage", "arguments": {"region": {}}}',
        b'{"action": "begin_fault", "fault": "timeout", "arguments": {"when": 1}}',
        b'{"action": "advance", "seconds": -1}',
        b'{"action": "advance", "seconds": 1e99}',
        b'{"action": "advance", "seconds": NaN}',
        b'{"action": "advance", "seconds": true}',
        b'{"action": "end_fault", "number": 1}',
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    world: World, client: DynamoDBClient, action: bytes
) -> None:
    before = state(world)
    answer = ask(world, "POST", "/console/actions", headers=FROM_THE_PAGE, body=action)
    assert answer.status == 400
    assert answer.json["error"]
    assert state(world) == before


# -- Whom it refuses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:8000"},
        {"host": "127.0.0.1:8000", "origin": "null"},
        {"host": "127.0.0.1:8000", "origin": "http://evil.example"},
        {"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:9000"},
        # A foreign name that leads here.
        {"host": "evil.example:8000", "origin": "http://evil.example:8000"},
        {"host": "", "origin": "http://127.0.0.1:8000"},
        {"host": "[", "origin": "http://["},
    ],
)
def test_only_the_page_itself_may_act(world: World, headers: dict[str, str]) -> None:
    body = b'{"action": "advance", "seconds": 60}'
    answer = ask(world, "POST", "/console/actions", headers=headers, body=body)
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers
    assert world.clock.time() == ManualClock().time()


@pytest.mark.parametrize("path", ["/console", "/console/state", "/console/menu", "/console/main.js"])
@pytest.mark.parametrize("host", ["evil.example:8000", "", "["])
def test_a_loopback_address_has_loopback_names(world: World, path: str, host: str) -> None:
    assert ask(world, "GET", path, headers={"host": host}).status == 403


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_names_of_the_loopback_address(world: World, host: str) -> None:
    assert ask(world, "GET", "/console/state", headers={"host": host}).status == 200


def test_an_action_is_short(world: World) -> None:
    answer = ask(world, "POST", "/console/actions", headers=FROM_THE_PAGE, body=b" " * 100_000, chunks=3)
    assert answer.status == 413


def test_operations_are_still_answered_at_any_other_path(world: World) -> None:
    headers = {**HEADERS, "x-amz-target": "DynamoDB_20120810.ListTables"}
    for path in ("/", "/console", "/any"):
        assert ask(world, "POST", path, headers=headers, body=b"{}").json == {"TableNames": []}


def test_the_page_calls_operations_like_any_client(world: World, client: DynamoDBClient) -> None:
    # As its dynamodb.js signs them, for the region and the account of a table.
    headers = {
        **FROM_THE_PAGE,
        "content-type": "application/x-amz-json-1.0",
        "x-amz-date": "20260101T000000Z",
        "authorization": (
            "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/dynamodb/aws4_request, "
            "SignedHeaders=host;x-amz-date;x-amz-target, Signature=console"
        ),
    }
    listed = {**headers, "x-amz-target": "DynamoDB_20120810.ListTables"}
    assert ask(world, "POST", headers=listed, body=b"{}").json == {"TableNames": ["orders"]}
    streams = {**headers, "x-amz-target": "DynamoDBStreams_20120810.ListStreams"}
    assert ask(world, "POST", headers=streams, body=b"{}").json == {"Streams": []}
    # A page of another origin may sign what it likes.
    foreign = {**listed, "origin": "http://evil.example"}
    assert ask(world, "POST", headers=foreign, body=b"{}").status == 403


def test_signatures_make_no_regions(world: World) -> None:
    before = state(world)
    for name in ("nowhere-1", "local", "A" * 60):
        signed = HEADERS["authorization"].replace("us-east-1", name)
        headers = {**HEADERS, "authorization": signed, "x-amz-target": "DynamoDB_20120810.ListTables"}
        answer = ask(world, "POST", headers=headers, body=b"{}")
        assert (answer.status, answer.json["message"]) == (
            400,
            f"Credential should be scoped to a valid region, not '{name}'. ",
        )
    assert state(world) == before
    world = World(more_regions=["local"])
    signed = HEADERS["authorization"].replace("us-east-1", "local")
    headers = {**HEADERS, "authorization": signed, "x-amz-target": "DynamoDB_20120810.ListTables"}
    assert ask(world, "POST", headers=headers, body=b"{}").status == 200


@pytest.mark.parametrize(
    "value",
    [
        '"\\ud800"',
        "9" * 400,
        "9" * 5000,
        "1e400",
        "[" * 900 + "]" * 900,
        "[" * 30_000,
        '"' + "x" * 50_000 + '"',
        "null",
        '{"\\ud800": "\\ud800"}',
    ],
)
@pytest.mark.parametrize("action", ["advance", "end_fault", "begin_fault"])
def test_hostile_arguments_change_nothing(
    world: World, client: DynamoDBClient, action: str, value: str
) -> None:
    before = state(world)
    faults = list(menu()) if action == "begin_fault" else ["none"]
    for fault in faults:
        arguments = menu()[fault][1] if action == "begin_fault" else ()
        given = ", ".join(f'"{argument.name}": {value}' for argument in arguments)
        sent = (
            f'{{"action": "{action}", "seconds": {value}, "number": {value}, "fault": "{fault}", '
            f'"arguments": {{{given}}}}}'
        ).encode()
        answer = ask(world, "POST", "/console/actions", headers=FROM_THE_PAGE, body=sent)
        assert answer.status == (413 if len(sent) > MAXIMUM_ACTION else 400)
    assert state(world) == before


def test_time_ends_before_dates_do(world: World) -> None:
    world.clock.advance_to("8999-06-01T00:00:00Z")
    answer = act(world, "advance", seconds=300 * 24 * 3600)
    assert (answer.status, state(world)["time"][:7]) == (400, "8999-06")
