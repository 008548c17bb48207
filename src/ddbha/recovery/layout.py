"""Where the files of exports and bulk operations lie in a bucket, and how their manifests are put there.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5

from ddbha.recovery.objects import ObjectStore
from ddbha.region.region import utc


def root(prefix: str) -> str:
    """The folder of all exports and bulk operations that are given one prefix."""
    prefix = prefix.rstrip("/")
    return f"{prefix}/AWSDynamoDB" if prefix else "AWSDynamoDB"


def folder(prefix: str, arn: str) -> str:
    """The folder of one of them."""
    return f"{root(prefix)}/{arn.rpartition('/')[2]}"


def put_started(store: ObjectStore, bucket: str, place: str) -> None:
    """Put the empty file that shows that the bucket can be written to; `ObjectError` if it cannot."""
    store.put(bucket, f"{place}/_started", b"")


def put_with_checksum(store: ObjectStore, bucket: str, name: str, data: bytes) -> None:
    """Put a JSON file, and its checksum beside it."""
    store.put(bucket, f"{name}.json", data)
    store.put(bucket, f"{name}.md5", checksum(data).encode())


def checksum(data: bytes) -> str:
    """The MD5 sum of a file in base64."""
    return b64encode(md5(data, usedforsecurity=False).digest()).decode()


def timestamp(time: float) -> str:
    """A time as manifests show it, with milliseconds."""
    return utc(time).isoformat(timespec="milliseconds").replace("+00:00", "Z")
