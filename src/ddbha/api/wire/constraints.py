"""The report of what breaks the service model's constraints, in AWS's words and order.

The words, paths and orders were recorded from AWS by the tests of dynalite
(https://github.com/architect/dynalite, which ran against DynamoDB itself) and by
https://github.com/paritysuite/dynamodb-conformance, which sweeps all regions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ddbha.api.wire.model import most as greatest
from ddbha.api.wire.model import required_members
from ddbha.errors import ValidationException

#: A condition that a value has to meet, and how AWS says so.
Constraint = tuple[Callable[[Any], bool], str]

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


def report(operation: str, shape: StructureShape, request: dict[str, Any]) -> ValidationException:
    """The error of a request that does not meet the constraints of its shape."""
    if operation in NAME_FIRST and "TableName" not in request:
        return ValidationException(
            "The parameter 'TableName' is required but was not present in the request"
        )
    errors = []
    for error in _errors(shape, request, ""):
        errors.append(error)
        if len(errors) == MAXIMUM_ERRORS:
            break
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
    least, most = shape.metadata.get("min"), greatest(shape)
    measure = _value if shape.type_name in ("integer", "long", "double", "float") else len
    if enum:
        listed = _ENUMS.get(shape.name) or ", ".join(enum)
        values = frozenset(enum)
        found.append((lambda value: value in values, f"Member must satisfy enum value set: [{listed}]"))
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


def _errors(shape: Shape, value: Any, path: str) -> Iterator[str]:
    for holds, text in constraints(shape):
        if not holds(value):
            yield _error(shape, value, path, text)
    if isinstance(shape, StructureShape):
        required = required_members(shape)
        for name in _ordered(shape):
            inner = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
            if name in value:
                yield from _errors(shape.members[name], value[name], inner)
            elif name in required:
                yield f"Value null at '{inner}' failed to satisfy constraint: Member must not be null"
    elif isinstance(shape, ListShape):
        yield from _members_errors(shape, shape.member, value, value, path, "Member")
        if _is_structured(shape.member):
            for number, element in enumerate(value, start=1):
                yield from _inner_errors(shape.member, element, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        yield from _members_errors(shape, shape.key, value, value, path, "Map keys")
        yield from _members_errors(shape, shape.value, value, value.values(), path, "Map value")
        if _is_structured(shape.value):
            for name, content in value.items():
                yield from _inner_errors(shape.value, content, f"{path}.{name}.member")


def _members_errors(
    shape: Shape, member: Shape, value: Any, members: Any, path: str, which: str
) -> Iterator[str]:
    """What is wrong with a member itself is said of the collection, with all that is asked of one."""
    asked = constraints(member)
    if any(not holds(element) for element in members for holds, _ in asked):
        texts = ", ".join(_composed(member))
        yield _error(shape, value, path, f"{which} must satisfy constraint: [{texts}]")


def _composed(member: Shape) -> list[str]:
    """The constraints of a member of a collection: most, least, pattern."""
    if member.name == "TableArn":
        return [_most_text(member, 255), _least_text(member, 3), _pattern_text(TABLE_NAME_PATTERN)]
    return [text for _, text in reversed(constraints(member))]


def _inner_errors(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """The errors below a member of a collection; those of the member itself are said already."""
    own = sum(not holds(value) for holds, _ in constraints(shape))
    for number, error in enumerate(_errors(shape, value, path)):
        if number >= own:
            yield error


def _is_structured(shape: Shape) -> bool:
    return shape.type_name in ("structure", "list", "map") and shape.name != "AttributeValue"


@cache
def _ordered(shape: StructureShape) -> tuple[str, ...]:
    members = list(shape.members)
    first = [name for name in _ORDERS.get(shape.name, "").split() if name in members]
    return tuple(dict.fromkeys([*first, *members]))


def _error(shape: Shape, value: Any, path: str, text: str) -> str:
    return f"Value '{_shown(shape, value)}' at '{path}' failed to satisfy constraint: {text}"


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
