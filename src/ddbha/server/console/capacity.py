"""What tables consumed and how often they were throttled just now, in one pass for all of them."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping

from ddbha.observe.metrics import MINUTE
from ddbha.region.environment import Environment

KINDS = ("Read", "Write")
#: Seconds for which a throttled request is shown.
RECENT = 60

#: Numbers of tables, by Read or Write, region and table, and by account where that is told.
Numbers = Mapping[tuple[str, ...], float]


class Throttles:
    """Which requests were throttled in the last minute: metrics know calendar minutes only."""

    def __init__(self) -> None:
        self._seen = 0
        self._recent: deque[tuple[float, tuple[str, str, str]]] = deque()

    def recent(self, environment: Environment) -> Numbers:
        """How many, by kind, region and table."""
        events = environment.events
        new = [event for _, event in events.after(self._seen) if event.kind == "throttled"]
        self._seen = events.added
        for event in reversed(new):
            kind = "Read" if "Read" in str(event.details.get("reason")) else "Write"
            self._recent.append((event.time, (kind, event.region, str(event.details.get("table")))))
        horizon = environment.clock.time() - RECENT
        while self._recent and self._recent[0][0] <= horizon:
            self._recent.popleft()
        return Counter(what for _, what in self._recent)


def minutes_shown(environment: Environment) -> tuple[int, int]:
    """The minutes since the epoch whose consumption is shown: the last one and this one."""
    now = int(environment.clock.time() // MINUTE)
    return now - 1, now


def consumed(environment: Environment) -> Numbers:
    """Capacity units of tables and their indexes, by kind, region, table and account."""
    units: defaultdict[tuple[str, ...], float] = defaultdict(float)
    minutes = minutes_shown(environment)
    for kind in KINDS:
        for region, dimensions, value in environment.metrics.sums(
            f"Consumed{kind}CapacityUnits", minutes
        ):
            units[kind, region, dimensions["TableName"], dimensions["AccountId"]] += value
    return units
