"""Threads that ask one world at once take turns.

A lock alone lets them change places with every request.  Whoever waits in it is given it while another
thread still runs Python; that one then finds it taken at its next request, and waits in turn.  Each such
change costs more than a request.  So threads wait here, before the lock, in the order in which they came,
and whoever has the turn goes on for a while.

This only says who goes first: what keeps a world whole is its lock.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any

from ddbha.interruptions import uninterrupted

#: Real seconds of one turn: less than the 5 ms after which the interpreter makes a thread stop anywhere.
TURN = 0.004
#: Real seconds after which whoever waits looks whether it has been forgotten.
PATIENCE = 0.1

_Bell = SimpleQueue[None]


class Turns:
    """Who is in a world, and who waits to get in.

    `Engine.call` does the rest, since every request comes by there: it sets `busy` before it takes the
    lock, unsets it after it has released it, and then calls `pass_on` if somebody is `waiting` and it is
    `due`.
    """

    __slots__ = ("_lock", "_next", "_woken", "busy", "due", "waiting")

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self.clear()

    def clear(self) -> None:
        """Nobody waits: the threads are gone, as in the child of a fork."""
        self.busy = False
        #: The bells of those who wait, first come first.
        self.waiting: deque[_Bell] = deque()
        #: When the first of them is to be looked after, by `perf_counter`, which ticks finely everywhere.
        self.due = 0.0
        #: Who was told that the world was free, and who that nobody else comes in before.
        self._woken: _Bell | None = None
        self._next: _Bell | None = None

    def wait(self) -> None:
        """Wait for a turn; a thread that is in the world already has it."""
        if self._lock._is_owned():
            return
        bell = _Bell()
        try:
            self.waiting.append(bell)
            if self.waiting[0] is bell:
                self.due = 0.0
            self._listen(bell)
            self._go(bell)
        except BaseException:
            self._give_up(bell)
            raise

    def _listen(self, bell: _Bell) -> None:
        due = -1.0
        while self.busy and self._next is not bell:
            try:
                bell.get(timeout=PATIENCE)
                # Where others were faster all the same, the next one to leave waits for this one.
                self.due = 0.0
            except Empty:
                if self.due == due and self._free():
                    # Somebody was struck in here, and does not come any more.
                    if self._next is not None:
                        self._go(self._next)
                    return
                due = self.due

    def _free(self) -> bool:
        """Whether nobody is in the world, although somebody should be."""
        with uninterrupted:
            free: bool = self._lock.acquire(blocking=False)
            if free:
                self._lock.release()
        return free

    def _go(self, bell: _Bell) -> None:
        with suppress(ValueError):
            self.waiting.remove(bell)
        self.due = 0.0
        if self._next is bell:
            self._next = None

    def _give_up(self, bell: _Bell) -> None:
        """The turn of one who does not come any more is the next one's."""
        if self._next is bell:
            self.busy = False
        self._go(bell)
        if not self.busy:
            self.pass_on()

    def pass_on(self) -> None:
        """Tell the first who waits that the world is free, or, where its turn has come, keep it free.

        Once told it waits for the interpreter, and has both as soon as this thread waits for anything.
        """
        try:
            first = self.waiting[0]
        except IndexError:
            return
        if first is self._woken:
            self._next = first
            self.busy = True
        self._woken = first
        self.due = perf_counter() + TURN
        first.put(None)
