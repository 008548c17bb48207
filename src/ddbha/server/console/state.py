"""A world as the JSON that the console shows, and what has changed of it."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from itertools import combinations
from typing import Any
from weakref import WeakKeyDictionary

from ddbha.engine import Engine
from ddbha.errors import UnknownPlaceError
from ddbha.faults.fault import Fault
from ddbha.observe.metrics import MINUTE
from ddbha.region.environment import Environment
from ddbha.region.region import Region, Regions, utc
from ddbha.server.console.changes import Changes
from ddbha.server.console.lags import Lags
from ddbha.server.console.partitions import ShownPartitions
from ddbha.server.console.tables import KINDS, Numbers, is_behind, shown_table

#: Seconds for which a throttled request is shown.
RECENT = 60

Json = dict[str, Any]


class View:
    """Looks at a world; numbers its faults so that they can be named."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._numbers: WeakKeyDictionary[Fault, int] = WeakKeyDictionary()
        self._faults_seen = 0
        self._changes = Changes()
        self._throttles = _Throttles()
        self._partitions = ShownPartitions()
        self.lags = Lags()

    def state(self, since: str | None = None) -> Json:
        """What is shown, as of now, of which a page knows already what it was told at `since`.

        The things are in groups: `regions` by account and name, `tables` by account, region and name,
        `links` by the names of two regions, `faults` by number.  Events are asked for apart; here is the
        number of the newest one.
        """
        engine = self._engine
        with engine.standstill() as environment:
            environment.settle()
            self._changes.take(self._groups(environment))
            return {
                "seed": engine.settings.seed,
                "account": engine.account_id,
                "time": engine.clock.now().isoformat(timespec="milliseconds"),
                "counted_since": utc(_minutes(environment)[0] * MINUTE).isoformat(timespec="seconds"),
                "newest_event": environment.events.added,
                **self._changes.since(since),
            }

    def fault(self, number: object) -> Fault:
        """The fault of a number, active or scheduled; `UnknownPlaceError` if it has ended."""
        for fault in self._faults():
            if self._number(fault) == number:
                return fault
        raise UnknownPlaceError("There is no fault of that number any more.")

    def _faults(self) -> list[Fault]:
        return [*self._engine.faults.active, *self._engine.faults.scheduled]

    def _number(self, fault: Fault) -> int:
        if fault not in self._numbers:
            self._faults_seen += 1
            self._numbers[fault] = self._faults_seen
        return self._numbers[fault]

    def _groups(self, environment: Environment) -> dict[str, Json]:
        regions = self._engine.regions
        now = environment.clock.time()
        for region in regions:
            for table in region.tables.values():
                table.count_writes(now)
        consumed = _consumed(environment)
        throttled = self._throttles.recent(environment)
        tables: Json = {}
        for region in regions:
            reachable = not environment.links.outages.get(region.name)
            for table in region.tables.values():
                name = f"{region.account_id}/{region.name}/{table.name}"
                shown = shown_table(region, table, reachable, self._partitions, consumed, throttled)
                tables[name] = shown
                self.lags.look(region, table, is_behind(shown))
        return {
            "regions": {f"{one.account_id}/{one.name}": _region(one) for one in regions},
            "tables": tables,
            "links": {"/".join(link["regions"]): link for link in _links(regions)},
            "faults": {
                str(self._number(fault)): {
                    "number": self._number(fault),
                    "description": fault.description,
                    "status": fault.status,
                }
                for fault in self._faults()
            },
        }


class _Throttles:
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


def _minutes(environment: Environment) -> tuple[int, int]:
    """The minutes since the epoch whose consumption is shown: the last one and this one."""
    now = int(environment.clock.time() // MINUTE)
    return now - 1, now


def _consumed(environment: Environment) -> Numbers:
    """Capacity units of tables and their indexes, by kind, region and table."""
    units: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    minutes = _minutes(environment)
    for kind in KINDS:
        for region, dimensions, value in environment.metrics.sums(
            f"Consumed{kind}CapacityUnits", minutes
        ):
            units[kind, region, dimensions["TableName"]] += value
    return units


def _region(region: Region) -> Json:
    environment = region.environment
    outages, cuts = environment.links.outages.get(region.name), environment.zone_cuts
    return {
        "name": region.name,
        "account": region.account_id,
        "status": "UNREACHABLE" if outages else "UP",
        "shows": environment.links.outage(region.name),
        "skew": environment.links.skew(region.name),
        "zones": [
            {
                "name": zone,
                # Nobody can tell how a zone is whose region nobody reaches.
                "status": "UNREACHABLE" if outages else _zone_status(environment, zone),
                "lag": environment.lag(zone),
                "left": zone in environment.replication.away,
                "cut_from": [other for other in region.zones if cuts.get(frozenset((zone, other)))],
            }
            for zone in region.zones
        ],
    }


def _zone_status(environment: Environment, zone: str) -> str:
    return "DOWN" if environment.zone_outages.get(zone) else "UP"


def _links(regions: Regions) -> Iterator[Json]:
    """The links between regions, and what has not arrived over them."""
    environment = regions.environment
    links = environment.links
    for region, other in combinations(regions.names(), 2):
        yield {
            "regions": [region, other],
            "cut": bool(links.cuts.get(frozenset((region, other)))),
            "open": links.are_connected(region, other),
            # At most, where each write draws its own.
            "lag": [links.lag(region, other, 1.0), links.lag(other, region, 1.0)],
            "pending": [_pending(environment, region, other), _pending(environment, other, region)],
        }


def _pending(environment: Environment, source: str, destination: str) -> int:
    return sum(
        len(group.members[source].outgoing.get(destination, ()))
        for group in environment.global_tables
        if source in group.members
    )
