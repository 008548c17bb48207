"""ExportTableToPointInTime, DescribeExport and ListExports.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html
"""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import datetime
from math import floor
from typing import Any

from ddbha.api.paging import LARGEST_PAGE, page_of
from ddbha.api.recovery.export_filters import FilterSpecification
from ddbha.api.recovery.sources import refuse_key_without_kms
from ddbha.api.registry import Request, Response, operation
from ddbha.errors import (
    ExportConflictException,
    ExportNotFoundException,
    InvalidExportTimeException,
    LimitExceededException,
    PointInTimeRecoveryUnavailableException,
    TableNotFoundException,
    ValidationException,
)
from ddbha.followers.archive import Archive
from ddbha.observe.events import event_kind
from ddbha.recovery.export import Content, begin, changes_in, state_at, write
from ddbha.recovery.export_filter import ExportFilter
from ddbha.recovery.formats import ion
from ddbha.recovery.objects import Bucketed, ObjectError
from ddbha.recovery.transfer import Export, exports_of, of_table, of_token, transfer_arn
from ddbha.region.region import Region, utc
from ddbha.region.table import Table

#: Exports that an account can have going on at once in a region.
MAXIMUM_EXPORTS = 300
#: Seconds of the shortest and the longest period of an incremental export.
SHORTEST_PERIOD, LONGEST_PERIOD = 15 * 60, 24 * 3600
_TABLE_ARN = re.compile(r"arn:aws[^:]*:dynamodb:([^:]*):(\d{12}):table/([^/:]+)")
_INVALID = "Invalid Request: "


@operation("ExportTableToPointInTime")
def export_table_to_point_in_time(region: Region, request: Request) -> Response:
    """Put what a table held at a time, or what a period made of it, into a bucket."""
    arn = request["TableArn"]
    if not _TABLE_ARN.fullmatch(arn):
        raise ValidationException(
            "One or more parameter values were invalid: tableArn is not a valid ARN"
        )
    _check(request)
    specification = FilterSpecification(request.get("FilterSpecification", {}))
    now = region.now()
    asked = deepcopy({name: value for name, value in request.items() if name != "ClientToken"})
    known = of_token(exports_of(region).values(), request.get("ClientToken"), now)
    if known is not None:
        if known.request != asked:
            raise ExportConflictException(
                "Export conflict: Duplicate request detected with conflicting parameters"
            )
        return {"ExportDescription": _description(known)}
    table = _table(region, arn)
    if table.archive is None:
        raise PointInTimeRecoveryUnavailableException(
            f"Point in time recovery is not enabled for table '{table.name}'"
        )
    if request.get("ExportFormat") == "ION":
        ion.require()
    chosen = specification.of(table)
    time, period, content = _content(request, table, table.archive, chosen, now)
    if sum(export.status == "IN_PROGRESS" for export in exports_of(region).values()) >= MAXIMUM_EXPORTS:
        raise LimitExceededException(
            f"Subscriber limit exceeded: Too many exports in progress, at most {MAXIMUM_EXPORTS}"
        )

    suffix = region.environment.random.getrandbits(32)
    export = Export(
        transfer_arn(table.arn, "export", now, suffix, exports_of(region)),
        table.arn,
        table.id,
        now,
        asked,
        request.get("ClientToken"),
        request.get("ExportType", "FULL_EXPORT"),
        time,
        period,
    )
    exports_of(region)[export.arn] = export
    response = {"ExportDescription": _description(export)}
    region.record("export-began", table=table.name, export=export.arn)
    failure: ObjectError | None = None
    try:
        begin(export, region.environment.parts.the(Bucketed).store)
    except ObjectError as error:
        failure = error
    seconds = region.environment.timings.export_table
    region.later(seconds, lambda: _finish(region, export, content, failure, now + seconds))
    return response


@operation("DescribeExport")
def describe_export(region: Region, request: Request) -> Response:
    """What was asked for, and how far it is."""
    arn = request["ExportArn"]
    known = exports_of(region).get(arn)
    if known is None:
        raise ExportNotFoundException(f"Export not found: {arn}")
    return {"ExportDescription": _description(known)}


@operation("ListExports")
def list_exports(region: Region, request: Request) -> Response:
    """The exports of the last 90 days, by ARN, the newest of a table first."""
    table_arn = request.get("TableArn")
    if table_arn is not None and not _exists(region, table_arn):
        return {"ExportSummaries": []}
    found = of_table(exports_of(region), table_arn)
    page, token = page_of(
        region, found, request.get("NextToken"), request.get("MaxResults", LARGEST_PAGE)
    )
    summaries = [
        {"ExportArn": each.arn, "ExportStatus": each.status, "ExportType": each.type} for each in page
    ]
    return {"ExportSummaries": summaries, **({} if token is None else {"NextToken": token})}


def _finish(
    region: Region, export: Export, content: Content, failure: ObjectError | None, now: float
) -> None:
    environment = region.environment
    try:
        if failure is not None:
            raise failure
        write(export, content, environment.parts.the(Bucketed).store, environment.random, now)
    except ObjectError as error:
        export.fail(now, error.code, error.message)
    region.record(event_kind(f"export-{export.status.lower()}"), export=export.arn)


