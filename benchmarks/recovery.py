"""Backups and point-in-time recovery: how fast a table comes back, and what it costs to be able to."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from attrs import frozen
from cases import DEFINITION, ITEM

import ddbha
from ddbha.values.attribute import canonical_item
from ddbha.values.image import pack

#: Microseconds of one call, measured for so many seconds.
Time = Callable[[Callable[[], Any], float], float]
TABLE = "recovery"
#: One item in so many is changed after the moment that is restored.
CHANGED = 10


@frozen
class Measurements:
    """Items a second, milliseconds of one request, and a put as a multiple of the plain one."""

    restored_to_a_time: float
    restored_from_a_backup: float
    restored_with_an_index: float
    backup_items: int
    backup_milliseconds: float
    archived_put: float


def measure(
    many: int, backup_items: int, time: Callable[[Callable[[], Any], float], float]
) -> Measurements:
    """Restore `many` items, back up `backup_items`, and put with and without recovery."""
    to_a_time, from_a_backup, with_an_index = _restores(many)
    return Measurements(
        to_a_time, from_a_backup, with_an_index, backup_items, _backup(backup_items), _archived_put(time)
    )


def _world() -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName=TABLE, **DEFINITION)
    client.list_tables()
    return world, client


def _fill(world: ddbha.World, count: int) -> None:
    table = world.table(TABLE)

    def images() -> Any:
        for number in range(count):
            own = {"pk": {"S": f"user#{number // 20}"}, "sk": {"S": f"{number % 20:04}"}}
            item, size = canonical_item({**ITEM, **own, "owner": {"S": f"owner#{number % 1000}"}})
            yield table.schema.key(item), pack(item, size)

    table.load(images())


def _enable(client: Any) -> None:
    client.update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _restores(many: int) -> tuple[float, float, float]:
    """Items a second: to a point in time, from a backup, and from it with an index of all items."""
    world, client = _world()
    _fill(world, many)
    _enable(client)
    moment = world.clock.now()
    arn = client.create_backup(TableName=TABLE, BackupName="bench")["BackupDetails"]["BackupArn"]
    world.clock.advance(hours=1)
    for number in range(0, many, CHANGED):
        key = {"pk": {"S": f"user#{number // 20}"}, "sk": {"S": f"{number % 20:04}"}}
        client.put_item(TableName=TABLE, Item={**ITEM, **key})
    bare: Any = {"GlobalSecondaryIndexOverride": []}
    rates = []
    for restore in (
        lambda: client.restore_table_to_point_in_time(
            SourceTableName=TABLE, TargetTableName="at-a-time", RestoreDateTime=moment, **bare
        ),
        lambda: client.restore_table_from_backup(TargetTableName="bare", BackupArn=arn, **bare),
        lambda: client.restore_table_from_backup(TargetTableName="indexed", BackupArn=arn),
    ):
        start = perf_counter()
        restore()
        rates.append(many / (perf_counter() - start))
        client.list_tables()
    assert client.describe_table(TableName="at-a-time")["Table"]["ItemCount"] == many
    return rates[0], rates[1], rates[2]


def _backup(count: int) -> float:
    world, client = _world()
    _fill(world, count)
    best = float("inf")
    for _ in range(3):
        start = perf_counter()
        client.create_backup(TableName=TABLE, BackupName="bench")
        best = min(best, perf_counter() - start)
    return best * 1000


def _archived_put(time: Time) -> float:
    """A put into a table with recovery, as a multiple of one into a table without."""
    microseconds = []
    for archived in (False, True):
        _, client = _world()
        if archived:
            _enable(client)
        microseconds.append(time(lambda client=client: client.put_item(TableName=TABLE, Item=ITEM), 1.0))
    return microseconds[1] / microseconds[0]
