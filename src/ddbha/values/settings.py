"""Settings that tables and their global indexes have alike."""

from __future__ import annotations

from attrs import frozen


@frozen
class Throughput:
    """Read and write capacity units per second."""

    read: int = 0
    write: int = 0


#: What an on-demand table is ready for from the beginning.
INITIAL_ON_DEMAND = Throughput(12_000, 4_000)


@frozen
class ThroughputChanges:
    """When the provisioned units of a table or an index were changed."""

    decreases_today: int = 0
    last_increase: float | None = None
    last_decrease: float | None = None


@frozen
class ContributorInsights:
    """The setting of a table or a global index; it has no mode until it was enabled once."""

    status: str = "DISABLED"
    mode: str | None = None
    updated: float | None = None
