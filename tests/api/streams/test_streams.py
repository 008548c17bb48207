"""DynamoDB Streams.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from tests.building import keys, of_units
from tests.installed import needs

TABLE: dict[str, Any] = {"TableName": "tab", **of_units(500, 500, "pk")}
VIEW = "NEW_AND_OLD_IMAGES"


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00.750Z"))


@pytest.fixture
def client(world: ddbha.World) -> Any:
    return table(world, VIEW)


@pytest.fixture
def streams(world: ddbha.World, client: Any) -> Any:
    return world.client("dynamodbstreams", region_name="us-east-1")


def table(world: ddbha.World, view: str, **changes: Any) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    specification = {"StreamEnabled": True, "StreamViewType": view}
    client.create_table(**{**TABLE, "StreamSpecification": specification, **changes})
    return client


def put(client: Any, key: str, **attributes: Any) -> None:
    client.put_item(TableName="tab", Item={"pk": {"S": key}, **attributes})


def delete(client: Any, key: str) -> None:
    client.delete_item(TableName="tab", Key={"pk": {"S": key}})


def latest(client: Any) -> str:
    return str(client.describe_table(TableName="tab")["Table"]["LatestStreamArn"])


def described(streams: Any, arn: str | None = None, **more: Any) -> Any:
    arn = arn or streams.list_streams(TableName="tab")["Streams"][-1]["StreamArn"]
    return streams.describe_stream(StreamArn=arn, **more)["StreamDescription"]


def iterator(
    streams: Any, shard: str, kind: str = "TRIM_HORIZON", arn: str | None = None, **more: Any
) -> Any:
    arn = arn or described(streams)["StreamArn"]
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)[
        "ShardIterator"
    ]


def records_of(
    streams: Any, shard: str, kind: str = "TRIM_HORIZON", arn: str | None = None, **more: Any
) -> Any:
    """The records of a shard, page after page."""
    found: list[Any] = []
    place = iterator(streams, shard, kind, arn, **more)
    while place is not None:
        page = streams.get_records(ShardIterator=place)
        found += page["Records"]
        place = page.get("NextShardIterator") if page["Records"] else None
    return found


def records(streams: Any, arn: str | None = None) -> Any:
    return [
        record
        for shard in described(streams, arn)["Shards"]
        for record in records_of(streams, shard["ShardId"], arn=arn)
    ]


def error_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


@pytest.mark.parametrize(
    ("view", "sizes"),
    [("KEYS_ONLY", 5), ("NEW_IMAGE", 26), ("OLD_IMAGE", 5), (VIEW, 26)],
)
def test_view_types(world: ddbha.World, view: str, sizes: int) -> None:
    client = table(world, view, **NUMBERED)
    streams = world.client("dynamodbstreams", region_name="us-east-1")
    key, first = {"Id": {"N": "101"}}, {"Message": {"S": "New item!"}}
    second = {"Message": {"S": "This item has changed"}}
    client.put_item(TableName="tab", Item={**key, **first})
    client.put_item(TableName="tab", Item={**key, **second})
    client.delete_item(TableName="tab", Key=key)
    found = records(streams)
    assert [record["eventName"] for record in found] == ["INSERT", "MODIFY", "REMOVE"]
    assert found[0]["dynamodb"]["SizeBytes"] == sizes
    images = [(None, {**key, **first}), ({**key, **first}, {**key, **second}), ({**key, **second}, None)]
    for record, (old, new) in zip(found, images, strict=True):
        details = record["dynamodb"]
        assert details["Keys"] == key
        assert details["StreamViewType"] == view
        assert details.get("OldImage") == (old if view in ("OLD_IMAGE", VIEW) else None)
        assert details.get("NewImage") == (new if view in ("NEW_IMAGE", VIEW) else None)


NUMBERED: dict[str, Any] = {**keys("Id:N")}


def test_sizes_of_the_documented_sample_event(world: ddbha.World) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    client = table(world, VIEW, **NUMBERED)
    for message in ("New item!", "This item has changed"):
        client.put_item(TableName="tab", Item={"Id": {"N": "101"}, "Message": {"S": message}})
    client.delete_item(TableName="tab", Key={"Id": {"N": "101"}})
    streams = world.client("dynamodbstreams", region_name="us-east-1")
    assert [record["dynamodb"]["SizeBytes"] for record in records(streams)] == [26, 59, 38]


def test_a_record(client: Any, streams: Any) -> None:
    put(client, "a")
    (record,) = records(streams)
    assert len(record["eventID"]) == 32
    assert int(record["eventID"], 16) >= 0
    assert (record["eventVersion"], record["eventSource"]) == ("1.1", "aws:dynamodb")
    assert record["awsRegion"] == "us-east-1"
    assert "userIdentity" not in record
    details = record["dynamodb"]
    assert details["ApproximateCreationDateTime"].timestamp() == 1767225600
    assert details["SequenceNumber"].isdecimal()
    assert 21 <= len(details["SequenceNumber"]) <= 40


def test_what_changes_nothing_leaves_no_record(client: Any, streams: Any) -> None:
    put(client, "a", n={"N": "1"}, m={"M": {"x": {"N": "10"}, "y": {"S": "s"}}}, s={"SS": ["p", "q"]})
    put(client, "a", s={"SS": ["q", "p"]}, m={"M": {"y": {"S": "s"}, "x": {"N": "1e1"}}}, n={"N": "1.0"})
    client.update_item(
        TableName="tab",
        Key={"pk": {"S": "a"}},
        UpdateExpression="SET n = :one REMOVE nothing",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    delete(client, "none")
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(
            TableName="tab", Item={"pk": {"S": "a"}}, ConditionExpression="attribute_not_exists(pk)"
        )
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "tab", "Item": {"pk": {"S": "b"}}}},
                {
                    "ConditionCheck": {
                        "TableName": "tab",
                        "Key": {"pk": {"S": "c"}},
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )
    assert [record["eventName"] for record in records(streams)] == ["INSERT"]


def test_batches_and_transactions_have_one_record_for_each_item(client: Any, streams: Any) -> None:
    put(client, "old")
    client.batch_write_item(
        RequestItems={
            "tab": [
                {"PutRequest": {"Item": {"pk": {"S": "a"}}}},
                {"DeleteRequest": {"Key": {"pk": {"S": "old"}}}},
                {"DeleteRequest": {"Key": {"pk": {"S": "none"}}}},
            ]
        }
    )
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "tab", "Item": {"pk": {"S": "b"}}}},
            {"Delete": {"TableName": "tab", "Key": {"pk": {"S": "a"}}}},
        ]
    )
    found = [(r["eventName"], r["dynamodb"]["Keys"]["pk"]["S"]) for r in records(streams)]
    assert found[0] == ("INSERT", "old")
    assert sorted(found[1:3]) == [("INSERT", "a"), ("REMOVE", "old")]
    assert sorted(found[3:]) == [("INSERT", "b"), ("REMOVE", "a")]


def test_iterator_types(client: Any, streams: Any) -> None:
    for key in "abc":
        put(client, key)
    (shard,) = [shard["ShardId"] for shard in described(streams)["Shards"]]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records(streams)]
    assert numbers == sorted(set(numbers), key=int)

    def keys(kind: str, **more: Any) -> str:
        found = records_of(streams, shard, kind, **more)
        return "".join(record["dynamodb"]["Keys"]["pk"]["S"] for record in found)

    assert keys("TRIM_HORIZON") == "abc"
    assert keys("AT_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == "bc"
    assert keys("AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == "c"
    place = iterator(streams, shard, "LATEST")
    put(client, "d")
    page = streams.get_records(ShardIterator=place)
    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in page["Records"]] == ["d"]
    # An iterator may be used again, and an open shard always has a next one.
    assert streams.get_records(ShardIterator=place)["Records"] == page["Records"]
    assert not streams.get_records(ShardIterator=page["NextShardIterator"])["Records"]
    for kind, more in (("LATEST", {"SequenceNumber": numbers[0]}), ("AT_SEQUENCE_NUMBER", {})):
        with pytest.raises(ClientError, match="ValidationException"):
            iterator(streams, shard, kind, **more)


@needs("GetShardIterator.Timestamp", "dynamodbstreams")
def test_an_iterator_for_a_time(client: Any, streams: Any, world: ddbha.World) -> None:
    """As the member Timestamp of GetShardIterator is described."""
    start = world.clock.now()
    for key in "abc":
        put(client, key)
        world.clock.advance(seconds=10)
    (shard,) = [shard["ShardId"] for shard in described(streams)["Shards"]]

    def keys(seconds: float) -> str:
        moment = start + timedelta(seconds=seconds)
        found = records_of(streams, shard, "AT_TIMESTAMP", Timestamp=moment)
        return "".join(record["dynamodb"]["Keys"]["pk"]["S"] for record in found)

    assert [keys(seconds) for seconds in (-3600, 0, 0.5, 10, 20.5)] == ["abc", "abc", "bc", "bc", ""]
    later = start + timedelta(seconds=31)
    wrong: list[tuple[str, Any]] = [
        ("AT_TIMESTAMP", {"Timestamp": later}),
        ("AT_TIMESTAMP", {}),
        ("LATEST", {"Timestamp": start}),
    ]
    for kind, more in wrong:
        with pytest.raises(ClientError, match="Timestamp"):
            iterator(streams, shard, kind, **more)


def test_iterators_live_15_minutes(client: Any, streams: Any, world: ddbha.World) -> None:
    (shard,) = described(streams)["Shards"]
    place = iterator(streams, shard["ShardId"])
    world.clock.advance(minutes=15)
    streams.get_records(ShardIterator=place)
    world.clock.advance(seconds=1)
    with pytest.raises(ClientError) as error:
        streams.get_records(ShardIterator=place)
    assert error_of(error) == (
        "ExpiredIteratorException",
        "The provided iterator exceeds the maximum age allowed.",
    )


def test_a_page_has_1000_records_or_1_mb(client: Any, streams: Any) -> None:
    for number in range(1001):
        put(client, str(number))
    (shard,) = described(streams)["Shards"]
    page = streams.get_records(ShardIterator=iterator(streams, shard["ShardId"]))
    assert len(page["Records"]) == 1000
    assert len(streams.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 1
    place = iterator(streams, shard["ShardId"], "LATEST")
    for number in range(4):
        put(client, f"large {number}", s={"S": "x" * 300_000})
    assert len(streams.get_records(ShardIterator=place)["Records"]) == 3
    with pytest.raises(ClientError, match=r"ValidationException.*'limit'"):
        streams.get_records(ShardIterator=place, Limit=1001)


@needs("DescribeStream.ShardFilter", "dynamodbstreams")
def test_splits_close_a_shard_and_open_two(client: Any, streams: Any, world: ddbha.World) -> None:
    put(client, "a")
    put(client, "b")
    world.table("tab").partitions[0].split()
    put(client, "a", n={"N": "1"})
    parent, *children = described(streams)["Shards"]
    assert [child["ParentShardId"] for child in children] == [parent["ShardId"]] * 2
    assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    assert not any("EndingSequenceNumber" in child["SequenceNumberRange"] for child in children)
    page = streams.get_records(ShardIterator=iterator(streams, parent["ShardId"]))
    assert len(page["Records"]) == 2
    assert "NextShardIterator" not in page
    assert [record["eventName"] for record in records(streams)] == ["INSERT", "INSERT", "MODIFY"]
    only = {"Type": "CHILD_SHARDS", "ShardId": parent["ShardId"]}
    assert described(streams, ShardFilter=only)["Shards"] == children
    with pytest.raises(ClientError, match=r"ValidationException.*shardFilter\.shardId"):
        described(streams, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": "shardId-" + "0" * 29})
    first = described(streams, Limit=1)
    assert first["LastEvaluatedShardId"] == parent["ShardId"]
    rest = described(streams, ExclusiveStartShardId=parent["ShardId"])
    assert (first["Shards"], rest["Shards"]) == ([parent], children)
    assert "LastEvaluatedShardId" not in rest


def test_shards_roll_over_and_records_are_trimmed(client: Any, streams: Any, world: ddbha.World) -> None:
    put(client, "a")
    (first,) = described(streams)["Shards"]
    number = records(streams)[0]["dynamodb"]["SequenceNumber"]
    world.clock.advance(hours=4)
    put(client, "b")
    parent, child = described(streams)["Shards"]
    assert parent["ShardId"] == first["ShardId"] == child["ParentShardId"]
    world.clock.advance(hours=19, minutes=50)
    assert len(records(streams)) == 2
    place = iterator(streams, first["ShardId"])
    world.clock.advance(minutes=14)
    acts: list[Callable[[], Any]] = [
        lambda: streams.get_records(ShardIterator=place),
        lambda: iterator(streams, first["ShardId"], "AT_SEQUENCE_NUMBER", SequenceNumber=number),
    ]
    for act in acts:
        with pytest.raises(ClientError) as error:
            act()
        code, message = error_of(error)
        assert code == "TrimmedDataAccessException"
        assert message.startswith(
            "The operation attempted to read past the oldest stream record in a shard."
        )
    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in records(streams)] == ["b"]
    world.clock.advance(hours=24)
    assert records(streams) == []
    assert first["ShardId"] not in [shard["ShardId"] for shard in described(streams)["Shards"]]


def test_a_disabled_stream_is_readable_for_24_hours(
    client: Any, streams: Any, world: ddbha.World
) -> None:
    put(client, "a")
    arn = latest(client)
    client.update_table(TableName="tab", StreamSpecification={"StreamEnabled": False})
    put(client, "b")
    assert described(streams, arn)["StreamStatus"] == "DISABLED"
    assert len(records(streams, arn)) == 1
    assert "StreamSpecification" not in client.describe_table(TableName="tab")["Table"]
    enable = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    client.update_table(TableName="tab", StreamSpecification=enable)
    put(client, "c")
    assert latest(client) != arn
    assert [record["dynamodb"]["Keys"] for record in records(streams, latest(client))] == [
        {"pk": {"S": "c"}}
    ]
    first = streams.list_streams(TableName="tab", Limit=1)
    assert first["LastEvaluatedStreamArn"] == arn
    rest = streams.list_streams(TableName="tab", ExclusiveStartStreamArn=arn)
    assert [stream["StreamArn"] for stream in rest["Streams"]] == [latest(client)]
    world.clock.advance(hours=24)
    with pytest.raises(ClientError) as error:
        described(streams, arn)
    assert error_of(error) == (
        "ResourceNotFoundException",
        f"Requested resource not found: Stream: {arn} not found",
    )


def test_a_stream_outlives_its_table(client: Any, streams: Any, world: ddbha.World) -> None:
    put(client, "a")
    arn = latest(client)
    client.delete_table(TableName="tab")
    assert described(streams, arn)["StreamStatus"] == "DISABLED"
    assert len(records(streams, arn)) == 1
    world.clock.advance(hours=24)
    assert streams.list_streams()["Streams"] == []


def test_changes_that_are_refused(client: Any) -> None:
    def change(**specification: Any) -> str:
        with pytest.raises(ClientError) as error:
            client.update_table(TableName="tab", StreamSpecification=specification)
        code, message = error_of(error)
        assert code == "ValidationException"
        return message

    invalid = "One or more parameter values were invalid: "
    assert (
        change(StreamEnabled=True, StreamViewType=VIEW)
        == "Table already has an enabled stream: TableName: tab"
    )
    assert change(StreamEnabled=True) == (
        f"{invalid}If stream is being enabled then UpdateViewType is required"
    )
    assert change(StreamEnabled=False, StreamViewType=VIEW) == (
        f"{invalid}If stream is being disabled, then UpdateViewType must not be specified"
    )
    client.update_table(TableName="tab", StreamSpecification={"StreamEnabled": False})
    assert change(StreamEnabled=False) == "Table has no stream to disable: TableName: tab"


def test_what_is_unknown_or_malformed(client: Any, streams: Any) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        iterator(streams, "shardId-" + "0" * 29)
    acts: list[Callable[[], Any]] = [
        lambda: streams.describe_stream(StreamArn="x" * 40),
        lambda: streams.get_records(ShardIterator="nothing"),
        lambda: streams.list_streams(Limit=101),
    ]
    for act in acts:
        with pytest.raises(ClientError, match="ValidationException"):
            act()


def test_expiry_shows_who_did_it(client: Any, streams: Any, world: ddbha.World) -> None:
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    put(client, "a", expires={"N": "1767225700"})
    world.clock.advance(hours=1)
    insert, remove = records(streams)
    assert "userIdentity" not in insert
    assert remove["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from("abcdef"), st.integers(0, 2)),
    st.tuples(st.just("delete"), st.sampled_from("abcdef"), st.just(0)),
    st.tuples(st.sampled_from(["split", "hours", "outage", "heal"]), st.just(""), st.integers(0, 2)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_the_stream_replays_to_the_table(steps: list[tuple[str, str, int]]) -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = table(world, VIEW)
    streams = world.client("dynamodbstreams", region_name="us-east-1")
    items: dict[str, Any] = {}
    changes: dict[str, list[Any]] = {}
    hours = 0
    for kind, key, number in steps:
        if kind == "put":
            item = {"pk": {"S": key}, "n": {"N": str(number)}}
            put(client, key, n={"N": str(number)})
            if items.get(key) != item:
                changes.setdefault(key, []).append((items.get(key), item))
            items[key] = item
        elif kind == "delete":
            delete(client, key)
            if key in items:
                changes.setdefault(key, []).append((items.pop(key), None))
        elif kind == "split":
            partitions = world.table("tab").partitions
            if len(partitions) < 6:
                partitions[number % len(partitions)].split()
        elif kind == "hours" and hours < 20:
            hours += 5
            world.clock.advance(hours=5)
        elif kind == "outage":
            world.faults.end_all()
            world.faults.zone_outage(f"us-east-1{'abc'[number]}")
        elif kind == "heal":
            world.faults.end_all()

    found: dict[str, list[Any]] = {}
    identifiers = set()
    shards = described(streams)["Shards"]
    for record in records(streams):
        details = record["dynamodb"]
        identifiers.add((record["eventID"], details["SequenceNumber"]))
        key = details["Keys"]["pk"]["S"]
        found.setdefault(key, []).append((details.get("OldImage"), details.get("NewImage")))
    assert found == changes
    assert len(identifiers) == sum(map(len, changes.values()))
    for shard in shards:
        numbers = [int(r["dynamodb"]["SequenceNumber"]) for r in records_of(streams, shard["ShardId"])]
        assert all(low < high for low, high in pairwise(numbers))
    scanned = client.scan(TableName="tab", ConsistentRead=True)["Items"]
    assert {item["pk"]["S"]: item for item in scanned} == items


def test_lists_begin_behind_a_stream_that_is_there(client: Any, streams: Any) -> None:
    # ListStreams declares ResourceNotFoundException: a table without streams has an empty list.
    arn = latest(client)
    assert streams.list_streams(ExclusiveStartStreamArn=arn)["Streams"] == []
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*Stream: .* not found"):
        streams.list_streams(ExclusiveStartStreamArn=arn[:-1] + "1")
    with pytest.raises(ClientError, match="ValidationException"):
        streams.list_streams(ExclusiveStartStreamArn="arn:aws:dynamodb:us-east-1:1:table/no-stream-of-it")


@needs("DescribeStream.ShardFilter", "dynamodbstreams")
@pytest.mark.parametrize("incomplete", [{}, {"ShardId": "shardId-" + "0" * 29}])
def test_a_filter_of_shards_has_a_type(client: Any, streams: Any, incomplete: Any) -> None:
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_ShardFilter.html
    with pytest.raises(ClientError, match=r"ValidationException.*shardFilter\.type.*must not be null"):
        described(streams, ShardFilter=incomplete)


@pytest.mark.parametrize("text", ["REMOVE a", "REMOVE a.b[1]", "DELETE a :v"])
def test_updates_that_change_nothing_of_a_missing_item_make_no_record(
    client: Any, streams: Any, text: str
) -> None:
    values = {"ExpressionAttributeValues": {":v": {"SS": ["x"]}}} if ":v" in text else {}
    answer = client.update_item(
        TableName="tab", Key={"pk": {"S": "a"}}, UpdateExpression=text, ReturnValues="ALL_NEW", **values
    )
    assert "Attributes" not in answer
    update = {"TableName": "tab", "Key": {"pk": {"S": "a"}}, "UpdateExpression": text, **values}
    client.transact_write_items(TransactItems=[{"Update": update}])
    assert records(streams) == []
    assert client.scan(TableName="tab")["Items"] == []
