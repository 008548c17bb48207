"""`ddbha.mock`: plain clients of boto3, botocore and aiobotocore reach a world while it is active."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload
from weakref import WeakKeyDictionary, WeakSet

import botocore.session
from botocore.client import BaseClient
from botocore.credentials import RefreshableCredentials

from ddbha.api.wire.model import SERVICES
from ddbha.boto import internals
from ddbha.boto.clients import account_of_key
from ddbha.boto.pacing import paced
from ddbha.boto.transport import InProcessTransport, Transport
from ddbha.errors import UsageError
from ddbha.world import World

if TYPE_CHECKING:
    from ddbha.clock import Clock

_Target = TypeVar("_Target", bound=Callable[..., Any])


@overload
def mock(target: _Target, /) -> _Target: ...
@overload
def mock(world: World, /) -> Mock: ...
@overload
def mock(**arguments: Any) -> Mock: ...
def mock(target: Any = None, /, **arguments: Any) -> Any:
    """Let clients of DynamoDB and DynamoDB Streams reach a world instead of AWS.

    One object in three forms: a context manager that gives the world (`with ddbha.mock() as world`), a
    decorator (`@ddbha.mock` or `@ddbha.mock(seed=3)`) of functions, sync and async, and a decorator of
    test classes.  Every entry makes a new `World` from `arguments`; `mock(world)` uses the given one.
    Clients are served whether they were made before or inside.  Mocks nest: the innermost has the
    calls.  The account of a call is the client's access key id if that has twelve digits, else the
    world's; credentials are not needed.  Raises `UsageError` for what is neither of those.
    """
    if target is None:
        return Mock(None, arguments)
    if arguments:
        raise UsageError("mock() takes either one world or the arguments of a new World, not both.")
    if callable(target):
        return Mock(None, {})(target)
    if isinstance(target, World):
        return Mock(target, {})
    raise UsageError(f"mock() takes a World, a function or a class to decorate, not {target!r}.")


def active_world() -> World:
    """The world of the innermost active mock; raises `UsageError` outside of any."""
    activation = _innermost()
    if activation is None:
        raise UsageError("No mock is active; call this inside `with ddbha.mock()` or `@ddbha.mock`.")
    return activation.world


class Mock:
    """What `ddbha.mock(…)` returns: a context manager and a decorator, usable again and again."""

    def __init__(self, world: World | None, arguments: dict[str, Any]) -> None:
        self._world = world
        self._arguments = arguments
        self._entered: list[_Activation] = []

    def __enter__(self) -> World:
        activation = _Activation(self._world or _new_world(self._arguments))
        _start(activation)
        self._entered.append(activation)
        return activation.world

    def __exit__(self, *exception: object) -> None:
        _stop(self._entered.pop())

    def start(self) -> World:
        """As entering it, for set-up methods; `stop` ends it."""
        return self.__enter__()

    def stop(self) -> None:
        """End what `start` began; `UsageError` if nothing did."""
        if not self._entered:
            raise UsageError("This mock was not started.")
        self.__exit__()

    def __call__(self, target: _Target) -> _Target:
        """Decorate a function, sync or async, a generator function, or a class of tests."""
        decorated: Any
        if isinstance(target, type):
            decorated = self._decorate_class(target)
        else:
            decorated = self._decorate_function(target)
        result: _Target = decorated
        return result

    def _decorate_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        # Each call gets an entry of its own, so that calls may overlap in threads and tasks.
        def fresh() -> Mock:
            return Mock(self._world, self._arguments)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def coroutine(*args: Any, **kwargs: Any) -> Any:
                with fresh():
                    return await function(*args, **kwargs)

            return coroutine

        if inspect.isasyncgenfunction(function):

            @functools.wraps(function)
            async def async_generator(*args: Any, **kwargs: Any) -> Any:
                with fresh():
                    async for value in function(*args, **kwargs):
                        yield value

            return async_generator

        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generator(*args: Any, **kwargs: Any) -> Any:
                with fresh():
                    return (yield from function(*args, **kwargs))

            return generator

        @functools.wraps(function)
        def plain(*args: Any, **kwargs: Any) -> Any:
            with fresh():
                return function(*args, **kwargs)

        return plain

    def _decorate_class(self, cls: Any) -> Any:
        # Only classes of tests need it, and it takes milliseconds to import.
        import unittest

        if issubclass(cls, unittest.TestCase):
            # `run` is set-up, test, tear-down and clean-ups: one world for all of a test.
            cls.run = self._decorate_function(cls.run)
        elif hasattr(cls, "setup_method"):
            _span_setup(cls, self)
        else:
            for name in dir(cls):
                method = inspect.getattr_static(cls, name)
                if name.startswith("test") and inspect.isfunction(method):
                    setattr(cls, name, self._decorate_function(method))
        return cls


def _span_setup(cls: Any, template: Mock) -> None:
    """Let a mock reach from pytest's `setup_method` to `teardown_method`."""
    setup, teardown = cls.setup_method, getattr(cls, "teardown_method", None)
    entries: WeakKeyDictionary[Any, list[Mock]] = WeakKeyDictionary()

    # pytest hands over the test method to whoever has a parameter for it.
    def setup_method(self: Any, method: Any = None) -> None:
        entered = Mock(template._world, template._arguments)
        entered.__enter__()
        try:
            _with_optional(setup, self, method)
        except BaseException:
            entered.__exit__()
            raise
        entries.setdefault(self, []).append(entered)

    def teardown_method(self: Any, method: Any = None) -> None:
        try:
            if teardown is not None:
                _with_optional(teardown, self, method)
        finally:
            entries[self].pop().__exit__()

    cls.setup_method, cls.teardown_method = setup_method, teardown_method


