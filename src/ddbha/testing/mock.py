"""`ddbha.mock`: plain clients of boto3, botocore and aiobotocore reach a world while it is active."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from ddbha.errors import UsageError
from ddbha.testing import activation, seats
from ddbha.testing.activation import Activation
from ddbha.testing.mocked_classes import decorate_class
from ddbha.testing.surroundings import Surroundings
from ddbha.world import World

_Target = TypeVar("_Target", bound=Callable[..., Any])


@overload
def mock(target: _Target, /) -> _Target: ...
@overload
def mock(world: World, /, *, passthrough: Iterable[str] = ()) -> Mock: ...
@overload
def mock(*, passthrough: Iterable[str] = (), **arguments: Any) -> Mock: ...
def mock(target: Any = None, /, *, passthrough: Iterable[str] = (), **arguments: Any) -> Any:
    """Let clients of DynamoDB and DynamoDB Streams reach a world instead of AWS.

    One object in three forms: a context manager that gives the world (`with ddbha.mock() as world`), a
    decorator (`@ddbha.mock` or `@ddbha.mock(seed=3)`) of functions, sync and async, and a decorator of
    test classes.  `mock(world)` uses the given world, `mock(seed=3)` makes a new `World` of its arguments
    at every entry.  `mock()` makes one as well, except inside another mock: there it joins that one's
    world.  Clients are served whether they were made before or inside.  The account of a call is the
    client's access key id if that has twelve digits, else the world's.

    While it is active `AWS_ACCESS_KEY_ID` and its like hold credentials of nobody, and requests that
    would reach another service of AWS raise `UsageError`.  `passthrough` names what may leave the test
    all the same: services as requests are signed for (`"s3"`, `"states"`, also `"dynamodb"`), beginnings
    of addresses (`"http://localhost:8000"`, which clients with that `endpoint_url` call), or `"*"`.

    Raises `UsageError` for what is neither of those.
    """
    if target is None:
        if "config" in arguments:
            raise UsageError(
                "mock() has no config=: of moto's settings it knows passthrough=, with services and "
                "addresses in one list; credentials of nobody are always set."
            )
        return Mock(None, arguments, passthrough)
    if arguments:
        raise UsageError("mock() takes either one world or the arguments of a new World, not both.")
    if callable(target):
        return Mock(None, {}, passthrough)(target)
    if isinstance(target, World):
        return Mock(target, {}, passthrough)
    raise UsageError(f"mock() takes a World, a function or a class to decorate, not {target!r}.")


def active_world() -> World:
    """The world of the innermost active mock; raises `UsageError` outside of any."""
    innermost = activation.innermost()
    if innermost is None:
        raise UsageError("No mock is active; call this inside `with ddbha.mock()` or `@ddbha.mock`.")
    return innermost.world


class Mock:
    """What `ddbha.mock(…)` returns: a context manager and a decorator, usable again and again."""

    def __init__(
        self, world: World | None, arguments: dict[str, Any], passthrough: Iterable[str]
    ) -> None:
        if isinstance(passthrough, str):
            passthrough = [passthrough]
        self._world = world
        self._arguments = arguments
        self._passthrough = tuple(passthrough)
        self._entered: list[Activation] = []

    def __enter__(self) -> World:
        entered = self._activation()
        _start(entered)
        self._entered.append(entered)
        return entered.world

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
            decorated = decorate_class(target, self._fresh, self._decorate_function)
        else:
            decorated = self._decorate_function(target)
        result: _Target = decorated
        return result

    def _activation(self) -> Activation:
        outer = None
        if self._world is None and not self._arguments:
            outer = activation.innermost()
        if outer is not None and not self._passthrough:
            return outer
        if outer is not None:
            return Activation(outer.world, self._passthrough)
        return Activation(self._world or World(**self._arguments), self._passthrough)

    def _fresh(self) -> Mock:
        # Each call gets an entry of its own, so that calls may overlap in threads and tasks.
        return Mock(self._world, self._arguments, self._passthrough)

    def _decorate_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def coroutine(*args: Any, **kwargs: Any) -> Any:
                with self._fresh():
                    return await function(*args, **kwargs)

            return coroutine

        if inspect.isasyncgenfunction(function):

            @functools.wraps(function)
            async def async_generator(*args: Any, **kwargs: Any) -> Any:
                with self._fresh():
                    async for value in function(*args, **kwargs):
                        yield value

            return async_generator

        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generator(*args: Any, **kwargs: Any) -> Any:
                with self._fresh():
                    return (yield from function(*args, **kwargs))

            return generator

        @functools.wraps(function)
        def plain(*args: Any, **kwargs: Any) -> Any:
            with self._fresh():
                return function(*args, **kwargs)

        return plain


#: What is put back when the last mock ends.
_surroundings = Surroundings()


def _start(entered: Activation) -> None:
    with activation.lock:
        if activation.begin(entered):
            seats.take()
            _surroundings.take()


def _stop(entered: Activation) -> None:
    with activation.lock:
        if activation.end(entered):
            _surroundings.leave()
            seats.leave()
