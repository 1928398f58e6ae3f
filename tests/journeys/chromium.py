"""The browser of this machine, without a download."""

import os
import shutil

from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = (
    "The journeys need a Chromium: install one (apt-get install chromium), name one with"
    " EKA_CHROMIUM, or set EKA_NO_BROWSER=1 to leave the journeys out."
)


def chromium() -> str | None:
    """Where the browser is, if there is one."""
    return os.environ.get("EKA_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright: Playwright, path: str) -> Browser:
    """Starts the browser; without its sandbox, as CI runs in a container as root."""
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


def sign_in_as(page: Page, username: str) -> str:
    """Becomes a member of the cast by the demo's strip; the address of My line."""
    page.locator(".demo summary").click()
    with page.expect_navigation():
        page.locator(f".demo button[value={username}]").click()
    return page.url
