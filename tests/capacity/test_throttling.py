"""Throttling: buckets of tables, indexes and partitions, the errors, and what is left undone.

Rates and messages: the developer guide's pages on burst and adaptive capacity, diagnosing throttling,
and global secondary index back-pressure.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from tests.building import index_on, on_demand
from tests.installed import needs

ONCE = Config(retries={"total_max_attempts": 1})
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/tab"
PROVISIONED_MESSAGE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing "
    "your provisioning level with the UpdateTable API."
)
KILOBYTE = "x" * 1000


def table(
    world: ddbha.World, read: int | None = None, write: int = 0, *, index: int | None = None, **more: Any
) -> Any:
    """A client that never retries, and its table: provisioned if units are given."""
    client: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    definition: dict[str, Any] = {"TableName": "tab", **on_demand("pk"), **more}
    if read is not None:
        definition["BillingMode"] = "PROVISIONED"
        definition["ProvisionedThroughput"] = {"ReadCapacityUnits": read, "WriteCapacityUnits": write}
    if index is not None:
        definition["AttributeDefinitions"].append({"AttributeName": "colour", "AttributeType": "S"})
        definition["GlobalSecondaryIndexes"] = [
            {
                **index_on("by-colour", "colour"),
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": index},
            }
        ]
    client.create_table(**definition)
    return client


def put(client: Any, pk: str, size: int = 0, **more: Any) -> Any:
    return client.put_item(
        TableName="tab", Item={"pk": {"S": pk}, **({"data": {"S": "x" * size}} if size else {}), **more}
    )


def burst(client: Any) -> int:
    """How many writes of one unit pass before one is throttled."""
    for count in range(10_000):
        try:
            put(client, "one")
        except client.exceptions.ProvisionedThroughputExceededException:
            return count
    raise AssertionError("nothing was throttled")


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


def test_a_table_has_five_minutes_of_burst_and_then_its_rate(world: ddbha.World) -> None:
    client = table(world, 1, 2)
    assert burst(client) == 600
    world.clock.advance(seconds=3)
    assert burst(client) == 6
    world.clock.advance(hours=5)
    assert burst(client) == 600


@needs("ProvisionedThroughputExceededException.ThrottlingReasons")
def test_the_error_says_what_was_exceeded(world: ddbha.World) -> None:
    client = table(world, 1, 1)
    burst(client)
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException) as caught:
        put(client, "one")
    assert caught.value.response["Error"]["Message"] == PROVISIONED_MESSAGE
    assert caught.value.response["ThrottlingReasons"] == [
        {"reason": "TableWriteProvisionedThroughputExceeded", "resource": TABLE}
    ]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_retries_wait_on_the_worlds_clock_until_there_is_capacity(world: ddbha.World) -> None:
    burst(table(world, 1, 1))
    patient: Any = world.client("dynamodb", region_name="us-east-1")
    answer = put(patient, "two")
    assert answer["ResponseMetadata"]["RetryAttempts"] > 0
    world.verify()


@needs("ProvisionedThroughputExceededException.ThrottlingReasons")
def test_reads_cost_by_size_and_consistency(world: ddbha.World) -> None:
    client = table(world, 1, 20)
    put(client, "one", 7000)
    get = {"TableName": "tab", "Key": {"pk": {"S": "one"}}}
    for _ in range(150):
        client.get_item(**get, ConsistentRead=True)
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException) as caught:
        client.get_item(**get)
    assert caught.value.response["ThrottlingReasons"][0]["reason"] == (
        "TableReadProvisionedThroughputExceeded"
    )
    world.clock.advance(seconds=1)
    client.get_item(**get)


def test_a_large_page_holds_up_the_next_one(world: ddbha.World) -> None:
    client = table(world, 1, 1000)
    for number in range(10):
        put(client, f"item-{number}", 99_000)
    for _ in range(2):
        # 990 000 bytes are 121 units.
        assert client.scan(TableName="tab")["Count"] == 10
    client.scan(TableName="tab")
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        client.scan(TableName="tab")
    # The debt of the third page: 3 * 121 - 300 and a half for the next.
    world.clock.advance(seconds=63)
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        client.scan(TableName="tab", Limit=1)
    world.clock.advance(seconds=1)
    client.scan(TableName="tab", Limit=1)


@needs("ProvisionedThroughputExceededException.ThrottlingReasons")
def test_an_index_without_capacity_holds_up_its_table(world: ddbha.World) -> None:
    client = table(world, 1, 2, index=1)
    for number in range(300):
        put(client, f"item-{number}", colour={"S": "red"})
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException) as caught:
        put(client, "more", colour={"S": "red"})
    assert caught.value.response["Error"]["Message"] == (
        "The level of configured provisioned throughput for one or more global secondary indexes of the "
        "table was exceeded. Consider increasing your provisioning level for the under-provisioned "
        "global secondary indexes with the UpdateTable API."
    )
    assert caught.value.response["ThrottlingReasons"] == [
        {"reason": "IndexWriteProvisionedThroughputExceeded", "resource": f"{TABLE}/index/by-colour"}
    ]
    assert "Item" not in client.get_item(TableName="tab", Key={"pk": {"S": "more"}})
    # Without an entry in the index writes go through, and the refused one took nothing of the table.
    assert burst(client) == 600 - 300
    assert (
        world.metrics.query("WriteThrottleEvents", TableName="tab", GlobalSecondaryIndexName="by-colour")[
            0
        ][1]
        == 1
    )


@needs("ProvisionedThroughputExceededException.ThrottlingReasons")
def test_a_partition_has_a_ceiling_whatever_the_table_has(world: ddbha.World) -> None:
    client = table(world, 1, 2000)
    assert len(world.table("tab").partitions) == 3
    assert burst(client) == 1000
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException) as caught:
        put(client, "one")
    assert caught.value.response["ThrottlingReasons"][0]["reason"] == (
        "TableWriteKeyRangeThroughputExceeded"
    )
    # Adaptive capacity: more than the even share of 667 a second, up to the ceiling, at once.
    world.clock.advance(seconds=0.5)
    assert burst(client) == 500


def test_a_failed_condition_costs_a_write(world: ddbha.World) -> None:
    client = table(world, 1, 1)
    for _ in range(300):
        with pytest.raises(client.exceptions.ConditionalCheckFailedException):
            client.put_item(
                TableName="tab", Item={"pk": {"S": "a"}}, ConditionExpression="attribute_exists(pk)"
            )
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        put(client, "a")


def test_what_a_batch_could_not_write_comes_back(world: ddbha.World) -> None:
    client = table(world, 1, 1)
    for _ in range(290):
        put(client, "one")
    puts = [{"PutRequest": {"Item": {"pk": {"S": f"batch-{n}"}}}} for n in range(25)]
    answer = client.batch_write_item(RequestItems={"tab": puts})
    assert len(answer["UnprocessedItems"]["tab"]) == 15
    assert world.table("tab").item_count == 11
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        client.batch_write_item(RequestItems=answer["UnprocessedItems"])
    assert world.table("tab").item_count == 11


def test_what_a_batch_could_not_read_comes_back(world: ddbha.World) -> None:
    client = table(world, 1, 10)
    keys = [{"pk": {"S": f"item-{n}"}} for n in range(100)]
    for _ in range(2):
        client.batch_get_item(RequestItems={"tab": {"Keys": keys, "ConsistentRead": True}})
    client.batch_get_item(RequestItems={"tab": {"Keys": keys[:90], "ConsistentRead": True}})
    request = {"tab": {"Keys": keys, "ConsistentRead": True}}
    answer = client.batch_get_item(RequestItems=request)
    assert len(answer["UnprocessedKeys"]["tab"]["Keys"]) == 90
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        client.batch_get_item(RequestItems=request)


def test_a_transaction_is_cancelled_whole(world: ddbha.World) -> None:
    client = table(world, 1, 1)
    for _ in range(297):
        put(client, "one")
    actions = [{"Put": {"TableName": "tab", "Item": {"pk": {"S": f"part-{n}"}}}} for n in range(2)]
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=actions)
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ProvisionedThroughputExceeded", "Message": PROVISIONED_MESSAGE},
    ]
    assert world.table("tab").item_count == 1
    # The units of the first action were given back.
    assert burst(client) == 3


def test_on_demand_tables_are_not_throttled_unless_asked(world: ddbha.World) -> None:
    client = table(world, OnDemandThroughput={"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 1})
    for _ in range(50):
        put(client, "one", 100_000)


def throttling_world(**more: Any) -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock(), throttling=True, **more)


@needs("ProvisionedThroughputExceededException.ThrottlingReasons")
def test_on_demand_maximums() -> None:
    world = throttling_world()
    client = table(world, OnDemandThroughput={"MaxReadRequestUnits": 9, "MaxWriteRequestUnits": 2})
    put(client, "one")
    put(client, "two")
    with pytest.raises(ClientError) as caught:
        put(client, "three")
    assert caught.value.response["Error"] == {
        "Code": "ThrottlingException",
        "Message": "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
    }
    reasons: Any = caught.value.response
    assert reasons["throttlingReasons"] == [
        {"reason": "TableWriteMaxOnDemandThroughputExceeded", "resource": TABLE}
    ]


@needs("ProvisionedThroughputExceededException.ThrottlingReasons")
def test_the_quota_of_the_account() -> None:
    client = table(throttling_world(on_demand_quota=(5, 3)))
    for _ in range(3):
        put(client, "one")
    with pytest.raises(client.exceptions.RequestLimitExceeded) as caught:
        put(client, "one")
    assert caught.value.response["ThrottlingReasons"] == [
        {"reason": "TableWriteAccountLimitExceeded", "resource": TABLE}
    ]


@needs("ProvisionedThroughputExceededException.ThrottlingReasons")
def test_a_hot_key_of_an_on_demand_table() -> None:
    client = table(throttling_world())
    for _ in range(1000):
        put(client, "hot")
    with pytest.raises(ClientError) as caught:
        put(client, "hot")
    message = (
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically "
        "scaling your table or index so please try again shortly. If exceptions persist, check if you "
        "have a hot key: "
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
    )
    assert caught.value.response["Error"] == {"Code": "ThrottlingException", "Message": message}
    reasons: Any = caught.value.response
    assert reasons["throttlingReasons"] == [
        {"reason": "TableWriteKeyRangeThroughputExceeded", "resource": TABLE}
    ]
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.transact_write_items(
            TransactItems=[{"Put": {"TableName": "tab", "Item": {"pk": {"S": "hot"}}}}]
        )
    assert cancelled.value.response["CancellationReasons"] == [
        {"Code": "ThrottlingError", "Message": message}
    ]


def test_an_on_demand_table_doubles_half_an_hour_after_a_peak() -> None:
    world = throttling_world()
    client = table(world)
    assert len(world.table("tab").partitions) == 4
    # Puts of 391 units, twice a second in each partition.
    keys = _keys_of_every_partition(world)
    for _ in range(60):
        for key in keys:
            put(client, key, 400_000)
            put(client, key, 400_000)
        world.clock.advance(seconds=1)
    put(client, "next minute")
    assert len(world.table("tab").partitions) == 4
    world.clock.advance(minutes=30)
    # Twice the peak of 4 * 782 units a second needs seven partitions of 1000: each of four is halved.
    assert len(world.table("tab").partitions) == 8


def _keys_of_every_partition(world: ddbha.World) -> list[str]:
    tab, keys = world.table("tab"), dict[int, str]()
    for number in range(100):
        key = tab.schema.key({"pk": {"S": f"key-{number}"}})
        keys.setdefault(tab.partition(key).number, f"key-{number}")
    assert len(keys) == len(tab.partitions)
    return list(keys.values())


def test_throttles_are_on_the_timeline_and_in_the_metrics(world: ddbha.World) -> None:
    client = table(world, 1, 1)
    burst(client)
    (event,) = world.events.of("throttled")
    assert event.details["reason"] == "TableWriteProvisionedThroughputExceeded"
    for metric, dimensions in (
        ("WriteThrottleEvents", {}),
        ("WriteProvisionedThroughputThrottleEvents", {}),
        ("ThrottledRequests", {"Operation": "PutItem"}),
    ):
        ((_, value),) = world.metrics.query(metric, TableName="tab", **dimensions)  # type: ignore[arg-type]
        assert value == 1, metric


_NAMES = st.sampled_from("abcdef")
_SIZES = st.sampled_from([10, 30_000, 90_000])
_STEPS = st.one_of(
    st.tuples(st.just("put"), _NAMES, _SIZES, st.booleans()),
    st.tuples(st.just("delete"), _NAMES),
    st.tuples(st.just("batch"), st.dictionaries(_NAMES, _SIZES, min_size=1)),
    st.tuples(st.just("transaction"), st.dictionaries(_NAMES, _SIZES, min_size=1)),
    st.tuples(st.just("wait"), st.integers(1, 60)),
    st.tuples(st.just("split")),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_STEPS, max_size=25))
def test_what_is_throttled_leaves_no_trace(steps: list[tuple[Any, ...]]) -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), partition_size=100_000, history=True)
    client = table(world, 100, 1, index=1)
    expected: dict[str, int] = {}
    for kind, *arguments in steps:
        try:
            if kind == "put":
                name, size, coloured = arguments
                put(client, name, size, **({"colour": {"S": "red"}} if coloured else {}))
                expected[name] = size
            elif kind == "delete":
                client.delete_item(TableName="tab", Key={"pk": {"S": arguments[0]}})
                expected.pop(arguments[0], None)
            elif kind == "batch":
                puts = [{"PutRequest": {"Item": _sized(*entry)}} for entry in arguments[0].items()]
                answer = client.batch_write_item(RequestItems={"tab": puts})
                undone = answer["UnprocessedItems"].get("tab", [])
                left = {entry["PutRequest"]["Item"]["pk"]["S"] for entry in undone}
                expected.update({n: size for n, size in arguments[0].items() if n not in left})
            elif kind == "transaction":
                actions = [
                    {"Put": {"TableName": "tab", "Item": _sized(*entry)}}
                    for entry in arguments[0].items()
                ]
                client.transact_write_items(TransactItems=actions)
                expected.update(arguments[0])
            elif kind == "wait":
                world.clock.advance(seconds=arguments[0])
            else:
                world.table("tab").partitions[0].split()
        except ClientError as error:
            assert error.response["Error"]["Code"] in (  # noqa: PT017
                "ProvisionedThroughputExceededException",
                "TransactionCanceledException",
            )
    stored = client.scan(TableName="tab", ConsistentRead=True)["Items"]
    assert {item["pk"]["S"]: len(item["data"]["S"]) for item in stored} == expected
    world.verify()


def _sized(name: str, size: int) -> dict[str, Any]:
    return {"pk": {"S": name}, "data": {"S": "x" * size}}
