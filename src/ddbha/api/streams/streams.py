"""DynamoDB Streams: ListStreams, DescribeStream, GetShardIterator and GetRecords.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import floor
from typing import Any

from ddbha.api.definitions.descriptions import key_schema_elements
from ddbha.api.registry import Request, Response, operation
from ddbha.api.seals import Seals
from ddbha.api.shard_iterators import ShardIterator
from ddbha.errors import ResourceNotFoundException, TrimmedDataAccessException, ValidationException
from ddbha.followers.stream import Shard, Stream
from ddbha.region.region import Region, utc
from ddbha.storage.record import LogRecord
from ddbha.values.attribute import item_size
from ddbha.values.image import size_of, unpack

MAXIMUM_PAGE = 100
MAXIMUM_RECORDS = 1000
#: Bytes of the records of one answer.
MAXIMUM_SIZE = 1024 * 1024
#: Who removes expired items.
SERVICE = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}

_TRIMMED = "The operation attempted to read past the oldest stream record in a shard."
_PLACES = ("ShardIteratorType", "SequenceNumber", "Timestamp")
_NUMBERED = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
_TIMED = ("AT_TIMESTAMP",)


@operation("ListStreams", service="dynamodbstreams")
def list_streams(region: Region, request: Request) -> Response:
    """The streams of the region or of one table, in order of their ARNs."""
    limit = _limit(request, MAXIMUM_PAGE)
    table, start = request.get("TableName"), request.get("ExclusiveStartStreamArn")
    after = "" if start is None else region.stream(start).arn
    found = [
        stream
        for arn, stream in sorted(region.streams.items())
        if arn > after and table in (None, stream.table_name)
    ]
    more = {"LastEvaluatedStreamArn": found[limit - 1].arn} if len(found) > limit else {}
    return {
        "Streams": [
            {"StreamArn": s.arn, "TableName": s.table_name, "StreamLabel": s.label} for s in found[:limit]
        ],
        **more,
    }


@operation("DescribeStream", service="dynamodbstreams")
def describe_stream(region: Region, request: Request) -> Response:
    """A stream and its shards, or the children of one of them."""
    limit = _limit(request, MAXIMUM_PAGE)
    stream = region.stream(request["StreamArn"])
    start = request.get("ExclusiveStartShardId", "")
    found = [s for s in _filtered(stream.shards(), request.get("ShardFilter")) if s.id > start]
    more = {"LastEvaluatedShardId": found[limit - 1].id} if len(found) > limit else {}
    return {
        "StreamDescription": {
            "StreamArn": stream.arn,
            "StreamLabel": stream.label,
            "StreamStatus": stream.status,
            "StreamViewType": stream.view_type,
            "CreationRequestDateTime": utc(stream.created),
            "TableName": stream.table_name,
            "KeySchema": key_schema_elements(stream.schema),
            "Shards": [_describe(shard) for shard in found[:limit]],
            **more,
        }
    }


@operation("GetShardIterator", service="dynamodbstreams")
def get_shard_iterator(region: Region, request: Request) -> Response:
    """An iterator for a place in a shard."""
    kind, number, moment = (request.get(name) for name in _PLACES)
    for member, given, kinds in (("SequenceNumber", number, _NUMBERED), ("Timestamp", moment, _TIMED)):
        if (given is None) == (kind in kinds):
            raise ValidationException(
                f"{member} is required for ShardIteratorType {kind}"
                if given is None
                else f"{member} must not be given for ShardIteratorType {kind}"
            )
    if moment is not None and moment.timestamp() > region.now():
        raise ValidationException("Timestamp must not be in the future")
    stream = region.stream(request["StreamArn"])
    shard = stream.shard(request["ShardId"])
    if shard is None:
        raise ResourceNotFoundException("Requested resource not found: Shard does not exist")

    position = shard.newest_position if kind == "LATEST" else shard.trimmed_position
    if moment is not None:
        position = shard.position_at(moment.timestamp())
    if number is not None:
        named = shard.position(number)
        if named is None:
            raise ValidationException(f"Invalid SequenceNumber: {number}")
        if named <= shard.trimmed_position:
            raise TrimmedDataAccessException(_TRIMMED)
        position = named - 1 if kind == "AT_SEQUENCE_NUMBER" else named
    iterator = ShardIterator(stream.arn, shard.id, position, region.now())
    return {"ShardIterator": iterator.text(_seals(region))}


@operation("GetRecords", service="dynamodbstreams")
def get_records(region: Region, request: Request) -> Response:
    """The next records of a shard: at most 1000 and 1 MB, and an iterator unless the shard ends there."""
    limit = _limit(request, MAXIMUM_RECORDS)
    iterator = ShardIterator.read(request["ShardIterator"], _seals(region))
    stream = region.stream(iterator.stream_arn)
    iterator.refuse_old(region.now())
    shard = stream.shard(iterator.shard_id)
    if shard is None or iterator.position < shard.trimmed_position:
        raise TrimmedDataAccessException(_TRIMMED)

    records: list[dict[str, Any]] = []
    position, size = iterator.position, 0
    for record in shard.after(position, limit):
        shown = _show(stream, shard, record)
        size += shown["dynamodb"]["SizeBytes"]
        if records and size > MAXIMUM_SIZE:
            break
        records.append(shown)
        position = record.sequence
    response: Response = {"Records": records}
    if not shard.ends_at(position):
        following = ShardIterator(stream.arn, shard.id, position, region.now())
        response["NextShardIterator"] = following.text(_seals(region))
    return response


def _seals(region: Region) -> Seals:
    return region.environment.parts.the(Seals)


def _limit(request: Request, maximum: int) -> int:
    limit: int = request.get("Limit", maximum)
    if limit > maximum:
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {maximum}"
        )
    return limit


def _filtered(shards: Sequence[Shard], shard_filter: dict[str, str] | None) -> list[Shard]:
    if shard_filter is None:
        return list(shards)
    if "Type" not in shard_filter:
        raise ValidationException(
            "1 validation error detected: Value null at 'shardFilter.type' failed to satisfy constraint: "
            "Member must not be null"
        )
    parent = shard_filter.get("ShardId")
    children = [shard for shard in shards if shard.parent_id == parent]
    if parent is None or not (children or any(shard.id == parent for shard in shards)):
        raise ValidationException(
            f"1 validation error detected: Value '{parent or 'null'}' at 'shardFilter.shardId' failed to "
            "satisfy constraint: Member must be the id of a shard of the stream"
        )
    return children


def _describe(shard: Shard) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": shard.starting_sequence_number}
    if shard.ending_sequence_number is not None:
        numbers["EndingSequenceNumber"] = shard.ending_sequence_number
    parent = {} if shard.parent_id is None else {"ParentShardId": shard.parent_id}
    return {"ShardId": shard.id, "SequenceNumberRange": numbers, **parent}


def _show(stream: Stream, shard: Shard, record: LogRecord) -> dict[str, Any]:
    old = None if record.old is None else unpack(record.old)
    new = None if record.new is None else unpack(record.new)
    item = old if new is None else new
    assert item is not None, "a record of a stream changes something"
    keys = {name: dict(value) for name, value in stream.schema.of(item).items()}
    number = shard.sequence_number(record.sequence)
    view = stream.view_type
    details: dict[str, Any] = {
        "ApproximateCreationDateTime": utc(floor(record.time)),
        "Keys": keys,
        "SequenceNumber": number,
        "StreamViewType": view,
    }
    size = item_size(keys)
    if record.new is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
        details["NewImage"] = new
        size += size_of(record.new)
    if record.old is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        details["OldImage"] = old
        size += size_of(record.old)
    details["SizeBytes"] = size
    shown: dict[str, Any] = {
        "eventID": blake2b(f"{stream.arn}/{number}".encode(), digest_size=16).hexdigest(),
        "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream.region,
        "dynamodb": details,
    }
    if record.cause == "ttl" and record.origin == stream.region:
        shown["userIdentity"] = dict(SERVICE)
    return shown
