"""The console over ASGI: what it shows, what its buttons do, and whom it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from ddbha import ManualClock, World
from ddbha.server.console import MAXIMUM_ACTION
from ddbha.server.console.actions import ACTIONS
from tests.building import index_on, of_units, on_demand
from tests.server.asking import HEADERS, Answer, ask

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HERE = {"host": "127.0.0.1:8000"}
FROM_THE_PAGE = {**HERE, "origin": "http://127.0.0.1:8000", "content-type": "application/json"}
PLACE = {"region": "us-east-1", "account": "123456789012"}


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
    answer = ask(world, "GET", "/console/state", headers=HERE)
    assert answer.status == 200
    return answer.json


def region(world: World, name: str = "us-east-1") -> Any:
    (found,) = [region for region in state(world)["regions"] if region["name"] == name]
    return found


def replicas(world: World) -> dict[str, Any]:
    partition = region(world)["tables"][0]["owners"][0]["partitions"][0]
    return {replica["zone"]: replica for replica in partition["replicas"]}


def act(world: World, action: str, **arguments: Any) -> Answer:
    body = json.dumps({"action": action, **arguments}).encode()
    return ask(world, "POST", "/console/actions", headers=FROM_THE_PAGE, body=body)


# -- What it shows -------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_elsewhere(world: World) -> None:
    answer = ask(world, "GET", "/console", headers=HERE)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    for elsewhere in (b"http://", b"https://", b"src=", b"@import"):
        assert elsewhere not in answer.content


def test_an_empty_world(world: World) -> None:
    shown = state(world)
    assert (shown["regions"], shown["links"], shown["faults"], shown["events"]) == ([], [], [], [])
    assert shown["time"] == "2026-01-01T00:00:00.000+00:00"


def test_a_table_and_its_replicas(world: World, client: DynamoDBClient) -> None:
    put(client, "a")
    put(client, "b")
    (table,) = region(world)["tables"]
    assert (table["name"], table["status"], table["items"]) == ("orders", "ACTIVE", 2)
    assert table["consumed"] == {"Read": 0, "Write": 2}
    assert [replica["sequence"] for replica in replicas(world).values()] == [2, 2, 2]
    assert sum(replica["leader"] for replica in replicas(world).values()) == 1
    assert state(world)["events"][0]["kind"] == "table-active"


def test_replicas_that_are_down_miss_records(world: World, client: DynamoDBClient) -> None:
    with world.faults.zone_outage("us-east-1b"):
        put(client, "a")
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
    table = region(world)["tables"][0]
    assert [owner["name"] for owner in table["owners"]] == ["orders", "orders/by-customer"]
    statuses = {
        replica["status"]
        for owner in table["owners"]
        for partition in owner["partitions"]
        for replica in partition["replicas"]
    }
    assert statuses == {"DOWN"}
    for fault in faults:
        fault.end()
    index = region(world)["tables"][0]["owners"][1]["partitions"]
    assert sum(partition["replicas"][0]["sequence"] for partition in index) == 1


def test_throttled_requests_are_counted(world: World, client: DynamoDBClient) -> None:
    impatient = world.client(
        "dynamodb", region_name="us-east-1", config=Config(retries={"total_max_attempts": 1})
    )
    read: Any = {"TableName": "orders", "Key": {"id": {"S": "a"}}, "ConsistentRead": True}
    # 300 seconds of one unit, and then no more: the clock stands still.
    for _ in range(300):
        impatient.get_item(**read)
    with pytest.raises(impatient.exceptions.ProvisionedThroughputExceededException):
        impatient.get_item(**read)
    assert region(world)["tables"][0]["throttled"] == {"Read": 1, "Write": 0}


def test_a_cut_link_holds_writes_back(world: World, client: DynamoDBClient) -> None:
    go_global(client)
    assert state(world)["links"][0]["open"]
    assert act(world, "cut_link", region="us-east-1", other="eu-west-1").status == 200
    put(client, "a")
    (link,) = state(world)["links"]
    assert link["cut"]
    assert dict(zip(link["regions"], link["pending"], strict=True)) == {"us-east-1": 1, "eu-west-1": 0}
    (fault,) = state(world)["faults"]
    assert act(world, "end_fault", fault=fault["number"]).status == 200
    assert state(world)["links"][0]["pending"] == [0, 0]
    assert region(world, "eu-west-1")["tables"][0]["items"] == 1


def test_a_link_with_lag(world: World, client: DynamoDBClient) -> None:
    go_global(client)
    world.faults.replication_lag("us-east-1", "eu-west-1", seconds=(1, 3), one_way=True)
    put(client, "a")
    (link,) = state(world)["links"]
    assert dict(zip(link["regions"], link["lag"], strict=True)) == {"us-east-1": 3, "eu-west-1": 0}
    assert sum(link["pending"]) == 1
    world.clock.advance(seconds=3)
    assert sum(state(world)["links"][0]["pending"]) == 0


def test_looking_changes_nothing(world: World, client: DynamoDBClient) -> None:
    put(client, "a")
    assert state(world) == state(world)
    world.verify()


# -- What its buttons do -------------------------------------------------------------------------------


def test_a_zone_fails_and_comes_back(world: World, client: DynamoDBClient) -> None:
    answer = act(world, "fail_zone", zone="us-east-1a")
    assert answer.json["regions"][0]["zones"][0] == {"name": "us-east-1a", "down": True, "lag": 0}
    put(client, "a")
    assert replicas(world)["us-east-1a"]["status"] == "DOWN"
    (fault,) = answer.json["faults"]
    assert not act(world, "end_fault", fault=fault["number"]).json["faults"]
    assert replicas(world)["us-east-1a"]["sequence"] == 1
    assert act(world, "end_fault", fault=fault["number"]).status == 400


def test_a_region_fails(world: World, client: DynamoDBClient) -> None:
    assert act(world, "fail_region", region="us-east-1").json["regions"][0]["down"]
    refused = act(world, "back_up", table="orders", **PLACE)
    assert (refused.status, refused.json["error"]) == (
        400,
        "The region cannot be reached: end its outage first.",
    )


def test_the_clock_advances(world: World) -> None:
    assert act(world, "advance", seconds=60).json["time"] == "2026-01-01T00:01:00.000+00:00"


def test_a_table_is_backed_up_and_restored(world: World, client: DynamoDBClient) -> None:
    put(client, "a")
    assert act(world, "back_up", table="orders", **PLACE).status == 200
    (backup,) = region(world)["backups"]
    assert (backup["table"], backup["status"]) == ("orders", "AVAILABLE")
    put(client, "b")
    for name in ("orders-restored", "orders-restored-2"):
        assert act(world, "restore", backup=backup["arn"], **PLACE).status == 200
        assert client.scan(TableName=name)["Items"] == [{"id": {"S": "a"}}]


@pytest.mark.parametrize(
    "action",
    [
        b"",
        b"[]",
        b"not json",
        b'{"action": ["advance"]}',
        b'{"action": "delete_everything"}',
        b'{"action": "fail_zone"}',
        b'{"action": "fail_zone", "zone": "nowhere"}',
        b'{"action": "fail_region", "region": {}}',
        b'{"action": "cut_link", "region": "us-east-1", "other": "us-east-1"}',
        b'{"action": "advance", "seconds": -1}',
        b'{"action": "advance", "seconds": 1e99}',
        b'{"action": "advance", "seconds": NaN}',
        b'{"action": "advance", "seconds": true}',
        b'{"action": "end_fault", "fault": 1}',
        b'{"action": "back_up", "region": "us-east-1", "account": "123456789012", "table": "none"}',
        b'{"action": "restore", "region": "us-east-1", "account": "123456789012", "backup": "none"}',
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


@pytest.mark.parametrize("path", ["/console", "/console/state"])
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
@pytest.mark.parametrize("action", ACTIONS)
def test_hostile_arguments_change_nothing(
    world: World, client: DynamoDBClient, action: str, value: str
) -> None:
    before = state(world)
    names = ("zone", "region", "other", "fault", "seconds", "table", "account", "backup")
    known = {"region": '"us-east-1"', "account": '"123456789012"'}
    for given in ({}, known):
        arguments = {**dict.fromkeys(names, value), **given}
        body = ", ".join(
            f'"{name}": {one}' for name, one in {"action": f'"{action}"', **arguments}.items()
        )
        sent = f"{{{body}}}".encode()
        if given and action == "fail_region":
            # That is a region that there is.
            continue
        answer = ask(world, "POST", "/console/actions", headers=FROM_THE_PAGE, body=sent)
        assert answer.status == (413 if len(sent) > MAXIMUM_ACTION else 400)
    assert state(world) == before


def test_time_ends_before_dates_do(world: World) -> None:
    world.clock.advance_to("8999-06-01T00:00:00Z")
    answer = act(world, "advance", seconds=300 * 24 * 3600)
    assert (answer.status, state(world)["time"][:7]) == (400, "8999-06")
