"""UpdateContinuousBackups, DescribeContinuousBackups and RestoreTableToPointInTime.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
"""

from __future__ import annotations

import re
from datetime import datetime
from math import floor
from typing import Any

from ddbha.api.recovery.backups import backed_up_table, backups_enabled, require_backups_enabled
from ddbha.api.recovery.restoring import checked_target, require_reachable, restore
from ddbha.api.registry import Request, Response, operation
from ddbha.errors import (
    InvalidRestoreTimeException,
    PointInTimeRecoveryUnavailableException,
    TableNotFoundException,
    ValidationException,
)
from ddbha.followers.archive import DAY, MAXIMUM_PERIOD, Archive
from ddbha.recovery.backup import SourceTable
from ddbha.region.region import Region, utc
from ddbha.region.table import RestoreOrigin, Table

_TABLE_ARN = re.compile(r"arn:aws[^:]*:dynamodb:([^:]*):(\d{12}):table/([^/:]+)")


@operation("UpdateContinuousBackups")
def update_continuous_backups(region: Region, request: Request) -> Response:
    """Switch point-in-time recovery on or off, or change its period; effective at once."""
    given = request["PointInTimeRecoverySpecification"]
    enabled, days = given["PointInTimeRecoveryEnabled"], given.get("RecoveryPeriodInDays")
    if not enabled and days is not None:
        raise ValidationException(
            "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."
        )
    table = backed_up_table(region, request["TableName"])
    require_backups_enabled(region, table)
    if not enabled:
        Archive.disable(table.partitions)
        table.archive = None
    elif table.archive is None:
        delay = region.environment.timings.point_in_time_delay
        table.archive = Archive.enable(table.partitions, region.now, days or MAXIMUM_PERIOD, delay)
        _trim_daily(region, table, table.archive)
    elif days is not None:
        table.archive.set_period(days)
    return {"ContinuousBackupsDescription": _description(region, table)}


@operation("DescribeContinuousBackups")
def describe_continuous_backups(region: Region, request: Request) -> Response:
    """Whether point-in-time recovery is on, and the window that can be restored."""
    table = backed_up_table(region, request["TableName"])
    return {"ContinuousBackupsDescription": _description(region, table)}


@operation("RestoreTableToPointInTime")
def restore_table_to_point_in_time(region: Region, request: Request) -> Response:
    """A new table with what another one held at a second of its window, here or in another region."""
    _check_times(request)
    home, table = _source(region, request)
    archive = table.archive
    if archive is None:
        raise PointInTimeRecoveryUnavailableException(
            f"Point in time recovery is not enabled for table '{table.name}'"
        )
    require_reachable(region, home.name, table.name)
    now = region.now()
    earliest, latest = archive.earliest(now), archive.latest(now)
    if request.get("UseLatestRestorableTime"):
        time = latest
    else:
        time = _time(request["RestoreDateTime"], earliest, latest)
    source = SourceTable.of(table)
    target = checked_target(region, request, source, home.name)
    return restore(region, target, archive.images_at(time), RestoreOrigin(table.arn, time))


def _trim_daily(region: Region, table: Table, archive: Archive) -> None:
    """Writes trim the history; this does it for a table that is not written to any more."""

    def trim() -> None:
        if table.archive is archive and region.tables.get(table.name) is table:
            archive.trim()
            region.later(DAY, trim)

    region.later(DAY, trim)


def _description(region: Region, table: Table) -> dict[str, Any]:
    archive = table.archive
    recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if archive is not None:
        now = region.now()
        recovery = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": archive.period_days,
            "EarliestRestorableDateTime": utc(archive.earliest(now)),
            "LatestRestorableDateTime": utc(archive.latest(now)),
        }
    return {
        "ContinuousBackupsStatus": "ENABLED" if backups_enabled(region, table) else "DISABLED",
        "PointInTimeRecoveryDescription": recovery,
    }


def _check_times(request: Request) -> None:
    latest = request.get("UseLatestRestorableTime")
    if latest and "RestoreDateTime" in request:
        raise ValidationException(
            "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for "
            "point-in-time restore request."
        )
    if not latest and "RestoreDateTime" not in request:
        raise ValidationException(
            "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be "
            "specified, but not both"
        )


def _source(region: Region, request: Request) -> tuple[Region, Table]:
    """The source table and its region."""
    if "SourceTableArn" not in request:
        if "SourceTableName" not in request:
            raise ValidationException(
                "The parameter 'TableName' is required but was not present in the request"
            )
        return region, backed_up_table(region, request["SourceTableName"])
    if "SourceTableName" in request:
        raise ValidationException("Must provide exactly one of: sourceTableArn, sourceTableName")
    match = _TABLE_ARN.fullmatch(request["SourceTableArn"])
    if match is None:
        raise ValidationException(
            "One or more parameter values were invalid: sourceTableArn is not a valid ARN"
        )
    if match[2] != region.account_id:
        raise ValidationException(
            "This action is only supported by accounts that match the resource owner\u2019s account."
        )
    home = region.regions.find(region.account_id, match[1])
    if home is None:
        raise TableNotFoundException(f"Table not found: {match[3]}")
    return home, backed_up_table(home, match[3])


def _time(given: datetime, earliest: float, latest: float) -> float:
    """The time to go back to, in the window; the request has whole seconds, the window's ends may not."""
    time = given.timestamp()
    if not floor(earliest) <= time <= latest:
        raise InvalidRestoreTimeException(
            f"RestoreDateTime '{given.isoformat()}' must be within EarliestRestorableDateTime "
            f"'{utc(earliest).isoformat()}' and LatestRestorableDateTime '{utc(latest).isoformat()}'"
        )
    return max(time, earliest)
