"""Threads that ask one world at once get in one after the other, and none is forgotten."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import pytest

import ddbha
from ddbha import turns
from tests.building import on_demand

#: Real seconds after which a test fails that would wait for ever.
STUCK = 60


class Place:
    """A world with one table, and the order in which threads put items there."""

    def __init__(self) -> None:
        self.world = ddbha.World(clock=ddbha.ManualClock())
        self.client: Any = self.world.client("dynamodb", region_name="us-east-1")
        self.client.create_table(TableName="tab", **on_demand("pk"))
        self.turns = self.world.engine.turns
        self.order: list[str] = []
        self.opened = threading.Event()
        self.world.faults.error("ThrottlingException", when=self._arrived)

    def _arrived(self, request: Any) -> bool:
        who = request["Item"]["pk"]["S"]
        self.order.append(who)
        if who == "holder":
            assert self.opened.wait(STUCK)
        return False

    def put(self, who: str) -> None:
        self.client.put_item(TableName="tab", Item={"pk": {"S": who}})

    def start(self, who: str, times: int = 1) -> threading.Thread:
        """A thread that puts so often."""

        def work() -> None:
            for _ in range(times):
                self.put(who)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    @contextmanager
    def held(self, times: int = 1) -> Iterator[None]:
        """Within, a thread is in the world; after that it puts `times` in all."""
        thread = self.start("holder", times)
        wait_until(lambda: "holder" in self.order)
        try:
            yield
        finally:
            self.opened.set()
        end(thread)

    def queue(self, *names: str, times: int = 1) -> list[threading.Thread]:
        """Threads that wait, the first one first, and put so often."""
        threads = []
        for name in names:
            before = len(self.turns.waiting)
            threads.append(self.start(name, times))
            wait_until(lambda: len(self.turns.waiting) > before)  # noqa: B023
        return threads


def wait_until(seen: Callable[[], Any]) -> None:
    waited = threading.Event()
    for _ in range(STUCK * 1000):
        if seen():
            return
        waited.wait(0.001)
    raise AssertionError("it does not come to that")


def end(*threads: threading.Thread) -> None:
    for thread in threads:
        thread.join(STUCK)
        assert not thread.is_alive()


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def never_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is forgotten stays forgotten."""
    monkeypatch.setattr(turns, "PATIENCE", 1e6)


