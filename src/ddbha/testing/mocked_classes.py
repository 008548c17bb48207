"""Mocks on classes of tests: from set-up to tear-down, for each test or for the class."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

Enter = Callable[[], AbstractContextManager[Any]]
Decorate = Callable[[Callable[..., Any]], Callable[..., Any]]


def decorate_class(cls: Any, enter: Enter, decorate: Decorate) -> Any:
    """Let the tests of a class run inside a mock.

    `enter` makes an entry of the mock, `decorate` a function that runs inside one.  A class that sets
    itself up once (`setUpClass`, `setup_class`, a fixture of its scope) has one world for all its tests,
    any other one for each test, from its set-up to its tear-down.
    """
    # Only classes of tests need it, and it takes milliseconds to import.
    import unittest

    if issubclass(cls, unittest.TestCase):
        if _own(cls, "setUpClass", unittest.TestCase):
            cls.setUpClass = _unittest_class(cls.setUpClass.__func__, enter)
        else:
            # `run` is set-up, test, tear-down and clean-ups: one world for all of a test.
            cls.run = decorate(cls.run)
        return cls
    stays = _Stays(enter)
    if hasattr(cls, "setup_class") or any(map(_is_of_class, vars(cls).values())):
        _span(cls, "setup_class", "teardown_class", stays, classmethod)
    else:
        _span(cls, "setup_method", "teardown_method", stays, _plain)
    return cls


class _Stays:
    """The entries of one mock by whom it is for: a class, or an object of it."""

    def __init__(self, enter: Enter) -> None:
        self._enter = enter
        self._entered: dict[int, AbstractContextManager[Any]] = {}

    def begin(self, owner: Any) -> None:
        entered = self._entered[id(owner)] = self._enter()
        entered.__enter__()

    def end(self, owner: Any) -> None:
        self._entered.pop(id(owner)).__exit__(None, None, None)


def _span(cls: Any, setup: str, teardown: str, stays: _Stays, kind: Callable[..., Any]) -> None:
    """Let a mock reach from one method of pytest's to the other, whether the class has them or not.

    pytest calls them before and after all fixtures of the class.
    """
    begin, finish = (inspect.getattr_static(cls, name, None) for name in (setup, teardown))

    # pytest hands over the test method to whoever has a parameter for it.
    def set_up(self: Any, method: Any = None) -> None:
        stays.begin(self)
        try:
            _call(begin, self, method)
        except BaseException:
            stays.end(self)
            raise

    def tear_down(self: Any, method: Any = None) -> None:
        try:
            _call(finish, self, method)
        finally:
            stays.end(self)

    setattr(cls, setup, kind(set_up))
    setattr(cls, teardown, kind(tear_down))


def _call(method: Any, owner: Any, test: Any) -> None:
    if method is None:
        return
    bound = method.__get__(None, owner) if isinstance(owner, type) else method.__get__(owner)
    if inspect.signature(bound).parameters:
        bound(test)
    else:
        bound()


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _unittest_class(original: Callable[..., Any], enter: Enter) -> Any:
    def set_up_class(cls: Any) -> None:
        entered = enter()
        entered.__enter__()
        # The first to be registered is the last to be done, also if the set-up fails.
        cls.addClassCleanup(entered.__exit__, None, None, None)
        original(cls)

    return classmethod(set_up_class)


def _own(cls: type, name: str, base: type) -> bool:
    return getattr(cls, name).__func__ is not getattr(base, name).__func__


def _is_of_class(attribute: Any) -> bool:
    """Whether an attribute is a fixture of pytest that lives as long as the class."""
    for name in ("_fixture_function_marker", "_pytestfixturefunction"):
        marker = getattr(attribute, name, None)
        if marker is not None:
            return bool(marker.scope in ("class", "module", "package", "session"))
    return False
