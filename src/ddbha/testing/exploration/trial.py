"""One run of a scenario under one schedule."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any, cast

from ddbha.errors import AwsError, DdbhaError, NoAnswer, UsageError
from ddbha.faults.names import OperationName
from ddbha.testing.exploration.decisions import Schedule
from ddbha.testing.exploration.kinds import KINDS, Asked
from ddbha.testing.exploration.story import Happening, Story
from ddbha.testing.exploration.turns import Client, Turns
from ddbha.testing.exploration.world import Perform, TrialWorld
from ddbha.testing.mock import mock

Scenario = Callable[["Trial"], object]

#: Seconds on the world's clock that a request takes.
_LATENCY = 0.01


class Trial:
    """What a scenario gets: a fresh world, and clients to run in it under the schedule.

    A scenario prepares `world`, declares clients, calls `run` once and then checks what has become of
    the world.  Preparation and checks meet no faults.
    """

    def __init__(self, seed: int, schedule: Schedule, **world: Any) -> None:
        self.seed = seed
        self.world = TrialWorld(self._ask, seed=seed, **world)
        #: What the clients did, for people; filled in if it will be told.
        self.story: Story | None = None
        self._schedule = schedule
        self._turns = Turns(schedule)
        #: Whether the clients were let run.
        self.ran = False

    def client(self, name: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Client:
        """Declare a client that does `function(*args, **kwargs)` when the trial runs.

        The turn may change whenever it calls DynamoDB.  A generator function may also yield it at other
        places; a coroutine function runs in an event loop of its own.  The client's `result` is what the
        function returned.  Raises `UsageError` if there is a client of that name.
        """
        if self.ran:
            raise UsageError("The trial has run; clients are declared before.")
        if not name or any(client.name == name for client in self._turns.clients):
            raise UsageError(f"{name!r} is no new name for a client.")
        made = Client(name, partial(function, *args, **kwargs))
        self._turns.clients.append(made)
        return made

    def run(self) -> None:
        """Run the clients to their ends; raises what the first one to fail raises.

        A minute passes before and after, and then all faults are over: what was prepared has reached
        every replica, and so has what the clients did.
        """
        if self.ran:
            raise UsageError("A trial runs once.")
        self.ran = True
        self.world.settle()
        self._turns.run()
        self.world.heal()

    def _ask(
        self, operation: str, request: dict[str, Any], region: str, perform: Perform
    ) -> dict[str, Any]:
        client = self._turns.current()
        if client is None:
            return perform()
        self._turns.step(client)
        self.world.clock.sleep(_LATENCY)
        asked = Asked(self.world, region, cast(OperationName, operation), request)
        decision = self._schedule.fault(client.name, client.steps, asked)
        happening = None
        if self.story is not None:
            happening = Happening(client.name, region, operation, request, self.world.clock.time())
            self.story.add(happening)
        context: Any = nullcontext()
        if decision is not None:
            context = KINDS[decision.kind].during(asked, decision.detail)
        with context:
            try:
                answer = perform()
            except (AwsError, NoAnswer) as error:
                if happening is not None:
                    happening.end(error, decision, self.world)
                raise
            if happening is not None:
                happening.end(answer, decision, self.world)
        return answer


def attempt(scenario: Scenario, trial: Trial) -> BaseException | None:
    """Run a scenario once: None, or how it failed.

    Plain clients of boto3 reach the trial's world meanwhile, and `random` starts from the seed.
    `DdbhaError`s are no findings, and raised.
    """
    state = random.getstate()
    random.seed(trial.seed)
    try:
        with mock(trial.world):
            scenario(trial)
    except DdbhaError:
        raise
    except Exception as error:
        return error
    except BaseException as error:
        # pytest.fail and pytest.raises raise what is no Exception.
        if type(error).__name__ != "Failed":
            raise
        return error
    finally:
        random.setstate(state)
    return None
