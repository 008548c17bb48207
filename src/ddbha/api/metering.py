"""What an operation says of its reads and writes before it does them: they are admitted, and counted.

Writes that make a record are counted from the log (`followers.consumption`); all else is counted here.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from __future__ import annotations

from ddbha.api.ongoing_transactions import refuse_locked
from ddbha.api.registry import Request
from ddbha.capacity.throttling import THROTTLED, Admission, applies, limits_of
from ddbha.capacity.units import index_writes, read_units, write_units
from ddbha.errors import (
    AwsError,
    ConditionalCheckFailedException,
    ProvisionedThroughputExceededException,
    TransactionCanceledException,
    TransactionConflictException,
)
from ddbha.faults.requests import tables_of
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.storage.partition import Partition
from ddbha.values.image import Image, size_of
from ddbha.values.key import ItemKey

#: The least that a page may cost: what must be there before it is read.
_LEAST = {True: 1.0, False: 0.5}


def admit_write(region: Region, table: Table, key: ItemKey, new: Image | None) -> None:
    """Admit one write that makes a record; raises one of `THROTTLED`, with nothing taken.

    Raises `TransactionConflictException` if an ongoing transaction holds the item.
    """
    if region.environment.locks:
        refuse_locked(region, table, key)
    throttled = applies(region, table)
    if not throttled and not table.local_indexes:
        return
    old = table.partition(key).available_leader().items.images.get(key)
    if throttled:
        admission = Admission(region)
        try:
            charge_write(admission, table, key, old, new)
        except THROTTLED:
            admission.give_back()
            raise
    units = _local_units(table, old, new)
    if units:
        region.consumed("Write", table.name).add(units, region.now())


def admit_unrecorded(
    region: Region, table: Table, key: ItemKey, old: Image | None = None, new: Image | None = None
) -> None:
    """Admit a write that changes nothing: a failed condition, the deletion of an item that is not there.

    It costs what the write would have cost the table, without indexes.  Raises one of `THROTTLED`,
    and `TransactionConflictException` if an ongoing transaction holds the item.
    """
    if region.environment.locks:
        refuse_locked(region, table, key)
    units, now = write_units(old, new), region.environment.clock.time()
    if applies(region, table):
        limits_of(region, table, None, "Write").take(table.partition(key), key, units, now)
    series = table.consumed_writes
    if series is None:
        series = table.consumed_writes = region.consumed("Write", table.name)
    series.add(units, now)


def admit_read(
    region: Region, table: Table, partition: Partition, key: ItemKey, size: int, *, consistent: bool
) -> None:
    """Admit the read of an item of `size` bytes; raises one of `THROTTLED`."""
    units, now = read_units(size, consistent=consistent), region.environment.clock.time()
    if applies(region, table):
        limits_of(region, table, None, "Read").take(partition, key, units, now)
    series = table.consumed_reads
    if series is None:
        series = table.consumed_reads = region.consumed("Read", table.name)
    series.add(units, now)


def admit_page(
    region: Region, table: Table, index: GlobalIndex | None, partition: Partition, *, consistent: bool
) -> None:
    """Admit a page of a query or a scan, whose size is not known yet; raises one of `THROTTLED`."""
    if applies(region, table):
        limits = limits_of(region, table, index, "Read")
        limits.take(partition, None, _LEAST[consistent], region.now())


def charge_page(
    region: Region,
    table: Table,
    index: GlobalIndex | None,
    partition: Partition,
    key: ItemKey | None,
    units: float,
    *,
    consistent: bool,
    returned: int,
) -> None:
    """Charge a page that was read: more than there is holds up the next request, as on AWS."""
    environment = region.environment
    now = environment.clock.time()
    if applies(region, table):
        beyond = units - _LEAST[consistent]
        limits_of(region, table, index, "Read").charge(partition, key, beyond, now)
    region.returned(environment.operation, table.name).add(float(returned), now)
    region.consumed("Read", table.name, None if index is None else index.name).add(units, now)


def admit_transaction_writes(
    region: Region, writes: list[tuple[Table, ItemKey, Image | None, Image | None]]
) -> None:
    """Admit all writes of a transaction, at twice the units of others, with their old and new items.

    Where both are one image nothing is recorded.  Raises `TransactionCanceledException` with nothing
    taken.
    """
    admission = Admission(region)
    refusals: list[AwsError | None] = []
    for table, key, old, new in writes:
        try:
            if applies(region, table):
                charge_write(admission, table, key, old, new, factor=2)
            refusals.append(None)
        except THROTTLED as error:
            refusals.append(error)
    _cancel_if_refused(admission, refusals)
    for table, _, old, new in writes:
        # The log knows of one of the two that a write costs.
        units = write_units(old, new) * (2 if new is old else 1) + _local_units(table, old, new)
        region.consumed("Write", table.name).add(units, region.now())


def admit_transaction_reads(region: Region, reads: list[tuple[Table, ItemKey, Image | None]]) -> None:
    """Admit all reads of a transaction; raises `TransactionCanceledException` with nothing taken."""
    admission = Admission(region)
    refusals: list[AwsError | None] = []
    costs = [
        2 * read_units(0 if image is None else size_of(image), consistent=True) for *_, image in reads
    ]
    for (table, key, _), units in zip(reads, costs, strict=True):
        try:
            if applies(region, table):
                admission.take(table, None, "Read", table.partition(key), key, units)
            refusals.append(None)
        except THROTTLED as error:
            refusals.append(error)
    _cancel_if_refused(admission, refusals)
    for (table, _, _), units in zip(reads, costs, strict=True):
        region.consumed("Read", table.name).add(units, region.now())


def _cancel_if_refused(admission: Admission, refusals: list[AwsError | None]) -> None:
    if any(refusals):
        admission.give_back()
        raise TransactionCanceledException([_reason(refusal) for refusal in refusals])


def _reason(refusal: AwsError | None) -> dict[str, str]:
    if refusal is None:
        return {"Code": "None"}
    provisioned = isinstance(refusal, ProvisionedThroughputExceededException)
    code = "ProvisionedThroughputExceeded" if provisioned else "ThrottlingError"
    return {"Code": code, "Message": refusal.message}


def charge_write(
    admission: Admission,
    table: Table,
    key: ItemKey,
    old: Image | None,
    new: Image | None,
    factor: int = 1,
) -> None:
    """Take what a write costs the table, with its local indexes, and each of its global indexes.

    An index without capacity refuses the write: back-pressure.  Raises one of `THROTTLED`.
    """
    units = write_units(old, new) * factor + _local_units(table, old, new)
    admission.take(table, None, "Write", table.partition(key), key, units)
    for index in table.global_indexes.values():
        for position, cost in index_writes(index, old, new):
            place = (*position, key)
            partition = index.partitions.of(place)
            admission.take(table, index, "Write", partition, place, cost)


def count_tables(region: Region) -> None:
    """Let the metrics of all tables take in what was written and what is provisioned by now."""
    now, metrics = region.now(), region.environment.metrics
    for table in region.tables.values():
        table.count_writes(now)
        if table.settings.billing_mode != "PROVISIONED":
            continue
        for owner in (None, *table.global_indexes.values()):
            dimensions = {"AccountId": region.account_id, "TableName": table.name}
            if owner is not None:
                dimensions["GlobalSecondaryIndexName"] = owner.name
            throughput = table.settings.throughput if owner is None else owner.throughput
            for kind, units in (("Read", throughput.read), ("Write", throughput.write)):
                metrics.put(f"Provisioned{kind}CapacityUnits", units, now, region.name, **dimensions)


def count_error(region: Region, operation: str, request: Request, error: AwsError) -> None:
    """Count a request that was answered with an error."""
    metrics, now, account = region.environment.metrics, region.now(), region.account_id
    if error.induced and error.status >= 500:
        for table in sorted(tables_of(request)):
            metrics.put(
                "FaultInjectionServiceInducedErrors",
                1.0,
                now,
                region.name,
                AccountId=account,
                TableName=table,
                Operation=operation,
            )
    reasons = error.fields.get("CancellationReasons", ())
    codes = {reason["Code"] for reason in reasons}
    if isinstance(error, THROTTLED) or codes & {"ProvisionedThroughputExceeded", "ThrottlingError"}:
        name, by_operation = "ThrottledRequests", True
    elif isinstance(error, ConditionalCheckFailedException) or "ConditionalCheckFailed" in codes:
        name, by_operation = "ConditionalCheckFailedRequests", False
    elif isinstance(error, TransactionConflictException) or "TransactionConflict" in codes:
        name, by_operation = "TransactionConflict", False
    elif error.status >= 500:
        name, by_operation = "SystemErrors", True
    else:
        # CloudWatch keeps these by account and region only.
        metrics.put("UserErrors", 1.0, now, region.name, AccountId=account)
        return
    if isinstance(error, TransactionCanceledException) and not by_operation:
        # One for each action that failed so.
        wanted = name.removesuffix("Requests")
        member = "TransactItems" if "TransactItems" in request else "TransactStatements"
        for entry, reason in zip(request[member], reasons, strict=True):
            if reason["Code"] == wanted:
                (table,) = tables_of({member: [entry]})
                metrics.put(name, 1.0, now, region.name, AccountId=account, TableName=table)
        return
    for table in sorted(tables_of(request)):
        if by_operation:
            metrics.put(
                name, 1.0, now, region.name, AccountId=account, TableName=table, Operation=operation
            )
        else:
            metrics.put(name, 1.0, now, region.name, AccountId=account, TableName=table)


def _local_units(table: Table, old: Image | None, new: Image | None) -> float:
    return sum(
        units for index in table.local_indexes.values() for _, units in index_writes(index, old, new)
    )
