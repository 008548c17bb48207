"""Contributor insights.

Rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/contributorinsights.html
States and messages: answers of the service that bug reports of other projects recorded.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, on_demand
from tests.installed import needs


def table(name: str, *indexes: str) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "TableName": name,
        **on_demand("pk", "sk"),
    }
    if indexes:
        definition["GlobalSecondaryIndexes"] = [index_on(name, "sk") for name in indexes]
    return definition


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**table("tab", "by-sk"))
    client.get_waiter("table_exists").wait(TableName="tab")
    return client


def update(client: Any, action: str, **more: Any) -> Any:
    answer = client.update_contributor_insights(TableName="tab", ContributorInsightsAction=action, **more)
    del answer["ResponseMetadata"]
    return answer


def describe(client: Any, **more: Any) -> Any:
    answer = client.describe_contributor_insights(TableName="tab", **more)
    del answer["ResponseMetadata"]
    return answer


@needs("UpdateContributorInsights.ContributorInsightsMode")
def test_they_are_enabled_and_disabled_on_the_clock(client: Any, world: ddbha.World) -> None:
    assert describe(client) == {"TableName": "tab", "ContributorInsightsStatus": "DISABLED"}
    assert update(client, "DISABLE") == {"TableName": "tab", "ContributorInsightsStatus": "DISABLED"}
    assert update(client, "ENABLE") == {
        "TableName": "tab",
        "ContributorInsightsStatus": "ENABLING",
        "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS",
    }
    world.clock.advance(seconds=20)
    assert update(client, "ENABLE")["ContributorInsightsStatus"] == "ENABLED"
    described = describe(client)
    rules = described.pop("ContributorInsightsRuleList")
    assert [rule.rpartition("-")[0] for rule in rules] == [
        f"DynamoDBContributorInsights-{kind}-tab" for kind in ("PKC", "SKC", "PKT", "SKT")
    ]
    assert described["LastUpdateDateTime"] <= world.clock.now()
    assert update(client, "DISABLE")["ContributorInsightsStatus"] == "DISABLING"
    world.clock.advance(seconds=20)
    described = describe(client)
    assert described["ContributorInsightsStatus"] == "DISABLED"
    assert "ContributorInsightsRuleList" not in described


@needs("UpdateContributorInsights.ContributorInsightsMode")
def test_the_mode_changes_by_enabling_again(client: Any, world: ddbha.World) -> None:
    update(client, "ENABLE", ContributorInsightsMode="THROTTLED_KEYS")
    world.clock.advance(seconds=20)
    described = describe(client)
    assert described["ContributorInsightsMode"] == "THROTTLED_KEYS"
    assert ["-PKT-" in rule or "-SKT-" in rule for rule in described["ContributorInsightsRuleList"]] == [
        True,
        True,
    ]
    # Without a mode it is the usual one.
    assert update(client, "ENABLE")["ContributorInsightsStatus"] == "ENABLING"
    world.clock.advance(seconds=20)
    assert describe(client)["ContributorInsightsMode"] == "ACCESSED_AND_THROTTLED_KEYS"


def test_an_index_has_its_own(client: Any, world: ddbha.World) -> None:
    update(client, "ENABLE", IndexName="by-sk")
    world.clock.advance(seconds=20)
    assert describe(client)["ContributorInsightsStatus"] == "DISABLED"
    described = describe(client, IndexName="by-sk")
    assert described["ContributorInsightsStatus"] == "ENABLED"
    assert [rule.rpartition("-")[0] for rule in described["ContributorInsightsRuleList"]] == [
        "DynamoDBContributorInsights-PKC-tab-by-sk",
        "DynamoDBContributorInsights-PKT-tab-by-sk",
    ]


@needs("UpdateContributorInsights.ContributorInsightsMode")
def test_the_list_has_what_is_not_disabled_by_pages(client: Any, world: ddbha.World) -> None:
    assert client.list_contributor_insights()["ContributorInsightsSummaries"] == []
    client.create_table(**table("a-table", "one", "two"))
    world.clock.advance(minutes=1)
    for index in ("two", "one"):
        client.update_contributor_insights(
            TableName="a-table", IndexName=index, ContributorInsightsAction="ENABLE"
        )
    update(client, "ENABLE")
    pages = []
    more: dict[str, Any] = {}
    while True:
        answer = client.list_contributor_insights(MaxResults=2, **more)
        pages.append(
            [(s["TableName"], s.get("IndexName")) for s in answer["ContributorInsightsSummaries"]]
        )
        if "NextToken" not in answer:
            break
        more = {"NextToken": answer["NextToken"]}
    assert pages == [[("a-table", "one"), ("a-table", "two")], [("tab", None)]]
    only = client.list_contributor_insights(TableName="tab")["ContributorInsightsSummaries"]
    assert only == [
        {
            "TableName": "tab",
            "ContributorInsightsStatus": "ENABLING",
            "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS",
        }
    ]
    with pytest.raises(ClientError, match="Invalid NextToken"):
        client.list_contributor_insights(NextToken="?")


def test_refusals(client: Any) -> None:
    not_found = client.exceptions.ResourceNotFoundException
    with pytest.raises(not_found, match=r"not found: Index: none not found for table: tab$"):
        describe(client, IndexName="none")
    with pytest.raises(not_found, match=r"not found: Table: none not found$"):
        client.describe_contributor_insights(TableName="none")
    client.create_table(**table("new"))
    with pytest.raises(
        ClientError,
        match=r"Table or Index is not in a valid state to update Key Access Insights: TableStatus must "
        r"be ACTIVE to enable ContributorInsights\.$",
    ):
        client.update_contributor_insights(TableName="new", ContributorInsightsAction="ENABLE")


def test_a_new_table_of_that_name_has_none(client: Any, world: ddbha.World) -> None:
    update(client, "ENABLE")
    client.delete_table(TableName="tab")
    world.clock.advance(minutes=1)
    client.create_table(**table("tab"))
    assert describe(client) == {"TableName": "tab", "ContributorInsightsStatus": "DISABLED"}
