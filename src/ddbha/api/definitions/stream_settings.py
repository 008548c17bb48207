"""The stream setting of tables: what CreateTable, UpdateTable and DeleteTable do to streams."""

from __future__ import annotations

from typing import Any

from ddbha.errors import ValidationException
from ddbha.followers.stream import RETENTION, Stream
from ddbha.region.region import Region, utc
from ddbha.region.table import Table

_INVALID = "One or more parameter values were invalid: "


def view_type_of_new_table(given: dict[str, Any]) -> str | None:
    """The view type that CreateTable asks for; None for no stream."""
    view_type: str | None = given.get("StreamViewType")
    if given["StreamEnabled"] and view_type is None:
        raise ValidationException(
            f"{_INVALID}Table is being created with a stream enabled, UpdateViewType is required"
        )
    if not given["StreamEnabled"] and view_type is not None:
        raise ValidationException(
            f"{_INVALID}Table is being created with a stream disabled, UpdateViewType should not be "
            "specified"
        )
    return view_type


def check_change(table: Table, given: dict[str, Any]) -> None:
    """Raise `ValidationException` if UpdateTable may not change the stream like this."""
    if not given["StreamEnabled"] and table.consistency == "EVENTUAL":
        raise ValidationException(
            f"{_INVALID}Disabling Stream is not allowed for a Global Table replica."
        )
    if given["StreamEnabled"]:
        if "StreamViewType" not in given:
            raise ValidationException(
                f"{_INVALID}If stream is being enabled then UpdateViewType is required"
            )
        if table.settings.stream_view_type is not None:
            raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
    else:
        if "StreamViewType" in given:
            raise ValidationException(
                f"{_INVALID}If stream is being disabled, then UpdateViewType must not be specified"
            )
        if table.settings.stream_view_type is None:
            raise ValidationException(f"Table has no stream to disable: TableName: {table.name}")


def enable_stream(region: Region, table: Table, view_type: str, seconds: float) -> None:
    """Begin a new stream, ENABLING for some seconds; writes are in it from now on."""
    now = region.now()
    label = _label(now)
    while f"{table.arn}/stream/{label}" in region.streams:
        # A clock that stands still would give two streams one name.
        now += 0.001
        label = _label(now)
    arn = f"{table.arn}/stream/{label}"
    stream = Stream(
        arn, label, table.name, table.schema, view_type, region.name, region.now(), region.now
    )
    stream.attach(table.partitions)
    region.streams[arn] = stream
    table.settings.stream_view_type, table.settings.stream_label = view_type, label

    def enabled() -> None:
        if stream.status == "ENABLING":
            stream.status = "ENABLED"

    region.later(seconds, enabled)


def disable_stream(region: Region, table: Table, seconds: float) -> None:
    """Close the stream of a table, DISABLING for some seconds; it stays readable for 24 hours."""
    stream = region.streams[f"{table.arn}/stream/{table.settings.stream_label}"]
    stream.detach(table.partitions)
    stream.status = "DISABLING"
    table.settings.stream_view_type = None

    def disabled() -> None:
        stream.status = "DISABLED"

    def vanish() -> None:
        del region.streams[stream.arn]

    region.later(seconds, disabled)
    region.later(RETENTION, vanish)


def _label(time: float) -> str:
    return utc(time).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
