"""What all sessions of botocore have in common, put together once for a process.

A session parses megabytes of service models and registers some 140 handlers, a tenth of a second, and a
test that calls `boto3.client` within a mock makes a session.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Hashable
from typing import Any

import boto3
from botocore import handlers
from botocore.loaders import Loader

from ddbha.boto import internals

#: The models that packages bring do not change; those of a user in ~/.aws or AWS_DATA_PATH may.
_PACKAGED = {Loader.BUILTIN_DATA_PATH, os.path.join(os.path.dirname(boto3.__file__), "data")}

#: What loaders have read, by where they look.
_read: dict[tuple[str, ...], dict[Hashable, Any]] = {}
#: An emitter with botocore's own handlers, and which these were.
_ready: tuple[list[Any], Any] | None = None


class _Models:
    """The cache of a loader, shared with all that look for models in the same places."""

    def __init__(self, places: list[str]) -> None:
        self._places = places
        self._seen = -1
        self._shelf: dict[Hashable, Any] = {}

    def _models(self) -> dict[Hashable, Any]:
        # boto3 adds a place to a loader that it has got from botocore.
        if len(self._places) != self._seen:
            self._seen = len(self._places)
            places = tuple(filter(os.path.isdir, self._places))
            self._shelf = _read.setdefault(places, {}) if _PACKAGED.issuperset(places) else {}
        return self._shelf

    def __contains__(self, key: Hashable) -> bool:
        return key in self._models()

    def __getitem__(self, key: Hashable) -> Any:
        return self._models()[key]

    def __setitem__(self, key: Hashable, value: Any) -> None:
        self._models()[key] = value


def share_models(loader: Any) -> None:
    """Let a loader find what others have read already; one of a kind of its own is left alone."""
    if type(loader) is Loader and not isinstance(internals.loaded(loader), _Models):
        internals.let_loaded_be(loader, _Models(loader.search_paths))


def register_handlers(register: Callable[[], None], events: Any) -> None:
    """As `register`, which gives a new session's events the handlers of `botocore.handlers`."""
    global _ready
    emitter = internals.emitter(events)
    # Others append to the list, as moto does.
    wanted = handlers.BUILTIN_HANDLERS
    if not internals.hears_nothing(emitter):
        register()
    elif _ready is None or _ready[0] != wanted:
        register()
        internals.share_handlers(emitter)
        _ready = list(wanted), copy.copy(emitter)
    else:
        internals.let_handlers_be(emitter, _ready[1])
