"""Tables and indexes as DescribeTable shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddbha.api.definitions.encryption_keys import key_arn
from ddbha.followers.replication import Member
from ddbha.followers.secondary_indexes import GlobalIndex, IndexProjection, LocalIndex
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.region.region import utc
from ddbha.region.table import Table, TableSettings
from ddbha.values.image import size_of
from ddbha.values.key import KeySchema
from ddbha.values.settings import INITIAL_ON_DEMAND, Throughput


def describe(table: Table) -> dict[str, Any]:
    """The `TableDescription` of a table."""
    settings = table.settings
    description: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in table.attribute_types.items()
        ],
        "TableName": table.name,
        "KeySchema": key_schema_elements(table.schema),
        "TableStatus": table.status,
        "CreationDateTime": utc(table.created),
        "ProvisionedThroughput": _throughput(settings),
        "TableSizeBytes": table.size,
        "ItemCount": table.item_count,
        "TableArn": table.arn,
        "TableId": table.id,
        "DeletionProtectionEnabled": settings.deletion_protection,
    }
    if settings.on_demand_since is not None:
        description["BillingModeSummary"] = {
            "BillingMode": settings.billing_mode,
            "LastUpdateToPayPerRequestDateTime": utc(settings.on_demand_since),
        }
    if settings.stream_view_type is not None:
        description["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": settings.stream_view_type,
        }
    if settings.stream_label is not None:
        description["LatestStreamLabel"] = settings.stream_label
        description["LatestStreamArn"] = f"{table.arn}/stream/{settings.stream_label}"
    if settings.encrypting:
        description["SSEDescription"] = {"Status": "UPDATING"}
    if settings.encryption is not None and settings.encryption.get("Enabled"):
        description["SSEDescription"] = {
            "Status": "UPDATING" if settings.encrypting else "ENABLED",
            "SSEType": settings.encryption.get("SSEType", "KMS"),
            "KMSMasterKeyArn": key_arn(table, settings.encryption.get("KMSMasterKeyId")),
        }
    description.update(_request_rates(settings, settings.billing_mode))
    if settings.table_class is not None:
        description["TableClassSummary"] = {"TableClass": settings.table_class}
        if settings.class_changes:
            description["TableClassSummary"]["LastUpdateDateTime"] = utc(settings.class_changes[-1])
    if table.local_indexes:
        description["LocalSecondaryIndexes"] = [
            _local_index(table, index) for index in table.local_indexes.values()
        ]
    if table.global_indexes:
        description["GlobalSecondaryIndexes"] = [
            _global_index(table, index) for index in table.global_indexes.values()
        ]
    if table.vector_indexes:
        description["VectorIndexes"] = [
            _vector_index(table, index) for index in table.vector_indexes.values()
        ]
    origin = table.restoring_from
    if origin is not None:
        backup = {} if origin.backup_arn is None else {"SourceBackupArn": origin.backup_arn}
        description["RestoreSummary"] = {
            **backup,
            "SourceTableArn": origin.table_arn,
            "RestoreDateTime": utc(origin.time),
            "RestoreInProgress": True,
        }
    if table.membership is not None:
        description.update(_replication(table, table.membership))
    elif settings.settings_replication is not None:
        description["GlobalTableSettingsReplicationMode"] = settings.settings_replication
    return description


def describe_created(table: Table, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What CreateTable answers: less than DescribeTable says a moment later.

    Warm throughput is told if it was asked for, and not yet since when the table is on demand.
    """
    description = describe(table)
    description.get("BillingModeSummary", {}).pop("LastUpdateToPayPerRequestDateTime", None)
    given = {index["IndexName"]: index for index in asked.get("GlobalSecondaryIndexes", ())}
    for index in description.get("GlobalSecondaryIndexes", ()):
        if "WarmThroughput" not in given[index["IndexName"]]:
            del index["WarmThroughput"]
    if "WarmThroughput" not in asked:
        del description["WarmThroughput"]
    return description


def describe_deleted(table: Table) -> dict[str, Any]:
    """What DeleteTable answers: nothing of the table's keys and its creation."""
    description = describe(table)
    for member in ("AttributeDefinitions", "KeySchema", "CreationDateTime"):
        del description[member]
    return description


def _replication(table: Table, member: Member) -> dict[str, Any]:
    """What a member of a global table says of the others."""
    group = member.group
    shown: dict[str, Any] = {
        "GlobalTableVersion": "2019.11.21",
        "GlobalTableSettingsReplicationMode": group.settings_replication,
        "Replicas": [
            {
                "RegionName": other.region,
                "ReplicaStatus": other.shown_status,
                **_inaccessible_since(other),
                **other.overrides,
                # The account goes without saying where it can only be one's own.
                **({"ReplicaArn": other.arn} if group.is_multi_account else {}),
                "GlobalTableSettingsReplicationMode": group.settings_replication,
            }
            for other in group.members.values()
            if other is not member
        ],
    }
    if table.status == "ACTIVE":
        shown["TableStatus"] = member.shown_status if member.unauthorized_since else table.status
    if group.consistency == "EVENTUAL":
        shown["DisassociationProtectionEnabled"] = table.settings.disassociation_protection
    if group.consistency == "STRONG":
        shown["MultiRegionConsistency"] = "STRONG"
    if group.witnesses:
        shown["GlobalTableWitnesses"] = [
            {"RegionName": name, "WitnessStatus": status} for name, status in group.witnesses.items()
        ]
    return shown


