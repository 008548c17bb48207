"""Enable-, Disable-, Update- and DescribeKinesisStreamingDestination.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_EnableKinesisStreamingDestination.html
"""

from __future__ import annotations

import re

from ddbha.api.registry import Request, Response, operation
from ddbha.errors import ResourceNotFoundException, ValidationException
from ddbha.followers.kinesis import Destination
from ddbha.region.region import Region
from ddbha.region.table import Table

_STREAM_ARN = re.compile(r"arn:aws[^:]*:kinesis:(?P<region>[^:]+):(?P<account>[^:]+):stream/[\w.-]+")
_STATE = "Table is not in a valid state to enable Kinesis Streaming Destination: "


@operation("EnableKinesisStreamingDestination")
def enable_kinesis_streaming_destination(region: Region, request: Request) -> Response:
    """Let the writes of a table go to a stream, one at a time; what is wrong with the ARN shows later."""
    table = _active_table(region, request)
    arn = request["StreamArn"]
    configuration = request.get("EnableKinesisStreamingConfiguration", {})
    destinations = region.destinations.setdefault(table.name, {})
    if table.status == "DELETING" or any(destination.live for destination in destinations.values()):
        raise ValidationException(
            f"{_STATE}EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform "
            "ENABLE operation."
        )

    precision = configuration.get("ApproximateCreationDateTimePrecision")
    destination = Destination(
        arn, table.name, table.id, table.schema, table.partitions, region.name, precision
    )
    destinations.pop(arn, None)
    destinations[arn] = destination

    def enabled() -> None:
        if destination.status != "ENABLING":
            return
        destination.description = _failure(region, arn)
        if destination.description is not None:
            destination.status = "ENABLE_FAILED"
            return
        destination.status = "ACTIVE"
        destination.attach()
        region.environment.kinesis.add(destination)

    region.later(region.environment.timings.enable_destination, enabled)
    return _changed(table, destination, EnableKinesisStreamingConfiguration=dict(configuration))


@operation("DisableKinesisStreamingDestination")
def disable_kinesis_streaming_destination(region: Region, request: Request) -> Response:
    """No more writes of a table go to a stream."""
    if "EnableKinesisStreamingConfiguration" in request:
        raise ValidationException(
            "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters"
        )
    table = _active_table(region, request)
    destination = region.destinations.get(table.name, {}).get(request["StreamArn"])
    if destination is None or destination.status != "ACTIVE" or table.status == "DELETING":
        raise ValidationException(
            f"{_STATE}KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
        )

    destination.status = "DISABLING"
    _end(region, destination)

    def disabled() -> None:
        destination.status = "DISABLED"

    region.later(region.environment.timings.disable_destination, disabled)
    return _changed(table, destination)


@operation("UpdateKinesisStreamingDestination")
def update_kinesis_streaming_destination(region: Region, request: Request) -> Response:
    """Change how exact the times of records are."""
    table = _active_table(region, request)
    arn = request["StreamArn"]
    configuration = request.get("UpdateKinesisStreamingConfiguration", {})
    precision = configuration.get("ApproximateCreationDateTimePrecision")
    if precision is None:
        raise ValidationException(
            "Streaming destination cannot be updated with given parameters: "
            "UpdateKinesisStreamingConfiguration cannot be null or contain only null values"
        )
    destination = region.destinations.get(table.name, {}).get(arn)
    if destination is None:
        raise ValidationException(
            f"{_STATE}No streaming destination with streamArn: {arn} found for table with tableName: "
            f"{table.name}"
        )
    if destination.status != "ACTIVE":
        raise ValidationException(
            f"{_STATE}Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE "
            f"state. TableName: {table.name}, kdsArn: {arn}"
        )
    if precision == (destination.precision or "MILLISECOND"):
        raise ValidationException(
            f"Invalid Request: Precision is already set to the desired value of {precision} for tableId: "
            f"{table.id}, kdsArn: {arn}"
        )

    destination.status = "UPDATING"

    def updated() -> None:
        if destination.status == "UPDATING":
            destination.status = "ACTIVE"
            destination.set_precision(precision)

    region.later(region.environment.timings.update_destination, updated)
    return _changed(table, destination, UpdateKinesisStreamingConfiguration=dict(configuration))


@operation("DescribeKinesisStreamingDestination")
def describe_kinesis_streaming_destination(region: Region, request: Request) -> Response:
    """The destinations that a table has or had, the newest first."""
    table = region.described_table(request["TableName"])
    destinations = region.destinations.get(table.name, {})
    return {
        "TableName": table.name,
        "KinesisDataStreamDestinations": [_shown(d) for d in reversed(destinations.values())],
    }


def close_destinations(region: Region, table: Table) -> None:
    """A table is gone: what it delivered stays."""
    for destination in region.destinations.pop(table.name, {}).values():
        if destination.status in ("ACTIVE", "UPDATING"):
            _end(region, destination)
        destination.status = "DISABLED"


def _end(region: Region, destination: Destination) -> None:
    destination.detach()
    region.environment.kinesis.remove(destination)


def _active_table(region: Region, request: Request) -> Table:
    table = region.described_table(request["TableName"])
    if table.status == "CREATING":
        raise ResourceNotFoundException(f"Requested resource not found: Table: {table.name} not found")
    return table


def _failure(region: Region, arn: str) -> str | None:
    """What keeps a stream from being a destination; a world has every stream of the region."""
    match = _STREAM_ARN.fullmatch(arn)
    used = "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in "
    if match is None:
        return "User does not have a permission to use kinesis stream"
    if match["region"] != region.name:
        return f"{used}the current region"
    return None if match["account"] == region.account_id else f"{used}Active state"


def _changed(table: Table, destination: Destination, **configuration: object) -> Response:
    return {
        "TableName": table.name,
        "StreamArn": destination.stream_arn,
        "DestinationStatus": destination.status,
        **configuration,
    }


def _shown(destination: Destination) -> dict[str, str]:
    shown = {"StreamArn": destination.stream_arn, "DestinationStatus": destination.status}
    if destination.description is not None:
        shown["DestinationStatusDescription"] = destination.description
    if destination.precision is not None:
        shown["ApproximateCreationDateTimePrecision"] = destination.precision
    return shown
