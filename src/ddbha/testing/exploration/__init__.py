"""Explore: a scenario under many schedules, and the story of the first one that breaks it."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

from ddbha.errors import UsageError
from ddbha.testing.exploration.decisions import SWITCH, Decision, Drawn, Replayed
from ddbha.testing.exploration.kinds import KINDS, FaultKind
from ddbha.testing.exploration.page import page
from ddbha.testing.exploration.shrinking import shrink
from ddbha.testing.exploration.story import Story
from ddbha.testing.exploration.trial import Scenario, Trial, attempt
from ddbha.testing.exploration.turns import Client

__all__ = ["FAULTS", "Client", "Decision", "FailingSchedule", "Story", "Trial", "explore"]

#: The kinds of faults that schedules are drawn from.
FAULTS: tuple[FaultKind, ...] = get_args(FaultKind)

#: How many schedules are tried to make a failing one shorter.
_ATTEMPTS = 400


class FailingSchedule(AssertionError):
    """A scenario breaks; the message tells the story, and the cause is what the scenario raised."""

    def __init__(self, story: Story) -> None:
        super().__init__(str(story))
        self.story = story
        self.seed = story.seed
        self.decisions = story.decisions


def explore(
    scenario: Scenario,
    *,
    seeds: Iterable[int] = range(200),
    faults: Iterable[FaultKind] = FAULTS,
    html: str | Path | None = None,
    **world: Any,
) -> None:
    """Run `scenario(trial)` under one schedule for each seed, until one breaks it.

    A schedule decides whose turn it is whenever a client calls DynamoDB, and which `faults`, by the names
    in `FAULTS`, befall its requests.  Whatever the scenario raises counts as broken.  The failing
    schedule is shrunk to the fewest changes of turn and faults, and `FailingSchedule` tells its story;
    `html` is a file to write it to as a page.  The other arguments are those of `World`.
    Raises `UsageError` for unknown faults, or if the scenario does not run its trial.
    """
    kinds = tuple(faults)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise UsageError(f"There are no faults {', '.join(unknown)}; there are {', '.join(FAULTS)}.")
    if "seed" in world:
        raise UsageError("Each trial has a seed of its own: say which with seeds=, like seeds=[3].")
    if "clock" in world:
        raise UsageError("Each trial has a manual clock of its own.")
    for seed in seeds:
        schedule = Drawn(seed, kinds)
        trial = Trial(seed, schedule, **world)
        error = attempt(scenario, trial)
        if error is not None:
            story = _story(scenario, seed, schedule.decisions, error, world)
            if html is not None:
                Path(html).write_text(page(story), encoding="utf-8")
            raise FailingSchedule(story) from story.error
        if not trial.ran:
            raise UsageError("The scenario never called trial.run(), so its clients did nothing.")
        # What a world is made of refers to itself: collected young, it never is among what is old.
        del trial
        gc.collect(1)


def _story(
    scenario: Scenario,
    seed: int,
    decisions: Sequence[Decision],
    error: BaseException,
    world: dict[str, Any],
) -> Story:
    """The story of the shortest schedule that breaks a scenario in the same way."""
    kind = _kind(error)

    def breaks(candidate: Sequence[Decision]) -> bool:
        found = attempt(scenario, Trial(seed, Replayed(candidate), **world))
        return found is not None and _kind(found) == kind

    # Turns are given up last: that a fault is not needed says more.
    ordered = sorted(decisions, key=lambda decision: decision.kind == SWITCH)
    shortest = shrink(ordered, breaks, attempts=_ATTEMPTS)
    final = Replayed(shortest)
    trial = Trial(seed, final, **world)
    trial.story = story = Story(getattr(scenario, "__name__", "scenario"), seed)
    story.error = attempt(scenario, trial)
    story.decisions = final.decisions
    if story.error is None:
        raise UsageError(
            f"Seed {seed} broke the scenario with {error!r}, but not when its schedule was run again. "
            "It depends on something besides its trial: the machine's time, unordered sets, uuid4, or "
            "what an earlier run left behind."
        ) from error
    return story


def _kind(error: BaseException) -> tuple[object, ...]:
    """What makes two failures the same."""
    response = getattr(error, "response", None)
    return type(error), response["Error"].get("Code") if isinstance(response, dict) else None
