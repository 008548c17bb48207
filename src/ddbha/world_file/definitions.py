"""What a table is besides its items, as JSON and back."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, get_args, get_origin, get_type_hints

from attrs import asdict, has

from ddbha.clock import LATEST
from ddbha.followers.secondary_indexes import GlobalIndex, IndexProjection, LocalIndex, SecondaryIndex
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.recovery.backup import SourceTable
from ddbha.region.table import Table, TableSettings
from ddbha.values.key import ItemKey, KeyAttribute, KeySchema

#: What global indexes have besides keys and projection.
_INDEX_SETTINGS = ("throughput", "on_demand", "warm", "changes", "insights")


def definition(
    table: Table | SourceTable,
    local: Iterable[LocalIndex],
    globals_: Iterable[GlobalIndex],
    vectors: Iterable[VectorIndex],
) -> Any:
    """A table or the source of a backup."""
    return {
        "name": table.name,
        "arn": table.arn,
        "id": table.id,
        "created": table.created,
        "attribute_types": table.attribute_types,
        **_keys(table.schema),
        "local_indexes": [_index(index) for index in local],
        "global_indexes": [
            {
                **_index(index),
                **{name: _plain(getattr(index, name)) for name in _INDEX_SETTINGS},
            }
            for index in globals_
        ],
        "vector_indexes": [_vector_index(index) for index in vectors],
        "settings": asdict(table.settings),
    }


def source_table(entry: Any) -> SourceTable:
    """What `definition` described."""
    types, schema = dict(entry["attribute_types"]), _schema(entry, entry["attribute_types"])
    return SourceTable(
        entry["name"],
        entry["arn"],
        entry["id"],
        time_of(entry["created"]),
        types,
        schema,
        tuple(
            LocalIndex(index["name"], _schema(index, types), _projection(index), schema)
            for index in entry["local_indexes"]
        ),
        tuple(
            GlobalIndex(
                index["name"],
                _schema(index, types),
                _projection(index),
                schema,
                **_values(GlobalIndex, {name: index[name] for name in _INDEX_SETTINGS}),
            )
            for index in entry["global_indexes"]
        ),
        _settings(entry["settings"]),
        # Files of before know of no vector indexes.
        tuple(_read_vector_index(index, types, schema) for index in entry.get("vector_indexes", ())),
    )


def time_of(given: Any) -> float:
    """A time that there are dates for; `ValueError` for anything else."""
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= LATEST:
        raise ValueError(f"{given!r} is no time")
    return given


def _settings(entry: dict[str, Any]) -> TableSettings:
    settings = TableSettings(**_values(TableSettings, entry))
    if settings.on_demand_since is not None:
        time_of(settings.on_demand_since)
    return settings


def _vector_index(index: VectorIndex) -> dict[str, Any]:
    return {
        "name": index.name,
        "vector_attribute": index.vector_attribute,
        "dimensions": index.dimensions,
        "distance_function": index.distance_function,
        "projection": index.projection.type,
        "non_key_attributes": list(index.projection.non_key_attributes),
        "partition": None if index.partition is None else index.partition.name,
        "filters": [attribute.name for attribute in index.filters],
    }


def _read_vector_index(entry: dict[str, Any], types: dict[str, str], schema: KeySchema) -> VectorIndex:
    partition = entry["partition"]
    return VectorIndex(
        entry["name"],
        entry["vector_attribute"],
        entry["dimensions"],
        entry["distance_function"],
        _projection(entry),
        schema,
        None if partition is None else KeyAttribute(partition, types[partition]),
        tuple(KeyAttribute(name, types[name]) for name in entry["filters"]),
    )


def _index(index: SecondaryIndex) -> dict[str, Any]:
    return {
        "name": index.name,
        **_keys(index.schema),
        "projection": index.projection.type,
        "non_key_attributes": list(index.projection.non_key_attributes),
    }


def _keys(schema: KeySchema) -> dict[str, Any]:
    return {"keys": list(schema.names), "partition_keys": len(schema.partition_attributes)}


def _schema(entry: dict[str, Any], types: dict[str, str]) -> KeySchema:
    # Files of before have one partition key each, and do not say so.
    return KeySchema.of_names(entry["keys"], entry.get("partition_keys", 1), types)


def _projection(index: dict[str, Any]) -> IndexProjection:
    return IndexProjection(index["projection"], tuple(index["non_key_attributes"]))


def _plain(value: Any) -> Any:
    return asdict(value) if has(type(value)) else value


def _values(model: type, entry: dict[str, Any]) -> dict[str, Any]:
    """The values of attributes of a class, from what `asdict` made of them."""
    hints = get_type_hints(model)
    return {name: _value(hints[name], value) for name, value in entry.items()}


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    for kind in (hint, *get_args(hint)):
        if isinstance(kind, type) and has(kind):
            return kind(**_values(kind, value))
    return tuple(value) if get_origin(hint) is tuple else value


def position(key: Any) -> Any:
    """A bound of a partition: an array of hashes and keys, of which integers stand for themselves."""
    if isinstance(key, tuple):
        return [position(part) for part in key]
    if isinstance(key, Decimal):
        return {"N": str(key)}
    if isinstance(key, bytes):
        return {"B": key.hex()}
    return key


def read_position(entry: Any) -> ItemKey:
    """The bound that `position` described."""
    return tuple(_part(part) for part in entry)


def _part(entry: Any) -> Any:
    if isinstance(entry, list):
        return read_position(entry)
    if isinstance(entry, dict):
        return Decimal(entry["N"]) if "N" in entry else bytes.fromhex(entry["B"])
    return entry
