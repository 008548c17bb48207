"""Kinesis destinations.

Record format: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
States and messages: answers of the service that bug reports and test suites of other projects recorded.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"
OTHER = "arn:aws:kinesis:us-east-1:123456789012:stream/others"
STATE = "Table is not in a valid state to enable Kinesis Streaming Destination: "
TABLE: dict[str, Any] = {"TableName": "tab", **on_demand("pk")}


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00.123456Z"))


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    return client


def enable(client: Any, arn: str = STREAM, **more: Any) -> Any:
    return client.enable_kinesis_streaming_destination(TableName="tab", StreamArn=arn, **more)


def disable(client: Any, arn: str = STREAM) -> Any:
    return client.disable_kinesis_streaming_destination(TableName="tab", StreamArn=arn)


def update(client: Any, precision: str, arn: str = STREAM) -> Any:
    return client.update_kinesis_streaming_destination(
        TableName="tab",
        StreamArn=arn,
        UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": precision},
    )


def described(client: Any) -> Any:
    return client.describe_kinesis_streaming_destination(TableName="tab")["KinesisDataStreamDestinations"]


def put(client: Any, key: str, **attributes: Any) -> None:
    client.put_item(TableName="tab", Item={"pk": {"S": key}, **attributes})


def test_records_have_what_kinesis_records_have(client: Any, world: ddbha.World) -> None:
    put(client, "before")
    enable(client)
    put(client, "a", n={"N": "1"}, blob={"B": b"\x00\xff"})
    put(client, "a", n={"N": "2"})
    put(client, "a", n={"N": "2.0"})
    client.delete_item(TableName="tab", Key={"pk": {"S": "a"}})
    insert, modify, remove = world.kinesis[STREAM]
    assert insert == {
        "awsRegion": "us-east-1",
        "eventID": insert["eventID"],
        "eventName": "INSERT",
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": "tab",
        "dynamodb": {
            # Milliseconds since the epoch.
            "ApproximateCreationDateTime": 1767225600123,
            "Keys": {"pk": {"S": "a"}},
            "NewImage": {"pk": {"S": "a"}, "n": {"N": "1"}, "blob": {"B": "QVA4PQ=="}},
            # pk + a, and pk + a + n + 1 (two bytes) + blob + two bytes.
            "SizeBytes": 3 + 3 + 3 + 6,
        },
        "eventSource": "aws:dynamodb",
    }
    assert modify["eventName"] == "MODIFY"
    assert modify["dynamodb"]["OldImage"]["n"] == {"N": "1"}
    assert modify["dynamodb"]["NewImage"]["n"] == {"N": "2"}
    assert remove["eventName"] == "REMOVE"
    assert "NewImage" not in remove["dynamodb"]
    assert len({record["eventID"] for record in world.kinesis[STREAM]}) == 3
    json.dumps(world.kinesis[STREAM])


def test_precision_holds_for_later_records(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "a")
    assert update(client, "MICROSECOND")["DestinationStatus"] == "UPDATING"
    put(client, "b")
    times = [record["dynamodb"]["ApproximateCreationDateTime"] for record in world.kinesis[STREAM]]
    assert sorted(times) == [1767225600123, 1767225600123456]
    assert described(client) == [
        {
            "StreamArn": STREAM,
            "DestinationStatus": "ACTIVE",
            "ApproximateCreationDateTimePrecision": "MICROSECOND",
        }
    ]


def test_expired_items_are_removed_by_the_service(client: Any, world: ddbha.World) -> None:
    enable(client)
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    put(client, "a", expires={"N": "1767225610"})
    world.clock.advance(minutes=1)
    assert [record["userIdentity"] for record in world.kinesis[STREAM]] == [
        None,
        {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
    ]


def test_nothing_is_lost_by_a_split_or_an_outage(client: Any, world: ddbha.World) -> None:
    enable(client)
    for number in range(20):
        put(client, f"before-{number}")
    for partition in list(world.table("tab").partitions):
        partition.split()
    with world.faults.zone_outage("us-east-1a"):
        for number in range(20):
            put(client, f"after-{number}")
    keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in world.kinesis[STREAM]]
    assert sorted(keys) == sorted(f"{when}-{n}" for when in ("before", "after") for n in range(20))
    assert len({record["eventID"] for record in world.kinesis[STREAM]}) == 40


def test_records_stay_when_the_destination_and_the_table_go(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "a")
    assert disable(client)["DestinationStatus"] == "DISABLING"
    put(client, "b")
    assert described(client) == [{"StreamArn": STREAM, "DestinationStatus": "DISABLED"}]
    enable(client)
    put(client, "c")
    client.delete_table(TableName="tab")
    client.create_table(**TABLE)
    put(client, "d")
    keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in world.kinesis[STREAM]]
    assert keys == ["a", "c"]
    assert described(client) == []
    world.reset()
    assert dict(world.kinesis) == {}


def test_states_take_their_time() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        enable(client)
    client.get_waiter("table_exists").wait(TableName="tab")
    answer = enable(client)
    del answer["ResponseMetadata"]
    assert answer == {
        "TableName": "tab",
        "StreamArn": STREAM,
        "DestinationStatus": "ENABLING",
        "EnableKinesisStreamingConfiguration": {},
    }
    for call, message in (
        (enable, "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE"),
        (disable, "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."),
    ):
        with pytest.raises(ClientError, match=STATE + message):
            call(client)
    not_active = "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. "
    with pytest.raises(ClientError, match=f"{STATE}{not_active}TableName: tab, kdsArn: {STREAM}"):
        update(client, "MICROSECOND")
    world.clock.advance(seconds=10)
    assert described(client)[0]["DestinationStatus"] == "ACTIVE"
    update(client, "MICROSECOND")
    assert described(client)[0]["DestinationStatus"] == "UPDATING"
    world.clock.advance(minutes=5)
    disable(client)
    assert described(client)[0]["DestinationStatus"] == "DISABLING"
    world.clock.advance(seconds=10)
    assert described(client)[0]["DestinationStatus"] == "DISABLED"


def test_one_destination_at_a_time(client: Any) -> None:
    enable(client)
    with pytest.raises(ClientError, match="must be DISABLED or ENABLE_FAILED to perform ENABLE"):
        enable(client, OTHER)
    disable(client)
    enable(client, OTHER)
    assert [d["StreamArn"] for d in described(client)] == [OTHER, STREAM]


@pytest.mark.parametrize(
    ("arn", "description"),
    [
        (
            STREAM.replace("us-east-1", "eu-west-1"),
            "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the "
            "current region",
        ),
        (
            STREAM.replace("123456789012", "210987654321"),
            "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in "
            "Active state",
        ),
        (
            "arn:aws:dynamodb:us-east-1:123456789012:table/tab",
            "User does not have a permission to use kinesis stream",
        ),
    ],
)
def test_arns_that_are_no_stream_fail_later(client: Any, arn: str, description: str) -> None:
    assert enable(client, arn)["DestinationStatus"] == "ENABLING"
    assert described(client) == [
        {
            "StreamArn": arn,
            "DestinationStatus": "ENABLE_FAILED",
            "DestinationStatusDescription": description,
        }
    ]
    enable(client)
    assert described(client)[0] == {"StreamArn": STREAM, "DestinationStatus": "ACTIVE"}


def test_updates_that_are_refused(client: Any) -> None:
    with pytest.raises(ClientError, match=f"{STATE}No streaming destination with streamArn: {STREAM}"):
        update(client, "MICROSECOND")
    enable(
        client,
        EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    )
    with pytest.raises(
        ClientError, match="Invalid Request: Precision is already set to the desired value"
    ):
        update(client, "MICROSECOND")
    with pytest.raises(ClientError, match="cannot be null or contain only null values"):
        client.update_kinesis_streaming_destination(TableName="tab", StreamArn=STREAM)
    with pytest.raises(ClientError, match="Stream cannot be disabled using EnableKinesis"):
        client.disable_kinesis_streaming_destination(
            TableName="tab",
            StreamArn=STREAM,
            EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MILLISECOND"},
        )
