"""Item collections: metrics and the limit.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from tests.building import index_on, on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: An item of this shape has 2 + 1, 2 + 2 and 1 + 95 bytes, 103 in all; with its rank (4 + 2) 109.
#: Its entry in the index, which projects only keys, has 3 + 4 + 6 = 13.
DATA = {"S": "x" * 95}
METRICS = {"ItemCollectionKey": {"pk": {"S": "a"}}, "SizeEstimateRangeGB": [0.0, 1.0]}


def item(sort_key: str, partition_key: str = "a", *, ranked: bool = False) -> Any:
    found: Any = {"pk": {"S": partition_key}, "sk": {"S": sort_key}, "d": DATA}
    return {**found, "rank": {"N": "1"}} if ranked else found


def key(sort_key: str, partition_key: str = "a") -> Any:
    return {"pk": {"S": partition_key}, "sk": {"S": sort_key}}


def make(limit: int | None = None) -> tuple[ddbha.World, DynamoDBClient]:
    clock = ddbha.ManualClock()
    world = (
        ddbha.World(clock=clock)
        if limit is None
        else ddbha.World(clock=clock, item_collection_limit=limit)
    )
    client = world.client("dynamodb", region_name="us-east-1")
    plain: Any = {**on_demand("pk", "sk")}
    client.create_table(TableName="plain", **plain)
    plain["AttributeDefinitions"].append({"AttributeName": "rank", "AttributeType": "N"})
    client.create_table(
        TableName="tab",
        LocalSecondaryIndexes=[index_on("by-rank", "pk", "rank", projection="KEYS_ONLY")],
        **plain,
    )
    return world, client


def test_metrics_come_with_every_write_of_a_table_with_a_local_index() -> None:
    world, client = make()
    wanted: Any = {"ReturnItemCollectionMetrics": "SIZE"}
    answers: list[Any] = [
        client.put_item(TableName="tab", Item=item("01"), **wanted),
        client.update_item(TableName="tab", Key=key("02"), **wanted),
        client.delete_item(TableName="tab", Key=key("01"), **wanted),
    ]
    assert [answer["ItemCollectionMetrics"] for answer in answers] == [METRICS] * 3
    batch = client.batch_write_item(
        RequestItems={
            "tab": [
                {"PutRequest": {"Item": item("03")}},
                {"DeleteRequest": {"Key": key("02")}},
                {"PutRequest": {"Item": item("03", "b")}},
            ],
            "plain": [{"PutRequest": {"Item": item("03")}}],
        },
        **wanted,
    )
    other = {**METRICS, "ItemCollectionKey": {"pk": {"S": "b"}}}
    assert batch["ItemCollectionMetrics"] == {"tab": [METRICS, other]}
    transaction = client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "tab", "Item": item("04")}},
            {"Delete": {"TableName": "tab", "Key": key("03")}},
            {"Put": {"TableName": "plain", "Item": item("04")}},
            {
                "ConditionCheck": {
                    "TableName": "tab",
                    "Key": key("05", "c"),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
        ],
        **wanted,
    )
    assert transaction["ItemCollectionMetrics"] == {"tab": [METRICS]}
    world.verify()


def test_metrics_come_only_where_they_are_asked_for_and_exist() -> None:
    _, client = make()
    assert "ItemCollectionMetrics" not in client.put_item(TableName="tab", Item=item("01"))
    assert "ItemCollectionMetrics" not in client.put_item(
        TableName="plain", Item=item("01"), ReturnItemCollectionMetrics="SIZE"
    )


def test_a_collection_may_reach_the_limit_and_not_pass_it() -> None:
    world, client = make(limit=2 * 103)
    client.put_item(TableName="tab", Item=item("01"))
    client.put_item(TableName="tab", Item=item("02"))
    with pytest.raises(client.exceptions.ItemCollectionSizeLimitExceededException) as caught:
        client.put_item(TableName="tab", Item=item("03"))
    assert caught.value.response["Error"]["Message"] == "Collection size exceeded."
    with pytest.raises(client.exceptions.ItemCollectionSizeLimitExceededException):
        client.update_item(
            TableName="tab",
            Key=key("02"),
            UpdateExpression="SET e = :e",
            ExpressionAttributeValues={":e": {"S": ""}},
        )
    assert client.scan(TableName="tab")["Items"] == [item("01"), item("02")]
    client.put_item(TableName="tab", Item=item("03", "b"))
    client.put_item(TableName="plain", Item=item("03"))
    # What makes nothing larger passes, and makes room.
    client.put_item(TableName="tab", Item=item("02"))
    client.delete_item(TableName="tab", Key=key("01"))
    client.put_item(TableName="tab", Item=item("03"))
    world.verify()


@pytest.mark.parametrize(("limit", "passes"), [(109 + 13, True), (109 + 12, False)])
def test_index_entries_count(limit: int, passes: bool) -> None:
    world, client = make(limit=limit)
    if passes:
        client.put_item(TableName="tab", Item=item("01", ranked=True))
    else:
        with pytest.raises(client.exceptions.ItemCollectionSizeLimitExceededException):
            client.put_item(TableName="tab", Item=item("01", ranked=True))
    world.verify()


def test_a_batch_past_the_limit_writes_nothing() -> None:
    _, client = make(limit=2 * 103)
    puts: Any = [{"PutRequest": {"Item": item(f"0{number}")}} for number in range(3)]
    with pytest.raises(client.exceptions.ItemCollectionSizeLimitExceededException):
        client.batch_write_item(RequestItems={"tab": puts})
    assert client.scan(TableName="tab")["Count"] == 0
    client.batch_write_item(RequestItems={"tab": puts[:2]})


def test_a_transaction_past_the_limit_says_which_action_was_too_much() -> None:
    world, client = make(limit=2 * 103)
    puts: Any = [{"Put": {"TableName": "tab", "Item": item(f"0{number}")}} for number in range(3)]
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=puts)
    # Code and message of the API reference of TransactWriteItems.
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "None"},
        {"Code": "ItemCollectionSizeLimitExceeded", "Message": "Collection size exceeded."},
    ]
    assert client.scan(TableName="tab")["Count"] == 0
    client.transact_write_items(TransactItems=puts[:2])
    world.verify()


def test_sizes_outlast_a_split_and_an_outage() -> None:
    world, client = make(limit=4 * 103)
    for name in "abcdefgh":
        client.put_item(TableName="tab", Item=item("01", name))
        client.put_item(TableName="tab", Item=item("02", name, ranked=True))
    world.table("tab").partitions[0].split()
    with world.faults.zone_outage("us-east-1a"):
        for name in "abcdefgh":
            client.put_item(TableName="tab", Item=item("03", name))
            with pytest.raises(client.exceptions.ItemCollectionSizeLimitExceededException):
                client.put_item(TableName="tab", Item=item("04", name))
    world.verify()


PUTS = st.builds(
    item, st.sampled_from(["01", "02", "03", "04"]), st.sampled_from("ab"), ranked=st.booleans()
)
STEPS = st.lists(st.one_of(PUTS, st.lists(PUTS, min_size=1, max_size=4), st.just(None)), max_size=12)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_no_sequence_of_writes_passes_the_limit(steps: list[Any]) -> None:
    limit = 3 * 103 + 20
    world, client = make(limit=limit)
    for step in steps:
        try:
            if step is None:
                client.delete_item(TableName="tab", Key=key("01"))
            elif isinstance(step, dict):
                client.put_item(TableName="tab", Item=step)
            else:
                unique = {(put["pk"]["S"], put["sk"]["S"]): put for put in step}
                client.batch_write_item(
                    RequestItems={"tab": [{"PutRequest": {"Item": put}} for put in unique.values()]}
                )
        except client.exceptions.ItemCollectionSizeLimitExceededException:
            pass
        found = client.scan(TableName="tab", ConsistentRead=True)["Items"]
        for name in "ab":
            sizes = [109 + 13 if "rank" in each else 103 for each in found if each["pk"]["S"] == name]
            assert sum(sizes) <= limit
    world.verify()
