"""Exports: AWS's layout and messages; what is exported is what the table held."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from datetime import timedelta
from decimal import Decimal
from hashlib import md5
from typing import Any

import boto3
import pytest
from amazon.ion import simpleion
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

import ddbha
from tests.building import on_demand

KEYS: dict[str, Any] = {**on_demand("id")}


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock("2026-03-01T12:00:00Z"))


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="books", **KEYS)
    client.update_continuous_backups(
        TableName="books", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return client


ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/books"


def put(client: Any, key: str, **more: Any) -> None:
    client.put_item(TableName="books", Item={"id": {"S": key}, **more})


def exported(client: Any, **asked: Any) -> dict[str, Any]:
    asked = {"TableArn": ARN, "S3Bucket": "exports", **asked}
    arn = client.export_table_to_point_in_time(**asked)["ExportDescription"]["ExportArn"]
    description: dict[str, Any] = client.describe_export(ExportArn=arn)["ExportDescription"]
    return description


def lines(world: ddbha.World, description: dict[str, Any]) -> list[dict[str, Any]]:
    """What the data files that the manifest names hold."""
    bucket = world.objects["exports"]
    summary = json.loads(bucket[description["ExportManifest"]])
    found = []
    for entry in map(json.loads, bucket[summary["manifestFilesS3Key"]].splitlines()):
        data = gzip.decompress(bucket[entry["dataFileS3Key"]]).splitlines()
        assert len(data) == entry["itemCount"]
        found += [json.loads(line) for line in data]
    return found


def refusal(client: Any, **asked: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        exported(client, **asked)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_full_export_has_the_layout_of_aws(world: ddbha.World, client: Any) -> None:
    bucket = world.objects["exports"]
    put(client, "1", price={"N": "1.50"}, raw={"B": b"\x00\xff"})
    description = exported(client, S3Prefix="2026/march", ClientToken="token")

    export_id = description["ExportArn"].rpartition("/")[2]
    milliseconds, _, suffix = export_id.partition("-")
    assert milliseconds == f"{int(world.clock.time() * 1000):014d}"
    assert len(suffix) == 8
    folder = f"2026/march/AWSDynamoDB/{export_id}"
    data = sorted(key for key in bucket if key.startswith(f"{folder}/data/"))
    assert len(data) == len(world.table("books").partitions)
    assert all(key.endswith(".json.gz") for key in data)
    names = {"manifest-summary.json", "manifest-summary.md5", "manifest-files.json"}
    others = {f"{folder}/{name}" for name in names | {"manifest-files.md5", "_started"}}
    assert bucket.keys() == {*data, *others}
    assert bucket[f"{folder}/_started"] == b""
    for name in ("manifest-summary", "manifest-files"):
        digest = md5(bucket[f"{folder}/{name}.json"]).digest()
        assert bucket[f"{folder}/{name}.md5"] == b64encode(digest)

    table = client.describe_table(TableName="books")["Table"]
    summary = json.loads(bucket[f"{folder}/manifest-summary.json"])
    assert summary == {
        "version": "2020-06-30",
        "exportArn": description["ExportArn"],
        "startTime": "2026-03-01T12:00:00.000Z",
        "endTime": "2026-03-01T12:00:00.000Z",
        "tableArn": ARN,
        "tableId": table["TableId"],
        "exportTime": "2026-03-01T12:00:00.000Z",
        "s3Bucket": "exports",
        "s3Prefix": "2026/march",
        "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"{folder}/manifest-files.json",
        "billedSizeBytes": table["TableSizeBytes"],
        "itemCount": 1,
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    }
    for entry in map(json.loads, bucket[f"{folder}/manifest-files.json"].splitlines()):
        digest = md5(bucket[entry["dataFileS3Key"]]).digest()
        assert entry["md5Checksum"] == b64encode(digest).decode()
        assert entry["etag"] == md5(digest).hexdigest() + "-1"
    assert lines(world, description) == [
        {"Item": {"id": {"S": "1"}, "price": {"N": "1.5"}, "raw": {"B": "AP8="}}}
    ]
    assert description["ExportStatus"] == "COMPLETED"
    assert description["ExportManifest"] == f"{folder}/manifest-summary.json"
    assert (description["ItemCount"], description["ClientToken"]) == (1, "token")
    assert description["BilledSizeBytes"] == table["TableSizeBytes"]


def test_an_export_is_of_its_time(world: ddbha.World, client: Any) -> None:
    world.objects["exports"]
    put(client, "old")
    moment = world.clock.now()
    world.clock.advance(hours=1)
    put(client, "new")
    assert [line["Item"]["id"]["S"] for line in lines(world, exported(client, ExportTime=moment))] == [
        "old"
    ]
    # Also what is written before the files are.
    asked = {"TableArn": ARN, "S3Bucket": "exports"}
    started = client.export_table_to_point_in_time(**asked)["ExportDescription"]
    put(client, "later")
    arn = started["ExportArn"]
    world.clock.advance(seconds=1)
    latest = client.describe_export(ExportArn=arn)["ExportDescription"]
    assert {line["Item"]["id"]["S"] for line in lines(world, latest)} == {"old", "new"}


def test_statuses_follow_the_clock() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    world.objects["exports"]
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="books", **KEYS)
    world.clock.advance(minutes=1)
    client.update_continuous_backups(
        TableName="books", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    description = exported(client)
    assert description["ExportStatus"] == "IN_PROGRESS"
    assert not {"EndTime", "ItemCount", "BilledSizeBytes", "ExportManifest"} & description.keys()
    assert [key.rpartition("/")[2] for key in world.objects["exports"]] == ["_started"]
    world.clock.advance(minutes=5)
    done = client.describe_export(ExportArn=description["ExportArn"])["ExportDescription"]
    assert done["ExportStatus"] == "COMPLETED"
    assert done["EndTime"] - done["StartTime"] == timedelta(seconds=150)


def test_an_incremental_export_tells_what_came_of_each_item(world: ddbha.World, client: Any) -> None:
    bucket = world.objects["exports"]
    for key in ("changed", "deleted", "untouched"):
        put(client, key, n={"N": "0"})
    world.clock.advance(hours=1)
    beginning = world.clock.now()
    put(client, "changed", n={"N": "1"})
    put(client, "passing", n={"N": "1"})
    world.clock.advance(minutes=10)
    put(client, "changed", n={"N": "2"})
    put(client, "new", n={"N": "2"})
    last_write = round(world.clock.time() * 1_000_000)
    for key in ("deleted", "passing"):
        client.delete_item(TableName="books", Key={"id": {"S": key}})
    world.clock.advance(minutes=10)
    end = world.clock.now()
    put(client, "changed", n={"N": "3"})

    period = {"ExportFromTime": beginning, "ExportToTime": end}
    asked = {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": period}
    description = exported(client, S3Prefix="p", **asked)
    metadata = {"Metadata": {"WriteTimestampMicros": str(last_write)}}

    def image(key: str, n: str) -> dict[str, Any]:
        return {"id": {"S": key}, "n": {"N": n}}

    expected = {
        "changed": {"OldImage": image("changed", "0"), "NewImage": image("changed", "2")},
        "deleted": {"OldImage": image("deleted", "0")},
        "new": {"NewImage": image("new", "2")},
    }
    found = lines(world, description)
    assert {line["Keys"]["id"]["S"]: line for line in found} == {
        key: {**metadata, "Keys": {"id": {"S": key}}, **images} for key, images in expected.items()
    }
    assert len(found) == description["ItemCount"] == 3
    summary = json.loads(bucket[description["ExportManifest"]])
    assert summary["version"] == "2023-08-01"
    assert summary["exportType"] == "INCREMENTAL_EXPORT"
    assert summary["outputView"] == "NEW_AND_OLD_IMAGES"
    assert (summary["exportFromTime"], summary["exportToTime"]) == (
        "2026-03-01T13:00:00.000Z",
        "2026-03-01T13:20:00.000Z",
    )
    assert "exportTime" not in summary
    data = [key for key in bucket if key.endswith(".json.gz")]
    assert {key.rpartition("/")[0] for key in data} == {"p/AWSDynamoDB/data"}
    shown = description["IncrementalExportSpecification"]
    assert shown == {**period, "ExportViewType": "NEW_AND_OLD_IMAGES"}

    asked["IncrementalExportSpecification"] = {**period, "ExportViewType": "NEW_IMAGE"}
    found = lines(world, exported(client, **asked))
    assert not any("OldImage" in line for line in found)
    assert len(found) == 3


def test_ion(world: ddbha.World, client: Any) -> None:
    put(
        client,
        "1",
        price={"N": "12.5"},
        raw={"B": b"\x00"},
        names={"SS": ["a"]},
        nothing={"NULL": True},
        inner={"M": {"flag": {"BOOL": True}, "list": {"L": [{"S": 'quoted "'}]}}},
    )
    bucket = world.objects["exports"]
    description = exported(client, ExportFormat="ION")
    texts = [gzip.decompress(data) for key, data in bucket.items() if key.endswith(".ion.gz")]
    (text,) = filter(None, texts)
    assert text.startswith(b"$ion_1_0 {Item:{")
    assert b"$dynamodb_SS::[" in text
    item = simpleion.loads(text)["Item"]
    assert (item["price"], item["raw"], item["names"]) == (Decimal("12.5"), b"\x00", ["a"])
    assert item["inner"] == {"flag": True, "list": ['quoted "']}
    assert json.loads(bucket[description["ExportManifest"]])["outputFormat"] == "ION"


VALUES = st.recursive(
    st.one_of(
        st.text(st.characters(codec="utf-8"), max_size=8).map(lambda text: {"S": text}),
        st.decimals(allow_nan=False, allow_infinity=False, places=9, max_value=10**20).map(
            lambda number: {"N": f"{number:f}"}
        ),
        st.sampled_from(["1E125", "-1E-130", "9." + "9" * 37 + "E100"]).map(lambda text: {"N": text}),
        st.binary(max_size=8).map(lambda data: {"B": data}),
        st.booleans().map(lambda flag: {"BOOL": flag}),
        st.just({"NULL": True}),
        st.sets(st.text(st.characters(codec="utf-8"), max_size=3), min_size=1).map(
            lambda members: {"SS": sorted(members)}
        ),
        st.sets(st.integers(-(10**37), 10**37), min_size=1).map(
            lambda members: {"NS": [str(member) for member in sorted(members)]}
        ),
        st.sets(st.binary(max_size=3), min_size=1).map(lambda members: {"BS": sorted(members)}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda values: {"L": values}),
        st.dictionaries(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=3), inner, max_size=3
        ).map(lambda members: {"M": members}),
    ),
    max_leaves=8,
)


@given(values=st.lists(VALUES, max_size=6), form=st.sampled_from(["DYNAMODB_JSON", "ION"]))
@settings(max_examples=40, deadline=None)
def test_a_full_export_imports_as_the_same_table(values: list[dict[str, Any]], form: str) -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="books", **KEYS)
    client.update_continuous_backups(
        TableName="books", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for number, value in enumerate(values):
        put(client, str(number), value=value)
    world.objects["exports"]
    description = exported(client, ExportFormat=form)
    data = description["ExportManifest"].replace("manifest-summary.json", "data/")
    started = client.import_table(
        S3BucketSource={"S3Bucket": "exports", "S3KeyPrefix": data},
        InputFormat=form,
        InputCompressionType="GZIP",
        TableCreationParameters={"TableName": "copy", **KEYS},
    )["ImportTableDescription"]
    done = client.describe_import(ImportArn=started["ImportArn"])["ImportTableDescription"]
    assert (done["ImportStatus"], done["ImportedItemCount"]) == ("COMPLETED", len(values))

    def held(name: str) -> list[Any]:
        return sorted(client.scan(TableName=name)["Items"], key=lambda item: item["id"]["S"])

    assert held("copy") == held("books")
    world.verify()


def test_tokens(world: ddbha.World, client: Any) -> None:
    world.objects["exports"]
    first = exported(client, ClientToken="token")
    assert exported(client, ClientToken="token") == first
    assert refusal(client, ClientToken="token", S3Prefix="other") == (
        "ExportConflictException",
        "Export conflict: Duplicate request detected with conflicting parameters",
    )
    world.clock.advance(hours=8)
    assert exported(client, ClientToken="token")["ExportArn"] != first["ExportArn"]


def test_refusals(world: ddbha.World, client: Any) -> None:
    now = world.clock.now()
    assert refusal(client, TableArn=ARN + "x") == (
        "TableNotFoundException",
        f"Table not found: {ARN}x",
    )
    assert refusal(client, TableArn="books") == (
        "ValidationException",
        "One or more parameter values were invalid: tableArn is not a valid ARN",
    )
    for moment in (now - timedelta(hours=1), now + timedelta(seconds=1)):
        assert refusal(client, ExportTime=moment) == (
            "InvalidExportTimeException",
            "Export Time is invalid",
        )
    assert refusal(client, S3SseKmsKeyId="key") == (
        "ValidationException",
        "Invalid Request: KMS Key Id is not supported for this encryption type",
    )
    assert refusal(client, IncrementalExportSpecification={"ExportFromTime": now}) == (
        "ValidationException",
        "Invalid Request: When Export Type is Full Export , Incremental Export Specification should not "
        "be provided",
    )
    incremental = {"ExportType": "INCREMENTAL_EXPORT"}
    assert refusal(client, **incremental) == (
        "ValidationException",
        "Invalid Request: Incremental Export Specification expected when export type is set as "
        "Incremental Export",
    )
    assert refusal(client, **incremental, IncrementalExportSpecification={"ExportToTime": now}) == (
        "ValidationException",
        "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification",
    )
    client.create_table(TableName="plain", **KEYS)
    assert refusal(client, TableArn=ARN.replace("books", "plain")) == (
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'plain'",
    )
    with pytest.raises(ClientError) as caught:
        client.describe_export(ExportArn=f"{ARN}/export/01693685827463-2d8752fd")
    assert caught.value.response["Error"]["Code"] == "ExportNotFoundException"
    assert client.list_exports()["ExportSummaries"] == []


def test_periods_that_cannot_be(world: ddbha.World, client: Any) -> None:
    beginning = world.clock.now()
    world.clock.advance(days=3)
    now = world.clock.now()

    def message(start: Any, end: Any) -> str:
        period = {"ExportFromTime": start, "ExportToTime": end}
        asked = {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": period}
        code, text = refusal(client, **asked)
        assert code == "InvalidExportTimeException"
        return text

    hour = timedelta(hours=1)
    assert message(now - hour, now - hour + timedelta(minutes=14)) == (
        "Difference between export period from time and export period to time is less than 15 minutes"
    )
    assert "24 hours" in message(now - 30 * hour, now)
    assert message(beginning - hour, beginning + hour).startswith(
        "Incremental export period from time cannot be less than the table creation time : "
    )
    assert message(now - hour, now + hour).startswith(
        "Incremental export period to time cannot be greater than the current time : "
    )


def test_a_missing_bucket_fails_later(world: ddbha.World, client: Any) -> None:
    description = exported(client, S3Bucket="nobodys")
    assert description["ExportStatus"] == "FAILED"
    assert description["FailureCode"] == "S3NoSuchBucket"
    assert "ExportManifest" not in description


def test_lists(world: ddbha.World, client: Any) -> None:
    world.objects["exports"]
    arns = []
    for _ in range(5):
        world.clock.advance(minutes=1)
        arns.append(exported(client)["ExportArn"])
    pages = [client.list_exports(MaxResults=2)]
    while "NextToken" in pages[-1]:
        pages.append(client.list_exports(MaxResults=2, NextToken=pages[-1]["NextToken"]))
    assert [len(page["ExportSummaries"]) for page in pages] == [2, 2, 1]
    found = [summary["ExportArn"] for page in pages for summary in page["ExportSummaries"]]
    assert found == arns[::-1]
    assert client.list_exports(TableArn=ARN)["ExportSummaries"][0] == {
        "ExportArn": arns[-1],
        "ExportStatus": "COMPLETED",
        "ExportType": "FULL_EXPORT",
    }
    client.delete_table(TableName="books")
    client.list_tables()
    assert client.list_exports(TableArn=ARN)["ExportSummaries"] == []
    assert len(client.list_exports()["ExportSummaries"]) == 5
    world.clock.advance(days=91)
    assert client.list_exports()["ExportSummaries"] == []


def test_a_client_of_s3_may_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="exports")
        world = ddbha.World(clock=ddbha.ManualClock(), s3=s3)
        client: Any = world.client("dynamodb", region_name="us-east-1")
        client.create_table(TableName="books", **KEYS)
        client.update_continuous_backups(
            TableName="books", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        put(client, "1")
        description = exported(client)
        assert description["ExportStatus"] == "COMPLETED"
        data = description["ExportManifest"].replace("manifest-summary.json", "data/")
        client.import_table(
            S3BucketSource={"S3Bucket": "exports", "S3KeyPrefix": data},
            InputFormat="DYNAMODB_JSON",
            InputCompressionType="GZIP",
            TableCreationParameters={"TableName": "copy", **KEYS},
        )
        assert client.scan(TableName="copy")["Count"] == 1
        assert exported(client, S3Bucket="nobodys")["FailureCode"] == "S3NoSuchBucket"
        with pytest.raises(ddbha.DdbhaError, match="S3"):
            _ = world.objects
