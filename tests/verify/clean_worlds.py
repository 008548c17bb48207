"""Random worlds of an engine that works, each made by a seed: the checker says nothing of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, on_demand

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
STEPS = 60


def one_region(seed: int) -> ddbha.World:
    """Data requests, expiry, splits, outages of zones and cuts, streams, backups and restores."""
    draw = Random(seed)
    world = ddbha.World(clock=ddbha.ManualClock(), seed=seed, history=True)
    client: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    client.create_table(
        TableName="tab",
        **on_demand("id", more=["n:N"]),
        GlobalSecondaryIndexes=[index_on("by-n", "n")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    on: Any = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=on)
    faults: list[Any] = []
    backups: list[str] = []

    def key() -> Any:
        return {"id": {"S": str(draw.randrange(5))}}

    def put() -> None:
        until = {"until": {"N": str(int(world.clock.time()) + draw.randrange(300))}}
        number = {"n": {"N": str(draw.randrange(3))}}
        more = {**(until if draw.random() < 0.3 else {}), **(number if draw.random() < 0.7 else {})}
        client.put_item(TableName="tab", Item={**key(), **more})

    def update() -> None:
        client.update_item(
            TableName="tab",
            Key=key(),
            UpdateExpression="ADD hits :one",
            ConditionExpression="attribute_not_exists(hits) OR hits < :many",
            ExpressionAttributeValues={":one": {"N": "1"}, ":many": {"N": "3"}},
        )

    def transact() -> None:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "tab", "Item": {"id": {"S": "0"}, "n": {"N": "1"}}}},
                {"Delete": {"TableName": "tab", "Key": {"id": {"S": "1"}}}},
            ]
        )

    def page() -> None:
        values: Any = {":n": {"N": str(draw.randrange(3))}}
        if draw.random() < 0.5:
            client.query(
                TableName="tab",
                IndexName="by-n",
                KeyConditionExpression="n = :n",
                ExpressionAttributeValues=values,
            )
        else:
            client.scan(
                TableName="tab",
                FilterExpression="n <= :n",
                ExpressionAttributeValues=values,
                ConsistentRead=draw.random() < 0.5,
            )

    def fail() -> None:
        if faults and draw.random() < 0.7:
            faults.pop(draw.randrange(len(faults))).end()
        elif draw.random() < 0.6:
            faults.append(world.faults.zone_outage(draw.choice(ZONES)))
        else:
            faults.append(world.faults.zone_cut(*draw.sample(ZONES, 2)))

    def split() -> None:
        partitions = world.table("tab").partitions
        if len(partitions) < 8:
            with suppress(ddbha.errors.AwsError):
                draw.choice(partitions).split()

    def back_up() -> None:
        answer = client.create_backup(TableName="tab", BackupName="b" * 3)
        backups.append(answer["BackupDetails"]["BackupArn"])

    def restore() -> None:
        name = f"restored-{len(world.history)}"
        if backups and draw.random() < 0.5:
            client.restore_table_from_backup(TargetTableName=name, BackupArn=draw.choice(backups))
        else:
            client.restore_table_to_point_in_time(
                SourceTableName="tab",
                TargetTableName=name,
                RestoreDateTime=int(world.clock.time()) - draw.randrange(20),
            )

    actions: list[Callable[[], Any]] = [
        *[put] * 8,
        *[update] * 3,
        transact,
        lambda: client.delete_item(TableName="tab", Key=key()),
        *[lambda: client.get_item(TableName="tab", Key=key(), ConsistentRead=True)] * 3,
        *[lambda: client.get_item(TableName="tab", Key=key())] * 3,
        *[page] * 3,
        *[fail] * 2,
        split,
        back_up,
        restore,
        lambda: read_stream(world, draw),
    ]
    for _ in range(STEPS):
        with suppress(ClientError):
            draw.choice(actions)()
        if draw.random() < 0.5:
            world.clock.advance(seconds=draw.random() * draw.choice([1, 10, 100]))
    for fault in faults:
        fault.end()
    return world


def read_stream(world: ddbha.World, draw: Random) -> None:
    """Read one shard from its beginning, in small pages."""
    streams: Any = world.client("dynamodbstreams", region_name="us-east-1", config=ONCE)
    arn = streams.list_streams(TableName="tab")["Streams"][0]["StreamArn"]
    shard = draw.choice(streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"])
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while iterator is not None:
        answer = streams.get_records(ShardIterator=iterator, Limit=draw.randrange(1, 9))
        iterator = answer.get("NextShardIterator") if answer["Records"] else None


def two_regions(seed: int) -> ddbha.World:
    """Writes and reads in two regions of a global table that are cut off from each other now and then."""
    draw = Random(seed)
    world = ddbha.World(clock=ddbha.ManualClock(), seed=seed, history=True)
    client: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    client.create_table(
        TableName="tab",
        **on_demand("id"),
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    clients: list[Any] = [client, world.client("dynamodb", region_name="eu-west-1", config=ONCE)]
    world.clock.advance(seconds=5)
    client.describe_table(TableName="tab")
    cut = None
    for n in range(STEPS):
        place, action = draw.choice(clients), draw.random()
        key: Any = {"id": {"S": str(draw.randrange(3))}}
        if action < 0.45:
            place.put_item(TableName="tab", Item={**key, "n": {"N": str(n)}})
        elif action < 0.6:
            place.delete_item(TableName="tab", Key=key)
        elif action < 0.8:
            place.get_item(TableName="tab", Key=key, ConsistentRead=draw.random() < 0.5)
        elif action < 0.87:
            place.scan(TableName="tab")
        elif cut is None:
            cut = world.faults.network_cut("us-east-1", "eu-west-1")
        else:
            cut.end()
            cut = None
        if draw.random() < 0.5:
            world.clock.advance(seconds=draw.random() * 3)
    if cut is not None:
        cut.end()
    return world
