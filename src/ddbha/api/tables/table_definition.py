"""The definition of a table that is to be made: its keys, indexes and settings, read and checked.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from ddbha.api.access.policies import Policy
from ddbha.api.access.resource_policies import read_policy
from ddbha.api.definitions.projections import INVALID, projection
from ddbha.api.definitions.stream_settings import view_type_of_new_table
from ddbha.api.definitions.table_building import new_table
from ddbha.api.registry import Request
from ddbha.api.tables.account import with_tags
from ddbha.api.tables.control_plane_quotas import (
    refuse_another_table,
    refuse_units,
)
from ddbha.api.tables.request_rates import initial_warm_throughput, new_maximums
from ddbha.api.tables.update_rules import check_encryption, check_settings_replication
from ddbha.api.tables.vector_indexes import new_vector_index, refuse_vector_indexes
from ddbha.errors import ResourceInUseException, ValidationException
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.region.region import Region
from ddbha.region.table import Table, TableSettings
from ddbha.values.key import KeySchema
from ddbha.values.settings import Throughput

#: More capacity than this is not looked at any further.
MAXIMUM_UNITS = 1_000_000_000_000
MAXIMUM_LOCAL_INDEXES = 5
MAXIMUM_GLOBAL_INDEXES = 20
#: HASH attributes, and RANGE attributes, of a global index.
MAXIMUM_KEY_ATTRIBUTES = 4
_INDEXES = frozenset({"LocalSecondaryIndexes", "GlobalSecondaryIndexes", "VectorIndexes"})
#: Attributes that all INCLUDE projections of a table name together.
MAXIMUM_PROJECTED = 100


Index = LocalIndex | GlobalIndex | VectorIndex


@frozen(eq=False)
class TableDefinition:
    """What a request to make a table asks for, checked."""

    name: str
    types: dict[str, str]
    schema: KeySchema
    local_indexes: list[LocalIndex]
    global_indexes: list[GlobalIndex]
    vector_indexes: list[VectorIndex]
    settings: TableSettings
    stream_view_type: str | None
    policy: Policy | None

    def build(self, region: Region) -> Table:
        """The table, empty and CREATING; the region does not know it yet."""
        table = new_table(
            region,
            self.name,
            self.types,
            self.schema,
            self.local_indexes,
            self.global_indexes,
            self.settings,
            self.vector_indexes,
        )
        if table.settings.on_demand_since is not None:
            table.settings.on_demand_since = table.created
        return table


def read_definition(region: Region, request: Request) -> TableDefinition:
    """What CreateTable is asked for.

    Raises `ValidationException`, and `ResourceInUseException` if there is a table of that name.
    """
    name = region.table_name(request["TableName"])
    settings = _settings(request, region.now())
    stream_view_type = view_type_of_new_table(
        request.get("StreamSpecification", {"StreamEnabled": False})
    )
    types = attribute_types(request["AttributeDefinitions"])
    schema = _table_schema(request, types)
    locals_ = _local_indexes(request, types, schema)
    globals_ = _global_indexes(request, types, schema, settings.billing_mode)
    vectors = _vector_indexes(request, types, schema)
    refuse_indexes([*locals_, *globals_, *vectors])
    refuse_vector_indexes(vectors, settings.billing_mode)
    _refuse_unused_attributes(types, schema, [*locals_, *globals_, *vectors])
    policy = read_policy(request["ResourcePolicy"]) if "ResourcePolicy" in request else None
    if name in region.tables:
        if region.tables[name].restoring_from is not None:
            raise ResourceInUseException(f"Table is being used: {name}")
        raise ResourceInUseException(f"Table already exists: {name}")
    refuse_another_table(region)
    refuse_units(region, settings.throughput)
    for index in globals_:
        refuse_units(region, index.throughput, index.name)
    return TableDefinition(
        name, types, schema, locals_, globals_, vectors, settings, stream_view_type, policy
    )


def attribute_types(definitions: Sequence[dict[str, str]]) -> dict[str, str]:
    """The types of key attributes by name; `ValidationException` for a name that is defined twice."""
    types: dict[str, str] = {}
    for definition in definitions:
        name = definition["AttributeName"]
        if name in types:
            raise ValidationException(f"Attribute Name is duplicated: {name}")
        types[name] = definition["AttributeType"]
    return types


def key_schema(elements: list[dict[str, str]], types: dict[str, str]) -> KeySchema:
    """The keys of a table or a local index: a partition key and perhaps a sort key."""
    names = _defined(elements, types)
    if len(elements) == 2 and len(set(names)) == 1:
        raise ValidationException(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        )
    if elements[0]["KeyType"] != "HASH":
        raise ValidationException("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(elements) > 1 and elements[1]["KeyType"] != "RANGE":
        raise ValidationException(
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
        )
    return _in_order(elements, names, types, most=1)


def global_key_schema(elements: list[dict[str, str]], types: dict[str, str]) -> KeySchema:
    """The keys of a global index: up to four attributes for each of the two."""
    if len(elements) <= 2 and [element["KeyType"] for element in elements] != ["HASH", "HASH"]:
        return key_schema(elements, types)
    names = _defined(elements, types)
    if elements[0]["KeyType"] != "HASH":
        raise ValidationException("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    return _in_order(elements, names, types, most=MAXIMUM_KEY_ATTRIBUTES)


def _defined(elements: list[dict[str, str]], types: dict[str, str]) -> list[str]:
    names = [element["AttributeName"] for element in elements]
    if not set(names) <= types.keys():
        raise ValidationException(
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(types)}]"
        )
    return names


def _in_order(
    elements: list[dict[str, str]], names: list[str], types: dict[str, str], *, most: int
) -> KeySchema:
    if len(set(names)) != len(names):
        raise ValidationException("The KeySchema contains multiple key attributes with the same name")
    kinds = [element["KeyType"] for element in elements]
    if kinds != sorted(kinds):
        raise ValidationException(
            f"{INVALID}All HASH key attributes must precede RANGE key attributes in the KeySchema"
        )
    for kind in ("HASH", "RANGE"):
        if kinds.count(kind) > most:
            raise ValidationException(
                f"{INVALID}The KeySchema exceeds the maximum allowed number of {kind} key attributes"
            )
    return KeySchema.of_names(names, kinds.count("HASH"), types)


def _table_schema(request: Request, types: dict[str, str]) -> KeySchema:
    names = [element["AttributeName"] for element in request["KeySchema"]]
    # AWS words what is missing from two keys in another way than what is missing from one.
    if len(names) > 1 and (not set(names) <= types.keys() or (len(set(names)) == len(types) == 1)):
        raise ValidationException("Invalid KeySchema: Some index key attribute have no definition")
    schema = key_schema(request["KeySchema"], types)
    if not _INDEXES & request.keys():
        _refuse_unused_attributes(types, schema, [])
    return schema


def _local_indexes(request: Request, types: dict[str, str], schema: KeySchema) -> list[LocalIndex]:
    definitions = request.get("LocalSecondaryIndexes")
    if definitions is None:
        return []
    if not definitions:
        raise ValidationException(f"{INVALID}List of LocalSecondaryIndexes is empty")
    if schema.sort is None:
        raise ValidationException(
            f"{INVALID}Table KeySchema does not have a range key, which is required when specifying a "
            "LocalSecondaryIndex"
        )
    indexes = []
    for definition in definitions:
        name = definition["IndexName"]
        own = key_schema(definition["KeySchema"], types)
        if own.sort is None:
            raise ValidationException(
                f"{INVALID}Index KeySchema does not have a range key for index: {name}"
            )
        if own.partition != schema.partition:
            raise ValidationException(
                f"{INVALID}Index KeySchema does not have the same leading hash key as table KeySchema "
                f"for index: {name}. index hash key: {own.partition.name}, "
                f"table hash key: {schema.partition.name}"
            )
        indexes.append(LocalIndex(name, own, projection(definition), schema))
    return indexes


def _global_indexes(
    request: Request, types: dict[str, str], schema: KeySchema, billing_mode: str
) -> list[GlobalIndex]:
    definitions = request.get("GlobalSecondaryIndexes")
    if definitions is None:
        return []
    if not definitions:
        raise ValidationException(f"{INVALID}List of GlobalSecondaryIndexes is empty")
    return [new_index(definition, types, schema, billing_mode) for definition in definitions]


def _vector_indexes(request: Request, types: dict[str, str], schema: KeySchema) -> list[VectorIndex]:
    definitions = request.get("VectorIndexes")
    if definitions is None:
        return []
    if not definitions:
        raise ValidationException(f"{INVALID}List of VectorIndexes is empty")
    return [new_vector_index(definition, types, schema) for definition in definitions]


def new_index(
    definition: dict[str, Any], types: dict[str, str], schema: KeySchema, billing_mode: str
) -> GlobalIndex:
    """The global index that a definition describes, without partitions."""
    name = definition["IndexName"]
    index = GlobalIndex(
        name,
        global_key_schema(definition["KeySchema"], types),
        projection(definition),
        schema,
        throughput=throughput(definition, billing_mode, index=name),
    )
    if "OnDemandThroughput" in definition:
        index.on_demand = new_maximums(None, definition["OnDemandThroughput"], billing_mode, name)
    if "WarmThroughput" in definition:
        index.warm = initial_warm_throughput(
            definition["WarmThroughput"], billing_mode, index.throughput, name
        )
    return index


def refuse_indexes(indexes: Sequence[Index]) -> None:
    """Raise `ValidationException` for indexes that one table cannot have together."""
    seen: set[str] = set()
    for index in indexes:
        if index.name in seen:
            raise ValidationException(f"{INVALID}Duplicate index name: {index.name}")
        seen.add(index.name)
    count = sum(isinstance(index, LocalIndex) for index in indexes)
    if count > MAXIMUM_LOCAL_INDEXES:
        raise ValidationException(
            f"{INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of {MAXIMUM_LOCAL_INDEXES}"
        )
    if sum(isinstance(index, GlobalIndex) for index in indexes) > MAXIMUM_GLOBAL_INDEXES:
        raise ValidationException(
            f"{INVALID}GlobalSecondaryIndex count exceeds the per-table limit of {MAXIMUM_GLOBAL_INDEXES}"
        )
    if sum(index.projected_count for index in indexes) > MAXIMUM_PROJECTED:
        raise ValidationException(
            f"{INVALID}Number of attributes projected into all indexes exceeds the per-table limit of "
            f"{MAXIMUM_PROJECTED}"
        )


def _refuse_unused_attributes(types: dict[str, str], schema: KeySchema, indexes: Sequence[Index]) -> None:
    used = dict.fromkeys([*schema.names, *(n for index in indexes for n in index.search_names)])
    if len(used) == len(types):
        return
    if not indexes:
        raise ValidationException(
            f"{INVALID}Number of attributes in KeySchema does not exactly match number of attributes "
            "defined in AttributeDefinitions"
        )
    raise ValidationException(
        f"{INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(types)}], "
        f"keys used: [{', '.join(used)}]"
    )


def _settings(request: Request, now: float) -> TableSettings:
    mode = request.get("BillingMode", "PROVISIONED")
    settings = TableSettings(
        billing_mode=mode,
        throughput=throughput(request, mode),
        deletion_protection=request.get("DeletionProtectionEnabled", False),
        table_class=request.get("TableClass"),
        encryption=request.get("SSESpecification"),
        on_demand_since=now if mode == "PAY_PER_REQUEST" else None,
        tags=with_tags({}, request.get("Tags", [])),
    )
    if "GlobalTableSettingsReplicationMode" in request:
        settings.settings_replication = request["GlobalTableSettingsReplicationMode"]
        check_settings_replication(request["GlobalTableSettingsReplicationMode"])
    if "OnDemandThroughput" in request:
        settings.on_demand = new_maximums(None, request["OnDemandThroughput"], mode)
    if "WarmThroughput" in request:
        settings.warm = initial_warm_throughput(request["WarmThroughput"], mode, settings.throughput)
    if settings.encryption is not None:
        check_encryption(settings.encryption)
    return settings


def units(given: dict[str, int], read: str, write: str) -> Throughput:
    """A pair of rates whose members are called `read` and `write`."""
    return Throughput(given.get(read, 0), given.get(write, 0))


def throughput(request: Request, billing_mode: str, *, index: str | None = None) -> Throughput:
    """Provisioned units of a table or an index, zero if on demand."""
    given = request.get("ProvisionedThroughput")
    if billing_mode == "PAY_PER_REQUEST":
        if given is None:
            return Throughput()
        raise ValidationException(
            f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
            "BillingMode is PAY_PER_REQUEST"
            if index is None
            else f"{INVALID}ProvisionedThroughput should not be specified for index: {index} when "
            "BillingMode is PAY_PER_REQUEST"
        )
    if given is None:
        raise ValidationException(
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode "
            "is PROVISIONED"
        )
    for member in ("ReadCapacityUnits", "WriteCapacityUnits"):
        if given[member] > MAXIMUM_UNITS:
            where = "" if index is None else f" for index {index}"
            raise ValidationException(f"Given value {given[member]} for {member} is out of bounds{where}")
    return Throughput(given["ReadCapacityUnits"], given["WriteCapacityUnits"])
