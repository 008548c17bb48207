"""Global tables: life of replicas, last writer wins, faults between regions.

Expected messages and rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GlobalTables.html
and the documentation of UpdateTable.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from ddbha.errors import UnknownPlaceError, UsageError
from tests.building import index_on, keys, on_demand, scaled
from tests.installed import needs

REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
HOME, AWAY, FAR = REGIONS


def new_world(regions: int = 2, **options: Any) -> tuple[ddbha.World, list[Any]]:
    world = ddbha.World(clock=ddbha.ManualClock(), **options)
    clients = [world.client("dynamodb", region_name=name) for name in REGIONS[:regions]]
    create(clients[0])
    for name in REGIONS[1:regions]:
        replicate(clients[0], name)
        clients[0].describe_table(TableName="tab")
    return world, clients


def create(client: Any, **more: Any) -> None:
    client.create_table(TableName="tab", **keys("id"), **{"BillingMode": "PAY_PER_REQUEST", **more})


def replicate(client: Any, region: str, **more: Any) -> Any:
    return client.update_table(
        TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": region, **more}}]
    )["TableDescription"]


def put(client: Any, key: str, value: str) -> None:
    client.put_item(TableName="tab", Item={"id": {"S": key}, "value": {"S": value}})


def value(client: Any, key: str) -> str | None:
    item = client.get_item(TableName="tab", Key={"id": {"S": key}}).get("Item")
    return None if item is None else item["value"]["S"]


def contents(client: Any) -> dict[str, str]:
    pages = client.get_paginator("scan").paginate(TableName="tab")
    return {item["id"]["S"]: item["value"]["S"] for page in pages for item in page["Items"]}


def statuses(description: dict[str, Any]) -> dict[str, str]:
    return {replica["RegionName"]: replica["ReplicaStatus"] for replica in description["Replicas"]}


def stream_records(world: ddbha.World, region: str) -> Iterator[dict[str, Any]]:
    """All records of the table's stream in one region, parents before children."""
    streams: Any = world.client("dynamodbstreams", region_name=region)
    (found,) = streams.list_streams(TableName="tab")["Streams"]
    shards = streams.describe_stream(StreamArn=found["StreamArn"])["StreamDescription"]["Shards"]
    for shard in shards:
        iterator = streams.get_shard_iterator(
            StreamArn=found["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            answer = streams.get_records(ShardIterator=iterator)
            yield from answer["Records"]
            iterator = answer.get("NextShardIterator") if answer["Records"] else None


def test_an_existing_table_becomes_global_with_its_items() -> None:
    world, (home,) = new_world(1)
    away: Any = world.client("dynamodb", region_name=AWAY)
    for number in range(20):
        put(home, str(number), "before")
    description = replicate(home, AWAY)
    assert description["TableStatus"] == "UPDATING"
    assert description["GlobalTableVersion"] == "2019.11.21"
    put(home, "20", "meanwhile")
    assert contents(away) == contents(home)
    assert len(contents(away)) == 21

    here = home.describe_table(TableName="tab")["Table"]
    there = away.describe_table(TableName="tab")["Table"]
    assert statuses(here) == {AWAY: "ACTIVE"}
    assert statuses(there) == {HOME: "ACTIVE"}
    assert here["TableStatus"] == there["TableStatus"] == "ACTIVE"
    assert here["StreamSpecification"] == {
        "StreamEnabled": True,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    assert here["TableId"] != there["TableId"]
    assert there["TableArn"] == f"arn:aws:dynamodb:{AWAY}:123456789012:table/tab"
    assert here["LatestStreamArn"] != there["LatestStreamArn"]
    world.verify()


def test_a_replica_takes_its_time_and_the_table_works_meanwhile() -> None:
    world, (home,) = new_world(1, timings=ddbha.Timings.aws())
    away: Any = world.client("dynamodb", region_name=AWAY)
    home.get_waiter("table_exists").wait(TableName="tab")
    put(home, "a", "before")
    replicate(home, AWAY)
    assert away.describe_table(TableName="tab")["Table"]["TableStatus"] == "CREATING"
    with pytest.raises(ClientError, match="Requested resource not found"):
        value(away, "a")
    world.clock.advance(seconds=60)
    put(home, "a", "meanwhile")
    put(home, "b", "meanwhile")
    home.delete_item(TableName="tab", Key={"id": {"S": "b"}})
    assert statuses(home.describe_table(TableName="tab")["Table"]) == {AWAY: "CREATING"}
    with pytest.raises(ClientError, match="resource which you are attempting to change is in use"):
        replicate(home, FAR)
    away.get_waiter("table_exists").wait(TableName="tab", WaiterConfig={"MaxAttempts": 100})
    assert contents(away) == {"a": "meanwhile"}
    world.verify()


def test_every_region_writes_and_all_converge() -> None:
    world, clients = new_world(3)
    for number, client in enumerate(clients):
        put(client, f"key {number}", f"from {number}")
        put(client, "shared", f"from {number}")
    for client in clients:
        assert contents(client) == {
            "key 0": "from 0",
            "key 1": "from 1",
            "key 2": "from 2",
            "shared": "from 2",
        }
    assert not world.events.of("write-conflict-resolved"), "each had seen the write before"
    world.verify()


def test_a_cut_lets_regions_diverge_and_the_later_write_wins_afterwards() -> None:
    world, (home, away) = new_world()
    put(home, "a", "old")
    world.clock.advance(seconds=1)
    with world.faults.network_cut(HOME, AWAY):
        put(away, "a", "away")
        world.clock.advance(seconds=1)
        put(home, "a", "home")
        put(away, "b", "only away")
        assert (value(home, "a"), value(away, "a")) == ("home", "away")
        assert value(home, "b") is None
    assert contents(home) == contents(away) == {"a": "home", "b": "only away"}
    conflict = world.events.of("write-conflict-resolved")[0]
    assert (conflict.details["winner"], conflict.details["loser"]) == (HOME, AWAY)
    assert conflict.details["seconds_apart"] == 1.0
    assert conflict.details["why"] == "later"
    world.verify()


def test_an_older_write_does_not_bring_a_deleted_item_back() -> None:
    world, (home, away) = new_world()
    put(home, "a", "old")
    assert value(away, "a") == "old"
    with world.faults.network_cut(HOME, AWAY):
        put(away, "a", "new")
        world.clock.advance(seconds=1)
        home.delete_item(TableName="tab", Key={"id": {"S": "a"}})
    assert contents(home) == contents(away) == {}


def test_a_deletion_of_what_has_not_arrived_is_no_write() -> None:
    # An operation that changes nothing writes no stream record, so that there is nothing to replicate:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
    world, (home, away) = new_world()
    with world.faults.network_cut(HOME, AWAY):
        put(home, "a", "1")
        world.clock.advance(seconds=1)
        away.delete_item(TableName="tab", Key={"id": {"S": "a"}})
        assert contents(away) == {}
    assert contents(home) == contents(away) == {"a": "1"}
    assert not world.events.of("write-conflict-resolved")
    names = [record["eventName"] for record in stream_records(world, AWAY)]
    assert names == ["INSERT"]
    world.verify()


def test_counters_in_two_regions_lose_increments() -> None:
    world, (home, away) = new_world()

    def count(client: Any) -> None:
        client.update_item(
            TableName="tab",
            Key={"id": {"S": "visits"}},
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with world.faults.replication_lag(HOME, AWAY, seconds=2):
        for client in (home, away, home):
            count(client)
            world.clock.advance(seconds=0.5)
    items = [c.get_item(TableName="tab", Key={"id": {"S": "visits"}})["Item"] for c in (home, away)]
    assert items[0] == items[1]
    assert items[0]["n"] == {"N": "2"}, "three were counted; the later write of 2 has won over 1"


def test_conditions_and_transactions_see_their_own_region_only() -> None:
    world, (home, away) = new_world()
    with world.faults.replication_lag(HOME, AWAY, seconds=3, one_way=True):
        for client in (home, away):
            client.put_item(
                TableName="tab",
                Item={"id": {"S": "lock"}, "value": {"S": client.meta.region_name}},
                ConditionExpression="attribute_not_exists(id)",
            )
            world.clock.advance(seconds=1)
        home.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "tab", "Item": {"id": {"S": key}, "value": {"S": "both"}}}}
                for key in "xy"
            ]
        )
        assert value(away, "x") is None
        world.clock.advance(seconds=3)
        assert (value(away, "x"), value(away, "y")) == ("both", "both")
    assert value(home, "lock") == value(away, "lock") == AWAY


