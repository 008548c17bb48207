"""The real `aws` command line, in processes of its own, against an endpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ddbha import World
from tests.building import index_on

AWS = Path(sys.executable).with_name("aws")

Aws = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Runs `aws dynamodb` with these arguments against a world."""
    home = tmp_path_factory.mktemp("home")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "111122223333",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    with World().serve() as url:
        environment["AWS_ENDPOINT_URL"] = url

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, str(AWS), "dynamodb", *arguments]
            return subprocess.run(command, env=environment, capture_output=True, text=True)

        yield run


def printed(result: subprocess.CompletedProcess[str]) -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout) if result.stdout else None


def test_a_table_from_creation_to_query(aws: Aws) -> None:
    created = aws(
        "create-table",
        *("--table-name", "orders", "--billing-mode", "PAY_PER_REQUEST"),
        *("--key-schema", "AttributeName=pk,KeyType=HASH", "AttributeName=sk,KeyType=RANGE"),
        *(
            "--attribute-definitions",
            "AttributeName=pk,AttributeType=S",
            "AttributeName=sk,AttributeType=N",
        ),
    )
    table = printed(created)["TableDescription"]
    assert table["TableArn"] == "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"

    # Version 1 of the command line takes the bytes of a blob as text, and prints them as base64.
    given: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"N": "1"}, "b": {"B": "hello"}}
    item = {**given, "b": {"B": "aGVsbG8="}}
    put = ("put-item", "--table-name", "orders", "--item", json.dumps(given))
    assert printed(aws(*put)) is None
    key = json.dumps({"pk": {"S": "a"}, "sk": {"N": "1"}})
    assert printed(aws("get-item", "--table-name", "orders", "--key", key)) == {"Item": item}
    queried = aws(
        *("query", "--table-name", "orders", "--key-condition-expression", "pk = :pk AND sk > :sk"),
        *("--expression-attribute-values", '{":pk": {"S": "a"}, ":sk": {"N": "0"}}'),
    )
    assert printed(queried) == {"Items": [item], "Count": 1, "ScannedCount": 1, "ConsumedCapacity": None}

    failed = aws(*put, "--condition-expression", "attribute_not_exists(pk)")
    assert failed.returncode != 0
    assert (
        "An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: "
        "The conditional request failed"
    ) in failed.stderr


def test_a_table_is_updated(aws: Aws) -> None:
    define = ("AttributeName=pk,AttributeType=S", "AttributeName=other,AttributeType=S")
    printed(
        aws(
            *("create-table", "--table-name", "others", "--billing-mode", "PAY_PER_REQUEST"),
            *("--key-schema", "AttributeName=pk,KeyType=HASH", "--attribute-definitions", define[0]),
        )
    )
    index = index_on("by-other", "other")
    updated = aws(
        *("update-table", "--table-name", "others", "--attribute-definitions", *define),
        *("--global-secondary-index-updates", json.dumps([{"Create": index}])),
    )
    (made,) = printed(updated)["TableDescription"]["GlobalSecondaryIndexes"]
    assert made["IndexName"] == "by-other"
    missing = aws("describe-table", "--table-name", "nowhere")
    assert "(ResourceNotFoundException) when calling the DescribeTable operation" in missing.stderr
    assert "Requested resource not found: Table: nowhere not found" in missing.stderr


def test_a_table_becomes_global(aws: Aws) -> None:
    created = aws(
        "create-table",
        *("--table-name", "carts", "--billing-mode", "PAY_PER_REQUEST"),
        *("--key-schema", "AttributeName=id,KeyType=HASH"),
        *("--attribute-definitions", "AttributeName=id,AttributeType=S"),
    )
    assert created.returncode == 0, created.stderr
    update = ("update-table", "--table-name", "carts", "--replica-updates")
    replicas = printed(aws(*update, '[{"Create": {"RegionName": "eu-west-1"}}]'))
    (replica,) = replicas["TableDescription"]["Replicas"]
    assert (replica["RegionName"], replica["ReplicaStatus"]) == ("eu-west-1", "CREATING")
    assert aws("put-item", "--table-name", "carts", "--item", '{"id": {"S": "1"}}').returncode == 0
    scanned = aws("scan", "--table-name", "carts", "--region", "eu-west-1")
    assert printed(scanned)["Items"] == [{"id": {"S": "1"}}]
