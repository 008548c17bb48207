"""Exceptions from outside: a world is whole after each of them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest

import ddbha
from ddbha import interruptions
from ddbha.interruptions import uninterrupted
from tests.building import on_demand
from tests.interrupting import FOLLOWING, OTHERS, WRITES, Deed, by_signal, by_thread, strike_everywhere

SEED = 1
alarms = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="there is no SIGALRM")


@pytest.fixture(autouse=True)
def plain_handlers() -> Iterator[None]:
    """The handlers as Python begins with them, whatever runs the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


@pytest.mark.parametrize("deed", [*WRITES, *FOLLOWING, *OTHERS], ids=lambda deed: deed.name)
def test_a_signal_leaves_all_or_nothing(deed: Deed) -> None:
    strike_everywhere(SEED, deed, by_signal, most=2)


@pytest.mark.parametrize("deed", [*WRITES, *FOLLOWING], ids=lambda deed: deed.name)
def test_what_another_thread_raises_leaves_writes_whole(deed: Deed) -> None:
    strike_everywhere(SEED, deed, by_thread, most=3)


def test_what_comes_while_the_lock_is_held_is_raised_at_its_end() -> None:
    done = []

    def hold() -> None:
        with uninterrupted:
            with uninterrupted:
                signal.raise_signal(signal.SIGINT)
                done.append("inner")
            done.append("outer")

    with pytest.raises(KeyboardInterrupt):
        hold()
    assert done == ["inner", "outer"]


def test_a_request_that_is_interrupted_has_happened() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = world.client("dynamodb")
    client.create_table(TableName="tab", **on_demand("pk"))

    def press(request: Any) -> bool:
        signal.raise_signal(signal.SIGINT)
        return False

    fault = world.faults.error("ThrottlingException", when=press)
    with pytest.raises(KeyboardInterrupt):
        client.put_item(TableName="tab", Item={"pk": {"S": "a"}})
    fault.end()
    assert client.scan(TableName="tab")["Count"] == 1
    world.verify()


@alarms
def test_the_limit_of_time_of_a_test_waits_too_and_none_is_lost() -> None:
    class TooLong(Exception):
        pass

    def handler(number: int, frame: object) -> None:
        raise TooLong

    def hold() -> None:
        with uninterrupted:
            signal.raise_signal(signal.SIGALRM)
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, handler)
    try:
        with pytest.raises((TooLong, KeyboardInterrupt)) as raised:
            hold()
        assert {type(raised.value), type(raised.value.__context__)} == {TooLong, KeyboardInterrupt}
    finally:
        assert signal.signal(signal.SIGALRM, before) is handler


def test_who_insists_is_heard() -> None:
    done = []

    def hold() -> None:
        with uninterrupted:
            signal.raise_signal(signal.SIGINT)
            done.append("held back")
            signal.raise_signal(signal.SIGINT)
            done.append("never")

    with pytest.raises(KeyboardInterrupt) as raised:
        hold()
    assert done == ["held back"]
    assert raised.value.__context__ is None


def test_a_world_that_is_stuck_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interruptions, "PATIENCE", 0.01)

    def hold() -> None:
        with uninterrupted:
            signal.raise_signal(signal.SIGINT)
            while True:
                pass

    with pytest.raises(KeyboardInterrupt):
        hold()


def test_handlers_that_do_not_raise_and_those_put_in_place_meanwhile() -> None:
    calls: list[int] = []

    def handler(number: int, frame: object) -> None:
        calls.append(number)

    signal.signal(signal.SIGINT, handler)
    with uninterrupted:
        signal.raise_signal(signal.SIGINT)
        assert not calls
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert calls == [signal.SIGINT]


def test_other_threads_and_ignored_signals() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def hold() -> None:
        with uninterrupted:
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN

    thread = Thread(target=hold)
    thread.start()
    thread.join()
    hold()
    signal.signal(signal.SIGINT, before)


def test_asyncio_finds_and_leaves_the_handlers_it_expects() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())

    async def ask() -> Callable[..., Any]:
        world.client("dynamodb").list_tables()
        return signal.getsignal(signal.SIGINT)  # type: ignore[return-value]

    asyncio.run(ask())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_the_thread_that_forked_is_the_main_one_of_the_child() -> None:
    told: list[int] = []

    def fork() -> None:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with uninterrupted:
                    signal.raise_signal(signal.SIGINT)
                    code = 2
            except KeyboardInterrupt:
                code += 5
            os._exit(code)
        told.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    thread = Thread(target=fork)
    thread.start()
    thread.join()
    assert told == [7]
