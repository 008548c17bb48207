"""Replicas of a table in other regions: made, changed and deleted by UpdateTable.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GlobalTables.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from attrs import evolve

from ddbha.api.definitions.descriptions import describe
from ddbha.api.definitions.encryption_keys import note_key
from ddbha.api.definitions.expiry_settings import enable_time_to_live
from ddbha.api.definitions.stream_settings import disable_stream, enable_stream
from ddbha.api.definitions.table_building import new_table
from ddbha.api.global_tables.replica_rules import ReplicaChange, check_departure, checked_change
from ddbha.api.global_tables.waiting import once_arrived, once_reached, unsent
from ddbha.api.metering import admit_write
from ddbha.api.registry import Request, Response
from ddbha.errors import InternalServerError
from ddbha.followers.replication import GlobalTable, Member
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.followers.strong_replication import StrongGlobalTable
from ddbha.region.region import Region, Regions
from ddbha.region.table import Table
from ddbha.storage.record import Stamp
from ddbha.values.image import Image
from ddbha.values.key import ItemKey
from ddbha.values.settings import ContributorInsights

_OVERRIDES = (
    "ProvisionedThroughputOverride",
    "OnDemandThroughputOverride",
    "GlobalSecondaryIndexes",
)


def update_replicas(region: Region, table: Table, request: Request) -> Response:
    """Do the one change of replicas that a request asks for."""
    change = checked_change(region, table, request)
    if change.kind == "Create":
        return _create(region, table, change)
    if change.kind == "Update":
        return _update(region, table, change)
    if change.kind == "Disassociate":
        return _disassociate(region, table)
    return _delete(region, table, change)


def peers(region: Region, table: Table) -> Iterator[tuple[Region, Table]]:
    """The other replicas of a table, with their regions."""
    if table.membership is not None:
        for member in table.membership.group.members.values():
            if member is not table.membership:
                yield region.peer(member.region), region.replica(member)


# -- Create -----------------------------------------------------------------------------------------


def _create(region: Region, table: Table, change: ReplicaChange) -> Response:
    for partition in table.all_partitions():
        # What is copied comes from leaders: all of them answer, or nothing has changed.
        partition.available_leader()
    source = table.membership or _first_member(region, table, change.strong)
    group = source.group
    if change.witness is not None:
        group.add_witness(change.witness)
    timings = region.environment.timings
    seconds = timings.create_replica
    if table.item_count:
        seconds += timings.backfill_replica
    if not change.strong and table.settings.stream_view_type is None:
        enable_stream(region, table, "NEW_AND_OLD_IMAGES", 0)
    table.status = "UPDATING"
    for name, action in change.replicas.items():
        target = _new_replica(region.peer(name), table, action, source)
        _fill_later(region, source, target, seconds)
    return {"TableDescription": describe(table)}


def new_group(regions: Regions, account_id: str, name: str, *, strong: bool) -> GlobalTable:
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
            TableName=name,
            ReceivingRegion=destination,
        )

    def admit(member: Member, key: ItemKey, new: Image | None) -> None:
        region = regions.of(account_id, member.region)
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
    environment.global_tables[account_id, name] = group
    return group


def new_member(group: GlobalTable, region: Region, table: Table) -> Member:
    """The member of a global table by which a table of a region takes part."""
    return group.new_member(region.name, table.partitions, lambda: table.status in ("ACTIVE", "UPDATING"))


def _first_member(region: Region, table: Table, strong: bool) -> Member:
    group = new_group(region.regions, region.account_id, table.name, strong=strong)
    member = new_member(group, region, table)
    member.status, member.joined = "ACTIVE", region.now()
    group.add(member)
    member.attach()
    table.membership = member
    note_key(table)
    return member


def _new_replica(region: Region, table: Table, action: dict[str, Any], source: Member) -> Member:
    settings = evolve(
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
    _override(replica, member, action)
    replica.membership = member
    note_key(replica)
    return member


def _fill_later(region: Region, source: Member, target: Member, seconds: float) -> None:
    """Copy what is in the table now, and let what is written meanwhile wait on its way."""
    group, original, table = source.group, region.replica(source), region.replica(target)
    group.add(target)
    target.joined = region.now()
    images = list(group.copy(source, target))
    place = region.peer(target.region)

    def fill() -> None:
        if original.status == "DELETING" or table.status != "CREATING":
            return
        try:
            if not region.environment.links.are_open(source.region, target.region, table.name):
                raise InternalServerError
            for partition in table.all_partitions():
                # All of them are ready, or nothing is loaded.
                partition.available_leader()
            table.load(images)
        except InternalServerError:
            region.record("replica-waits", table=table.name, replica=target.region)
            region.environment.blocked(fill)
            return
        target.attach()
        if group.consistency == "EVENTUAL":
            enable_stream(place, table, "NEW_AND_OLD_IMAGES", 0)
        if original.settings.ttl_attribute is not None:
            enable_time_to_live(place, table, original.settings.ttl_attribute)
        table.status = target.status = "ACTIVE"
        for witness in group.witnesses:
            group.witnesses[witness] = "ACTIVE"
        if not any(member.status == "CREATING" for member in group.members.values()):
            original.status = "ACTIVE"
        region.environment.unblock()
        region.record("replica-active", table=table.name, replica=target.region)

    region.later(seconds, fill)


# -- Update and Delete --------------------------------------------------------------------------------


def _update(region: Region, table: Table, change: ReplicaChange) -> Response:
    assert table.membership is not None, "only members are updated"
    changed = [table.membership.group.members[name] for name in change.replicas]
    table.status = "UPDATING"
    for member in changed:
        place, replica = region.peer(member.region), region.replica(member)
        override = partial(_override, replica, member, change.replicas[member.region])
        once_reached(region, place, replica, override)
        member.status = "UPDATING"
    response = {"TableDescription": describe(table)}

    def finish() -> None:
        table.status = "ACTIVE"
        for member in changed:
            if member.status == "UPDATING" and not member.waiting:
                member.status = "ACTIVE"
        region.environment.unblock()

    region.later(region.environment.timings.update_table, finish)
    return response


def _override(table: Table, member: Member, action: dict[str, Any]) -> None:
    settings = table.settings
    if "KMSMasterKeyId" in action:
        settings.encryption = {**(settings.encryption or {}), "KMSMasterKeyId": action["KMSMasterKeyId"]}
    member.overrides.update({name: action[name] for name in _OVERRIDES if name in action})
    if "TableClassOverride" in action:
        settings.table_class = action["TableClassOverride"]
        member.overrides["ReplicaTableClassSummary"] = {"TableClass": action["TableClassOverride"]}
    reads = action.get("ProvisionedThroughputOverride", {}).get("ReadCapacityUnits")
    if reads is not None:
        settings.throughput = evolve(settings.throughput, read=reads)
    on_demand_reads = action.get("OnDemandThroughputOverride", {}).get("MaxReadRequestUnits")
    if on_demand_reads is not None and settings.on_demand is not None:
        settings.on_demand = evolve(settings.on_demand, read=on_demand_reads)
    for override in action.get("GlobalSecondaryIndexes", ()):
        index = table.global_indexes.get(override["IndexName"])
        reads = override.get("ProvisionedThroughputOverride", {}).get("ReadCapacityUnits")
        if index is not None and reads is not None:
            index.throughput = evolve(index.throughput, read=reads)


def _disassociate(region: Region, table: Table) -> Response:
    """Let the local replica become an ordinary table, once nothing is on its way to or from it."""
    member = table.membership
    assert member is not None, "only members are disassociated"
    group = member.group
    table.status = "UPDATING"
    response = {"TableDescription": describe(table)}

    def finish() -> None:
        # The last other replica may have been deleted meanwhile.
        if table.membership is member:
            region.leave_global_table(member)
        table.status = "ACTIVE"
        region.record("replica-disassociated", table=table.name)

    def on_its_way() -> bool:
        if table.membership is not member:
            return False
        others = [name for name in group.members if name != region.name]
        return any(group.pending(region.name, o) or group.pending(o, region.name) for o in others)

    region.later(
        region.environment.timings.update_table, lambda: once_arrived(region, on_its_way, finish)
    )
    return response


def _delete(region: Region, table: Table, change: ReplicaChange) -> Response:
    assert table.membership is not None, "only members are deleted"
    environment, group = region.environment, table.membership.group
    doomed = [(group.members[name], region.replica(group.members[name])) for name in change.replicas]
    if not change.strong:
        for member, replica in doomed:
            check_departure(region.peer(member.region), replica)
    table.status = "UPDATING"
    for member, _ in doomed:
        member.status = "DELETING"
    for witness in group.witnesses:
        group.witnesses[witness] = "DELETING"

    def begin(member: Member, replica: Table) -> None:
        """Until the region can be reached it knows nothing of it."""
        if environment.links.are_connected(region.name, member.region):
            replica.status = "DELETING"
        elif replica.membership is member:
            environment.blocked(partial(begin, member, replica))

    def is_needed() -> bool:
        unaware = any(r.membership is member and r.status != "DELETING" for member, r in doomed)
        return unaware or unsent(group, change.replicas)

    def vanish() -> None:
        table.status = "ACTIVE"
        group.witnesses.clear()
        for member, replica in doomed:
            place = region.peer(member.region)
            if replica.membership is not member:
                # It was deleted in its own region meanwhile.
                continue
            if replica.settings.stream_view_type is not None:
                disable_stream(place, replica, 0)
            place.leave_global_table(member)
            replica.count_writes(place.now())
            del place.tables[table.name]
            place.record("replica-deleted", table=table.name)
        environment.unblock()

    for member, replica in doomed:
        begin(member, replica)
    response = {"TableDescription": describe(table)}
    # What its clients were told is not lost with it.
    region.later(environment.timings.delete_replica, lambda: once_arrived(region, is_needed, vanish))
    return response
