"""Exports, imports and bulk operations: what was asked for, and what came of it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.HowItWorks.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.HowItWorks.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BulkOperationDescription.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from attrs import Factory, define, field

from ddbha.region.region import Region

#: Seconds that a client token stands for its request.
TOKEN_LIFETIME = 8 * 3600.0
#: Seconds that all of them are known.
RETENTION = 90 * 24 * 3600.0


@define(eq=False)
class Transfer:
    """What all of them have in common; times are seconds since the epoch."""

    arn: str
    table_arn: str
    table_id: str
    started: float
    #: What was asked for, without the token.
    request: dict[str, Any]
    token: str | None
    status: str = field(default="IN_PROGRESS", init=False)
    ended: float | None = field(default=None, init=False)
    failure_code: str | None = field(default=None, init=False)
    failure_message: str | None = field(default=None, init=False)

    def complete(self, time: float) -> None:
        """It is done."""
        self.status, self.ended = "COMPLETED", time

    def fail(self, time: float, code: str, message: str) -> None:
        """It is over, and not as it was meant."""
        self.status, self.ended = "FAILED", time
        self.failure_code, self.failure_message = code, message


AnyTransfer = TypeVar("AnyTransfer", bound=Transfer)


@define(eq=False)
class Export(Transfer):
    """An export of a table; times of the table in the request are seconds since the epoch here."""

    #: FULL_EXPORT or INCREMENTAL_EXPORT.
    type: str
    #: The moment of a full export.
    time: float | None = None
    #: The period of an incremental one: from the first on, before the second.
    period: tuple[float, float] | None = None
    item_count: int = field(default=0, init=False)
    billed_size: int = field(default=0, init=False)
    manifest: str | None = field(default=None, init=False)


@define(eq=False)
class Import(Transfer):
    """An import into a new table."""

    processed_size: int = field(default=0, init=False)
    processed_items: int = field(default=0, init=False)
    imported_items: int = field(default=0, init=False)
    errors: int = field(default=0, init=False)


@define(eq=False)
class BulkPut(Transfer):
    """A bulk operation that puts items into a table that is there."""

    #: Bytes of all objects, once they are counted.
    total_size: int | None = field(default=None, init=False)
    #: Bytes of the objects that were read.
    processed_size: int = field(default=0, init=False)
    #: Records that were written, that are none or may not be written, and whose conditions do not hold.
    processed_items: int = field(default=0, init=False)
    errors: int = field(default=0, init=False)
    unmet_conditions: int = field(default=0, init=False)
    #: Bytes written to the table, and to its indexes of each kind by name.
    table_bytes: int = field(default=0, init=False)
    index_bytes: dict[str, Counter[str]] = field(init=False)

    @index_bytes.default
    def _no_bytes(self) -> dict[str, Counter[str]]:
        kinds = ("LocalSecondaryIndexes", "GlobalSecondaryIndexes", "VectorIndexes")
        return {kind: Counter() for kind in kinds}

    @property
    def table_name(self) -> str:
        """The name of the table."""
        return self.table_arn.rpartition("/")[2]

    def complete(self, time: float) -> None:
        super().complete(time)
        if self.errors:
            self.status = "COMPLETED_WITH_ERRORS"

    def cancel(self, time: float) -> None:
        """It is over because it was to be stopped."""
        self.fail(time, "Cancelled", "The bulk operation was cancelled by a request")
        self.status = "CANCELLED"


@define(eq=False)
class Transfers:
    """The exports, imports and bulk operations of a region by ARN, for 90 days."""

    exports: dict[str, Export] = Factory(dict)
    imports: dict[str, Import] = Factory(dict)
    bulk_operations: dict[str, BulkPut] = Factory(dict)


def exports_of(region: Region) -> dict[str, Export]:
    """The exports of a region by ARN, without those that ended more than 90 days ago."""
    return _kept(region.parts.the(Transfers).exports, region.now())


def imports_of(region: Region) -> dict[str, Import]:
    """The imports of a region by ARN, without those that ended more than 90 days ago."""
    return _kept(region.parts.the(Transfers).imports, region.now())


def bulk_operations_of(region: Region) -> dict[str, BulkPut]:
    """The bulk operations of a region by ARN, without those that ended more than 90 days ago."""
    return _kept(region.parts.the(Transfers).bulk_operations, region.now())


def has_bulk_operation(region: Region, table_arn: str) -> bool:
    """Whether a bulk operation on a table has not ended."""
    return any(one.ended is None for one in of_table(bulk_operations_of(region), table_arn))


def of_token(transfers: Iterable[AnyTransfer], token: str | None, now: float) -> AnyTransfer | None:
    """The one that a token was used for in the last eight hours."""
    if token is None:
        return None
    for transfer in transfers:
        if transfer.token == token and now < transfer.started + TOKEN_LIFETIME:
            return transfer
    return None


def of_table(transfers: Mapping[str, AnyTransfer], table_arn: str | None) -> list[AnyTransfer]:
    """The transfers of one table, or of all."""
    return [one for one in transfers.values() if table_arn in (None, one.table_arn)]


def _kept(transfers: dict[str, AnyTransfer], now: float) -> dict[str, AnyTransfer]:
    for arn, transfer in list(transfers.items()):
        if transfer.ended is not None and now >= transfer.ended + RETENTION:
            del transfers[arn]
    return transfers


def transfer_arn(table_arn: str, kind: str, time: float, suffix: int, known: Iterable[str]) -> str:
    """An ARN that none of the known ones is: milliseconds and a random number of 32 bits."""
    milliseconds = round(time * 1000)
    while (arn := f"{table_arn}/{kind}/{milliseconds:014d}-{suffix:08x}") in known:
        milliseconds += 1
    return arn
