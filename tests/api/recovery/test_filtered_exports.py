"""Filtered exports: the rules of AWS's page S3DataExport.Filtered, and the messages of Query."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand
from tests.installed import needs

pytestmark = needs("ExportTableToPointInTime.FilterSpecification")
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"


@pytest.fixture
def world() -> ddbha.World:
    world = ddbha.World(clock=ddbha.ManualClock("2026-11-01T12:00:00Z"))
    world.objects["exports"]
    return world


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="orders", **on_demand("customer", "number:N"))
    client.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for customer, number, status in (("ann", 1, "paid"), ("ann", 2, "open"), ("bob", 1, "open")):
        put(client, customer, number, status)
    return client


def put(client: Any, customer: str, number: int, status: str) -> None:
    details = {"status": {"S": status}, "note": {"M": {"by": {"S": "phone"}, "text": {"S": "…" * 50}}}}
    client.put_item(
        TableName="orders", Item={"customer": {"S": customer}, "number": {"N": str(number)}, **details}
    )


def exported(client: Any, specification: dict[str, Any], **asked: Any) -> dict[str, Any]:
    asked = {"TableArn": ARN, "S3Bucket": "exports", "FilterSpecification": specification, **asked}
    arn = client.export_table_to_point_in_time(**asked)["ExportDescription"]["ExportArn"]
    description: dict[str, Any] = client.describe_export(ExportArn=arn)["ExportDescription"]
    return description


def lines(world: ddbha.World, description: dict[str, Any]) -> list[dict[str, Any]]:
    """What the data files hold."""
    bucket = world.objects["exports"]
    summary = json.loads(bucket[description["ExportManifest"]])
    files = map(json.loads, bucket[summary["manifestFilesS3Key"]].splitlines())
    return [
        json.loads(line)
        for file in files
        for line in gzip.decompress(bucket[file["dataFileS3Key"]]).splitlines()
    ]


def orders(world: ddbha.World, description: dict[str, Any]) -> list[tuple[str, str]]:
    items = [line["Item"] for line in lines(world, description)]
    return sorted((item["customer"]["S"], item["number"]["N"]) for item in items)


OPEN = {
    "FilterExpression": "#status = :open",
    "ExpressionAttributeNames": {"#status": "status"},
    "ExpressionAttributeValues": {":open": {"S": "open"}},
}
ANNS = {
    "KeyConditionExpression": "customer = :ann AND #number >= :two",
    "ExpressionAttributeNames": {"#number": "number"},
    "ExpressionAttributeValues": {":ann": {"S": "ann"}, ":two": {"N": "2.0"}},
}


def test_a_filter_leaves_items_out(world: ddbha.World, client: Any) -> None:
    description = exported(client, OPEN)
    assert orders(world, description) == [("ann", "2"), ("bob", "1")]
    assert description["ItemCount"] == 2
    assert description["FilterSpecification"] == OPEN
    # A filter may name the attributes of the key, but not beside a key condition.
    bobs = {"FilterExpression": "customer <> :ann", "ExpressionAttributeValues": {":ann": {"S": "ann"}}}
    assert orders(world, exported(client, bobs)) == [("bob", "1")]


def test_a_key_condition_is_read_alone(world: ddbha.World, client: Any) -> None:
    description = exported(client, ANNS)
    assert orders(world, description) == [("ann", "2")]
    # Filters are applied to what was read, so only the key condition makes an export smaller.
    whole = client.describe_table(TableName="orders")["Table"]["TableSizeBytes"]
    assert description["BilledSizeBytes"] < whole
    assert exported(client, OPEN)["BilledSizeBytes"] == whole


def test_a_projection_picks_attributes(world: ddbha.World, client: Any) -> None:
    specification = {**ANNS, "ProjectionExpression": "customer, note.#by"}
    specification["ExpressionAttributeNames"] = {"#number": "number", "#by": "by"}
    assert lines(world, exported(client, specification)) == [
        {"Item": {"customer": {"S": "ann"}, "note": {"M": {"by": {"S": "phone"}}}}}
    ]


def test_an_incremental_export_is_filtered_by_the_latest_image(world: ddbha.World, client: Any) -> None:
    world.clock.advance(hours=1)
    beginning = world.clock.now()
    put(client, "ann", 1, "open")
    put(client, "ann", 2, "paid")
    client.delete_item(TableName="orders", Key={"customer": {"S": "bob"}, "number": {"N": "1"}})
    world.clock.advance(minutes=20)
    description = exported(
        client,
        {**OPEN, "ProjectionExpression": "#status"},
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={"ExportFromTime": beginning},
    )
    found = {line["Keys"]["customer"]["S"]: line for line in lines(world, description)}
    # What was open and is paid now is left out; what is gone counts as it was.
    assert {name: line.get("NewImage") for name, line in found.items()} == {
        "ann": {"status": {"S": "open"}},
        "bob": None,
    }
    assert found["ann"]["OldImage"] == {"status": {"S": "paid"}}
    assert found["ann"]["Keys"] == {"customer": {"S": "ann"}, "number": {"N": "1"}}
    assert found["bob"]["OldImage"] == {"status": {"S": "open"}}


@pytest.mark.parametrize(
    ("specification", "message"),
    [
        (
            {"ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            {"FilterExpression": "a = :a"},
            "Invalid FilterExpression: An expression attribute value used in expression is not defined; "
            "attribute value: :a",
        ),
        ({"FilterExpression": ""}, "Invalid FilterExpression: The expression can not be empty;"),
        (
            {**OPEN, "ExpressionAttributeValues": {":open": {"S": "open"}, ":b": {"S": ""}}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}",
        ),
        (
            {**ANNS, "FilterExpression": "#number > :two"},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
            "number",
        ),
        (
            {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}},
            "Query condition missed key schema element: customer",
        ),
        (
            {"KeyConditionExpression": "customer > :a", "ExpressionAttributeValues": {":a": {"S": "a"}}},
            "Query key condition not supported",
        ),
        (
            {"KeyConditionExpression": "customer = :a", "ExpressionAttributeValues": {":a": {"N": "1"}}},
            "One or more parameter values were invalid: Condition parameter type does not match schema "
            "type",
        ),
    ],
)
def test_what_is_wrong_is_said_as_of_a_query(
    world: ddbha.World, client: Any, specification: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError) as caught:
        exported(client, specification)
    assert caught.value.response["Error"] == {"Code": "ValidationException", "Message": message}
    assert client.list_exports()["ExportSummaries"] == []


def test_the_filter_is_a_part_of_what_a_token_stands_for(client: Any) -> None:
    first = exported(client, OPEN, ClientToken="once")
    assert exported(client, OPEN, ClientToken="once")["ExportArn"] == first["ExportArn"]
    with pytest.raises(client.exceptions.ExportConflictException):
        exported(client, ANNS, ClientToken="once")