def test_lag_is_as_long_as_it_says_and_ends_with_the_fault() -> None:
    world, (home, away) = new_world()
    lag = world.faults.replication_lag(HOME, AWAY, seconds=3)
    put(home, "a", "1")
    world.clock.advance(seconds=2.9)
    assert value(away, "a") is None
    world.clock.advance(seconds=0.1)
    assert value(away, "a") == "1"
    put(away, "a", "2")
    assert value(home, "a") == "1"
    lag.end()
    assert value(home, "a") == "2"
    drawn = world.faults.replication_lag(HOME, AWAY, seconds=(1, 2))
    put(home, "b", "1")
    world.clock.advance(seconds=0.9)
    assert value(away, "b") is None
    world.clock.advance(seconds=1.1)
    assert value(away, "b") == "1"
    drawn.end()


def test_a_fast_clock_wins_for_as_long_as_it_is_ahead() -> None:
    world, (home, away) = new_world()
    with world.faults.clock_skew(AWAY, seconds=5), world.faults.network_cut(HOME, AWAY):
        put(away, "early", "away")
        put(away, "late", "away")
        world.clock.advance(seconds=4)
        put(home, "early", "home")
        world.clock.advance(seconds=2)
        put(home, "late", "home")
    assert contents(home) == contents(away) == {"early": "away", "late": "home"}


