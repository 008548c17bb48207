"""One committed write."""

from __future__ import annotations

from attrs import frozen

from ddbha.values.image import Image
from ddbha.values.key import ItemKey


@frozen(eq=False)
class LogRecord:
    """A write of one item: what was there before and what is there after.

    `sequence` counts the records of one partition from 1 without gaps; `time` is in seconds since the
    epoch on the clock of the region that took the write; `origin` is that region's name.  `old` or
    `new` is None where the item does not exist.  `cause` names a writer other than a client, such as
    the expiry of an item.
    """

    sequence: int
    term: int
    time: float
    origin: str
    key: ItemKey
    old: Image | None
    new: Image | None
    cause: str | None = None
