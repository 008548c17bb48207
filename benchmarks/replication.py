"""Global tables: what a write costs each region, and how fast what was held back arrives."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from attrs import frozen
from cases import DEFINITION, ITEM

import ddbha

TABLE = "replicated"
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")


@frozen
class Measurements:
    """A put in each of three regions as a multiple of the plain one, and seconds of a drain."""

    put_of_a_region: float
    drained: int
    drain_seconds: float


def measure(drained: int, time: Callable[[Callable[[], Any]], float]) -> Measurements:
    """Put with streams, recovery and three regions on, and drain so many writes after a cut."""
    _, plain = _world(())
    world, client = _world(REGIONS[1:])
    for name in REGIONS:
        there: Any = world.client("dynamodb", region_name=name)
        there.update_continuous_backups(
            TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

    def everywhere() -> None:
        client.put_item(TableName=TABLE, Item=ITEM)
        for name in REGIONS:
            # Whoever looks at a table sees what has arrived.
            world.table(TABLE, region=name)

    each = time(everywhere) / len(REGIONS)
    alone = time(lambda: plain.put_item(TableName=TABLE, Item=ITEM))
    return Measurements(each / alone, drained, _drain(drained))


def _world(others: tuple[str, ...]) -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name=REGIONS[0])
    client.create_table(TableName=TABLE, **DEFINITION)
    for name in others:
        client.update_table(TableName=TABLE, ReplicaUpdates=[{"Create": {"RegionName": name}}])
        client.describe_table(TableName=TABLE)
    return world, client


def _drain(count: int) -> float:
    world, client = _world(REGIONS[1:2])
    cut = world.faults.network_cut(*REGIONS[:2])
    for number in range(count):
        client.put_item(TableName=TABLE, Item={**ITEM, "sk": {"S": str(number)}})
    began = perf_counter()
    cut.end()
    world.table(TABLE, region=REGIONS[1])
    return perf_counter() - began
