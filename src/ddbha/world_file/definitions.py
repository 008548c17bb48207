"""What a table is besides its items, as JSON and back."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from attrs import asdict, fields

from ddbha.recovery.backup import SourceTable
from ddbha.storage.table import (
    GlobalIndex,
    IndexProjection,
    LocalIndex,
    SecondaryIndex,
    Table,
    TableSettings,
    Throughput,
)
from ddbha.values.key import ItemKey, KeyAttribute, KeySchema


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
                "throughput": asdict(index.throughput),
                "on_demand": None if index.on_demand is None else asdict(index.on_demand),
                "warm": None if index.warm is None else asdict(index.warm),
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
                throughput=Throughput(**index["throughput"]),
                on_demand=_throughput(index["on_demand"]),
                warm=_throughput(index["warm"]),
            )
            for index in entry["global_indexes"]
        ),
        _settings(entry["settings"]),
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


def _throughput(entry: dict[str, int] | None) -> Throughput | None:
    return None if entry is None else Throughput(**entry)


def _settings(entry: dict[str, Any]) -> TableSettings:
    rates = {f.name for f in fields(TableSettings) if "Throughput" in str(f.type)}
    values: dict[str, Any] = {
        name: _throughput(value) if name in rates else value for name, value in entry.items()
    }
    return TableSettings(**values)


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
