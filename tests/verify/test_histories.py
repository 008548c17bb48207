"""Histories that a world records: what is recorded, and what the checker makes of it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

import ddbha
from ddbha.errors import InvariantError, UsageError
from ddbha.verify.calls import Call
from tests.building import index_on, on_demand

KEY: Any = {"id": {"S": "1"}}
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})


def world_with_table(**arguments: Any) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock(), **{"history": True, **arguments})
    client = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    client.create_table(
        TableName="tab",
        **on_demand("id", more=["n:N"]),
        GlobalSecondaryIndexes=[index_on("by-n", "n", projection="KEYS_ONLY")],
    )
    return world, client


def put(client: Any, n: int, **more: Any) -> None:
    client.put_item(TableName="tab", Item={**KEY, "n": {"N": str(n)}}, **more)


def get(client: Any, *, consistent: bool = True) -> Any:
    return client.get_item(TableName="tab", Key=KEY, ConsistentRead=consistent).get("Item")


def change(world: ddbha.World, place: int, answer: Any) -> Call:
    """Make the record of a call say that its client was told something else."""
    call = world.history.calls[place]
    call.answer = answer
    return call


def test_nothing_is_recorded_unless_it_is_asked_for() -> None:
    world, client = world_with_table(history=False)
    put(client, 1)
    with pytest.raises(UsageError, match="No history was recorded"):
        len(world.history)
    world.history.start()
    put(client, 2)
    assert [call.operation for call in world.history] == ["PutItem"]
    world.verify()
    world.reset()
    assert len(world.history) == 0


def test_calls_are_recorded_with_client_order_and_outcome() -> None:
    world, client = world_with_table()
    other = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    item: Any = {**KEY, "n": {"N": "1"}}
    client.put_item(TableName="tab", Item=item)
    item["n"]["N"] = "changed after the call"
    get(other)["n"]["N"] = "changed by the caller"
    with pytest.raises(ClientError):
        put(client, 2, ConditionExpression="attribute_not_exists(id)")
    with (
        world.faults.timeout(operation="PutItem", after_commit=True),
        pytest.raises(ReadTimeoutError),
    ):
        put(other, 3)
    _, first, second, third, fourth = world.history
    assert (first.request["Item"]["n"], first.outcome) == ({"N": "1"}, "ANSWERED")
    assert second.answer is not None
    assert second.answer["Item"]["n"] == {"N": "1"}
    assert (third.outcome, fourth.outcome) == ("REFUSED", "UNKNOWN")
    assert [call.client for call in world.history][1:] == ["client-1", "client-2", "client-1", "client-2"]
    assert [call.completed is not None and call.invoked < call.completed for call in world.history] == [
        True
    ] * 5
    world.verify()


def test_every_operation_fits_what_the_others_were_told() -> None:
    world, client = world_with_table()
    for n in range(8):
        client.put_item(
            TableName="tab", Item={"id": {"S": str(n)}, "n": {"N": str(n % 3)}, "s": {"SS": ["b", "a"]}}
        )
    client.update_item(
        TableName="tab",
        Key=KEY,
        UpdateExpression="SET m = if_not_exists(m, :m) ADD n :o DELETE s :s",
        ExpressionAttributeValues={
            ":m": {"M": {"x": {"L": []}}},
            ":o": {"N": "1.50"},
            ":s": {"SS": ["a"]},
        },
        ReturnValues="UPDATED_NEW",
    )
    client.update_item(TableName="tab", Key={"id": {"S": "new"}}, ReturnValues="ALL_OLD")
    client.update_item(TableName="tab", Key={"id": {"S": "none"}}, UpdateExpression="REMOVE a")
    client.update_item(TableName="tab", Key=KEY, AttributeUpdates={"z": {"Value": {"S": "legacy"}}})
    client.delete_item(TableName="tab", Key={"id": {"S": "2"}}, ReturnValues="ALL_OLD")
    client.batch_write_item(
        RequestItems={
            "tab": [
                {"PutRequest": {"Item": {"id": {"S": "3"}, "n": {"N": "9"}}}},
                {"DeleteRequest": {"Key": {"id": {"S": "4"}}}},
            ]
        }
    )
    transaction: Any = [
        {"Put": {"TableName": "tab", "Item": {"id": {"S": "t"}}}},
        {"Update": {"TableName": "tab", "Key": KEY, "UpdateExpression": "REMOVE z"}},
        {
            "ConditionCheck": {
                "TableName": "tab",
                "Key": {"id": {"S": "0"}},
                "ConditionExpression": "attribute_exists(id)",
            }
        },
        {"Delete": {"TableName": "tab", "Key": {"id": {"S": "5"}}}},
    ]
    for _ in range(2):
        client.transact_write_items(TransactItems=transaction, ClientRequestToken="once")
    transaction[2]["ConditionCheck"]["ConditionExpression"] = "attribute_not_exists(id)"
    with pytest.raises(ClientError, match="TransactionCanceled"):
        client.transact_write_items(TransactItems=transaction)
    client.transact_get_items(
        TransactItems=[
            {"Get": {"TableName": "tab", "Key": KEY, "ProjectionExpression": "m.x"}},
            {"Get": {"TableName": "tab", "Key": {"id": {"S": "5"}}}},
        ]
    )
    keys = [{"id": {"S": str(n)}} for n in range(8)]
    for consistent in (True, False):
        client.batch_get_item(RequestItems={"tab": {"Keys": keys, "ConsistentRead": consistent}})
        client.scan(TableName="tab", ConsistentRead=consistent)
        client.scan(TableName="tab", ConsistentRead=consistent, Limit=3)
        client.query(
            TableName="tab",
            ConsistentRead=consistent,
            KeyConditionExpression="id = :i",
            ExpressionAttributeValues={":i": {"S": "5"}},
        )
    client.query(
        TableName="tab",
        IndexName="by-n",
        KeyConditionExpression="n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    world.verify()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"Item": {**KEY, "n": {"N": "1"}}},
        {"Item": {**KEY, "n": {"N": "3"}}},
        {"Item": KEY},
    ],
    ids=["lost", "stale", "never written", "torn"],
)
@pytest.mark.parametrize("consistent", [True, False])
def test_a_wrong_read_is_named_with_the_history_around_it(wrong: Any, consistent: bool) -> None:
    world, client = world_with_table()
    put(client, 1)
    put(client, 2)
    get(client, consistent=consistent)
    put(client, 4)
    world.verify()
    call = change(world, 3, wrong)
    with pytest.raises(InvariantError) as caught:
        world.verify()
    lines = str(caught.value).splitlines()
    assert lines[0] == str(call)
    assert "tab ('1',) could be: {'id': {'S': '1'}, 'n': {'N': '2'}}" in lines[1]
    assert any(line.startswith("  > ") and str(call) in line for line in lines)
    assert sum("PutItem" in line for line in lines) == 3


def test_an_eventually_consistent_read_may_be_as_old_as_its_lag_and_no_older() -> None:
    world, client = world_with_table()
    for zone in "abc":
        world.faults.follower_lag(f"us-east-1{zone}", seconds=5)
    for n in range(4):
        put(client, n)
        world.clock.advance(seconds=3)
    get(client, consistent=False)
    for n, right in ((3, True), (2, True), (1, False), (0, False)):
        change(world, 5, {"Item": {**KEY, "n": {"N": str(n)}}})
        if right:
            world.verify()
        else:
            with pytest.raises(InvariantError):
                world.verify()


@pytest.mark.parametrize("lagging", [False, True])
def test_a_read_may_show_what_was_there_before_the_history_began(lagging: bool) -> None:
    world, client = world_with_table(history=False, stale_reads=0 if lagging else 9)
    if lagging:
        for zone in world.table("tab").partitions[0].replicas:
            world.faults.follower_lag(zone.zone, seconds=9)
    for n in range(3):
        put(client, n)
        world.clock.advance(seconds=1)
    world.history.start()
    seen: set[str] = set()
    for _ in range(20):
        seen.add(str(get(client, consistent=False)))
        seen.update(map(str, client.scan(TableName="tab")["Items"] or [None]))
    assert len(seen) > 1
    world.verify()
    world.clock.advance(seconds=10)
    get(client, consistent=False)
    change(world, -1, {"Item": {**KEY, "n": {"N": "1"}}})
    with pytest.raises(InvariantError, match="does not fit"):
        world.verify()


def test_a_wrong_page_a_wrong_index_entry_and_a_missing_item_are_found() -> None:
    world, client = world_with_table()
    put(client, 1)
    client.scan(TableName="tab", ConsistentRead=True)
    found = client.query(
        TableName="tab",
        IndexName="by-n",
        KeyConditionExpression="n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    assert found["Count"] == 1
    scanned, queried = (call.answer for call in world.history.calls[2:4])
    world.verify()
    change(world, 2, {**(scanned or {}), "Items": []})
    with pytest.raises(InvariantError, match="Scan"):
        world.verify()
    change(world, 2, scanned)
    change(world, 3, {**(queried or {}), "Items": [{**KEY, "n": {"N": "2"}}]})
    with pytest.raises(InvariantError, match="Query"):
        world.verify()


def test_an_index_may_be_made_anew_with_other_keys() -> None:
    world, client = world_with_table()
    put(client, 1)
    asked: Any = {
        "TableName": "tab",
        "IndexName": "by-n",
        "KeyConditionExpression": "n = :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    found = client.query(**asked)
    client.execute_statement(Statement='SELECT * FROM tab."by-n"')
    assert found["Count"] == 1
    place = len(world.history) - 2
    client.update_table(TableName="tab", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-n"}}])
    client.describe_table(TableName="tab")
    client.update_table(
        TableName="tab",
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "other", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexUpdates=[{"Create": index_on("by-n", "other")}],
    )
    world.verify()
    change(world, place, {**found, "Items": [], "Count": 0})
    with pytest.raises(InvariantError, match="does not fit"):
        world.verify()


def test_a_conditional_operator_is_about_the_filter_of_a_query() -> None:
    world, client = world_with_table()
    for n in range(4):
        client.put_item(TableName="tab", Item={"id": {"S": str(n % 2)}, "n": {"N": str(n)}})
    wanted: Any = {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "1"}]}
    found = client.query(
        TableName="tab",
        KeyConditions={"id": wanted},
        QueryFilter={"n": {"ComparisonOperator": "NULL"}, "m": {"ComparisonOperator": "NULL"}},
        ConditionalOperator="OR",
        ConsistentRead=True,
    )
    assert found["Items"] == [{**KEY, "n": {"N": "3"}}]
    world.verify()
    change(world, -1, {**found, "Items": [], "Count": 0})
    with pytest.raises(InvariantError, match="does not fit"):
        world.verify()


def test_an_item_that_moves_in_an_index_may_be_seen_twice_or_not_at_all() -> None:
    world, client = world_with_table(stale_reads=2)
    numbers: list[int] = []
    for n in range(60):
        put(client, n % 7)
        world.clock.advance(seconds=0.7)
        numbers.append(len(client.scan(TableName="tab", IndexName="by-n")["Items"]))
    assert {0, 2} & set(numbers[5:])
    world.verify()
    world.clock.advance(seconds=9)
    client.scan(TableName="tab", IndexName="by-n")
    world.verify()
    change(world, -1, {"Items": [], "Count": 0, "ScannedCount": 0})
    with pytest.raises(InvariantError, match="does not fit"):
        world.verify()


def test_half_of_a_transaction_is_found() -> None:
    world, client = world_with_table()
    keys = [{"id": {"S": name}} for name in "ab"]
    client.transact_write_items(
        TransactItems=[{"Put": {"TableName": "tab", "Item": key}} for key in keys]
    )
    client.transact_get_items(TransactItems=[{"Get": {"TableName": "tab", "Key": key}} for key in keys])
    world.verify()
    change(world, 2, {"Responses": [{"Item": keys[0]}, {}]})
    with pytest.raises(InvariantError, match="TransactGetItems"):
        world.verify()


def test_outcomes_that_left_no_record_are_known() -> None:
    world, client = world_with_table()
    put(client, 1)
    with world.faults.zone_outage("us-east-1a"), world.faults.zone_outage("us-east-1b"):
        for number in range(40):
            items = [{"id": {"S": str((number + n) % 15)}, "n": {"N": str(number)}} for n in range(3)]
            puts = [{"Put": {"TableName": "tab", "Item": item}} for item in items]
            with pytest.raises(ClientError):
                client.transact_write_items(TransactItems=puts)
    get(client)
    world.verify()
    change(world, -1, {"Item": {**KEY, "n": {"N": "12"}}})
    with pytest.raises(InvariantError, match="GetItem"):
        world.verify()


def test_a_condition_that_held_and_was_refused_is_found() -> None:
    world, client = world_with_table()
    put(client, 1)
    with pytest.raises(ClientError):
        put(client, 2, ConditionExpression="n = :o", ExpressionAttributeValues={":o": {"N": "5"}})
    world.verify()
    world.history.calls[2].request["ExpressionAttributeValues"][":o"] = {"N": "1"}
    with pytest.raises(InvariantError, match="refused: ConditionalCheckFailedException"):
        world.verify()


def test_a_write_acknowledged_twice_is_found() -> None:
    world, client = world_with_table()
    with suppress(ClientError):
        for n in (1, 2):
            put(client, n, ConditionExpression="attribute_not_exists(id)")
    world.verify()
    call = change(world, 2, {})
    call.error = None
    with pytest.raises(InvariantError, match="PutItem"):
        world.verify()


def test_a_lost_answer_is_one_count_or_none_and_a_transaction_is_done_once() -> None:
    world, client = world_with_table()
    retrying = world.client("dynamodb", region_name="us-east-1")
    put(client, 0)
    count: Any = {
        "TableName": "tab",
        "Key": KEY,
        "UpdateExpression": "ADD n :o",
        "ExpressionAttributeValues": {":o": {"N": "1"}},
    }
    for operation in ("UpdateItem", "TransactWriteItems"):
        world.faults.timeout(operation=operation, after_commit=True, times=2)
    retrying.update_item(**count)
    assert get(client)["n"] == {"N": "3"}
    retrying.transact_write_items(TransactItems=[{"Update": count}])
    assert get(client)["n"] == {"N": "4"}
    world.faults.error("InternalServerError", operation="UpdateItem", after_commit=False, times=1)
    retrying.update_item(**count)
    world.verify()
    change(world, len(world.history) - 3, {"Item": {**KEY, "n": {"N": "6"}}})
    with pytest.raises(InvariantError, match="GetItem"):
        world.verify()


def test_what_was_there_before_and_what_others_write_is_taken_as_it_is() -> None:
    world, client = world_with_table(history=False)
    put(client, 1)
    world.history.start()
    assert get(client)["n"] == {"N": "1"}
    table = world.table("tab")
    key = next(key for p in table.partitions for key in p.leader.items.images)
    partition = table.partition(key)
    partition.commit(key, None, world.clock.time(), "us-east-1", "expiry")
    assert get(client) is None
    partition.split()
    put(client, 2)
    assert get(client)["n"] == {"N": "2"}
    world.verify()


def test_the_same_seed_gives_the_same_history() -> None:
    def history(seed: int) -> list[str]:
        world, client = world_with_table(seed=seed)
        retrying = world.client(
            "dynamodb", region_name="us-east-1", config=Config(retries={"mode": "standard"})
        )
        world.faults.follower_lag("us-east-1b", seconds=2)
        world.faults.zone_outage("us-east-1a", after=3, duration=4)
        world.faults.timeout(operation="PutItem", after_commit=True, probability=0.2)
        for n in range(20):
            with suppress(ReadTimeoutError, ClientError):
                put(client, n)
            get(retrying, consistent=False)
            world.clock.advance(seconds=1)
        world.verify()
        return [str(call) for call in world.history]

    assert history(1) == history(1)
    assert history(1) != history(2)


def test_both_regions_of_a_global_table_belong_to_the_history() -> None:
    world, client = world_with_table()
    client.update_table(
        TableName="tab",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    other = world.client("dynamodb", region_name="eu-west-1", config=ONCE)
    for n in range(3):
        put(client, n)
        put(other, n + 10)
        world.clock.advance(seconds=1)
    world.verify()
    # So many writes arrive at once that no search of their order would end.
    with world.faults.network_cut("us-east-1", "eu-west-1"):
        for n in range(30):
            put(client, n)
            world.clock.advance(seconds=1)
    assert get(other)["n"] == {"N": "29"}
    world.verify()
    change(world, len(world.history) - 1, {"Item": {**KEY, "n": {"N": "28"}}})
    with pytest.raises(InvariantError, match="GetItem"):
        world.verify()


def test_tables_of_one_name_in_two_accounts_are_kept_apart() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    own, other = (
        world.client("dynamodb", region_name="us-east-1", account_id=account)
        for account in ("111111111111", "222222222222")
    )
    for client, n in ((own, "1"), (other, "2")):
        client.create_table(TableName="tab", **on_demand("id"))
        client.put_item(TableName="tab", Item={**KEY, "n": {"N": n}})
    arn = other.describe_table(TableName="tab")["Table"]["TableArn"]
    allowed: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": "dynamodb:*",
        "Resource": arn,
    }
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    other.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    wanted: Any = {"Keys": [KEY], "ConsistentRead": True}
    found = own.batch_get_item(RequestItems={"tab": wanted, arn: wanted})["Responses"]
    assert (found["tab"][0]["n"], found[arn][0]["n"]) == ({"N": "1"}, {"N": "2"})
    puts: Any = [{"Put": {"TableName": name, "Item": {**KEY, "n": {"N": "3"}}}} for name in ("tab", arn)]
    own.transact_write_items(TransactItems=puts)
    own.get_item(TableName=arn, Key=KEY, ConsistentRead=True)
    world.verify()
    place = next(p for p, call in enumerate(world.history) if call.operation == "BatchGetItem")
    change(world, place, {"Responses": {"tab": found[arn], arn: found[arn]}, "UnprocessedKeys": {}})
    with pytest.raises(InvariantError, match="does not fit"):
        world.verify()
