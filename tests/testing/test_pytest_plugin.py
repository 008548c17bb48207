"""The pytest plugin, in pytest runs of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

import ddbha
from ddbha.testing.item_diffs import difference

pytest_plugins = "pytester"

NOBODY: Any = {"aws_access_key_id": "nobody", "aws_secret_access_key": "x"}

TABLE = """
import pytest
TABLE = dict(
    TableName="orders",
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    BillingMode="PAY_PER_REQUEST",
)
@pytest.fixture
def ddbha_tables():
    return [TABLE]
"""


def run(pytester: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(TABLE + test)
    return pytester.runpytest_inprocess("-p", "ddbha.pytest_plugin", *options)


def test_every_test_has_a_world_and_declared_tables_of_its_own(pytester: pytest.Pytester) -> None:
    test = """
@pytest.mark.parametrize("number", [1, 2])
def test_it(dynamodb_client, dynamodb_resource, number):
    assert dynamodb_client.scan(TableName="orders")["Count"] == 0
    dynamodb_resource.Table("orders").put_item(Item={"id": "1"})
    assert dynamodb_client.scan(TableName="orders")["Count"] == 1

def test_streams(dynamodbstreams_client):
    assert dynamodbstreams_client.list_streams()["Streams"] == []

@pytest.mark.asyncio
async def test_async(dynamodb_client):
    assert dynamodb_client.list_tables()["TableNames"] == ["orders"]
"""
    run(pytester, test).assert_outcomes(passed=4)


def test_xdist_runs_it_in_processes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(ddbha.__file__).parents[1]))
    pytester.makepyfile(
        TABLE
        + """
@pytest.mark.parametrize("number", range(4))
def test_it(dynamodb_client, number):
    dynamodb_client.put_item(TableName="orders", Item={"id": {"S": "1"}})
    assert dynamodb_client.scan(TableName="orders")["Count"] == 1
"""
    )
    done = pytester.runpytest_subprocess("-p", "ddbha.pytest_plugin", "-n", "2")
    done.assert_outcomes(passed=4)


def test_worlds_end_with_their_tests(pytester: pytest.Pytester) -> None:
    test = """
import gc, weakref, boto3, ddbha
worlds = []

@pytest.mark.parametrize("number", range(3))
def test_fixture(ddbha_world, dynamodb_client, dynamodb_resource, dynamodbstreams_client, number):
    dynamodb_client.put_item(TableName="orders", Item={"id": {"S": "1"}})
    worlds.extend(map(weakref.ref, (ddbha_world, ddbha_world.engine, dynamodb_client)))

@pytest.mark.parametrize("number", range(3))
def test_mock(number):
    with ddbha.mock() as world:
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(**TABLE)
        client.put_item(TableName="orders", Item={"id": {"S": "1"}})
        worlds.extend(map(weakref.ref, (world, world.engine, client)))

def test_none_is_left():
    gc.collect()
    assert len(worlds) == 18
    assert [kept() for kept in worlds if kept() is not None] == []
"""
    run(pytester, test).assert_outcomes(passed=7)


def test_a_run_takes_the_modules_as_they_are_written(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(ddbha.__file__).parents[1]))
    pytester.makepyfile(
        """
import sys
from _pytest.assertion.rewrite import AssertionRewritingHook

def rewritten():
    found = {name: module.__spec__.loader for name, module in sys.modules.items() if name[:5] == "ddbha"}
    return {name for name, loader in found.items() if isinstance(loader, AssertionRewritingHook)}

at_first = {name for name in sys.modules if name[:5] in ("ddbha", "attr", "boto3")}

def test_it(dynamodb_client):
    plugin = {"ddbha", "ddbha.pytest_plugin", "ddbha.testing", "ddbha.testing.pytest_plugin"}
    assert at_first <= plugin
    assert "ddbha.engine" in sys.modules
    assert rewritten() <= plugin
"""
    )
    result = pytester.runpytest_subprocess("-p", "ddbha.pytest_plugin", "-p", "no:asyncio")
    result.assert_outcomes(passed=1)


def test_the_marker_says_what_the_world_is_like(pytester: pytest.Pytester) -> None:
    test = """
