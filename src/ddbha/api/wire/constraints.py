"""The report of what breaks the service model's constraints, in AWS's words and order.

AWS has two wordings of it: newer checks, which it brought to its regions in 2026, read most requests for
items; the rest, and what they do not look for, is said in the older one.

The words, paths and orders were recorded from AWS by the tests of dynalite
(https://github.com/architect/dynalite, which ran against DynamoDB itself) and by
https://github.com/paritysuite/dynamodb-conformance, which sweeps all regions.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

from attrs import frozen
from botocore.model import ListShape, MapShape, Shape, StructureShape

from ddbha.api.wire.model import required_members
from ddbha.errors import ValidationException

#: A condition that a value has to meet, and how AWS says so.
Constraint = tuple[Callable[[Any], bool], str]
#: The way to a value, as it is sent and as Java spells it.
_Path = tuple[str, str]

MAXIMUM_ERRORS = 10
TABLE_NAME_PATTERN = "[a-zA-Z0-9_.-]+"
#: Operations that ask for the table name before anything else.
NAME_FIRST = frozenset(
    {
        "CreateTable",
        "DeleteTable",
        "DescribeTable",
        "DescribeTimeToLive",
        "UpdateTable",
        "UpdateTimeToLive",
    }
)
#: Java's regular expressions know what Python's does not.
_JAVA = {"\\p{Print}": "[ -~]", "\\uD800\\uDC00-\\uDBFF\\uDFFF": "\\U00010000-\\U0010FFFF"}
#: AWS refuses these by hand: empty requests of batches, and names of attributes by their size in bytes.
_BY_HAND = frozenset({"BatchGetRequestMap", "BatchWriteItemRequestMap", "AttributeName"})

_ENUM_TEXT = "Member must satisfy enum value set: "
#: The operations that AWS's newer checks read; BatchWriteItem and the control plane have the older ones.
_NEWER = frozenset(
    {
        "BatchGetItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
#: What the newer checks list for these members, slips of AWS included; they leave other enums.
_NEWER_ENUMS = {
    "ReturnValues": "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]",
    "ConditionalOperator": "[ALL, OR]",
}
_NEWER_ORDER = {"ReturnConsumedCapacity": 0, "ReturnValues": 1, "ReturnItemCollectionMetrics": 2}

#: AWS lists these values in another order than its model.
_ENUMS = {
    "ComparisonOperator": (
        "IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS"
    ),
    "ConditionalOperator": "OR, AND",
    "ProjectionType": "ALL, INCLUDE, KEYS_ONLY",
    "ReturnValue": "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW",
    "ScalarAttributeType": "B, N, S",
    "Select": "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES",
    "ShardIteratorType": "AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON",
}

_WRITE = (
    "ReturnConsumedCapacity TableName ReturnItemCollectionMetrics ReturnValues ConditionalOperator Key"
)
_READ = "ReturnConsumedCapacity AttributesToGet"
_INDEX = "Projection IndexName ProvisionedThroughput KeySchema"
#: Members in the order in which AWS reports them; those not named come after, in the model's order.
_ORDERS = {
    "BatchGetItemInput": "RequestItems ReturnConsumedCapacity",
    "BatchWriteItemInput": "ReturnConsumedCapacity ReturnItemCollectionMetrics RequestItems",
    "CreateGlobalSecondaryIndexAction": _INDEX,
    "CreateTableInput": (
        "AttributeDefinitions TableName BillingMode ProvisionedThroughput KeySchema "
        "GlobalSecondaryIndexes LocalSecondaryIndexes"
    ),
    "DeleteItemInput": _WRITE,
    "GetItemInput": f"{_READ} TableName Key",
    "GlobalSecondaryIndex": _INDEX,
    "LocalSecondaryIndex": _INDEX,
    "ProvisionedThroughput": "WriteCapacityUnits ReadCapacityUnits",
    "PutItemInput": ("ReturnConsumedCapacity ReturnItemCollectionMetrics ReturnValues TableName Item"),
    "QueryInput": (
        f"Limit {_READ} QueryFilter Select ConditionalOperator KeyConditions TableName IndexName"
    ),
    "ScanInput": (
        f"Limit {_READ} Segment Select ScanFilter ConditionalOperator TotalSegments TableName IndexName"
    ),
    "TransactWriteItemsInput": "ClientRequestToken ReturnConsumedCapacity ReturnItemCollectionMetrics",
    "UpdateItemInput": _WRITE,
    "WriteRequest": "DeleteRequest PutRequest",
}


@frozen
class Unmet:
    """A constraint that a value does not meet.

    `path` leads to the value as it is sent, `older_path` as Java spells it; `kind` is the constraint's:
    null, enum, pattern, least, most, or members for what is said of a collection as a whole.
    """

    shape: Shape | None
    value: Any
    path: str
    older_path: str
    kind: str
    text: str

    def older(self, content: str | None = None) -> str:
        """In the older wording, with the value: as Java prints it, or as `content` says."""
        if self.shape is None:
            shown = "null"
        else:
            shown = f"'{_shown(self.shape, self.value) if content is None else content}'"
        return f"Value {shown} at '{self.older_path}' failed to satisfy constraint: {self.text}"

    @property
    def is_newer(self) -> bool:
        """Whether the newer checks look for it: least and most; of table names, only if empty."""
        if self.shape is not None and self.shape.name == "TableArn":
            return not self.value
        return self.kind in ("least", "most")

    def newer(self) -> str:
        """In the newer wording, which names no value; what the newer checks leave is in the older."""
        if self.path in _NEWER_ENUMS:
            return f"Failed to satisfy constraint: {_ENUM_TEXT}{_NEWER_ENUMS[self.path]}"
        if self.is_newer:
            return f"Value at '{self.path}' failed to satisfy constraint: {self.text}"
        if self.kind == "members":
            shown = json.dumps(self.value, separators=(",", ":"), default=_base64)
            return self.older(shown)
        return self.older()


def _base64(value: bytes) -> str:
    return b64encode(value).decode()


def report(
    operation: str, shape: StructureShape, request: dict[str, Any], *, older: bool
) -> ValidationException:
    """The error of a request that does not meet the constraints of its shape."""
    if operation in NAME_FIRST and "TableName" not in request:
        return ValidationException(
            "The parameter 'TableName' is required but was not present in the request"
        )
    unmet = list(islice(_errors(shape, request, ("", "")), MAXIMUM_ERRORS))
    if older or operation not in _NEWER or any(error.kind == "null" for error in unmet):
        return _report([error.older() for error in unmet])
    # The newer checks come first, and stop at the first thing they find.
    first = next((error for error in unmet if error.is_newer), None)
    if first is not None:
        return _report([first.newer()])
    for error in unmet:
        if operation in ("Query", "Scan") and error.path == "ConditionalOperator":
            return ValidationException(error.newer())
        if operation == "UpdateItem" and error.path == "ReturnValues":
            return _report([error.newer()])
    if operation in ("PutItem", "DeleteItem"):
        unmet.sort(key=lambda error: _NEWER_ORDER.get(error.path, len(_NEWER_ORDER)))
    return _report([error.newer() for error in unmet])


def _report(errors: list[str]) -> ValidationException:
    plural = "s" if len(errors) > 1 else ""
    return ValidationException(f"{len(errors)} validation error{plural} detected: {'; '.join(errors)}")


@cache
def constraints(shape: Shape) -> tuple[Constraint, ...]:
    """What the model asks of a value itself, in AWS's order: pattern, least, most; or its values."""
    if shape.name == "TableArn":
        return (
            (
                _is_arn_or(lambda name: not name or re.fullmatch(TABLE_NAME_PATTERN, name) is not None),
                _pattern_text(TABLE_NAME_PATTERN),
            ),
            (lambda name: bool(name), _least_text(shape, 1)),
            (_is_arn_or(lambda name: not name or len(name) >= 3), _least_text(shape, 3)),
            (_is_arn_or(lambda name: len(name) <= 255), _most_text(shape, 255)),
            (lambda name: len(name) <= 1024, _most_text(shape, 1024)),
        )
    found: list[Constraint] = []
    if shape.name in _BY_HAND:
        return ()
    enum, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    measure = _value if shape.type_name in ("integer", "long", "double", "float") else len
    if enum:
        listed = _ENUMS.get(shape.name) or ", ".join(enum)
        values = frozenset(enum)
        found.append((lambda value: value in values, f"{_ENUM_TEXT}[{listed}]"))
    if pattern:
        matches = _compiled(pattern).fullmatch
        found.append((lambda value: matches(value) is not None, _pattern_text(pattern)))
    if least is not None:
        found.append((lambda value: measure(value) >= least, _least_text(shape, least)))
    if most is not None:
        found.append((lambda value: measure(value) <= most, _most_text(shape, most)))
    return tuple(found)


