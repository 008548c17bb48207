"""What the endpoint answers to HTTP requests of any form.

Where a comment says "seen on AWS", the answer is one that the tests of dynalite, which its authors also
run against AWS, record (https://github.com/architect/dynalite, connection tests).
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import Any

import pytest

from ddbha import ManualClock, World
from ddbha.api.wire import validation
from ddbha.errors import NoAnswer
from ddbha.server.doors import Doors
from tests.building import on_demand
from tests.server.asking import AUTHORIZATION, HEADERS, Answer, ask, call

LIST_TABLES = {**HEADERS, "x-amz-target": "DynamoDB_20120810.ListTables"}
TABLE = {
    "TableName": "orders",
    **on_demand("pk"),
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}


@pytest.fixture
def world() -> World:
    world = World(clock=ManualClock("2026-01-01T00:00:00Z"))
    assert call(world, "CreateTable", TABLE).status == 200
    return world


def list_tables(world: World, target: str = "/", **headers: str | None) -> Answer:
    """ListTables with some headers replaced, or left out where they are None."""
    given = {**LIST_TABLES, **{name.replace("_", "-"): value for name, value in headers.items()}}
    kept = {name: value for name, value in given.items() if value is not None}
    return ask(world, "POST", target, headers=kept, body=b"{}")


def said(answer: Answer) -> tuple[int, Any]:
    return answer.status, answer.json


# -- What every answer has ---------------------------------------------------------------------------


def test_an_answer_has_the_headers_of_aws(world: World) -> None:
    answer = list_tables(world)
    assert (answer.status, answer.json) == (200, {"TableNames": ["orders"]})
    assert answer.headers["content-type"] == "application/x-amz-json-1.0"
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.content))
    assert answer.headers["content-length"] == str(len(answer.content))
    assert re.fullmatch("[0-9A-Z]{52}", answer.headers["x-amzn-requestid"])
    assert answer.headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_the_answer_has_the_content_type_of_the_request(world: World) -> None:
    answer = list_tables(world, content_type="application/json; charset=utf-8")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"


def test_blobs_are_base64_and_times_are_numbers(world: World) -> None:
    item = {"pk": {"S": "a"}, "b": {"B": "AP8="}, "l": {"L": [{"BS": ["AA==", "AQ=="]}]}}
    assert call(world, "PutItem", {"TableName": "orders", "Item": item}).json == {}
    assert call(world, "GetItem", {"TableName": "orders", "Key": {"pk": {"S": "a"}}}).json == {
        "Item": item
    }
    table = call(world, "DescribeTable", {"TableName": "orders"}).json["Table"]
    assert table["CreationDateTime"] == 1767225600


def test_streams_have_a_target_of_their_own(world: World) -> None:
    call(world, "PutItem", {"TableName": "orders", "Item": {"pk": {"S": "a"}, "b": {"B": "AP8="}}})
    prefix = "DynamoDBStreams_20120810"
    (stream,) = call(world, f"{prefix}.ListStreams", {}).json["Streams"]
    arn = stream["StreamArn"]
    shards = call(world, f"{prefix}.DescribeStream", {"StreamArn": arn}).json["StreamDescription"][
        "Shards"
    ]
    found: list[Any] = []
    for shard in shards:
        asked = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = call(world, f"{prefix}.GetShardIterator", asked).json["ShardIterator"]
        found += call(world, f"{prefix}.GetRecords", {"ShardIterator": iterator}).json["Records"]
    assert [record["dynamodb"]["NewImage"]["b"] for record in found] == [{"B": "AP8="}]
    assert found[0]["dynamodb"]["ApproximateCreationDateTime"] == 1767225600


def test_text_travels_as_utf_8(world: World) -> None:
    item = {"pk": {"S": "naïve \U0001f600"}}
    call(world, "PutItem", {"TableName": "orders", "Item": item})
    assert "naïve \U0001f600".encode() in call(world, "Scan", {"TableName": "orders"}).content


# -- Region and account --------------------------------------------------------------------------------


def credential(key: str, region: str) -> str:
    return AUTHORIZATION.replace("AKIDEXAMPLE", key).replace("us-east-1", region)


def test_the_region_is_that_of_the_credential_scope(world: World) -> None:
    assert list_tables(world, authorization=credential("any", "eu-west-1")).json == {"TableNames": []}
    call(world, "CreateTable", TABLE, authorization=credential("any", "eu-west-1"))
    assert world.table("orders", region="eu-west-1").status == "ACTIVE"


def test_a_key_of_twelve_digits_is_the_account(world: World) -> None:
    authorization = credential("999988887777", "us-east-1")
    assert list_tables(world, authorization=authorization).json == {"TableNames": []}
    made = call(world, "CreateTable", TABLE, authorization=authorization).json["TableDescription"]
    assert made["TableArn"] == "arn:aws:dynamodb:us-east-1:999988887777:table/orders"


# -- Errors --------------------------------------------------------------------------------------------


def test_errors_have_the_type_and_the_spelling_of_aws(world: World) -> None:
    missing = call(world, "GetItem", {"TableName": "nowhere", "Key": {"pk": {"S": "a"}}})
    assert (missing.status, missing.json) == (
        400,
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
            "message": "Requested resource not found",
        },
    )
    # The type of validation errors, as seen on AWS, has another namespace.
    invalid = call(world, "GetItem", {"TableName": "orders", "Key": {}})
    assert invalid.json == {
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": "The provided key element does not match the schema",
    }
    # As seen on AWS: a capital M for what has the wrong JSON type.
    wrong_type = call(world, "GetItem", {"TableName": 1})
    assert wrong_type.json == {
        "__type": "com.amazon.coral.service#SerializationException",
        "Message": "NUMBER_VALUE cannot be converted to String",
    }


def test_errors_have_their_own_members(world: World) -> None:
    item = {"pk": {"S": "a"}, "b": {"B": "AP8="}}
    call(world, "PutItem", {"TableName": "orders", "Item": item})
    put = {"TableName": "orders", "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    shows = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    failed = call(world, "PutItem", {**put, **shows})
    assert failed.json == {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "Message": "The conditional request failed",
        "Item": item,
    }
    cancelled = call(world, "TransactWriteItems", {"TransactItems": [{"Put": {**put, **shows}}]}).json
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    assert cancelled == {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[ConditionalCheckFailed]",
        "CancellationReasons": [
            {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": item}
        ],
    }


@pytest.mark.parametrize(
    ("code", "status"),
    [("ThrottlingException", 400), ("InternalServerError", 500), ("ServiceUnavailable", 503)],
)
def test_faults_have_their_status(world: World, code: Any, status: int) -> None:
    world.faults.error(code, operation="ListTables", times=1)
    answer = list_tables(world)
    assert answer.status == status
    assert answer.json["__type"].endswith(f"#{code}")


def test_without_a_server_to_close_the_connection_a_lost_answer_is_raised(world: World) -> None:
    world.faults.timeout(operation="ListTables", times=1)
    with pytest.raises(NoAnswer):
        list_tables(world)


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "whatever",
        "DynamoDB_20120810.ListTable",
        "DynamoDB_20120810",
        "DynamoDB_20111205.GetItem",
        "DynamoDBStreams_20120810.ListTables",
        "DynamoDB_20120810.ListStreams",
    ],
)
def test_an_unknown_target(world: World, target: str | None) -> None:
    # Seen on AWS, for a missing target and a wrong one; no message.
    answer = list_tables(world, x_amz_target=target, authorization=None)
    assert said(answer) == (
        400,
        {"__type": "com.amazon.coral.service#UnknownOperationException"},
    )
    assert answer.headers["x-amz-crc32"] == "1368724161"


@pytest.mark.parametrize(
    "body",
    [b"hi", b"{", b"{}x", b"\xff", b'{"a": NaN}', b'{"Limit": ' + b"9" * 5000 + b"}", b"\xef\xbb\xbf{}"],
)
def test_a_body_that_is_no_json(world: World, body: bytes) -> None:
    # Seen on AWS: this comes before the target and the signature.
    answer = ask(world, "POST", headers={"content-type": "application/x-amz-json-1.0"}, body=body)
    assert said(answer) == (400, {"__type": "com.amazon.coral.service#SerializationException"})
    assert answer.headers["x-amz-crc32"] == "3948637019"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"', b"1"])
def test_a_body_that_is_no_object(world: World, body: bytes) -> None:
    answer = ask(world, "POST", headers=LIST_TABLES, body=body)
    assert answer.status == 400
    assert answer.json["__type"] == "com.amazon.coral.service#SerializationException"


def test_a_body_nested_beyond_everything(world: World) -> None:
    levels = 100_000
    value = b'{"L":[' * levels + b'{"S":"a"}' + b"]}" * levels
    body = b'{"TableName":"orders","Item":{"pk":{"S":"a"},"deep":' + value + b"}}"
    answer = call(world, "PutItem", body)
    assert answer.status == 400
    assert answer.json == {
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": "Nesting Levels have exceeded supported limits: Attributes in the item have nested "
        "levels beyond supported limit",
    }


# -- Authentication --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "authorization"),
    [
        ("/", None),
        ("/", "AWS4"),
        ("/", "Basic abc"),
        ("/?X-Amz-Algorith", "X"),
        ("/?X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-SignedHeaders=c&X-Amz-Date=d", None),
    ],
)
def test_no_authentication(world: World, target: str, authorization: str | None) -> None:
    # Seen on AWS.
    answer = list_tables(world, target, authorization=authorization)
    assert said(answer) == (
        400,
        {
            "__type": "com.amazon.coral.service#MissingAuthenticationTokenException",
            "message": "Request is missing Authentication Token",
        },
    )
    assert answer.headers["x-amz-crc32"] == "2088342776"


REQUIRES = "Authorization header requires '{}' parameter. "
INCLUDE = "AWS query-string parameters must include '{}'. "


@pytest.mark.parametrize(
    ("target", "headers", "message"),
    [
        # Seen on AWS, the first six.
        (
            "/",
            {"authorization": "AWS4-", "x_amz_date": None},
            REQUIRES.format("Credential")
            + REQUIRES.format("Signature")
            + REQUIRES.format("SignedHeaders")
            + "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
            "Authorization=AWS4-",
        ),
        (
            "/",
            {"authorization": "AWS4- Signature=b Credential=a", "x_amz_date": None, "date": "a"},
            REQUIRES.format("SignedHeaders") + "Authorization=AWS4- Signature=b Credential=a",
        ),
        (
            "/",
            {"authorization": "AWS4- Signature=b, Credential=a"},
            REQUIRES.format("SignedHeaders") + "Authorization=AWS4- Signature=b, Credential=a",
        ),
        (
            "/?X-Amz-Algorithm",
            {"authorization": None},
            "".join(
                INCLUDE.format("X-Amz-" + name)
                for name in ("Algorithm", "Credential", "Signature", "SignedHeaders", "Date")
            )
            + "Re-examine the query-string parameters.",
        ),
        (
            "/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d",
            {"authorization": None},
            INCLUDE.format("X-Amz-SignedHeaders") + "Re-examine the query-string parameters.",
        ),
        # Reported of AWS in dynalite's source.
        (
            "/",
            {"authorization": "AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders"},
            "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: "
            "'AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders'.",
        ),
        (
            "/",
            {"authorization": AUTHORIZATION.replace("SHA256", "SHA25")},
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ",
        ),
        (
            "/",
            {"authorization": "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=h, Signature=s"},
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'a/b/c/d'",
        ),
    ],
)
def test_malformed_authentication(
    world: World, target: str, headers: dict[str, str | None], message: str
) -> None:
    assert said(list_tables(world, target, **headers)) == (
        400,
        {"__type": "com.amazon.coral.service#IncompleteSignatureException", "message": message},
    )


def test_a_credential_for_something_else(world: World) -> None:
    authorization = AUTHORIZATION.replace("us-east-1/dynamodb/aws4_request", "?/s3/e")
    # Reported of AWS in dynalite's source.
    assert said(list_tables(world, authorization=authorization)) == (
        400,
        {
            "__type": "com.amazon.coral.service#InvalidSignatureException",
            "message": "Credential should be scoped to a valid region, not '?'. "
            "Credential should be scoped to correct service: 'dynamodb'. "
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. ",
        },
    )


def test_two_signatures(world: World) -> None:
    # Seen on AWS.
    answer = list_tables(world, "/?X-Amz-Algorithm", authorization="X")
    assert answer.json == {
        "__type": "com.amazon.coral.service#InvalidSignatureException",
        "message": "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP "
        "header.",
    }
    assert answer.headers["x-amz-crc32"] == "2139606068"


def test_a_signature_in_the_query(world: World) -> None:
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fdynamodb"
        "%2Faws4_request&X-Amz-Signature=0&X-Amz-SignedHeaders=host&X-Amz-Date=20260101T000000Z"
    )
    answer = list_tables(world, f"/?{query}", authorization=None, x_amz_date=None)
    assert answer.json == {"TableNames": ["orders"]}


# -- Beside the operations -------------------------------------------------------------------------------


def test_the_health_check(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    answer = ask(world, "GET", headers={})
    # Seen on AWS, with this checksum.
    assert answer.content == b"healthy: dynamodb.us-east-1.amazonaws.com "
    assert (answer.status, answer.headers["x-amz-crc32"]) == (200, "3128867991")


@pytest.mark.parametrize(
    ("method", "path", "content_type"),
    [
        ("PUT", "/", "application/x-amz-json-1.0"),
        ("DELETE", "/", ""),
        ("OPTIONS", "/", ""),
        ("GET", "/elsewhere", ""),
        ("POST", "/", ""),
        ("POST", "/", "whatever"),
        ("POST", "/", "application/x-amz-json-1.1"),
        ("POST", "/", "application/jsonasdf"),
    ],
)
def test_what_is_not_there(world: World, method: str, path: str, content_type: str) -> None:
    # Seen on AWS, with this checksum.
    answer = ask(world, method, path, headers={"content-type": content_type}, body=b"hi")
    assert (answer.status, answer.content) == (404, b"<UnknownOperationException/>\n")
    assert (answer.headers["x-amz-crc32"], answer.headers["content-length"]) == ("3552371480", "29")


def test_a_preflight_of_a_browser(world: World) -> None:
    doors = Doors.of([], ["*"])
    asked = {"Access-Control-Request-Headers": "a, b", "Access-Control-Request-Method": "POST"}
    answer = ask(world, "OPTIONS", headers={"Origin": "https://example.com", **asked}, doors=doors)
    # Seen on AWS.
    assert (answer.status, answer.content) == (200, b"")
    assert answer.headers.items() >= {
        ("access-control-allow-origin", "*"),
        ("access-control-allow-headers", "a, b"),
        ("access-control-allow-methods", "POST"),
        ("access-control-max-age", "172800"),
        ("content-length", "0"),
    }
    answer = ask(world, "OPTIONS", headers={"Origin": "x"}, doors=doors)
    assert "access-control-allow-methods" not in answer.headers


def test_a_browser_may_read_the_answer(world: World) -> None:
    headers = {**HEADERS, "x-amz-target": "DynamoDB_20120810.ListTables", "Origin": "https://example.com"}
    answer = ask(world, "POST", headers=headers, body=b"{}", doors=Doors.of([], ["*"]))
    assert answer.headers["access-control-allow-origin"] == "*"
    # As seen on answers of AWS's JSON services.
    exposed = answer.headers["access-control-expose-headers"]
    assert exposed == "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
    assert "access-control-allow-origin" not in list_tables(world).headers


# -- Bodies ----------------------------------------------------------------------------------------------

LARGEST = 16 * 1024 * 1024


def test_a_body_may_have_16_megabytes_and_no_more(world: World) -> None:
    body = b"{}".ljust(LARGEST)
    assert ask(world, "POST", headers=LIST_TABLES, body=body, chunks=5).json == {"TableNames": ["orders"]}
    # Seen on AWS.
    refused = ask(world, "POST", headers=LIST_TABLES, body=body + b" ", chunks=5)
    assert (refused.status, refused.content) == (413, b"")


def test_a_packed_body(world: World) -> None:
    packed = gzip.compress(b'{"Limit": 1}')
    assert call(world, "ListTables", packed, content_encoding="gzip").json["TableNames"] == ["orders"]
    for broken in (b"hi", packed[:-9], packed[:10] + b"\xff" * 20):
        answer = call(world, "ListTables", broken, content_encoding="gzip")
        assert answer.status == 500
        assert answer.json == {"__type": "com.amazon.coral.service#InternalFailure"}
    assert call(world, "ListTables", b"{}", content_encoding="br").status == 400
    assert call(world, "ListTables", b"{}", content_encoding="identity").status == 200


def test_a_deflated_body(world: World) -> None:
    packed = zlib.compress(b'{"Limit": 1}')
    assert call(world, "ListTables", packed, content_encoding="deflate").json["TableNames"] == ["orders"]
    for broken in (b"hi", packed[:-5]):
        assert call(world, "ListTables", broken, content_encoding="deflate").status == 500
    large = zlib.compress(b" " * (LARGEST + 1), level=1)
    assert call(world, "ListTables", large, content_encoding="deflate").status == 413


def test_a_small_body_that_unpacks_to_a_large_one(world: World) -> None:
    packed = gzip.compress(b" " * (LARGEST + 1), compresslevel=1)
    assert call(world, "ListTables", packed, content_encoding="gzip").status == 413


@pytest.mark.parametrize(
    ("accepted", "packs"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("identity", False),
        ("", False),
    ],
)
def test_a_packed_answer(world: World, accepted: str, packs: bool) -> None:
    item = {"pk": {"S": "a"}, "text": {"S": "lorem " * 1000}}
    call(world, "PutItem", {"TableName": "orders", "Item": item})
    answer = call(world, "Scan", {"TableName": "orders"}, accept_encoding=accepted)
    assert (answer.headers.get("content-encoding") == "gzip") is packs
    # Of the packed bytes: the SDK for Go says so of AWS (service/dynamodb/internal/customizations).
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.content))
    content = gzip.decompress(answer.content) if packs else answer.content
    assert json.loads(content)["Items"] == [item]


def test_small_answers_are_not_packed(world: World) -> None:
    assert "content-encoding" not in list_tables(world, accept_encoding="gzip").headers


@pytest.mark.parametrize(
    "iterator",
    [r"arn\ud800|1|AAAA", "arn:aws:dynamodb|1|" + "A" * 60, "arn|1|é", "|1|", "arn|1|" + r"\udfff"],
)
def test_a_forged_iterator_is_refused(world: World, iterator: str) -> None:
    body = f'{{"ShardIterator": "{iterator}"}}'.encode()
    answer = call(world, "DynamoDBStreams_20120810.GetRecords", body)
    assert (answer.status, answer.json["message"]) == (400, "Invalid ShardIterator")


@pytest.mark.parametrize("limit", ["9" * 400, "-" + "9" * 400, "9" * 1000, "2147483648"])
def test_whole_numbers_beyond_all_bounds(world: World, limit: str) -> None:
    answer = call(world, "ListTables", f'{{"Limit": {limit}}}'.encode())
    assert answer.status == 400
    assert answer.json["Message"] == "NUMBER_VALUE cannot be converted to Integer"


def test_an_index_that_shall_be_scaled_has_a_name(world: World) -> None:
    for member in ("GlobalSecondaryIndexUpdates", "ReplicaGlobalSecondaryIndexUpdates"):
        request: dict[str, Any] = {member: [{}]}
        if member.startswith("Replica"):
            request = {"ReplicaUpdates": [{"RegionName": "us-east-1", **request}]}
        answer = call(world, "UpdateTableReplicaAutoScaling", {"TableName": "orders", **request})
        assert answer.status == 400
        assert answer.json["message"].endswith("Member must not be null")


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("BatchGetItem", {"RequestItems": {f"t{n:06}": {"Keys": []} for n in range(20_000)}}),
        ("BatchWriteItem", {"RequestItems": {"orders": [{}] * 20_000}}),
        ("TransactWriteItems", {"TransactItems": [{}] * 20_000}),
        ("BatchExecuteStatement", {"Statements": [{"Statement": "SELECT"}] * 20_000}),
    ],
)
def test_of_too_many_members_only_some_are_looked_at(
    world: World, operation: str, request_: dict[str, Any]
) -> None:
    call(world, operation, {})
    read = validation.validator("dynamodb", operation)._read
    assert read is not None
    found = read(request_)
    (content,) = found.values()
    largest = max(
        len(content), *(len(c) for c in content.values()) if isinstance(content, dict) else (0,)
    )
    assert largest <= 1000
    assert call(world, operation, request_).status == 400


def test_a_value_with_more_elements_than_any_item_has(world: World) -> None:
    for value in ({"L": [None] * 500_000}, {"SS": ["a"] * 500_000}):
        answer = call(world, "PutItem", {"TableName": "orders", "Item": {"pk": {"S": "a"}, "l": value}})
        assert answer.status == 400
        assert answer.json["message"] == "Item size has exceeded the maximum allowed size"
