"""Bulk operations: what they write, report, count and refuse, by AWS's documentation.

Statuses, counts and members are those of the service model of botocore 1.44.8; the rules for tables are
of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Considerations.html
"""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from botocore.exceptions import ClientError, ParamValidationError

import ddbha
from ddbha.errors import UsageError
from tests.building import index_on, on_demand
from tests.installed import needs

pytestmark = needs("StartBulkPutItems.InputS3Configuration")

TABLE: dict[str, Any] = {"TableName": "books", **on_demand("id")}
#: An item of 256 KB, which takes as many write request units: four are written in a second at 1024.
LARGE = '{"Item":{"id":{"S":"%02d"},"x":{"S":"' + "x" * (256 * 1024 - 5) + '"}}}\n'
UNKNOWN = "arn:aws:dynamodb:us-east-1:123456789012:table/books/bulk-operation/01767225600000-00000000"


def large(first: int, end: int) -> bytes:
    return "".join(LARGE % number for number in range(first, end)).encode()


@pytest.fixture
def world() -> ddbha.World:
    world = ddbha.World(clock=ddbha.ManualClock())
    world.client("dynamodb", region_name="us-east-1").create_table(**TABLE)
    world.objects["reports"]
    return world


@pytest.fixture
def client(world: ddbha.World) -> Any:
    return world.client("dynamodb", region_name="us-east-1")


def asked(form: str = "DYNAMODB_JSON", **more: Any) -> dict[str, Any]:
    return {
        "TableName": "books",
        "InputS3Configuration": {"S3Bucket": "sources", "S3KeyPrefix": "data/", "InputFormat": form},
        "OutputS3Configuration": {
            "S3Bucket": "reports",
            "S3KeyPrefix": "out/",
            "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"],
        },
        **more,
    }


def described(client: Any, arn: str) -> dict[str, Any]:
    found: dict[str, Any] = client.describe_bulk_operation(BulkOperationArn=arn)
    description: dict[str, Any] = found["BulkOperationDescription"]
    return description


def started(client: Any, *form: str, **more: Any) -> dict[str, Any]:
    answer = client.start_bulk_put_items(**asked(*form, **more))
    description: dict[str, Any] = answer["BulkOperationDescription"]
    return description


def done(client: Any, *form: str, **more: Any) -> dict[str, Any]:
    return described(client, started(client, *form, **more)["BulkOperationArn"])


def counts(description: dict[str, Any]) -> list[Any]:
    members = ("BulkOperationStatus", "ProcessedItemCount", "FailedItemCount")
    return [description[name] for name in members]


