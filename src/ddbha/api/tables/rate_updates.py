"""Rates that UpdateTable changes: units, maximums and warm throughput, of a table and its indexes."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from ddbha.api.definitions.descriptions import ready_for
from ddbha.api.definitions.projections import INVALID
from ddbha.api.registry import Request
from ddbha.api.tables.control_plane_quotas import (
    refuse_decrease,
    refuse_units,
)
from ddbha.api.tables.request_rates import more_warm_throughput, new_maximums
from ddbha.api.tables.table_definition import throughput
from ddbha.errors import ValidationException
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.region import Region
from ddbha.region.table import Table, TableSettings
from ddbha.storage.partitions import Partitions
from ddbha.values.settings import Throughput


@frozen(eq=False)
class Rates:
    """Units, maximums and warm throughput of the table or an index as they will be."""

    owner: TableSettings | GlobalIndex
    throughput: Throughput
    on_demand: Throughput | None
    #: None if it stays.
    warm: Throughput | None


def table_rates(region: Region, table: Table, request: Request, mode: str, *, repeated: bool) -> Rates:
    """How the rates of the table change; `repeated` if another replica was checked before."""
    settings = table.settings
    new = (
        _repeated_throughput(table, request, mode)
        if repeated
        else _checked_throughput(table, request, mode)
    )
    refuse_units(region, new)
    refuse_decrease(region, settings, new)
    on_demand = settings.on_demand
    if "OnDemandThroughput" in request:
        current = on_demand or Throughput()
        on_demand = new_maximums(current, request["OnDemandThroughput"], mode)
    warm = None
    if "WarmThroughput" in request:
        warm = more_warm_throughput(ready_for(settings, mode), request["WarmThroughput"])
    return Rates(settings, new, on_demand, warm)


def index_rates(
    region: Region,
    table: Table,
    index: GlobalIndex,
    update: dict[str, Any],
    mode: str,
    *,
    repeated: bool,
) -> Rates:
    """How the rates of an index change, by an update of it or since the billing mode changes."""
    new = _index_throughput(table, index, update, mode)
    if new == index.throughput and "ProvisionedThroughput" in update and not repeated:
        raise ValidationException(_unchanged(f"index {index.name}", f"index {index.name}", new))
    refuse_units(region, new, index.name)
    refuse_decrease(region, index, new)
    on_demand = index.on_demand
    if "OnDemandThroughput" in update:
        current = on_demand or Throughput()
        on_demand = new_maximums(current, update["OnDemandThroughput"], mode, index.name)
    warm = None
    if "WarmThroughput" in update:
        warm = more_warm_throughput(ready_for(index, mode), update["WarmThroughput"], index.name)
    return Rates(index, new, on_demand, warm)


def _index_throughput(table: Table, index: GlobalIndex, update: dict[str, Any], mode: str) -> Throughput:
    given = update.get("ProvisionedThroughput")
    if mode == "PAY_PER_REQUEST":
        if given is not None:
            raise ValidationException(
                f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: "
                f"{index.name} when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if given is None:
        if table.settings.billing_mode == "PAY_PER_REQUEST":
            raise ValidationException(
                f"{INVALID}ProvisionedThroughput must be specified for index: {index.name}"
            )
        return index.throughput
    return throughput(update, mode, index=index.name)


def _repeated_throughput(table: Table, request: Request, mode: str) -> Throughput:
    if "ProvisionedThroughput" in request or "BillingMode" in request:
        return throughput(request, mode)
    return table.settings.throughput


def _checked_throughput(table: Table, request: Request, mode: str) -> Throughput:
    current = table.settings.throughput
    if "ProvisionedThroughput" not in request and "BillingMode" not in request:
        return current
    if "ProvisionedThroughput" not in request and mode == "PROVISIONED":
        raise ValidationException(
            f"{INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED"
        )
    new = throughput(request, mode)
    if new == current and mode == "PROVISIONED" == table.settings.billing_mode:
        raise ValidationException(_unchanged("table", "the table", new))
    return new


def _unchanged(what: str, where: str, new: Throughput) -> str:
    return (
        f"The provisioned throughput for the {what} will not change. The requested value equals the "
        f"current value. Current ReadCapacityUnits provisioned for {where}: {new.read}. Requested "
        f"ReadCapacityUnits: {new.read}. Current WriteCapacityUnits provisioned for {where}: "
        f"{new.write}. Requested WriteCapacityUnits: {new.write}. Refer to the Amazon DynamoDB Developer "
        "Guide for current limits and how to request higher limits."
    )


def partitions_of(table: Table, rates: Rates) -> Partitions:
    """The partitions that rates are for."""
    return rates.owner.partitions if isinstance(rates.owner, GlobalIndex) else table.partitions