@pytest.mark.ddbha(regions=["eu-west-1", "us-west-2"], clock="2030-05-05T00:00:00Z", seed=9)
def test_it(ddbha_world, dynamodb_client):
    assert ddbha_world.clock.now().isoformat() == "2030-05-05T00:00:00+00:00"
    assert ddbha_world.seed == 9
    assert dynamodb_client.meta.region_name == "eu-west-1"
    assert ddbha_world.table("orders", region="us-west-2").name == "orders"

@pytest.mark.ddbha(color="red")
def test_unknown(ddbha_world):
    pass
"""
    done = run(pytester, test)
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*The marker is ddbha(*A world has no setting color=*"])


def test_the_seed_of_the_command_line_wins(pytester: pytest.Pytester) -> None:
    test = """
@pytest.mark.ddbha(seed=9)
def test_it(ddbha_world):
    assert ddbha_world.seed == 17
"""
    run(pytester, test, "--ddbha-seed=17").assert_outcomes(passed=1)


def test_a_failure_ends_with_seed_command_and_timeline(pytester: pytest.Pytester) -> None:
    test = """
@pytest.mark.ddbha(seed=9, clock="2030-05-05T00:00:00Z")
def test_it(ddbha_world, dynamodb_client):
    ddbha_world.faults.zone_outage("us-east-1a")
    with pytest.raises(dynamodb_client.exceptions.ResourceNotFoundException):
        dynamodb_client.put_item(TableName="missing", Item={"id": {"S": "0"}})
    dynamodb_client.put_item(TableName="missing", Item={"id": {"S": "1"}})
"""
    done = run(pytester, test)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "pytest '*::test_it' --ddbha-seed=9",
            "timeline of 2030-05-05 in us-east-1 (>>> this request failed):",
            "    00:00:00.000 calls CreateTable orders",
            "    00:00:00.* fault began: zone outage us-east-1a",
            "    00:00:00.* puts missing id=0: refused: ResourceNotFoundException",
            ">>> 00:00:00.* puts missing id=1: refused: ResourceNotFoundException",
        ]
    )


def test_a_failure_takes_a_screen_and_leaves_the_rest_in_a_file(pytester: pytest.Pytester) -> None:
    test = """
def test_it(ddbha_world, dynamodb_client):
    for number in range(40):
        item = {"id": {"S": f"item-{number}"}, "text": {"S": "words " * 40}}
        dynamodb_client.put_item(TableName="orders", Item=item)
    found = dynamodb_client.get_item(TableName="orders", Key={"id": {"S": "item-7"}})["Item"]
    ddbha_world.resource("dynamodb").Table("orders").get_item(Key={"id": "item-7"})
    ddbha_world.client("dynamodb", region_name="eu-west-1").list_tables()
    assert found["text"] == {"S": "words"}
"""
    done = run(pytester, test)
    done.assert_outcomes(failed=1)
    lines = done.outlines
    begin = next(n for n, line in enumerate(lines) if line.startswith("timeline of"))
    end = next(n for n, line in enumerate(lines) if "before that, and all requests" in line)
    assert lines[begin].endswith("(> the last request before the failure):")
    assert end - begin <= 30
    assert max(map(len, lines[begin:end])) <= 80
    assert any(line.startswith("  > ") and "eu-west-1 calls ListTables" in line for line in lines)
    whole = Path(lines[end].rpartition(": ")[2]).read_text()
    assert whole.count("PutItem\n    asked  {") == 40
    assert all(f"'item-{number}'" in whole for number in range(40))


@pytest.mark.parametrize(
    ("left", "right", "lines"),
    [
        (
            {"id": {"S": "1"}, "total": {"N": "10"}, "new": {"BOOL": True}},
            {"id": {"S": "1"}, "total": {"N": "11"}, "tags": {"SS": ["x"]}},
            [
                "items are equal",
                "total: 10 != 11",
                "only on the left: new=True",
                "only on the right: tags={x}",
                "equal: id",
            ],
        ),
        (
            [{"id": {"S": "1"}}, {"id": {"S": "2"}}],
            [{"id": {"S": "1"}}, {"id": {"N": "2"}}, {"id": {"S": "3"}}],
            ["2 items are equal to 3", "[1] id=2", "id: S 2 != N 2", "only on the right: id=3"],
        ),
        ({"id": "1"}, {"id": "2"}, None),
        ([], [], None),
    ],
)
def test_items_differ_by_their_attributes(left: Any, right: Any, lines: list[str] | None) -> None:
    found = difference(left, right)
    assert (None if found is None else [line.strip() for line in found]) == lines


def test_items_that_differ_in_a_test(pytester: pytest.Pytester) -> None:
    test = """
