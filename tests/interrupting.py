"""Requests that are struck by an exception from outside, at one point after another of ddbha's code.

A strike is a signal (Ctrl-C, the time limit of a test), whose handler Python runs between two steps, or
an exception that another thread raises here (`PyThreadState_SetAsyncExc`).  Whatever it hits has to have
happened whole or not at all, and the world has to go on.
"""

from __future__ import annotations

import linecache
import re
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from attrs import frozen
from botocore.config import Config

import ddbha
from ddbha import interruptions
from tests.building import index_on, on_demand

ROOM = str(Path(ddbha.__file__).parent)
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
HERE, THERE = "us-east-1", "eu-west-1"


_BLOCK = re.compile(r"^ *try:$|, uninterrupted:$")


class Struck(BaseException):
    """What comes from outside."""


def by_signal() -> None:
    """Ctrl-C is pressed now."""
    signal.raise_signal(signal.SIGINT)


def by_thread() -> None:
    """Another thread raises here now: nobody can hold that back, and it is not held back from that."""
    raise Struck


@contextmanager
def struck_at(point: int, strike: Callable[[], None]) -> Iterator[list[int]]:
    """Strike once, when ddbha comes to so many steps; the list says how many there were."""
    passed = [0]

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(ROOM) or (strike is by_thread and file == interruptions.__file__):
            return None
        if strike is by_thread and _BLOCK.search(linecache.getline(file, frame.f_lineno)):
            # Tracing stops where a block begins and ends, and Python itself raises nothing there.
            return trace
        passed[0] += 1
        if passed[0] == point:
            strike()
        return trace

    before, handler = sys.gettrace(), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.settrace(trace)
    try:
        yield passed
    finally:
        sys.settrace(before)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, "it is not put back"
        signal.signal(signal.SIGINT, handler)


