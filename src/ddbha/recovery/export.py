"""The files of an export, in AWS's layout.

`PREFIX/AWSDynamoDB/ID/` has the manifests with their checksums; a full export has its data there too,
while those of incremental ones lie together in `PREFIX/AWSDynamoDB/data/`.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import inf, nextafter
from random import Random
from typing import Any

from attrs import define, field

from ddbha.followers.archive import Archive
from ddbha.recovery import layout
from ddbha.recovery.export_filter import ExportFilter
from ddbha.recovery.formats import dynamodb_json, ion
from ddbha.recovery.formats.compression import compressed
from ddbha.recovery.objects import ObjectStore
from ddbha.recovery.transfer import Export
from ddbha.region.table import Table
from ddbha.storage.record import LogRecord
from ddbha.values.image import Image, size_of, unpack
from ddbha.values.key import KeySchema

_FILE_NAME_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_FORMATS = {"DYNAMODB_JSON": dynamodb_json, "ION": ion}


@define(eq=False)
class Change:
    """What a period made of one item."""

    before: Image | None
    after: Image | None
    #: Of the last write, in seconds since the epoch.
    time: float

    @property
    def latest(self) -> Image | None:
        """What the item is, or was before it was deleted; None if the period made and unmade it."""
        return self.before if self.after is None else self.after


@define(eq=False)
class Content:
    """What is exported, by partition: references to images, pinned when the export was asked for."""

    schema: KeySchema
    chosen: ExportFilter
    #: NEW_IMAGE or NEW_AND_OLD_IMAGES for an incremental export.
    view: str | None
    parts: Sequence[list[Image | Change]]
    billed_size: int = field(default=0)

    @property
    def item_count(self) -> int:
        """How many items are exported."""
        return sum(map(len, self.parts))

    def entries(self, part: list[Image | Change]) -> Iterator[dict[str, Any]]:
        """The lines of the file of one partition."""
        for each in part:
            yield self._changed(each) if isinstance(each, Change) else {"Item": self.chosen.shown(each)}

    def _changed(self, change: Change) -> dict[str, Any]:
        assert change.latest is not None
        entry: dict[str, Any] = {
            "Metadata": {"WriteTimestampMicros": str(round(change.time * 1_000_000))},
            "Keys": self.schema.of(unpack(change.latest)),
        }
        if change.before is not None and self.view == "NEW_AND_OLD_IMAGES":
            entry["OldImage"] = self.chosen.shown(change.before)
        if change.after is not None:
            entry["NewImage"] = self.chosen.shown(change.after)
        return entry


def state_at(table: Table, archive: Archive, time: float, chosen: ExportFilter) -> Content:
    """What a full export of a table holds."""
    parts: dict[int, list[Image | Change]] = {id(partition): [] for partition in table.partitions}
    size = 0
    for key, image in archive.images_at(time):
        if chosen.reads(image):
            size += size_of(image)
            if chosen.keeps(image):
                parts[id(table.partition(key))].append(image)
    return Content(table.schema, chosen, None, list(parts.values()), size)


def changes_in(
    table: Table, archive: Archive, period: tuple[float, float], view: str, chosen: ExportFilter
) -> Content:
    """What an incremental export holds: of each item that was written to, what came of it in the end.

    What is kept is decided by that end, for items that were deleted by what they were before.
    """
    changes: dict[Any, Change] = {}
    size = 0
    # The period has its beginning and not its end; the archive is asked the other way round.
    after, until = (nextafter(time, -inf) for time in period)
    for record in archive.changes(after, until):
        image = record.old if record.new is None else record.new
        if image is None or not chosen.reads(image):
            continue
        size += _size(record)
        change = changes.setdefault(record.key, Change(record.old, None, record.time))
        change.after, change.time = record.new, record.time
    parts: dict[int, list[Image | Change]] = {id(partition): [] for partition in table.partitions}
    for key, change in changes.items():
        if change.latest is not None and chosen.keeps(change.latest):
            parts[id(table.partitions.of(key))].append(change)
    return Content(table.schema, chosen, view, list(parts.values()), size)


def _size(record: LogRecord) -> int:
    return sum(size_of(image) for image in (record.old, record.new) if image is not None)


def begin(export: Export, store: ObjectStore) -> None:
    """Put the empty file that shows that the bucket can be written to."""
    layout.put_started(store, export.request["S3Bucket"], _folder(export))


def write(export: Export, content: Content, store: ObjectStore, random: Random, now: float) -> None:
    """Put all files of an export, the manifests last, and complete it.  Raises `ObjectError`."""
    bucket, folder = export.request["S3Bucket"], _folder(export)
    format_name = export.request.get("ExportFormat", "DYNAMODB_JSON")
    writer = _FORMATS[format_name]
    data_folder = f"{folder}/data" if content.view is None else f"{layout.root(_prefix(export))}/data"
    files = []
    for part in content.parts:
        name = "".join(random.choices(_FILE_NAME_ALPHABET, k=26))
        key = f"{data_folder}/{name}.{writer.EXTENSION}.gz"
        data = compressed(writer.export_lines(content.entries(part)))
        files.append(
            {
                "itemCount": len(part),
                "md5Checksum": layout.checksum(data),
                "etag": store.put(bucket, key, data),
                "dataFileS3Key": key,
            }
        )
    manifest_files = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in files)
    layout.put_with_checksum(store, bucket, f"{folder}/manifest-files", manifest_files.encode())
    export.item_count, export.billed_size = content.item_count, content.billed_size
    summary = json.dumps(_summary(export, content, format_name, now), separators=(",", ":"))
    layout.put_with_checksum(store, bucket, f"{folder}/manifest-summary", summary.encode())
    export.manifest = f"{folder}/manifest-summary.json"
    export.complete(now)


def _summary(export: Export, content: Content, format_name: str, now: float) -> dict[str, Any]:
    request = export.request
    moment: dict[str, Any] = {}
    if export.time is not None:
        moment["exportTime"] = layout.timestamp(export.time)
    if export.period is not None:
        moment["exportFromTime"], moment["exportToTime"] = map(layout.timestamp, export.period)
    incremental = {"outputView": content.view} if content.view is not None else {}
    return {
        "version": "2020-06-30" if content.view is None else "2023-08-01",
        "exportArn": export.arn,
        "startTime": layout.timestamp(export.started),
        "endTime": layout.timestamp(now),
        "tableArn": export.table_arn,
        "tableId": export.table_id,
        **moment,
        "s3Bucket": request["S3Bucket"],
        "s3Prefix": request.get("S3Prefix"),
        # What S3 does unless it is told otherwise.
        "s3SseAlgorithm": request.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": request.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{_folder(export)}/manifest-files.json",
        "billedSizeBytes": export.billed_size,
        "itemCount": export.item_count,
        "outputFormat": format_name,
        **incremental,
        "exportType": export.type,
    }


def _folder(export: Export) -> str:
    return layout.folder(_prefix(export), export.arn)


def _prefix(export: Export) -> str:
    return str(export.request.get("S3Prefix", ""))
