"""Clients take turns: each is a thread, exactly one runs at a time, and who does is decided.

A client gives up its turn only at its steps.  Threads hand over explicitly, so a run depends on nothing
but the decisions.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

from attrs import define, field

from ddbha.errors import UsageError
from ddbha.testing.exploration.decisions import Schedule

#: After so many steps in a row another client has its turn anyway: one that waits for another in a loop
#: would never end.
_PATIENCE = 20
#: A run with more steps than this does not end.
_MOST_STEPS = 10_000
#: Real seconds without any step, after which a client is taken to wait for one that has not the turn.
_STUCK_AFTER = 30.0


class Stopped(BaseException):
    """Ends a client, since another one has failed."""


def _held_lock() -> threading.Lock:
    # Whoever waits for it is woken by the release; a semaphore of `threading` takes three locks for that.
    lock = threading.Lock()
    lock.acquire()
    return lock


@define(eq=False)
class Client:
    """One of the clients of a trial."""

    name: str
    _perform: Callable[[], Any]
    #: How many steps it has begun.
    steps: int = field(default=0, init=False)
    #: What the function returned.
    result: Any = field(default=None, init=False)
    over: bool = field(default=False, init=False)
    #: Released when its turn comes.
    turn: threading.Lock = field(factory=_held_lock, init=False)


class Turns:
    """Runs clients to their ends, or until one fails."""

    def __init__(self, schedule: Schedule) -> None:
        self.clients: list[Client] = []
        self._schedule = schedule
        self._of_thread: dict[int, Client] = {}
        self._all_over = _held_lock()
        self._error: BaseException | None = None
        self._current: Client | None = None
        self._in_a_row = 0
        self._total = 0

    def current(self) -> Client | None:
        """The client whose thread this is."""
        return self._of_thread.get(threading.get_ident())

    def run(self) -> None:
        """Run all clients; raises what the first one to fail raised."""
        if not self.clients:
            raise UsageError("A trial without clients has nothing to run; add some with client().")
        for client in self.clients:
            name = f"ddbha client {client.name}"
            threading.Thread(target=self._work, args=(client,), name=name, daemon=True).start()
        names = [client.name for client in self.clients]
        self._give(self._named(self._schedule.turn("", 0, names, names[0])))
        seen = -1
        while not self._all_over.acquire(timeout=_STUCK_AFTER):
            if seen == self._total:
                stuck = self._current.name if self._current else "nobody"
                raise UsageError(
                    f"Client {stuck} has not come to its next step for {_STUCK_AFTER:g} s. Does it "
                    "wait for something that another client holds? Only one client runs at a time, "
                    "and turns change where DynamoDB is called and at the yields of generators."
                )
            seen = self._total
        if self._error is not None:
            raise self._error

    def step(self, client: Client) -> None:
        """A client comes to its next step: perhaps others go on first."""
        if self._error is not None:
            raise Stopped
        client.steps += 1
        self._total += 1
        if self._total > _MOST_STEPS:
            raise UsageError(f"The clients have not come to an end within {_MOST_STEPS} steps.")
        others = [other.name for other in self.clients if not other.over and other is not client]
        default = client.name
        if self._in_a_row >= _PATIENCE and others:
            default = self._after(client, others)
        chosen = self._schedule.turn(client.name, client.steps, others, default)
        if chosen != client.name:
            self._give(self._named(chosen))
            client.turn.acquire()
            if self._error is not None:
                raise Stopped
        self._in_a_row += 1

    def _after(self, client: Client, others: list[str]) -> str:
        place = self.clients.index(client)
        ordered = self.clients[place:] + self.clients[:place]
        return next(other.name for other in ordered if other.name in others)

    def _named(self, name: str) -> Client:
        return next(client for client in self.clients if client.name == name)

    def _give(self, client: Client) -> None:
        self._current, self._in_a_row = client, 0
        client.turn.release()

    def _work(self, client: Client) -> None:
        client.turn.acquire()
        self._of_thread[threading.get_ident()] = client
        try:
            if self._error is None:
                client.result = self._finish(client, client._perform())
        except Stopped:
            pass
        except BaseException as error:
            if self._error is None:
                self._error = error
        finally:
            del self._of_thread[threading.get_ident()]
            client.over = True
            self._pass_on(client)

    def _finish(self, client: Client, result: Any) -> Any:
        """Let generators and coroutines run to their end."""
        if inspect.iscoroutine(result):
            return asyncio.run(result)
        if inspect.isgenerator(result):
            while True:
                try:
                    next(result)
                except StopIteration as end:
                    return end.value
                self.step(client)
        return result

    def _pass_on(self, client: Client) -> None:
        """A client is over: another has the turn, or the trial goes on."""
        others = [other.name for other in self.clients if not other.over]
        if not others:
            self._all_over.release()
        elif self._error is not None:
            self._give(self._named(others[0]))
        else:
            chosen = self._schedule.turn(client.name, client.steps + 1, others, others[0])
            self._give(self._named(chosen))