def report(world: ddbha.World, description: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    folder = f"out/AWSDynamoDB/{description['BulkOperationArn'].rpartition('/')[2]}"
    bucket = world.objects["reports"]
    files = json.loads(bucket[f"{folder}/manifest.json"])["outputFiles"]
    keys = [file["s3Key"] for file in files if file["outputType"] == kind]
    return [json.loads(line) for key in keys for line in bucket[key].splitlines()]


def refusal(client: Any, operation: str, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def scanned(client: Any) -> dict[str, dict[str, Any]]:
    pages = client.get_paginator("scan").paginate(TableName="books")
    return {item["id"]["S"]: item for page in pages for item in page["Items"]}


PACKED: dict[str, Any] = {"NONE": bytes, "GZIP": gzip.compress, "ZSTD": zstandard.compress}
ION = b'$ion_1_0 {Item:{id:"1",n:7.,tags:$dynamodb_SS::["a"]}}\n{Item:{id:"2",n:8,b:{{AP8=}}}}\n'
JSON = (
    b'{"Item":{"id":{"S":"1"},"n":{"N":"7"},"tags":{"SS":["a"]}}}\n'
    b'{"Item":{"id":{"S":"2"},"n":{"N":"8"},"b":{"B":"AP8="}}}\n'
)


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize(("form", "data"), [("DYNAMODB_JSON", JSON), ("ION", ION)])
def test_items_are_put_over_what_is_there(
    world: ddbha.World, client: Any, form: str, data: bytes, kind: str
) -> None:
    client.put_item(TableName="books", Item={"id": {"S": "1"}, "gone": {"BOOL": True}})
    client.put_item(TableName="books", Item={"id": {"S": "3"}})
    packed = PACKED[kind](data)
    world.objects["sources"]["data/1"] = packed
    world.objects["sources"]["other"] = b"not looked at"
    request = asked(form)
    request["InputS3Configuration"]["InputCompressionType"] = kind
    first = client.start_bulk_put_items(**request)["BulkOperationDescription"]
    assert first["BulkOperationStatus"] == "IN_PROGRESS"
    assert "EndTime" not in first
    assert "TotalInputBytes" not in first

    description = described(client, first["BulkOperationArn"])
    assert counts(description) == ["COMPLETED", 2, 0]
    assert description["TotalInputBytes"] == description["ProcessedInputBytes"] == len(packed)
    table = client.describe_table(TableName="books")["Table"]
    assert description["TableDetails"] == [{"TableName": "books", "TableId": table["TableId"]}]
    assert description["InputS3Configuration"] == request["InputS3Configuration"]
    assert description["OutputS3Configuration"] == request["OutputS3Configuration"]
    assert description["PerformanceTier"] == "STANDARD"
    assert "FailureCode" not in description
    assert scanned(client) == {
        "1": {"id": {"S": "1"}, "n": {"N": "7"}, "tags": {"SS": ["a"]}},
        "2": {"id": {"S": "2"}, "n": {"N": "8"}, "b": {"B": b"\x00\xff"}},
        "3": {"id": {"S": "3"}},
    }
    assert report(world, description, "ERROR") == []
    world.verify()


def test_what_follows_writes_follows_these(world: ddbha.World) -> None:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    streams: Any = world.client("dynamodbstreams", region_name="us-east-1")
    client.create_table(
        TableName="people",
        **on_demand("id", more=["city"]),
        GlobalSecondaryIndexes=[index_on("by-city", "city", projection="KEYS_ONLY")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.update_continuous_backups(
        TableName="people", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    client.put_item(TableName="people", Item={"id": {"S": "1"}, "city": {"S": "Oslo"}})
    world.clock.advance(seconds=10)
    world.objects["sources"]["data/1"] = b'{"Item":{"id":{"S":"1"},"city":{"S":"Rome"}}}\n'
    description = done(client, TableName="people")
    # The bytes of the item, and of its entry, which has the same attributes here: 2 + 1 + 4 + 4.
    assert description["BulkOperationUsage"] == [
        {
            "TableName": "people",
            "BulkPutBytes": 22,
            "Table": {"BulkPutBytes": 11},
            "GlobalSecondaryIndexes": {"by-city": {"BulkPutBytes": 11}},
        }
    ]

    found = client.query(
        TableName="people",
        IndexName="by-city",
        KeyConditionExpression="city = :c",
        ExpressionAttributeValues={":c": {"S": "Rome"}},
    )
    assert found["Count"] == 1
    arn = client.describe_table(TableName="people")["Table"]["LatestStreamArn"]
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records += streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY"]
    assert records[1]["dynamodb"]["OldImage"]["city"] == {"S": "Oslo"}

    world.clock.advance(seconds=10)
    client.restore_table_to_point_in_time(
        SourceTableName="people",
        TargetTableName="before",
        RestoreDateTime=world.clock.now() - timedelta(seconds=15),
    )
    restored = client.get_item(TableName="before", Key={"id": {"S": "1"}})["Item"]
    assert restored["city"] == {"S": "Oslo"}
    # Bulk operations are metered in bytes, not in the units of the table.
    units = world.metrics.query("ConsumedWriteCapacityUnits", TableName="people")
    assert [value for _, value in units] == [1.0]
    world.verify()


@pytest.mark.parametrize("form", ["DYNAMODB_JSON", "ION"])
def test_conditions_of_single_items(world: ddbha.World, client: Any, form: str) -> None:
    for number in ("1", "2"):
        client.put_item(TableName="books", Item={"id": {"S": number}, "n": {"N": number}})
    lines = [
        # As a PutItem has them; AWS's page on formats has conditions of single items, too.
        {
            "Item": {"id": {"S": "1"}, "n": {"N": "5"}},
            "ConditionExpression": "#n < :n",
            "ExpressionAttributeNames": {"#n": "n"},
            "ExpressionAttributeValues": {":n": {"N": "2"}},
        },
        {
            "Item": {"id": {"S": "2"}, "n": {"N": "5"}},
            "ConditionExpression": "attribute_not_exists(id)",
        },
        {"Item": {"id": {"S": "3"}}, "ConditionExpression": "attribute_exists(id)"},
        {"Item": {"id": {"S": "4"}}, "ConditionExpression": "attribute_not_exists(id)"},
    ]
    data = "".join(json.dumps(line) + "\n" for line in lines)
    if form == "ION":
        data = """
            {Item:{id:"1",n:5},ConditionExpression:"#n < :n",
             ExpressionAttributeNames:{'#n':"n"},ExpressionAttributeValues:{':n':2}}
            {Item:{id:"2",n:5},ConditionExpression:"attribute_not_exists(id)"}
            {Item:{id:"3"},ConditionExpression:"attribute_exists(id)"}
            {Item:{id:"4"},ConditionExpression:"attribute_not_exists(id)"}
        """
    world.objects["sources"]["data/1"] = data.encode()
    description = done(client, form)

    # "Condition-check failures do not cause the operation to complete with errors."
    assert counts(description) == ["COMPLETED", 4, 0]
    found = scanned(client)
    assert (found["1"]["n"], found["2"]["n"], sorted(found)) == ({"N": "5"}, {"N": "2"}, ["1", "2", "4"])
    # "Reports the attempted item and, when present, the existing item."
    assert report(world, description, "CONDITION_CHECK_FAILURE") == [
        {
            "InputKey": "data/1",
            "RecordNumber": 2,
            "Item": {"id": {"S": "2"}, "n": {"N": "5"}},
            "ExistingItem": {"id": {"S": "2"}, "n": {"N": "2"}},
        },
        {"InputKey": "data/1", "RecordNumber": 3, "Item": {"id": {"S": "3"}}},
    ]
    world.verify()


BAD: list[tuple[bytes, str, str]] = [
    (b"no json", "MalformedInput", "a line is no JSON"),
    (b'{"id":{"S":"2"}}', "MalformedInput", "a line has no Item"),
    (b'{"Item":{"id":{"S":"2"}},"Expected":{}}', "MalformedInput", "a record has no member Expected"),
    (
        b'{"Item":{"n":{"N":"1"}}}',
        "ValidationException",
        "One or more parameter values were invalid: Missing the key id in the item",
    ),
    (
        b'{"Item":{"id":{"N":"1"}}}',
        "ValidationException",
        "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N",
    ),
    (
        b'{"Item":{"id":{"S":"2"},"x":{"S":"' + b"x" * 400 * 1024 + b'"}}}',
        "ValidationException",
        "Item size has exceeded the maximum allowed size",
    ),
    (
        b'{"Item":{"id":{"S":"2"}},"ConditionExpression":"a ="}',
        "ValidationException",
        'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="',
    ),
    (
        b'{"Item":{"id":{"S":"2"}},"ConditionExpression":"a = :v"}',
        "ValidationException",
        "Invalid ConditionExpression: An expression attribute value used in expression is not defined; "
        "attribute value: :v",
    ),
    (b'{"Item":{"id":{"S":5}}}', "SerializationException", "NUMBER_VALUE cannot be converted to String"),
    (b'{"Item":{"id":{"S":"2"}},"ConditionExpression":5}', "SerializationException", "NUMBER_VALUE"),
    (b'{"Item":{"id":{"S":"2"},"x":{"B":"?"}}}', "SerializationException", "Base64"),
    (b'{"Item":{"id":{"S":"2"},"x":{"NULL":false}}}', "ValidationException", "Null attribute value"),
]


def test_bad_records_are_counted_and_reported(world: ddbha.World, client: Any) -> None:
    good = b'{"Item":{"id":{"S":"1"}}}'
    lines = [line for line, _, _ in BAD]
    world.objects["sources"]["data/1"] = b"\n".join([*lines[:4], good, *lines[4:]])
    world.objects["sources"]["data/2"] = b"[" * 100_000
    description = done(client)
    assert counts(description) == ["COMPLETED_WITH_ERRORS", len(BAD) + 2, len(BAD) + 1]
    assert list(scanned(client)) == ["1"]
    entries = report(world, description, "ERROR")
    assert [entry.get("RecordNumber") for entry in entries] == [1, 2, 3, 4, *range(6, len(BAD) + 2), 1]
    for entry, (line, code, message) in zip(entries, BAD, strict=False):
        assert (entry["ErrorCode"], message in entry["ErrorMessage"]) == (code, True), entry
        assert entry["InputKey"] == "data/1"
        if code == "ValidationException":
            assert entry["Item"] == json.loads(line)["Item"]


def test_items_of_any_depth(world: ddbha.World, client: Any) -> None:
    depths = range(30, 1000, 9)
    lines = [
        '{"Item":{"id":{"S":"1"},"x":' + '{"L":[' * n + '{"S":"y"}' + "]}" * n + "}}" for n in depths
    ]
    world.objects["sources"]["data/1"] = "\n".join(lines).encode()
    description = done(client)
    # Values are nested 32 levels at most, which only the first of them is.
    assert counts(description) == ["COMPLETED_WITH_ERRORS", len(lines), len(depths) - 1]
    assert len(report(world, description, "ERROR")) == len(depths) - 1
    world.verify()


def test_the_rest_of_an_object_that_cannot_be_read_is_skipped(world: ddbha.World, client: Any) -> None:
    bucket = world.objects["sources"]
    bucket["data/1"] = ION + b"{ not ion"
    bucket["data/2"] = b'{Item:{id:"9"}}'
    description = done(client, "ION")
    assert counts(description) == ["COMPLETED_WITH_ERRORS", 4, 1]
    assert sorted(scanned(client)) == ["1", "2", "9"]
    (entry,) = report(world, description, "ERROR")
    assert (entry["InputKey"], entry["ErrorCode"]) == ("data/1", "MalformedInput")
    assert "RecordNumber" not in entry


def test_only_the_output_that_was_asked_for_is_written(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = (
        b'no json\n{"Item":{"id":{"S":"1"}},"ConditionExpression":"attribute_exists(id)"}\n'
    )
    request = asked()
    request["OutputS3Configuration"]["OutputType"] = ["CONDITION_CHECK_FAILURE"]
    arn = client.start_bulk_put_items(**request)["BulkOperationDescription"]["BulkOperationArn"]
    description = described(client, arn)
    assert counts(description) == ["COMPLETED_WITH_ERRORS", 2, 1]
    assert report(world, description, "ERROR") == []
    assert len(report(world, description, "CONDITION_CHECK_FAILURE")) == 1


def test_the_speed_that_was_asked_for(world: ddbha.World, client: Any) -> None:
    bucket = world.objects["sources"]
    bucket["data/1"], bucket["data/2"] = large(0, 6), large(6, 11)
    arn = started(client, MaxWriteRequestUnits=1024)["BulkOperationArn"]

    description = described(client, arn)
    assert counts(description) == ["IN_PROGRESS", 4, 0]
    assert description["MaxWriteRequestUnits"] == 1024
    assert description["ProcessedInputBytes"] == len(bucket["data/1"])
    assert description["TotalInputBytes"] == len(bucket["data/1"]) + len(bucket["data/2"])
    assert client.scan(TableName="books", Select="COUNT")["Count"] == 4
    world.clock.advance(seconds=1)
    assert counts(described(client, arn)) == ["IN_PROGRESS", 8, 0]
    world.clock.advance(hours=1)
    description = described(client, arn)
    assert counts(description) == ["COMPLETED", 11, 0]
    assert description["EndTime"] - description["StartTime"] == timedelta(seconds=2.75)
    world.verify()


@pytest.mark.parametrize(("tier", "seconds"), [("STANDARD", 60.2816), ("ACCELERATED", 60.0704)])
def test_as_long_as_the_timings_say(tier: str, seconds: float) -> None:
    timings = ddbha.Timings(begin_bulk_operation=60, bulk_write_unit=0.0001)
    world = ddbha.World(clock=ddbha.ManualClock(), timings=timings)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    world.objects["reports"]
    world.objects["sources"]["data/1"] = large(0, 11)
    arn = started(client, PerformanceTier=tier)["BulkOperationArn"]
    world.clock.advance(seconds=59)
    description = described(client, arn)
    assert counts(description) == ["IN_PROGRESS", 0, 0]
    assert "TotalInputBytes" not in description
    world.clock.advance(seconds=10)
    description = described(client, arn)
    assert counts(description) == ["COMPLETED", 11, 0]
    assert description["PerformanceTier"] == tier
    taken = (description["EndTime"] - description["StartTime"]).total_seconds()
    assert taken == pytest.approx(seconds, abs=0.001)


def test_cancelling(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = large(0, 11)
    arn = started(client, MaxWriteRequestUnits=1024)["BulkOperationArn"]
    answer = client.cancel_bulk_operation(BulkOperationArn=arn)
    assert (answer["BulkOperationArn"], answer["BulkOperationStatus"]) == (arn, "CANCELLING")
    world.clock.advance(hours=1)
    description = described(client, arn)
    assert counts(description) == ["CANCELLED", 4, 0]
    assert description["FailureCode"]
    assert description["FailureMessage"]
    # "Cancellation doesn't remove items that the operation has already written."
    assert client.scan(TableName="books", Select="COUNT")["Count"] == 4
    assert report(world, description, "ERROR") == []
    assert refusal(client, "cancel_bulk_operation", BulkOperationArn=arn)[0] == "ValidationException"
    assert counts(done(client)) == ["COMPLETED", 11, 0]


def test_cancelling_takes_a_while_on_aws() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings="aws")
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    world.objects["reports"]
    world.objects["sources"]["data/1"] = JSON
    world.clock.advance(minutes=1)
    arn = started(client)["BulkOperationArn"]
    for _ in range(2):
        answer = client.cancel_bulk_operation(BulkOperationArn=arn)
        assert answer["BulkOperationStatus"] == "CANCELLING"
    assert "EndTime" not in described(client, arn)
    world.clock.advance(minutes=10)
    assert counts(described(client, arn)) == ["CANCELLED", 0, 0]
    assert scanned(client) == {}


def test_buckets_that_are_not_there(world: ddbha.World, client: Any) -> None:
    description = done(client)
    assert counts(description) == ["FAILED", 0, 0]
    assert description["FailureCode"] == "S3NoSuchBucket"
    world.objects["sources"]["data/1"] = JSON
    request = asked()
    request["OutputS3Configuration"]["S3Bucket"] = "elsewhere"
    arn = client.start_bulk_put_items(**request)["BulkOperationDescription"]["BulkOperationArn"]
    description = described(client, arn)
    assert counts(description) == ["FAILED", 0, 0]
    assert description["FailureCode"] == "S3NoSuchBucket"
    assert scanned(client) == {}


def test_a_bucket_that_goes_away_meanwhile(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = large(0, 6)
    arn = started(client, MaxWriteRequestUnits=1024)["BulkOperationArn"]
    client.list_tables()
    del world.objects["reports"]
    world.clock.advance(seconds=5)
    description = described(client, arn)
    assert counts(description) == ["FAILED", 6, 0]
    assert description["FailureCode"] == "S3NoSuchBucket"


def test_an_object_that_unpacks_to_too_much() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), import_limit=1000)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    world.objects["reports"]
    world.objects["sources"].update({"data/1": gzip.compress(JSON), "data/2": gzip.compress(b" " * 2000)})
    request = asked()
    request["InputS3Configuration"]["InputCompressionType"] = "GZIP"
    arn = client.start_bulk_put_items(**request)["BulkOperationDescription"]["BulkOperationArn"]
    description = described(client, arn)
    # "DynamoDB might write some items before the operation reaches this status."
    assert counts(description) == ["FAILED", 2, 0]
    assert description["FailureCode"] == "ObjectTooLarge"
    assert len(scanned(client)) == 2


def test_a_table_that_is_deleted_meanwhile(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = large(0, 11)
    arn = started(client, MaxWriteRequestUnits=1024)["BulkOperationArn"]
    client.delete_table(TableName="books")
    client.create_table(**TABLE)
    world.clock.advance(seconds=10)
    description = described(client, arn)
    assert (description["BulkOperationStatus"], description["FailureCode"]) == ("FAILED", "TableNotFound")
    assert scanned(client) == {}


def test_without_a_quorum_it_waits(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = large(0, 6)
    arn = started(client, MaxWriteRequestUnits=1024)["BulkOperationArn"]
    client.list_tables()
    with world.faults.zone_outage("us-east-1a"), world.faults.zone_outage("us-east-1b"):
        world.clock.advance(minutes=5)
        assert counts(described(client, arn)) == ["IN_PROGRESS", 4, 0]
    assert counts(described(client, arn)) == ["IN_PROGRESS", 6, 0]
    world.clock.advance(seconds=1)
    assert counts(described(client, arn)) == ["COMPLETED", 6, 0]
    assert len(scanned(client)) == 6
    world.verify()


def test_it_waits_for_a_transaction_and_can_be_cancelled_then(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = JSON
    locked = {"TableName": "books", "Item": {"id": {"S": "2"}, "by": {"S": "a transaction"}}}
    with world.faults.slow_transaction(seconds=30), pytest.raises(ClientError):
        client.transact_write_items(TransactItems=[{"Put": locked}])
    arns = [started(client)["BulkOperationArn"]]
    assert counts(described(client, arns[0])) == ["IN_PROGRESS", 1, 0]
    world.clock.advance(seconds=10)
    client.cancel_bulk_operation(BulkOperationArn=arns[0])
    assert counts(described(client, arns[0])) == ["CANCELLED", 1, 0]

    arns.append(started(client)["BulkOperationArn"])
    world.clock.advance(seconds=10)
    assert counts(described(client, arns[1])) == ["IN_PROGRESS", 1, 0]
    world.clock.advance(seconds=10)
    assert counts(described(client, arns[1])) == ["COMPLETED", 2, 0]
    assert counts(described(client, arns[0])) == ["CANCELLED", 1, 0]
    assert "n" in scanned(client)["2"]
    world.verify()


def test_tokens(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = JSON
    first = done(client, ClientToken="token")
    assert first["ClientToken"] == "token"
    client.delete_item(TableName="books", Key={"id": {"S": "1"}})
    # "During the 8 hours after the initial request, repeated requests that use the same token and
    # parameters return the same bulk operation."
    world.clock.advance(hours=7, minutes=59)
    assert done(client, ClientToken="token") == first
    assert "1" not in scanned(client)
    code, _ = refusal(client, "start_bulk_put_items", **asked("ION", ClientToken="token"))
    assert code == "IdempotentParameterMismatchException"
    world.clock.advance(minutes=1)
    assert done(client, ClientToken="token")["BulkOperationArn"] != first["BulkOperationArn"]
    assert "1" in scanned(client)


def test_lists(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = JSON
    client.create_table(**{**TABLE, "TableName": "articles"})
    arns = []
    for number in range(12):
        name = "books" if number % 2 else "articles"
        arns.append(done(client, TableName=name)["BulkOperationArn"])
        world.clock.advance(seconds=1)
    page = client.list_bulk_operations()
    # "If you don't specify a value, DynamoDB uses 10." "The most recent operations first."
    assert [s["BulkOperationArn"] for s in page["BulkOperationsSummaryList"]] == arns[:1:-1]
    summary = page["BulkOperationsSummaryList"][0]
    assert set(summary) == {"BulkOperationArn", "BulkOperationStatus", "StartTime", "EndTime"}
    pages = client.get_paginator("list_bulk_operations").paginate(PaginationConfig={"PageSize": 5})
    found = [s["BulkOperationArn"] for page in pages for s in page["BulkOperationsSummaryList"]]
    assert found == arns[::-1]

    token = page["NextToken"]
    forged = ("0" if token[0] != "0" else "1") + token[1:]
    for wrong in (forged, "0" * 112, client.list_bulk_operations(MaxResults=2)["NextToken"][16:]):
        code, message = refusal(client, "list_bulk_operations", NextToken=wrong)
        assert (code, message) == ("ValidationException", "Invalid NextToken")
    other: Any = world.client("dynamodb", region_name="eu-west-1")
    assert other.list_bulk_operations()["BulkOperationsSummaryList"] == []
    world.clock.advance(days=91)
    assert client.list_bulk_operations()["BulkOperationsSummaryList"] == []
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        described(client, arns[0])


def test_what_is_not_known(client: Any) -> None:
    for operation in ("describe_bulk_operation", "cancel_bulk_operation"):
        code, message = refusal(client, operation, BulkOperationArn=UNKNOWN)
        assert code == "ResourceNotFoundException"
        assert UNKNOWN in message
    code, _ = refusal(client, "start_bulk_put_items", **asked(TableName="none"))
    assert code == "ResourceNotFoundException"


def test_tables_that_are_not_ready() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings="aws")
    client: Any = world.client("dynamodb", region_name="us-east-1")
    world.objects["reports"], world.objects["sources"]
    client.create_table(**TABLE)
    code, message = refusal(client, "start_bulk_put_items", **asked())
    assert code == "ResourceInUseException"
    assert message == "Attempt to change a resource which is still in use: Table is being created: books"
    world.clock.advance(minutes=1)
    client.update_table(
        TableName="books",
        AttributeDefinitions=[{"AttributeName": "n", "AttributeType": "N"}],
        GlobalSecondaryIndexUpdates=[{"Create": index_on("by-n", "n:N")}],
    )
    # "You cannot start an operation while the table is creating a secondary index."
    assert refusal(client, "start_bulk_put_items", **asked())[0] == "ResourceInUseException"
    world.clock.advance(hours=1)
    client.update_table(
        TableName="books", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    )
    # UPDATING "for a change that does not conflict with bulk writes" is no obstacle.
    assert client.describe_table(TableName="books")["Table"]["TableStatus"] == "UPDATING"
    assert started(client)["BulkOperationStatus"] == "IN_PROGRESS"
    code, _ = refusal(client, "start_bulk_put_items", **asked())
    assert code == "LimitExceededException"


def test_global_tables_have_none(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = large(0, 6)
    replicate = {"TableName": "books", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}
    # "You cannot add a replica to a table that has a bulk put items operation in progress."
    started(client, MaxWriteRequestUnits=1024)
    assert refusal(client, "update_table", **replicate)[0] == "ResourceInUseException"
    world.clock.advance(seconds=10)
    client.update_table(**replicate)
    # "You cannot start a bulk put items operation on a table that is part of a global table."
    code, message = refusal(client, "start_bulk_put_items", **asked())
    assert code == "ValidationException"
    assert "global table" in message


def test_what_the_documentation_asks_beyond_the_model(client: Any) -> None:
    def refused(**output: Any) -> str:
        request = asked()
        request["OutputS3Configuration"] = output
        code, message = refusal(client, "start_bulk_put_items", **request)
        assert code == "ValidationException"
        return message

    # "The S3Bucket and OutputType fields are required." "Include one or both values."
    assert "S3Bucket" in refused(OutputType=["ERROR"])
    assert "OutputType" in refused(S3Bucket="reports", OutputType=[])
    # "Don't specify it when the algorithm is AES256."
    key = {"S3SseKmsKeyId": "key", "S3SseAlgorithm": "AES256"}
    assert "KMS Key Id" in refused(S3Bucket="reports", OutputType=["ERROR"], **key)
    with pytest.raises(ParamValidationError):
        client.start_bulk_put_items(**asked(MaxWriteRequestUnits=1023))
    # The report of the service model comes before all else.
    request = asked(MaxWriteRequestUnits=1024, PerformanceTier="FAST", TableName="none")
    code, message = refusal(client, "start_bulk_put_items", **request)
    assert code == "ValidationException"
    assert (
        "at 'performanceTier' failed to satisfy constraint: Member must satisfy enum value set" in message
    )


def test_policies(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = JSON
    arn = client.describe_table(TableName="books")["Table"]["TableArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "dynamodb:StartBulkPutItems",
            "Resource": arn,
        },
    }
    client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    code, message = refusal(client, "start_bulk_put_items", **asked())
    assert code == "AccessDeniedException"
    assert "dynamodb:StartBulkPutItems" in message
    client.delete_resource_policy(ResourceArn=arn)
    other: Any = world.client("dynamodb", region_name="us-east-1", account_id="210987654321")
    code, _ = refusal(other, "start_bulk_put_items", **asked(TableName=arn))
    assert code == "AccessDeniedException"
    assert counts(done(client, TableName=arn)) == ["COMPLETED", 2, 0]


def test_an_item_collection_that_would_be_too_large() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), item_collection_limit=100)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="books",
        **on_demand("id", "n:N", more=["m:N"]),
        LocalSecondaryIndexes=[index_on("by-m", "id", "m:N")],
    )
    world.objects["reports"]
    lines = [
        b'{"Item":{"id":{"S":"1"},"n":{"N":"%d"},"x":{"S":"xxxxxxxxxxxxxxxxxxxx"}}}\n' % n
        for n in range(9)
    ]
    world.objects["sources"]["data/1"] = b"".join(lines)
    description = done(client)
    status, processed, failed = counts(description)
    assert (status, processed) == ("COMPLETED_WITH_ERRORS", 9)
    assert client.scan(TableName="books")["Count"] == 9 - failed > 0
    codes = {entry["ErrorCode"] for entry in report(world, description, "ERROR")}
    assert codes == {"ItemCollectionSizeLimitExceededException"}


def test_a_world_is_not_saved_meanwhile(world: ddbha.World, client: Any, tmp_path: Any) -> None:
    world.objects["sources"]["data/1"] = large(0, 6)
    started(client, MaxWriteRequestUnits=1024)
    with pytest.raises(UsageError, match=r"bulk-operation.*is in progress"):
        world.save(tmp_path / "world.ddbha")
    world.clock.advance(seconds=10)
    world.save(tmp_path / "world.ddbha")
    loaded = ddbha.World.load(tmp_path / "world.ddbha")
    assert len(scanned(loaded.client("dynamodb", region_name="us-east-1"))) == 6
