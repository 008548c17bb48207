"""Who listens to a client's events.

Emitting an event that only botocore's own idle handlers hear costs more than a whole write, so the
transport asks first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.handlers import generate_idempotent_uuid
from botocore.hooks import BaseEventHooks
from botocore.model import OperationModel
from botocore.retryhandler import RetryHandler

Handler = Callable[..., Any]

#: The events of a call that goes well, in botocore's order.
EVENTS = (
    "provide-client-params",
    "before-parameter-build",
    "before-call",
    "request-created",
    "before-send",
    "before-parse",
    "response-received",
    "needs-retry",
    "after-call",
)

#: Built-in handlers: they sign and complete an HTTP request, look for endpoints, stand for the network
#: (moto's), or limit the rate by the machine's time, for which `ddbha.boto.pacing` has its own.
_IDLE_MODULES = (
    "botocore.handlers",
    "botocore.discovery",
    "botocore.signers",
    "botocore.useragent",
    "botocore.retries.adaptive",
    "aiobotocore.handlers",
    "aiobotocore.discovery",
    "aiobotocore.signers",
    "aiobotocore.retries.adaptive",
    "moto.",
)


class Listeners:
    """The handlers of one client's events that could make a difference to a call that goes well."""

    def __init__(self, events: BaseEventHooks, service_id: str) -> None:
        self._emitter: Any = getattr(events, "_emitter", events)
        self._service_id = service_id
        self._heard: dict[str, dict[str, list[Handler]]] = {}
        self._registrations: object = None

    def of(self, model: OperationModel) -> dict[str, list[Handler]]:
        """Handlers by event, in the order of their turns; an event that nobody hears is left out."""
        # The emitter starts a new cache whenever a handler comes or goes.
        registrations = self._emitter._lookup_cache
        if registrations is not self._registrations:
            self._heard, self._registrations = {}, registrations
        heard = self._heard.get(model.name)
        if heard is None:
            heard = self._heard[model.name] = self._look_up(model)
        return heard

    def _look_up(self, model: OperationModel) -> dict[str, list[Handler]]:
        heard = {}
        for event in EVENTS:
            name = f"{event}.{self._service_id}.{model.name}"
            handlers = [h for h in self._emitter._handlers.prefix_search(name) if not _is_idle(h, model)]
            if handlers:
                heard[event] = handlers
        return heard


def _is_idle(handler: Handler, model: OperationModel) -> bool:
    if isinstance(handler, RetryHandler):
        # The legacy mode has nothing to say about a success.
        return True
    if handler is generate_idempotent_uuid:
        return not model.idempotent_members
    return str(getattr(handler, "__module__", None)).startswith(_IDLE_MODULES)
