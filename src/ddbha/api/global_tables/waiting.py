"""What waits in a global table: changes until a region is reached, departures until writes arrived."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ddbha.api.access.replication import leave_global_table
from ddbha.errors import AwsError
from ddbha.followers.replication import GlobalTable
from ddbha.region.region import Region
from ddbha.region.table import Table

#: Seconds after which it is first looked again whether writes on their way have arrived.
RETRY = 60.0


def is_busy(replica: Table) -> bool:
    """Whether changes of a replica wait for their turn."""
    member = replica.membership
    return replica.status != "ACTIVE" or (member is not None and member.waiting > 0)


def once_reached(region: Region, place: Region, replica: Table, action: Callable[[], object]) -> None:
    """Change a replica in another region as soon as that can be reached, one change after the other.

    It is UPDATING until the last of them has begun.
    """
    environment, member = region.environment, replica.membership
    assert member is not None, "only replicas are changed from elsewhere"

    def change() -> None:
        gone = (
            place.tables.get(replica.name) is not replica
            or replica.membership is not member
            or replica.status == "DELETING"
        )
        reached = environment.links.are_connected(region.name, place.name)
        if not gone and not (reached and replica.status == "ACTIVE"):
            environment.blocked(change)
            return
        member.waiting -= 1
        if gone:
            return
        if member.status == "UPDATING" and not member.waiting:
            member.status = "ACTIVE"
        try:
            action()
        except AwsError as error:
            # A quota of the replica, which it could not be asked about at the time.
            place.record("settings-refused", table=replica.name, message=error.message)

    member.waiting += 1
    if member.status == "ACTIVE":
        member.status = "UPDATING"
    change()


def once_left(region: Region, table: Table, action: Callable[[], None]) -> None:
    """Take a table that is deleted out of its global table, and then do something.

    What its clients were told is in the other regions first.
    """
    member = table.membership
    if member is None:
        action()
        return

    def leave() -> None:
        if table.membership is member:
            leave_global_table(region, member)
        action()

    def is_needed() -> bool:
        return table.membership is member and unsent(member.group, [region.name])

    once_arrived(region, is_needed, leave)


def once_arrived(
    region: Region, on_its_way: Callable[[], bool], action: Callable[[], None], pause: float = RETRY
) -> None:
    """Do something once no write is on its way any more, looked for at ever longer intervals."""
    region.environment.settle()
    if not on_its_way():
        action()
        return
    region.later(pause, lambda: once_arrived(region, on_its_way, action, 2 * pause))


def unsent(group: GlobalTable, leaving: Collection[str]) -> bool:
    """Whether members that leave a global table have acknowledged writes that others do not have."""
    others = [
        name
        for name, member in group.members.items()
        if name not in leaving and member.status != "DELETING"
    ]
    return any(
        group.pending(name, other) for name in leaving if name in group.members for other in others
    )
