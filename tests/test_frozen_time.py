"""What freezes the machine's time freezes a `SystemClock`."""

from __future__ import annotations

import boto3
import freezegun
import time_machine

import ddbha
from tests.building import index_on, on_demand


def test_freezegun() -> None:
    with freezegun.freeze_time("2031-02-03T04:05:06Z") as frozen:
        clock = ddbha.SystemClock()
        assert clock.now().isoformat() == "2031-02-03T04:05:06+00:00"
        frozen.tick(10)
        clock.advance(minutes=1)
        assert clock.now().isoformat() == "2031-02-03T04:06:16+00:00"


def test_time_machine() -> None:
    with time_machine.travel("2031-02-03T04:05:06Z", tick=False) as traveller:
        clock = ddbha.SystemClock()
        assert clock.now().isoformat() == "2031-02-03T04:05:06+00:00"
        traveller.shift(10)
        assert clock.now().isoformat() == "2031-02-03T04:05:16+00:00"


def test_a_world_goes_on_when_the_machines_time_is_set_back() -> None:
    """What was made at the real time is there under an earlier frozen one, and behind it again."""
    with ddbha.mock(timings=ddbha.Timings.aws()):
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="orders",
            **on_demand("pk", "sk"),
            GlobalSecondaryIndexes=[index_on("by-sk", "sk")],
        )
        client.get_waiter("table_exists").wait(TableName="orders")
        item = {"pk": {"S": "a"}, "sk": {"S": "b"}}
        client.put_item(TableName="orders", Item=item)
        client.create_table(TableName="later", **on_demand("pk"))
        with freezegun.freeze_time("2020-01-01"):
            later = {**item, "sk": {"S": "c"}}
            client.put_item(TableName="orders", Item=later)
            found = client.scan(TableName="orders", IndexName="by-sk")["Items"]
            assert sorted(one["sk"]["S"] for one in found) == ["b", "c"]
            client.get_waiter("table_exists").wait(TableName="later")
        client.put_item(TableName="later", Item={"pk": {"S": "a"}})
        assert client.scan(TableName="orders", IndexName="by-sk")["Count"] == 2


def test_instant_worlds_too() -> None:
    with ddbha.mock():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(TableName="orders", **on_demand("pk"))
        with freezegun.freeze_time("2020-01-01"):
            assert client.describe_table(TableName="orders")["Table"]["TableStatus"] == "ACTIVE"
            client.put_item(TableName="orders", Item={"pk": {"S": "a"}})
