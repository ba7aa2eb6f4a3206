"""A headless Chromium for tests that look at a page as a reader does."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"desktop": (1280, 900), "wide": (1400, 900), "phone": (390, 844)}
CURVES = "document.getElementById('songs-curves')"  # of the page of a report


@dataclass
class Visit:
    """An open page, what its console said and every address it asked for."""

    page: Page
    said: list[str] = field(default_factory=list)  # warnings, errors, uncaught exceptions
    asked: list[str] = field(default_factory=list)


@contextmanager
def chromium_browser() -> Iterator[Browser]:
    """Start the machine's own Chromium; only CI must have one.

    Not for a whole session: an open browser keeps an event loop, in which `asyncio.run` refuses
    to work.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium: apt-get install chromium")
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(QUIET), chromium_sandbox=False
        )
        yield browser
        browser.close()


@contextmanager
def visit(
    browser: Browser, address: str, size: str = "desktop", *, javascript: bool = True, **looks: str
) -> Iterator[Visit]:
    """Open an address in a profile of its own; `looks` as `color_scheme="dark"`."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        has_touch=size == "phone",
        java_script_enabled=javascript,
        **looks,  # type: ignore[arg-type]
    )
    context.set_default_timeout(10_000)
    one = Visit(context.new_page())
    one.page.on("console", lambda message: one.said.append(message.text) if loud(message) else None)
    one.page.on("pageerror", lambda error: one.said.append(str(error)))
    one.page.on("request", lambda request: one.asked.append(request.url))
    one.page.goto(address)
    yield one
    context.close()


def loud(message: object) -> bool:
    """Tell whether a line of the console is a warning or an error."""
    return getattr(message, "type", "") in ("warning", "error")


def ready(one: Visit) -> None:
    """Wait until the page of a report has drawn its charts."""
    one.page.wait_for_selector("html[data-ready]")
