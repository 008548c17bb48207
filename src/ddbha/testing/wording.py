"""Requests and answers in words."""

from __future__ import annotations

import re
from typing import Any

from ddbha.errors import AwsError, NoAnswer, TransactionCanceledException

_PLACEHOLDER = re.compile(r"[#:][A-Za-z0-9_]+")
_VERBS = {"Put": "puts", "Update": "updates", "Delete": "deletes", "ConditionCheck": "checks"}
#: Texts that are longer are cut.
_WIDTH = 100


def asked(operation: str, request: dict[str, Any]) -> str:
    """What a client does: "reads accounts id=alice"."""
    try:
        worded = _asked(operation, request)
    except (AttributeError, KeyError, TypeError, ValueError):
        # No request of that operation, whatever it is: the engine says what is wrong with it.
        worded = f"calls {operation}"
    return worded if len(worded) <= 3 * _WIDTH else worded[: 3 * _WIDTH - 1] + "…"


def _asked(operation: str, request: dict[str, Any]) -> str:
    table = request.get("TableName", "")
    consistently = " consistently" if request.get("ConsistentRead") else ""
    if operation == "GetItem":
        return f"reads{consistently} {table} {item(request['Key'])}"
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        return _write(operation.removesuffix("Item"), request)
    if operation in ("Query", "Scan"):
        index = f" index {request['IndexName']}" if "IndexName" in request else ""
        verb = "queries" if operation == "Query" else "scans"
        where = [
            filled(request[name], request)
            for name in ("KeyConditionExpression", "FilterExpression")
            if name in request
        ]
        return f"{verb}{consistently} {table}{index}{' where ' if where else ''}{' and '.join(where)}"
    if operation == "BatchWriteItem":
        return f"writes a batch: {_counts(request['RequestItems'])}"
    if operation == "BatchGetItem":
        keys = {table: one["Keys"] for table, one in request["RequestItems"].items()}
        return f"reads a batch: {_counts(keys)}"
    if operation in ("TransactWriteItems", "TransactGetItems"):
        parts = [
            f"reads {action['TableName']} {item(action['Key'])}"
            if verb == "Get"
            else _write(verb, action)
            for entry in request["TransactItems"]
            for verb, action in entry.items()
        ]
        return f"in one transaction {'; '.join(parts)}"
    return f"calls {operation} {table}".rstrip()


def _write(verb: str, request: dict[str, Any]) -> str:
    words = f"{_VERBS[verb]} {request['TableName']} {item(request.get('Item') or request['Key'])}"
    if "UpdateExpression" in request:
        words += f": {filled(request['UpdateExpression'], request)}"
    if "AttributeUpdates" in request:
        words += f": {', '.join(request['AttributeUpdates'])}"
    if "ConditionExpression" in request:
        words += f" if {filled(request['ConditionExpression'], request)}"
    return words


def _counts(entries: dict[str, Any]) -> str:
    return ", ".join(f"{len(one)} of {table}" for table, one in entries.items())


def answered(operation: str, answer: dict[str, Any]) -> str:
    """What comes back: "balance=100"; nothing for a plain success."""
    if operation == "GetItem":
        return item(answer["Item"]) if "Item" in answer else "no such item"
    if operation in ("Query", "Scan"):
        if "Items" not in answer:
            return f"{answer['Count']} items"
        shown = "; ".join(item(one) for one in answer["Items"][:4])
        more = f"; and {len(answer['Items']) - 4} more" if len(answer["Items"]) > 4 else ""
        return f"{shown}{more}" or "no items"
    if operation == "TransactGetItems":
        return "; ".join(item(one.get("Item", {})) or "no such item" for one in answer["Responses"])
    unprocessed = answer.get("UnprocessedItems") or answer.get("UnprocessedKeys")
    if unprocessed:
        lists = {
            table: one["Keys"] if isinstance(one, dict) else one for table, one in unprocessed.items()
        }
        return f"unprocessed: {_counts(lists)}"
    if operation == "BatchGetItem":
        return "; ".join(item(one) for items in answer["Responses"].values() for one in items)
    if operation == "GetRecords":
        changes = [
            f"{record['eventName']} {item(change.get('NewImage', change['Keys']))}"
            for record in answer["Records"]
            if (change := record["dynamodb"])
        ]
        return "; ".join(changes) or "no records"
    return item(answer["Attributes"]) if answer.get("Attributes") else ""


def failed(error: AwsError | NoAnswer) -> str:
    """What a client is told instead of an answer."""
    if isinstance(error, TransactionCanceledException):
        reasons = ", ".join(reason["Code"] for reason in error.fields["CancellationReasons"])
        return f"refused: {error.code} [{reasons}]"
    return f"refused: {error.code}" if isinstance(error, AwsError) else "no answer"


def filled(expression: str, request: dict[str, Any]) -> str:
    """An expression with names and values in the places of their placeholders."""
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}

    def fill(match: re.Match[str]) -> str:
        found = match[0]
        if found in values:
            return plain(values[found])
        return str(names.get(found, found))

    return _PLACEHOLDER.sub(fill, expression)


def item(attributes: dict[str, Any]) -> str:
    """An item: "id=alice balance=100"."""
    return _cut(" ".join(f"{name}={plain(value)}" for name, value in attributes.items()))


#: The types of attribute values.
TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"})


def plain(value: Any) -> str:
    """An attribute value, without its type; also one that a resource has made a Python value of."""
    if not isinstance(value, dict) or len(value) != 1 or not value.keys() <= TYPES:
        return _cut(str(value))
    ((kind, inner),) = value.items()
    if kind == "M":
        return "{" + ", ".join(f"{name}: {plain(one)}" for name, one in inner.items()) + "}"
    if kind == "L":
        return "[" + ", ".join(map(plain, inner)) + "]"
    if kind in ("SS", "NS", "BS"):
        return "{" + ", ".join(map(str, inner)) + "}"
    return "null" if kind == "NULL" else _cut(str(inner))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
