"""Items as values that are equal where the items are, and the keys that they are known by."""

from __future__ import annotations

import marshal
from typing import Any

from ddbha.errors import ValidationException
from ddbha.region.table import Table
from ddbha.values.attribute import Item, canonical_item
from ddbha.verify.calls import Call
from ddbha.verify.linearizability import Key, Value


def packed(item: Item | None) -> Value:
    """An item as a value that is equal to that of every equal item."""
    # The second version of marshal's format says nothing of shared or interned objects.
    return None if item is None else marshal.dumps(_sorted(canonical_item(item)[0]), 2)


def unpacked(value: Value) -> Item | None:
    """A fresh copy of the item that a value stands for."""
    return None if value is None else marshal.loads(value)  # type: ignore[arg-type]


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: sorted(content) if name in ("SS", "NS", "BS") else _sorted(content)
            for name, content in sorted(value.items())
        }
    if isinstance(value, list):
        return [_sorted(element) for element in value]
    return value


def key_of(table: Table, attributes: Item) -> Key:
    """The key by which the item with these attributes is known to the search.

    Raises `ValidationException` for what is no key of the table.
    """
    item = canonical_item(attributes)[0]
    if not table.schema.fits(item):
        raise ValidationException("it has not the key of the table")
    return table.id, table.schema.key(item)


def table_of(call: Call, name: str) -> Table:
    """The table that a request names, or names by its ARN."""
    return call.tables[name]
