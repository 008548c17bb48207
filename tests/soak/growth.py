"""What a world keeps while it is used for long: one operation after the other of one kind, and no growth.

`python -m tests.soak.growth --count 1000000` does so many of each kind, each kind in a world of its own
with all on that remembers something: an index, a stream that nobody reads, time to live, recovery to
points in time, a Kinesis stream, and a replica in another region that nobody looks at.  The clock moves
on by 360 days meanwhile, so what AWS keeps for a time (ten minutes to 35 days: tokens, streams,
metrics, the past) is there in full after a tenth, and from then on nothing may be added.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import process_time
from typing import Any

import boto3
from attrs import frozen

import ddbha
from ddbha import ManualClock, World
from tests.building import index_on, on_demand

DAYS = 360
POINTS = 10
HERE, THERE = "us-east-1", "eu-west-1"
#: Items that there are.
ITEMS = 40
#: How much more there may be at the last point than at the first ones: a share, and memory blocks.
SHARE, BLOCKS = 0.05, 1000
NAMES = {"#n": "n"}
KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"

Deed = Callable[[int], Any]


def key(number: int) -> Any:
    return {"pk": {"S": f"p{number % ITEMS % 8}"}, "sk": {"S": f"s{number % ITEMS}"}}


def item(number: int, **more: Any) -> Any:
    return {**key(number), "n": {"N": str(number)}, "group": {"S": f"g{number % 3}"}, **more}


@frozen
class Surroundings:
    """A world, a client, and a table `tab` in it."""

    world: World
    clock: ManualClock
    client: Any

    @classmethod
    def new(cls) -> Surroundings:
        clock = ManualClock("2026-01-01T00:00:00Z")
        world = ddbha.World(seed=1, clock=clock)
        client: Any = world.client("dynamodb", region_name=HERE)
        client.create_table(
            TableName="tab",
            **on_demand("pk", "sk", more=["group"]),
            GlobalSecondaryIndexes=[index_on("by-group", "group", "sk")],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        ttl: Any = {"Enabled": True, "AttributeName": "expires"}
        client.update_time_to_live(TableName="tab", TimeToLiveSpecification=ttl)
        recovery: Any = {"PointInTimeRecoveryEnabled": True}
        client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=recovery)
        client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": THERE}}])
        client.enable_kinesis_streaming_destination(TableName="tab", StreamArn=KINESIS)
        for number in range(ITEMS):
            client.put_item(TableName="tab", Item=item(number))
        return cls(world, clock, client)


def put(at: Surroundings) -> Deed:
    return lambda n: at.client.put_item(TableName="tab", Item=item(n))


def conditional_put(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        # Every second one is refused.
        condition = f"attribute_{'not_' * (n % 2)}exists(pk)"
        with suppress(at.client.exceptions.ConditionalCheckFailedException):
            at.client.put_item(TableName="tab", Item=item(n), ConditionExpression=condition)

    return deed


def update(at: Surroundings) -> Deed:
    return lambda n: at.client.update_item(
        TableName="tab",
        Key=key(n),
        UpdateExpression="ADD #n :one",
        ExpressionAttributeNames=NAMES,
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def index_write(at: Surroundings) -> Deed:
    return lambda n: at.client.update_item(
        TableName="tab",
        Key=key(n),
        UpdateExpression="SET #g = :g",
        ExpressionAttributeNames={"#g": "group"},
        ExpressionAttributeValues={":g": {"S": f"g{n // ITEMS % 5}"}},
    )


def delete(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        at.client.delete_item(TableName="tab", Key=key(n))
        at.client.put_item(TableName="tab", Item=item(n))

    return deed


def get(at: Surroundings) -> Deed:
    return lambda n: at.client.get_item(TableName="tab", Key=key(n))


def query(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        name, more = (("group", f"g{n % 3}"), ("pk", f"p{n % 8}"))[n % 2]
        index = {"IndexName": "by-group"} if name == "group" else {}
        at.client.query(
            TableName="tab",
            **index,
            KeyConditionExpression="#k = :k",
            FilterExpression="#n > :n",
            ExpressionAttributeNames={"#k": name, **NAMES},
            ExpressionAttributeValues={":k": {"S": more}, ":n": {"N": str(n % 50)}},
        )

    return deed


def scan(at: Surroundings) -> Deed:
    pages: list[Any] = [{}]

    def deed(n: int) -> None:
        last = at.client.scan(TableName="tab", Limit=9, **pages.pop()).get("LastEvaluatedKey")
        pages.append({"ExclusiveStartKey": last} if last else {})

    return deed


def batch_write(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        requests: list[Any] = [{"PutRequest": {"Item": item(n + more)}} for more in range(5)]
        at.client.batch_write_item(RequestItems={"tab": requests})

    return deed


def batch_get(at: Surroundings) -> Deed:
    return lambda n: at.client.batch_get_item(
        RequestItems={"tab": {"Keys": [key(n + more) for more in range(5)]}}
    )


def transact_write(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        token = {"ClientRequestToken": f"token {n}"} if n % 3 else {}
        puts: list[Any] = [{"Put": {"TableName": "tab", "Item": item(n + more)}} for more in range(3)]
        at.client.transact_write_items(TransactItems=puts, **token)

    return deed


def transact_get(at: Surroundings) -> Deed:
    return lambda n: at.client.transact_get_items(
        TransactItems=[{"Get": {"TableName": "tab", "Key": key(n + more)}} for more in range(3)]
    )


def statement(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        # Of a text of its own each, as those have who write values into them.
        at.client.execute_statement(
            Statement=f"UPDATE tab SET n = {n} WHERE pk = 'p{n % ITEMS % 8}' AND sk = 's{n % ITEMS}'"
        )

    return deed


def texts(at: Surroundings) -> Deed:
    """Expressions that are new each time."""

    def deed(n: int) -> None:
        at.client.put_item(
            TableName="tab",
            Item=item(n),
            ConditionExpression=f"#n <> :v{n} OR attribute_exists(a{n})",
            ExpressionAttributeNames=NAMES,
            ExpressionAttributeValues={f":v{n}": {"N": "-1"}},
        )

    return deed


def streams_read(at: Surroundings) -> Deed:
    streams: Any = at.world.client("dynamodbstreams", region_name=HERE)
    arn = at.client.describe_table(TableName="tab")["Table"]["LatestStreamArn"]

    def deed(n: int) -> None:
        at.client.put_item(TableName="tab", Item=item(n))
        shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shards[-1]["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        streams.get_records(ShardIterator=iterator["ShardIterator"], Limit=5)

    return deed


def expiry(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        expires = {"N": str(int(at.clock.time()) + 60)}
        at.client.put_item(TableName="tab", Item={**item(n), "sk": {"S": f"e{n}"}, "expires": expires})

    return deed


def new_keys(at: Surroundings) -> Deed:
    """Items that are written, read and deleted, each under a key that was never there."""

    def deed(n: int) -> None:
        own: Any = {"pk": {"S": f"new {n}"}, "sk": {"S": "-"}}
        at.client.put_item(TableName="tab", Item={**own, "group": {"S": f"of {n}"}})
        at.client.get_item(TableName="tab", Key=own)
        at.client.delete_item(TableName="tab", Key=own)

    return deed


def elsewhere(at: Surroundings) -> Deed:
    """Writes in the other region, while nobody looks at this one."""
    there: Any = at.world.client("dynamodb", region_name=THERE)
    return lambda n: there.put_item(TableName="tab", Item=item(n))


def tables(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        name = f"table-{n}"
        at.client.create_table(
            TableName=name,
            **on_demand("pk"),
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )
        at.client.put_item(TableName=name, Item={"pk": {"S": "a"}})
        at.client.delete_table(TableName=name)

    return deed


def backups(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        made = at.client.create_backup(TableName="tab", BackupName=f"backup-{n}")
        at.client.delete_backup(BackupArn=made["BackupDetails"]["BackupArn"])

    return deed


def restores(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        at.client.put_item(TableName="tab", Item=item(n))
        at.client.restore_table_to_point_in_time(
            SourceTableName="tab", TargetTableName=f"restored-{n}", UseLatestRestorableTime=True
        )
        at.client.delete_table(TableName=f"restored-{n}")

    return deed


def faults(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        with at.world.faults.zone_outage(f"{HERE}{'abc'[n % 3]}"):
            at.client.put_item(TableName="tab", Item=item(n))

    return deed


def metrics(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        at.client.put_item(TableName="tab", Item=item(n))
        at.client.describe_table(TableName="tab")

    return deed


def mocks(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        with ddbha.mock():
            client = boto3.client("dynamodb", region_name=HERE)
            client.create_table(TableName="tab", **on_demand("pk"))
            client.put_item(TableName="tab", Item={"pk": {"S": "a"}})

    return deed


def worlds(at: Surroundings) -> Deed:
    def deed(n: int) -> None:
        client: Any = ddbha.World(clock=ManualClock()).client("dynamodb", region_name=HERE)
        client.create_table(TableName="tab", **on_demand("pk"))

    return deed


KINDS: dict[str, Callable[[Surroundings], Deed]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        put,
        conditional_put,
        update,
        delete,
        get,
        query,
        scan,
        batch_write,
        batch_get,
        transact_write,
        transact_get,
        statement,
        texts,
        streams_read,
        expiry,
        index_write,
        new_keys,
        elsewhere,
        tables,
        backups,
        restores,
        faults,
        metrics,
        worlds,
        mocks,
    )
}


@frozen
class Point:
    """Memory after so many operations: blocks that were allocated since, and megabytes of the process."""

    done: int
    blocks: int
    megabytes: float
    #: Of one operation since the point before.
    microseconds: float


def measured(kind: str, count: int, points: int = POINTS) -> Iterator[Point]:
    """Do so many operations of a kind, and tell at each point what there is."""
    gc.collect()
    before = sys.getallocatedblocks()
    at = Surroundings.new()
    deed = KINDS[kind](at)
    step = DAYS * 86_400 / count
    for point in range(points):
        numbers = range(count * point // points, count * (point + 1) // points)
        begun = process_time()
        for number in numbers:
            deed(number)
            at.clock.advance(seconds=step)
        taken = process_time() - begun
        gc.collect()
        each = taken / len(numbers) * 1e6
        yield Point(numbers.stop, sys.getallocatedblocks() - before, _megabytes(), each)


def grown(points: list[Point]) -> int:
    """The blocks at the end beyond what there may be: what there was in the first third, and a little."""
    # What is kept up to a number or a time comes and goes in batches.
    full = max(point.blocks for point in points[: len(points) // 3])
    # Less than there was at the beginning, where others had left something behind that is gone by now.
    allowed = full + int(max(0, full) * SHARE) + BLOCKS
    return max(0, points[-1].blocks - allowed)


def _megabytes() -> float:
    """Resident memory, where Linux tells of it."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="operations of each kind")
    parser.add_argument("--only", nargs="*", default=list(KINDS), choices=list(KINDS), metavar="KIND")
    arguments = parser.parse_args()
    print(f"{'kind':16} {'':12}" + "".join(f"{100 * n // POINTS:8} %" for n in range(1, POINTS + 1)))
    failed = []
    for kind in arguments.only:
        points = list(measured(kind, arguments.count))
        beyond = grown(points)
        rows = {
            "blocks": [f"{point.blocks:10,}" for point in points],
            "MB": [f"{point.megabytes:10.1f}" for point in points],
            "µs each": [f"{point.microseconds:10.1f}" for point in points],
        }
        for name, values in rows.items():
            print(f"{kind:16} {name:12}" + "".join(values), flush=True)
        print(f"{kind:16} {f'GREW by {beyond:,} blocks' if beyond else 'flat'}", flush=True)
        if beyond:
            failed.append(kind)
    if failed:
        sys.exit(f"What grows: {', '.join(failed)}")


if __name__ == "__main__":
    main()
