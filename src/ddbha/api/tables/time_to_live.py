"""UpdateTimeToLive and DescribeTimeToLive.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
"""

from __future__ import annotations

from functools import partial

from ddbha.api.access.replication import check_settings
from ddbha.api.definitions.expiry_settings import disable_time_to_live, enable_time_to_live
from ddbha.api.global_tables.replicas import peers
from ddbha.api.global_tables.waiting import once_reached
from ddbha.api.registry import Request, Response, operation
from ddbha.errors import ResourceInUseException, ValidationException
from ddbha.region.region import Region
from ddbha.region.table import Table

#: Seconds in which the setting can be changed once.
CHANGE_INTERVAL = 3600.0


@operation("UpdateTimeToLive")
def update_time_to_live(region: Region, request: Request) -> Response:
    """Let items expire by an attribute, or no more."""
    table = region.changed_table(request["TableName"])
    check_settings(region, table)
    specification = request["TimeToLiveSpecification"]
    _check(region, table, specification["Enabled"], specification["AttributeName"])

    change = partial(_change, specification["Enabled"], specification["AttributeName"])
    change(region, table)
    # All replicas of a global table have the setting in common.
    for place, replica in peers(region, table):
        once_reached(region, place, replica, partial(change, place, replica))
    return {"TimeToLiveSpecification": dict(specification)}


def _change(enabled: bool, attribute: str, region: Region, table: Table) -> None:
    if enabled and table.settings.ttl_attribute == attribute and table.settings.ttl_status != "DISABLING":
        # A replica that was made meanwhile has the setting from the beginning.
        return
    table.settings.ttl_changed = region.now()
    if enabled:
        enable_time_to_live(region, table, attribute)
    else:
        disable_time_to_live(region, table)


@operation("DescribeTimeToLive")
def describe_time_to_live(region: Region, request: Request) -> Response:
    """The setting, and how far a change of it has come."""
    table = region.changed_table(request["TableName"])
    if table.status in ("CREATING", "DELETING"):
        raise ValidationException(
            f"Cannot describe time to live while table is in {table.status} state: "
            f"Current table state is {table.status}"
        )
    settings = table.settings
    attribute = {} if settings.ttl_attribute is None else {"AttributeName": settings.ttl_attribute}
    return {"TimeToLiveDescription": {"TimeToLiveStatus": settings.ttl_status, **attribute}}


def _check(region: Region, table: Table, enabled: bool, attribute: str) -> None:
    settings = table.settings
    if table.consistency == "STRONG":
        raise ValidationException(
            "Time to live is not supported for global tables with MultiRegionConsistency set to STRONG."
        )
    for status, what in (("CREATING", "created"), ("DELETING", "deleted")):
        if table.status == status:
            raise ResourceInUseException(
                f"Attempt to change a resource which is still in use: Table {table.name} is being {what}"
            )
    if not enabled and settings.ttl_status in ("DISABLING", "DISABLED"):
        raise ValidationException("TimeToLive is already disabled")
    if settings.ttl_status in ("ENABLING", "ENABLED"):
        if settings.ttl_attribute != attribute:
            raise ValidationException(
                "TimeToLive is active on a different AttributeName: current AttributeName is "
                f"{settings.ttl_attribute}"
            )
        if enabled:
            raise ValidationException("TimeToLive is already enabled")
    if settings.ttl_changed is not None and region.now() < settings.ttl_changed + CHANGE_INTERVAL:
        raise ValidationException("Time to live has been modified multiple times within a fixed interval")