def test_who_has_seen_a_write_comes_after_it_even_with_a_slow_clock() -> None:
    world, (home, away) = new_world()
    world.faults.clock_skew(HOME, seconds=-60)
    put(away, "a", "away")
    assert value(home, "a") == "away"
    put(home, "a", "home")
    assert value(home, "a") == value(away, "a") == "home"


def test_a_lost_region_is_missed_by_none_and_catches_up() -> None:
    world, (home, away, far) = new_world(3)
    put(home, "a", "before")
    outage = world.faults.region_outage(HOME)
    with pytest.raises(EndpointConnectionError):
        value(home, "a")
    put(away, "a", "after")
    assert value(far, "a") == "after"
    outage.end()
    assert contents(home) == {"a": "after"}
    world.verify()


def test_replication_of_one_table_can_be_paused() -> None:
    world, (home, away, far) = new_world(3)
    with pytest.raises(UnknownPlaceError, match="not replicated"):
        world.faults.replication_pause("other", AWAY)
    pause = world.faults.replication_pause("tab", AWAY, duration=300)
    put(home, "a", "1")
    assert (value(away, "a"), value(far, "a")) == (None, "1")
    world.clock.advance(seconds=300)
    assert value(away, "a") == "1"
    assert pause.status == "ENDED"


def test_a_replica_without_a_quorum_lags_and_loses_nothing() -> None:
    world, (home, away) = new_world()
    zones = [world.faults.zone_outage(f"{AWAY}{letter}") for letter in "ab"]
    for number in range(5):
        put(home, str(number), "x")
    assert contents(away) == {}, "eventually consistent reads answer with what there is"
    for zone in zones:
        zone.end()
    assert contents(away) == contents(home)
    world.verify()


def test_a_replica_fills_itself_when_its_region_is_back() -> None:
    world, (home,) = new_world(1)
    away: Any = world.client("dynamodb", region_name=AWAY)
    put(home, "a", "1")
    outage = world.faults.region_outage(AWAY)
    replicate(home, AWAY)
    world.clock.advance(minutes=10)
    assert home.describe_table(TableName="tab")["Table"]["Replicas"][0]["ReplicaStatus"] == "CREATING"
    put(home, "b", "2")
    outage.end()
    world.clock.advance(minutes=1)
    assert contents(away) == {"a": "1", "b": "2"}
    assert world.events.of("replica-waits")


def test_replicated_writes_are_in_every_stream_and_not_shipped_again() -> None:
    world, (home, away) = new_world()
    put(home, "a", "1")
    put(home, "a", "1")
    put(away, "a", "2")
    home.delete_item(TableName="tab", Key={"id": {"S": "a"}})
    for region in (HOME, AWAY):
        names = [record["eventName"] for record in stream_records(world, region)]
        assert names == ["INSERT", "MODIFY", "REMOVE"]
        assert {record["awsRegion"] for record in stream_records(world, region)} == {region}