def _value(value: Any) -> Any:
    return value


def _is_arn_or(check: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda name: name.startswith("arn:") or check(name)


def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in _JAVA.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern, re.ASCII)


def _pattern_text(pattern: str) -> str:
    return f"Member must satisfy regular expression pattern: {pattern}"


def _least_text(shape: Shape, least: int) -> str:
    return f"Member must have {_measured(shape)} greater than or equal to {least}"


def _most_text(shape: Shape, most: int) -> str:
    return f"Member must have {_measured(shape)} less than or equal to {most}"


def _measured(shape: Shape) -> str:
    return "value" if shape.type_name in ("integer", "long", "double", "float") else "length"


def _errors(shape: Shape, value: Any, path: _Path) -> Iterator[Unmet]:
    for holds, text in constraints(shape):
        if not holds(value):
            yield Unmet(shape, value, *path, _kind(text), text)
    if isinstance(shape, StructureShape):
        required = required_members(shape, value)
        for name in _ordered(shape):
            inner = _step(path, name)
            if name in value:
                yield from _errors(shape.members[name], value[name], inner)
            elif name in required:
                yield Unmet(None, None, *inner, "null", "Member must not be null")
    elif isinstance(shape, ListShape):
        yield from _members_errors(shape, shape.member, value, value, path, "Member")
        if _is_structured(shape.member):
            for number, element in enumerate(value, start=1):
                yield from _inner_errors(shape.member, element, _into(path, number))
    elif isinstance(shape, MapShape):
        yield from _members_errors(shape, shape.key, value, value, path, "Map keys")
        yield from _members_errors(shape, shape.value, value, value.values(), path, "Map value")
        if _is_structured(shape.value):
            for name, content in value.items():
                yield from _inner_errors(shape.value, content, _into(path, name))


