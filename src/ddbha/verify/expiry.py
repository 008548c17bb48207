"""Items expire after the time that they name, never before."""

from __future__ import annotations

from ddbha.errors import InvariantError
from ddbha.followers.expiry import CAUSE
from ddbha.values.image import unpack
from ddbha.verify.history import History
from ddbha.verify.records import Kept


def verify_expiry(history: History) -> None:
    """Raise `InvariantError` if an item expired that had no right to."""
    for known in history.known.values():
        for kept in known.records:
            if kept.record.cause == CAUSE and not _is_expired(kept):
                raise InvariantError(
                    f"{known.region} {known.table.name}: {kept.record.key} expired at "
                    f"{kept.record.time}, before the time that it names"
                )


def _is_expired(kept: Kept) -> bool:
    """Whether the time in the item was over; by the setting before or after it was changed."""
    old = kept.record.old
    item = {} if old is None else unpack(old)
    for attribute in (kept.before.ttl, kept.after.ttl):
        number = item.get(attribute or "", {}).get("N")
        if number is not None and float(number) < kept.record.time:
            return True
    return False
