"""Kinesis destinations: the writes of a table as records of a Kinesis data stream.

A world has no Kinesis; what would be put to a stream is collected for whoever wants to read it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
"""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from math import inf
from typing import Any
from uuid import UUID

from attrs import Factory, define

from ddbha.followers.stream import changes_nothing
from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.partitions import Partitions
from ddbha.storage.record import LogRecord
from ddbha.values.attribute import item_size
from ddbha.values.image import size_of, unpack
from ddbha.values.key import ItemKey, KeySchema

#: Seconds that a stream keeps its records: what Kinesis does unless more is asked of it.
#: https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html
RETENTION = 24 * 60 * 60
#: Who removes expired items.
SERVICE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


@define(eq=False)
class KinesisStreams(Mapping[str, "list[dict[str, Any]]"]):
    """The records of Kinesis data streams by the ARN of the stream, each as its JSON data would be read.

    Records of one item are in order; those of a moment in different partitions come in any order.
    They are kept for a day.
    """

    #: Seconds since the epoch.
    _now: Callable[[], float]
    #: The time and the content of each record.
    _records: dict[str, deque[tuple[float, dict[str, Any]]]] = Factory(dict)
    _destinations: list[Destination] = Factory(list)

    def add(self, destination: Destination) -> None:
        """Let a destination deliver to its stream."""
        self._records.setdefault(destination.stream_arn, deque())
        self._destinations.append(destination)

    def remove(self, destination: Destination) -> None:
        """The destination delivers what it has, and nothing more."""
        self._deliver()
        self._destinations.remove(destination)

    def clear(self) -> None:
        """Forget everything."""
        self._records.clear()
        self._destinations.clear()

    def _deliver(self) -> None:
        for destination in self._destinations:
            self._records[destination.stream_arn] += destination.take()
        horizon = self._now() - RETENTION
        for records in self._records.values():
            while records and records[0][0] < horizon:
                records.popleft()

    def __getitem__(self, stream_arn: str) -> list[dict[str, Any]]:
        self._deliver()
        return [record for _, record in self._records[stream_arn]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


@define(eq=False)
class Destination:
    """A Kinesis data stream that the writes of a table go to."""

    stream_arn: str
    table_name: str
    table_id: str
    schema: KeySchema
    partitions: Partitions
    region: str
    #: MILLISECOND or MICROSECOND; None stands for the first, and is not shown.
    precision: str | None = None
    status: str = "ENABLING"
    description: str | None = None
    _followers: list[DestinationFollower] = Factory(list)
    #: What was written since records were last taken, with the partition's beginning and the precision.
    _written: deque[tuple[ItemKey, LogRecord, str | None]] = Factory(deque)

    @property
    def live(self) -> bool:
        """Whether it delivers, or is about to begin or to end with it."""
        return self.status not in ("DISABLED", "ENABLE_FAILED")

    def attach(self) -> None:
        """Take in what is written from now on."""
        self.partitions.attach(self._follow)

    def _follow(self, partition: Partition) -> DestinationFollower:
        follower = DestinationFollower(partition, self)
        self._followers.append(follower)
        return follower

    def detach(self) -> None:
        """Take in the last writes."""
        self._catch_up()
        self._followers.clear()
        for partition in self.partitions:
            partition.followers = [
                follower
                for follower in partition.followers
                if not (isinstance(follower, DestinationFollower) and follower.destination is self)
            ]

    def replace(self, follower: DestinationFollower, successor: DestinationFollower) -> None:
        """A partition was split: a successor of its follower reads a half of it."""
        if follower in self._followers:
            self._followers.remove(follower)
        self._followers.append(successor)

    def set_precision(self, precision: str) -> None:
        """Change how exact the times of records are, from the next write on."""
        self._catch_up()
        self.precision = precision

    def take(self) -> list[tuple[float, dict[str, Any]]]:
        """The records since they were last taken, each with its time, in the order of that."""
        self._catch_up()
        written = sorted(self._written, key=lambda entry: entry[1].time)
        self._written.clear()
        return [(entry[1].time, self._shown(*entry)) for entry in written]

    def _catch_up(self) -> None:
        for follower in self._followers:
            follower.catch_up(inf)

    def put(self, partition: Partition, record: LogRecord) -> None:
        """Take in one write, and forget those that are too old by now for anybody to read."""
        while self._written and self._written[0][1].time < record.time - RETENTION:
            self._written.popleft()
        self._written.append((partition.low, record, self.precision))

    def _shown(self, low: ItemKey, record: LogRecord, precision: str | None) -> dict[str, Any]:
        old = None if record.old is None else unpack(record.old)
        new = None if record.new is None else unpack(record.new)
        item = old if new is None else new
        assert item is not None, "a write that is put changes something"
        keys = self.schema.of(item)
        size = item_size(keys) + sum(size_of(image) for image in (record.old, record.new) if image)
        microseconds = round(record.time * 1_000_000)
        exact = precision == "MICROSECOND"
        details: dict[str, Any] = {
            "ApproximateCreationDateTime": microseconds if exact else microseconds // 1000,
            "Keys": _encoded(keys),
        }
        if new is not None:
            details["NewImage"] = _encoded(new)
        if old is not None:
            details["OldImage"] = _encoded(old)
        details["SizeBytes"] = size
        if exact:
            details["ApproximateCreationDateTimePrecision"] = precision
        by_service = record.cause == "ttl" and record.origin == self.region
        return {
            "awsRegion": self.region,
            "eventID": self._event_id(low, record),
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "userIdentity": dict(SERVICE) if by_service else None,
            "recordFormat": "application/json",
            "tableName": self.table_name,
            "dynamodb": details,
            "eventSource": "aws:dynamodb",
        }

    def _event_id(self, low: ItemKey, record: LogRecord) -> str:
        # The id tells a table from a later one of that name, and halves of a partition from each other.
        text = f"{self.stream_arn} {self.table_id} {low} {record.sequence}"
        return str(UUID(bytes=blake2b(text.encode(), digest_size=16).digest(), version=4))


@define(eq=False)
class DestinationFollower(PartitionFollower):
    """Puts the writes of one partition to a destination."""

    destination: Destination

    def apply(self, record: LogRecord) -> None:
        if not changes_nothing(record):
            self.destination.put(self.partition, record)

    def successor(self, partition: Partition) -> DestinationFollower:
        self.catch_up(inf)
        follower = DestinationFollower(
            partition, self.destination, applied_sequence=partition.acknowledged_sequence
        )
        self.destination.replace(self, follower)
        return follower


def _encoded(value: Any) -> Any:
    """Attribute values as JSON: what is binary is encoded by DynamoDB, and again by the stream."""
    if isinstance(value, dict):
        return {name: _encoded(content) for name, content in value.items()}
    if isinstance(value, list):
        return [_encoded(content) for content in value]
    if isinstance(value, bytes):
        return b64encode(b64encode(value)).decode()
    return value
