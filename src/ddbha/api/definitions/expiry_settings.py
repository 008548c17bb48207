"""Turning the expiry of items on and off, for the operations and for new replicas."""

from __future__ import annotations

from ddbha.followers.expiry import Expiry, ExpiryFollower
from ddbha.region.region import Region
from ddbha.region.table import Table


def enable_time_to_live(region: Region, table: Table, attribute: str) -> None:
    """Let items expire by an attribute: ENABLING until the time that the world's timings say."""
    settings = table.settings
    settings.ttl_attribute, settings.ttl_status = attribute, "ENABLING"

    def enabled() -> None:
        if settings.ttl_status != "ENABLING" or table.status == "DELETING":
            return
        settings.ttl_status = "ENABLED"
        begin_expiry(region, table, attribute)

    region.later(region.environment.timings.update_time_to_live, enabled)


def begin_expiry(region: Region, table: Table, attribute: str) -> None:
    """Let items expire from now on."""

    def may_sweep(now: float) -> bool:
        """Of several regions one removes for all; it has to hear of what is due elsewhere."""
        member = table.membership
        if member is None:
            return table.status != "DELETING"
        member.group.settle(now)
        return table.status != "DELETING" and member.group.sweeper == region.name

    Expiry(
        table.partitions,
        attribute,
        region.environment.settings.ttl_delay,
        region.name,
        region.now,
        lambda time, action: region.later(time - region.now(), action),
        region.environment.blocked,
        may_sweep,
        lambda key: (table.arn, key) in region.environment.locks,
        lambda count: region.record("items-expired", table=table.name, count=count),
    ).attach()


def disable_time_to_live(region: Region, table: Table) -> None:
    """Let items expire no more: DISABLING, with removals going on, until the timings say."""
    settings = table.settings
    settings.ttl_status = "DISABLING"

    def disabled() -> None:
        if settings.ttl_status == "DISABLING":
            settings.ttl_attribute, settings.ttl_status = None, "DISABLED"
            table.partitions.detach(ExpiryFollower)

    region.later(region.environment.timings.update_time_to_live, disabled)
