"""DynamoDB JSON: one JSON object a line, with attribute values as on the wire and blobs in base64."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

from ddbha.recovery.formats import MalformedItem
from ddbha.values.attribute import AttributeValue, Item

EXTENSION = "json"


def dumps(line: dict[str, Any]) -> str:
    """One line, without its end; bytes become base64 text."""
    return json.dumps(line, default=_base64, separators=(",", ":"))


def export_lines(entries: Iterator[dict[str, Any]]) -> bytes:
    """The content of a file of an export; entries are those of `ddbha.recovery.export`."""
    return "".join(dumps(entry) + "\n" for entry in entries).encode()


def read_records(data: bytes) -> Iterator[dict[str, Any] | MalformedItem]:
    """Each line, which has an `Item`, or a `MalformedItem` for what is none; blobs stay base64 text."""
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            yield MalformedItem("a line is no JSON")
            continue
        if isinstance(entry, dict) and isinstance(entry.get("Item"), dict):
            yield entry
        else:
            yield MalformedItem("a line has no Item")


def plain_item(item: dict[str, Any]) -> Item:
    """An item that `dumps` wrote, with bytes in place of base64 text."""
    return {
        name: value if "S" in value or "N" in value else _plain(value) for name, value in item.items()
    }


def _plain(value: dict[str, Any]) -> AttributeValue:
    for descriptor, content in value.items():
        if descriptor == "B":
            return {"B": b64decode(content)}
        if descriptor == "BS":
            return {"BS": [b64decode(member) for member in content]}
        if descriptor == "L":
            return {"L": [_plain(element) for element in content]}
        if descriptor == "M":
            return {"M": plain_item(content)}
    return value


def _base64(value: Any) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"{value!r} has no form in DynamoDB JSON")