def key_schema_elements(schema: KeySchema) -> list[dict[str, str]]:
    """A key schema as descriptions show it."""
    return [{"AttributeName": attribute.name, "KeyType": kind} for attribute, kind in schema.kinds()]


def _throughput(owner: TableSettings | GlobalIndex) -> dict[str, Any]:
    changes = owner.changes
    shown: dict[str, Any] = {
        "NumberOfDecreasesToday": changes.decreases_today,
        "ReadCapacityUnits": owner.throughput.read,
        "WriteCapacityUnits": owner.throughput.write,
    }
    if changes.last_increase is not None:
        shown["LastIncreaseDateTime"] = utc(changes.last_increase)
    if changes.last_decrease is not None:
        shown["LastDecreaseDateTime"] = utc(changes.last_decrease)
    return shown


def ready_for(owner: TableSettings | GlobalIndex, mode: str) -> Throughput:
    """The warm throughput of a table or an index: what was asked for, or what it has anyway."""
    base = INITIAL_ON_DEMAND if mode == "PAY_PER_REQUEST" else owner.throughput
    warm = owner.warm or Throughput()
    return Throughput(max(warm.read, base.read), max(warm.write, base.write))


def _request_rates(owner: TableSettings | GlobalIndex, mode: str) -> dict[str, Any]:
    """On-demand maximums, as far as there are any, and warm throughput."""
    shown: dict[str, Any] = {}
    if owner.on_demand is not None and mode == "PAY_PER_REQUEST":
        maximums = (
            ("MaxReadRequestUnits", owner.on_demand.read),
            ("MaxWriteRequestUnits", owner.on_demand.write),
        )
        shown["OnDemandThroughput"] = {member: units for member, units in maximums if units > 0}
    warm = ready_for(owner, mode)
    shown["WarmThroughput"] = {
        "ReadUnitsPerSecond": warm.read,
        "WriteUnitsPerSecond": warm.write,
        "Status": "ACTIVE" if owner.warming is None else "UPDATING",
    }
    return shown


def shown_projection(projection: IndexProjection) -> dict[str, Any]:
    """A projection as descriptions show it."""
    shown: dict[str, Any] = {"ProjectionType": projection.type}
    if projection.non_key_attributes:
        shown["NonKeyAttributes"] = list(projection.non_key_attributes)
    return shown


def vector_index_info(index: VectorIndex) -> dict[str, Any]:
    """The definition of a vector index as requests and descriptions of backups have it."""
    shown: dict[str, Any] = {
        "IndexName": index.name,
        "VectorAttribute": {"AttributeName": index.vector_attribute},
        "Projection": shown_projection(index.projection),
        "Dimensions": index.dimensions,
        "DistanceFunction": index.distance_function,
    }
    if index.search_attributes:
        shown["SearchSchema"] = [
            {
                "AttributeName": attribute.name,
                "SearchSchemaElementType": "HASH" if attribute is index.partition else "INLINE_FILTER",
            }
            for attribute in index.search_attributes
        ]
    return shown


def _vector_index(table: Table, index: VectorIndex) -> dict[str, Any]:
    state: dict[str, Any] = {} if index.backfilling is None else {"Backfilling": index.backfilling}
    if table.restoring_from is None:
        state["IndexStatus"] = table.status if table.status == "CREATING" else index.status
    return {
        **vector_index_info(index),
        **state,
        "IndexSizeBytes": index.size,
        "ItemCount": len(index.entries()),
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def _index(table: Table, index: LocalIndex | GlobalIndex) -> dict[str, Any]:
    return {
        "IndexName": index.name,
        "KeySchema": key_schema_elements(index.schema),
        "Projection": shown_projection(index.projection),
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def _local_index(table: Table, index: LocalIndex) -> dict[str, Any]:
    entries = []
    for partition in table.partitions:
        leader = partition.leader
        leader.apply_all()
        entries += [
            index.project(image)
            for image in leader.items.walk(partition.low, partition.high, index=index.name)
        ]
    return {
        **_index(table, index),
        "IndexSizeBytes": sum(map(size_of, entries)),
        "ItemCount": len(entries),
    }


def _global_index(table: Table, index: GlobalIndex) -> dict[str, Any]:
    stores = [partition.leader.items for partition in index.partitions]
    state: dict[str, Any] = {} if index.backfilling is None else {"Backfilling": index.backfilling}
    if table.restoring_from is None:
        state["IndexStatus"] = table.status if table.status == "CREATING" else index.status
    return {
        **_index(table, index),
        **state,
        **_request_rates(index, table.settings.billing_mode),
        "ProvisionedThroughput": _throughput(index),
        "IndexSizeBytes": sum(store.size for store in stores),
        "ItemCount": sum(len(store) for store in stores),
    }


def _inaccessible_since(member: Member) -> dict[str, Any]:
    if member.inaccessible_since is None:
        return {}
    return {"ReplicaInaccessibleDateTime": utc(member.inaccessible_since)}
