"""The checker: what must hold in a world whatever failed in it.

`invariants` looks at what the replicas hold, `histories` at what clients were told; `linearizability` is
the search behind the latter, and works on any history that is written down.  `records` keeps what was
written while a history was recorded; `logged` compares it with what was asked for, and `durability`,
`conflicts`, `streams`, `expiry` and `restores` with what came of it.  What requests mean is read by
`terms`, `asked`, `statements` and `pages`, and evaluated by `expressions`: none of it is the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable

from ddbha.observe.events import Event
from ddbha.region.region import Region
from ddbha.verify.conflicts import verify_conflicts
from ddbha.verify.durability import verify_durability
from ddbha.verify.expiry import verify_expiry
from ddbha.verify.histories import verify_history
from ddbha.verify.history import History
from ddbha.verify.invariants import verify_state
from ddbha.verify.logged import verify_logged
from ddbha.verify.pages import verify_pages
from ddbha.verify.restores import verify_restores
from ddbha.verify.streams import verify_streams

__all__ = ["verify", "verify_history", "verify_recorded", "verify_state"]


def verify(
    regions: Iterable[Region], now: float, history: History | None = None, events: Iterable[Event] = ()
) -> None:
    """Raise `InvariantError` if anything holds that never may, in the state or in the history."""
    regions = list(regions)
    verify_state(regions, now)
    if history is not None and history.recording:
        verify_recorded(history, regions, events)


def verify_recorded(history: History, regions: Iterable[Region], events: Iterable[Event] = ()) -> None:
    """Raise `InvariantError` if what clients were told, or what came of what was written, cannot be."""
    regions = list(regions)
    verify_history(history, events)
    verify_pages(history)
    verify_durability(history)
    verify_logged(history)
    verify_conflicts(history)
    verify_streams(history, regions)
    verify_expiry(history)
    verify_restores(history, regions)
