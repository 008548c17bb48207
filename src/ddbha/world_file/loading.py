"""From the members of a file to a world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define

from ddbha.api.access.policies import Policies, Policy
from ddbha.api.definitions.expiry_settings import begin_expiry
from ddbha.api.tables.auto_scaling_settings import new_scaling
from ddbha.capacity.auto_scaling import AutoScaling, ScalingSettings
from ddbha.capacity.partitioning import new_partitions
from ddbha.clock import Clock, ManualClock, SystemClock
from ddbha.errors import UsageError, WorldFileError
from ddbha.followers.archive import MAXIMUM_PERIOD, Archive
from ddbha.followers.kinesis import Destination
from ddbha.followers.stream import Stream
from ddbha.recovery.backup import Backup, keep
from ddbha.recovery.formats import dynamodb_json
from ddbha.region.region import Region, Regions
from ddbha.region.table import Table
from ddbha.settings import Arguments, Settings
from ddbha.storage.partitions import Partitions
from ddbha.storage.record import LogRecord
from ddbha.values.attribute import canonical_item
from ddbha.values.image import Image, pack, unpack, unpacked
from ddbha.values.key import KeySchema
from ddbha.world_file.container import Members, progress
from ddbha.world_file.definitions import read_position, source_table, time_of
from ddbha.world_file.groups import join


@define(eq=False)
class WorldFile:
    """A file that was found intact."""

    members: Members
    header: dict[str, Any]

    @classmethod
    def read(cls, members: Members) -> WorldFile:
        """The content of a file."""
        return cls(members, members.json("world.json"))

    def settings(self, clock: Clock, s3: Any) -> Arguments:
        """What the world was made with that was saved, but on another clock and S3."""
        return Settings.loaded(self.header, clock, s3)

    def clock(self, given: Clock | None) -> Clock:
        """A clock that goes on where that of the saved world was, or the one that is given.

        Raises `UsageError` if it is behind.
        """
        with self.refusing_contradictions():
            time = time_of(self.header["time"])
            if given is None:
                if self.header["clock"] == "manual":
                    return ManualClock(time)
                given = SystemClock()
                given.sleep(max(0.0, time - given.time()))
        if given.time() < time:
            raise UsageError(
                f"The clock is behind that of the world that was saved ({ManualClock(time).now()}); give "
                "one that is not, or none."
            )
        return given

    @contextmanager
    def refusing_contradictions(self) -> Iterator[None]:
        """Raise `WorldFileError` where the content of the file makes no sense."""
        try:
            yield
        except WorldFileError:
            raise
        except Exception as error:
            # Whatever a world cannot be made of: what is wrong shows in as many ways.
            raise WorldFileError(f"The file holds no world: {type(error).__name__} {error}") from error

    def fill(self, regions: Regions) -> None:
        """Make everything that the file describes in an empty world."""
        environment = regions.environment
        texts, items = self.members.texts("images.jsonl"), self.members.lines("images.jsonl")
        lines = progress("loading items", len(texts), zip(texts, items, strict=True))
        images = [_image(text, item) for text, item in lines]
        for number, entry in enumerate(self.members.lines("tables.jsonl")):
            region = regions.of(entry["account"], entry["region"])
            folder = f"tables/{number}"
            held = [images[n] for n in self.members.json(f"{folder}/items.json")]
            table = _table(region, entry, held)
            region.tables[table.name] = table
            recovery = entry["recovery"]
            if recovery is not None:
                history = self.members.lines(f"{folder}/history.jsonl")
                table.archive = Archive.resume(
                    table.partitions,
                    region.now,
                    recovery["enabled"],
                    time_of(recovery["earliest"]),
                    _period(recovery["period_days"]),
                    recovery["delay"],
                    _records(table.schema, history, images),
                )
            _follow(region, table, entry)
        join(regions, self.members.lines("global_tables.jsonl"))
        for number, entry in enumerate(self.members.lines("backups.jsonl")):
            region = regions.of(entry["account"], entry["region"])
            held = [images[n] for n in self.members.json(f"backups/{number}/items.json")]
            _keep(region, entry, held)
        policies = environment.parts.the(Policies)
        for arn, policy in self.header["policies"].items():
            statements = tuple(policy["statements"])
            policies.by_arn[arn] = Policy(policy["text"], statements, policy["revision_id"])
        for place in self.header["policy_changes"]:
            policies.changes.update(place["changes"])
        environment.random.setstate(random_state(self.header["random"]))


def _period(given: Any) -> int:
    """A recovery period in days."""
    if given not in range(1, MAXIMUM_PERIOD + 1):
        raise ValueError(f"{given!r} days are no recovery period")
    return int(given)


def random_state(entry: list[Any]) -> tuple[Any, ...]:
    """The state of a random generator."""
    version, state, gauss = entry
    return version, tuple(state), gauss


def _image(text: bytes, item: Any) -> Image:
    if b'"B"' in text or b'"BS"' in text or b"\\u00" in text:
        # There may be base64 in it, its type written with an escape perhaps.
        item = dynamodb_json.plain_item(item)
    return pack(*canonical_item(item))


def _table(region: Region, entry: dict[str, Any], held: list[Image]) -> Table:
    source = source_table(entry)
    local = {index.name: index for index in source.local_indexes}
    schemas = {name: index.schema for name, index in local.items()}
    table = Table(
        source.name,
        source.arn,
        source.id,
        source.created,
        source.attribute_types,
        source.schema,
        _partitions(region, source.name, entry["partitions"], schemas),
        local,
        settings=source.settings,
        status="ACTIVE",
        active_since=None if entry["active_since"] is None else time_of(entry["active_since"]),
    )
    for index in source.global_indexes:
        owner = f"{source.name}/{index.name}"
        index.partitions = _partitions(region, owner, entry["index_partitions"][index.name], {})
        table.add_global_index(index)
    for vector_index in source.vector_indexes:
        table.add_vector_index(vector_index)
    table.load(zip(map(source.schema.key, unpacked(held)), held, strict=True))
    return table


def _partitions(
    region: Region, owner: str, entries: list[dict[str, Any]], schemas: dict[str, KeySchema]
) -> Partitions:
    partitions = new_partitions(region, owner, len(entries), schemas)
    for partition, entry in zip(partitions, entries, strict=True):
        partition.number = entry["number"]
        partition.low, partition.high = read_position(entry["low"]), read_position(entry["high"])
        partition.begin_in(entry["leader"])
    return partitions


def _records(schema: KeySchema, history: Iterable[Any], images: list[Image]) -> Iterator[LogRecord]:
    """The records of a history; their sequence numbers are of no use any more."""
    for entry in history:
        old, new = entry["old"], entry["new"]
        image = images[new if old is None else old]
        yield LogRecord(
            0,
            0,
            time_of(entry["time"]),
            entry["origin"],
            schema.key(unpack(image)),
            None if old is None else images[old],
            None if new is None else images[new],
            entry["cause"],
        )


def _follow(region: Region, table: Table, entry: dict[str, Any]) -> None:
    """Begin what follows the writes of a table."""
    settings = table.settings
    if settings.stream_view_type is not None and settings.stream_label is not None:
        arn = f"{table.arn}/stream/{settings.stream_label}"
        stream = Stream(
            arn,
            settings.stream_label,
            table.name,
            table.schema,
            settings.stream_view_type,
            region.name,
            entry["stream_created"],
            region.now,
            "ENABLED",
        )
        stream.attach(table.partitions)
        region.streams[arn] = stream
    if settings.ttl_attribute is not None:
        begin_expiry(region, table, settings.ttl_attribute)
    for scaled in entry["scaling"]:
        dimension = scaled.pop("index"), scaled.pop("kind")
        scaling = table.parts.find(AutoScaling) or new_scaling(region, table)
        table.parts.put(scaling)
        scaling.settings[dimension] = ScalingSettings(**scaled)
    for each in entry["destinations"]:
        destination = Destination(
            each["stream_arn"],
            table.name,
            table.id,
            table.schema,
            table.partitions,
            region.name,
            each["precision"],
            each["status"],
            each["description"],
        )
        region.destinations.setdefault(table.name, {})[destination.stream_arn] = destination
        if destination.status == "ACTIVE":
            destination.attach()
            region.environment.kinesis.add(destination)


def _keep(region: Region, entry: dict[str, Any], held: list[Image]) -> None:
    source = source_table(entry["source"])
    backup = Backup(
        entry["arn"],
        entry["name"],
        entry["type"],
        time_of(entry["created"]),
        source,
        entry["size"],
        len(held),
        [dict(zip(map(source.schema.key, unpacked(held)), held, strict=True))],
        entry["expires"],
        entry.get("vault"),
        entry.get("cold_from"),
    )
    keep(region, backup)
    backup.status = "AVAILABLE"