class Place:
    """A world, and clients that ask once."""

    def __init__(self, seed: int, deed: Deed) -> None:
        """A table of several partitions and indexes, and whatever the deed begins with."""
        self.world = ddbha.World(seed=seed, clock=ddbha.ManualClock())
        self.clients = {
            r: self.world.client("dynamodb", region_name=r, config=ONCE) for r in (HERE, THERE)
        }
        self.streams = self.world.client("dynamodbstreams", region_name=HERE, config=ONCE)
        self.client.create_table(
            TableName="tab",
            **on_demand("pk", "sk:N", more=["by"]),
            LocalSecondaryIndexes=[index_on("local", "pk", "by")],
            GlobalSecondaryIndexes=[index_on("global", "by", "sk:N")],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.world.table("tab").partitions[0].split()
        self.world.table("tab").partitions[0].split()
        for number in range(6):
            self.client.put_item(TableName="tab", Item=item(number))
        deed.prepare(self)

    @property
    def client(self) -> Any:
        """The client that does things."""
        return self.clients[HERE]

    def seen(self) -> dict[str, Any]:
        """All that clients see."""
        state: dict[str, Any] = {}
        for region, client in self.clients.items():
            backups = client.list_backups()["BackupSummaries"]
            state[f"{region} backups"] = sorted((b["TableName"], b["BackupName"]) for b in backups)
            state[f"{region} tables"] = client.list_tables()["TableNames"]
            for name in state[f"{region} tables"]:
                state |= self._table(region, name)
        return state

    def _table(self, region: str, name: str) -> dict[str, Any]:
        client, where = self.clients[region], f"{region} {name}"
        described: Any = client.describe_table(TableName=name)["Table"]
        kinds = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        indexes: dict[str, str] = {
            i["IndexName"]: i.get("IndexStatus", "ACTIVE") for k in kinds for i in described.get(k, [])
        }
        replicas = {r["RegionName"]: r["ReplicaStatus"] for r in described.get("Replicas", [])}
        live = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        state = {
            where: [described.get(member) for member in _SHOWN] + [indexes, replicas, live],
            f"{where} items": client.scan(TableName=name, ConsistentRead=True)["Items"],
        }
        for index, status in indexes.items():
            if status == "ACTIVE":
                state[f"{where} {index}"] = client.scan(TableName=name, IndexName=index)["Items"]
        if region == HERE and "LatestStreamArn" in described:
            state[f"{where} stream"] = self._stream(described["LatestStreamArn"])
        return state

    def _stream(self, arn: str) -> list[Any]:
        records = []
        for shard in self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            place: Any = {
                "StreamArn": arn,
                "ShardId": shard["ShardId"],
                "ShardIteratorType": "TRIM_HORIZON",
            }
            iterator = self.streams.get_shard_iterator(**place)["ShardIterator"]
            got = self.streams.get_records(ShardIterator=iterator)["Records"]
            told = [(r["eventName"], r["dynamodb"]["Keys"], r["dynamodb"].get("NewImage")) for r in got]
            records.append((shard.get("ParentShardId", ""), told))
        return records


_SHOWN = ("TableStatus", "DeletionProtectionEnabled", "StreamSpecification")


@frozen
class Deed:
    """Something that a client asks of a world, or that happens in it because it is asked something."""

    name: str
    do: Callable[[Place], Any]
    #: What is there before.
    prepare: Callable[[Place], Any] = lambda place: None


def item(number: int, **more: Any) -> dict[str, Any]:
    """An item of the table `tab`."""
    return {**key(number), "by": {"S": "x"}, **more}


def key(number: int) -> dict[str, Any]:
    """Its key."""
    return {"pk": {"S": f"p{number}"}, "sk": {"N": str(number)}}


def strike_everywhere(seed: int, deed: Deed, strike: Callable[[], None], most: int | None = None) -> int:
    """Strike a deed once at each of its steps, or at some of them drawn by the seed; says how many."""
    place = Place(seed, deed)
    before = place.seen()
    # What is compiled once for a process takes its steps now.
    deed.do(place)
    place = Place(seed, deed)
    with struck_at(0, strike) as passed:
        deed.do(place)
    after = place.seen()
    place.world.verify()
    steps: Any = range(1, passed[0] + 1)
    if most is not None and len(steps) > most:
        steps = Random(f"{seed} {deed.name}").sample(steps, most)
    for step in steps:
        try:
            _strike_at(Place(seed, deed), deed, step, strike, before, after)
        except Exception as error:
            where = f"seed {seed}, {deed.name}, struck {strike.__name__} at step {step} of {passed[0]}"
            raise AssertionError(where) from error
    return len(steps)


def _strike_at(
    place: Place,
    deed: Deed,
    step: int,
    strike: Callable[[], None],
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    world = place.world
    with struck_at(step, strike), suppress(KeyboardInterrupt, Struck):
        deed.do(place)
    world.verify()
    found = place.seen()
    if found == before:
        deed.do(place)
        found = place.seen()
    names = sorted({*found, *after})
    different = {
        name: (found.get(name), after.get(name)) for name in names if found.get(name) != after.get(name)
    }
    assert not different, f"half of it is done: found, expected {different}"
    world.verify()
    # And it goes on, for other threads too.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(place.client.create_table, TableName="next", **on_demand("pk", "sk:N")).result(10)
        pool.submit(place.client.put_item, TableName="next", Item=item(77)).result(10)
    assert place.client.scan(TableName="next", ConsistentRead=True)["Items"] == [item(77)]
    world.verify()


def _ask(operation: str, *prepared: Callable[[Place], Any], **request: Any) -> Deed:
    """A request about the table."""
    name = " ".join((operation, *request))

    def do(place: Place) -> Any:
        return getattr(place.client, operation)(TableName="tab", **request)

    def prepare(place: Place) -> None:
        for step in prepared:
            step(place)

    return Deed(name, do, prepare)


def _look(place: Place) -> Any:
    """Whatever is due happens first."""
    return place.client.list_tables()


def _expiring(place: Place) -> None:
    place.client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"}
    )
    soon = str(int(place.world.clock.time() + 30))
    for number in range(1, 5):
        place.client.put_item(TableName="tab", Item=item(number, ttl={"N": soon}))
    place.client.put_item(TableName="tab", Item=item(9))
    place.world.clock.advance(200)


def _replicated(place: Place) -> None:
    updates = [{"Create": {"RegionName": THERE}}]
    place.client.update_table(TableName="tab", ReplicaUpdates=updates)
    place.world.clock.advance(10)


_ITEM = item(1, by={"S": "y"})
_PUTS = [{"Put": {"TableName": "tab", "Item": item(number, n={"N": "1"})}} for number in range(1, 5)]
_DELETE = {"Delete": {"TableName": "tab", "Key": key(5)}}
_UPDATE = {"UpdateExpression": "SET q = :q", "ExpressionAttributeValues": {":q": {"S": "z"}}}
_BATCH = [
    {"PutRequest": {"Item": item(7)}},
    {"DeleteRequest": {"Key": key(2)}},
    {"PutRequest": {"Item": item(3, n={"N": "1"})}},
]


def _restorable(place: Place) -> None:
    enabled = {"PointInTimeRecoveryEnabled": True}
    place.client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=enabled)
    place.client.put_item(TableName="tab", Item=item(8))
    place.world.clock.advance(600)


