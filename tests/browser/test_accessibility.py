"""The console for everybody: by keyboard alone, on a telephone, in light and dark, under axe-core."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ddbha import World
from tests.browser.browsing import Page
from tests.building import index_on, on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AXE = Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"
ORDERS = "data/123456789012/us-east-1/orders"
VIEWS = {
    "availability": "availability",
    "timeline": "timeline",
    "items": ORDERS,
    "schema": f"{ORDERS}/schema",
    "stream": f"{ORDERS}/stream",
    "backups": f"{ORDERS}/backups",
    "settings": f"{ORDERS}/settings",
    "create": "data/create",
    "partiql": "data/partiql",
}


@pytest.fixture
def busy(world: World) -> World:
    """A world with something of everything in it."""
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="orders",
        **on_demand("id", more=["customer"]),
        GlobalSecondaryIndexes=[index_on("by-customer", "customer")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.create_table(TableName="customers", **on_demand("id"))
    client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    for number in range(60):
        item: Any = {"id": {"S": f"order-{number}"}, "customer": {"S": "somebody"}}
        client.put_item(TableName="orders", Item={**item, "lines": {"L": [{"N": str(number)}] * 40}})
    client.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    client.create_backup(TableName="orders", BackupName="first")
    world.faults.zone_outage("us-east-1a")
    world.faults.zone_cut("eu-west-1a", "eu-west-1b")
    world.faults.follower_lag("us-east-1b", seconds=60)
    world.faults.replication_lag("us-east-1", "eu-west-1", seconds=60)
    client.put_item(TableName="orders", Item={"id": {"S": "late"}, "customer": {"S": "somebody"}})
    return world


def open_all(page: Page, view: str) -> None:
    """Show a view with all that can be opened in it."""
    page.go(view)
    page.shows("orders")
    if view == ORDERS:
        page.shows("50 items")
    opened = (
        "for (const one of document.querySelectorAll('details:not([open])')) one.open = true;"
        "return document.querySelectorAll('details').length"
    )
    page.browser.execute_script(opened)


def prefer(browser: Any, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_complain_of(browser: Any, busy: World, scheme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make console-test does that where npm is there")
    prefer(browser, scheme)
    complaints = []
    with busy.serve() as url:
        page = Page(browser, url)
        browser.execute_script(AXE.read_text(encoding="utf-8"))
        for name, view in VIEWS.items():
            open_all(page, view)
            if name == "items":
                page.press("Edit {id: order-1}") if page.browser.find_elements(
                    "css selector", "[aria-label='Edit {id: order-1}']"
                ) else page.press("New item")
            found = browser.execute_async_script(
                "const done = arguments[0]; axe.run(document).then((r) => done(r.violations), "
                "(error) => done([{id: String(error), nodes: []}]))"
            )
            complaints += [
                f"{name}: {one['id']}: {node['html'][:160]} {node['failureSummary']}"
                for one in found
                for node in one["nodes"] or [{"html": "", "failureSummary": ""}]
            ]
            browser.execute_script("document.querySelector('dialog')?.close()")
            page.keep(f"{name}-{scheme}")
    assert not complaints, "\n".join(complaints)


def test_nothing_is_cut_off_on_a_telephone(browser: Any, busy: World) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True},
    )
    with busy.serve() as url:
        page = Page(browser, url)
        for name, view in VIEWS.items():
            open_all(page, view)
            wide = browser.execute_script(
                "return [document.documentElement.scrollWidth, "
                "...[...document.querySelectorAll('button, input, select, a, summary')]"
                ".filter((one) => !one.closest('.wide-table') && one.getBoundingClientRect().right > 391)"
                ".map((one) => one.outerHTML.slice(0, 120))]"
            )
            assert wide == [390], name
            page.keep(f"{name}-narrow")


def test_everything_has_a_name_of_its_own(browser: Any, busy: World) -> None:
    with busy.serve() as url:
        page = Page(browser, url)
        for name, view in VIEWS.items():
            open_all(page, view)
            names = browser.execute_script(
                "return [...document.querySelectorAll('button')]"
                ".map((one) => [one.closest('form')?.ariaLabel, one.ariaLabel ?? one.innerText].join())"
            )
            twice = {one for one in names if names.count(one) > 1}
            assert not twice, name


def test_by_keyboard_alone(browser: Any, world: World, client: DynamoDBClient) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys: str) -> None:
        ActionChains(browser).send_keys(*keys).perform()

    def focused() -> str:
        name: str = browser.execute_script(
            "const one = document.activeElement; return one.ariaLabel || one.name || one.innerText"
        )
        return name

    def tab_to(name: str) -> None:
        for _ in range(80):
            press(Keys.TAB)
            if name in (focused(), browser.execute_script("return document.activeElement.innerText")):
                return
        raise AssertionError(f"no way to {name}")

    with world.serve() as url:
        page = Page(browser, url)
        page.shows("us-east-1a UP")
        tab_to("Fail zone us-east-1a")
        press(Keys.ENTER)
        page.shows("us-east-1a DOWN")
        tab_to("End zone outage us-east-1a")
        press(Keys.SPACE)
        page.shows("None: everything is up.")
        # The button is gone, and one is still where it was.
        page.until(lambda: focused() == "Begin a fault", lambda: f"at {focused()!r}")
        tab_to("Fail zone us-east-1c")
        press(Keys.ENTER)
        page.shows("us-east-1c DOWN")
        page.until(lambda: focused() == "Bring back zone us-east-1c", lambda: f"at {focused()!r}")
        press(Keys.ENTER)
        page.shows("us-east-1c UP")
        tab_to("Begin a fault")
        press(Keys.ENTER)
        tab_to("zone")
        press("us-east-1b", Keys.ENTER)
        page.shows("zone outage us-east-1b", "#faults")
        page.go(ORDERS)
        page.shows("0 items by Scan", "#data")
        tab_to("New item")
        press(Keys.ENTER)
        page.shows("New item of orders", "dialog")
        # Esc leaves the editor, and one is where one was.
        press(Keys.ESCAPE)
        page.until(lambda: page.text("dialog") == "", lambda: "the editor stayed")
        assert focused() == "New item"


def test_focus_text_and_scrolling_survive(browser: Any, world: World) -> None:
    client = world.client("dynamodb", region_name="us-east-1")
    for number in range(30):
        client.create_table(TableName=f"table-{number:03}", **on_demand("id"))
    with world.serve() as url:
        page = Page(browser, url)
        page.shows("30 tables")
        page.press("Begin a fault")
        page.fill("Begin zone outage", zone="us-ea")
        browser.execute_script("window.scrollTo(0, 200); document.querySelector('ol').scrollTop = 90")
        kept = (
            "return [document.activeElement.name, document.activeElement.value, "
            "window.scrollY, document.querySelector('ol').scrollTop]"
        )
        before = browser.execute_script(kept)
        assert before[:2] == ["zone", "us-ea"]
        for minute in range(1, 3):
            client.put_item(TableName="table-029", Item={"id": {"S": str(minute)}})
            world.clock.advance(minutes=1)
            page.shows(f"00:0{minute}:00", "header")
            page.shows(f"{minute} item")
        assert browser.execute_script(kept) == before
