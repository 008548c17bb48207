"""A backup: all items of a table at one moment, and what is needed to make such a table again.

It holds references to the images that the table held, never copies of items: taking one is as fast as
copying a dictionary, and the table goes on meanwhile.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup-and-Restore.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from attrs import Factory, define, evolve, field, frozen

from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.region.region import Region
from ddbha.region.table import Table, TableSettings
from ddbha.values.image import Image
from ddbha.values.key import ItemKey, KeySchema
from ddbha.values.settings import Throughput

#: Seconds that the backup of a deleted table is kept.
SYSTEM_RETENTION = 35 * 24 * 3600.0
SYSTEM_SUFFIX = "$DeletedTableBackup"


@frozen(eq=False)
class SourceTable:
    """A table as it was defined at one moment."""

    name: str
    arn: str
    id: str
    created: float
    attribute_types: dict[str, str]
    schema: KeySchema
    local_indexes: tuple[LocalIndex, ...]
    #: Without partitions.
    global_indexes: tuple[GlobalIndex, ...]
    settings: TableSettings
    #: Empty ones.
    vector_indexes: tuple[VectorIndex, ...] = ()

    @classmethod
    def of(cls, table: Table) -> SourceTable:
        """The definition of a table as it is now."""
        return cls(
            table.name,
            table.arn,
            table.id,
            table.created,
            dict(table.attribute_types),
            table.schema,
            tuple(table.local_indexes.values()),
            tuple(
                empty_index(index, index.throughput)
                for index in table.global_indexes.values()
                if index.status != "DELETING"
            ),
            evolve(table.settings, tags=dict(table.settings.tags)),
            tuple(index.empty() for index in table.vector_indexes.values() if index.status != "DELETING"),
        )


def empty_index(
    index: GlobalIndex,
    throughput: Throughput,
    *,
    name: str | None = None,
    on_demand: Throughput | None = None,
) -> GlobalIndex:
    """An index defined like another one, without partitions."""
    return GlobalIndex(
        name or index.name,
        index.schema,
        index.projection,
        index.table_schema,
        throughput=throughput,
        on_demand=on_demand or index.on_demand,
    )


@define(eq=False)
class Backup:
    """All items of a table at the time `created` (seconds since the epoch).

    `type` is USER, SYSTEM or AWS_BACKUP; `expires` is when it vanishes by itself.  Those of AWS Backup
    are in a vault; `storage` is WARM, and COLD from the time `cold_from` on.
    """

    arn: str
    name: str
    type: str
    created: float
    source: SourceTable
    size: int
    item_count: int
    _parts: Sequence[dict[ItemKey, Image]]
    expires: float | None = None
    vault: str | None = None
    cold_from: float | None = None
    storage: str = field(default="WARM", init=False)
    status: str = field(default="CREATING", init=False)
    #: The table that is being restored from it.
    restoring: str | None = field(default=None, init=False)

    def images(self) -> Iterator[tuple[ItemKey, Image]]:
        """All items."""
        return chain.from_iterable(part.items() for part in self._parts)


@define(eq=False)
class Kept:
    """The backups of a region."""

    backups: dict[str, Backup] = Factory(dict)


def backups_of(region: Region) -> dict[str, Backup]:
    """The backups of a region by ARN, also those of tables that are gone."""
    return region.parts.the(Kept).backups


def back_up(
    region: Region,
    table: Table,
    name: str,
    kind: str,
    *,
    time: float | None = None,
    retention: float | None = None,
) -> Backup:
    """Pin what a table holds now; the region does not know the backup yet.

    `time` is when this was due if the world's clock has passed it; after `retention` seconds the backup
    expires.  Raises `InternalServerError`, leaving all as it is, while a partition has no quorum.
    """
    time = region.now() if time is None else time
    if table.membership is not None and table.status in ("ACTIVE", "UPDATING"):
        table.membership.arrivals(time)
    stores = [partition.available_leader().items for partition in table.partitions]
    return Backup(
        _arn(region, table.arn, time, kind),
        name,
        kind,
        time,
        SourceTable.of(table),
        sum(store.size for store in stores),
        sum(map(len, stores)),
        [store.images.copy() for store in stores],
        None if retention is None else time + retention,
    )


def copy_of(backup: Backup, region: Region) -> Backup:
    """A copy of a backup for another region or account, made now; the region does not know it yet."""
    table = f"arn:aws:dynamodb:{region.name}:{region.account_id}:table/{backup.source.name}"
    now = region.now()
    return evolve(backup, arn=_arn(region, table, now, backup.type), created=now)


def _arn(region: Region, table: str, time: float, kind: str) -> str:
    suffix = "00000000" if kind == "SYSTEM" else f"{region.environment.random.getrandbits(32):08x}"
    milliseconds = round(time * 1000)
    while (arn := f"{table}/backup/{milliseconds:014d}-{suffix}") in backups_of(region):
        # Tables of one name were deleted while the clock stood still.
        milliseconds += 1
    return arn


def keep(region: Region, backup: Backup) -> None:
    """Let a region have a backup: CREATING for a moment, and gone once it expires."""
    environment = region.environment
    backups = backups_of(region)
    backups[backup.arn] = backup

    def available() -> None:
        if backup.status == "CREATING":
            backup.status = "AVAILABLE"
            region.record("backup-available", table=backup.source.name, backup=backup.name)

    def move() -> None:
        if backup.arn in backups:
            backup.storage = "COLD"
            region.record("backup-moved-to-cold", table=backup.source.name, backup=backup.name)

    def expire() -> None:
        if backup.restoring is not None:
            region.later(60, expire)
        elif backups.pop(backup.arn, None) is not None:
            region.record("backup-expired", table=backup.source.name, backup=backup.name)

    environment.scheduler.at(backup.created + environment.timings.create_backup, available)
    if backup.cold_from is not None:
        environment.scheduler.at(backup.cold_from, move)
    if backup.expires is not None:
        environment.scheduler.at(backup.expires, expire)
