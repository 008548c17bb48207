"""Where exports go and imports come from: buckets of objects, in the world itself or in any S3.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from hashlib import md5
from typing import Any

from attrs import Factory, define


class ObjectError(Exception):
    """A bucket cannot be used.

    `code` is what descriptions of exports and imports show, for example S3NoSuchBucket.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ObjectStore(ABC):
    """Objects by bucket and key.  All methods raise `ObjectError`."""

    @abstractmethod
    def put(self, bucket: str, key: str, data: bytes) -> str:
        """Keep an object, and tell its entity tag."""

    @abstractmethod
    def read(self, bucket: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """The objects whose keys begin with a prefix, in the order of their keys."""


class Objects(dict[str, dict[str, bytes]], ObjectStore):
    """The buckets of a world: `objects[bucket][key]` is an object.

    A bucket is there from when it was first asked for by its name.
    """

    def __missing__(self, bucket: str) -> dict[str, bytes]:
        objects: dict[str, bytes] = {}
        self[bucket] = objects
        return objects

    def put(self, bucket: str, key: str, data: bytes) -> str:
        self._existing(bucket)[key] = data
        return entity_tag(data)

    def read(self, bucket: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        objects = self._existing(bucket)
        return iter(sorted((key, objects[key]) for key in objects if key.startswith(prefix)))

    def _existing(self, bucket: str) -> dict[str, bytes]:
        if bucket not in self:
            raise ObjectError("S3NoSuchBucket", "The specified bucket does not exist")
        return self[bucket]


@define(eq=False)
class Bucketed:
    """Where the objects of a world are: in its own store, or for a while in another one."""

    own: ObjectStore = Factory(Objects)
    #: The store that takes its place, if there is one now.
    instead: Callable[[], ObjectStore | None] = lambda: None

    @property
    def store(self) -> ObjectStore:
        """Where exports go and imports come from now."""
        return self.instead() or self.own


@define(eq=False)
class S3Objects(ObjectStore):
    """Any S3 that a boto3 client reaches."""

    client: Any

    def put(self, bucket: str, key: str, data: bytes) -> str:
        try:
            answer = self.client.put_object(Bucket=bucket, Key=key, Body=data)
        except Exception as error:
            raise _error(error) from error
        return str(answer["ETag"]).strip('"')

    def read(self, bucket: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                for entry in page.get("Contents", ()):
                    body = self.client.get_object(Bucket=bucket, Key=entry["Key"])["Body"]
                    yield entry["Key"], body.read()
        except Exception as error:
            raise _error(error) from error


def entity_tag(data: bytes) -> str:
    """The entity tag that S3 gives an object of one uploaded part."""
    return f"{md5(md5(data, usedforsecurity=False).digest(), usedforsecurity=False).hexdigest()}-1"


def _error(error: Exception) -> ObjectError:
    """What went wrong in the client, whatever it was, in the words of a failed export or import."""
    answer = getattr(error, "response", {}).get("Error", {})
    return ObjectError(f"S3{answer.get('Code', 'Error')}", str(answer.get("Message", error)))
