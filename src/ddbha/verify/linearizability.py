"""Whether a history can be put in one order: the search of Wing and Gong, with the memory of Lowe.

Every step happened at one moment between its invocation and its completion, and each answer is what the
steps before it led to.  Steps whose answers are unknown may have happened at any time since, or never.
Keys that no step ties together are searched on their own, which is what makes the search quick.

https://doi.org/10.1006/jpdc.1993.1015 and https://doi.org/10.1002/cpe.3928
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

from attrs import Factory, define, field, frozen

#: Where a value is: what holds it, such as a table, and the place there.
Key = tuple[str, Any]
Value = Hashable
Values = tuple[Value, ...]
#: What steps took place is possible at once: the values of all keys, and the steps still open among them.
Configuration = tuple[Values, frozenset[int]]

#: More possibilities at once than this come only from very many unknown outcomes on one item.
MAXIMUM_CONFIGURATIONS = 20_000


@frozen(eq=False)
class Step:
    """What one request did at one moment to one or more keys.

    `invoked` and `completed` are places in the order of all beginnings and ends; `completed` is None if
    the outcome is unknown.  `apply` gives the values after the step for those of `keys` before it, or
    None where the request would have been answered differently.  Equal `signature`s do the same.
    """

    keys: tuple[Key, ...]
    invoked: int
    completed: int | None
    apply: Callable[[Values], Values | None]
    #: Whom to name when it does not fit.
    source: Any = None
    signature: Hashable = None
    #: What it must have written if it took place.
    writes: tuple[tuple[Key, Value], ...] = ()


@frozen(eq=False)
class Observation:
    """What an eventually consistent read saw of one key.

    It must have been there after the place `since`, and before the read was `completed`.  With
    `position`, what lay in several positions meanwhile may have been seen in none of them.
    """

    key: Key
    since: float
    completed: int
    matches: Callable[[Value], bool]
    source: Any = None
    position: Callable[[Value], Hashable] | None = None


class TooManyPossibilities(Exception):
    """So many outcomes on the same keys are unknown that their order is not looked for."""


class NotInOrder(Exception):
    """A step or an observation fits no order.

    `possible` are the values that its keys could have had.
    """

    def __init__(self, culprit: Step | Observation, possible: Sequence[Values]) -> None:
        super().__init__(f"{culprit} fits no order of the history")
        self.culprit = culprit
        self.possible = possible


def check(
    steps: Iterable[Step],
    observations: Iterable[Observation] = (),
    initial: Mapping[Key, Value] | None = None,
) -> set[Key]:
    """Raise `NotInOrder` for the first step or observation that no order explains.

    Keys that are not in `initial` begin as None.  Gives the keys of which nothing is said, since too many
    outcomes on them are unknown; all others are checked nevertheless.
    """
    start = initial or {}
    past: dict[Key, Past] = {}
    unchecked: set[Key] = set()
    for keys, together in _components(steps):
        search = _Search(keys, tuple(start.get(key) for key in keys))
        try:
            past.update(zip(keys, search.run(together), strict=True))
        except TooManyPossibilities:
            unchecked.update(keys)
    for observation in observations:
        if observation.key in unchecked:
            continue
        of_key = past.get(observation.key)
        if of_key is None:
            of_key = Past([Span(start.get(observation.key), -1)])
        if not of_key.explains(observation):
            values = of_key.between(observation.since, observation.completed)
            raise NotInOrder(observation, [(value,) for value in values])
    return unchecked


@define(eq=False)
class Span:
    """From one place to another a key may have had a value."""

    value: Value
    start: int
    end: float = inf


@define(eq=False)
class Past:
    """All values that a key may have had, and when."""

    spans: list[Span] = Factory(list)
    _open: dict[Value, Span] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._open.update((span.value, span) for span in self.spans)

    def add(self, values: Iterable[Value], place: int) -> None:
        """From `place` on these are possible too."""
        for value in values:
            if value not in self._open:
                span = self._open[value] = Span(value, place)
                self.spans.append(span)

    def keep(self, values: set[Value], place: int) -> None:
        """After `place` nothing else is possible."""
        for value in self._open.keys() - values:
            self._open.pop(value).end = place

    def between(self, since: float, completed: int) -> list[Value]:
        """What was possible at some moment between two places."""
        return [span.value for span in self.spans if span.start < completed and span.end > since]

    def explains(self, observation: Observation) -> bool:
        """Whether something that an observation may have seen matches it."""
        seen = self.between(observation.since, observation.completed)
        if observation.position is not None and len(set(map(observation.position, seen)) - {None}) > 1:
            return True
        return any(observation.matches(value) for value in seen)


class _Search:
    """All configurations that the steps of some keys can have led to, kept up to date from end to end."""

    def __init__(self, keys: tuple[Key, ...], values: Values) -> None:
        self._places = {key: place for place, key in enumerate(keys)}
        self._configurations: list[Configuration] = [(values, frozenset())]
        self._past = [Past([Span(value, -1)]) for value in values]
        #: The open steps by number, in the order of their invocations.
        self._open: dict[int, Step] = {}
        self._positions: dict[int, tuple[int, ...]] = {}
        #: The place of the last completion that said something of each key.
        self._last = [-1] * len(values)

    def run(self, steps: Sequence[Step]) -> list[Past]:
        """Take the steps through; gives the past of each key."""
        ends: list[tuple[int, bool, int]] = []
        for number, step in enumerate(steps):
            ends.append((step.invoked, False, number))
            if step.completed is not None:
                ends.append((step.completed, True, number))
        for place, ended, number in sorted(ends):
            step = steps[number]
            if not ended:
                self._open[number] = step
                self._positions[number] = tuple(self._places[key] for key in step.keys)
            else:
                self._complete(number, step, place)
        left = set(self._open)
        while left:
            related = self._related(min(left))
            self._note(related, list(self._reachable(related)))
            left -= related.keys()
        return self._past

    def _related(self, number: int) -> dict[int, Step]:
        """The open steps that keys tie to one of them, itself included.

        No other one can matter to it: they may as well come later.
        """
        related = {number}
        positions = set(self._positions[number])
        others = self._open.keys() - related
        while near := {other for other in others if not positions.isdisjoint(self._positions[other])}:
            related |= near
            others -= near
            positions.update(*(self._positions[other] for other in near))
        return {number: step for number, step in self._open.items() if number in related}

    def _complete(self, number: int, step: Step, place: int) -> None:
        related = self._related(number)
        reachable = list(self._reachable(related))
        self._note(related, reachable)
        fitting = [(values, taken - {number}) for values, taken in reachable if number in taken]
        if not fitting:
            places = self._positions[number]
            possible = {tuple(values[p] for p in places) for values, taken in reachable}
            raise NotInOrder(step, list(possible))
        del self._open[number]
        self._configurations = fitting
        for position in self._touched(related):
            self._last[position] = place
            self._past[position].keep({values[position] for values, _ in fitting}, place)

    def _touched(self, steps: Iterable[int]) -> set[int]:
        return {position for number in steps for position in self._positions[number]}

    def _note(self, related: Mapping[int, Step], reachable: list[Configuration]) -> None:
        """Remember which values some open steps may have led to by now."""
        for position in self._touched(related):
            last = self._last[position]
            # A value that is new since the last completion needs a step that was invoked since.
            invoked = [s.invoked for n, s in related.items() if position in self._positions[n]]
            start = min((place for place in invoked if place > last), default=last)
            self._past[position].add({values[position] for values, _ in reachable}, start)

    def _reachable(self, related: Mapping[int, Step]) -> Iterator[Configuration]:
        """What some of the open steps may have led to by now, in any order.

        A configuration that used up fewer unknown outcomes than another has all of its possibilities,
        so the other is left out.
        """
        certain = frozenset(n for n, step in related.items() if step.completed is not None)
        known: dict[tuple[Values, frozenset[int]], list[frozenset[int]]] = defaultdict(list)
        count = 0
        level = self._configurations
        while level:
            following: list[Configuration] = []
            for values, taken in sorted(level, key=_taken):
                spent = known[values, taken & certain]
                if any(less <= taken for less in spent):
                    continue
                spent.append(taken)
                count += 1
                if count > MAXIMUM_CONFIGURATIONS:
                    raise TooManyPossibilities
                yield values, taken
                following += self._after(related, values, taken)
            level = following

    def _after(
        self, related: Mapping[int, Step], values: Values, taken: frozenset[int]
    ) -> Iterator[Configuration]:
        tried: set[Hashable] = set()
        for number, step in related.items():
            if number in taken:
                continue
            unknown = step.completed is None
            if unknown and step.signature is not None:
                # Of steps that do the same, the oldest comes first as well as any other.
                if step.signature in tried:
                    continue
                tried.add(step.signature)
            positions = self._positions[number]
            before = tuple(values[position] for position in positions)
            after = step.apply(before)
            if after is None or (unknown and after == before):
                continue
            if after != before:
                changed = list(values)
                for position, value in zip(positions, after, strict=True):
                    changed[position] = value
                yield tuple(changed), taken | {number}
            else:
                yield values, taken | {number}


def _taken(configuration: Configuration) -> int:
    return len(configuration[1])


def _components(steps: Iterable[Step]) -> Iterator[tuple[tuple[Key, ...], list[Step]]]:
    """The steps by the keys that they tie together."""
    parents: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        while parents.setdefault(key, key) != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    listed = [step for step in steps if step.keys]
    for step in listed:
        for key in step.keys[1:]:
            parents[root(key)] = root(step.keys[0])
        root(step.keys[0])
    grouped: dict[Key, list[Step]] = defaultdict(list)
    for step in listed:
        grouped[root(step.keys[0])].append(step)
    members: dict[Key, list[Key]] = defaultdict(list)
    for key in parents:
        members[root(key)].append(key)
    for top, together in grouped.items():
        yield tuple(members[top]), together
