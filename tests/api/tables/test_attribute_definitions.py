"""Attribute definitions: each name once, with one type for as long as the table lives.

The message about redefinitions is in ScyllaDB's tests of UpdateTable, which were run against the
service; the others are in published lists of the service's messages.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha

INVALID = "One or more parameter values were invalid: "


def definitions(**types: str) -> list[Any]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def index(name: str, key: str) -> Any:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }


@pytest.fixture
def client() -> Any:
    client = ddbha.World().client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        AttributeDefinitions=definitions(pk="S", xyz="S"),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[index("first", "xyz")],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def add_index(client: Any, key: str, given: list[dict[str, str]] | None) -> Any:
    more = {} if given is None else {"AttributeDefinitions": given}
    return client.update_table(
        TableName="tab", GlobalSecondaryIndexUpdates=[{"Create": index("second", key)}], **more
    )


def refusal(call: Any, *arguments: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **members)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return str(caught.value.response["Error"]["Message"])


@pytest.mark.parametrize("second", ["S", "N"])
def test_a_new_table_defines_each_attribute_once(client: Any, second: str) -> None:
    message = refusal(
        client.create_table,
        TableName="twice",
        AttributeDefinitions=definitions(pk="S") + definitions(pk=second),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert message == "Attribute Name is duplicated: pk"
    assert client.list_tables()["TableNames"] == ["tab"]


def test_an_update_defines_each_attribute_once(client: Any) -> None:
    message = refusal(add_index, client, "other", definitions(other="S") + definitions(other="N"))
    assert message == "Attribute Name is duplicated: other"


@pytest.mark.parametrize("key", ["xyz", "pk"])
def test_a_key_attribute_keeps_its_type(client: Any, key: str) -> None:
    before = client.describe_table(TableName="tab")["Table"]
    assert refusal(add_index, client, key, definitions(**{key: "N"})) == (
        f"{INVALID}Attributes cannot be redefined. Please check that your attribute has the same type as "
        f"previously defined. Existing schema: Schema:[SchemaElement: key{{{key}:S:HASH}}] "
        f"New schema: Schema:[SchemaElement: key{{{key}:N:HASH}}]"
    )
    assert client.describe_table(TableName="tab")["Table"] == before


@pytest.mark.parametrize("given", [None, []])
def test_a_new_index_needs_attribute_definitions(client: Any, given: list[dict[str, str]] | None) -> None:
    message = refusal(add_index, client, "xyz", given)
    assert message == f"{INVALID}AttributeDefinitions is not specified for index: second"


def test_a_second_index_on_an_attribute_of_the_same_type_is_made(client: Any) -> None:
    add_index(client, "xyz", definitions(xyz="S"))
    shown = client.describe_table(TableName="tab")["Table"]
    assert {i["IndexName"] for i in shown["GlobalSecondaryIndexes"]} == {"first", "second"}
    assert shown["AttributeDefinitions"] == definitions(pk="S", xyz="S")
