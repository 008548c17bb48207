"""Random worlds of an engine that works, each made by a seed: the checker says nothing of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ddbha
from tests.building import index_on, on_demand
from tests.installed import knows
from tests.verify.walks import HERE, Walk

STREAM: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def one_region(seed: int) -> ddbha.World:
    """Data requests, expiry, splits, outages and cuts, streams, backups of all types and restores."""
    walk = _in_one_region(seed, stale_reads=0 if seed % 3 else 2)
    steps = [*walk.requests, *walk.recovery, *[walk.transact, walk.get_together, walk.zones_fail] * 2]
    return walk.take(steps, most=600)


def failing_zones(seed: int) -> ddbha.World:
    """As `one_region`, with zones that fail all the time, leases, and writes that survive errors."""
    walk = _in_one_region(seed, leader_lease=[0, 1.5][seed % 2], open_outcomes=seed % 4 > 1)
    steps = [*walk.requests, *walk.recovery, walk.transact, *[walk.zones_fail] * 12]
    return walk.take(steps, most=5)


def _in_one_region(seed: int, **settings: Any) -> Walk:
    walk = Walk(seed, **settings)
    client = walk.clients[0]
    client.create_table(
        TableName="tab",
        **on_demand("id", "seat:N", more=["n:N"]),
        GlobalSecondaryIndexes=[index_on("by-n", "n", "seat:N")],
        StreamSpecification=STREAM,
    )
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    on: Any = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=on)
    walk.world.backup_plan("rate(1 hours)", table="tab")
    return walk


def two_regions(seed: int) -> ddbha.World:
    """A global table in two regions, cut off from each other, late, or with wrong clocks now and then."""
    walk = Walk(seed, [HERE, "eu-west-1"])
    client = walk.clients[0]
    client.create_table(
        TableName="tab",
        **on_demand("id", "seat:N", more=["n:N"]),
        GlobalSecondaryIndexes=[index_on("by-n", "n", "seat:N")],
        StreamSpecification=STREAM,
    )
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    walk.world.clock.advance(seconds=5)
    client.describe_table(TableName="tab")
    if seed % 2:
        walk.world.faults.clock_skew(
            "eu-west-1", seconds=walk.draw.choice([-30, 30]), after=walk.draw.choice([0, 60])
        )
    steps = [*walk.requests, *[walk.regions_fail] * 4, walk.transact, walk.split, walk.read_stream]
    return walk.take(steps, most=60)


def strong_regions(seed: int) -> ddbha.World:
    """A global table of three regions with strong consistency, of which some are away now and then."""
    regions = [HERE, "us-east-2", "us-west-2"]
    walk = Walk(seed, regions)
    client = walk.clients[0]
    client.create_table(
        TableName="tab",
        **on_demand("id", "seat:N", more=["n:N"]),
        GlobalSecondaryIndexes=[index_on("by-n", "n", "seat:N")],
        StreamSpecification=STREAM,
    )
    client.update_table(
        TableName="tab",
        ReplicaUpdates=[{"Create": {"RegionName": name}} for name in regions[1:]],
        MultiRegionConsistency="STRONG",
    )
    walk.world.clock.advance(seconds=5)
    client.describe_table(TableName="tab")
    steps = [*walk.requests, *[walk.regions_fail] * 3, walk.split, walk.read_stream]
    return walk.take(steps, most=60)


#: By name, as the clients that are installed know them.
KINDS: dict[str, Callable[[int], ddbha.World]] = {
    "one_region": one_region,
    "failing_zones": failing_zones,
    "two_regions": two_regions,
    **({"strong_regions": strong_regions} if knows("UpdateTable.MultiRegionConsistency") else {}),
}
