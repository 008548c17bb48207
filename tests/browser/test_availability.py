"""The console's view of what is there, breaking it, and the timeline, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ddbha import World
from tests.browser.browsing import Page
from tests.building import of_units, on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


ORDERS = "data/123456789012/us-east-1/orders"


def go_global(world: World, client: DynamoDBClient) -> DynamoDBClient:
    client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    away = world.client("dynamodb", region_name="eu-west-1")
    away.get_waiter("table_exists").wait(TableName="orders")
    return away


def test_a_zone_fails_and_returns(browser: Any, world: World, client: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url)
        page.press("Fail zone us-east-1a")
        page.shows("zone outage us-east-1a", "#faults")
        page.shows("us-east-1a DOWN", "#regions")
        client.put_item(TableName="orders", Item={"id": {"S": "written meanwhile"}})
        page.shows("1 item", "#regions")
        page.shows("records missing", "#regions")
        page.keep("zone-outage")
        page.press("End zone outage us-east-1a")
        page.shows("None: everything is up.", "#faults")
        page.shows("us-east-1a UP", "#regions")
        page.shows("fault-ended", "#events")
    world.verify()


def test_regions_diverge_and_merge(browser: Any, world: World, client: DynamoDBClient) -> None:
    away = go_global(world, client)
    with world.serve() as url:
        page = Page(browser, url)
        page.press("Cut the link between eu-west-1 and us-east-1")
        page.shows("CUT", "#links")
        for writer in (client, away):
            writer.put_item(TableName="orders", Item={"id": {"S": "both"}})
        page.shows("1 → waiting, ← 1 waiting", "#links")
        page.keep("network-cut")
        page.press("Mend the link between eu-west-1 and us-east-1")
        page.shows("write-conflict-resolved", "#events")
        page.shows_no("waiting", "#links")
        page.keep("merged")
    world.verify()


def test_the_clock_and_a_lost_region(browser: Any, world: World, client: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url)
        page.press("+1 day, advance the clock by one day")
        page.shows("2026-01-02 00:00:00.000 UTC", "header")
        page.press("Fail region us-east-1")
        page.shows("region outage us-east-1", "#faults")
        page.shows("us-east-1a UNREACHABLE", "#regions")
        page.shows("clients meet: connections are refused", "#regions")
        page.keep("region-outage")
        page.press("Bring back region us-east-1")
        page.shows("us-east-1a UP", "#regions")


def test_a_fault_from_the_menu(browser: Any, world: World, client: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url)
        page.press("Begin a fault")
        page.browser.find_element("css selector", "select[name=fault] option[value=error]").click()
        page.send("Begin error", code="ThrottlingException", operation="PutItem", times="3")
        page.shows("error ThrottlingException operation=PutItem times=3", "#faults")
        page.keep("fault-menu")
        page.browser.find_element("css selector", "option[value=partial_batch]").click()
        page.send("Begin partial batch", keep="2")
        page.shows("partial batch keep=2 operation=BatchWriteItem", "#faults")
        page.press("End partial batch keep=2 operation=BatchWriteItem")
        page.browser.find_element("css selector", "select[name=fault] option[value=error]").click()
        page.send("Begin error", times="0")
        page.shows("times=0 is not a positive number", "#faults")
    assert [fault.description for fault in world.faults.active] == [
        "error ThrottlingException operation=PutItem times=3"
    ]


def test_the_legend_and_the_charts(browser: Any, world: World, client: DynamoDBClient) -> None:
    go_global(world, client)
    client.create_table(TableName="scarce", **of_units(1, 1, "id"))
    world.faults.follower_lag("us-east-1b", seconds=10)
    world.faults.replication_lag("us-east-1", "eu-west-1", seconds=4)
    with world.serve() as url:
        page = Page(browser, url)
        page.press("What the marks mean")
        page.shows("it takes all writes and strongly consistent reads")
        page.press("Charts of orders")
        for minute in range(5):
            for number in range(3 + minute):
                client.put_item(TableName="orders", Item={"id": {"S": str(number)}})
            world.clock.advance(seconds=6)
            page.shows(world.clock.now().strftime("%H:%M:%S"), "header")
            world.clock.advance(seconds=54)
        page.shows("Write: at most 7")
        page.keep("charts")


def test_many_tables_are_lines_and_can_be_searched(browser: Any, world: World) -> None:
    client = world.client("dynamodb", region_name="us-east-1")
    for number in range(100):
        client.create_table(TableName=f"table-{number:03}", **on_demand("id"))
    with world.serve() as url:
        page = Page(browser, url)
        page.shows("100 tables")
        page.shows_no("partition 0", "#regions")
        browser.find_element("css selector", "#search").send_keys("042")
        page.shows("1 of 100 tables")
        # It is the only one now, so it is open; and closes.
        page.shows("partition 0", "[data-table=table-042]")
        page.keep("searched")
        page.press("table-042 in us-east-1")
        page.shows_no("partition 0", "[data-table=table-042]")


def test_the_timeline_by_kind_and_a_link_to_a_moment(
    browser: Any, world: World, client: DynamoDBClient
) -> None:
    for _ in range(3):
        world.clock.advance(seconds=10)
        with world.faults.zone_outage("us-east-1a"):
            pass
    with world.serve() as url:
        page = Page(browser, url, "timeline")
        page.shows("2026-01-01 00:00:30.000", "#timeline")
        browser.find_element("css selector", "#timeline option[value=fault-began]").click()
        page.shows_no("fault-ended", "#timeline ol")
        page.button("2026-01-01 00:00:20.000").click()
        page.shows("Up to 2026-01-01 00:00:20.000 UTC", "#timeline")
        page.shows_no("00:00:30.000", "#timeline ol")
        link = browser.current_url
        page.keep("timeline")
        # Whoever opens the link sees the same.
        page = Page(browser, url)
        browser.get(link)
        page.shows("Up to 2026-01-01 00:00:20.000 UTC", "#timeline")
        page.shows("fault-began", "#timeline ol")
        assert page.text("#timeline ol").count("fault-began") == 2


def test_names_are_text_and_never_markup(browser: Any, world: World, client: DynamoDBClient) -> None:
    # A table's name cannot hold markup, but a key of a conflict on the timeline can, and so can an item.
    markup = "<b id=injected>bold</b>"
    world.events.add(world.clock.time(), "write-conflict-resolved", "us-east-1", key=markup)
    client.put_item(TableName="orders", Item={"id": {"S": markup}, markup: {"S": markup}})
    # What every object of JavaScript has is no attribute of an item.
    for name in ("constructor", "__proto__"):
        client.put_item(TableName="orders", Item={"id": {"S": name}, name: {"S": f"the {name}"}})
    with world.serve() as url:
        page = Page(browser, url)
        page.shows(markup, "#events")
        page.go(ORDERS)
        page.shows(markup, "#data")
        page.shows("the constructor", "#data")
        page.shows("the __proto__", "#data")
        page.go("timeline?until=<b id=injected>bold</b>")
        page.shows("is no time", "#timeline")
        assert browser.find_elements("css selector", "#injected") == []


@pytest.mark.parametrize(
    "place", ["data/%", "data/%3Cb%3E/x/y/z", "toString", "data/1/2/3/a", f"{ORDERS}/toString"]
)
def test_an_address_that_leads_nowhere(
    browser: Any, world: World, client: DynamoDBClient, place: str
) -> None:
    with world.serve() as url:
        page = Page(browser, url, place)
        page.shows("2026-01-01", "header")
        page.shows("orders", "main")
        page.keep("nowhere")


def test_the_endpoint_is_gone_and_back(browser: Any, world: World) -> None:
    with world.serve() as url:
        page = Page(browser, url)
        page.shows("Nothing yet")
    page.shows("No answer from the endpoint", "#message")
    with world.serve(port=int(url.rpartition(":")[2])):
        page.until(lambda: page.text("#message") == "", lambda: "the alert stayed")
