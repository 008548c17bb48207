"""TTL: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from tests.building import index_on, on_demand

#: 2026-01-01T00:00:00Z, where a ManualClock starts: a whole minute.
START = 1767225600
YEAR = 365 * 24 * 3600

TABLE: dict[str, Any] = {
    "TableName": "sessions",
    **on_demand("id", more=["user"]),
    "GlobalSecondaryIndexes": [index_on("by-user", "user")],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
}


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    return client


def enable(client: Any, *, enabled: bool = True) -> None:
    client.update_time_to_live(
        TableName="sessions", TimeToLiveSpecification={"Enabled": enabled, "AttributeName": "expires"}
    )


def put(client: Any, name: str, expires: float | dict[str, Any] | None = None) -> None:
    item: dict[str, Any] = {"id": {"S": name}, "user": {"S": "ann"}}
    if expires is not None:
        item["expires"] = expires if isinstance(expires, dict) else {"N": str(expires)}
    client.put_item(TableName="sessions", Item=item)


def names(client: Any) -> set[str]:
    return {item["id"]["S"] for item in client.scan(TableName="sessions")["Items"]}


def test_items_are_readable_until_the_next_whole_minute(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "soon", START + 30)
    put(client, "later", START + 60)
    world.clock.advance(seconds=59)
    assert names(client) == {"soon", "later"}
    world.clock.advance(seconds=1)
    # Only what is in the past has expired.
    assert names(client) == {"later"}
    world.clock.advance(seconds=60)
    assert names(client) == set()
    assert [event.details["count"] for event in world.events.of("items-expired")] == [1, 1]
    world.verify()


def test_items_from_before_ttl_was_enabled_expire_too(client: Any, world: ddbha.World) -> None:
    put(client, "old", START - 1000)
    put(client, "new", START + 1000)
    world.clock.advance(days=1)
    assert names(client) == {"old", "new"}
    enable(client)
    assert names(client) == {"old", "new"}
    world.clock.advance(minutes=1)
    assert names(client) == set()


@pytest.mark.parametrize(
    "attribute",
    [
        {"S": str(START - 1)},
        {"N": str((START - 1) * 1000)},
        {"N": str(START - 5 * YEAR - 3600)},
        {"N": str(START + 2 * YEAR)},
        {"N": "1E+120"},
        {"M": {"expires": {"N": str(START - 1)}}},
        {"NS": [str(START - 1)]},
    ],
)
def test_only_recent_epoch_seconds_expire(client: Any, world: ddbha.World, attribute: Any) -> None:
    enable(client)
    put(client, "kept", attribute)
    put(client, "without")
    world.clock.advance(days=365)
    assert names(client) == {"kept", "without"}


@pytest.mark.parametrize("text", ["1.7672256E9", str(START - 5 * YEAR + 3600), str(START - 0.5)])
def test_numbers_of_any_form_expire(client: Any, world: ddbha.World, text: str) -> None:
    enable(client)
    put(client, "gone", {"N": text})
    world.clock.advance(minutes=2)
    assert names(client) == set()


def test_a_new_time_rescues_an_item(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "touched", START + 30)
    put(client, "no longer timed", START + 30)
    world.clock.advance(seconds=45)
    put(client, "touched", START + 300)
    put(client, "no longer timed")
    world.clock.advance(seconds=60)
    assert names(client) == {"touched", "no longer timed"}
    world.clock.advance(minutes=5)
    assert names(client) == {"no longer timed"}


def test_an_earlier_time_counts_although_a_later_one_was_known(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "a", START + 3600)
    world.clock.advance(minutes=10)
    put(client, "b", START + 900)
    world.clock.advance(minutes=6)
    assert names(client) == {"a"}


def test_a_delay_keeps_expired_items_longer() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), ttl_delay=48 * 3600)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    enable(client)
    put(client, "late", START + 30)
    world.clock.advance(hours=48)
    assert names(client) == {"late"}
    world.clock.advance(minutes=1)
    assert names(client) == set()


def test_stream_and_index_see_a_removal_by_the_service(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "expires", START + 30)
    put(client, "deleted", START + 7200)
    client.delete_item(TableName="sessions", Key={"id": {"S": "deleted"}})
    # However far the clock jumps, the removal happened when it was due.
    world.clock.advance(hours=5)
    index = client.query(
        TableName="sessions",
        IndexName="by-user",
        KeyConditionExpression="#u = :u",
        ExpressionAttributeNames={"#u": "user"},
        ExpressionAttributeValues={":u": {"S": "ann"}},
    )
    assert index["Items"] == []
    removed = {r["dynamodb"]["Keys"]["id"]["S"]: r for r in records(world) if r["eventName"] == "REMOVE"}
    assert "userIdentity" not in removed["deleted"]
    record = removed["expires"]
    assert record["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert record["dynamodb"]["OldImage"]["expires"] == {"N": str(START + 30)}
    assert record["dynamodb"]["ApproximateCreationDateTime"].timestamp() == START + 60
    world.verify()


def records(world: ddbha.World) -> list[Any]:
    streams: Any = world.client("dynamodbstreams", region_name="us-east-1")
    found = []
    for stream in streams.list_streams(TableName="sessions")["Streams"]:
        arn = stream["StreamArn"]
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            iterator = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            found += streams.get_records(ShardIterator=iterator)["Records"]
    return found


def test_a_partition_without_a_quorum_is_swept_when_it_has_one_again(
    client: Any, world: ddbha.World
) -> None:
    enable(client)
    put(client, "a", START + 30)
    first = world.faults.zone_outage("us-east-1a")
    second = world.faults.zone_outage("us-east-1b")
    world.clock.advance(minutes=10)
    assert names(client) == {"a"}
    first.end()
    second.end()
    world.clock.advance(seconds=59)
    assert names(client) == {"a"}
    world.clock.advance(seconds=1)
    assert names(client) == set()
    world.verify()


def test_halves_of_a_split_partition_go_on(client: Any, world: ddbha.World) -> None:
    enable(client)
    for number in range(40):
        put(client, f"before-{number}", START + 30 + number)
    for partition in list(world.table("sessions").partitions):
        partition.split()
    for number in range(40):
        put(client, f"after-{number}", START + 30 + number)
    put(client, "stays")
    world.clock.advance(minutes=3)
    assert names(client) == {"stays"}
    assert sum(event.details["count"] for event in world.events.of("items-expired")) == 80
    world.verify()


def test_nothing_is_scheduled_unless_something_is_due(client: Any, world: ddbha.World) -> None:
    pending = world.engine.environment.scheduler._heap
    enable(client)
    put(client, "a", START + 30)
    put(client, "b")
    for _ in range(5):
        world.clock.advance(minutes=2)
        names(client)
    assert pending == []
    put(client, "c", START + 10 * YEAR)
    world.clock.advance(minutes=2)
    names(client)
    assert [when for when, *_ in pending] == [START + 10 * YEAR + 60]


def test_disabling_ends_removals(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "a", START + 7200)
    world.clock.advance(hours=1)
    enable(client, enabled=False)
    world.clock.advance(hours=10)
    assert names(client) == {"a"}
    enable(client)
    world.clock.advance(seconds=30)
    put(client, "b", START)
    assert names(client) == {"a", "b"}
    world.clock.advance(minutes=1)
    assert names(client) == set()


def test_a_deleted_table_is_not_swept(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "a", START + 30)
    client.delete_table(TableName="sessions")
    world.clock.advance(minutes=5)
    assert client.list_tables()["TableNames"] == []
    assert world.events.of("items-expired") == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(0, 5), st.integers(-200, 900)),
            st.tuples(st.just("wait"), st.integers(0, 400)),
            st.tuples(st.just("delete"), st.integers(0, 5)),
            st.tuples(st.just("split"), st.integers(0, 3)),
        ),
        max_size=25,
    )
)
def test_an_item_is_there_until_the_minute_after_it_expired(steps: list[Any]) -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    enable(client)
    due: dict[str, int] = {}
    now = START
    for kind, *arguments in steps:
        if kind == "wait":
            now += arguments[0]
            world.clock.advance(seconds=arguments[0])
        elif kind == "put":
            name, expires = f"item-{arguments[0]}", START + arguments[1]
            put(client, name, expires)
            due[name] = (max(expires, now) // 60 + 1) * 60
        elif kind == "delete":
            client.delete_item(TableName="sessions", Key={"id": {"S": f"item-{arguments[0]}"}})
            due.pop(f"item-{arguments[0]}", None)
        else:
            world.table("sessions").partitions[arguments[0]].split()
        due = {name: time for name, time in due.items() if time > now}
        assert names(client) == due.keys()
    world.verify()


def test_an_item_that_cannot_be_written_keeps_its_time(client: Any, world: ddbha.World) -> None:
    enable(client)
    put(client, "a", START + 30)
    with pytest.raises(ClientError, match="conditional request failed"):
        client.put_item(
            TableName="sessions",
            Item={"id": {"S": "a"}},
            ConditionExpression="attribute_not_exists(id)",
        )
    world.clock.advance(minutes=1)
    assert names(client) == set()
