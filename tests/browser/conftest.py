"""A real browser, Debian's Chromium: `make console-test`.

Screenshots are left in the folder that DDBHA_SCREENSHOTS names.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ddbha import ManualClock, World
from tests.browser.browsing import SCREENSHOTS
from tests.building import on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if SCREENSHOTS is None or CHROMIUM is None or DRIVER is None:
        pytest.skip("run by make console-test, which wants Debian's chromium and chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: Any) -> Any:
    """The browser, of the size of a desk's screen and light."""
    chromium.set_window_size(1500, 1250)
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    return chromium


@pytest.fixture
def world() -> World:
    return World(clock=ManualClock())


@pytest.fixture
def client(world: World) -> DynamoDBClient:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="orders", **on_demand("id"))
    return client
