"""What a table is besides its items, as JSON and back."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from attrs import asdict, fields, has

from ddbha.recovery.backup import SourceTable
from ddbha.storage.table import (
    ContributorInsights,
    GlobalIndex,
    IndexProjection,
    LocalIndex,
    SecondaryIndex,
    Table,
    TableSettings,
    Throughput,
    ThroughputChanges,
)
from ddbha.values.key import ItemKey, KeyAttribute, KeySchema

#: What a client may set on a global index besides its keys.
_INDEX_SETTINGS = ("throughput", "on_demand", "warm", "changes", "insights")
#: Values of settings that have attributes of their own, by name.
_KINDS = {kind.__name__: kind for kind in (ContributorInsights, Throughput, ThroughputChanges)}


def definition(
    table: Table | SourceTable, local: Iterable[LocalIndex], globals_: Iterable[GlobalIndex]
) -> Any:
    """A table or the source of a backup."""
    return {
        "name": table.name,
        "arn": table.arn,
        "id": table.id,
        "created": table.created,
        "attribute_types": table.attribute_types,
        "keys": list(table.schema.names),
        "local_indexes": [_index(index) for index in local],
        "global_indexes": [
            {
                **_index(index),
                **{name: _plain(getattr(index, name)) for name in _INDEX_SETTINGS},
            }
            for index in globals_
        ],
        "settings": asdict(table.settings),
    }


def source_table(entry: Any) -> SourceTable:
    """What `definition` described."""
    types, schema = dict(entry["attribute_types"]), _schema(entry["keys"], entry["attribute_types"])
    return SourceTable(
        entry["name"],
        entry["arn"],
        entry["id"],
        entry["created"],
        types,
        schema,
        tuple(
            LocalIndex(index["name"], _schema(index["keys"], types), _projection(index), schema)
            for index in entry["local_indexes"]
        ),
        tuple(
            GlobalIndex(
                index["name"],
                _schema(index["keys"], types),
                _projection(index),
                schema,
                **_values(GlobalIndex, {name: index[name] for name in _INDEX_SETTINGS}),
            )
            for index in entry["global_indexes"]
        ),
        TableSettings(**_values(TableSettings, entry["settings"])),
    )


def _index(index: SecondaryIndex) -> dict[str, Any]:
    return {
        "name": index.name,
        "keys": list(index.schema.names),
        "projection": index.projection.type,
        "non_key_attributes": list(index.projection.non_key_attributes),
    }


def _schema(names: list[str], types: dict[str, str]) -> KeySchema:
    return KeySchema(*(KeyAttribute(name, types[name]) for name in names))


def _projection(index: dict[str, Any]) -> IndexProjection:
    return IndexProjection(index["projection"], tuple(index["non_key_attributes"]))


def _plain(value: Any) -> Any:
    return asdict(value) if has(type(value)) else value


def _values(owner: type, entry: dict[str, Any]) -> dict[str, Any]:
    """Attributes of a class from JSON, by the types that the class declares for them."""
    types = {attribute.name: str(attribute.type).partition(" |")[0] for attribute in fields(owner)}
    values: dict[str, Any] = {}
    for name, value in entry.items():
        if value is not None and types[name] in _KINDS:
            value = _KINDS[types[name]](**value)
        elif types[name].startswith("tuple"):
            value = tuple(value)
        values[name] = value
    return values


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
