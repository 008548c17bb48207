"""The calls of global tables version 2017.11.29, of which there are none any more.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_versions.html
"""

from __future__ import annotations

from ddbha.api.registry import Request, Response, operation
from ddbha.errors import GlobalTableNotFoundException, ValidationException
from ddbha.region.region import Region


@operation("CreateGlobalTable")
def create_global_table(region: Region, request: Request) -> Response:
    """AWS makes tables of this version no more."""
    raise ValidationException(
        "One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is not "
        "supported. We recommend using DynamoDB global tables version 2019.11.21, instead of version "
        "2017.11.29 (Legacy)."
    )


@operation("UpdateGlobalTable")
def update_global_table(region: Region, request: Request) -> Response:
    """There is none to change."""
    return _not_found(request)


@operation("DescribeGlobalTable")
def describe_global_table(region: Region, request: Request) -> Response:
    """There is none; tables of the current version are not seen by this call."""
    return _not_found(request)


@operation("DescribeGlobalTableSettings")
def describe_global_table_settings(region: Region, request: Request) -> Response:
    """There is none to describe."""
    return _not_found(request, "")


@operation("UpdateGlobalTableSettings")
def update_global_table_settings(region: Region, request: Request) -> Response:
    """There is none to change."""
    return _not_found(request, "")


@operation("ListGlobalTables")
def list_global_tables(region: Region, request: Request) -> Response:
    """None."""
    return {"GlobalTables": []}


def _not_found(request: Request, prefix: str = "Global table not found: ") -> Response:
    name = request["GlobalTableName"]
    raise GlobalTableNotFoundException(f"{prefix}Global table with name: '{name}' does not exist.")
