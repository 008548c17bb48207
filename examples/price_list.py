"""A nightly price list: files in a bucket, of which bulk operations put the prices that are newer."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import boto3

TABLE = "prices"
BUCKET = "price-lists"
REGION = "us-east-1"
ENDED = ("COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELLED", "FAILED")


class Price(NamedTuple):
    """What an article costs from a day on, like 2026-11-26."""

    article: str
    cents: int
    day: str


def set_up() -> None:
    """The table and the bucket."""
    boto3.client("s3", region_name=REGION).create_bucket(Bucket=BUCKET)
    client = boto3.client("dynamodb", region_name=REGION)
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "article", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "article", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=TABLE)


def upload(name: str, prices: Iterable[Price]) -> None:
    """Put a price list into the bucket: one record a line, each to be written only if it is newer."""
    lines = [
        {
            "Item": {
                "article": {"S": price.article},
                "cents": {"N": str(price.cents)},
                "day": {"S": price.day},
            },
            "ConditionExpression": "attribute_not_exists(article) OR #day < :day",
            "ExpressionAttributeNames": {"#day": "day"},
            "ExpressionAttributeValues": {":day": {"S": price.day}},
        }
        for price in prices
    ]
    data = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    boto3.client("s3", region_name=REGION).put_object(Bucket=BUCKET, Key=name, Body=data)


def load(prefix: str, sleep: Callable[[float], None] = time.sleep) -> dict[str, Any]:
    """Load all lists whose names begin with a prefix, wait, and tell what came of it.

    Whoever loads the same lists again within eight hours is told what came of them the first time.
    """
    client = boto3.client("dynamodb", region_name=REGION)
    answer = client.start_bulk_put_items(
        TableName=TABLE,
        ClientToken=f"load {prefix}",
        InputS3Configuration={
            "S3Bucket": BUCKET,
            "S3KeyPrefix": prefix,
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "GZIP",
        },
        OutputS3Configuration={"S3Bucket": BUCKET, "S3KeyPrefix": "reports", "OutputType": ["ERROR"]},
        MaxWriteRequestUnits=1024,
    )
    arn = answer["BulkOperationDescription"]["BulkOperationArn"]
    while True:
        found = client.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
        if found["BulkOperationStatus"] in ENDED:
            return dict(found)
        sleep(1)


if __name__ == "__main__":
    import moto

    import ddbha

    with moto.mock_aws(), ddbha.mock() as world:
        set_up()
        upload("lists/1", [Price("tea", 250, "2026-11-01"), Price("coffee", 410, "2026-11-01")])
        upload("lists/2", [Price("tea", 275, "2026-11-02")])
        for prefix in ("lists/2", "lists/1"):
            done = load(prefix, world.clock.sleep)
            print(f"{prefix}: {done['BulkOperationStatus']}, {done['ProcessedItemCount']} prices")
        for item in boto3.resource("dynamodb", region_name=REGION).Table(TABLE).scan()["Items"]:
            print(f"  {item['article']}: {item['cents']} cents since {item['day']}")
