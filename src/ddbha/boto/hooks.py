"""Who listens to a client's events.

Emitting an event that only botocore's own idle handlers hear costs more than a whole write, so the
transport asks first.
"""

from __future__ import annotations

from botocore.hooks import BaseEventHooks
from botocore.model import OperationModel

from ddbha.boto import internals
from ddbha.boto.internals import Handler

#: The events of a call that goes well, in botocore's order.
EVENTS = (
    "provide-client-params",
    "before-parameter-build",
    "before-call",
    "request-created",
    "before-sign",
    "before-send",
    "before-parse",
    "response-received",
    "needs-retry",
    "after-call",
)


class Heard(dict[str, list[Handler]]):
    """Handlers by event, in the order of their turns; an event that nobody hears is left out."""

    #: Whether one of them may look at the number of the attempt.
    counted = False


class Listeners:
    """The handlers of one client's events that could make a difference to a call that goes well."""

    def __init__(self, events: BaseEventHooks, service_id: str) -> None:
        self._emitter = internals.emitter(events)
        self._service_id = service_id
        self._heard: dict[str, Heard] = {}
        self._registrations: object = None

    def of(self, model: OperationModel) -> Heard:
        """Who hears a call of the operation."""
        # The emitter starts a new cache whenever a handler comes or goes.
        registrations = internals.registrations(self._emitter)
        if registrations is not self._registrations:
            self._heard, self._registrations = {}, registrations
        heard = self._heard.get(model.name)
        if heard is None:
            heard = self._heard[model.name] = self._look_up(model)
        return heard

    def _look_up(self, model: OperationModel) -> Heard:
        heard = Heard()
        for event in EVENTS:
            name = f"{event}.{self._service_id}.{model.name}"
            found = internals.handlers(self._emitter, name)
            handlers = [handler for handler in found if not internals.is_idle(handler, model)]
            if not all(map(internals.prepares_header, handlers)):
                heard[event] = handlers
                heard.counted |= not all(map(internals.keeps_quota, handlers))
        return heard