def test_it():
    assert {"id": {"S": "1"}, "n": {"N": "1"}} == {"id": {"S": "1"}, "n": {"N": "2"}}
"""
    done = run(pytester, test)
    done.stdout.fnmatch_lines(["E*assert items are equal", "E*n: 1 != 2", "E*equal: id"])


def test_a_described_table_can_be_declared(pytester: pytest.Pytester) -> None:
    test = """
def test_it(ddbha_world, dynamodb_client):
    described = dynamodb_client.describe_table(TableName="orders")
    dynamodb_client.delete_table(TableName="orders")
    ddbha_world.declare(described, "us-east-1")
    assert dynamodb_client.describe_table(TableName="orders")["Table"]["KeySchema"] == TABLE["KeySchema"]
"""
    run(pytester, test).assert_outcomes(passed=1)


def test_explored_tests(pytester: pytest.Pytester) -> None:
    test = """
@pytest.mark.ddbha_explore(seeds=30, faults=())
@pytest.mark.parametrize("safe", [True, False])
def test_count(ddbha_trial, safe):
    table = ddbha_trial.world.resource("dynamodb").create_table(**TABLE)
    table.put_item(Item={"id": "1", "n": 0})
    def count():
        if safe:
            table.update_item(Key={"id": "1"}, UpdateExpression="ADD n :one",
                              ExpressionAttributeValues={":one": 1})
        else:
            n = table.get_item(Key={"id": "1"}, ConsistentRead=True)["Item"]["n"]
            table.put_item(Item={"id": "1", "n": n + 1})
    ddbha_trial.client("A", count)
    ddbha_trial.client("B", count)
    ddbha_trial.run()
    assert table.get_item(Key={"id": "1"}, ConsistentRead=True)["Item"]["n"] == 2
"""
    done = run(pytester, test)
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(
        ["*1 change of turn and 0 faults are enough*", "*4. * puts orders id=1 n=1"]
    )
    done.stdout.re_match_lines([r"pytest '.*test_count\[False\]' --ddbha-seed=\d+"])


def test_the_story_of_a_failing_schedule_as_a_page(pytester: pytest.Pytester) -> None:
    test = """
@pytest.mark.ddbha_explore(seeds=3, faults=())
@pytest.mark.parametrize("right", [True, False])
def test_put(ddbha_trial, right):
    table = ddbha_trial.world.resource("dynamodb").create_table(**TABLE)
    ddbha_trial.client("writer", lambda: table.put_item(Item={"id": "<1>"}))
    ddbha_trial.run()
    assert right
"""
    done = run(pytester, test, "--ddbha-html-dir=stories/new")
    done.assert_outcomes(passed=1, failed=1)
    (page,) = (pytester.path / "stories" / "new").iterdir()
    assert "test_put" in page.read_text(encoding="utf-8")
    assert "writer" in page.read_text(encoding="utf-8")
    done.stdout.fnmatch_lines(["pytest '*' --ddbha-seed=0", f"its story as a page: *{page.name}"])


def test_the_marker_sets_timings_and_stale_reads(pytester: pytest.Pytester) -> None:
    test = """
import ddbha

@pytest.fixture
def ddbha_tables():
    return []

@pytest.mark.ddbha(clock="2030-05-05T00:00:00Z", timings=ddbha.Timings.aws())
def test_timings(dynamodb_client):
    dynamodb_client.create_table(**TABLE)
    status = lambda: dynamodb_client.describe_table(TableName="orders")["Table"]["TableStatus"]
    assert status() == "CREATING"
    dynamodb_client.get_waiter("table_exists").wait(TableName="orders")
    assert status() == "ACTIVE"

