"""Names that are misspelt, each of which a type checker sees.

Nothing runs this: `make check` fails if mypy has nothing to say of a line (`warn_unused_ignores`).
"""

from __future__ import annotations

from typing import Any

import ddbha


def typos(world: ddbha.World, scenario: Any) -> None:
    """One kind of name after the other."""
    world.client("dynamo")  # type: ignore[call-overload]
    world.client("dynamodb-streams")  # type: ignore[call-overload]
    world.resource("dynamodbstreams")  # type: ignore[arg-type]
    world.faults.error("ThrottlingExeption")  # type: ignore[arg-type]
    world.faults.error("ThrottlingException", operation="PutItems")  # type: ignore[arg-type]
    world.faults.error("ThrottlingException", operations="PutItem")  # type: ignore[call-arg]
    world.faults.timeout(kind="read_time_out")  # type: ignore[arg-type]
    world.faults.timeout(operation="Putitem")  # type: ignore[arg-type]
    world.faults.partial_batch(keep=1, operation="BatchWrite")  # type: ignore[arg-type]
    world.faults.region_outage("us-east-1", shows="refusals")  # type: ignore[arg-type]
    world.faults.zone_outages("us-east-1a")  # type: ignore[attr-defined]
    world.events.of("leader-electd")  # type: ignore[arg-type]
    world.metrics.query("ConsumedWriteCapacity")  # type: ignore[arg-type]
    world.metrics.query("UserErrors", statistic="Max")  # type: ignore[arg-type]
    ddbha.World(timings="slow")  # type: ignore[arg-type]
    ddbha.World(wording="old")  # type: ignore[arg-type]
    ddbha.World(leader_leases=1)  # type: ignore[call-arg]
    ddbha.explore(scenario, faults=["lost_answer"])  # type: ignore[list-item]