def _check(request: Request) -> None:
    """Raise `ValidationException` for members that do not go together."""
    specification = request.get("IncrementalExportSpecification")
    if request.get("ExportType", "FULL_EXPORT") == "FULL_EXPORT":
        if specification is not None:
            # The space before the comma is AWS's.
            raise ValidationException(
                f"{_INVALID}When Export Type is Full Export , Incremental Export Specification should "
                "not be provided"
            )
    else:
        if specification is None:
            raise ValidationException(
                f"{_INVALID}Incremental Export Specification expected when export type is set as "
                "Incremental Export"
            )
        if "ExportFromTime" not in specification:
            raise ValidationException(
                f"{_INVALID}ExportFromTime must be provided in IncrementalExportSpecification"
            )
        if "ExportTime" in request:
            raise ValidationException(
                f"{_INVALID}ExportTime should not be provided when Export Type is Incremental Export"
            )
    refuse_key_without_kms(request)


def _table(region: Region, arn: str) -> Table:
    if not _exists(region, arn):
        raise TableNotFoundException(f"Table not found: {arn}")
    table = region.tables[arn.rpartition("/")[2]]
    region.settle(table)
    return table


def _exists(region: Region, arn: str) -> bool:
    name = arn.rpartition("/")[2]
    table = region.tables.get(name)
    return table is not None and table.arn == arn and table.status != "CREATING"


def _content(
    request: Request, table: Table, archive: Archive, chosen: ExportFilter, now: float
) -> tuple[float | None, tuple[float, float] | None, Content]:
    """The moment or the period to export, and what there is of it."""
    earliest, latest = archive.earliest(now), archive.latest(now)
    if request.get("ExportType", "FULL_EXPORT") == "FULL_EXPORT":
        time = request["ExportTime"].timestamp() if "ExportTime" in request else latest
        # Requests have whole seconds, the window's ends may not.
        if not floor(earliest) <= time <= latest:
            raise InvalidExportTimeException("Export Time is invalid")
        time = max(time, earliest)
        return time, None, state_at(table, archive, time, chosen)
    specification = request["IncrementalExportSpecification"]
    beginning = specification["ExportFromTime"].timestamp()
    end = specification["ExportToTime"].timestamp() if "ExportToTime" in specification else latest
    if end > now:
        raise InvalidExportTimeException(
            f"Incremental export period to time cannot be greater than the current time : {_shown(now)}"
        )
    if beginning < floor(earliest):
        raise InvalidExportTimeException(
            "Incremental export period from time cannot be less than the table creation time : "
            f"{_shown(earliest)}"
        )
    if end - beginning < SHORTEST_PERIOD:
        raise InvalidExportTimeException(
            "Difference between export period from time and export period to time is less than 15 minutes"
        )
    if end - beginning > LONGEST_PERIOD:
        raise InvalidExportTimeException(
            "Difference between export period from time and export period to time is greater than "
            "24 hours"
        )
    view = specification.get("ExportViewType", "NEW_AND_OLD_IMAGES")
    content = changes_in(table, archive, (beginning, end), view, chosen)
    return None, (beginning, end), content


def _shown(time: float) -> str:
    return utc(time).isoformat().replace("+00:00", "Z")


def _description(export: Export) -> dict[str, Any]:
    asked = export.request
    shown: dict[str, Any] = {
        "ExportArn": export.arn,
        "ExportStatus": export.status,
        "StartTime": utc(export.started),
        "TableArn": export.table_arn,
        "TableId": export.table_id,
        "S3Bucket": asked["S3Bucket"],
        "ExportFormat": asked.get("ExportFormat", "DYNAMODB_JSON"),
        "S3SseAlgorithm": asked.get("S3SseAlgorithm", "AES256"),
    }
    for member in ("S3BucketOwner", "S3Prefix", "S3SseKmsKeyId", "FilterSpecification"):
        if member in asked:
            shown[member] = asked[member]
    if export.token is not None:
        shown["ClientToken"] = export.token
    if export.time is not None:
        shown["ExportTime"] = utc(export.time)
    if export.period is not None:
        # Full exports do not show their type.
        shown["ExportType"] = export.type
        shown["IncrementalExportSpecification"] = _period(asked, export.period)
    if export.ended is not None:
        shown["EndTime"] = utc(export.ended)
    if export.status == "COMPLETED":
        shown["ExportManifest"] = export.manifest
        shown["BilledSizeBytes"] = export.billed_size
        shown["ItemCount"] = export.item_count
    if export.status == "FAILED":
        shown["FailureCode"] = export.failure_code
        shown["FailureMessage"] = export.failure_message
    return shown


def _period(asked: dict[str, Any], period: tuple[float, float]) -> dict[str, datetime | str]:
    given = asked["IncrementalExportSpecification"]
    return {
        "ExportFromTime": utc(period[0]),
        "ExportToTime": utc(period[1]),
        "ExportViewType": given.get("ExportViewType", "NEW_AND_OLD_IMAGES"),
    }
