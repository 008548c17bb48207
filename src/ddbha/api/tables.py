"""CreateTable, DescribeTable, ListTables and DeleteTable."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ddbha.api.descriptions import describe
from ddbha.api.registry import Request, Response, operation, refuse_unsupported
from ddbha.errors import ResourceInUseException, ValidationException
from ddbha.region import Region, utc
from ddbha.storage.table import (
    GlobalIndex,
    IndexProjection,
    LocalIndex,
    Table,
    TableSettings,
    Throughput,
)
from ddbha.values.key import KeyAttribute, KeySchema

INVALID = "One or more parameter values were invalid: "
#: An on-demand table is ready for 4000 writes and 12 000 reads a second: four partitions of 1000 writes.
ON_DEMAND_PARTITIONS = 4
PARTITION_READS, PARTITION_WRITES = 3000, 1000
_UNSUPPORTED = frozenset({"ResourcePolicy"})


@operation("CreateTable")
def create_table(region: Region, request: Request) -> Response:
    """A new table, CREATING until the time that the world's timings say."""
    refuse_unsupported(request, _UNSUPPORTED, "CreateTable")
    name = region.table_name(request["TableName"])
    types = {d["AttributeName"]: d["AttributeType"] for d in request.get("AttributeDefinitions", ())}
    schema = key_schema(request["KeySchema"], types)
    settings = _settings(request, region.now())
    locals_ = [
        LocalIndex(d["IndexName"], key_schema(d["KeySchema"], types), projection(d), schema)
        for d in request.get("LocalSecondaryIndexes", ())
    ]
    globals_ = [
        GlobalIndex(
            d["IndexName"],
            key_schema(d["KeySchema"], types),
            projection(d),
            schema,
            throughput=throughput(d, settings.billing_mode),
        )
        for d in request.get("GlobalSecondaryIndexes", ())
    ]
    _check_attributes(types, schema, [*locals_, *globals_])
    for local in locals_:
        if local.schema.partition != schema.partition:
            raise ValidationException(
                f"{INVALID}Index KeySchema does not have the same leading hash key as table KeySchema "
                f"for index: {local.name}. index hash key: {local.schema.partition.name}, "
                f"table hash key: {schema.partition.name}"
            )
    if name in region.tables:
        raise ResourceInUseException(f"Table already exists: {name}")

    table = Table(
        name,
        region.table_arn(name),
        str(UUID(int=region.environment.random.getrandbits(128), version=4)),
        region.now(),
        types,
        schema,
        region.new_partitions(
            name,
            partition_count(settings.throughput),
            {index.name: index.schema for index in locals_},
        ),
        {index.name: index for index in locals_},
        settings=settings,
    )
    for index in globals_:
        index.partitions = region.new_partitions(
            f"{name}/{index.name}", partition_count(index.throughput), {}
        )
        table.add_global_index(index, region.now())
    region.tables[name] = table
    response = {"TableDescription": describe(table)}

    def become_active() -> None:
        table.status = "ACTIVE"
        region.record("table-active", table=name)

    timings = region.environment.timings
    region.later(timings.create_table_with_indexes if globals_ else timings.create_table, become_active)
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
    if table.status == "CREATING":
        raise ResourceInUseException(
            "Attempt to change a resource which is still in use: Table is being created: " + table.name
        )
    if table.status == "ACTIVE":
        table.status = "DELETING"

        def vanish() -> None:
            del region.tables[table.name]
            region.record("table-deleted", table=table.name)

        region.later(region.environment.timings.delete_table, vanish)
    return {"TableDescription": describe(table)}


def key_schema(elements: list[dict[str, str]], types: dict[str, str]) -> KeySchema:
    """The keys of a table or index."""
    names = [element["AttributeName"] for element in elements]
    if elements[0]["KeyType"] != "HASH":
        raise ValidationException(
            f"{INVALID}Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
        )
    if len(elements) > 1 and elements[1]["KeyType"] != "RANGE":
        raise ValidationException(
            f"{INVALID}Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
        )
    if len(set(names)) != len(names):
        raise ValidationException(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        )
    for name in names:
        if name not in types:
            raise ValidationException(
                f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. "
                f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(types)}]"
            )
    return KeySchema(*(KeyAttribute(name, types[name]) for name in names))


def _check_attributes(
    types: dict[str, str], schema: KeySchema, indexes: list[LocalIndex | GlobalIndex]
) -> None:
    used = dict.fromkeys([*schema.names, *(n for index in indexes for n in index.schema.names)])
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


def projection(definition: dict[str, Any]) -> IndexProjection:
    """What an index projects."""
    given = definition["Projection"]
    if "ProjectionType" not in given:
        raise ValidationException(f"{INVALID}Unknown ProjectionType: null")
    names = tuple(given.get("NonKeyAttributes", ()))
    kind = given["ProjectionType"]
    if names and kind != "INCLUDE":
        raise ValidationException(f"{INVALID}ProjectionType is {kind}, but NonKeyAttributes is specified")
    return IndexProjection(kind, names)


def _settings(request: Request, now: float) -> TableSettings:
    mode = request.get("BillingMode", "PROVISIONED")
    settings = TableSettings(
        billing_mode=mode,
        throughput=throughput(request, mode),
        deletion_protection=request.get("DeletionProtectionEnabled", False),
        table_class=request.get("TableClass"),
        encryption=request.get("SSESpecification"),
        on_demand_since=now if mode == "PAY_PER_REQUEST" else None,
        tags={tag["Key"]: tag["Value"] for tag in request.get("Tags", ())},
    )
    if "OnDemandThroughput" in request:
        settings.on_demand = units(
            request["OnDemandThroughput"], "MaxReadRequestUnits", "MaxWriteRequestUnits"
        )
    if "WarmThroughput" in request:
        settings.warm = units(request["WarmThroughput"], "ReadUnitsPerSecond", "WriteUnitsPerSecond")
    if request.get("StreamSpecification", {}).get("StreamEnabled"):
        set_stream(settings, request["StreamSpecification"], now)
    return settings


def units(given: dict[str, int], read: str, write: str) -> Throughput:
    """A pair of rates whose members are called `read` and `write`."""
    return Throughput(given.get(read, 0), given.get(write, 0))


def set_stream(settings: TableSettings, given: dict[str, Any], now: float) -> None:
    """Turn the stream setting on or off; `ValidationException` if it already is."""
    enabled = settings.stream_view_type is not None
    if given["StreamEnabled"]:
        if enabled:
            raise ValidationException("Table already has an enabled stream")
        if "StreamViewType" not in given:
            raise ValidationException(f"{INVALID}StreamViewType is required when StreamEnabled is true")
        settings.stream_view_type = given["StreamViewType"]
        settings.stream_label = utc(now).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    elif not enabled:
        raise ValidationException("Table is already not streaming")
    else:
        settings.stream_view_type = None


def throughput(request: Request, billing_mode: str) -> Throughput:
    """Provisioned units, zero if on demand."""
    given = request.get("ProvisionedThroughput")
    if billing_mode == "PAY_PER_REQUEST":
        if given is not None:
            raise ValidationException(
                f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                "BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if given is None:
        raise ValidationException(
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode "
            "is PROVISIONED"
        )
    return Throughput(given["ReadCapacityUnits"], given["WriteCapacityUnits"])


def partition_count(throughput: Throughput) -> int:
    """Partitions that a throughput needs."""
    if throughput == Throughput():
        return ON_DEMAND_PARTITIONS
    needed = throughput.read * PARTITION_WRITES + throughput.write * PARTITION_READS
    return max(1, -(-needed // (PARTITION_READS * PARTITION_WRITES)))
