"""StartBulkPutItems, DescribeBulkOperation, ListBulkOperations and CancelBulkOperation.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Requesting.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Considerations.html
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from ddbha.api.paging import page_of
from ddbha.api.recovery.bulk_writing import BulkWriter, writer_of
from ddbha.api.recovery.sources import refuse_key_without_kms, require
from ddbha.api.registry import Request, Response, operation
from ddbha.errors import (
    IdempotentParameterMismatchException,
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from ddbha.recovery.transfer import (
    RETENTION,
    BulkPut,
    bulk_operations_of,
    has_bulk_operation,
    of_token,
    transfer_arn,
)
from ddbha.region.region import Region, utc
from ddbha.region.table import Table

#: Bulk operations that an account can have going on at once in a region, as for imports; AWS's own number
#: is not known here.
MAXIMUM_OPERATIONS = 50
_DEFAULT_PAGE = 10
_INVALID = "One or more parameter values were invalid: "
_IN_USE = "Attempt to change a resource which is still in use: "


@operation("StartBulkPutItems")
def start_bulk_put_items(region: Region, request: Request) -> Response:
    """Put the items of all objects whose keys begin with a prefix into a table that is there."""
    _check(request)
    now, known = region.now(), bulk_operations_of(region)
    asked = {name: value for name, value in request.items() if name != "ClientToken"}
    begun = of_token(known.values(), request.get("ClientToken"), now)
    if begun is not None:
        if begun.request != asked:
            raise IdempotentParameterMismatchException(
                "The provided idempotency token was already used with different request parameters"
            )
        return {"BulkOperationDescription": _description(begun)}
    table = region.changed_table(request["TableName"])
    _refuse_unready(table)
    if has_bulk_operation(region, table.arn):
        raise LimitExceededException(
            f"Subscriber limit exceeded: Table {table.name} has a bulk operation in progress already"
        )
    if sum(one.ended is None for one in known.values()) >= MAXIMUM_OPERATIONS:
        raise LimitExceededException(
            f"Subscriber limit exceeded: Too many bulk operations in progress, at most "
            f"{MAXIMUM_OPERATIONS}"
        )
    source = request["InputS3Configuration"]
    require(source["InputFormat"], source.get("InputCompressionType", "NONE"))

    suffix = region.environment.random.getrandbits(32)
    arn = transfer_arn(table.arn, "bulk-operation", now, suffix, known)
    begun = known[arn] = BulkPut(arn, table.arn, table.id, now, asked, request.get("ClientToken"))
    region.record("bulk-operation-began", table=table.name, operation=arn)
    BulkWriter(region, table, begun).begin_later()
    return {"BulkOperationDescription": _description(begun)}


@operation("DescribeBulkOperation")
def describe_bulk_operation(region: Region, request: Request) -> Response:
    """What was asked for, and how far it is."""
    known = _known(region, request["BulkOperationArn"])
    return {"BulkOperationDescription": _description(known)}


@operation("ListBulkOperations")
def list_bulk_operations(region: Region, request: Request) -> Response:
    """The bulk operations that began in the last 90 days, the newest first."""
    recent = [
        one for one in bulk_operations_of(region).values() if region.now() < one.started + RETENTION
    ]
    size = request.get("MaxResults", _DEFAULT_PAGE)
    page, token = page_of(region, recent, request.get("NextToken"), size, _by_time)
    summaries = [_summary(each) for each in page]
    return {
        "BulkOperationsSummaryList": summaries,
        **({} if token is None else {"NextToken": token}),
    }


@operation("CancelBulkOperation")
def cancel_bulk_operation(region: Region, request: Request) -> Response:
    """Let an operation write nothing more; what it has written stays."""
    known = _known(region, request["BulkOperationArn"])
    if known.ended is not None:
        raise ValidationException(
            f"{_INVALID}Bulk operation cannot be cancelled in status {known.status}: {known.arn}"
        )
    if known.status != "CANCELLING":
        writer_of(region, known).cancel()
    return {"BulkOperationArn": known.arn, "BulkOperationStatus": known.status}


def _check(request: Request) -> None:
    """Raise `ValidationException` for what the service's documentation asks beyond its model."""
    output = request["OutputS3Configuration"]
    if "S3Bucket" not in output:
        raise ValidationException(f"{_INVALID}S3Bucket must be specified in OutputS3Configuration")
    if not output["OutputType"]:
        raise ValidationException(f"{_INVALID}OutputType must have at least one value")
    refuse_key_without_kms(output)


def _refuse_unready(table: Table) -> None:
    """Raise `AwsError` for a table that cannot have bulk operations, now or at all."""
    if table.status == "CREATING":
        raise ResourceInUseException(f"{_IN_USE}Table is being created: {table.name}")
    if table.status == "DELETING":
        raise ResourceInUseException(f"{_IN_USE}Table is being deleted: {table.name}")
    if table.membership is not None:
        raise ValidationException(
            f"{_INVALID}Bulk put items is not supported on a global table: {table.name}"
        )
    for index in table.following_indexes():
        if index.status == "CREATING":
            raise ResourceInUseException(
                f"{_IN_USE}Index is being created. Table: {table.name} Index: {index.name}"
            )


def _known(region: Region, arn: str) -> BulkPut:
    known = bulk_operations_of(region).get(arn)
    if known is None:
        raise ResourceNotFoundException(f"Requested resource not found: Bulk operation: {arn} not found")
    return known


def _by_time(arn: str) -> tuple[str, str]:
    """The order of the operations of all tables: their ARNs end with when they began."""
    return arn.rpartition("/")[2], arn


def _summary(known: BulkPut) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "BulkOperationArn": known.arn,
        "BulkOperationStatus": known.status,
        "StartTime": utc(known.started),
    }
    if known.ended is not None:
        shown["EndTime"] = utc(known.ended)
    return shown


def _usage(known: BulkPut) -> dict[str, Any]:
    bytes_of = known.index_bytes
    shown: dict[str, Any] = {
        "TableName": known.table_name,
        "BulkPutBytes": known.table_bytes
        + sum(bytes_of["LocalSecondaryIndexes"].values())
        + sum(bytes_of["GlobalSecondaryIndexes"].values()),
        "Table": {"BulkPutBytes": known.table_bytes},
    }
    for member, used in bytes_of.items():
        if used:
            unit = "BulkPutVectorBytes" if member == "VectorIndexes" else "BulkPutBytes"
            shown[member] = {name: {unit: size} for name, size in used.items()}
    return shown


def _description(known: BulkPut) -> dict[str, Any]:
    asked = deepcopy(known.request)
    shown = {
        **_summary(known),
        "TableDetails": [{"TableName": known.table_name, "TableId": known.table_id}],
        "InputS3Configuration": asked["InputS3Configuration"],
        "OutputS3Configuration": asked["OutputS3Configuration"],
        "PerformanceTier": asked.get("PerformanceTier", "STANDARD"),
        "ProcessedItemCount": known.processed_items,
        "ProcessedInputBytes": known.processed_size,
        "FailedItemCount": known.errors,
        "BulkOperationUsage": [_usage(known)],
    }
    for member, value in (
        ("ClientToken", known.token),
        ("MaxWriteRequestUnits", asked.get("MaxWriteRequestUnits")),
        ("TotalInputBytes", known.total_size),
        ("FailureCode", known.failure_code),
        ("FailureMessage", known.failure_message),
    ):
        if value is not None:
            shown[member] = value
    return shown
