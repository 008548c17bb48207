"""A world as the JSON that the console shows, and what has changed of it."""

from __future__ import annotations

from typing import Any

from ddbha.engine import Engine
from ddbha.faults.fault import Fault
from ddbha.observe.metrics import MINUTE
from ddbha.region.environment import Environment
from ddbha.region.region import utc
from ddbha.server.console.capacity import Throttles, consumed, minutes_shown
from ddbha.server.console.changes import Changes
from ddbha.server.console.fault_numbers import FaultNumbers
from ddbha.server.console.lags import Lags
from ddbha.server.console.partitions import ShownPartitions
from ddbha.server.console.places import shown_links, shown_region
from ddbha.server.console.tables import is_behind, shown_table

Json = dict[str, Any]


class View:
    """Looks at a world, and remembers what it looked like."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.faults = FaultNumbers(engine.faults)
        self._changes = Changes()
        self._throttles = Throttles()
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
                "counted_since": utc(minutes_shown(environment)[0] * MINUTE).isoformat(
                    timespec="seconds"
                ),
                "newest_event": environment.events.added,
                **self._changes.since(since),
            }

    def _groups(self, environment: Environment) -> dict[str, Json]:
        regions = self._engine.regions
        now = environment.clock.time()
        for region in regions:
            for table in region.tables.values():
                table.count_writes(now)
        units = consumed(environment)
        throttled = self._throttles.recent(environment)
        tables: Json = {}
        for region in regions:
            reachable = not environment.links.outages.get(region.name)
            for table in region.tables.values():
                name = f"{region.account_id}/{region.name}/{table.name}"
                shown = shown_table(region, table, reachable, self._partitions, units, throttled)
                tables[name] = shown
                self.lags.look(region, table, is_behind(shown))
        return {
            "regions": {
                f"{region.account_id}/{region.name}": shown_region(region, self.faults)
                for region in regions
            },
            "tables": tables,
            "links": {"/".join(link["regions"]): link for link in shown_links(regions, self.faults)},
            "faults": {str(self.faults.of(fault)): self._shown_fault(fault) for fault in self.faults},
        }

    def _shown_fault(self, fault: Fault) -> Json:
        return {
            "number": self.faults.of(fault),
            "description": fault.description,
            "status": fault.status,
        }
