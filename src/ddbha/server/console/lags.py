"""How far replicas were behind, as often as somebody looked: metrics have nothing of it."""

from __future__ import annotations

from collections import deque
from weakref import WeakKeyDictionary

from attrs import Factory, define

from ddbha.region.overview import positions
from ddbha.region.region import Region
from ddbha.region.table import Table

#: Looks at one table that are remembered.
KEPT = 2_000


@define(eq=False)
class Lags:
    """The age in seconds of the first write that some replica of a table lacks, over time."""

    _of: WeakKeyDictionary[Table, deque[tuple[float, float]]] = Factory(WeakKeyDictionary)

    def look(self, region: Region, table: Table, behind: bool) -> None:
        """Note how a table is now; nothing is noted of one that is never `behind`."""
        known = self._of.get(table)
        if not behind and (known is None or known[-1][1] == 0):
            return
        now = region.now()
        lags = [one.lag for partition in table.partitions for one in positions(partition, now)]
        if known is None:
            known = self._of[table] = deque(maxlen=KEPT)
        if known and known[-1][0] == now:
            known.pop()
        known.append((now, max(lags)))

    def of(self, table: Table) -> list[tuple[float, float]]:
        """Times in seconds since the epoch, and the lag at each."""
        return list(self._of.get(table, ()))
