"""Signals wait until nothing is half-done.

Python runs the handlers of signals between any two steps of the main thread, and many of them raise:
Ctrl-C, SystemExit, the time limit of a test.  Whoever holds a world's lock is `uninterrupted`: what comes
meanwhile is raised when the lock is released, so that a request has been answered whole or not begun.

Every request comes by here, hence `_signal` without the enums of `signal`, and only a few signals.
"""

from __future__ import annotations

import os
import signal
from _signal import getsignal  # type: ignore[import-not-found]
from _signal import signal as handle
from _thread import get_ident, interrupt_main, start_new_thread
from collections.abc import Callable
from contextlib import suppress
from threading import main_thread
from time import sleep
from types import FrameType
from typing import Any

#: Real seconds that a signal waits at most, so that a world that is stuck can be interrupted.
PATIENCE = 5.0

#: Those whose handlers raise: of the user, of who supervises the process, and of a limit of time.
_INTERRUPT = signal.SIGINT.value
_TERMINATE = signal.SIGTERM.value
_ALARM = getattr(signal, "SIGALRM", getattr(signal, "SIGBREAK", signal.SIGINT)).value

_Handler = Callable[[int, "FrameType | None"], Any]


class _Uninterrupted:
    """A context in which no handler runs, for the main thread; others never run any.

    One for all worlds, which may be entered again while it is held.  What comes twice, or has waited too
    long, is not held back any longer.
    """

    __slots__ = ("_depth", "_handlers", "_held", "_keeper", "_main", "_seen")

    def __init__(self) -> None:
        self._depth = 0
        #: The handlers as they were last seen, and those of them that are put aside, by signal.
        self._seen: tuple[Any, Any, Any] | None = None
        self._handlers: dict[int, _Handler] = {}
        #: What has come meanwhile, and where.
        self._held: dict[int, tuple[object, FrameType | None]] = {}
        self._keeper = self._keep
        self.learn_main()

    def learn_main(self) -> None:
        """Find out which thread runs handlers: in a child of a fork it is the one that forked."""
        self._main = main_thread().ident
        if get_ident() == self._main:
            with suppress(TypeError):  # A handler that is not Python's.
                try:
                    handle(_TERMINATE, getsignal(_TERMINATE))
                except ValueError:
                    # In a subinterpreter no thread runs any.
                    self._main = None

    def __enter__(self) -> None:
        if get_ident() != self._main:
            return
        if self._depth:
            self._depth += 1
            return
        seen = getsignal(_INTERRUPT), getsignal(_TERMINATE), getsignal(_ALARM)
        if seen != self._seen:
            self._look(seen)
        try:
            for number in self._handlers:
                handle(number, self._keeper)
            self._depth = 1
        except BaseException:
            self._leave()
            raise

    def __exit__(self, *_: object) -> None:
        if get_ident() != self._main:
            return
        if self._depth > 1:
            self._depth -= 1
        else:
            self._leave()

    def _look(self, seen: tuple[Any, Any, Any]) -> None:
        handlers = zip((_INTERRUPT, _TERMINATE, _ALARM), seen, strict=True)
        self._seen = seen
        self._handlers = {number: handler for number, handler in handlers if callable(handler)}

    def _leave(self) -> None:
        try:
            try:
                for number, handler in self._handlers.items():
                    # Somebody may have put another one there meanwhile.
                    if getsignal(number) is self._keeper:
                        handle(number, handler)
                self._depth = 0
            except BaseException:
                # It came by a handler that is back already: go on with the others.
                self._leave()
                raise
        finally:
            if self._held:
                self._deliver()

    def _deliver(self) -> None:
        """Run the handlers of what has come, all of them whatever they raise."""
        number, (_, frame) = self._held.popitem()
        try:
            self._handlers[number](number, frame)
        finally:
            if self._held:
                self._deliver()

    def _keep(self, number: int, frame: FrameType | None) -> None:
        if self._depth and number not in self._held:
            token = object()
            self._held[number] = token, frame
            start_new_thread(self._remind, (number, token))
        else:
            self._held.pop(number, None)
            self._handlers[number](number, frame)

    def _remind(self, number: Any, token: object) -> None:
        sleep(PATIENCE)
        if self._held.get(number, (None, None))[0] is token:
            interrupt_main(number)


#: Entered behind a world's lock, `with lock, uninterrupted:`, so that waiting for it can be interrupted.
uninterrupted = _Uninterrupted()


def whole(step: Callable[[], None]) -> None:
    """Do something that goes on where it was when it is done again, to its end whatever strikes.

    Other threads can raise an exception here (`PyThreadState_SetAsyncExc`), which nobody can hold back.
    """
    try:
        step()
    except BaseException:
        step()
        raise


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=uninterrupted.learn_main)
