"""Reading the items that a table is filled with: Python values, DynamoDB-JSON, files of both."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from ddbha.api.data.seeding import seed
from ddbha.api.registry import Caller
from ddbha.engine import Engine
from ddbha.errors import UsageError

_TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"})
_SERIALIZER = TypeSerializer()


def load_items(
    engine: Engine,
    table: str,
    source: Iterable[Mapping[str, Any]] | str | PathLike[str],
    *,
    region: str = "us-east-1",
) -> int:
    """As `World.load_items`."""
    if isinstance(source, (str, PathLike)):
        entries = _of_file(Path(source))
    elif isinstance(source, Mapping):
        raise UsageError("load_items takes several items; put the one into a list.")
    else:
        entries = ((f"item {number}", item) for number, item in enumerate(source, 1))
    items = [(place, _attributes(place, item)) for place, item in entries]
    with engine.standstill():
        place = engine.region(Caller(engine.account_id, region))
        with engine.history.aside():
            return seed(place, table, items)


def _of_file(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    try:
        whole = _parsed(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("["):
            raise UsageError(f"{path} is no JSON: {error}") from None
    else:
        items = whole if isinstance(whole, list) else [whole]
        yield from ((f"{path}, item {number}", item) for number, item in enumerate(items, 1))
        return
    # Only line feeds end lines: JSON text may hold others that Python would split at.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{path}, line {number}"
            try:
                yield place, _parsed(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{place} is no JSON: {error}") from None


def _parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _attributes(place: str, item: Any) -> dict[str, Any]:
    """An item as DynamoDB takes it."""
    if not isinstance(item, Mapping):
        raise UsageError(f"{place} is no item but {item!r}; an item is an object of attributes.")
    exported = item.get("Item")
    if len(item) == 1 and isinstance(exported, Mapping) and _is_typed(exported):
        item = exported
    try:
        if _is_typed(item):
            return {name: _decoded(value) for name, value in item.items()}
        return {name: _SERIALIZER.serialize(value) for name, value in item.items()}
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise UsageError(f"{place} has a value that no attribute can have: {error}") from None


def _is_typed(item: Mapping[str, Any]) -> bool:
    return bool(item) and all(
        isinstance(value, Mapping) and len(value) == 1 and value.keys() <= _TYPES
        for value in item.values()
    )


def _decoded(value: Any) -> Any:
    """A value of DynamoDB-JSON, in which base64 stands for bytes; what is none is passed on."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    ((kind, content),) = value.items()
    if kind == "B":
        return {kind: _bytes(content)}
    if kind == "BS" and isinstance(content, (list, tuple)):
        return {kind: [_bytes(one) for one in content]}
    if kind == "L" and isinstance(content, (list, tuple)):
        return {kind: [_decoded(one) for one in content]}
    if kind == "M" and isinstance(content, Mapping):
        return {kind: {name: _decoded(one) for name, one in content.items()}}
    return dict(value)


def _bytes(content: Any) -> Any:
    if not isinstance(content, str):
        return content
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{content!r} is no base64: {error}") from None
