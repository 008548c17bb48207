"""Texts that a client holds for a while and gives back: page tokens and iterators.

Each is sealed with a key of the world that no client knows, and is read only where the seal is right.
What is inside is JSON or a fixed record of numbers, so that even a forged one could be nothing worse than
wrong.  The key is all that a world's seed does not decide, since anybody may know the seed.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest, digest
from secrets import token_bytes

from attrs import Factory, define

#: Bytes of a seal.
SIZE = 16


@define(eq=False, repr=False)
class Seals:
    """The seals of a world."""

    _key: bytes = Factory(lambda: token_bytes(32))

    def sealed(self, purpose: str, content: bytes) -> bytes:
        """The content behind its seal; a seal for one `purpose` is none for another."""
        return self._seal(purpose, content) + content

    def opened(self, purpose: str, sealed: bytes) -> bytes | None:
        """The content, None if it was not sealed here for this."""
        seal, content = sealed[:SIZE], sealed[SIZE:]
        return content if compare_digest(seal, self._seal(purpose, content)) else None

    def _seal(self, purpose: str, content: bytes) -> bytes:
        # Half a surrogate pair is text too, as far as a client can send it.
        inside = sha256(purpose.encode("utf-8", "surrogatepass")).digest() + content
        return digest(self._key, inside, "sha256")[:SIZE]
