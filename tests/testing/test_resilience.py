"""`pytest --ddbha-resilience`: ordinary tests under faults at each of their requests."""

from __future__ import annotations

import pytest

from ddbha.errors import UsageError
from ddbha.testing.resilience import KINDS, Director, Plan, Seen, read_kinds

pytest_plugins = "pytester"

TABLE = """
import boto3
import ddbha
import pytest

TABLE = {
    "TableName": "counters",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
KEY = {"id": {"S": "visits"}}

@pytest.fixture
def client(dynamodb_client):
    dynamodb_client.create_table(**TABLE)
    return dynamodb_client

def read(client, **more):
    return client.get_item(TableName="counters", Key=KEY, **more)["Item"]["n"]["N"]
"""
COUNTED = """
def test_counts_once(client):
    client.update_item(TableName="counters", Key=KEY, UpdateExpression="ADD n :one",
                       ExpressionAttributeValues={":one": {"N": "1"}})
    assert read(client, ConsistentRead=True) == "1"
"""
CONDITIONAL = """
def test_counts_once(client):
    client.put_item(TableName="counters", Item={**KEY, "n": {"N": "1"}})
    assert read(client, ConsistentRead=True) == "1"
"""


def run(pytester: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(TABLE + test)
    return pytester.runpytest_inprocess("-p", "ddbha.pytest_plugin", *options)


def test_what_a_lost_answer_does_twice_is_wrong(pytester: pytest.Pytester) -> None:
    done = run(pytester, COUNTED, "--ddbha-resilience=lost_answers")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(
        [
            "*lost_answers*1 wrong*",
            "*at request 1, UpdateItem, it is done, and the answer is lost: AssertionError*",
            "*again: pytest *::test_counts_once* --ddbha-resilience=lost_answers *-at=1",
            "1 runs under faults: 0 survived, 0 failed cleanly, 1 wrong",
        ]
    )
    assert done.ret == pytest.ExitCode.OK


def test_what_may_be_done_twice_survives(pytester: pytest.Pytester) -> None:
    kinds = "lost_answers,lost_requests,throttles,server_errors"
    done = run(pytester, CONDITIONAL, f"--ddbha-resilience={kinds}", "--ddbha-resilience-strict")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["7 runs under faults: 7 survived, 0 failed cleanly, 0 wrong"])
    assert done.ret == pytest.ExitCode.OK


def test_strict_fails_for_what_is_wrong(pytester: pytest.Pytester) -> None:
    done = run(pytester, COUNTED, "--ddbha-resilience=lost_answers", "--ddbha-resilience-strict")
    assert done.ret == pytest.ExitCode.TESTS_FAILED


def test_stale_reads_and_partial_batches(pytester: pytest.Pytester) -> None:
    test = """
def test_stale(client):
    client.put_item(TableName="counters", Item={**KEY, "n": {"N": "1"}})
    client.put_item(TableName="counters", Item={**KEY, "n": {"N": "2"}})
    assert read(client) == "2"

@ddbha.mock
def test_batch():
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    puts = [{"PutRequest": {"Item": {"id": {"S": str(n)}}}} for n in range(3)]
    client.batch_write_item(RequestItems={"counters": puts})
    assert client.scan(TableName="counters", ConsistentRead=True)["Count"] == 3
"""
    done = run(pytester, test, "--ddbha-resilience=stale_reads,partial_batches")
    done.stdout.fnmatch_lines(["*stale_reads*1 wrong*", "*partial_batches*1 wrong*"])
    done.stdout.fnmatch_lines(["2 runs under faults: 0 survived, 0 failed cleanly, 2 wrong"])


def test_errors_that_are_let_through_fail_cleanly(pytester: pytest.Pytester) -> None:
    test = """
def test_once(ddbha_world):
    from botocore.config import Config
    client = ddbha_world.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
    client.create_table(**TABLE)
    client.put_item(TableName="counters", Item=KEY)
"""
    done = run(pytester, test, "--ddbha-resilience=throttles,server_errors,lost_requests,zone_loss")
    done.stdout.fnmatch_lines(["4 runs under faults: * failed cleanly, 0 wrong"])


def test_what_prepares_a_test_meets_nothing(pytester: pytest.Pytester) -> None:
    test = """
@pytest.fixture
def filled(client):
    client.put_item(TableName="counters", Item={**KEY, "n": {"N": "1"}})
    return client

def test_reads(filled):
    assert read(filled, ConsistentRead=True) == "1"
"""
    done = run(pytester, test, "--ddbha-resilience=lost_requests")
    done.stdout.fnmatch_lines(["1 runs under faults: 1 survived, 0 failed cleanly, 0 wrong"])


def test_failing_tests_are_left_alone(pytester: pytest.Pytester) -> None:
    done = run(pytester, "def test_no(client):\n    assert read(client) == '1'\n", "--ddbha-resilience")
    done.assert_outcomes(failed=1)
    assert "runs under faults" not in done.stdout.str()


def test_over_workers(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(TABLE + COUNTED + COUNTED.replace("counts_once", "counts_twice"))
    done = pytester.runpytest_subprocess(
        "-p", "ddbha.pytest_plugin", "-n", "2", "--ddbha-resilience=lost_answers"
    )
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["2 runs under faults: 0 survived, 0 failed cleanly, 2 wrong"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ddbha-resilience=earthquakes"], "*no kind of fault 'earthquakes'*lost_answers*"),
        (["--ddbha-resilience", "--ddbha-resilience-budget=-1"], "*zero or more*"),
    ],
)
def test_what_makes_no_sense_is_refused(pytester: pytest.Pytester, options: list[str], said: str) -> None:
    done = run(pytester, CONDITIONAL, *options)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([said])


def test_a_budget_is_drawn_by_the_tests_name() -> None:
    director = Director()
    director.seen = [Seen("PutItem", tuple(KINDS))] * 50
    everything = director.plans(["throttles", "zone_loss"], 1000, "a")
    assert len(everything) == 100
    drawn = director.plans(["throttles", "zone_loss"], 10, "a")
    assert len(drawn) == 10
    assert drawn == director.plans(["throttles", "zone_loss"], 10, "a")
    assert drawn != director.plans(["throttles", "zone_loss"], 10, "b")
    assert Plan("throttles", 1) in everything


def test_kinds_are_read() -> None:
    assert read_kinds("all") == list(KINDS)
    assert read_kinds("throttles, zone_loss") == ["throttles", "zone_loss"]
    with pytest.raises(UsageError):
        read_kinds("throttle")
