"""UpdateTimeToLive and DescribeTimeToLive.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
"""

from __future__ import annotations

from ddbha.api.registry import Request, Response, operation
from ddbha.errors import ResourceInUseException, ValidationException
from ddbha.followers.expiry import Expiry, ExpiryFollower
from ddbha.region import Region
from ddbha.storage.table import Table

#: Seconds in which the setting can be changed once.
CHANGE_INTERVAL = 3600.0


@operation("UpdateTimeToLive")
def update_time_to_live(region: Region, request: Request) -> Response:
    """Let items expire by an attribute, or no more."""
    table = region.described_table(request["TableName"])
    specification = request["TimeToLiveSpecification"]
    _check(region, table, specification["Enabled"], specification["AttributeName"])

    table.settings.ttl_changed = region.now()
    if specification["Enabled"]:
        enable_time_to_live(region, table, specification["AttributeName"])
    else:
        disable_time_to_live(region, table)
    return {"TimeToLiveSpecification": dict(specification)}


@operation("DescribeTimeToLive")
def describe_time_to_live(region: Region, request: Request) -> Response:
    """The setting, and how far a change of it has come."""
    table = region.described_table(request["TableName"])
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


def enable_time_to_live(region: Region, table: Table, attribute: str) -> None:
    """Let items expire by an attribute: ENABLING until the time that the world's timings say."""
    settings = table.settings
    settings.ttl_attribute, settings.ttl_status = attribute, "ENABLING"

    def enabled() -> None:
        if settings.ttl_status != "ENABLING" or table.status == "DELETING":
            return
        settings.ttl_status = "ENABLED"
        Expiry(
            table,
            attribute,
            region.environment.ttl_delay,
            region.name,
            region.now,
            lambda time, action: region.later(time - region.now(), action),
            lambda count: region.record("items-expired", table=table.name, count=count),
        ).attach()

    region.later(region.environment.timings.update_time_to_live, enabled)


def disable_time_to_live(region: Region, table: Table) -> None:
    """Let items expire no more: DISABLING, with removals going on, until the timings say."""
    settings = table.settings
    settings.ttl_status = "DISABLING"

    def disabled() -> None:
        if settings.ttl_status == "DISABLING":
            settings.ttl_attribute, settings.ttl_status = None, "DISABLED"
            table.detach(ExpiryFollower)

    region.later(region.environment.timings.update_time_to_live, disabled)
