"""New members of global tables: the first one, and replicas that are filled from another one.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from attrs import evolve

from ddbha.api.definitions.encryption_keys import note_key
from ddbha.api.definitions.expiry_settings import enable_time_to_live
from ddbha.api.definitions.stream_settings import enable_stream
from ddbha.api.definitions.table_building import new_table
from ddbha.api.metering import admit_write
from ddbha.errors import InternalServerError
from ddbha.followers.replication import GlobalTable, Member
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.followers.strong_replication import StrongGlobalTable
from ddbha.region.region import Region, Regions
from ddbha.region.table import Table, TableSettings
from ddbha.storage.record import Stamp
from ddbha.values.image import Image
from ddbha.values.key import ItemKey
from ddbha.values.settings import ContributorInsights


def new_group(regions: Regions, name: str, *, strong: bool) -> GlobalTable:
    """A global table that has no members yet."""
    environment = regions.environment

    def conflict(place: str, key: ItemKey, winner: Stamp, loser: Stamp) -> None:
        why = "later" if winner.microseconds > loser.microseconds else "equal time, region order"
        environment.record(
            "write-conflict-resolved",
            place,
            table=name,
            key=key[1:],
            winner=winner.region,
            loser=loser.region,
            seconds_apart=(winner.microseconds - loser.microseconds) / 1_000_000,
            why=why,
        )

    def arrived(source: str, destination: str, seconds: float) -> None:
        environment.metrics.put(
            "ReplicationLatency",
            seconds * 1000,
            environment.clock.time(),
            source,
            AccountId=group.members[source].account_id,
            TableName=name,
            ReceivingRegion=destination,
        )

    def admit(member: Member, key: ItemKey, new: Image | None) -> None:
        region = regions.of(member.account_id, member.region)
        admit_write(region, region.replica(member), key, new)

    kind = StrongGlobalTable if strong else GlobalTable
    group = kind(
        name,
        environment.links,
        environment.random,
        conflict,
        arrived,
        admit,
        lambda: environment.clock.time(),
    )
    environment.global_tables.append(group)
    return group


def new_member(group: GlobalTable, region: Region, table: Table) -> Member:
    """The member of a global table by which a table of a region takes part."""
    return group.new_member(
        region.name,
        region.account_id,
        table.partitions,
        lambda: table.status in ("ACTIVE", "UPDATING"),
    )


def first_member(region: Region, table: Table, *, strong: bool) -> Member:
    """Make an ordinary table the first member of a global table."""
    group = new_group(region.regions, table.name, strong=strong)
    member = new_member(group, region, table)
    member.status, member.joined = "ACTIVE", region.now()
    group.add(member)
    member.attach()
    table.membership = member
    note_key(table)
    return member


def source_of_replicas(region: Region, table: Table, *, strong: bool) -> Member:
    """The member by which a table that replicas are made from takes part, UPDATING until they are filled.

    Raises `InternalServerError`, with nothing changed, where one of its partitions has no leader.
    """
    for partition in table.all_partitions():
        partition.available_leader()
    member = table.membership or first_member(region, table, strong=strong)
    if not strong and table.settings.stream_view_type is None:
        enable_stream(region, table, "NEW_AND_OLD_IMAGES", 0)
    table.status = "UPDATING"
    return member


def inherited_settings(table: Table) -> TableSettings:
    """What a replica begins with: what replicas have in common, and nothing that each sets for itself."""
    return evolve(
        table.settings,
        tags={},
        deletion_protection=False,
        protection_changed=None,
        encryption_changes=(),
        disassociation_protection=True,
        stream_view_type=None,
        stream_label=None,
        ttl_attribute=None,
        ttl_status="DISABLED",
        warming=None,
        insights=ContributorInsights(),
    )


def new_replica(region: Region, table: Table, source: Member, settings: TableSettings) -> Member:
    """An empty replica of a table in `region`, with its keys and indexes; `source` is to fill it."""
    replica = new_table(
        region,
        table.name,
        dict(table.attribute_types),
        table.schema,
        [
            LocalIndex(index.name, index.schema, index.projection, table.schema)
            for index in table.local_indexes.values()
        ],
        [
            GlobalIndex(
                index.name,
                index.schema,
                index.projection,
                table.schema,
                throughput=index.throughput,
                on_demand=index.on_demand,
                warm=index.warm,
            )
            for index in table.global_indexes.values()
        ],
        settings,
        [index.empty() for index in table.vector_indexes.values()],
    )
    region.tables[table.name] = replica
    member = new_member(source.group, region, replica)
    member.source = source.region
    replica.membership = member
    return member


def fill_later(region: Region, source: Member, target: Member) -> None:
    """Copy what is in the table now, and let what is written meanwhile wait on its way."""
    timings = region.environment.timings
    group, original, table = source.group, region.replica(source), region.replica(target)
    group.add(target)
    target.joined = region.now()
    images = list(group.copy(source, target))
    place = region.home(target)

    def fill() -> None:
        if original.status == "DELETING" or table.status != "CREATING":
            return
        try:
            if not group.are_open(source, target):
                raise InternalServerError
            for partition in table.all_partitions():
                # All of them are ready, or nothing is loaded.
                partition.available_leader()
            table.load(images)
        except InternalServerError:
            region.record("replica-waits", table=table.name, replica=target.region)
            region.environment.blocked(fill)
            return
        if table.membership is target:
            target.attach()
        if group.consistency == "EVENTUAL":
            shared = original.settings.stream_view_type if group.is_multi_account else None
            enable_stream(place, table, shared or "NEW_AND_OLD_IMAGES", 0)
        if original.settings.ttl_attribute is not None:
            enable_time_to_live(place, table, original.settings.ttl_attribute)
        table.status = target.status = "ACTIVE"
        for witness in group.witnesses:
            group.witnesses[witness] = "ACTIVE"
        if not any(member.status == "CREATING" for member in group.members.values()):
            original.status = "ACTIVE"
        region.environment.unblock()
        region.record("replica-active", table=table.name, replica=target.region)

    backfill = timings.backfill_replica if original.item_count else 0.0
    region.later(timings.create_replica + backfill, fill)