def test_regions_join_leave_and_join_again() -> None:
    world, (home, away, far) = new_world(3)
    put(home, "a", "1")
    home.update_table(TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": AWAY}}])
    put(home, "b", "2")
    with pytest.raises(ClientError, match="not found"):
        away.describe_table(TableName="tab")
    assert contents(far) == {"a": "1", "b": "2"}
    replicate(home, AWAY)
    assert contents(away) == {"a": "1", "b": "2"}
    put(away, "c", "3")
    assert contents(far) == contents(home) == {"a": "1", "b": "2", "c": "3"}
    for region in (AWAY, FAR):
        home.update_table(TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": region}}])
    description = home.describe_table(TableName="tab")["Table"]
    assert not {"Replicas", "GlobalTableVersion"} & description.keys()
    assert description["StreamSpecification"]["StreamEnabled"], "the stream stays"
    put(home, "d", "4")
    home.delete_table(TableName="tab")
    world.verify()


def test_writes_on_their_way_reach_a_region_that_joins() -> None:
    world, (home, away) = new_world()
    far: Any = world.client("dynamodb", region_name=FAR)
    cut = world.faults.network_cut(HOME, AWAY)
    put(away, "a", "away")
    replicate(home, FAR)
    assert contents(far) == {"a": "away"}
    cut.end()
    assert contents(home) == {"a": "away"}
    world.verify()


def test_the_region_that_filled_another_stays_for_a_day() -> None:
    world, (home, away) = new_world()
    message = "acted as a source region for new replica"
    with pytest.raises(ClientError, match=message):
        away.update_table(TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": HOME}}])
    with pytest.raises(ClientError, match=message):
        home.delete_table(TableName="tab")
    world.clock.advance(days=1)
    home.delete_table(TableName="tab")
    assert "Replicas" not in away.describe_table(TableName="tab")["Table"]
    put(away, "a", "1")


@pytest.mark.parametrize(
    ("request_members", "message"),
    [
        ({"ReplicaUpdates": [{"Create": {"RegionName": HOME}}]}, "Cannot add or delete the local region"),
        ({"ReplicaUpdates": [{"Create": {"RegionName": "US-EAST-2"}}]}, "Region US-EAST-2 is not supp"),
        (
            {"ReplicaUpdates": [{"Create": {"RegionName": AWAY}}]},
            "because one or more replicas already existed as tables",
        ),
        (
            {"ReplicaUpdates": [{"Delete": {"RegionName": FAR}}]},
            r"were not part of the global table. Please retry .*: \[ap-southeast-2\]",
        ),
        (
            {"ReplicaUpdates": [{"Create": {"RegionName": n}} for n in (FAR, "us-west-2")]},
            "more than one create or delete replica actions not allowed",
        ),
        (
            {"ReplicaUpdates": [{"Create": {"RegionName": FAR}}, {"Delete": {"RegionName": AWAY}}]},
            "more than one type of replica actions not allowed",
        ),
        ({"ReplicaUpdates": [{}]}, "There are no actions specified in the Replica Update Action"),
        ({"ReplicaUpdates": [{"Update": {"RegionName": AWAY}}]}, "There are no actions specified"),
        (
            {
                "ReplicaUpdates": [{"Create": {"RegionName": FAR}}],
                "TableClass": "STANDARD_INFREQUENT_ACCESS",
            },
            "Replica modification must be the only operation in the request",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": False}},
            "Disabling Stream is not allowed for a Global Table replica",
        ),
    ],
)
def test_refused_changes_of_replicas(request_members: Any, message: str) -> None:
    _world, (home, _) = new_world()
    with pytest.raises(ClientError, match=message) as caught:
        home.update_table(TableName="tab", **request_members)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert len(home.describe_table(TableName="tab")["Table"]["Replicas"]) == 1


def test_provisioned_tables_need_auto_scaling() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    home: Any = world.client("dynamodb", region_name=HOME)
    create(
        home,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    with pytest.raises(ClientError, match="either be Pay-Per-Request or AutoScaled"):
        replicate(home, AWAY)


def test_shared_settings_change_everywhere_and_others_where_asked() -> None:
    world, (home, away) = new_world()
    home.update_table(
        TableName="tab",
        AttributeDefinitions=[{"AttributeName": "value", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index_on("by-value", "value")}],
    )
    put(home, "a", "red")
    found = away.query(
        TableName="tab",
        IndexName="by-value",
        KeyConditionExpression="#v = :v",
        ExpressionAttributeNames={"#v": "value"},
        ExpressionAttributeValues={":v": {"S": "red"}},
    )
    assert found["Count"] == 1
    home.update_table(TableName="tab", DeletionProtectionEnabled=True)
    assert not away.describe_table(TableName="tab")["Table"]["DeletionProtectionEnabled"]
    away.update_table(TableName="tab", DeletionProtectionEnabled=True)
    with pytest.raises(ClientError, match="Cannot delete table tab in region eu-west-1 because"):
        home.update_table(TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": AWAY}}])
    home.update_table(
        TableName="tab",
        ReplicaUpdates=[
            {"Update": {"RegionName": AWAY, "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}}
        ],
    )
    there = away.describe_table(TableName="tab")["Table"]
    assert there["TableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    (shown,) = home.describe_table(TableName="tab")["Table"]["Replicas"]
    assert shown["ReplicaTableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    world.verify()


def test_one_region_removes_expired_items_for_all() -> None:
    world, (home, away) = new_world()
    setting: Any = {"Enabled": True, "AttributeName": "until"}
    home.update_time_to_live(TableName="tab", TimeToLiveSpecification=setting)
    far: Any = world.client("dynamodb", region_name=FAR)
    away.describe_table(TableName="tab")
    replicate(home, FAR)
    far.describe_table(TableName="tab")
    for client in (away, far):
        assert client.describe_time_to_live(TableName="tab")["TimeToLiveDescription"] == {
            "TimeToLiveStatus": "ENABLED",
            "AttributeName": "until",
        }
    until = str(int(world.clock.time()) + 30)
    away.put_item(TableName="tab", Item={"id": {"S": "a"}, "value": {"S": "x"}, "until": {"N": until}})
    world.clock.advance(minutes=2)
    for client in (home, away, far):
        assert contents(client) == {}
    swept = {
        region: [record.get("userIdentity") for record in stream_records(world, region)]
        for region in REGIONS
    }
    service = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert sorted(swept.values(), key=str) == [[None, None], [None, None], [None, service]]
    world.verify()


def test_latency_and_what_is_pending_are_metrics() -> None:
    world, (home, away) = new_world()
    dimensions: Any = {"TableName": "tab", "ReceivingRegion": AWAY}
    with world.faults.replication_lag(HOME, AWAY, seconds=2):
        put(home, "a", "1")
        put(home, "b", "1")
        ((_, pending),) = world.metrics.query(
            "PendingReplicationCount", region=HOME, statistic="Maximum", **dimensions
        )
        assert pending == 2
        world.clock.advance(seconds=2)
        assert value(away, "a") == "1"
    ((_, latency),) = world.metrics.query(
        "ReplicationLatency", region=HOME, statistic="Average", **dimensions
    )
    assert latency == 2000


def test_a_replica_without_capacity_lags_and_loses_nothing() -> None:
    world, (home, away) = new_world(on_demand_quota=(1000, 10), throttling=True)
    for number in range(10):
        put(away, f"away {number}", "x")
    with world.faults.network_cut(HOME, AWAY):
        world.clock.advance(seconds=1)
        for number in range(10):
            put(home, f"home {number}", "x")
            put(away, f"more {number}", "x")
    assert value(away, "home 9") is None, "its own writes took all that there was"
    world.clock.advance(minutes=1)
    assert contents(home) == contents(away)
    assert len(contents(home)) == 30
    world.verify()


def test_a_replica_out_of_reach_is_given_up_after_twenty_hours() -> None:
    world, (home, away) = new_world()
    put(home, "a", "1")
    assert value(away, "a") == "1"
    with pytest.raises(UsageError, match="REGION_DISABLED"):
        world.faults.replica_inaccessible("tab", AWAY, status="GONE")  # type: ignore[arg-type]
    with pytest.raises(UnknownPlaceError, match="not replicated"):
        world.faults.replica_inaccessible("tab", FAR)
    short = world.faults.replica_inaccessible("tab", AWAY, duration=3600)
    put(home, "a", "2")
    (shown,) = home.describe_table(TableName="tab")["Table"]["Replicas"]
    assert shown["ReplicaStatus"] == "REGION_DISABLED"
    assert shown["ReplicaInaccessibleDateTime"] == world.clock.now()
    with pytest.raises(ClientError, match="security token"):
        value(away, "a")
    world.clock.advance(hours=1)
    assert value(away, "a") == "2"
    assert short.status == "ENDED"

    key = world.faults.replica_inaccessible("tab", AWAY, status="INACCESSIBLE_ENCRYPTION_CREDENTIALS")
    with pytest.raises(ClientError, match="KMS key disabled error"):
        value(away, "a")
    put(home, "a", "3")
    world.clock.advance(hours=20)
    assert "Replicas" not in home.describe_table(TableName="tab")["Table"]
    key.end()
    assert (value(home, "a"), value(away, "a")) == ("3", "2"), "two ordinary tables now"
    put(away, "a", "4")
    assert value(home, "a") == "3"
    world.verify()


def test_a_replica_is_given_up_twenty_hours_after_it_was_last_reached() -> None:
    world, (home, _) = new_world()
    world.faults.replica_inaccessible("tab", AWAY, duration=3600)
    world.faults.replica_inaccessible("tab", AWAY, after=10 * 3600)
    world.clock.advance(hours=29)
    (shown,) = home.describe_table(TableName="tab")["Table"]["Replicas"]
    assert shown["ReplicaStatus"] == "REGION_DISABLED"
    world.clock.advance(hours=1)
    assert "Replicas" not in home.describe_table(TableName="tab")["Table"]


def test_a_replica_out_of_reach_for_two_reasons_is_back_after_both() -> None:
    world, (home, away) = new_world()
    put(home, "a", "1")
    region = world.faults.replica_inaccessible("tab", AWAY)
    world.clock.advance(hours=1)
    key = world.faults.replica_inaccessible("tab", AWAY, status="INACCESSIBLE_ENCRYPTION_CREDENTIALS")
    (first,) = home.describe_table(TableName="tab")["Table"]["Replicas"]
    region.end()
    (second,) = home.describe_table(TableName="tab")["Table"]["Replicas"]
    assert (first["ReplicaStatus"], second["ReplicaStatus"]) == (
        "REGION_DISABLED",
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
    )
    assert first["ReplicaInaccessibleDateTime"] == second["ReplicaInaccessibleDateTime"]
    with pytest.raises(ClientError, match="KMS key disabled error"):
        value(away, "a")
    key.end()
    assert value(away, "a") == "1"
    (shown,) = home.describe_table(TableName="tab")["Table"]["Replicas"]
    assert (shown["ReplicaStatus"], "ReplicaInaccessibleDateTime" in shown) == ("ACTIVE", False)


def test_a_replica_out_of_reach_may_be_of_any_account() -> None:
    world, (home, _) = new_world(account_id="210987654321")
    with world.faults.replica_inaccessible("tab", AWAY):
        (shown,) = home.describe_table(TableName="tab")["Table"]["Replicas"]
        assert shown["ReplicaStatus"] == "REGION_DISABLED"


def test_provisioned_tables_replicate_once_their_writes_scale() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    home: Any = world.client("dynamodb", region_name=HOME)
    away: Any = world.client("dynamodb", region_name=AWAY)
    create(
        home,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    scaled(world, "tab", "Write", 5, 50, 70.0)
    replicate(home, AWAY, ProvisionedThroughputOverride={"ReadCapacityUnits": 20})
    put(home, "a", "1")
    assert value(away, "a") == "1"
    throughput = away.describe_table(TableName="tab")["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (20, 5)
    (shown,) = home.describe_table(TableName="tab")["Table"]["Replicas"]
    assert shown["ProvisionedThroughputOverride"] == {"ReadCapacityUnits": 20}


@needs("UpdateTable.ReplicaUpdates.Create.GlobalSecondaryIndexes.OnDemandThroughputOverride")
@pytest.mark.parametrize("shared", [{}, {"OnDemandThroughput": {"MaxReadRequestUnits": 10}}])
def test_a_replica_reads_at_a_rate_of_its_own(shared: dict[str, Any]) -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    home: Any = world.client("dynamodb", region_name=HOME)
    away: Any = world.client("dynamodb", region_name=AWAY)
    home.create_table(
        TableName="tab",
        **on_demand("id", more=["value"]),
        GlobalSecondaryIndexes=[{**index_on("by-value", "value"), **shared}],
        **shared,
    )
    override = {"OnDemandThroughputOverride": {"MaxReadRequestUnits": 3}}
    replicate(home, AWAY, **override, GlobalSecondaryIndexes=[{"IndexName": "by-value", **override}])
    own = {"MaxReadRequestUnits": 3}
    for client, expected in ((home, shared.get("OnDemandThroughput")), (away, own)):
        described = client.describe_table(TableName="tab")["Table"]
        for owner in (described, *described["GlobalSecondaryIndexes"]):
            assert owner.get("OnDemandThroughput") == expected


@needs("UpdateTable.ReplicaUpdates.Disassociate")
def test_a_replica_is_disassociated_and_kept() -> None:
    world, (home, away) = new_world()
    put(home, "a", "1")

    def disassociate(client: Any, region: str = AWAY) -> None:
        action = {"RegionName": region, "DisassociationMode": "WAIT_FOR_REPLICATION"}
        client.update_table(TableName="tab", ReplicaUpdates=[{"Disassociate": action}])

    assert away.describe_table(TableName="tab")["Table"]["DisassociationProtectionEnabled"]
    with pytest.raises(ClientError, match="protected against disassociation"):
        disassociate(away)
    away.update_table(TableName="tab", DisassociationProtectionEnabled=False)
    with pytest.raises(ClientError, match="in its own region"):
        disassociate(home)
    with world.faults.network_cut(HOME, AWAY):
        put(home, "b", "2")
        disassociate(away)
        assert away.describe_table(TableName="tab")["Table"]["TableStatus"] == "UPDATING"
    world.clock.advance(minutes=1)
    description = away.describe_table(TableName="tab")["Table"]
    assert description["TableStatus"] == "ACTIVE"
    assert "Replicas" not in description
    assert contents(away) == {"a": "1", "b": "2"}
    put(home, "c", "3")
    assert value(away, "c") is None
    assert "Replicas" not in home.describe_table(TableName="tab")["Table"]
    world.verify()


def test_replicas_stay_within_an_account() -> None:
    world, (home, _away) = new_world()
    other: Any = world.client("dynamodb", region_name=AWAY, account_id="210987654321")
    put(home, "a", "1")
    with pytest.raises(ClientError, match="not found"):
        value(other, "a")
    create(other)
    assert contents(other) == {}


def test_misuse_is_told() -> None:
    world, _ = new_world()
    with pytest.raises(UnknownPlaceError, match="named like us-east-1"):
        world.faults.region_outage("mars")
    with pytest.raises(UsageError, match="not two regions"):
        world.faults.network_cut(HOME, HOME)
    with pytest.raises(UsageError, match="neither zero or more"):
        world.faults.replication_lag(HOME, AWAY, seconds=(2, 1))


def test_the_legacy_calls_answer_as_today() -> None:
    _world, (home, _) = new_world()
    with pytest.raises(ClientError, match=r"global tables version 2017\.11\.29 is not supported"):
        home.create_global_table(GlobalTableName="tab", ReplicationGroup=[{"RegionName": HOME}])
    with pytest.raises(home.exceptions.GlobalTableNotFoundException, match="'tab' does not exist"):
        home.describe_global_table(GlobalTableName="tab")
    with pytest.raises(home.exceptions.GlobalTableNotFoundException):
        home.update_global_table(GlobalTableName="tab", ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    for call in (home.describe_global_table_settings, home.update_global_table_settings):
        with pytest.raises(home.exceptions.GlobalTableNotFoundException):
            call(GlobalTableName="tab")
    assert home.list_global_tables()["GlobalTables"] == []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 2), st.sampled_from("abc")),
        st.tuples(st.just("delete"), st.integers(0, 2), st.sampled_from("abc")),
        st.tuples(st.just("cut"), st.integers(0, 2), st.sampled_from((1.0, 4.0))),
        st.tuples(st.just("lag"), st.integers(0, 2), st.sampled_from((2.0, (0.5, 3.0)))),
        st.tuples(st.just("pause"), st.integers(0, 2), st.sampled_from((1.0, 4.0))),
        st.tuples(st.just("outage"), st.integers(0, 2), st.sampled_from((1.0, 4.0))),
        st.tuples(st.just("zones"), st.integers(0, 2), st.sampled_from((1.0, 4.0))),
        st.tuples(st.just("split"), st.integers(0, 2), st.integers(0, 9)),
        st.tuples(st.just("skew"), st.integers(0, 2), st.sampled_from((-2.0, 2.0))),
    ),
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(steps, st.integers(0, 3))
def test_any_writes_under_any_faults_leave_all_regions_with_the_last_writes(plan: Any, seed: int) -> None:
    world, clients = new_world(3, seed=seed)
    # A client that is never tried again, so that a refused write is not done later.
    once: Any = Config(retries={"max_attempts": 0})
    clients = [world.client("dynamodb", region_name=name, config=once) for name in REGIONS]
    model: dict[str, str] = {}
    skewed = any(step == "skew" for step, _, _ in plan)
    written: dict[str, set[str | None]] = {}
    for number, (step, place, detail) in enumerate(plan):
        world.clock.advance(seconds=0.4)
        region, other = REGIONS[place], REGIONS[(place + 1) % 3]
        if step == "put":
            try:
                put(clients[place], detail, str(number))
            except (ClientError, EndpointConnectionError):
                continue
            model[detail] = str(number)
            written.setdefault(detail, set()).add(str(number))
        elif step == "delete":
            try:
                gone = clients[place].delete_item(
                    TableName="tab", Key={"id": {"S": detail}}, ReturnValues="ALL_OLD"
                )
            except (ClientError, EndpointConnectionError):
                continue
            if "Attributes" in gone:
                model.pop(detail, None)
                written.setdefault(detail, set()).add(None)
        elif step == "cut":
            world.faults.network_cut(region, other, duration=detail)
        elif step == "lag":
            world.faults.replication_lag(region, other, seconds=detail, duration=3)
        elif step == "pause":
            world.faults.replication_pause("tab", region, duration=detail)
        elif step == "outage":
            world.faults.region_outage(region, duration=detail)
        elif step == "zones":
            for letter in "ab":
                world.faults.zone_outage(region + letter, duration=detail)
        elif step == "skew":
            world.faults.clock_skew(region, seconds=detail, duration=2)
        else:
            partitions = world.table("tab", region=region).partitions
            if not any(fault.description.startswith("zone") for fault in world.faults.active):
                partitions[detail % len(partitions)].split()
    world.faults.end_all()
    final = [contents(client) for client in clients]
    assert final[0] == final[1] == final[2]
    if skewed:
        for key, versions in written.items():
            assert final[0].get(key) in versions
    else:
        assert final[0] == model
    for region in REGIONS:
        replayed: dict[str, str] = {}
        for record in stream_records(world, region):
            key = record["dynamodb"]["Keys"]["id"]["S"]
            if record["eventName"] == "REMOVE":
                del replayed[key]
            else:
                assert (record["eventName"] == "INSERT") == (key not in replayed)
                replayed[key] = record["dynamodb"]["NewImage"]["value"]["S"]
        assert replayed == final[0]
    world.verify()


def test_a_replica_of_a_table_without_a_quorum_is_refused_whole() -> None:
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    world = ddbha.World(clock=ddbha.ManualClock())
    client = world.client("dynamodb", region_name=HOME, config=once)
    client.create_table(TableName="alone", **keys("id"), BillingMode="PAY_PER_REQUEST")
    creation: Any = [{"Create": {"RegionName": AWAY}}]
    with (
        world.faults.zone_outage(f"{HOME}a"),
        world.faults.zone_outage(f"{HOME}b"),
        pytest.raises(ClientError, match="InternalServerError"),
    ):
        client.update_table(TableName="alone", ReplicaUpdates=creation)
    described = client.describe_table(TableName="alone")["Table"]
    assert described["TableStatus"] == "ACTIVE"
    assert "Replicas" not in described
    assert "LatestStreamArn" not in described
    client.update_table(TableName="alone", ReplicaUpdates=creation)
    assert len(client.describe_table(TableName="alone")["Table"]["Replicas"]) == 1
