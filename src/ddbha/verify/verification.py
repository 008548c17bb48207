"""All that is checked, in the order in which a failure of the one explains those of the next."""

from __future__ import annotations

from collections.abc import Iterable

from ddbha.observe.events import Event
from ddbha.region.region import Region
from ddbha.verify.conflicts import verify_conflicts
from ddbha.verify.counts import verify_counts
from ddbha.verify.durability import verify_durability
from ddbha.verify.expiry import verify_expiry
from ddbha.verify.histories import verify_history
from ddbha.verify.history import History
from ddbha.verify.invariants import verify_state
from ddbha.verify.logged import verify_logged
from ddbha.verify.pages import verify_pages
from ddbha.verify.restores import verify_restores
from ddbha.verify.streams import verify_streams


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
    verify_counts(history)
    verify_durability(history)
    verify_logged(history)
    verify_conflicts(history)
    verify_streams(history, regions)
    verify_expiry(history)
    verify_restores(history, regions)
