"""The garbage collector, kept out of the way while many objects are made that all stay."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, get_ident

from ddbha.interruptions import uninterrupted

#: The threads that pause it now, each as often as it does, and whether it was enabled before the first.
_pausing: list[int] = []
_enabled = False
#: Held while that changes.
_changing = Lock()


@contextmanager
def collector_paused() -> Iterator[None]:
    """No collection within: it would look at millions of new objects again and again, and free none.

    When the last pause ends, of those within others and of those in other threads, it is enabled again if
    it was before the first.
    """
    _begin()
    try:
        yield
    finally:
        _end()


def _begin() -> None:
    global _enabled
    with _changing, uninterrupted:
        if not _pausing:
            _enabled = gc.isenabled()
            gc.disable()
        _pausing.append(get_ident())


def _end() -> None:
    with _changing, uninterrupted:
        _pausing.remove(get_ident())
        if _enabled and not _pausing:
            gc.enable()


def _go_on_alone() -> None:
    """In the child of a fork no other thread ends its pause."""
    here = [thread for thread in _pausing if thread == get_ident()]
    if _enabled and _pausing and not here:
        gc.enable()
    _pausing[:] = here
    _changing.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_changing.acquire, after_in_parent=_changing.release, after_in_child=_go_on_alone
    )
