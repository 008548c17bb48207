"""Event source mappings.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

from typing import Any

import pytest

import ddbha
from tests.building import of_units

TABLE: dict[str, Any] = {
    "TableName": "tab",
    **of_units(100, 100, "pk"),
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00.750Z"))


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    return client


def put(client: Any, *keys: str, **attributes: Any) -> None:
    for key in keys:
        client.put_item(TableName="tab", Item={"pk": {"S": key}, **attributes})


def keys(event: Any) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]


class Function:
    """Notes what it is given, and fails where a key is bad."""

    def __init__(self, *bad: str) -> None:
        self.bad = set(bad)
        self.calls: list[list[str]] = []

    def __call__(self, event: Any, context: Any) -> None:
        assert context is None
        self.calls.append(keys(event))
        if self.bad & set(self.calls[-1]):
            raise RuntimeError("bad")


def test_events_are_what_lambda_gives_to_functions(client: Any, world: ddbha.World) -> None:
    put(client, "a", blob={"B": b"\x00\xff"}, blobs={"BS": [b"x"]})
    (event,) = world.stream_events("tab")
    (record,) = event["Records"]
    arn = client.describe_table(TableName="tab")["Table"]["LatestStreamArn"]
    assert record == {
        "eventID": record["eventID"],
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1767225600,
            "Keys": {"pk": {"S": "a"}},
            "NewImage": {"pk": {"S": "a"}, "blob": {"B": "AP8="}, "blobs": {"BS": ["eA=="]}},
            "SequenceNumber": record["dynamodb"]["SequenceNumber"],
            "SizeBytes": record["dynamodb"]["SizeBytes"],
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": arn,
    }


def test_batches_and_the_checkpoint(client: Any, world: ddbha.World) -> None:
    mapping = world.stream_events("tab", batch_size=2)
    put(client, *"abcde")
    batches = iter(mapping)
    assert keys(next(batches)) == ["a", "b"]
    # Nobody asked for the next one, so this one is not done with.
    assert [keys(event) for event in mapping] == [["a", "b"], ["c", "d"], ["e"]]
    assert list(mapping) == []
    put(client, "f")
    world.clock.advance(hours=1)
    assert [keys(event) for event in mapping] == [["f"]]


def test_latest_begins_with_what_comes(client: Any, world: ddbha.World) -> None:
    put(client, "old")
    mapping = world.stream_events("tab", starting_position="LATEST")
    put(client, "new")
    assert [keys(event) for event in mapping] == [["new"]]


def test_a_split_keeps_the_order_of_each_item(client: Any, world: ddbha.World) -> None:
    names = [f"k{number}" for number in range(8)]
    for value in range(3):
        put(client, *names, n={"N": str(value)})
        world.table("tab").partitions[0].split()
    seen: dict[str, list[str]] = {name: [] for name in names}
    for event in world.stream_events("tab", batch_size=3, parallelization_factor=2):
        for record in event["Records"]:
            seen[record["dynamodb"]["Keys"]["pk"]["S"]].append(record["dynamodb"]["NewImage"]["n"]["N"])
    assert all(values == ["0", "1", "2"] for values in seen.values())


def test_without_a_maximum_the_next_delivery_begins_with_what_failed(
    client: Any, world: ddbha.World
) -> None:
    mapping = world.stream_events("tab", batch_size=1)
    put(client, *"abc")
    function = Function("b")
    with pytest.raises(RuntimeError, match="bad"):
        mapping.deliver(function)
    assert function.calls == [["a"], ["b"]]
    function.bad.clear()
    assert mapping.deliver(function) == 2
    assert function.calls == [["a"], ["b"], ["b"], ["c"]]


def test_children_wait_for_a_parent_that_fails(client: Any, world: ddbha.World) -> None:
    put(client, "a")
    world.table("tab").partitions[0].split()
    put(client, "b")
    mapping, function = world.stream_events("tab"), Function("a")
    with pytest.raises(RuntimeError):
        mapping.deliver(function)
    assert function.calls == [["a"]]
    function.bad.clear()
    mapping.deliver(function)
    assert function.calls == [["a"], ["a"], ["b"]]


def test_what_fails_too_often_is_given_up(client: Any, world: ddbha.World) -> None:
    mapping = world.stream_events("tab", batch_size=2, maximum_retry_attempts=2)
    put(client, *"abc")
    function = Function("b")
    assert mapping.deliver(function) == 1
    assert function.calls == [["a", "b"]] * 3 + [["c"]]
    (failure,) = mapping.failures
    # https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    assert failure["requestContext"] == {
        "requestId": failure["requestContext"]["requestId"],
        "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:Function",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 3,
    }
    assert failure["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert (failure["version"], failure["timestamp"]) == ("1.0", "2026-01-01T00:00:00.750Z")
    batch = failure["DDBStreamBatchInfo"]
    assert batch["batchSize"] == 2
    assert batch["approximateArrivalOfFirstRecord"] == "2026-01-01T00:00:00Z"
    assert batch["approximateArrivalOfLastRecord"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "failures", [5, "all", [None], ["x"], [{}], [{"itemIdentifier": None}], [{"itemIdentifier": ["x"]}]]
)
def test_what_names_no_record_makes_the_batch_fail(
    client: Any, world: ddbha.World, failures: Any
) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    mapping = world.stream_events("tab", report_batch_item_failures=True, maximum_retry_attempts=0)
    put(client, *"ab")
    assert mapping.deliver(lambda event, context: {"batchItemFailures": failures}) == 0
    (failure,) = mapping.failures
    assert "functionError" not in failure["responseContext"]
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 2


def test_a_batch_that_is_not_full_waits_for_its_window(client: Any, world: ddbha.World) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    mapping = world.stream_events("tab", batch_size=2, maximum_batching_window=60)
    put(client, *"abc")
    assert [keys(event) for event in mapping] == [["a", "b"]]
    world.clock.advance(seconds=60)
    assert [keys(event) for event in mapping] == [["c"]]


def test_records_past_their_age_are_given_up(client: Any, world: ddbha.World) -> None:
    mapping = world.stream_events("tab", maximum_record_age=60)
    put(client, "a")
    with pytest.raises(RuntimeError):
        mapping.deliver(Function("a"))
    world.clock.advance(seconds=61)
    put(client, "b")
    function = Function("a")
    mapping.deliver(function)
    assert function.calls == [["b"]]
    (failure,) = mapping.failures
    assert failure["requestContext"]["condition"] == "RecordAgeExceeded"


def test_bisecting_isolates_the_bad_record(client: Any, world: ddbha.World) -> None:
    mapping = world.stream_events("tab", maximum_retry_attempts=1, bisect_on_error=True)
    put(client, *"abcd")
    function = Function("c")
    mapping.deliver(function)
    assert function.calls == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["c"], ["d"]]
    assert [failure["DDBStreamBatchInfo"]["batchSize"] for failure in mapping.failures] == [1]


def test_partial_failures_go_on_at_the_lowest_one(client: Any, world: ddbha.World) -> None:
    mapping = world.stream_events("tab", report_batch_item_failures=True)
    put(client, *"abcd")
    calls: list[list[str]] = []

    def function(event: Any, context: Any) -> Any:
        calls.append(keys(event))
        failed = event["Records"][1:] if len(calls) == 1 else []
        return {
            "batchItemFailures": [
                {"itemIdentifier": record["dynamodb"]["SequenceNumber"]} for record in reversed(failed)
            ]
        }

    mapping.deliver(function)
    assert calls == [["a", "b", "c", "d"], ["b", "c", "d"]]


def test_lanes_keep_a_partition_key_together(client: Any, world: ddbha.World) -> None:
    for value in range(3):
        put(client, *"abcdefgh", n={"N": str(value)})
    events = list(world.stream_events("tab", parallelization_factor=4))
    assert 1 < len(events) <= 4
    assert sum(len(set(keys(event))) for event in events) == 8


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": ["REMOVE"]}, ["REMOVE"]),
        ('{"dynamodb": {"NewImage": {"kind": {"S": ["order"]}}}}', ["INSERT"]),
        ({"dynamodb": {"NewImage": {"kind": {"S": [{"prefix": "or"}]}}}}, ["INSERT"]),
        ({"dynamodb": {"OldImage": {"pk": {"S": [{"exists": False}]}}}}, ["INSERT"]),
        ({"eventName": [{"anything-but": ["INSERT"]}]}, ["REMOVE"]),
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
        ({"eventName": [{"anything-but": "INSERT"}]}, ["REMOVE"]),
        ({"eventName": [{"anything-but": "INS"}]}, ["INSERT", "REMOVE"]),
        ({"eventName": [{"anything-but": {"prefix": "INS"}}]}, ["REMOVE"]),
        ({"dynamodb": {"NewImage": [{"exists": False}]}}, ["INSERT", "REMOVE"]),
        ({"dynamodb": {"SizeBytes": [{"numeric": [">", 0, "<=", 1000]}]}}, ["INSERT", "REMOVE"]),
        (
            {"$or": [{"eventName": ["MODIFY"]}, {"dynamodb": {"OldImage": {"pk": {"S": ["a"]}}}}]},
            ["REMOVE"],
        ),
    ],
)
def test_filters(client: Any, world: ddbha.World, pattern: Any, expected: list[str]) -> None:
    put(client, "a", kind={"S": "order"})
    client.delete_item(TableName="tab", Key={"pk": {"S": "a"}})
    (event,) = world.stream_events("tab", filters=[pattern])
    assert [record["eventName"] for record in event["Records"]] == expected


def test_records_past_retention_are_skipped(client: Any, world: ddbha.World) -> None:
    mapping = world.stream_events("tab", batch_size=1)
    put(client, "a", "b")
    with pytest.raises(RuntimeError):
        mapping.deliver(Function("b"))
    world.clock.advance(hours=25)
    put(client, "c")
    assert [keys(event) for event in mapping] == [["c"]]
    client.delete_table(TableName="tab")
    world.clock.advance(hours=25)
    assert list(mapping) == []


def test_expiry_shows_who_did_it(client: Any, world: ddbha.World) -> None:
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    put(client, "a", expires={"N": "1767225700"})
    world.clock.advance(hours=1)
    (record,) = [
        record
        for event in world.stream_events("tab", filters=[{"eventName": ["REMOVE"]}])
        for record in event["Records"]
    ]
    assert record["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 0},
        {"parallelization_factor": 11},
        {"maximum_retry_attempts": -2},
        {"starting_position": "NOW"},
        {"filters": [{"eventName": ["INSERT"]}] * 6},
        {"filters": [{"eventName": "INSERT"}]},
        {"filters": [{"eventName": [{"like": "I"}]}]},
        {"filters": [{"eventName": [{"prefix": 1}]}]},
        {"filters": [{"eventName": [{"numeric": [">"]}]}]},
        {"filters": [{"$or": {"eventName": ["INSERT"]}}]},
        {"maximum_batching_window": 301},
        {"maximum_record_age": 59},
    ],
)
def test_settings_out_of_range(client: Any, world: ddbha.World, settings: Any) -> None:
    with pytest.raises(ddbha.DdbhaError):
        world.stream_events("tab", **settings)


def test_a_table_without_a_stream(world: ddbha.World) -> None:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**{name: value for name, value in TABLE.items() if name != "StreamSpecification"})
    with pytest.raises(ddbha.DdbhaError, match="has no stream"):
        world.stream_events("tab")
