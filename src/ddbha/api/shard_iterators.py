"""Shard iterators: where a reader is in a shard, as text that only this module reads.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
"""

from __future__ import annotations

import struct
from base64 import b64decode, urlsafe_b64encode

from attrs import frozen

from ddbha.api.seals import Seals
from ddbha.errors import ExpiredIteratorException, ValidationException

#: Seconds that an iterator is good for.
LIFETIME = 15 * 60.0
_FORMAT = struct.Struct(">dQ")
_PURPOSE = "ShardIterator "


@frozen
class ShardIterator:
    """A reader is behind `position` of the shard's log."""

    stream_arn: str
    shard_id: str
    position: int
    issued: float

    def text(self, seals: Seals) -> str:
        """The iterator as readers hold it."""
        content = _FORMAT.pack(self.issued, self.position) + self.shard_id.encode()
        sealed = seals.sealed(_PURPOSE + self.stream_arn, content)
        return f"{self.stream_arn}|1|{urlsafe_b64encode(sealed).decode()}"

    @classmethod
    def read(cls, text: str, seals: Seals) -> ShardIterator:
        """The iterator that a text stands for; `ValidationException` if it is none that was given out."""
        stream_arn, _, encoded = text.partition("|1|")
        try:
            sealed = b64decode(encoded, altchars=b"-_", validate=True)
        except ValueError:
            # Also what is no ASCII.
            raise ValidationException("Invalid ShardIterator") from None
        content = seals.opened(_PURPOSE + stream_arn, sealed)
        if content is None:
            raise ValidationException("Invalid ShardIterator")
        issued, position = _FORMAT.unpack_from(content)
        return cls(stream_arn, content[_FORMAT.size :].decode(), position, issued)

    def refuse_old(self, now: float) -> None:
        """Raise `ExpiredIteratorException` if the iterator was given out more than 15 minutes ago."""
        if now - self.issued > LIFETIME:
            raise ExpiredIteratorException("The provided iterator exceeds the maximum age allowed.")
