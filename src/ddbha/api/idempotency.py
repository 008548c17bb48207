"""What a client token stands for: the request that came with it, kept small, for ten minutes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-apis-txwriteitems
"""

from __future__ import annotations

import marshal
from hashlib import blake2b
from json import JSONEncoder
from typing import Any

from attrs import Factory, define, frozen

from ddbha.errors import IdempotentParameterMismatchException

#: Seconds that a token is known after its request succeeded.
TOKEN_LIFETIME = 600.0
#: Bytes of a packed request from which on only a digest is kept, which takes longer to make.
MUCH = 4096


@frozen(eq=False)
class Requested:
    """The part of a request that must be the same when its token comes again.

    Packed, it costs a fraction of a copy in time and memory, and shares nothing with the caller.  Of
    a large one there is only a digest: some have megabytes.
    """

    _packed: bytes
    _digest: bytes = b""

    @classmethod
    def of(cls, requested: Any) -> Requested:
        """Keep what was asked for."""
        packed = marshal.dumps(requested)
        return cls(packed) if len(packed) < MUCH else cls(b"", _digest(requested))

    def check(self, requested: Any) -> None:
        """Raise `IdempotentParameterMismatchException` unless it is asked for again."""
        if self._digest:
            same = self._digest == _digest(requested)
        else:
            # Equal requests may be packed to other bytes; these here were packed above.
            same = marshal.dumps(requested) == self._packed or marshal.loads(self._packed) == requested
        if not same:
            raise IdempotentParameterMismatchException(
                "The provided idempotency token was already used with different request parameters"
            )


def _digest(requested: Any) -> bytes:
    """The same for equal requests, in whatever order their maps are."""
    return blake2b(_in_order(requested).encode(), digest_size=16).digest()


#: What is binary is told from text by being in a list.
_in_order = JSONEncoder(sort_keys=True, default=lambda binary: [bytes(binary).hex()]).encode


@define(eq=False)
class Tokens:
    """The requests of a region that succeeded, by token, the oldest first, with what they did."""

    _known: dict[str, tuple[float, Requested, Any]] = Factory(dict)

    def keep(self, token: str, requested: Requested, effects: Any, now: float) -> None:
        """A request has succeeded; those whose time is over are forgotten."""
        while self._known:
            oldest = next(iter(self._known))
            if self._known[oldest][0] > now:
                break
            del self._known[oldest]
        self._known[token] = (now + TOKEN_LIFETIME, requested, effects)

    def effects(self, token: str, requested: Any, now: float) -> Any:
        """What this very request did if it is known; None for a token that is not.

        Raises `IdempotentParameterMismatchException` for another request.
        """
        known = self._known.get(token)
        if known is None:
            return None
        expires, kept, effects = known
        if now >= expires:
            del self._known[token]
            return None
        kept.check(requested)
        return effects

    def __len__(self) -> int:
        return len(self._known)
