"""The methods of botocore and aiobotocore that are replaced while a mock is active."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

import botocore.session
from botocore.client import BaseClient

from ddbha.api.wire.model import SERVICES
from ddbha.boto import internals, prototypes, sessions
from ddbha.boto.pacing import paced
from ddbha.boto.transport import InProcessTransport, Transport
from ddbha.clock import Clock
from ddbha.testing import network, surroundings
from ddbha.testing.activation import innermost

#: pytest leaves the frames of this module out of tracebacks: a failing test is about its own lines.
__tracebackhide__ = True


def take() -> None:
    """Replace the methods of all modules that have been imported, and of those that will be."""
    for seat in _SEATS:
        seat.take()
    for base in (BaseClient, botocore.session.Session):
        base.__init_subclass__ = classmethod(_class_arrives)  # type: ignore[assignment]


def leave() -> None:
    """Put the methods back."""
    for base in (BaseClient, botocore.session.Session):
        del base.__init_subclass__
    for seat in _SEATS:
        seat.leave()


def _class_arrives(cls: Any, /, **arguments: Any) -> None:
    """aiobotocore is imported while a mock is active: its classes are derived from botocore's."""
    object.__init_subclass__(**arguments)
    for seat in _SEATS:
        if (cls.__module__, cls.__name__) == (seat.module, seat.owner):
            seat.sit_on(cls)


class _Seat:
    """A method that is replaced."""

    def __init__(self, place: internals.Place, replace: Callable[..., Any]) -> None:
        self.module, self.owner, self._name = place
        self._replace = replace
        self._taken: tuple[type, Any, Any] | None = None

    def take(self) -> None:
        """Replace the method if its module has been imported."""
        owner = getattr(sys.modules.get(self.module), self.owner, None)
        if owner is not None:
            self.sit_on(owner)

    def sit_on(self, owner: type) -> None:
        """Replace the method of `owner`, unless a test has put its own function there: that one decides
        what is called, and calls that it passes on are answered where the network would be."""
        original = vars(owner)[self._name]
        if not _is_genuine(original):
            return
        replacement = functools.wraps(original)(self._replace(original))
        setattr(owner, self._name, replacement)
        self._taken = owner, original, replacement

    def leave(self) -> None:
        """Put the original back, unless somebody has wrapped the replacement, which then passes on."""
        if self._taken is not None:
            (owner, original, replacement), self._taken = self._taken, None
            if vars(owner)[self._name] is replacement:
                setattr(owner, self._name, original)


def _is_genuine(method: Any) -> bool:
    """Whether a method is botocore's own, through all its decorators."""
    while isinstance(method, FunctionType):
        if method.__globals__["__name__"].partition(".")[0] not in ("boto3", "botocore", "aiobotocore"):
            return False
        if not hasattr(method, "__wrapped__"):
            return True
        method = method.__wrapped__
    return False


def _serving(find_kind: Callable[[], type[Transport]]) -> Callable[..., Any]:
    def replace(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: BaseClient, operation_name: str, api_params: dict[str, Any]) -> Any:
            activation = innermost()
            if activation is None:
                return original(self, operation_name, api_params)
            service = self.meta.service_model.service_name
            if service not in SERVICES or activation.lets_through(service, self.meta.endpoint_url):
                return original(self, operation_name, api_params)
            return activation.transport(self, find_kind())(operation_name, api_params)

        return call

    return replace


def _waiting(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_waiter(self: BaseClient, waiter_name: str) -> Any:
        waiter = original(self, waiter_name)
        if self.meta.service_model.service_name not in SERVICES:
            return waiter
        return paced(waiter, _active_clock)

    return get_waiter


def _active_clock() -> Clock | None:
    activation = innermost()
    return None if activation is None else activation.world.clock


def _creating(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_client(self: Any, service_name: str, *args: Any, **options: Any) -> Any:
        if args or service_name not in SERVICES or innermost() is None:
            return original(self, service_name, *args, **options)
        create = functools.partial(original, self, service_name)
        return prototypes.of_session(self, service_name, options, create)

    return _needing_no_credentials(create_client)


def _needing_no_credentials(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_client(self: Any, service_name: str, *args: Any, **options: Any) -> Any:
        # Where nobody gives credentials botocore would look for them in files and on the network.
        given = (
            len(args) > _CREDENTIALS_POSITION
            or options.get("aws_access_key_id")
            or options.get("aws_secret_access_key")
            or internals.session_credentials(self)
        )
        if service_name in SERVICES and not given and innermost() is not None:
            options.update(surroundings.credentials())
        return original(self, service_name, *args, **options)

    return create_client


def _sharing_models(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_component(self: Any, name: str) -> Any:
        component = original(self, name)
        if name == "data_loader":
            sessions.share_models(component)
        return component

    return get_component


def _sharing_handlers(original: Callable[..., Any]) -> Callable[..., Any]:
    def register_builtin_handlers(self: Any, events: Any) -> None:
        sessions.register_handlers(lambda: original(self, events), events)

    return register_builtin_handlers


def _sharing_more_handlers(original: Callable[..., Any]) -> Callable[..., Any]:
    def register_default_handlers(self: Any) -> None:
        sessions.register_more(lambda: original(self), self.events)

    return register_default_handlers


#: How many arguments come between the service's name and the access key.
_CREDENTIALS_POSITION = 5


def _in_process() -> type[Transport]:
    return InProcessTransport


def _asynchronous() -> type[Transport]:
    from ddbha.boto.asyncio import AsyncTransport

    return AsyncTransport


_SEATS = (
    _Seat(internals.CALLS, _serving(_in_process)),
    _Seat(("botocore.client", "BaseClient", "get_waiter"), _waiting),
    _Seat(internals.CREATIONS, _creating),
    _Seat(internals.COMPONENTS, _sharing_models),
    _Seat(internals.HANDLERS, _sharing_handlers),
    _Seat(internals.MORE_HANDLERS, _sharing_more_handlers),
    _Seat(internals.SENDING, network.sealed),
    _Seat(internals.ASYNC_CALLS, _serving(_asynchronous)),
    _Seat(("aiobotocore.client", "AioBaseClient", "get_waiter"), _waiting),
    _Seat(internals.ASYNC_CREATIONS, _needing_no_credentials),
    _Seat(internals.ASYNC_SENDING, network.sealed_async),
)