def _with_optional(function: Callable[..., Any], instance: Any, method: Any) -> None:
    if len(inspect.signature(function).parameters) > 1:
        function(instance, method)
    else:
        function(instance)


def _new_world(arguments: dict[str, Any]) -> World:
    return World(**arguments)


class _Activation:
    """One stay inside a mock, and the clients it has served."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._served: WeakSet[BaseClient] = WeakSet()

    def transport(self, client: BaseClient, kind: type[Transport]) -> Any:
        """The transport of a client to this world."""
        # Kept with the client, so that both go when the client goes.
        transport = vars(client).get("_ddbha_transports", {}).get(self)
        if transport is None:
            account = account_of_key(_access_key(client)) or self.world.account_id
            transport = kind(self.world.engine, account, client)
            # Another thread may end its mock, or this one, meanwhile.
            with _lock:
                if self in _active:
                    vars(client).setdefault("_ddbha_transports", {})[self] = transport
                    self._served.add(client)
        return transport

    def end(self) -> None:
        """Leave no trace on the clients that were served."""
        for client in list(self._served):
            transports = vars(client)["_ddbha_transports"]
            del transports[self]
            if not transports:
                del vars(client)["_ddbha_transports"]


def _access_key(client: Any) -> str | None:
    credentials = internals.credentials(client)
    # Those that are fetched from somewhere would be fetched now.
    if credentials is None or isinstance(credentials, RefreshableCredentials):
        return None
    access_key: str | None = credentials.access_key
    return access_key


# -- Where the calls of all clients pass ------------------------------------------------------------

#: Innermost last.  Shared by all threads, because a test's threads are part of the test.
_active: list[_Activation] = []
_lock = threading.RLock()


def _innermost() -> _Activation | None:
    # One read: another thread may end its mock meanwhile.
    active = _active[-1:]
    return active[0] if active else None


def _start(activation: _Activation) -> None:
    with _lock:
        _active.append(activation)
        if len(_active) == 1:
            for seat in _SEATS:
                seat.take()
            for base in (BaseClient, botocore.session.Session):
                base.__init_subclass__ = classmethod(_class_arrives)  # type: ignore[assignment]


def _stop(activation: _Activation) -> None:
    with _lock:
        _active.remove(activation)
        activation.end()
        if not _active:
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
    """A method of botocore or aiobotocore that is replaced while a mock is active."""

    def __init__(self, module: str, owner: str, name: str, replace: Callable[..., Any]) -> None:
        self.module = module
        self.owner = owner
        self._name = name
        self._replace = replace
        self._taken: tuple[type, Any, Any] | None = None

    def take(self) -> None:
        """Replace the method if its module has been imported."""
        owner = getattr(sys.modules.get(self.module), self.owner, None)
        if owner is not None:
            self.sit_on(owner)

    def sit_on(self, owner: type) -> None:
        """Replace the method of `owner`."""
        original = vars(owner)[self._name]
        replacement = functools.wraps(original)(self._replace(original))
        setattr(owner, self._name, replacement)
        self._taken = owner, original, replacement

    def leave(self) -> None:
        """Put the original back, unless somebody has wrapped the replacement, which then passes on."""
        if self._taken is not None:
            (owner, original, replacement), self._taken = self._taken, None
            if vars(owner)[self._name] is replacement:
                setattr(owner, self._name, original)


def _serving(find_kind: Callable[[], type[Transport]]) -> Callable[..., Any]:
    def replace(original: Callable[..., Any]) -> Callable[..., Any]:
        def _make_api_call(self: BaseClient, operation_name: str, api_params: dict[str, Any]) -> Any:
            activation = _innermost()
            if activation is None or self.meta.service_model.service_name not in SERVICES:
                return original(self, operation_name, api_params)
            return activation.transport(self, find_kind())(operation_name, api_params)

        return _make_api_call

    return replace


def _waiting(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_waiter(self: BaseClient, waiter_name: str) -> Any:
        waiter = original(self, waiter_name)
        if self.meta.service_model.service_name not in SERVICES:
            return waiter
        return paced(waiter, _active_clock)

    return get_waiter


def _active_clock() -> Clock | None:
    activation = _innermost()
    return None if activation is None else activation.world.clock


def _needing_no_credentials(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_client(self: Any, service_name: str, *args: Any, **options: Any) -> Any:
        # Where nobody gives credentials botocore would look for them in files and on the network.
        given = (
            len(args) > _CREDENTIALS_POSITION
            or options.get("aws_access_key_id")
            or options.get("aws_secret_access_key")
            or internals.session_credentials(self)
            or os.environ.get("AWS_ACCESS_KEY_ID")
        )
        if service_name in SERVICES and not given and _innermost() is not None:
            options.update(aws_access_key_id="ddbha", aws_secret_access_key="ddbha")
        return original(self, service_name, *args, **options)

    return create_client


#: How many arguments come between the service's name and the access key.
_CREDENTIALS_POSITION = 5


def _in_process() -> type[Transport]:
    return InProcessTransport


def _asynchronous() -> type[Transport]:
    from ddbha.boto.asyncio import AsyncTransport

    return AsyncTransport


_SEATS = (
    _Seat("botocore.client", "BaseClient", "_make_api_call", _serving(_in_process)),
    _Seat("botocore.client", "BaseClient", "get_waiter", _waiting),
    _Seat("botocore.session", "Session", "create_client", _needing_no_credentials),
    _Seat("aiobotocore.client", "AioBaseClient", "_make_api_call", _serving(_asynchronous)),
    _Seat("aiobotocore.client", "AioBaseClient", "get_waiter", _waiting),
    _Seat("aiobotocore.session", "AioSession", "_create_client", _needing_no_credentials),
)
