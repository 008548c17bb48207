"""CreateBackup, DescribeBackup, ListBackups, DeleteBackup and RestoreTableFromBackup.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_HowItWorks.html
"""

from __future__ import annotations

import re
from typing import Any

from ddbha.api.definitions.descriptions import key_schema_elements, vector_index_info
from ddbha.api.recovery.restoring import checked_target, require_reachable, restore
from ddbha.api.registry import Request, Response, operation
from ddbha.errors import (
    AccessDeniedException,
    BackupInUseException,
    BackupNotFoundException,
    ContinuousBackupsUnavailableException,
    TableNotFoundException,
    ValidationException,
)
from ddbha.followers.secondary_indexes import LocalIndex
from ddbha.recovery.backup import Backup, SourceTable, back_up, backups_of, keep
from ddbha.region.places import is_region
from ddbha.region.region import Region, utc
from ddbha.region.table import RestoreOrigin, Table
from ddbha.values.settings import Throughput

_BACKUP_ARN = re.compile(r"arn:([^:]*):([^:]*):([^:]*):([^:]*):table/([^/:]+)/backup/([^/:]+)")
_PAGE = 100


@operation("CreateBackup")
def create_backup(region: Region, request: Request) -> Response:
    """A backup of a table as it is now, with everything that is committed and nothing else."""
    table = backed_up_table(region, request["TableName"])
    require_backups_enabled(region, table)
    backup = back_up(region, table, request["BackupName"], "USER")
    keep(region, backup)
    return {"BackupDetails": _details(backup)}


@operation("DescribeBackup")
def describe_backup(region: Region, request: Request) -> Response:
    """Everything about a backup and the table that it was made of."""
    return {"BackupDescription": _description(_backup(region, request["BackupArn"]))}


@operation("ListBackups")
def list_backups(region: Region, request: Request) -> Response:
    """Backups by table, oldest first, at most 100 a page."""
    lower, upper = request.get("TimeRangeLowerBound"), request.get("TimeRangeUpperBound")
    if lower is not None and upper is not None and lower > upper:
        raise ValidationException(
            "One or more parameter values were invalid: Time range lower bound must be less than or "
            "equal to upper bound"
        )
    start = request.get("ExclusiveStartBackupArn", "")
    if start and _parsed_arn(region, start) != region.name:
        raise ValidationException(
            "Invalid Request: The supplied ExclusiveStartBackupArn does not match the region"
        )
    name = region.table_name(request["TableName"]) if "TableName" in request else None
    kind = request.get("BackupType", "USER")
    kinds = {"USER", "SYSTEM"} if kind == "ALL" else {kind}
    found = [
        backup
        for arn, backup in sorted(backups_of(region).items())
        if arn > start
        and backup.type in kinds
        and (name is None or backup.source.name == name)
        and (lower is None or utc(backup.created) >= lower)
        and (upper is None or utc(backup.created) < upper)
    ]
    page = found[: request.get("Limit", _PAGE)]
    more = {"LastEvaluatedBackupArn": page[-1].arn} if len(found) > len(page) else {}
    return {"BackupSummaries": [_summary(backup) for backup in page], **more}


@operation("DeleteBackup")
def delete_backup(region: Region, request: Request) -> Response:
    """Remove a backup at once."""
    arn = request["BackupArn"]
    backup = _backup(region, arn)
    if backup.type == "SYSTEM":
        assert backup.expires is not None, "backups of deleted tables expire"
        raise ValidationException(
            "Invalid Request: User is not allowed to delete the system backup with arn "
            f"{arn}. It will automatically expire on {utc(backup.expires).isoformat()}"
        )
    if backup.type == "AWS_BACKUP":
        raise ValidationException(
            f"Invalid Request: User is not allowed to delete the backup with arn {arn}. It is managed by "
            "AWS Backup"
        )
    if backup.status == "CREATING":
        raise BackupInUseException(f"Backup is being created: {arn}")
    if backup.restoring is not None:
        raise BackupInUseException(f"Backup is being used to restore table: {arn}")
    del backups_of(region)[arn]
    backup.status = "DELETED"
    return {"BackupDescription": _description(backup)}


@operation("RestoreTableFromBackup")
def restore_table_from_backup(region: Region, request: Request) -> Response:
    """A new table with what a backup holds, here or in another region than the backup's."""
    arn = request["BackupArn"]
    home = _parsed_arn(region, arn)
    place = region.regions.find(region.account_id, home)
    backup = None if place is None else backups_of(place).get(arn)
    if backup is None:
        raise BackupNotFoundException(f"Backup not found: {arn}")
    if backup.status == "CREATING":
        raise BackupInUseException(f"Backup is being created: {arn}")
    require_reachable(region, home, backup.source.name)
    target = checked_target(region, request, backup.source, home)
    if backup.restoring is not None:
        raise BackupInUseException(f"Backup is being used to restore another table: {arn}")
    origin = RestoreOrigin(backup.source.arn, backup.created, arn)

    def finished() -> None:
        backup.restoring = None

    response = restore(region, target, backup.images(), origin, finished)
    backup.restoring = target.name
    return response


