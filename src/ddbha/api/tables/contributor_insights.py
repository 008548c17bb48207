"""Update-, Describe- and ListContributorInsights: the settings; a world has no CloudWatch to look at.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/contributorinsights.html
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

from attrs import evolve

from ddbha.api.registry import Request, Response, operation
from ddbha.errors import ResourceNotFoundException, ValidationException
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.region import Region, utc
from ddbha.region.table import Table, TableSettings
from ddbha.values.settings import ContributorInsights

MAXIMUM_PAGE = 100
#: What is followed if a request does not say.
ALL_KEYS = "ACCESSED_AND_THROTTLED_KEYS"

_STATE = "Table or Index is not in a valid state to update Key Access Insights: "


@operation("UpdateContributorInsights")
def update_contributor_insights(region: Region, request: Request) -> Response:
    """Turn them on or off for a table or an index, or change the mode; nothing happens to what is so."""
    table, index = _subject(region, request)
    owner = table.settings if index is None else index
    enable = request["ContributorInsightsAction"] == "ENABLE"
    mode = request.get("ContributorInsightsMode", ALL_KEYS)
    _refuse_inactive(table, index)

    timings = region.environment.timings
    insights = owner.insights
    if enable:
        if insights.status != "ENABLED" or insights.mode != mode:
            owner.insights = evolve(insights, mode=mode)
            _change(region, owner, "ENABLING", "ENABLED", timings.enable_insights)
    elif insights.status not in ("DISABLED", "DISABLING"):
        _change(region, owner, "DISABLING", "DISABLED", timings.disable_insights)
    return _shown(table, index, owner.insights)


@operation("DescribeContributorInsights")
def describe_contributor_insights(region: Region, request: Request) -> Response:
    """The setting of a table or an index, and the names of the rules."""
    table, index = _subject(region, request)
    insights = (table.settings if index is None else index).insights
    response = _shown(table, index, insights)
    if insights.updated is not None:
        response["LastUpdateDateTime"] = utc(insights.updated)
    if insights.status != "DISABLED":
        response["ContributorInsightsRuleList"] = _rules(table, index, insights)
    return response


@operation("ListContributorInsights")
def list_contributor_insights(region: Region, request: Request) -> Response:
    """What is not disabled, of one table or of all."""
    tables = [table for _, table in sorted(region.tables.items())]
    if "TableName" in request:
        tables = [region.described_table(request["TableName"])]
    limit = request.get("MaxResults", 0)
    limit = limit if limit > 0 else MAXIMUM_PAGE
    start = _start(request["NextToken"]) if "NextToken" in request else ("", "")
    found = [
        (place, summary)
        for table in tables
        for place, summary in sorted(_summaries(table), key=lambda entry: entry[0])
        if place > start
    ]
    page = found[:limit]
    more = {"NextToken": _token(page[-1][0])} if len(found) > limit else {}
    return {"ContributorInsightsSummaries": [summary for _, summary in page], **more}


def _subject(region: Region, request: Request) -> tuple[Table, GlobalIndex | None]:
    table = region.described_table(request["TableName"])
    name = request.get("IndexName")
    if name is None:
        return table, None
    if name not in table.global_indexes:
        raise ResourceNotFoundException(
            f"Requested resource not found: Index: {name} not found for table: {table.name}"
        )
    return table, table.global_indexes[name]


def _refuse_inactive(table: Table, index: GlobalIndex | None) -> None:
    if table.status in ("CREATING", "DELETING"):
        raise ValidationException(f"{_STATE}TableStatus must be ACTIVE to enable ContributorInsights.")
    if index is not None and index.status in ("CREATING", "DELETING"):
        raise ValidationException(f"{_STATE}IndexStatus must be ACTIVE to enable ContributorInsights.")


def _change(
    region: Region, owner: TableSettings | GlobalIndex, now: str, then: str, seconds: float
) -> None:
    owner.insights = evolve(owner.insights, status=now, updated=region.now())

    def settle() -> None:
        # Whatever was asked for meanwhile settles by itself.
        if owner.insights.status == now:
            owner.insights = evolve(owner.insights, status=then, updated=region.now())

    region.later(seconds, settle)


def _shown(table: Table, index: GlobalIndex | None, insights: ContributorInsights) -> dict[str, Any]:
    shown = {"TableName": table.name}
    if index is not None:
        shown["IndexName"] = index.name
    shown["ContributorInsightsStatus"] = insights.status
    if insights.mode is not None:
        shown["ContributorInsightsMode"] = insights.mode
    return shown


def _rules(table: Table, index: GlobalIndex | None, insights: ContributorInsights) -> list[str]:
    """The rules for accessed and throttled partition keys, and for those with sort keys."""
    schema = table.schema if index is None else index.schema
    name = table.name if index is None else f"{table.name}-{index.name}"
    kinds = "CT" if insights.mode == ALL_KEYS else "T"
    keys = ("PK",) if schema.sort is None else ("PK", "SK")
    stamp = int((insights.updated or 0) * 1000)
    return [f"DynamoDBContributorInsights-{key}{kind}-{name}-{stamp}" for kind in kinds for key in keys]


def _summaries(table: Table) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """What is not disabled of a table, with its place in the order: the table before its indexes."""
    if table.settings.insights.status != "DISABLED":
        yield (table.name, ""), _shown(table, None, table.settings.insights)
    for index in table.global_indexes.values():
        if index.insights.status != "DISABLED":
            yield (table.name, index.name), _shown(table, index, index.insights)


def _token(place: tuple[str, str]) -> str:
    return urlsafe_b64encode("/".join(place).encode()).decode()


def _start(token: str) -> tuple[str, str]:
    try:
        table, slash, index = urlsafe_b64decode(token).decode().partition("/")
    except ValueError:
        slash = ""
    if not slash:
        raise ValidationException("Invalid NextToken")
    return table, index