def _step(path: _Path, name: str) -> _Path:
    sent, older = path
    return f"{sent}.{name}" if sent else name, f"{older}.{_lower_first(name)}" if older else _lower_first(
        name
    )


def _into(path: _Path, member: object) -> _Path:
    sent, older = path
    return f"{sent}.{member}.member", f"{older}.{member}.member"


def _kind(text: str) -> str:
    if text.startswith(_ENUM_TEXT):
        return "enum"
    if "greater than or equal" in text:
        return "least"
    return "most" if "less than or equal" in text else "pattern"


def _members_errors(
    shape: Shape, member: Shape, value: Any, members: Any, path: _Path, which: str
) -> Iterator[Unmet]:
    """What is wrong with a member itself is said of the collection, with all that is asked of one."""
    asked = constraints(member)
    if any(not holds(element) for element in members for holds, _ in asked):
        texts = ", ".join(_composed(member))
        text = f"{which} must satisfy constraint: [{texts}]"
        yield Unmet(shape, value, *path, "members", text)


def _composed(member: Shape) -> list[str]:
    """The constraints of a member of a collection: most, least, pattern."""
    if member.name == "TableArn":
        return [_most_text(member, 255), _least_text(member, 3), _pattern_text(TABLE_NAME_PATTERN)]
    return [text for _, text in reversed(constraints(member))]


def _inner_errors(shape: Shape, value: Any, path: _Path) -> Iterator[Unmet]:
    """The errors below a member of a collection; those of the member itself are said already."""
    own = sum(not holds(value) for holds, _ in constraints(shape))
    return islice(_errors(shape, value, path), own, None)


def _is_structured(shape: Shape) -> bool:
    return shape.type_name in ("structure", "list", "map") and shape.name != "AttributeValue"


@cache
def _ordered(shape: StructureShape) -> tuple[str, ...]:
    members = list(shape.members)
    first = [name for name in _ORDERS.get(shape.name, "").split() if name in members]
    return tuple(dict.fromkeys([*first, *members]))


def _shown(shape: Shape, value: Any) -> str:
    """A value as Java prints it."""
    if value is None:
        return "null"
    if isinstance(shape, StructureShape):
        members = ", ".join(
            f"{_lower_first(name)}={_shown(member, value.get(name))}"
            for name, member in shape.members.items()
        )
        return f"{shape.name}({members})"
    if isinstance(shape, ListShape):
        return f"[{', '.join(_shown(shape.member, element) for element in value)}]"
    if isinstance(shape, MapShape):
        shown = (f"{name}={_shown(shape.value, content)}" for name, content in value.items())
        return f"{{{', '.join(shown)}}}"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _lower_first(name: str) -> str:
    return name[0].lower() + name[1:]
