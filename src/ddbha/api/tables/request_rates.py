"""On-demand maximums and warm throughput of tables and indexes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
"""

from __future__ import annotations

from typing import Any

from ddbha.capacity.scaling import Growth
from ddbha.errors import InternalServerError, ValidationException
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.region import Region
from ddbha.region.table import Table, TableSettings
from ddbha.storage.partitions import Partitions
from ddbha.values.settings import INITIAL_ON_DEMAND, Throughput

#: What clears a maximum.
UNLIMITED = -1

_INVALID = "One or more parameter values were invalid: "
_GUIDE = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
    "on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
)
Owner = TableSettings | GlobalIndex


def new_maximums(
    current: Throughput | None, given: dict[str, int], mode: str, index: str | None = None
) -> Throughput | None:
    """The maximums of an on-demand table or index after a change: what is not given stays.

    `current` is None for what is being created, which cannot clear anything.
    """
    where = "table" if index is None else f"index : {index}"
    for member, units in given.items():
        if mode != "PAY_PER_REQUEST":
            which = "" if index is None else f" for index : {index}"
            raise ValidationException(
                f"{_INVALID}{member} for OnDemandThroughput cannot be specified{which} when the table "
                "BillingMode is PROVISIONED"
            )
        if units < 1 and (units != UNLIMITED or current is None):
            raise ValidationException(
                f"{_INVALID}Requested {member} for OnDemandThroughput for {where} is outside of "
                "valid range"
            )
    base = current or Throughput()
    read, write = (
        given.get(member, units)
        for member, units in (("MaxReadRequestUnits", base.read), ("MaxWriteRequestUnits", base.write))
    )
    new = Throughput(max(read, 0), max(write, 0))
    return None if new == Throughput() else new


def initial_warm_throughput(
    given: dict[str, int], mode: str, provisioned: Throughput, index: str | None = None
) -> Throughput:
    """What a new table or index shall be ready for; not less than it would be anyway."""
    where = "table" if index is None else f"index {index}"
    base = INITIAL_ON_DEMAND if mode == "PAY_PER_REQUEST" else provisioned
    for member, least, units in (
        ("ReadUnitsPerSecond", base.read, "ReadCapacityUnits"),
        ("WriteUnitsPerSecond", base.write, "WriteCapacityUnits"),
    ):
        if given.get(member, least) < least:
            than = (
                f"initial throughput for OnDemand. See: {_GUIDE}"
                if mode == "PAY_PER_REQUEST"
                else f"{units} of ProvisionedThroughput"
            )
            raise ValidationException(
                f"{_INVALID}Requested {member} for WarmThroughput for {where} is lower than {than}"
            )
    return _pair(given, base)


def more_warm_throughput(
    current: Throughput, given: dict[str, int], index: str | None = None
) -> Throughput:
    """What a table or index shall be ready for; never less than it is."""
    where = "table" if index is None else f"index {index}"
    new = _pair(given, current)
    for member, before, after in (
        ("ReadUnitsPerSecond", current.read, new.read),
        ("WriteUnitsPerSecond", current.write, new.write),
    ):
        if after < before:
            raise ValidationException(
                f"{_INVALID}Requested {member} for WarmThroughput for {where} is lower than current "
                "WarmThroughput, decreasing WarmThroughput is not supported"
            )
    return new


def warm_up(region: Region, table: Table, owner: Owner, partitions: Partitions, new: Throughput) -> None:
    """Let a table or index be ready for more when the world's timings say; the last word counts."""
    owner.warming = new

    def warmed() -> None:
        if owner.warming is None or region.tables.get(table.name) is not table:
            return
        try:
            Growth.of([(partitions, owner.throughput, owner.warming)]).grow(region, table.name)
        except InternalServerError:
            region.environment.blocked(warmed)
            return
        owner.warm, owner.warming = owner.warming, None

    region.later(region.environment.timings.warm_up, warmed)


def _pair(given: dict[str, Any], base: Throughput) -> Throughput:
    return Throughput(
        given.get("ReadUnitsPerSecond", base.read), given.get("WriteUnitsPerSecond", base.write)
    )
