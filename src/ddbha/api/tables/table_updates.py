"""UpdateTable.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from functools import partial
from typing import Any

from attrs import frozen

from ddbha.api.access.replication import check_settings
from ddbha.api.definitions.descriptions import describe
from ddbha.api.definitions.encryption_keys import note_key
from ddbha.api.definitions.projections import INVALID
from ddbha.api.definitions.stream_settings import check_change, disable_stream, enable_stream
from ddbha.api.global_tables.replicas import peers, update_replicas
from ddbha.api.global_tables.waiting import is_busy, once_reached
from ddbha.api.registry import Request, Response, operation
from ddbha.api.tables.control_plane_quotas import (
    MAXIMUM_ENCRYPTIONS,
    refuse_another_operation,
    refuse_class_change,
    refuse_encryption_change,
    refuse_protection_change,
    refuse_switch,
    refuse_units,
    set_throughput,
)
from ddbha.api.tables.rate_updates import Rates, index_rates, partitions_of, table_rates
from ddbha.api.tables.request_rates import warm_up
from ddbha.api.tables.table_definition import attribute_types, new_index, refuse_indexes
from ddbha.api.tables.update_rules import (
    CHANGES,
    check_settings_replication,
    existing_index,
    index_action,
    refuse_combination,
    refuse_encryption,
)
from ddbha.api.tables.vector_index_updates import (
    VectorIndexChange,
    refuse_early_deletion,
    vector_index_change,
)
from ddbha.capacity.partitioning import new_partitions
from ddbha.capacity.scaling import Growth, partition_count
from ddbha.errors import InternalServerError, ResourceInUseException, ValidationException
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.key import KeySchema

_CHANGES = CHANGES | {"ReplicaUpdates"}
#: What takes a table some time; all else is done at once, with the table ACTIVE all the time.
_LASTING = _CHANGES - {
    "DeletionProtectionEnabled",
    "DisassociationProtectionEnabled",
    "GlobalTableSettingsReplicationMode",
    "OnDemandThroughput",
    "WarmThroughput",
    "SSESpecification",
}
#: What all replicas of a global table have in common.
_SHARED = frozenset(
    {
        "AttributeDefinitions",
        "BillingMode",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexUpdates",
        "VectorIndexUpdates",
        "SSESpecification",
        "OnDemandThroughput",
        "WarmThroughput",
        "TableClass",
    }
)
#: What those of a multi-account global table have in common.
_SHARED_BY_ACCOUNTS = (_SHARED - {"SSESpecification", "TableClass"}) | {"StreamSpecification"}


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
    refuse_combination(request)
    table = region.changed_table(request["TableName"])
    if "ReplicaUpdates" in request:
        return update_replicas(region, table, request)
    check_settings(region, table)
    refuse_early_deletion(table, request)
    _refuse_busy(table)
    refuse_another_operation(region)
    change = _checked(region, table, request)
    # Replicas in other regions share most settings: they are changed in one go.
    member = table.membership
    common = _SHARED_BY_ACCOUNTS if member is not None and member.group.is_multi_account else _SHARED
    shared = {name: value for name, value in request.items() if name in common}
    others = [peer for peer in peers(region, table) if shared and peer[1].status != "DELETING"]
    for place, replica in others:
        if not is_busy(replica):
            _checked(place, replica, shared, repeated=True)
    response = _apply(region, table, request, change)
    for place, replica in others:
        once_reached(region, place, replica, partial(_apply_shared, place, replica, shared))
    return response


def _apply_shared(place: Region, replica: Table, shared: Request) -> None:
    _apply(place, replica, shared, _checked(place, replica, shared, repeated=True))


@frozen(eq=False)
class _Change:
    """What a request asks for, with all that may be wrong in it checked."""

    billing_mode: str
    index_update: dict[str, Any] | None
    rates: list[Rates]
    new_index: GlobalIndex | None
    vector_index: VectorIndexChange | None


def _checked(region: Region, table: Table, request: Request, *, repeated: bool = False) -> _Change:
    """The change of one table; `repeated` if another replica of it was checked before."""
    settings = table.settings
    mode = request.get("BillingMode", settings.billing_mode)
    if mode != settings.billing_mode and mode == "PAY_PER_REQUEST":
        refuse_switch(region, settings)
    if "TableClass" in request:
        refuse_class_change(region, settings)
    if "SSESpecification" in request and not repeated:
        refuse_encryption(table, request["SSESpecification"])
        refuse_encryption_change(region, settings)
    if "DeletionProtectionEnabled" in request:
        refuse_protection_change(region, table)
    if "GlobalTableSettingsReplicationMode" in request:
        if table.membership is not None:
            raise ValidationException(
                f"{INVALID}GlobalTableSettingsReplicationMode can only be updated on a Regional Table"
            )
        check_settings_replication(request["GlobalTableSettingsReplicationMode"])
    rates = [table_rates(region, table, request, mode, repeated=repeated)]
    index_update = index_action(table, request)
    updates = {
        update["Update"]["IndexName"]: update["Update"]
        for update in request.get("GlobalSecondaryIndexUpdates", ())
        if "Update" in update
    }
    for name in updates:
        existing_index(table, name, "update")
    rates += [
        index_rates(region, table, index, updates.get(index.name, {}), mode, repeated=repeated)
        for index in table.global_indexes.values()
    ]
    created = _new_index(region, table, request, index_update, mode)
    if "StreamSpecification" in request:
        check_change(table, request["StreamSpecification"])
    vector_index = vector_index_change(table, request, _types(request), mode)
    return _Change(mode, index_update, rates, created, vector_index)


def _apply(region: Region, table: Table, request: Request, change: _Change) -> Response:
    """Change one table: nothing can be refused any more."""
    settings, created, index_update = table.settings, change.new_index, change.index_update
    now = region.now()
    if change.billing_mode != settings.billing_mode and change.billing_mode == "PAY_PER_REQUEST":
        settings.on_demand_since = now
        settings.on_demand_switches = (*settings.on_demand_switches[-3:], now)
    growth = Growth.of(
        (partitions_of(table, rates), rates.throughput, rates.owner.warm) for rates in change.rates
    )
    for rates in change.rates:
        rates.owner.on_demand = rates.on_demand
        if rates.warm is not None:
            warm_up(region, table, rates.owner, partitions_of(table, rates), rates.warm)
    settings.disassociation_protection = request.get(
        "DisassociationProtectionEnabled", settings.disassociation_protection
    )
    settings.settings_replication = request.get(
        "GlobalTableSettingsReplicationMode", settings.settings_replication
    )
    if "DeletionProtectionEnabled" in request:
        settings.deletion_protection = request["DeletionProtectionEnabled"]
        settings.protection_changed = now
    if "TableClass" in request:
        settings.table_class = request["TableClass"]
        settings.class_changes = (*settings.class_changes[-1:], now)
    if "SSESpecification" in request:
        _encrypt(region, table, request["SSESpecification"])

    timings = region.environment.timings
    seconds = timings.update_table
    if created is not None:
        seconds = timings.create_index
        table.attribute_types.update(_types(request))
        created.partitions = new_partitions(
            region,
            f"{table.name}/{created.name}",
            partition_count(created.throughput, created.warm),
            {},
        )
        table.global_indexes[created.name] = created
    elif index_update is not None and "Delete" in index_update:
        seconds = timings.delete_index
        table.global_indexes[index_update["Delete"]["IndexName"]].status = "DELETING"
    elif change.vector_index is not None:
        seconds = timings.create_index if change.vector_index.is_new else timings.delete_index
        table.attribute_types.update(_types(request))
        change.vector_index.begin(table)
    elif "BillingMode" in request:
        seconds = timings.change_billing_mode
    stream = request.get("StreamSpecification")
    if stream is not None and stream["StreamEnabled"]:
        enable_stream(region, table, stream["StreamViewType"], seconds)
    elif stream is not None:
        disable_stream(region, table, seconds)
    if request.keys() & _LASTING:
        table.status = "UPDATING"
    response = {"TableDescription": describe(table)}
    if change.billing_mode == "PAY_PER_REQUEST" != settings.billing_mode:
        # Since when it is told once it is.
        response["TableDescription"]["BillingModeSummary"] = {"BillingMode": change.billing_mode}

    def finish() -> None:
        if region.tables.get(table.name) is not table or table.status == "DELETING":
            return
        try:
            growth.grow(region, table.name)
            if created is not None:
                table.fill_global_index(created)
            if change.vector_index is not None:
                change.vector_index.finish(region, table)
        except InternalServerError:
            # A partition has no leader: it takes until there is one.
            region.environment.blocked(finish)
            return
        settings.billing_mode = change.billing_mode
        for rates in change.rates:
            set_throughput(region, rates.owner, rates.throughput)
        table.status = "ACTIVE"
        if created is not None:
            created.backfilling = True
            region.later(timings.backfill_index, filled)
        elif index_update is not None and "Delete" in index_update:
            table.count_writes(region.now())
            table.remove_global_index(index_update["Delete"]["IndexName"])
        if table.membership is not None:
            # Another change may wait for its turn.
            region.environment.unblock()
        region.record("table-updated", table=table.name)

    def filled() -> None:
        # It may have been deleted meanwhile.
        if created is not None and created.status == "CREATING":
            created.status, created.backfilling = "ACTIVE", None

    if table.status == "UPDATING":
        region.later(max(seconds, growth.seconds(timings.split_partition)), finish)
    return response


def _encrypt(region: Region, table: Table, encryption: dict[str, Any]) -> None:
    """Encrypt a table in another way, which takes some time; the table is ACTIVE all the while."""
    settings = table.settings
    settings.encrypting = True
    settings.encryption_changes = (*settings.encryption_changes[-MAXIMUM_ENCRYPTIONS:], region.now())

    def encrypted() -> None:
        settings.encryption, settings.encrypting = encryption, False
        note_key(table)

    region.later(region.environment.timings.change_encryption, encrypted)


def _refuse_busy(table: Table) -> None:
    prefix = "Attempt to change a resource which is still in use: "
    if table.status == "CREATING":
        raise ResourceInUseException(f"{prefix}Table is being created: {table.name}")
    if table.status == "DELETING":
        raise ResourceInUseException(f"{prefix}Table is being deleted: {table.name}")
    if table.status == "UPDATING":
        raise ResourceInUseException(f"{prefix}Table: {table.name} is in the process of being updated.")


def _types(request: Request) -> dict[str, str]:
    return attribute_types(request.get("AttributeDefinitions", ()))


def _refuse_redefinition(table: Table, given: dict[str, str], index: GlobalIndex) -> None:
    """A key attribute of the table or of any of its indexes keeps its type."""
    schemas = [
        table.schema,
        *(i.schema for i in (*table.local_indexes.values(), *table.global_indexes.values())),
    ]
    for schema in schemas:
        if any(
            given.get(attribute.name, attribute.type) != attribute.type for attribute in schema.attributes
        ):
            raise ValidationException(
                f"{INVALID}Attributes cannot be redefined. Please check that your attribute has the same "
                f"type as previously defined. Existing schema: {_shown(schema)} "
                f"New schema: {_shown(index.schema)}"
            )


def _shown(schema: KeySchema) -> str:
    """A key schema in the words of the service's messages."""
    keys = ", ".join(f"SchemaElement: key{{{a.name}:{a.type}:{kind}}}" for a, kind in schema.kinds())
    return f"Schema:[{keys}]"


def _new_index(
    region: Region, table: Table, request: Request, update: dict[str, Any] | None, mode: str
) -> GlobalIndex | None:
    if update is None or "Create" not in update:
        return None
    definition = update["Create"]
    given = _types(request)
    if not given:
        raise ValidationException(
            f"{INVALID}AttributeDefinitions is not specified for index: {definition['IndexName']}"
        )
    index = new_index(definition, {**table.attribute_types, **given}, table.schema, mode)
    _refuse_redefinition(table, given, index)
    refuse_units(region, index.throughput, index.name)
    index.status, index.backfilling = "CREATING", False
    refuse_indexes([*table.local_indexes.values(), *table.following_indexes(), index])
    return index
