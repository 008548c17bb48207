"""What a client token stands for: the request that came with it, kept small, for ten minutes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-apis-txwriteitems
"""

from __future__ import annotations

import marshal
from typing import Any

from attrs import Factory, define, frozen

from ddbha.errors import IdempotentParameterMismatchException

#: Seconds that a token is known after its request succeeded.
TOKEN_LIFETIME = 600.0


@frozen(eq=False)
class Requested:
    """The part of a request that must be the same when its token comes again.

    Packed, it costs a fraction of a copy in time and memory, and shares nothing with the caller.
    """

    _packed: bytes

    @classmethod
    def of(cls, requested: Any) -> Requested:
        """Keep what was asked for."""
        return cls(marshal.dumps(requested))

    def check(self, requested: Any) -> None:
        """Raise `IdempotentParameterMismatchException` unless it is asked for again."""
        if marshal.dumps(requested) == self._packed:
            return
        # Equal requests may be packed to other bytes; these here were packed above.
        if marshal.loads(self._packed) != requested:
            raise IdempotentParameterMismatchException(
                "The provided idempotency token was already used with different request parameters"
            )


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
