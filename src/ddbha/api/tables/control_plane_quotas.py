"""What an account may have at once, and how often a table may be changed.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from ddbha.errors import LimitExceededException, ThrottlingException
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.region import Region, utc
from ddbha.region.table import Table, TableSettings
from ddbha.values.settings import Throughput

#: Of an account in a region.
MAXIMUM_TABLES = 2500
MAXIMUM_CONCURRENT_OPERATIONS = 500
#: Provisioned units of a table or an index.
MAXIMUM_UNITS_OF_TABLE = 40_000
#: Decreases of a table or an index on one day of UTC, before there is one in an hour only.
FREE_DECREASES = 4
DECREASE_INTERVAL = 3600.0
#: Switches of a table to on demand within a day, and changes of its class within 30 days.
MAXIMUM_SWITCHES = 4
MAXIMUM_CLASS_CHANGES = 2
#: Changes of a table's encryption within a day, before there is one in six hours only.
MAXIMUM_ENCRYPTIONS = 4
ENCRYPTION_INTERVAL = 6 * 3600.0

_DAY = 24 * 3600.0
_LIMIT = "Subscriber limit exceeded: "
_MORE = (
    "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
)


def refuse_another_table(region: Region) -> None:
    """Raise `LimitExceededException` if the account has as many tables as it may have."""
    if len(region.tables) >= MAXIMUM_TABLES:
        raise LimitExceededException(
            f"{_LIMIT}There is a limit of {MAXIMUM_TABLES} tables per subscriber"
        )
    refuse_another_operation(region)


def refuse_another_operation(region: Region) -> None:
    """Raise `LimitExceededException` if as many tables are being changed as may be."""
    changing = sum(table.status != "ACTIVE" for table in region.tables.values())
    if changing >= MAXIMUM_CONCURRENT_OPERATIONS:
        raise LimitExceededException(
            f"{_LIMIT}Only {MAXIMUM_CONCURRENT_OPERATIONS} tables can be created, updated, or deleted "
            "simultaneously"
        )


def refuse_units(region: Region, new: Throughput, index: str | None = None) -> None:
    """Raise `LimitExceededException` for more units than a table or an index may have."""
    what = "table" if index is None else "index"
    where = "" if index is None else f" for index {index}"
    for member, units in (("ReadCapacityUnits", new.read), ("WriteCapacityUnits", new.write)):
        if units > MAXIMUM_UNITS_OF_TABLE:
            raise LimitExceededException(
                f"The requested {member}{where}, {units}, is above the per {what} maximum for the "
                f"account in {region.name}. Per {what} maximum: {MAXIMUM_UNITS_OF_TABLE}. {_MORE}"
            )


def refuse_decrease(region: Region, owner: TableSettings | GlobalIndex, new: Throughput) -> None:
    """Raise `LimitExceededException` if units are taken away too often on one day."""
    changes, now = owner.changes, region.now()
    if not _decreases(owner.throughput, new) or changes.decreases_today < FREE_DECREASES:
        return
    assert changes.last_decrease is not None, "it was decreased today"
    following = min(changes.last_decrease + DECREASE_INTERVAL, (now // _DAY + 1) * _DAY)
    if now < following:
        raise LimitExceededException(
            f"{_LIMIT}Provisioned throughput decreases are limited within a given UTC day. After the "
            f"first {FREE_DECREASES} decreases, each subsequent decrease in the same UTC day can be "
            f"performed at most once every {DECREASE_INTERVAL:.0f} seconds. Number of decreases today: "
            f"{changes.decreases_today}. Last decrease at {_text(changes.last_decrease)}. Next decrease "
            f"can be made at {_text(following)}"
        )


def set_throughput(region: Region, owner: TableSettings | GlobalIndex, new: Throughput) -> None:
    """Change the units of a table or an index, and count that."""
    old, now = owner.throughput, region.now()
    owner.throughput = new
    if _decreases(old, new):
        if owner.changes.decreases_today == 0:

            def next_day() -> None:
                owner.changes = evolve(owner.changes, decreases_today=0)

            region.later((now // _DAY + 1) * _DAY - now, next_day)
        owner.changes = evolve(
            owner.changes, decreases_today=owner.changes.decreases_today + 1, last_decrease=now
        )
    if new.read > old.read or new.write > old.write:
        owner.changes = evolve(owner.changes, last_increase=now)


def _decreases(old: Throughput, new: Throughput) -> bool:
    # A table or an index that becomes on demand, or was it, has no units: nothing is taken away.
    if Throughput() in (old, new):
        return False
    return new.read < old.read or new.write < old.write


def refuse_switch(region: Region, settings: TableSettings) -> None:
    """Raise `LimitExceededException` if a table became on demand too often within a day."""
    now = region.now()
    recent = [time for time in settings.on_demand_switches if time > now - _DAY]
    if len(recent) >= MAXIMUM_SWITCHES:
        raise LimitExceededException(
            f"{_LIMIT}Update to PayPerRequest mode are limited to {MAXIMUM_SWITCHES} times in 1 day(s). "
            f"Last update at {_text(recent[-1])}. Next update can be made at "
            f"{_text(recent[-MAXIMUM_SWITCHES] + _DAY)}"
        )


def refuse_class_change(region: Region, settings: TableSettings) -> None:
    """Raise `LimitExceededException` if the class of a table was set too often within 30 days."""
    recent = [time for time in settings.class_changes if time > region.now() - 30 * _DAY]
    if len(recent) >= MAXIMUM_CLASS_CHANGES:
        raise LimitExceededException(
            f"{_LIMIT}Updates to TableClass are limited to {MAXIMUM_CLASS_CHANGES} times in 30 day(s)."
        )


def refuse_encryption_change(region: Region, settings: TableSettings) -> None:
    """Raise `LimitExceededException` if the encryption of a table was changed too often within a day."""
    now = region.now()
    recent = [time for time in settings.encryption_changes if time > now - _DAY]
    if len(recent) < MAXIMUM_ENCRYPTIONS or now >= recent[-1] + ENCRYPTION_INTERVAL:
        return
    raise LimitExceededException(
        f"{_LIMIT}Encryption mode changes are limited in the 24h window ending at "
        f"{_iso(recent[0] + _DAY)}. After the first {MAXIMUM_ENCRYPTIONS} change, each subsequent change "
        f"in the same window can be performed at most once every {ENCRYPTION_INTERVAL:.0f} seconds. "
        f"Number of updates today: {len(recent)}. Last change at {_iso(recent[-1])}. Next change can be "
        f"made at {_iso(recent[-1] + ENCRYPTION_INTERVAL)}"
    )


def refuse_protection_change(region: Region, table: Table) -> None:
    """Raise `ThrottlingException` if the deletion protection of a table was changed a moment ago."""
    changed = table.settings.protection_changed
    interval = region.environment.timings.deletion_protection_interval
    if changed is None or region.now() >= changed + interval:
        return
    raise ThrottlingException(
        f"Deletion protection setting for table {table.name} modified within the previous "
        f"{interval * 1000:.0f} milliseconds. Please try again after {_iso(changed + interval)}"
    )


def _iso(time: float) -> str:
    return f"{utc(time).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def _text(time: float) -> str:
    moment: datetime = utc(time)
    hour = moment.hour % 12 or 12
    return (
        f"{moment:%A}, {moment:%B} {moment.day}, {moment.year} at {hour}:{moment:%M:%S %p} "
        "Coordinated Universal Time"
    )
