"""The console as somebody sees it who has a mouse, a keyboard and patience."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCREENSHOTS = os.environ.get("DDBHA_SCREENSHOTS")
#: Seconds that a change may take to be drawn; the page polls each second.
PATIENCE = 20


class Page:
    """A browser that shows the console of an endpoint."""

    def __init__(self, browser: Any, url: str, place: str = "") -> None:
        self.browser = browser
        self.url = url
        # What a page before this one had left is not this one's.
        browser.get("about:blank")
        browser.get_log("browser")
        browser.get(f"{url}/console/#/{place}" if place else f"{url}/")

    def go(self, place: str) -> None:
        """Follow a link of the page's own."""
        self.browser.execute_script("location.hash = arguments[0]", f"#/{place}")

    # -- Looking ----------------------------------------------------------------------------------

    def shows(self, text: str, part: str = "main") -> None:
        """Wait until a part of the page shows a text."""
        self.until(lambda: text in self.text(part), lambda: f"no {text!r} in {part}: {self.text(part)}")

    def shows_no(self, text: str, part: str = "main") -> None:
        """Wait until a part of the page shows a text no more."""
        self.until(lambda: text not in self.text(part), lambda: f"{part} went on showing {text!r}")

    def text(self, part: str) -> str:
        """What a part of the page shows; nothing if it is not there."""
        shown: str = self.browser.execute_script(
            "return document.querySelector(arguments[0])?.innerText ?? ''", part
        )
        return shown

    def until(self, condition: Callable[[], object], complaint: Callable[[], str]) -> None:
        """Wait until something is so."""
        from selenium.common.exceptions import TimeoutException
        from selenium.webdriver.support.wait import WebDriverWait

        try:
            WebDriverWait(self.browser, PATIENCE).until(lambda _: condition())
        except TimeoutException:
            raise AssertionError(complaint()) from None

    # -- Doing ------------------------------------------------------------------------------------

    def button(self, name: str) -> Any:
        """The button or link of a name, once it is there."""
        return self._found(
            f"(//button[@aria-label='{name}'] | //button[normalize-space()='{name}'] | "
            f"//a[normalize-space()='{name}'] | //summary[normalize-space()='{name}'])",
            f"button {name!r}",
        )

    def press(self, name: str) -> None:
        """Click a button, once it is there."""
        self.button(name).click()

    def fill(self, form: str, **fields: str) -> None:
        """Write into the fields of a form, by their names; `form` is its own."""
        for name, text in fields.items():
            field = self._found(
                f"//form[@aria-label='{form}']//*[@name='{name}']", f"field {name!r} in {form!r}"
            )
            if field.tag_name == "select":
                field.find_element("css selector", f"option[value='{text}']").click()
            else:
                field.clear()
                field.send_keys(text)

    def send(self, form: str, **fields: str) -> None:
        """Fill a form, and send it."""
        self.fill(form, **fields)
        self._found(f"//form[@aria-label='{form}']//button[@type='submit']", f"form {form!r}").click()

    def agree(self) -> None:
        """Say yes to what the browser asks."""
        from selenium.webdriver.support.expected_conditions import alert_is_present

        self.until(lambda: alert_is_present()(self.browser), lambda: "nothing was asked")
        self.browser.switch_to.alert.accept()

    def _found(self, path: str, what: str) -> Any:
        self.until(lambda: self.browser.find_elements("xpath", path), lambda: f"there is no {what}")
        return self.browser.find_element("xpath", path)

    # -- Keeping ----------------------------------------------------------------------------------

    def keep(self, name: str) -> None:
        """Take a screenshot, and make sure that the browser had nothing to complain of."""
        assert SCREENSHOTS is not None
        folder = Path(SCREENSHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        self.browser.save_screenshot(str(folder / f"{name}.png"))
        assert [entry["message"] for entry in self.browser.get_log("browser")] == []
