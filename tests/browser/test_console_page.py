"""The console page in a real browser, Debian's Chromium: `make console-test`.

Screenshots are left in the folder that DDBHA_SCREENSHOTS names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ddbha import ManualClock, World
from tests.building import on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

webdriver = pytest.importorskip("selenium.webdriver")
wait = pytest.importorskip("selenium.webdriver.support.wait")

SCREENSHOTS = os.environ.get("DDBHA_SCREENSHOTS")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
#: Seconds that a change may take to be drawn; the page polls each second.
PATIENCE = 20

pytestmark = pytest.mark.skipif(
    SCREENSHOTS is None or CHROMIUM is None or DRIVER is None,
    reason="run by make console-test, which wants Debian's chromium and chromium-driver",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1500,1250"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def world() -> World:
    return World(clock=ManualClock())


@pytest.fixture
def client(world: World) -> DynamoDBClient:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="orders", **on_demand("id"))
    return client


class Page:
    """The console as somebody sees it."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser = browser
        browser.get_log("browser")
        browser.get(f"{url}/")

    def shows(self, text: str, part: str = "main") -> None:
        """Wait until a part of the page shows a text."""
        self._until(lambda: text in self.text(part), f"{part} never showed {text!r}")

    def shows_no(self, text: str, part: str = "main") -> None:
        self._until(lambda: text not in self.text(part), f"{part} went on showing {text!r}")

    def text(self, part: str) -> str:
        shown: str = self.browser.execute_script(
            "return document.querySelector(arguments[0])?.innerText ?? ''", part
        )
        return shown

    def press(self, selector: str) -> None:
        """Click a button once it is there, as a person would."""
        self._until(
            lambda: self.browser.find_elements("css selector", selector), f"there is no {selector}"
        )
        self.browser.find_element("css selector", selector).click()

    def keep(self, name: str) -> None:
        """Take a screenshot, and make sure that the browser had nothing to complain of."""
        assert SCREENSHOTS is not None
        folder = Path(SCREENSHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        self.browser.save_screenshot(str(folder / f"{name}.png"))
        assert [entry["message"] for entry in self.browser.get_log("browser")] == []

    def _until(self, condition: Any, complaint: str) -> None:
        wait.WebDriverWait(self.browser, PATIENCE).until(lambda _: condition(), complaint)


def test_a_zone_fails_and_returns(browser: Any, world: World, client: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url)
        page.shows("orders")
        page.press("button[data-zone=us-east-1a]")
        page.shows("zone outage us-east-1a", "#faults")
        page.shows("us-east-1a DOWN", "#regions")
        client.put_item(TableName="orders", Item={"id": {"S": "written meanwhile"}})
        page.shows("1 item", "#regions")
        page.keep("zone-outage")
        page.press("#faults button")
        page.shows("None: everything is up.", "#faults")
        page.shows("us-east-1a UP", "#regions")
        page.shows("fault-ended", "#events")
    world.verify()


def test_regions_diverge_and_merge(browser: Any, world: World, client: DynamoDBClient) -> None:
    client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    away = world.client("dynamodb", region_name="eu-west-1")
    away.get_waiter("table_exists").wait(TableName="orders")
    with world.serve() as url:
        page = Page(browser, url)
        page.press("button[data-action=cut]")
        page.shows("CUT", "#links")
        for writer in (client, away):
            writer.put_item(TableName="orders", Item={"id": {"S": "both"}})
        page.shows("1 → waiting, ← 1 waiting", "#links")
        page.keep("network-cut")
        page.press("#faults button")
        page.shows("write-conflict-resolved", "#events")
        page.shows_no("waiting", "#links")
        page.keep("merged")
    world.verify()


def test_the_clock_and_a_lost_region(browser: Any, world: World, client: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url)
        page.press("button[data-seconds='86400']")
        page.shows("2026-01-02 00:00:00.000 UTC", "header")
        page.press("button[data-action=fail-region]")
        page.shows("region outage us-east-1", "#faults")
        page.keep("region-outage")
        page.shows("us-east-1a UNREACHABLE", "#regions")


def test_names_are_text_and_never_markup(browser: Any, world: World, client: DynamoDBClient) -> None:
    # A table's name cannot hold markup, but a key of a conflict on the timeline can.
    markup = "<b id=injected>bold</b>"
    world.events.add(world.clock.time(), "write-conflict-resolved", "us-east-1", key=markup)
    with world.serve() as url:
        page = Page(browser, url)
        page.shows(markup, "#events")
        assert browser.find_elements("css selector", "#injected") == []


def test_the_endpoint_is_gone(browser: Any, world: World) -> None:
    with world.serve() as url:
        page = Page(browser, url)
        page.shows("Nothing yet")
    page.shows("No answer from the endpoint", "#message")
