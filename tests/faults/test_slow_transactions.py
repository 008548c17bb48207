"""Transactions that overlap with other requests, as boto3 clients meet them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

import ddbha
from ddbha.errors import UsageError
from tests.building import on_demand

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
TRANSFER: Any = [
    {"Put": {"TableName": "tab", "Item": {"id": {"S": "a"}, "n": {"N": "1"}}}},
    {"Put": {"TableName": "tab", "Item": {"id": {"S": "b"}, "n": {"N": "1"}}}},
]


def world_with_table(config: Config = ONCE) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    client = world.client("dynamodb", region_name="us-east-1", config=config)
    client.create_table(TableName="tab", **on_demand("id"))
    client.put_item(TableName="tab", Item={"id": {"S": "a"}, "n": {"N": "0"}})
    return world, client


def read(client: Any, key: str) -> Any:
    return client.get_item(TableName="tab", Key={"id": {"S": key}}, ConsistentRead=True).get("Item")


def begin(world: ddbha.World, client: Any, token: str = "t1") -> None:
    world.faults.slow_transaction(seconds=10, table="tab", times=1)
    with pytest.raises(ReadTimeoutError):
        client.transact_write_items(TransactItems=TRANSFER, ClientRequestToken=token)


def code(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**params)
    return str(raised.value.response["Error"]["Code"])


def test_other_writes_conflict_until_the_transaction_is_committed() -> None:
    world, client = world_with_table()
    begin(world, client)
    key: Any = {"id": {"S": "a"}}
    for call, params in (
        (client.put_item, {"Item": key}),
        (client.delete_item, {"Key": key}),
        (client.delete_item, {"Key": {"id": {"S": "b"}}}),
        (client.update_item, {"Key": key}),
        (client.put_item, {"Item": key, "ConditionExpression": "attribute_not_exists(id)"}),
    ):
        assert code(call, TableName="tab", **params) == "TransactionConflictException"
    client.put_item(TableName="tab", Item={"id": {"S": "free"}})
    assert read(client, "a")["n"] == {"N": "0"}
    assert read(client, "b") is None
    world.clock.sleep(9.9)
    assert code(client.put_item, TableName="tab", Item=key) == "TransactionConflictException"
    world.clock.sleep(0.1)
    assert read(client, "a")["n"] == read(client, "b")["n"] == {"N": "1"}
    client.put_item(TableName="tab", Item=key)
    world.verify()


def test_other_transactions_are_cancelled_with_the_reasons_in_order() -> None:
    world, client = world_with_table()
    begin(world, client)
    keys = ("free", "b", "a")
    writes = [{"Put": {"TableName": "tab", "Item": {"id": {"S": key}}}} for key in keys]
    reads = [{"Get": {"TableName": "tab", "Key": {"id": {"S": key}}}} for key in keys]
    for call, items in ((client.transact_write_items, writes), (client.transact_get_items, reads)):
        with pytest.raises(client.exceptions.TransactionCanceledException) as raised:
            call(TransactItems=items)
        reasons = [reason["Code"] for reason in raised.value.response["CancellationReasons"]]
        assert reasons == ["None", "TransactionConflict", "TransactionConflict"]
    assert read(client, "free") is None
    world.clock.sleep(10)
    client.transact_write_items(TransactItems=writes)
    world.verify()


def test_a_batch_gives_the_locked_item_back() -> None:
    world, client = world_with_table()
    begin(world, client)
    puts = [{"PutRequest": {"Item": {"id": {"S": key}}}} for key in ("a", "free")]
    answer = client.batch_write_item(RequestItems={"tab": puts})
    assert answer["UnprocessedItems"] == {"tab": puts[:1]}
    assert client.batch_write_item(RequestItems={"tab": puts[:1]})["UnprocessedItems"] == {
        "tab": puts[:1]
    }


def test_the_same_token_is_in_progress_and_then_done_once() -> None:
    world, client = world_with_table()
    begin(world, client)
    again = {"TransactItems": TRANSFER, "ClientRequestToken": "t1"}
    assert code(client.transact_write_items, **again) == "TransactionInProgressException"
    other = {"TransactItems": TRANSFER[:1], "ClientRequestToken": "t1"}
    assert code(client.transact_write_items, **other) == "IdempotentParameterMismatchException"
    world.clock.sleep(10)
    client.put_item(TableName="tab", Item={"id": {"S": "a"}, "n": {"N": "7"}})
    client.transact_write_items(**again)
    assert read(client, "a")["n"] == {"N": "7"}


def test_botocore_tries_again_until_the_transaction_is_done() -> None:
    world, client = world_with_table(Config(retries={"mode": "standard", "total_max_attempts": 10}))
    world.faults.slow_transaction(seconds=0.01, times=1)
    answer = client.transact_write_items(TransactItems=TRANSFER)
    assert answer["ResponseMetadata"]["RetryAttempts"] >= 1
    assert read(client, "b")["n"] == {"N": "1"}


def test_a_commit_waits_for_the_quorum() -> None:
    world, client = world_with_table()
    begin(world, client)
    with world.faults.zone_outage("us-east-1a"), world.faults.zone_outage("us-east-1b"):
        world.clock.sleep(10)
        client.describe_table(TableName="tab")
    world.clock.sleep(1)
    assert read(client, "a")["n"] == read(client, "b")["n"] == {"N": "1"}


def test_a_transaction_whose_condition_fails_locks_nothing() -> None:
    world, client = world_with_table()
    world.faults.slow_transaction(seconds=10)
    put = {**TRANSFER[0]["Put"], "ConditionExpression": "attribute_not_exists(id)"}
    items = [{"Put": put}, TRANSFER[1]]
    assert code(client.transact_write_items, TransactItems=items) == "TransactionCanceledException"
    client.put_item(TableName="tab", Item={"id": {"S": "b"}})


def test_misuse_is_refused() -> None:
    world, _ = world_with_table()
    with pytest.raises(UsageError, match="more than zero"):
        world.faults.slow_transaction(seconds=0)
    with pytest.raises(UsageError, match="no transaction that writes"):
        world.faults.slow_transaction(seconds=1, operation="PutItem")


def test_a_world_with_an_ongoing_transaction_is_not_saved_and_can_be_reset(tmp_path: Path) -> None:
    world, client = world_with_table()
    begin(world, client)
    world.faults.end_all()
    with pytest.raises(UsageError, match="ongoing transaction"):
        world.save(tmp_path / "world")
    world.clock.sleep(10)
    world.save(tmp_path / "world")
    begin(world, client, token="t2")
    world.reset()
    world.clock.sleep(10)
    assert client.list_tables()["TableNames"] == []


def test_a_table_may_be_deleted_while_a_transaction_takes_its_time() -> None:
    world, client = world_with_table()
    begin(world, client)
    client.delete_table(TableName="tab")
    world.clock.sleep(10)
    assert client.list_tables()["TableNames"] == []
