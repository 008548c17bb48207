"""Sizes of names and placeholders, and keys of transactions that do not fit.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, on_demand

TABLE: dict[str, Any] = {"TableName": "tab", **on_demand("pk")}
KEY = {"pk": {"S": "a"}}


@pytest.fixture
def client() -> Any:
    client: Any = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    return client


@pytest.mark.parametrize("nested", [False, True])
def test_names_of_attributes_have_less_than_64_kilobytes(client: Any, nested: bool) -> None:
    def item(size: int) -> dict[str, Any]:
        # Two bytes a letter, and one.
        attributes = {"\u00e9" * (size // 2) + "n" * (size % 2): {"BOOL": True}}
        return {**KEY, **({"m": {"M": attributes}} if nested else attributes)}

    client.put_item(TableName="tab", Item=item(65535))
    with pytest.raises(ClientError, match="Attribute name is too large, must be less than 65536 bytes"):
        client.put_item(TableName="tab", Item=item(65536))


def test_placeholders_have_two_megabytes_together(client: Any) -> None:
    def update(size: int) -> None:
        # Each value is used, and none of them stored.
        values = {f":{letter}": {"S": letter * (size // 8)} for letter in "abcdefgh"}
        client.update_item(
            TableName="tab",
            Key=KEY,
            UpdateExpression="SET n = :n",
            ConditionExpression="NOT pk IN (:a, :b, :c, :d, :e, :f, :g, :h)",
            ExpressionAttributeValues={**values, ":n": {"N": "1"}},
        )

    update(2_000_000)
    with pytest.raises(ClientError, match=r"exceed the maximum size of 2097152 bytes"):
        update(2_097_152)


def reasons(call: Any, *items: Any) -> list[Any]:
    with pytest.raises(ClientError) as caught:
        call(TransactItems=list(items))
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    found: list[Any] = response["CancellationReasons"]
    return found


def test_keys_that_do_not_fit_cancel_a_transaction(client: Any) -> None:
    fine = {"Put": {"TableName": "tab", "Item": KEY}}
    mistyped = {"Put": {"TableName": "tab", "Item": {"pk": {"N": "1"}}}}
    assert reasons(client.transact_write_items, fine, mistyped) == [
        {"Code": "None"},
        {
            "Code": "ValidationError",
            "Message": "One or more parameter values were invalid: Type mismatch for key pk expected: S "
            "actual: N",
        },
    ]
    assert "Item" not in client.get_item(TableName="tab", Key=KEY)
    no_match = {
        "Code": "ValidationError",
        "Message": "The provided key element does not match the schema",
    }
    other = {"TableName": "tab", "Key": {"other": {"S": "a"}}}
    assert reasons(client.transact_write_items, {"Delete": other}) == [no_match]
    assert reasons(client.transact_get_items, {"Get": other}) == [no_match]


def test_what_no_table_could_take_is_refused_at_once(client: Any) -> None:
    bad = {"Put": {"TableName": "tab", "Item": {"pk": {"S": "a"}, "n": {"N": "x"}}}}
    with pytest.raises(ClientError, match=r"ValidationException.*cannot be converted to a numeric value"):
        client.transact_write_items(TransactItems=[bad])


def test_an_item_that_is_too_large_is_refused_whatever_its_index_keys_are() -> None:
    client = ddbha.World().client("dynamodb", region_name="us-east-1")
    table = {**on_demand("pk", more=["by"]), "GlobalSecondaryIndexes": [index_on("index", "by")]}
    client.create_table(TableName="tab", **table)
    item: Any = {"pk": {"S": "p"}, "by": {"S": "k"}, "text": {"S": "x" * 400 * 1024}}
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        client.put_item(TableName="tab", Item=item)
