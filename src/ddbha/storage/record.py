"""One committed write."""

from __future__ import annotations

from typing import NamedTuple

from attrs import frozen

from ddbha.values.image import Image
from ddbha.values.key import ItemKey


class Stamp(NamedTuple):
    """When and where an item was written: the later stamp wins, and between equal times the region."""

    microseconds: int
    region: str


class Version(NamedTuple):
    """The stamp of a write, and the stamp of what its region held of the item before."""

    stamp: Stamp
    base: Stamp


@frozen(eq=False)
class LogRecord:
    """A write of one item: what was there before and what is there after.

    `sequence` counts the records of one partition from 1 without gaps; `time` is in seconds since the
    epoch on the world's clock when this region committed the write; `origin` is the name of the region
    that a client wrote in, and `version` what that region called the write if it is not this one.
    `old` or `new` is None where the item does not exist.  `cause` names a writer other than a client,
    such as the expiry of an item.
    """

    sequence: int
    term: int
    time: float
    origin: str
    key: ItemKey
    old: Image | None
    new: Image | None
    cause: str | None = None
    version: Version | None = None
