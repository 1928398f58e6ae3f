"""A demo shop, and a browser to walk through it.

The journeys need a Chromium. Where there is none they fail and say so; EKA_NO_BROWSER=1 leaves them
out on purpose, which the report shows as skipped. EKA_CHROMIUM names a browser elsewhere.

All journeys walk through one shop, whose clock only moves ahead: none may count on a date.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.journeys.chromium import NO_BROWSER, chromium, launch
from tests.journeys.demo_shop import DemoShop, demo_shop
from tests.journeys.phones import Phones
from tests.journeys.watch import Watch

Open = Callable[..., Page]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All journeys go to one process: two demo shops that start at once would vie for ports."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("demo shop"))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the browser is."""
    if os.environ.get("EKA_NO_BROWSER") == "1":
        pytest.skip("EKA_NO_BROWSER=1")
    found = chromium()
    if found is None:
        pytest.fail(NO_BROWSER)
    return found


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One browser for a module's journeys.

    No longer: while Playwright runs, its event loop does, and no other test of the process could
    start one.
    """
    with sync_playwright() as playwright:
        yield launch(playwright, chromium_path)


@pytest.fixture(scope="session")
def _demo(chromium_path: str) -> Iterator[DemoShop]:
    with demo_shop() as running:
        yield running


@pytest.fixture(scope="session")
def shop(_demo: DemoShop) -> str:
    """The address of the demo shop."""
    return _demo.address


@pytest.fixture(scope="session")
def password(_demo: DemoShop) -> str:
    """What everybody there signs in with."""
    return _demo.password


@pytest.fixture(scope="module")
def phones(_demo: DemoShop) -> Iterator[Phones]:
    """The phones of everybody who bought an eSIM there."""
    with Phones(_demo.state) as held:
        yield held


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Sees what must not happen in a browser; a journey ends clean or fails."""
    seen = Watch()
    yield seen
    assert seen.trouble == []


@pytest.fixture
def visit(browser: Browser, shop: str, watch: Watch) -> Iterator[Open]:
    """Opens a page of the shop in a fresh browser window."""
    contexts: list[BrowserContext] = []

    def open_(path: str = "/", language: str = "en", width: int = 390, **options: object) -> Page:
        size = {"width": width, "height": 844 if width < 720 else 900}
        context = browser.new_context(viewport=size, **options)  # type: ignore[arg-type]
        context.add_cookies([{"name": "django_language", "value": language, "url": shop}])
        contexts.append(context)
        page = context.new_page()
        watch.over(page, shop)
        page.goto(shop + path)
        return page

    yield open_
    for context in contexts:
        context.close()
