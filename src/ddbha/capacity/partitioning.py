"""New partitions: empty, of one size, over all zones of their region.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.Partitions.html
"""

from __future__ import annotations

from collections.abc import Mapping

from ddbha.capacity.scaling import split_for_size
from ddbha.followers.consumption import ConsumedWrites
from ddbha.observe.events import event_kind
from ddbha.region.region import Region
from ddbha.storage.items import ItemStore
from ddbha.storage.partition import Partition
from ddbha.storage.partitions import Partitions, even_ranges
from ddbha.storage.replica import Replica
from ddbha.storage.replication import QUORUM, reachable
from ddbha.values.key import KeySchema


def new_partitions(
    region: Region, owner: str, count: int, local_schemas: Mapping[str, KeySchema]
) -> Partitions:
    """Empty partitions of one size for the table or index `owner`, over all zones."""
    partitions, cuts = Partitions(), region.environment.zone_cuts
    table, _, index = owner.partition("/")
    consumed = region.consumed("Write", table, index or None)
    expired = region.environment.metrics.series(
        "TimeToLiveDeletedItemCount", region.name, AccountId=region.account_id, TableName=table
    )

    def notify(kind: str, partition: Partition, zone: str) -> None:
        if kind == "partition-full":
            split_for_size(region, owner, partition)
        region.record(
            event_kind(kind), table=owner, partition=partition.number, zone=zone, term=partition.term
        )

    for number, (low, high) in enumerate(even_ranges(count)):
        replicas: list[Replica] = []
        for zone in region.zones:
            items = ItemStore(local_schemas, replicas[0].items if replicas else None)
            replicas.append(_new_replica(region, zone, items))
        # The zones that can lead share the leaders of a table evenly.
        able = [r for r in replicas if len(reachable(r, replicas, cuts)) >= QUORUM] or replicas
        able = [r for r in able if r.zone not in region.environment.replication.away] or able
        partitions.append(
            Partition(
                number,
                low,
                high,
                replicas,
                able[number % len(able)],
                region.environment.random,
                notify,
                partitions,
                cuts,
                replication=region.environment.replication,
                size_limit=region.environment.settings.partition_size,
            )
        )
    for partition in partitions:
        follower = ConsumedWrites(partition, consumed, None if index else expired)
        partition.followers.append(follower)
    return partitions


def _new_replica(region: Region, zone: str, items: ItemStore) -> Replica:
    replica = Replica(zone, items)
    outages = region.environment.zone_outages.get(zone)
    if outages:
        replica.outages.update(outages)
    replica.lag = region.environment.lag(zone)
    return replica
