"""New tables, for every operation that makes one: CreateTable, restores, imports, replicas."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from ddbha.capacity.partitioning import new_partitions
from ddbha.capacity.scaling import partition_count
from ddbha.errors import InternalServerError
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.region.region import Region
from ddbha.region.table import Table, TableSettings
from ddbha.values.key import KeySchema


def new_table(
    region: Region,
    name: str,
    attribute_types: dict[str, str],
    schema: KeySchema,
    local_indexes: Iterable[LocalIndex],
    global_indexes: Iterable[GlobalIndex],
    settings: TableSettings,
    vector_indexes: Iterable[VectorIndex] = (),
) -> Table:
    """An empty table, CREATING, that the region does not know yet; the caller may fill and then adds it.

    The global indexes get their partitions here.
    """
    local = {index.name: index for index in local_indexes}
    table = Table(
        name,
        region.table_arn(name),
        str(UUID(int=region.environment.random.getrandbits(128), version=4)),
        region.now(),
        attribute_types,
        schema,
        new_partitions(
            region,
            name,
            partition_count(settings.throughput, settings.warm),
            {index.name: index.schema for index in local.values()},
        ),
        local,
        settings=settings,
    )
    for index in global_indexes:
        index.partitions = new_partitions(
            region, f"{name}/{index.name}", partition_count(index.throughput, index.warm), {}
        )
        table.add_global_index(index)
    for vector_index in vector_indexes:
        table.add_vector_index(vector_index)
    return table


def activate_later(
    region: Region, table: Table, seconds: float, finished: Callable[[], None] = lambda: None
) -> None:
    """Let a new table take reads and writes after some seconds, once its partitions have leaders."""

    def become_active() -> None:
        finished()
        table.status, table.active_since = "ACTIVE", region.now()
        region.record("table-active", table=table.name)

    region.later(seconds, lambda: once_led(region, table, become_active))


def once_led(region: Region, table: Table, action: Callable[[], None]) -> None:
    """Do something as soon as all partitions of a table and of its indexes have leaders."""
    try:
        for partition in table.all_partitions():
            partition.available_leader()
    except InternalServerError:
        region.environment.blocked(lambda: once_led(region, table, action))
    else:
        action()
