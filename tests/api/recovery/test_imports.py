"""Imports: formats, compressions, counts and failures by AWS's documentation."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, on_demand

TABLE: dict[str, Any] = {
    "TableName": "books",
    **on_demand("ISBN", "Year:N", more=["Cover:B"]),
    "GlobalSecondaryIndexes": [index_on("by-cover", "Cover", projection="KEYS_ONLY")],
}

# As in AWS's descriptions of the formats: one item on each line.
JSON = b"""\
{"Item":{"ISBN":{"S":"333-3333333333"},"Year":{"N":"2001"},"Authors":{"SS":["Author1","Author2"]},\
"Price":{"N":"201"},"InPublication":{"BOOL":true},"Cover":{"B":"AP8="}}}
{"Item":{"ISBN":{"S":"111-1111111111"},"Year":{"N":"2002"},"Pages":{"L":[{"N":"1"},{"NULL":true}]}}}
"""
ION = b"""\
$ion_1_0 {Item:{ISBN:"333-3333333333",Year:2001.,Authors:$dynamodb_SS::["Author1","Author2"],Price:201.,\
InPublication:true,Cover:{{AP8=}}}}
$ion_1_0 {Item:{ISBN:"111-1111111111",Year:2002.,Pages:[1.,null]}}
"""
ITEMS: list[dict[str, Any]] = [
    {
        "ISBN": {"S": "111-1111111111"},
        "Year": {"N": "2002"},
        "Pages": {"L": [{"N": "1"}, {"NULL": True}]},
    },
    {
        "ISBN": {"S": "333-3333333333"},
        "Year": {"N": "2001"},
        "Authors": {"SS": ["Author1", "Author2"]},
        "Price": {"N": "201"},
        "InPublication": {"BOOL": True},
        "Cover": {"B": b"\x00\xff"},
    },
]


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    return world.client("dynamodb", region_name="us-east-1")


def asked(form: str, **more: Any) -> dict[str, Any]:
    return {
        "S3BucketSource": {"S3Bucket": "sources", "S3KeyPrefix": "data/"},
        "InputFormat": form,
        "TableCreationParameters": TABLE,
        **more,
    }


def imported(client: Any, form: str, **more: Any) -> dict[str, Any]:
    arn = client.import_table(**asked(form, **more))["ImportTableDescription"]["ImportArn"]
    description: dict[str, Any] = client.describe_import(ImportArn=arn)["ImportTableDescription"]
    return description


def items(client: Any) -> list[dict[str, Any]]:
    found = client.scan(TableName="books")["Items"]
    return sorted(found, key=lambda item: (item["ISBN"]["S"], item["Year"]["N"]))


COMPRESSED = {"NONE": bytes, "GZIP": gzip.compress, "ZSTD": zstandard.compress}


@pytest.mark.parametrize("compression", COMPRESSED)
@pytest.mark.parametrize(("form", "data"), [("DYNAMODB_JSON", JSON), ("ION", ION)])
def test_files_as_aws_writes_them(
    world: ddbha.World, client: Any, form: str, data: bytes, compression: str
) -> None:
    world.objects["sources"]["data/1"] = COMPRESSED[compression](data)  # type: ignore[operator]
    world.objects["sources"]["other"] = b"not looked at"
    description = imported(client, form, InputCompressionType=compression)

    assert items(client) == ITEMS
    assert description["ImportStatus"] == "COMPLETED"
    counts = ("ProcessedItemCount", "ImportedItemCount", "ErrorCount", "ProcessedSizeBytes")
    assert [description[name] for name in counts] == [2, 2, 0, len(data)]
    assert description["TableCreationParameters"] == TABLE
    assert description["S3BucketSource"] == {"S3Bucket": "sources", "S3KeyPrefix": "data/"}
    cover = client.query(
        TableName="books",
        IndexName="by-cover",
        KeyConditionExpression="Cover = :c",
        ExpressionAttributeValues={":c": {"B": b"\x00\xff"}},
    )
    assert cover["Count"] == 1
    world.verify()


def test_csv(world: ddbha.World, client: Any) -> None:
    bucket = world.objects["sources"]
    bucket["data/1.csv"] = b'ISBN,Year,Cover,Title,Pages\n1,2001,AP8=,"say ""hi"", twice",\n2,2002,,x,7\n'
    imported(client, "CSV")
    assert items(client) == [
        {
            "ISBN": {"S": "1"},
            "Year": {"N": "2001"},
            "Cover": {"B": b"\x00\xff"},
            "Title": {"S": 'say "hi", twice'},
        },
        {"ISBN": {"S": "2"}, "Year": {"N": "2002"}, "Title": {"S": "x"}, "Pages": {"S": "7"}},
    ]


def test_csv_with_a_header_of_its_own(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1.csv"] = b"1|2001|a,b\n2|2002\n"
    options = {"Csv": {"Delimiter": "|", "HeaderList": ["ISBN", "Year", "Title"]}}
    description = imported(client, "CSV", InputFormatOptions=options)
    assert items(client) == [{"ISBN": {"S": "1"}, "Year": {"N": "2001"}, "Title": {"S": "a,b"}}]
    assert (description["ErrorCount"], description["ImportedItemCount"]) == (1, 1)
    assert description["InputFormatOptions"] == options


def test_bad_items_are_counted_and_good_ones_stay(world: ddbha.World, client: Any) -> None:
    good = b'{"Item":{"ISBN":{"S":"1"},"Year":{"N":"1"}}}\n'
    bad = [
        b"no json",
        b'{"ISBN":{"S":"2"},"Year":{"N":"1"}}',
        b'{"Item":{"ISBN":{"S":"2"}}}',
        b'{"Item":{"ISBN":{"S":""},"Year":{"N":"1"}}}',
        b'{"Item":{"ISBN":{"S":"2"},"Year":{"N":"one"}}}',
        b'{"Item":{"ISBN":{"S":"2"},"Year":{"S":"1"}}}',
        b'{"Item":{"ISBN":{"S":5},"Year":{"N":"1"}}}',
        b'{"Item":{"ISBN":{"S":"2"},"Year":{"N":"1"},"Cover":{"S":"no binary"}}}',
        b'{"Item":{"ISBN":{"S":"2"},"Year":{"N":"1"},"x":{"B":"?"}}}',
        b'{"Item":{"ISBN":{"S":"2"},"Year":{"N":"1"},"x":{"S":"' + b"x" * 400 * 1024 + b'"}}}',
    ]
    world.objects["sources"]["data/1"] = b"\n".join([*bad[:5], good, *bad[5:]])
    description = imported(client, "DYNAMODB_JSON")
    assert description["ImportStatus"] == "FAILED"
    assert description["FailureCode"] == "ItemValidationError"
    assert description["FailureMessage"] == (
        "Some of the items failed validation checks and were not imported. Please check CloudWatch error "
        "logs for more details."
    )
    counts = ("ProcessedItemCount", "ImportedItemCount", "ErrorCount")
    assert [description[name] for name in counts] == [11, 1, 10]
    assert len(items(client)) == 1
    assert client.describe_table(TableName="books")["Table"]["TableStatus"] == "ACTIVE"


@pytest.mark.parametrize("compression", COMPRESSED)
@pytest.mark.parametrize("form", ["ION", "CSV"])
def test_the_rest_of_a_malformed_object_is_skipped(
    world: ddbha.World, client: Any, form: str, compression: str
) -> None:
    bucket = world.objects["sources"]
    good = ION if form == "ION" else b"ISBN,Year\n1,1\n2,2\n"
    bad = ION + b"{ not ion" if form == "ION" else b'ISBN,Year\n3,3\n4,"4" x\n5,5\n'
    compress: Any = COMPRESSED[compression]
    bucket["data/1"] = compress(bad) if compression == "NONE" else b"neither of them"
    bucket["data/2"] = compress(good)
    description = imported(client, form, InputCompressionType=compression)
    assert description["ErrorCount"] == 1
    assert len(items(client)) == (3 if (form, compression) == ("CSV", "NONE") else 2)


@pytest.mark.parametrize(
    "value",
    # Of Ion's types only these have one of DynamoDB's beside them; a null is not of any:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
    [
        "null.bool",
        "null.int",
        "null.float",
        "null.decimal",
        "null.string",
        "null.blob",
        "null.list",
        "null.struct",
        "null.symbol",
        "[null.int]",
        "{a: null.struct}",
        "$dynamodb_SS::[null.string]",
        "$dynamodb_NS::null.list",
        "2026-01-01T",
        "symbol",
        "nan",
        "[" * 40 + "]" * 40,
        "{a:" * 300 + "1" + "}" * 300,
    ],
)
def test_ion_values_that_no_attribute_can_have(world: ddbha.World, client: Any, value: str) -> None:
    lines = f'$ion_1_0 {{Item:{{ISBN:"1",Year:1.,x:{value}}}}}\n'.encode() + ION
    world.objects["sources"]["data/1"] = lines
    assert imported(client, "ION")["ErrorCount"] == 1
    assert items(client) == ITEMS


@pytest.mark.parametrize(
    "data",
    [
        b"$ion_1_0 {Item:{ISBN:'\x88'}}",
        # Ion has a binary form too.
        b"\xe0\x01\x00\xea\xee\xa3\x81\x83\xde\x9f\x87\xbe\x9c\x84Item\x81a\x81v",
        b"$ion_1_0 {Item:{ISBN:1d99999999999}}",
        b"[" * 100_000,
        b"$ion_1_0 $999999999999",
        b"$ion_symbol_table::{imports:[{name:'x',version:1,max_id:999999999}]}",
    ],
)
def test_what_is_no_ion_text(world: ddbha.World, client: Any, data: bytes) -> None:
    world.objects["sources"]["data/1"] = data
    description = imported(client, "ION")
    assert (description["ImportStatus"], description["ErrorCount"]) == ("FAILED", 1)


def test_the_last_of_several_items_with_one_key_stays(world: ddbha.World, client: Any) -> None:
    line = '{"Item":{"ISBN":{"S":"1"},"Year":{"N":"1"},"n":{"N":"%d"}}}\n'
    bucket = world.objects["sources"]
    bucket["data/2"] = (line % 3).encode()
    bucket["data/1"] = (line % 1 + line % 2).encode()
    description = imported(client, "DYNAMODB_JSON")
    assert [item["n"]["N"] for item in items(client)] == ["3"]
    assert (description["ImportStatus"], description["ImportedItemCount"]) == ("COMPLETED", 3)


def test_the_table_is_creating_until_the_end() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    client = world.client("dynamodb", region_name="us-east-1")
    world.objects["sources"]["data/1"] = JSON
    description = imported(client, "DYNAMODB_JSON")
    assert description["ImportStatus"] == "IN_PROGRESS"
    assert "EndTime" not in description
    assert client.describe_table(TableName="books")["Table"]["TableStatus"] == "CREATING"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.scan(TableName="books")
    client.get_waiter("table_exists").wait(TableName="books")
    assert items(client) == ITEMS
    done = client.describe_import(ImportArn=description["ImportArn"])["ImportTableDescription"]
    assert done["ImportStatus"] == "COMPLETED"
    assert done["EndTime"] - done["StartTime"] == timedelta(seconds=300)


def test_a_missing_bucket_leaves_no_table(client: Any) -> None:
    description = imported(client, "DYNAMODB_JSON")
    assert (description["ImportStatus"], description["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert client.list_tables()["TableNames"] == []


def test_tokens_conflicts_and_refusals(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = JSON
    first = imported(client, "DYNAMODB_JSON", ClientToken="token")
    assert imported(client, "DYNAMODB_JSON", ClientToken="token") == first

    def refusal(form: str, **more: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            imported(client, form, **more)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    assert refusal("ION", ClientToken="token")[0] == "ImportConflictException"
    assert refusal("DYNAMODB_JSON") == ("ResourceInUseException", "Table already exists: books")
    world.clock.advance(hours=8)
    assert refusal("DYNAMODB_JSON", ClientToken="token")[0] == "ResourceInUseException"
    without_keys = {
        **TABLE,
        "TableName": "other",
        "AttributeDefinitions": TABLE["AttributeDefinitions"][:1],
    }
    code, message = refusal("DYNAMODB_JSON", TableCreationParameters=without_keys)
    assert code == "ValidationException"
    with pytest.raises(ClientError) as caught:
        client.create_table(**without_keys)
    assert message == caught.value.response["Error"]["Message"]
    with pytest.raises(ClientError) as caught:
        client.describe_import(ImportArn=first["ImportArn"] + "0")
    assert caught.value.response["Error"]["Code"] == "ImportNotFoundException"
    assert client.list_tables()["TableNames"] == ["books"]


def test_lists(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = JSON
    arns = []
    for number in range(3):
        table = {**TABLE, "TableName": f"books-{number}"}
        arns.append(imported(client, "DYNAMODB_JSON", TableCreationParameters=table)["ImportArn"])
    first = client.list_imports(PageSize=2)
    rest = client.list_imports(PageSize=2, NextToken=first["NextToken"])
    found = [s["ImportArn"] for page in (first, rest) for s in page["ImportSummaryList"]]
    assert found == arns[::-1]
    assert "NextToken" not in rest
    table_arn = client.describe_table(TableName="books-1")["Table"]["TableArn"]
    assert [s["ImportArn"] for s in client.list_imports(TableArn=table_arn)["ImportSummaryList"]] == [
        arns[1]
    ]
    world.clock.advance(days=91)
    assert client.list_imports()["ImportSummaryList"] == []


def test_without_a_quorum_nothing_is_made(world: ddbha.World, client: Any) -> None:
    world.objects["sources"]["data/1"] = JSON
    with (
        world.faults.zone_outage("us-east-1a"),
        world.faults.zone_outage("us-east-1b"),
        pytest.raises(ClientError),
    ):
        client.import_table(**asked("DYNAMODB_JSON"))
    assert client.list_tables()["TableNames"] == []
    assert client.list_imports()["ImportSummaryList"] == []
    imported(client, "DYNAMODB_JSON")
    assert items(client) == ITEMS


@pytest.mark.parametrize("compression", ["GZIP", "ZSTD"])
def test_a_compressed_object_that_ends_early(world: ddbha.World, client: Any, compression: str) -> None:
    packed = COMPRESSED[compression](JSON * 50)  # type: ignore[operator]
    world.objects["sources"]["data/1"] = packed[:-5]
    description = imported(client, "DYNAMODB_JSON", InputCompressionType=compression)
    assert (description["ImportStatus"], description["ErrorCount"]) == ("FAILED", 1)
    assert items(client) == []


def test_zstandard_of_several_frames(world: ddbha.World, client: Any) -> None:
    first, _, second = JSON.partition(b"\n")
    frames = [zstandard.compress(part) for part in (first + b"\n", b"", second)]
    world.objects["sources"]["data/1"] = b"".join(frames)
    assert imported(client, "DYNAMODB_JSON", InputCompressionType="ZSTD")["ImportedItemCount"] == 2


@pytest.mark.parametrize("compression", ["GZIP", "ZSTD"])
def test_a_small_object_that_unpacks_to_a_large_one(compression: str) -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), import_limit=1_000_000)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    bomb = b"\n" * 100_000_000
    packed = zstandard.compress(bomb) if compression == "ZSTD" else gzip.compress(bomb, compresslevel=1)
    world.objects["sources"]["data/1"] = COMPRESSED[compression](JSON)  # type: ignore[operator]
    world.objects["sources"]["data/2"] = packed
    tracemalloc.start()
    description = imported(client, "DYNAMODB_JSON", InputCompressionType=compression)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (description["ImportStatus"], description["FailureCode"]) == ("FAILED", "ObjectTooLarge")
    assert "import_limit" in description["FailureMessage"]
    assert client.list_tables()["TableNames"] == []
    assert most < 50_000_000
