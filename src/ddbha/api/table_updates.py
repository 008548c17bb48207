"""UpdateTable.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from ddbha.api.descriptions import describe
from ddbha.api.registry import Request, Response, operation
from ddbha.api.replicas import peers, update_replicas
from ddbha.api.stream_settings import check_change, disable_stream, enable_stream
from ddbha.api.table_building import partition_count
from ddbha.api.tables import (
    INVALID,
    key_schema,
    projection,
    refuse_indexes,
    throughput,
    units,
)
from ddbha.errors import (
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from ddbha.region import Region
from ddbha.storage.table import GlobalIndex, Table, Throughput

_CHANGES = (
    "ProvisionedThroughput",
    "BillingMode",
    "StreamSpecification",
    "GlobalSecondaryIndexUpdates",
    "SSESpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
    "TableClass",
    "ReplicaUpdates",
)
#: What all replicas of a global table have in common.
_SHARED = frozenset(
    {
        "AttributeDefinitions",
        "BillingMode",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexUpdates",
        "SSESpecification",
        "OnDemandThroughput",
        "WarmThroughput",
        "TableClass",
    }
)


@operation("UpdateTable")
def update_table(region: Region, request: Request) -> Response:
    """Change settings or indexes of a table: all that is asked for, or nothing."""
    if not any(change in request for change in _CHANGES):
        raise ValidationException(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
            "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, "
            "ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, "
            "OnDemandThroughput, WarmThroughput or TableClass is required"
        )
    table = region.changed_table(request["TableName"])
    if "ReplicaUpdates" in request:
        return update_replicas(region, table, request)
    _refuse_busy(table)
    change = _checked(region, table, request)
    # Replicas in other regions share most settings: they are changed in one go.
    shared = {name: value for name, value in request.items() if name in _SHARED}
    others = [
        (place, replica, _checked(place, replica, shared, repeated=True))
        for place, replica in (peers(region, table) if shared else ())
        if replica.status != "DELETING"
    ]
    response = _apply(region, table, request, change)
    for place, replica, same in others:
        _apply(place, replica, shared, same)
    return response


@frozen(eq=False)
class _Change:
    """What a request asks for, with all that may be wrong in it checked."""

    billing_mode: str
    throughput: Throughput
    index_update: dict[str, Any] | None
    index_throughputs: list[tuple[GlobalIndex, Throughput]]
    new_index: GlobalIndex | None


def _checked(region: Region, table: Table, request: Request, *, repeated: bool = False) -> _Change:
    """The change of one table; `repeated` if another replica of it was checked before."""
    mode = request.get("BillingMode", table.settings.billing_mode)
    new_throughput = (
        _repeated_throughput(table, request, mode)
        if repeated
        else _checked_throughput(table, request, mode)
    )
    index_update = _index_update(table, request)
    updated_throughputs = _index_throughputs(table, request)
    created = _new_index(region, table, request, index_update, mode)
    if "StreamSpecification" in request:
        check_change(table, request["StreamSpecification"])
    return _Change(mode, new_throughput, index_update, updated_throughputs, created)


def _repeated_throughput(table: Table, request: Request, mode: str) -> Throughput:
    if "ProvisionedThroughput" in request or "BillingMode" in request:
        return throughput(request, mode)
    return table.settings.throughput


def _apply(region: Region, table: Table, request: Request, change: _Change) -> Response:
    """Change one table: nothing can be refused any more."""
    settings, created, index_update = table.settings, change.new_index, change.index_update
    if change.billing_mode != settings.billing_mode and change.billing_mode == "PAY_PER_REQUEST":
        settings.on_demand_since = region.now()
        for index in table.global_indexes.values():
            index.throughput = Throughput()
    settings.billing_mode, settings.throughput = change.billing_mode, change.throughput
    for index, index_throughput in change.index_throughputs:
        index.throughput = index_throughput
    settings.deletion_protection = request.get("DeletionProtectionEnabled", settings.deletion_protection)
    settings.table_class = request.get("TableClass", settings.table_class)
    settings.encryption = request.get("SSESpecification", settings.encryption)
    if "OnDemandThroughput" in request:
        settings.on_demand = units(
            request["OnDemandThroughput"], "MaxReadRequestUnits", "MaxWriteRequestUnits"
        )
    if "WarmThroughput" in request:
        settings.warm = units(request["WarmThroughput"], "ReadUnitsPerSecond", "WriteUnitsPerSecond")

    timings = region.environment.timings
    seconds = timings.update_table
    if created is not None:
        seconds = timings.create_index + timings.backfill_index
        table.attribute_types.update(_types(request))
        table.add_global_index(created, region.now())
    elif index_update is not None and "Delete" in index_update:
        seconds = timings.delete_index
        table.global_indexes[index_update["Delete"]["IndexName"]].status = "DELETING"
    elif "BillingMode" in request:
        seconds = timings.change_billing_mode
    stream = request.get("StreamSpecification")
    if stream is not None and stream["StreamEnabled"]:
        enable_stream(region, table, stream["StreamViewType"], seconds)
    elif stream is not None:
        disable_stream(region, table, seconds)
    table.status = "UPDATING"
    response = {"TableDescription": describe(table)}

    def finish() -> None:
        table.status = "ACTIVE"
        if created is not None:
            created.status, created.backfilling = "ACTIVE", None
        elif index_update is not None and "Delete" in index_update:
            table.remove_global_index(index_update["Delete"]["IndexName"])
        region.record("table-updated", table=table.name)

    region.later(seconds, finish)
    return response


def _refuse_busy(table: Table) -> None:
    prefix = "Attempt to change a resource which is still in use: "
    if table.status == "CREATING":
        raise ResourceInUseException(f"{prefix}Table is being created: {table.name}")
    if table.status == "DELETING":
        raise ResourceInUseException(f"{prefix}Table is being deleted: {table.name}")
    if table.status == "UPDATING":
        raise ResourceInUseException(f"{prefix}Table: {table.name} is in the process of being updated.")


def _checked_throughput(table: Table, request: Request, mode: str) -> Throughput:
    current = table.settings.throughput
    if "ProvisionedThroughput" not in request and "BillingMode" not in request:
        return current
    if mode == table.settings.billing_mode and "ProvisionedThroughput" not in request:
        return current
    new = throughput(request, mode)
    if new == current and mode == "PROVISIONED" == table.settings.billing_mode:
        raise ValidationException(
            "The provisioned throughput for the table will not change. The requested value equals the "
            "current value. Current ReadCapacityUnits provisioned for the table: "
            f"{current.read}. Requested ReadCapacityUnits: {new.read}. Current WriteCapacityUnits "
            f"provisioned for the table: {current.write}. Requested WriteCapacityUnits: {new.write}. "
            "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher "
            "limits."
        )
    return new


def _index_update(table: Table, request: Request) -> dict[str, Any] | None:
    """The one index that is created or deleted."""
    changes: list[dict[str, Any]] = [
        update
        for update in request.get("GlobalSecondaryIndexUpdates", ())
        if "Create" in update or "Delete" in update
    ]
    if len(changes) > 1:
        raise LimitExceededException(
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
            "table"
        )
    if not changes:
        return None
    if "ProvisionedThroughput" in request:
        raise ValidationException("You cannot create or delete index while updating table IOPS")
    if "StreamSpecification" in request:
        raise ValidationException("You cannot create or delete index while changing stream status")
    if "Delete" in changes[0]:
        _index(table, changes[0]["Delete"]["IndexName"])
    return changes[0]


def _index_throughputs(table: Table, request: Request) -> list[tuple[GlobalIndex, Throughput]]:
    return [
        (
            _index(table, update["Update"]["IndexName"]),
            units(
                update["Update"].get("ProvisionedThroughput", {}),
                "ReadCapacityUnits",
                "WriteCapacityUnits",
            ),
        )
        for update in request.get("GlobalSecondaryIndexUpdates", ())
        if "Update" in update
    ]


def _index(table: Table, name: str) -> GlobalIndex:
    if name not in table.global_indexes:
        raise ResourceNotFoundException("Requested resource not found")
    return table.global_indexes[name]


def _types(request: Request) -> dict[str, str]:
    return {d["AttributeName"]: d["AttributeType"] for d in request.get("AttributeDefinitions", ())}


def _new_index(
    region: Region, table: Table, request: Request, update: dict[str, Any] | None, mode: str
) -> GlobalIndex | None:
    if update is None or "Create" not in update:
        return None
    definition = update["Create"]
    name = definition["IndexName"]
    if name in table.global_indexes or name in table.local_indexes:
        raise ValidationException(f"{INVALID}Attempting to create an index which already exists: {name}")
    index = GlobalIndex(
        name,
        key_schema(definition["KeySchema"], {**table.attribute_types, **_types(request)}),
        projection(definition),
        table.schema,
        throughput=throughput(definition, mode, index=name),
        status="CREATING",
        backfilling=True,
    )
    refuse_indexes([*table.local_indexes.values(), *table.global_indexes.values(), index])
    index.partitions = region.new_partitions(
        f"{table.name}/{name}", partition_count(index.throughput), {}
    )
    return index
