"""DynamoDB Streams through the client: records, shards, iterators and the life of a stream.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
Sizes are those of the walk-through in Streams.LowLevel.Walkthrough.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha

BOTH = "NEW_AND_OLD_IMAGES"


class Place:
    """A table with a stream, and what a reader of the stream does."""

    def __init__(self, view_type: Any = BOTH) -> None:
        self.world = ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00Z"))
        self.client: Any = self.world.client("dynamodb", region_name="us-east-1")
        self.streams: Any = self.world.client("dynamodbstreams", region_name="us-east-1")
        described = self.client.create_table(
            TableName="tab",
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
            # Enough for one partition, which has one shard.
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 900},
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view_type},
        )
        self.arn = described["TableDescription"]["LatestStreamArn"]

    def put(self, number: int, **attributes: Any) -> None:
        self.client.put_item(TableName="tab", Item={"Id": {"N": str(number)}, **attributes})

    def delete(self, number: int) -> None:
        self.client.delete_item(TableName="tab", Key={"Id": {"N": str(number)}})

    def shards(self, **more: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.streams.describe_stream(StreamArn=self.arn, **more)[
            "StreamDescription"
        ]["Shards"]
        return found

    def iterator(self, shard_id: str, kind: str = "TRIM_HORIZON", **more: Any) -> str:
        answer = self.streams.get_shard_iterator(
            StreamArn=self.arn, ShardId=shard_id, ShardIteratorType=kind, **more
        )
        return str(answer["ShardIterator"])

    def read_shard(self, shard_id: str) -> list[dict[str, Any]]:
        """All records of a shard."""
        records: list[dict[str, Any]] = []
        iterator: str | None = self.iterator(shard_id)
        while iterator:
            answer = self.streams.get_records(ShardIterator=iterator)
            records += answer["Records"]
            iterator = answer.get("NextShardIterator") if answer["Records"] else None
        return records

    def read(self) -> list[dict[str, Any]]:
        """All records, parents before children."""
        return [record for shard in self.shards() for record in self.read_shard(shard["ShardId"])]


def test_the_walk_through_of_the_documentation() -> None:
    place = Place()
    place.put(101, Message={"S": "New item!"})
    place.world.clock.advance(seconds=1.7)
    place.client.update_item(
        TableName="tab",
        Key={"Id": {"N": "101"}},
        UpdateExpression="SET Message = :m",
        ExpressionAttributeValues={":m": {"S": "This item has changed"}},
    )
    place.delete(101)
    inserted, modified, removed = place.read()
    assert [r["eventName"] for r in (inserted, modified, removed)] == ["INSERT", "MODIFY", "REMOVE"]
    sizes = [record["dynamodb"]["SizeBytes"] for record in (inserted, modified, removed)]
    assert sizes == [26, 59, 38]
    assert inserted["dynamodb"]["Keys"] == {"Id": {"N": "101"}}
    assert inserted["dynamodb"]["NewImage"]["Message"] == {"S": "New item!"}
    assert "OldImage" not in inserted["dynamodb"]
    assert modified["dynamodb"]["OldImage"] == inserted["dynamodb"]["NewImage"]
    assert removed["dynamodb"]["OldImage"] == modified["dynamodb"]["NewImage"]
    assert "NewImage" not in removed["dynamodb"]
    for record in (inserted, modified, removed):
        assert record["eventVersion"] == "1.1"
        assert record["eventSource"] == "aws:dynamodb"
        assert record["awsRegion"] == "us-east-1"
        assert record["dynamodb"]["StreamViewType"] == BOTH
        assert record["dynamodb"]["ApproximateCreationDateTime"].microsecond == 0
        assert "userIdentity" not in record
    assert len({record["eventID"] for record in (inserted, modified, removed)}) == 3
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in (inserted, modified, removed)]
    assert numbers == sorted(set(numbers))
    assert min(numbers) >= 10**20, "at least 21 digits"


@pytest.mark.parametrize(
    ("view_type", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        (BOTH, {"NewImage", "OldImage"}),
    ],
)
def test_view_types(view_type: str, images: set[str]) -> None:
    place = Place(view_type)
    place.put(1, v={"S": "a"})
    place.put(1, v={"S": "b"})
    _, modified = place.read()
    assert {"NewImage", "OldImage"} & modified["dynamodb"].keys() == images


def test_what_changes_nothing_makes_no_record() -> None:
    place = Place()
    place.put(1, v={"M": {"a": {"N": "1"}, "b": {"N": "2"}}})
    place.put(1, v={"M": {"b": {"N": "2.0"}, "a": {"N": "1"}}})
    place.delete(2)
    with pytest.raises(ClientError, match="conditional request failed"):
        place.client.put_item(
            TableName="tab",
            Item={"Id": {"N": "1"}},
            ConditionExpression="attribute_not_exists(Id)",
        )
    with pytest.raises(ClientError, match="Transaction cancelled"):
        place.client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "tab", "Item": {"Id": {"N": "3"}}}},
                {
                    "ConditionCheck": {
                        "TableName": "tab",
                        "Key": {"Id": {"N": "4"}},
                        "ConditionExpression": "attribute_exists(Id)",
                    }
                },
            ]
        )
    assert [record["eventName"] for record in place.read()] == ["INSERT"]


def test_batches_transactions_and_statements_are_written_like_single_writes() -> None:
    place = Place()
    place.client.batch_write_item(
        RequestItems={"tab": [{"PutRequest": {"Item": {"Id": {"N": str(n)}}}} for n in (1, 2)]}
    )
    place.client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "tab", "Item": {"Id": {"N": "3"}}}},
            {"Delete": {"TableName": "tab", "Key": {"Id": {"N": "1"}}}},
        ]
    )
    place.client.execute_statement(Statement="INSERT INTO tab VALUE {'Id': 5}")
    found = [(r["eventName"], r["dynamodb"]["Keys"]["Id"]["N"]) for r in place.read()]
    assert sorted(found) == [
        ("INSERT", "1"),
        ("INSERT", "2"),
        ("INSERT", "3"),
        ("INSERT", "5"),
        ("REMOVE", "1"),
    ]


def test_iterators_begin_where_they_are_told() -> None:
    place = Place()
    (shard,) = place.shards()
    latest = place.iterator(shard["ShardId"], "LATEST")
    for number in range(5):
        place.put(number)
    records = place.read()
    middle = records[2]["dynamodb"]["SequenceNumber"]

    def ids(iterator: str) -> list[str]:
        answer = place.streams.get_records(ShardIterator=iterator)
        return [record["dynamodb"]["Keys"]["Id"]["N"] for record in answer["Records"]]

    at = place.iterator(shard["ShardId"], "AT_SEQUENCE_NUMBER", SequenceNumber=middle)
    after = place.iterator(shard["ShardId"], "AFTER_SEQUENCE_NUMBER", SequenceNumber=middle)
    assert ids(at) == ["2", "3", "4"]
    assert ids(after) == ["3", "4"]
    assert ids(after) == ["3", "4"], "an iterator may be used again"
    assert ids(latest) == ["0", "1", "2", "3", "4"]
    assert ids(place.iterator(shard["ShardId"], "LATEST")) == []
    page = place.streams.get_records(ShardIterator=place.iterator(shard["ShardId"]), Limit=2)
    assert len(page["Records"]) == 2
    assert ids(page["NextShardIterator"]) == ["2", "3", "4"]
    for kind, more in (("AT_SEQUENCE_NUMBER", {}), ("LATEST", {"SequenceNumber": middle})):
        with pytest.raises(ClientError, match="SequenceNumber"):
            place.iterator(shard["ShardId"], kind, **more)


def test_iterators_expire_after_fifteen_minutes() -> None:
    place = Place()
    (shard,) = place.shards()
    iterator = place.iterator(shard["ShardId"])
    place.world.clock.advance(minutes=15)
    place.streams.get_records(ShardIterator=iterator)
    place.world.clock.advance(seconds=1)
    with pytest.raises(place.streams.exceptions.ExpiredIteratorException, match="maximum age"):
        place.streams.get_records(ShardIterator=iterator)
    with pytest.raises(ClientError, match="Invalid ShardIterator"):
        place.streams.get_records(ShardIterator="nonsense")


def test_a_call_returns_a_thousand_records_or_a_megabyte() -> None:
    place = Place("NEW_IMAGE")
    (shard,) = place.shards()
    for number in range(1001):
        place.put(number)
    answer = place.streams.get_records(ShardIterator=place.iterator(shard["ShardId"]))
    assert len(answer["Records"]) == 1000
    large = Place("NEW_IMAGE")
    (shard,) = large.shards()
    for number in range(4):
        large.put(number, v={"S": "x" * 300_000})
    answer = large.streams.get_records(ShardIterator=large.iterator(shard["ShardId"]))
    assert len(answer["Records"]) == 3
    with pytest.raises(ClientError, match="1000"):
        large.streams.get_records(ShardIterator=large.iterator(shard["ShardId"]), Limit=1001)


def test_a_split_closes_the_shard_and_opens_its_children() -> None:
    place = Place()
    for number in range(10):
        place.put(number)
    (parent,) = place.shards()
    iterator = place.iterator(parent["ShardId"])
    place.world.table("tab").partitions[0].split()
    for number in range(10):
        place.put(number, v={"S": "after"})
    closed, *children = place.shards()
    assert closed["ShardId"] == parent["ShardId"]
    assert "EndingSequenceNumber" in closed["SequenceNumberRange"]
    assert [child["ParentShardId"] for child in children] == [parent["ShardId"]] * 2
    assert all("EndingSequenceNumber" not in child["SequenceNumberRange"] for child in children)
    answer = place.streams.get_records(ShardIterator=iterator)
    assert len(answer["Records"]) == 10
    assert "NextShardIterator" not in answer, "the shard ends here"
    only = {"Type": "CHILD_SHARDS", "ShardId": parent["ShardId"]}
    assert place.shards(ShardFilter=only) == children
    assert [len(place.read_shard(child["ShardId"])) for child in children] != [0, 10]
    assert len(place.read()) == 20
    first = place.streams.describe_stream(StreamArn=place.arn, Limit=1)["StreamDescription"]
    assert len(first["Shards"]) == 1
    rest = place.shards(ExclusiveStartShardId=first["LastEvaluatedShardId"])
    assert rest == children


def test_shards_roll_over_and_records_are_trimmed_after_a_day() -> None:
    place = Place()
    place.put(1)
    (first,) = place.shards()
    iterator = place.iterator(first["ShardId"])
    number = place.read()[0]["dynamodb"]["SequenceNumber"]
    place.world.clock.advance(hours=4)
    place.put(2)
    first_again, second = place.shards()
    assert second["ParentShardId"] == first["ShardId"] == first_again["ShardId"]
    assert len(place.read()) == 2
    place.world.clock.advance(hours=19)
    fresh = place.iterator(first["ShardId"])
    assert len(place.read()) == 2
    assert iterator != fresh
    place.world.clock.advance(hours=1, seconds=1)
    assert [record["dynamodb"]["Keys"]["Id"]["N"] for record in place.read()] == ["2"]
    with pytest.raises(ClientError) as caught:
        place.iterator(first["ShardId"], "AT_SEQUENCE_NUMBER", SequenceNumber=number)
    assert caught.value.response["Error"]["Code"] in (
        "TrimmedDataAccessException",
        "ResourceNotFoundException",
    )


def test_a_disabled_stream_stays_readable_for_a_day() -> None:
    place = Place()
    place.put(1)
    with pytest.raises(ClientError, match="Table already has an enabled stream: TableName: tab"):
        place.client.update_table(
            TableName="tab", StreamSpecification={"StreamEnabled": True, "StreamViewType": BOTH}
        )
    place.client.update_table(TableName="tab", StreamSpecification={"StreamEnabled": False})
    place.put(2)
    table = place.client.describe_table(TableName="tab")["Table"]
    assert "StreamSpecification" not in table
    assert table["LatestStreamArn"] == place.arn
    description = place.streams.describe_stream(StreamArn=place.arn)["StreamDescription"]
    assert description["StreamStatus"] == "DISABLED"
    assert len(place.read()) == 1
    place.world.clock.advance(seconds=1)
    place.client.update_table(
        TableName="tab", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    )
    arn = place.client.describe_table(TableName="tab")["Table"]["LatestStreamArn"]
    assert arn != place.arn
    listed = place.streams.list_streams(TableName="tab", Limit=1)
    assert listed["Streams"][0]["StreamArn"] == place.arn
    more = place.streams.list_streams(
        TableName="tab", ExclusiveStartStreamArn=listed["LastEvaluatedStreamArn"]
    )
    assert [stream["StreamArn"] for stream in more["Streams"]] == [arn]
    place.world.clock.advance(days=1)
    with pytest.raises(ClientError, match=r"Stream: .* not found"):
        place.shards()


def test_a_stream_outlives_its_table_for_a_day() -> None:
    place = Place()
    place.put(1)
    place.client.delete_table(TableName="tab")
    place.client.list_tables()
    assert len(place.read()) == 1
    place.world.clock.advance(hours=25)
    assert place.streams.list_streams()["Streams"] == []


def test_errors_name_what_is_not_there() -> None:
    place = Place()
    unknown = place.arn[:-3] + "999"
    with pytest.raises(ClientError, match=f"Requested resource not found: Stream: {unknown} not found"):
        place.streams.describe_stream(StreamArn=unknown)
    with pytest.raises(ClientError, match="Invalid StreamArn"):
        place.streams.describe_stream(StreamArn="arn:aws:dynamodb:us-east-1:123456789012:table/tabs-x")
    with pytest.raises(place.streams.exceptions.ResourceNotFoundException):
        place.iterator("shardId-00000000000000000000-ffffffff")


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 9), st.integers(0, 3)),
        st.tuples(st.just("delete"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("split"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from((1, 3600, 5 * 3600)), st.just(0)),
        st.tuples(st.just("outage"), st.sampled_from("abc"), st.just(0)),
    ),
    max_size=50,
)


@settings(max_examples=80, deadline=None)
@given(steps)
def test_a_stream_replays_to_its_table_each_change_once_and_in_order(plan: Any) -> None:
    place = Place()
    model: dict[int, int] = {}
    changes: list[tuple[int, int | None]] = []
    waited = 0
    for step, first, second in plan:
        if step == "put":
            place.put(first, v={"N": str(second)})
            if model.get(first) != second:
                changes.append((first, second))
            model[first] = second
        elif step == "delete":
            place.delete(first)
            if model.pop(first, None) is not None:
                changes.append((first, None))
        elif step == "split":
            partitions = place.world.table("tab").partitions
            partitions[first % len(partitions)].split()
        elif step == "outage":
            place.world.faults.end_all()
            place.world.faults.zone_outage(f"us-east-1{first}")
        elif waited + first < 23 * 3600:
            waited += first
            place.world.clock.advance(seconds=first)
    seen = []
    for record in place.read():
        details = record["dynamodb"]
        new = details.get("NewImage")
        seen.append((int(details["Keys"]["Id"]["N"]), None if new is None else int(new["v"]["N"])))
    for number in range(10):
        assert [v for k, v in seen if k == number] == [v for k, v in changes if k == number]
    assert len(seen) == len(changes)
