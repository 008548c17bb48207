"""CreateTable, DescribeTable, ListTables and DeleteTable."""

from __future__ import annotations

from ddbha.api.access.resource_policies import attach_policy, forget_policies
from ddbha.api.definitions.descriptions import describe, describe_created, describe_deleted
from ddbha.api.definitions.stream_settings import disable_stream, enable_stream
from ddbha.api.definitions.table_building import activate_later
from ddbha.api.global_tables.replica_rules import check_departure
from ddbha.api.global_tables.waiting import once_left
from ddbha.api.registry import Request, Response, operation
from ddbha.api.streams.kinesis_destinations import close_destinations
from ddbha.api.tables.control_plane_quotas import (
    refuse_another_operation,
)
from ddbha.api.tables.replica_creation import create_replica
from ddbha.api.tables.table_definition import read_definition
from ddbha.api.tables.update_rules import refuse_while_encrypting
from ddbha.errors import ResourceInUseException, ValidationException
from ddbha.recovery.backup import SYSTEM_RETENTION, SYSTEM_SUFFIX, Backup, back_up, keep
from ddbha.region.region import Region
from ddbha.region.table import Table


@operation("CreateTable")
def create_table(region: Region, request: Request) -> Response:
    """A new table, CREATING until the time that the world's timings say."""
    if "GlobalTableSourceArn" in request:
        return create_replica(region, request)
    definition = read_definition(region, request)
    table = definition.build(region)
    region.tables[table.name] = table
    if definition.policy is not None:
        attach_policy(region, table, definition.policy)
    timings = region.environment.timings
    with_indexes = bool(definition.global_indexes or definition.vector_indexes)
    seconds = timings.create_table_with_indexes if with_indexes else timings.create_table
    if definition.stream_view_type is not None:
        enable_stream(region, table, definition.stream_view_type, seconds)
    response = {"TableDescription": describe_created(table, request)}
    activate_later(region, table, seconds)
    return response


@operation("DescribeTable")
def describe_table(region: Region, request: Request) -> Response:
    """Everything about a table."""
    return {"Table": describe(region.described_table(request["TableName"]))}


@operation("ListTables")
def list_tables(region: Region, request: Request) -> Response:
    """Names in order, at most 100 a page."""
    start = request.get("ExclusiveStartTableName")
    limit = request.get("Limit", 100)
    names = [name for name in sorted(region.tables) if start is None or name > start]
    page = names[:limit]
    more = {"LastEvaluatedTableName": page[-1]} if len(names) > limit else {}
    return {"TableNames": page, **more}


@operation("DeleteTable")
def delete_table(region: Region, request: Request) -> Response:
    """Remove a table: DELETING until the time that the world's timings say."""
    table = region.described_table(request["TableName"])
    if table.settings.deletion_protection:
        raise ValidationException(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    if table.restoring_from is not None:
        raise ResourceInUseException(f"Table is being used: {table.name}")
    if table.status == "CREATING":
        raise ResourceInUseException(
            "Attempt to change a resource which is still in use: Table is being created: " + table.name
        )
    if table.status == "UPDATING":
        raise ResourceInUseException(
            f"Attempt to change a resource which is still in use: Table: {table.name} is in the process "
            "of being updated."
        )
    refuse_while_encrypting(table)
    if any(index.status != "ACTIVE" for index in table.following_indexes()):
        raise ResourceInUseException(
            "Attempt to change a resource which is still in use: Cannot delete table while indexes are "
            "being created, updated, or deleted."
        )
    if table.status == "ACTIVE":
        check_departure(region, table)
        refuse_another_operation(region)
        last_backup = _last_backup(region, table)
        table.status = "DELETING"
        table.count_writes(region.now())
        if table.membership is not None:
            table.membership.status = "DELETING"
        if table.settings.stream_view_type is not None:
            disable_stream(region, table, 0)

        def vanish() -> None:
            if region.tables.get(table.name) is not table:
                # As a replica it was deleted from another region meanwhile.
                return
            if table.archive is not None and last_backup is not None:
                keep(region, last_backup)
            del region.tables[table.name]
            forget_policies(region, table)
            close_destinations(region, table)
            region.record("table-deleted", table=table.name)

        region.later(region.environment.timings.delete_table, lambda: once_left(region, table, vanish))
    return {"TableDescription": describe_deleted(table)}


def _last_backup(region: Region, table: Table) -> Backup | None:
    """What stays of a table whose history can be restored; the history goes with the table."""
    if table.archive is None:
        return None
    name = table.name + SYSTEM_SUFFIX
    return back_up(region, table, name, "SYSTEM", retention=SYSTEM_RETENTION)
