"""What all sessions of botocore have in common, put together once for a process.

A session parses megabytes of service models and registers some 140 handlers, a tenth of a second, and a
test that calls `boto3.client` within a mock makes a session.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary

import boto3
from botocore import handlers
from botocore.loaders import Loader

from ddbha.boto import internals

#: The models that packages bring do not change; those of a user in ~/.aws or AWS_DATA_PATH may.
_PACKAGED = {Loader.BUILTIN_DATA_PATH, os.path.join(os.path.dirname(boto3.__file__), "data")}

#: What loaders have read, by where they look.
_read: dict[tuple[str, ...], dict[Hashable, Any]] = {}
#: Botocore's own handlers when they were registered, an emitter that has them, and the events above it.
_ready: tuple[list[Any], Any, Any] | None = None
#: What was registered with whose events when botocore, and boto3, had registered all of theirs.
_registered: WeakKeyDictionary[Any, tuple[object, Hashable]] = WeakKeyDictionary()


class _Models:
    """The cache of a loader, shared with all that look for models in the same places."""

    def __init__(self, places: list[str]) -> None:
        self._places = places
        self._seen = -1
        self._shelf: dict[Hashable, Any] = {}

    def places(self) -> tuple[str, ...] | None:
        """Where the loader looks, None if models of the user may be there."""
        places = tuple(filter(os.path.isdir, self._places))
        return places if _PACKAGED.issuperset(places) else None

    def _models(self) -> dict[Hashable, Any]:
        # boto3 adds a place to a loader that it has got from botocore.
        if len(self._places) != self._seen:
            self._seen = len(self._places)
            places = self.places()
            self._shelf = {} if places is None else _read.setdefault(places, {})
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


def places(loader: Any) -> tuple[str, ...] | None:
    """Where a loader looks for models if they are those that packages bring, else None."""
    models = internals.loaded(loader) if type(loader) is Loader else None
    return models.places() if isinstance(models, _Models) else None


def register_handlers(register: Callable[[], None], events: Any) -> None:
    """As `register`, which gives a new session's events the handlers of `botocore.handlers`."""
    global _ready
    emitter = internals.emitter(events)
    # Others append to the list, as moto does.
    wanted = handlers.BUILTIN_HANDLERS
    if not internals.hears_nothing(emitter):
        register()
        return
    if _ready is None or _ready[0] != wanted:
        register()
        internals.share_handlers(emitter)
        _ready = list(wanted), copy.copy(emitter), events
    else:
        internals.let_handlers_be(emitter, _ready[1])
        internals.share_names(events, _ready[2])
    _registered[emitter] = internals.registrations(emitter), _ready[1]


def register_more(register: Callable[[], None], events: Any) -> None:
    """As `register`, which gives the events of a new session of boto3 the handlers that it adds."""
    before = registered(events)
    register()
    if before is not None:
        emitter = internals.emitter(events)
        _registered[emitter] = internals.registrations(emitter), (before, "boto3")


def registered(events: Any) -> Hashable:
    """Whose handlers a session's events have; None if others came to those of botocore and boto3."""
    emitter = internals.emitter(events)
    registrations, whose = _registered.get(emitter, (None, None))
    return whose if registrations is internals.registrations(emitter) else None
