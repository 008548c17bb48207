"""From a world to the members of its file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from math import inf
from pathlib import Path
from typing import Any

from attrs import Factory, asdict, define

from ddbha.api.access.policies import Policies
from ddbha.capacity.auto_scaling import AutoScaling
from ddbha.clock import ManualClock
from ddbha.errors import UsageError
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.recovery.backup import backups_of
from ddbha.recovery.formats import dynamodb_json
from ddbha.recovery.transfer import bulk_operations_of, exports_of, imports_of
from ddbha.recovery.vaults import locked_vaults
from ddbha.region.region import Region, Regions
from ddbha.region.table import Table, TableSettings
from ddbha.storage.partition import Partition
from ddbha.values.image import Image, unpack
from ddbha.world_file import container
from ddbha.world_file.container import FORMAT, VERSION, progress
from ddbha.world_file.definitions import definition, position
from ddbha.world_file.groups import groups


@define(eq=False)
class Images:
    """All images of a world, each once, numbered as they are met."""

    lines: list[str] = Factory(list)
    _numbers: dict[int, int] = Factory(dict)

    def number(self, image: Image | None) -> int | None:
        """The number of an image."""
        if image is None:
            return None
        number = self._numbers.get(id(image))
        if number is None:
            number = self._numbers[id(image)] = len(self.lines)
            self.lines.append(dynamodb_json.dumps(unpack(image)))
        return number


def save(path: Path, regions: Regions, facts: dict[str, Any]) -> None:
    """Write a world; `facts` are those that its regions do not know.

    Raises `UsageError`, before anything is written, for a world that is in the middle of something.
    """
    environment = regions.environment
    _refuse_unfinished(regions)
    global_tables = list(groups(environment))
    images = Images()
    members: list[tuple[str, bytes]] = []
    tables: list[dict[str, Any]] = []
    backups: list[dict[str, Any]] = []
    now = environment.clock.time()
    for region in regions:
        place = {"account": region.account_id, "region": region.name}
        for table in region.tables.values():
            folder = f"tables/{len(tables)}"
            tables.append({**place, **_table(region, table, now)})
            leaders = [partition.available_leader() for partition in table.partitions]
            held = (image for leader in leaders for image in leader.items.images.values())
            members.append((f"{folder}/items.json", _numbers(images, held, table.item_count, table.name)))
            if table.archive is not None:
                members.append((f"{folder}/history.jsonl", _lines(_history(images, table))))
        for backup in backups_of(region).values():
            held = (image for _, image in backup.images())
            numbers = _numbers(images, held, backup.item_count, backup.name)
            members.append((f"backups/{len(backups)}/items.json", numbers))
            source = backup.source
            backups.append(
                {
                    **place,
                    "arn": backup.arn,
                    "name": backup.name,
                    "type": backup.type,
                    "created": backup.created,
                    "expires": backup.expires,
                    "vault": backup.vault,
                    "cold_from": backup.cold_from,
                    "size": backup.size,
                    "source": definition(
                        source, source.local_indexes, source.global_indexes, source.vector_indexes
                    ),
                }
            )
    policies = environment.parts.the(Policies)
    header = {
        "format": FORMAT,
        "version": VERSION,
        **environment.settings.saved(),
        **facts,
        "time": now,
        "clock": "manual" if isinstance(environment.clock, ManualClock) else "system",
        "random": environment.random.getstate(),
        "policies": {arn: asdict(policy) for arn, policy in policies.by_arn.items()},
        "policy_changes": [
            {
                "account": region.account_id,
                "region": region.name,
                "changes": _of(region, policies.changes),
            }
            for region in regions
        ],
    }
    members.insert(0, ("world.json", _json(header)))
    members.insert(1, ("tables.jsonl", _lines(tables)))
    members.insert(2, ("backups.jsonl", _lines(backups)))
    members.insert(3, ("global_tables.jsonl", _lines(global_tables)))
    members.insert(4, ("images.jsonl", "".join(line + "\n" for line in images.lines).encode()))
    container.write(path, members)


def _of(region: Region, by_arn: dict[str, str]) -> dict[str, str]:
    """What belongs to resources of a region, by their ARNs."""
    place = [region.name, region.account_id]
    return {arn: value for arn, value in by_arn.items() if arn.split(":")[3:5] == place}


def _table(region: Region, table: Table, now: float) -> dict[str, Any]:
    stream = region.streams.get(f"{table.arn}/stream/{table.settings.stream_label}")
    archive, scaling = table.archive, table.parts.find(AutoScaling)
    return {
        **definition(
            table,
            table.local_indexes.values(),
            table.global_indexes.values(),
            table.vector_indexes.values(),
        ),
        "active_since": table.active_since,
        "partitions": [_partition(partition) for partition in table.partitions],
        "index_partitions": {
            name: [_partition(partition) for partition in index.partitions]
            for name, index in table.global_indexes.items()
        },
        "stream_created": None
        if stream is None or table.settings.stream_view_type is None
        else stream.created,
        "recovery": None
        if archive is None
        else {
            "enabled": archive.enabled_at,
            "earliest": archive.earliest(now),
            "period_days": archive.period_days,
            "delay": archive.delay,
        },
        "scaling": []
        if scaling is None
        else [
            {"index": index, "kind": kind, **asdict(settings)}
            for (index, kind), settings in scaling.settings.items()
        ],
        "destinations": [
            {
                "stream_arn": destination.stream_arn,
                "precision": destination.precision,
                "status": destination.status,
                "description": destination.description,
            }
            for destination in region.destinations.get(table.name, {}).values()
        ],
    }


def _partition(partition: Partition) -> dict[str, Any]:
    return {
        "number": partition.number,
        "low": position(partition.low),
        "high": position(partition.high),
        "leader": partition.leader.zone,
    }


def _history(images: Images, table: Table) -> Iterator[dict[str, Any]]:
    assert table.archive is not None, "only a table with recovery has a history"
    for record in table.archive.changes(-inf, inf):
        yield {
            "time": record.time,
            "origin": record.origin,
            "cause": record.cause,
            "old": images.number(record.old),
            "new": images.number(record.new),
        }


def _numbers(images: Images, held: Iterable[Image], count: int, label: str) -> bytes:
    return _json([images.number(image) for image in progress(f"saving {label}", count, held)])


def _lines(entries: Iterable[Any]) -> bytes:
    return b"".join(_json(entry) + b"\n" for entry in entries)


def _json(entry: Any) -> bytes:
    try:
        return json.dumps(entry, separators=(",", ":")).encode()
    except TypeError as error:
        raise UsageError(f"This world has something that a file cannot hold: {error}") from error


def _refuse_unfinished(regions: Regions) -> None:
    for region in regions:
        for what in _unfinished(region):
            raise UsageError(
                f"In {region.name} {what}. Advance the clock until that is over, and save then."
            )


def _unfinished(region: Region) -> Iterator[str]:
    """What is going on in a region and would be lost."""
    for table in region.tables.values():
        if table.status != "ACTIVE":
            yield f"the table {table.name!r} is {table.status}"
        for index in table.following_indexes():
            if index.status != "ACTIVE":
                yield f"the index {index.name!r} of {table.name!r} is {index.status}"
        owners: list[TableSettings | GlobalIndex] = [table.settings, *table.global_indexes.values()]
        for owner in owners:
            if owner.warming is not None:
                yield f"warm throughput of {table.name!r} is being changed"
            if owner.insights.status not in ("ENABLED", "DISABLED"):
                yield f"contributor insights of {table.name!r} are {owner.insights.status}"
        if table.settings.ttl_status not in ("ENABLED", "DISABLED"):
            yield f"time to live of {table.name!r} is {table.settings.ttl_status}"
        for destination in region.destinations.get(table.name, {}).values():
            if destination.status not in ("ACTIVE", "DISABLED", "ENABLE_FAILED"):
                yield f"the Kinesis destination of {table.name!r} is {destination.status}"
    for stream in region.streams.values():
        if stream.status == "ENABLING":
            yield f"the stream {stream.arn!r} is ENABLING"
    for backup in backups_of(region).values():
        if backup.status != "AVAILABLE":
            yield f"the backup {backup.name!r} is {backup.status}"
    for vault in locked_vaults(region):
        yield f"the vault {vault.name!r} is locked"
    for transfer in (
        *exports_of(region).values(),
        *imports_of(region).values(),
        *bulk_operations_of(region).values(),
    ):
        if transfer.ended is None:
            yield f"{transfer.arn!r} is in progress"
