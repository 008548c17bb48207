"""Event source mappings: the records of a stream in the batches that AWS Lambda gives to a function.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from hashlib import blake2b
from time import time
from typing import Any
from uuid import UUID
from zlib import crc32

from attrs import Factory, define, field
from botocore.exceptions import ClientError

from ddbha.boto.event_filters import check_pattern, matches
from ddbha.errors import UsageError

Event = dict[str, Any]
Record = dict[str, Any]
#: A Lambda function: event and context in, anything out.
Handler = Callable[[Event, Any], Any]

#: Patterns of one mapping.
MAXIMUM_FILTERS = 5


@define(eq=False)
class _Lane:
    """The records of a shard that are delivered one batch after the other."""

    shard_id: str
    #: The sequence number of the last record that is done with, 0 for none.
    position: int = 0

    def done(self, records: Sequence[Record]) -> None:
        if records:
            self.position = _number(records[-1])


@define(eq=False)
class EventSourceMapping:
    """Batches of the records of a stream, in order per shard, parents before their children.

    Iterating yields events that nobody else gets; asking for the next one says that the last one is done
    with.  `deliver` hands them to a function.  Both go on where the last one ended.

    `batch_size` is in records, `starting_position` TRIM_HORIZON or LATEST.  With a
    `parallelization_factor` a shard has as many lanes, and all records of a partition key are in one.
    `filters` are patterns of Lambda's event filtering as dictionaries or JSON text: a record passes that
    matches any.  Raises `UsageError` for what is out of range.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    """

    _client: Any
    stream_arn: str
    batch_size: int = field(default=100, kw_only=True)
    starting_position: str = field(default="TRIM_HORIZON", kw_only=True)
    parallelization_factor: int = field(default=1, kw_only=True)
    #: How often a batch that failed is tried again; -1 for as long as its records are there.
    maximum_retry_attempts: int = field(default=-1, kw_only=True)
    bisect_on_error: bool = field(default=False, kw_only=True)
    report_batch_item_failures: bool = field(default=False, kw_only=True)
    filters: Sequence[Mapping[str, Any] | str] = field(default=(), kw_only=True)
    #: For how many seconds a batch that is not full waits for more records.
    maximum_batching_window: int = field(default=0, kw_only=True)
    #: After how many seconds a record is given up; -1 for never.
    maximum_record_age: int = field(default=-1, kw_only=True)
    #: The time in seconds since the epoch.
    _now: Callable[[], float] = field(default=time, kw_only=True)
    #: What an on-failure destination would get: one entry for each batch that was given up.
    failures: list[dict[str, Any]] = field(factory=list, init=False)
    _patterns: list[Any] = field(factory=list, init=False)
    _lanes: dict[str, list[_Lane]] = Factory(dict)

    def __attrs_post_init__(self) -> None:
        _check_range("batch_size", self.batch_size, 1, 10_000)
        _check_range("parallelization_factor", self.parallelization_factor, 1, 10)
        _check_range("maximum_retry_attempts", self.maximum_retry_attempts, -1, 10_000)
        _check_range("maximum_batching_window", self.maximum_batching_window, 0, 300)
        if self.maximum_record_age != -1:
            _check_range("maximum_record_age", self.maximum_record_age, 60, 604_800)
        if self.starting_position not in ("TRIM_HORIZON", "LATEST"):
            raise UsageError("starting_position must be TRIM_HORIZON or LATEST.")
        if len(self.filters) > MAXIMUM_FILTERS:
            raise UsageError(f"A mapping has at most {MAXIMUM_FILTERS} filters.")
        self._patterns = [json.loads(f) if isinstance(f, str) else f for f in self.filters]
        for pattern in self._patterns:
            check_pattern(pattern)
        if self.starting_position == "LATEST":
            for shard in self._describe()[0]:
                lanes = self._lanes_of(shard["ShardId"])
                records = self._read(shard["ShardId"], 0)
                for lane in lanes:
                    lane.done(records)

    def __iter__(self) -> Iterator[Event]:
        for lane, batch in self._batches():
            records = self.give_up_old(lane, batch)
            if records:
                yield self._event(records)
                lane.done(records)

    def deliver(self, handler: Handler) -> int:
        """Call `handler(event, None)` with all batches there are; how many calls succeeded.

        A batch that fails is tried again up to `maximum_retry_attempts`, and then goes to `failures`.
        Without such a maximum the shard stops there for this time, the other shards are delivered, and
        then the first exception is raised: the next call begins with the batch that failed.
        """
        delivery = _Delivery(self, handler)
        for lane, records in self._batches():
            delivery.deliver(lane, records)
        if delivery.error is not None:
            raise delivery.error
        return delivery.succeeded

    def _batches(self) -> Iterator[tuple[_Lane, list[Record]]]:
        """Batches until there are none; a lane that does not advance, and what comes after it, waits."""
        blocked: set[int] = set()
        found = True
        while found:
            found = False
            waiting: set[str] = set()
            shards, key = self._describe()
            for shard in shards:
                shard_id = shard["ShardId"]
                if shard.get("ParentShardId") in waiting:
                    waiting.add(shard_id)
                    continue
                lanes = self._lanes_of(shard_id)
                for lane, records in self._batches_of(lanes, key):
                    if id(lane) in blocked:
                        continue
                    found = True
                    yield lane, records
                    if lane.position < _number(records[-1]):
                        blocked.add(id(lane))
                if any(id(lane) in blocked for lane in lanes):
                    waiting.add(shard_id)

    def _batches_of(self, lanes: list[_Lane], key: str) -> Iterator[tuple[_Lane, list[Record]]]:
        """The batches of a shard, those of its lanes by turns."""
        parts: list[list[Record]] = [[] for _ in lanes]
        for record in self._read(lanes[0].shard_id, min(lane.position for lane in lanes)):
            place = _place(record["dynamodb"]["Keys"][key], len(lanes))
            if _number(record) > lanes[place].position and self._passes(record):
                parts[place].append(record)
        size = self.batch_size
        for start in range(0, max(map(len, parts)), size):
            for lane, part in zip(lanes, parts, strict=True):
                batch = part[start : start + size]
                if len(batch) == size or (batch and self._waited(batch)):
                    yield lane, batch

    def _waited(self, batch: list[Record]) -> bool:
        """Whether a batch that is not full has waited for more records as long as it may."""
        return self._now() >= _arrival(batch[0]) + self.maximum_batching_window

    def give_up_old(self, lane: _Lane, records: list[Record]) -> list[Record]:
        """The records of a batch that are young enough; the others go to `failures`."""
        if self.maximum_record_age < 0:
            return records
        oldest = self._now() - self.maximum_record_age
        old = [record for record in records if _arrival(record) < oldest]
        if old:
            self.failures.append(self.failure(lane, old, "RecordAgeExceeded", 0))
            lane.done(old)
        return records[len(old) :]

    def failure(
        self,
        lane: _Lane,
        records: list[Record],
        condition: str,
        attempts: int,
        function: str = "handler",
        raised: bool = False,
    ) -> dict[str, Any]:
        """What an on-failure destination gets for a batch that was given up.

        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
        """
        first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
        region, account = self.stream_arn.split(":")[3:5]
        place = f"{self.stream_arn}/{lane.shard_id}/{first['SequenceNumber']}/{attempts}"
        return {
            "requestContext": {
                "requestId": str(UUID(bytes=blake2b(place.encode(), digest_size=16).digest(), version=4)),
                "functionArn": f"arn:aws:lambda:{region}:{account}:function:{function}",
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                **({"functionError": "Unhandled"} if raised else {}),
            },
            "version": "1.0",
            "timestamp": _text(self._now(), "milliseconds"),
            "DDBStreamBatchInfo": {
                "shardId": lane.shard_id,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _text(_arrival(records[0]), "seconds"),
                "approximateArrivalOfLastRecord": _text(_arrival(records[-1]), "seconds"),
                "batchSize": len(records),
                "streamArn": self.stream_arn,
            },
        }

    def _lanes_of(self, shard_id: str) -> list[_Lane]:
        if shard_id not in self._lanes:
            self._lanes[shard_id] = [_Lane(shard_id) for _ in range(self.parallelization_factor)]
        return self._lanes[shard_id]

    def _describe(self) -> tuple[list[dict[str, Any]], str]:
        """The shards, parents first, and the name of the partition key; none of a stream that is gone."""
        shards: list[dict[str, Any]] = []
        start: dict[str, str] = {}
        while True:
            try:
                answer = self._client.describe_stream(StreamArn=self.stream_arn, **start)
            except self._client.exceptions.ResourceNotFoundException:
                return [], ""
            described = answer["StreamDescription"]
            shards += described["Shards"]
            if "LastEvaluatedShardId" not in described:
                return shards, described["KeySchema"][0]["AttributeName"]
            start = {"ExclusiveStartShardId": described["LastEvaluatedShardId"]}

    def _read(self, shard_id: str, position: int) -> list[Record]:
        """All records of a shard behind a position that are not trimmed."""
        iterator: str | None = self._iterator(shard_id, position)
        records: list[Record] = []
        while iterator is not None:
            page = self._client.get_records(ShardIterator=iterator)
            records += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
        return [_lambda_record(record, self.stream_arn) for record in records]

    def _iterator(self, shard_id: str, position: int) -> str:
        place = {"StreamArn": self.stream_arn, "ShardId": shard_id}
        if position:
            try:
                answer = self._client.get_shard_iterator(
                    **place, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=str(position)
                )
                return str(answer["ShardIterator"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "TrimmedDataAccessException":
                    raise
        answer = self._client.get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")
        return str(answer["ShardIterator"])

    def _passes(self, record: Record) -> bool:
        return not self._patterns or any(matches(pattern, record) for pattern in self._patterns)

    def _event(self, records: Sequence[Record]) -> Event:
        # A function may change what it gets.
        return {"Records": json.loads(json.dumps(records))}


@define(eq=False)
class _Delivery:
    """One call of `deliver`."""

    mapping: EventSourceMapping
    handler: Handler
    succeeded: int = 0
    error: Exception | None = None
    #: Whether the last call raised an exception.
    raised: bool = False

    def deliver(self, lane: _Lane, records: list[Record]) -> bool:
        """Deliver a batch, parts of it if need be; whether the lane may go on behind it."""
        mapping = self.mapping
        attempts = 0
        records = mapping.give_up_old(lane, records)
        if not records:
            return True
        while True:
            done = self._call(records)
            lane.done(records[:done])
            records = records[done:]
            if not records:
                return True
            attempts += 1
            # A batch that is divided is not counted as tried again.
            if mapping.bisect_on_error and done:
                attempts = 0
                continue
            if mapping.bisect_on_error and len(records) > 1:
                middle = len(records) // 2
                return self.deliver(lane, records[:middle]) and self.deliver(lane, records[middle:])
            if mapping.maximum_retry_attempts < 0:
                if not done:
                    return False
            elif attempts > mapping.maximum_retry_attempts:
                name = getattr(self.handler, "__name__", type(self.handler).__name__)
                mapping.failures.append(
                    mapping.failure(lane, records, "RetryAttemptsExhausted", attempts, name, self.raised)
                )
                lane.done(records)
                return True

    def _call(self, records: list[Record]) -> int:
        """Call the function; how many records, from the first one on, are done with."""
        self.raised = False
        try:
            answer = self.handler(self.mapping._event(records), None)
        except Exception as error:
            self.raised = True
            if self.mapping.maximum_retry_attempts < 0 and len(records) == self._smallest(records):
                self.error = self.error or error
            return 0
        done = len(records)
        if self.mapping.report_batch_item_failures and isinstance(answer, Mapping):
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            failed = answer.get("batchItemFailures") or []
            for failure in failed if isinstance(failed, list | tuple) else [None]:
                identifier = failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
                # What names no record makes the whole batch fail, as on Lambda.
                done = min(done, numbers.index(identifier) if identifier in numbers else 0)
        if done:
            self.succeeded += 1
        return done

    def _smallest(self, records: list[Record]) -> int:
        """Of what size a batch is not divided any more."""
        return 1 if self.mapping.bisect_on_error else len(records)


def _check_range(name: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise UsageError(f"{name} must be from {lowest} to {highest}; it was {value}.")


def _arrival(record: Record) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


def _text(seconds: float, precision: str) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{moment.isoformat(timespec=precision).removesuffix('+00:00')}Z"


def _number(record: Record) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def _place(key: Any, lanes: int) -> int:
    return crc32(json.dumps(key).encode()) % lanes


def _lambda_record(record: Record, stream_arn: str) -> Record:
    details = _json(record["dynamodb"])
    details["ApproximateCreationDateTime"] = int(
        record["dynamodb"]["ApproximateCreationDateTime"].timestamp()
    )
    shown = {**record, "dynamodb": details, "eventSourceARN": stream_arn}
    if "userIdentity" in record:
        identity = record["userIdentity"]
        shown["userIdentity"] = {"type": identity["Type"], "principalId": identity["PrincipalId"]}
    return shown


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_json(member) for member in value]
    return b64encode(value).decode() if isinstance(value, bytes) else value
