"""Replicas of a table in other regions: made, changed and deleted by UpdateTable.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GlobalTables.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from attrs import evolve

from ddbha.api.access.replication import leave_global_table
from ddbha.api.definitions.descriptions import describe
from ddbha.api.definitions.encryption_keys import note_key
from ddbha.api.definitions.stream_settings import disable_stream
from ddbha.api.global_tables.new_replicas import (
    fill_later,
    inherited_settings,
    new_replica,
    source_of_replicas,
)
from ddbha.api.global_tables.replica_rules import ReplicaChange, check_departure, checked_change
from ddbha.api.global_tables.waiting import once_arrived, once_reached, unsent
from ddbha.api.registry import Request, Response
from ddbha.followers.replication import Member
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.settings import Throughput

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
                yield region.home(member), region.replica(member)


# -- Create -----------------------------------------------------------------------------------------


def _create(region: Region, table: Table, change: ReplicaChange) -> Response:
    source = source_of_replicas(region, table, strong=change.strong)
    # Replicas of one account may have settings of their own.
    table.settings.settings_replication = None
    if change.witness is not None:
        source.group.add_witness(change.witness)
    for name, action in change.replicas.items():
        target = new_replica(region.peer(name), table, source, inherited_settings(table))
        replica = region.replica(target)
        _override(replica, target, action)
        note_key(replica)
        fill_later(region, source, target)
    return {"TableDescription": describe(table)}


# -- Update and Delete --------------------------------------------------------------------------------


def _update(region: Region, table: Table, change: ReplicaChange) -> Response:
    assert table.membership is not None, "only members are updated"
    changed = [table.membership.group.members[name] for name in change.replicas]
    table.status = "UPDATING"
    for member in changed:
        place, replica = region.home(member), region.replica(member)
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
    if on_demand_reads is not None:
        settings.on_demand = evolve(settings.on_demand or Throughput(), read=on_demand_reads)
    for override in action.get("GlobalSecondaryIndexes", ()):
        index = table.global_indexes.get(override["IndexName"])
        reads = override.get("ProvisionedThroughputOverride", {}).get("ReadCapacityUnits")
        if index is not None and reads is not None:
            index.throughput = evolve(index.throughput, read=reads)
        on_demand_reads = override.get("OnDemandThroughputOverride", {}).get("MaxReadRequestUnits")
        if index is not None and on_demand_reads is not None:
            index.on_demand = evolve(index.on_demand or Throughput(), read=on_demand_reads)


def _disassociate(region: Region, table: Table) -> Response:
    """Let the local replica become an ordinary table, once nothing is on its way to or from it."""
    member = table.membership
    assert member is not None, "only members are disassociated"
    group = member.group
    table.status = "UPDATING"
    response = {"TableDescription": describe(table)}

    def pending() -> bool:
        others = [name for name in group.members if name != region.name]
        return any(group.pending(region.name, o) or group.pending(o, region.name) for o in others)

    def finish() -> None:
        table.status = "ACTIVE"
        # The last other replica may have been deleted meanwhile.
        if table.membership is member:
            if pending() or member.is_stopped:
                region.record("replica-waits", table=table.name, replica=region.name)
                return
            leave_global_table(region, member)
        region.record("replica-disassociated", table=table.name)

    def on_its_way() -> bool:
        """What somebody has to put right first is not waited for: the replica stays one."""
        stopped = any(other.is_stopped for other in group.members.values())
        return table.membership is member and not stopped and pending()

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
            check_departure(region.home(member), replica)
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
            place = region.home(member)
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