def _restored(place: Place) -> Any:
    return place.client.restore_table_to_point_in_time(
        SourceTableName="tab", TargetTableName="new", UseLatestRestorableTime=True
    )


def _backed_up(place: Place) -> None:
    place.client.create_backup(TableName="tab", BackupName="kept")


def _restored_from_backup(place: Place) -> Any:
    arn = place.client.list_backups()["BackupSummaries"][0]["BackupArn"]
    return place.client.restore_table_from_backup(TargetTableName="new", BackupArn=arn)


def _written_there(place: Place) -> None:
    _replicated(place)
    for number in range(1, 5):
        place.clients[THERE].put_item(TableName="tab", Item=item(number, n={"N": "5"}))
    place.world.clock.advance(60)


def _outage(place: Place) -> None:
    place.world.faults.zone_outage("us-east-1a")


def _outage_ends(place: Place) -> None:
    place.world.faults.end_all()


def _written_meanwhile(place: Place) -> None:
    _outage(place)
    place.world.clock.advance(30)
    for number in range(1, 5):
        place.client.put_item(TableName="tab", Item=item(number, n={"N": "6"}))


_CREATED = {"AttributeDefinitions": [{"AttributeName": "by", "AttributeType": "S"}]}
_NEW_INDEX = {"Create": index_on("second", "by")}
_NO_INDEX = {"Delete": {"IndexName": "global"}}

WRITES = [
    _ask("put_item", Item=_ITEM),
    _ask("put_item", Item=_ITEM, ConditionExpression="attribute_exists(pk)"),
    _ask("update_item", Key=key(1), **_UPDATE),
    _ask("delete_item", Key=key(1)),
    Deed(
        "transact_write_items",
        lambda place: place.client.transact_write_items(
            ClientRequestToken="token", TransactItems=[*_PUTS, _DELETE]
        ),
    ),
]
#: What follows writes.
FOLLOWING = [
    Deed("look at all", lambda place: place.seen()),
    Deed("expiry", _look, _expiring),
    Deed("arrivals", lambda place: place.client.scan(TableName="tab"), _written_there),
]
#: What is done to tables and to the world, and what is no one write.
OTHERS = [
    Deed("batch_write_item", lambda place: place.client.batch_write_item(RequestItems={"tab": _BATCH})),
    Deed("split", lambda place: place.world.table("tab").partitions[1].split()),
    Deed("outage", _outage),
    Deed("end of an outage", _outage_ends, _written_meanwhile),
    Deed("create_table", lambda place: place.client.create_table(TableName="new", **on_demand("pk"))),
    _ask("delete_table"),
    _ask("update_table", DeletionProtectionEnabled=True),
    _ask("update_table", **_CREATED, GlobalSecondaryIndexUpdates=[_NEW_INDEX]),
    _ask("update_table", GlobalSecondaryIndexUpdates=[_NO_INDEX]),
    _ask("update_table", StreamSpecification={"StreamEnabled": False}),
    Deed("create a replica", _replicated),
    _ask("update_table", _replicated, ReplicaUpdates=[{"Delete": {"RegionName": THERE}}]),
    _ask("update_time_to_live", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"}),
    _ask("create_backup", BackupName="kept"),
    Deed("restore_table_from_backup", _restored_from_backup, _backed_up),
    Deed("restore_table_to_point_in_time", _restored, _restorable),
]
