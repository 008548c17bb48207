"""What both restores share: the overrides, the target, and the new table.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableFromBackup.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import frozen

from ddbha.api.definitions.descriptions import describe, key_schema_elements, vector_index_info
from ddbha.api.definitions.projections import projection
from ddbha.api.definitions.table_building import activate_later, new_table
from ddbha.api.registry import Request, Response
from ddbha.api.tables.control_plane_quotas import refuse_another_table
from ddbha.api.tables.request_rates import initial_warm_throughput
from ddbha.api.tables.table_definition import Index, refuse_indexes, units
from ddbha.api.tables.vector_indexes import refuse_vector_indexes
from ddbha.errors import (
    InternalServerError,
    LimitExceededException,
    TableAlreadyExistsException,
    TableInUseException,
    ValidationException,
)
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.recovery.backup import SourceTable, empty_index
from ddbha.region.region import Region
from ddbha.region.table import RestoreOrigin, TableSettings
from ddbha.values.image import Image
from ddbha.values.key import ItemKey
from ddbha.values.settings import Throughput

#: Restores that an account can have going on at once.
MAXIMUM_RESTORES = 50
INVALID = "Invalid Request: "


@frozen(eq=False)
class Target:
    """A table that is to be restored, checked."""

    name: str
    source: SourceTable
    local_indexes: list[LocalIndex]
    global_indexes: list[GlobalIndex]
    vector_indexes: list[VectorIndex]
    settings: TableSettings


def require_reachable(region: Region, source_region: str, table: str) -> None:
    """Raise `InternalServerError` while what is to be restored lies in a region that is cut off."""
    links = region.environment.links
    if source_region != region.name and not links.are_open(source_region, region.name, table):
        raise InternalServerError


def checked_target(region: Region, request: Request, source: SourceTable, source_region: str) -> Target:
    """What a restore asks for.

    Raises `ValidationException` for overrides that cannot be, `TableAlreadyExistsException`,
    `TableInUseException` and `LimitExceededException`.
    """
    settings = _settings(region, request, source, source_region)
    local_indexes = _local_indexes(request, source)
    global_indexes = _global_indexes(request, source, settings.billing_mode)
    vector_indexes = _vector_indexes(request, source)
    refuse_indexes([*local_indexes, *global_indexes, *vector_indexes])
    refuse_vector_indexes(vector_indexes, settings.billing_mode)
    name = request["TargetTableName"]
    existing = region.tables.get(name)
    if existing is not None:
        origin = existing.restoring_from
        if origin is None:
            raise TableAlreadyExistsException(f"Table already exists: {name}")
        raise TableInUseException(
            f"Table: {name} is already being restored from backup: "
            f"{origin.backup_arn or origin.table_arn}"
        )
    if region.environment.restores[region.account_id] >= MAXIMUM_RESTORES:
        raise LimitExceededException(
            f"Subscriber limit exceeded: Only {MAXIMUM_RESTORES} restore operations can be done "
            "simultaneously"
        )
    refuse_another_table(region)
    return Target(name, source, local_indexes, global_indexes, vector_indexes, settings)


def restore(
    region: Region,
    target: Target,
    images: Iterable[tuple[ItemKey, Image]],
    origin: RestoreOrigin,
    finished: Callable[[], None] = lambda: None,
) -> Response:
    """Make the table: CREATING, and refusing reads and writes, for as long as the world's timings say.

    Raises `InternalServerError`, with nothing made, while a partition of the source or two zones of this
    region cannot be reached.
    """
    indexes: list[Index] = [*target.local_indexes, *target.global_indexes, *target.vector_indexes]
    used = {
        *target.source.schema.names,
        *(name for index in indexes for name in index.search_names),
    }
    types = {name: kind for name, kind in target.source.attribute_types.items() if name in used}
    table = new_table(
        region,
        target.name,
        types,
        target.source.schema,
        target.local_indexes,
        target.global_indexes,
        target.settings,
        target.vector_indexes,
    )
    table.load(images)
    table.restoring_from = origin
    region.tables[target.name] = table
    environment = region.environment
    environment.restores[region.account_id] += 1
    region.record("restore-began", table=table.name, source=origin.table_arn)

    def finish() -> None:
        table.restoring_from = None
        environment.restores[region.account_id] -= 1
        finished()
        region.record("restored", table=table.name, source=origin.table_arn)

    seconds = environment.timings.restore_table
    response = {"TableDescription": describe(table)}
    activate_later(region, table, seconds, finish)
    return response


def _settings(region: Region, request: Request, source: SourceTable, source_region: str) -> TableSettings:
    given_mode = request.get("BillingModeOverride")
    mode = given_mode or source.settings.billing_mode
    throughput = source.settings.throughput
    on_demand = source.settings.on_demand
    if mode == "PAY_PER_REQUEST":
        if "ProvisionedThroughputOverride" in request:
            raise _invalid(
                "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"
                if given_mode
                else "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED"
            )
        throughput = Throughput()
    elif "ProvisionedThroughputOverride" in request:
        throughput = units(
            request["ProvisionedThroughputOverride"], "ReadCapacityUnits", "WriteCapacityUnits"
        )
    elif given_mode:
        raise _invalid("Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED")
    if mode == "PROVISIONED":
        on_demand = None
    if "OnDemandThroughputOverride" in request:
        on_demand = _on_demand(request["OnDemandThroughputOverride"], mode)
    encryption = request.get("SSESpecificationOverride")
    if encryption is None and source_region != region.name:
        raise _invalid("sseSpecificationOverride must be provided for cross-region restores")
    return TableSettings(
        billing_mode=mode,
        throughput=throughput,
        on_demand=on_demand,
        encryption=source.settings.encryption if encryption is None else encryption,
        on_demand_since=region.now() if mode == "PAY_PER_REQUEST" else None,
    )


def _on_demand(given: dict[str, int], mode: str) -> Throughput:
    for member, value in given.items():
        if mode != "PAY_PER_REQUEST":
            raise _invalid(
                f"Cannot override {member} for OnDemandThroughput unless BillingModeOverride is "
                "PAY_PER_REQUEST"
            )
        if value <= 0:
            raise _invalid(f"Requested {member} for OnDemandThroughput is outside of valid range")
    return units(given, "MaxReadRequestUnits", "MaxWriteRequestUnits")


def _local_indexes(request: Request, source: SourceTable) -> list[LocalIndex]:
    if "LocalSecondaryIndexOverride" not in request:
        return list(source.local_indexes)
    chosen = []
    for definition in request["LocalSecondaryIndexOverride"]:
        index = _matching(definition, source.local_indexes)
        chosen.append(
            LocalIndex(definition["IndexName"], index.schema, index.projection, index.table_schema)
        )
    return chosen


def _global_indexes(request: Request, source: SourceTable, mode: str) -> list[GlobalIndex]:
    definitions = request.get("GlobalSecondaryIndexOverride")
    if definitions is None:
        return [_global_index(index, {"IndexName": index.name}, mode) for index in source.global_indexes]
    return [
        _global_index(_matching(definition, source.global_indexes), definition, mode)
        for definition in definitions
    ]


def _global_index(index: GlobalIndex, definition: dict[str, Any], mode: str) -> GlobalIndex:
    restored = _with_rates(index, definition, mode)
    if "WarmThroughput" in definition:
        restored.warm = initial_warm_throughput(
            definition["WarmThroughput"], mode, restored.throughput, restored.name
        )
    return restored


def _with_rates(index: GlobalIndex, definition: dict[str, Any], mode: str) -> GlobalIndex:
    name = definition["IndexName"]
    given = definition.get("ProvisionedThroughput")
    on_demand = definition.get("OnDemandThroughput")
    if mode == "PAY_PER_REQUEST":
        if given is not None:
            raise _invalid(
                "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"
            )
        maximum = index.on_demand if on_demand is None else _on_demand(on_demand, mode)
        return empty_index(index, Throughput(), name=name, on_demand=maximum)
    if on_demand is not None:
        _on_demand(on_demand, mode)
    if given is not None:
        throughput = units(given, "ReadCapacityUnits", "WriteCapacityUnits")
    elif index.throughput != Throughput():
        throughput = index.throughput
    else:
        raise _invalid(f"Must specify provisioned throughput for index {name}")
    return empty_index(index, throughput, name=name)


def _vector_indexes(request: Request, source: SourceTable) -> list[VectorIndex]:
    definitions = request.get("VectorIndexOverride")
    if definitions is None:
        return [index.empty() for index in source.vector_indexes]
    return [_matching_vector_index(d, source).empty(d["IndexName"]) for d in definitions]


def _matching_vector_index(definition: dict[str, Any], source: SourceTable) -> VectorIndex:
    """The source's vector index that is defined in the same way; its name may be another."""
    for index in source.vector_indexes:
        if {**vector_index_info(index), "IndexName": definition["IndexName"]} == definition:
            return index
    raise _no_match(definition, "vector")


def _matching(definition: dict[str, Any], indexes: Iterable[Any]) -> Any:
    """The source's index with the same keys and projection; its name may be another."""
    wanted = projection(definition)
    for index in indexes:
        if (
            key_schema_elements(index.schema) == definition["KeySchema"]
            and index.projection.type == wanted.type
            and set(index.projection.non_key_attributes) == set(wanted.non_key_attributes)
        ):
            return index
    raise _no_match(definition, "secondary")


def _no_match(definition: dict[str, Any], kind: str) -> ValidationException:
    return _invalid(
        f"Index {definition['IndexName']} does not match a {kind} index that existed in the source "
        "table and cannot be created during the restore operation"
    )


def _invalid(text: str) -> ValidationException:
    return ValidationException(INVALID + text)
