"""Tags, DescribeLimits and DescribeEndpoints."""

from __future__ import annotations

import re

from ddbha.api.registry import Request, Response, operation
from ddbha.errors import ResourceNotFoundException, ValidationException
from ddbha.region.region import Region
from ddbha.region.table import Table

MAXIMUM_TAGS = 50
#: Letters, digits, spaces and these signs, in any script.
_TAG = re.compile(r"[\w\s+\-=.:/@]*")
_TABLE_ARN = re.compile(r"arn:aws[^:]*:dynamodb:[^:]+:[^:]+:table/[^/]+")


@operation("TagResource")
def tag_resource(region: Region, request: Request) -> Response:
    """Add or replace tags of a table."""
    table = _tagged(region, request)
    if not request["Tags"]:
        raise ValidationException("Atleast one Tag needs to be provided as Input.")
    table.settings.tags = with_tags(table.settings.tags, request["Tags"])
    return {}


@operation("UntagResource")
def untag_resource(region: Region, request: Request) -> Response:
    """Remove tags of a table; those that are not there are ignored."""
    table = _tagged(region, request)
    if not request["TagKeys"]:
        raise ValidationException("Atleast one Tag Key needs to be provided as Input.")
    for key in request["TagKeys"]:
        table.settings.tags.pop(key, None)
    return {}


@operation("ListTagsOfResource")
def list_tags_of_resource(region: Region, request: Request) -> Response:
    """All tags of a table: there are never more than one page of them."""
    table = _tagged(region, request)
    if "NextToken" in request:
        # No answer had one.
        raise ValidationException("Invalid NextToken")
    return {"Tags": [{"Key": key, "Value": value} for key, value in table.settings.tags.items()]}


def with_tags(tags: dict[str, str], more: list[dict[str, str]]) -> dict[str, str]:
    """Tags with more of them; `ValidationException` for those that no resource can have."""
    result, seen = dict(tags), set()
    for tag in more:
        key, value = tag["Key"], tag["Value"]
        if key.lower().startswith("aws:"):
            raise ValidationException(f"Tag Key cannot be prefixed with aws:, Key: {key}")
        for what, text in (("Key", key), ("Value", value)):
            if not _TAG.fullmatch(text):
                raise ValidationException(f"The Tag {what} provided is invalid, {what}: {text}")
        if key in seen:
            raise ValidationException(
                f"Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}"
            )
        seen.add(key)
        result[key] = value
    if len(result) > MAXIMUM_TAGS:
        raise ValidationException("Number of Tags exceed the current limit for the provided ResourceArn")
    return result


@operation("DescribeLimits")
def describe_limits(region: Region, request: Request) -> Response:
    """The default quotas of an account in a region."""
    return {
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }


@operation("DescribeEndpoints")
def describe_endpoints(region: Region, request: Request) -> Response:
    """The regional endpoint, good for a day."""
    address = f"dynamodb.{region.name}.amazonaws.com"
    return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": 1440}]}


def _tagged(region: Region, request: Request) -> Table:
    arn = request["ResourceArn"]
    if not _TABLE_ARN.fullmatch(arn):
        raise ValidationException(f"Invalid TableArn: {arn}")
    table = region.tables.get(region.table_name(arn))
    if table is None or table.restoring_from is not None:
        raise ResourceNotFoundException(f"Requested resource not found: ResourcArn: {arn} not found")
    return table