@pytest.mark.ddbha(clock="2030-05-05T00:00:00Z", stale_reads=5.0)
def test_stale_reads(ddbha_world, dynamodb_resource):
    table = dynamodb_resource.create_table(**TABLE)
    ddbha_world.clock.advance(seconds=60)
    table.put_item(Item={"id": "1"})
    read = lambda **options: "Item" in table.get_item(Key={"id": "1"}, **options)
    assert all(read(ConsistentRead=True) for _ in range(20))
    assert {read() for _ in range(40)} == {True, False}
    ddbha_world.clock.advance(seconds=6)
    assert all(read() for _ in range(40))

def test_neither(ddbha_world, dynamodb_resource):
    table = dynamodb_resource.create_table(**TABLE)
    table.put_item(Item={"id": "1"})
    assert all("Item" in table.get_item(Key={"id": "1"}) for _ in range(40))
"""
    run(pytester, test).assert_outcomes(passed=3)


@pytest.fixture
def engine() -> Iterator[str]:
    """moto's server, in place of any other engine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    # The first request imports what the others need, and the plugin's patience has an end.
    boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1", **NOBODY).list_tables()
    yield url
    server.stop()


def test_an_existing_engine(pytester: pytest.Pytester, engine: str) -> None:
    test = """
@pytest.mark.parametrize("number", [1, 2])
def test_it(dynamodb_client, dynamodb_resource, number):
    assert dynamodb_client.list_tables()["TableNames"] == ["orders"]
    dynamodb_resource.Table("orders").put_item(Item={"id": "1"})
    assert dynamodb_client.scan(TableName="orders")["Count"] == 1
    dynamodb_client.create_table(**{**TABLE, "TableName": "left-over"})

def test_where(dynamodb_client):
    assert dynamodb_client.meta.endpoint_url.startswith("http://127.0.0.1:")

def test_faults(ddbha_world):
    ddbha_world.faults.zone_outage("us-east-1a")

@pytest.mark.ddbha(clock="2030-05-05T00:00:00Z")
def test_clock(dynamodb_client):
    pass
"""
    done = run(pytester, test, f"--ddbha-endpoint-url={engine}", "-rs")
    done.assert_outcomes(passed=3, skipped=2)
    done.stdout.fnmatch_lines(
        [
            f"ddbha: {engine}: Werkzeug* answers, with 0 tables",
            f'*{engine} is no world of ddbha, as this needs: ddbha_world.faults.zone_outage("us-*")',
            f"*{engine} is no world of ddbha, as this needs: @pytest.mark.ddbha(clock='2030-*')",
        ]
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "127.0.0.1:8000", "nonsense"])
def test_no_engine(pytester: pytest.Pytester, url: str) -> None:
    done = run(pytester, "def test_it(dynamodb_client):\n    pass", f"--ddbha-endpoint-url={url}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: --ddbha-endpoint-url: Nothing answers at {url}: *"])


def test_an_engine_that_is_none(pytester: pytest.Pytester) -> None:
    class NoEngine(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), NoEngine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = run(pytester, "def test_it(): pass", f"--ddbha-endpoint-url={url}")
        server.shutdown()
    done.stderr.fnmatch_lines(
        [f"ERROR: --ddbha-endpoint-url: {url} answers, but not as DynamoDB does: *"]
    )


FAULTLESS = """
def test_nothing_fails(ddbha_world):
    with ddbha_world.faults.region_outage("eu-west-1"):
        ddbha_world.client("dynamodb").list_tables()
"""
FAILING = """
def test_no_such_table(dynamodb_client):
    dynamodb_client.describe_table(TableName="none")
"""


def test_a_fault_that_met_nothing_is_a_warning(pytester: pytest.Pytester) -> None:
    done = run(pytester, FAULTLESS)
    done.assert_outcomes(passed=1, warnings=1)
    done.stdout.fnmatch_lines(["*FaultMetNothing: The fault 'region outage eu-west-1' met nothing*"])


def test_a_traceback_is_about_the_test(pytester: pytest.Pytester) -> None:
    done = run(pytester, FAILING)
    done.assert_outcomes(failed=1)
    assert not any("ddbha/boto/" in line for line in done.outlines)