@pytest.mark.usefixtures("never_patient")
def test_who_comes_first_is_served_first(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURN", 0.0)
    with place.held(times=50):
        threads = place.queue("a", "b", "c", "d")
    end(*threads)
    assert [who for who in place.order if who != "holder"] == ["a", "b", "c", "d"]
    # The holder goes on at most once more when somebody was told that the world is free.
    assert place.order.index("a") <= 2
    assert not place.turns.waiting


@pytest.mark.usefixtures("never_patient")
def test_a_turn_lasts_for_many_requests(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else threads change places with every request, which takes longer than the request."""
    monkeypatch.setattr(turns, "TURN", 1e6)
    before = sys.getswitchinterval()
    sys.setswitchinterval(STUCK)
    try:
        with place.held(times=200):
            threads = place.queue("a", "b", times=200)
        end(*threads)
    finally:
        sys.setswitchinterval(before)
    assert place.order == ["holder"] * 200 + ["a"] * 200 + ["b"] * 200


@pytest.mark.usefixtures("never_patient")
@pytest.mark.parametrize("turn", [0.0, 0.001, 1e6])
@pytest.mark.parametrize("interval", [1e-5, 5e-3])
def test_none_is_forgotten(
    place: Place, monkeypatch: pytest.MonkeyPatch, turn: float, interval: float
) -> None:
    monkeypatch.setattr(turns, "TURN", turn)
    before = sys.getswitchinterval()
    sys.setswitchinterval(interval)
    try:
        for _ in range(5):
            end(*(place.start(str(number), 30) for number in range(6)))
    finally:
        sys.setswitchinterval(before)
    assert len(place.order) == 5 * 6 * 30
    assert not place.turns.waiting
    assert not place.turns.busy


@pytest.mark.usefixtures("never_patient")
def test_who_is_in_a_world_may_ask_it_again(place: Place) -> None:
    def ask(request: Any) -> bool:
        if request["Item"]["pk"]["S"] == "asks":
            place.put("within")
        return False

    place.world.faults.error("ThrottlingException", when=ask)
    end(place.start("asks"))
    assert place.order == ["asks", "within"]


def test_a_world_that_nobody_is_in_is_not_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where an exception from outside struck whoever left it."""
    monkeypatch.setattr(turns, "PATIENCE", 0.001)
    place.turns.busy = True
    end(place.start("a"), place.start("b"))
    assert sorted(place.order) == ["a", "b"]
    assert not place.turns.busy


def test_who_was_struck_while_it_waited_is_waited_for_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by one exception while it deals with another."""
    monkeypatch.setattr(turns, "TURN", 0.0)
    monkeypatch.setattr(turns, "PATIENCE", 0.001)
    place.turns.waiting.append(SimpleQueue())
    end(place.start("a", 5), place.start("b", 5))
    assert sorted(place.order) == ["a"] * 5 + ["b"] * 5
    assert not place.turns.waiting


def test_a_long_request_is_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often somebody looks whether it is forgotten."""
    looks: list[bool] = []
    free = turns.Turns._free

    def look(self: turns.Turns) -> bool:
        looks.append(free(self))
        return looks[-1]

    monkeypatch.setattr(turns, "PATIENCE", 0.001)
    monkeypatch.setattr(turns.Turns, "_free", look)
    with place.held():
        threads = place.queue("a", "b")
        wait_until(lambda: len(looks) > 10)
        assert len(place.turns.waiting) == 2
        assert not any(looks)
    end(*threads)


@pytest.mark.usefixtures("never_patient")
@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals come to processes only")
def test_who_waits_can_be_interrupted(place: Place) -> None:
    """And the turn is that of the next one."""
    main = threading.get_ident()

    def press() -> None:
        wait_until(lambda: place.turns.waiting)
        later.extend(place.queue("b"))
        signal.pthread_kill(main, signal.SIGINT)

    later: list[threading.Thread] = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with place.held():
            presses = threading.Thread(target=press, daemon=True)
            presses.start()
            with pytest.raises(KeyboardInterrupt):
                place.put("a")
            end(presses)
            assert len(place.turns.waiting) == 1
    finally:
        signal.signal(signal.SIGINT, before)
    end(*later)
    assert place.order == ["holder", "b"]


@pytest.mark.usefixtures("never_patient")
def test_who_gives_up_when_told_that_its_turn_has_come_tells_the_next(place: Place) -> None:
    class Struck(BaseException):
        pass

    listen = turns.Turns._listen
    struck: list[threading.Thread] = []

    def strike(self: turns.Turns, bell: Any) -> None:
        listen(self, bell)
        if threading.current_thread() is struck[0]:
            raise Struck

    def put() -> None:
        struck.append(threading.current_thread())
        with pytest.raises(Struck):
            place.put("a")

    with pytest.MonkeyPatch.context() as patch, place.held():
        patch.setattr(turns, "TURN", 0.0)
        patch.setattr(turns.Turns, "_listen", strike)
        first = threading.Thread(target=put, daemon=True)
        first.start()
        wait_until(lambda: place.turns.waiting)
        second = place.queue("b")
        place.opened.set()
        end(first, *second)
    assert place.order == ["holder", "b"]


@pytest.mark.usefixtures("never_patient")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_child_of_a_fork_does_not_wait_for_threads_that_it_does_not_have(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "TURN", 0.0)
    told = []

    def fork(request: Any) -> bool:
        if request["Item"]["pk"]["S"] == "forks":
            threads.extend(place.queue("a", "b"))
            told.append(os.fork())
        return False

    threads: list[threading.Thread] = []
    place.world.faults.error("ThrottlingException", when=fork)
    place.put("forks")
    if told == [0]:
        status = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(STUCK)
            for count in range(3):
                place.put(str(count))
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(told[0], 0)[1] == 0
    end(*threads)