def backed_up_table(region: Region, name_or_arn: str) -> Table:
    """The table that a backup operation is about; `TableNotFoundException` while it is CREATING."""
    name = region.table_name(name_or_arn)
    table = region.tables.get(name)
    if table is None or table.status == "CREATING":
        raise TableNotFoundException(f"Table not found: {name}")
    region.settle(table)
    return table


def backups_enabled(region: Region, table: Table) -> bool:
    """Whether backups can be made of a table: some seconds after it became active."""
    since = table.active_since
    return since is None or region.now() >= since + region.environment.timings.enable_backups


def require_backups_enabled(region: Region, table: Table) -> None:
    """Raise `ContinuousBackupsUnavailableException` for a table that is too new."""
    if not backups_enabled(region, table):
        raise ContinuousBackupsUnavailableException(
            f"Backups are being enabled for the table: {table.name}. Please retry later"
        )


def _parsed_arn(region: Region, arn: str) -> str:
    """The region in the ARN of a backup of this account."""
    match = _BACKUP_ARN.fullmatch(arn)
    if match is None:
        raise ValidationException("Invalid Backup ARN")
    partition, service, home, account = match[1], match[2], match[3], match[4]
    if not partition.startswith("aws") or service != "dynamodb" or not is_region(home):
        raise ValidationException("Invalid Request: BackupArn is not valid")
    if account != region.account_id:
        raise AccessDeniedException("Access is denied")
    return home


def _backup(region: Region, arn: str) -> Backup:
    _parsed_arn(region, arn)
    if arn not in backups_of(region):
        raise BackupNotFoundException(f"Backup not found: {arn}")
    return backups_of(region)[arn]


def _details(backup: Backup) -> dict[str, Any]:
    details: dict[str, Any] = {
        "BackupArn": backup.arn,
        "BackupName": backup.name,
        "BackupSizeBytes": backup.size,
        "BackupStatus": backup.status,
        "BackupType": backup.type,
        "BackupCreationDateTime": utc(backup.created),
    }
    if backup.expires is not None and backup.type == "SYSTEM":
        details["BackupExpiryDateTime"] = utc(backup.expires)
    return details


def _summary(backup: Backup) -> dict[str, Any]:
    source = backup.source
    return {
        "TableName": source.name,
        "TableId": source.id,
        "TableArn": source.arn,
        **_details(backup),
    }


def _description(backup: Backup) -> dict[str, Any]:
    source, settings = backup.source, backup.source.settings
    table: dict[str, Any] = {
        "TableName": source.name,
        "TableId": source.id,
        "TableArn": source.arn,
        "TableSizeBytes": backup.size,
        "KeySchema": key_schema_elements(source.schema),
        "TableCreationDateTime": utc(source.created),
        "ProvisionedThroughput": _provisioned(settings.throughput),
        "ItemCount": backup.item_count,
        "BillingMode": settings.billing_mode,
    }
    if settings.on_demand is not None:
        table["OnDemandThroughput"] = _maximum(settings.on_demand)
    return {
        "BackupDetails": _details(backup),
        "SourceTableDetails": table,
        "SourceTableFeatureDetails": {} if backup.type == "SYSTEM" else _features(source),
    }


def _features(source: SourceTable) -> dict[str, Any]:
    """What the table used besides items and keys."""
    features: dict[str, Any] = {}
    if source.local_indexes:
        features["LocalSecondaryIndexes"] = [_index(index) for index in source.local_indexes]
    if source.global_indexes:
        features["GlobalSecondaryIndexes"] = [
            {
                **_index(index),
                "ProvisionedThroughput": _provisioned(index.throughput),
                **({} if index.on_demand is None else {"OnDemandThroughput": _maximum(index.on_demand)}),
            }
            for index in source.global_indexes
        ]
    if source.vector_indexes:
        features["VectorIndexes"] = [vector_index_info(index) for index in source.vector_indexes]
    settings = source.settings
    if settings.stream_view_type is not None:
        features["StreamDescription"] = {
            "StreamEnabled": True,
            "StreamViewType": settings.stream_view_type,
        }
    if settings.ttl_status == "ENABLED":
        features["TimeToLiveDescription"] = {
            "TimeToLiveStatus": settings.ttl_status,
            "AttributeName": settings.ttl_attribute,
        }
    if settings.encryption is not None and settings.encryption.get("Enabled"):
        features["SSEDescription"] = {
            "Status": "ENABLED",
            "SSEType": settings.encryption.get("SSEType", "KMS"),
        }
    return features


def _index(index: LocalIndex | Any) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection.type}
    if index.projection.non_key_attributes:
        projection["NonKeyAttributes"] = list(index.projection.non_key_attributes)
    return {
        "IndexName": index.name,
        "KeySchema": key_schema_elements(index.schema),
        "Projection": projection,
    }


def _provisioned(throughput: Throughput) -> dict[str, int]:
    return {"ReadCapacityUnits": throughput.read, "WriteCapacityUnits": throughput.write}


def _maximum(throughput: Throughput) -> dict[str, int]:
    return {"MaxReadRequestUnits": throughput.read, "MaxWriteRequestUnits": throughput.write}
