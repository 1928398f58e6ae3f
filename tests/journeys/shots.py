"""Pictures of every page: `python -m tests.journeys.shots`, or `make shots`.

Starts a demo shop of its own and writes docs/screenshots/PAGE-WIDTH-LANGUAGE.png,
and for the first pages -dark.png as well.
"""

from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from tests.journeys.chromium import NO_BROWSER, chromium, launch, sign_in_as
from tests.journeys.demo_shop import demo_shop

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SIZES = {390: 844, 1280: 900}
LANGUAGES = ("en", "zh-hans")
PUBLIC = {
    "plans": "/",
    "plans-none": "/?rolls=yes&data=unlimited",
    "plan": "/plans/att-prepaid-5gb/",
    "plan-unlimited": "/plans/airalo-japan-unlimited-7d/",
    "buy": "/buy/att-prepaid-5gb/",
    "device-check": "/device-check/",
    "device-answer": "/device-check/?model=iphone+13",
    "sign-in": "/sign-in/",
    "style": "/style/",
}
OWN = {
    "line": "",
    "history": "history/",
    "abroad": "abroad/",
    "install": "install/",
    "device": "device/",
    "lines": "/lines/",
    "renew": "renew/",
    "auto-renewal": "auto-renewal/",
    "wallet": "/wallet/",
}
IN_THE_DARK = ("plans", "plan", "line")


def picture(browser: Browser, shop: str, width: int, language: str, scheme: str) -> None:
    """Takes every page once, of a phone as of a desk the whole length."""
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2 if width < 720 else 1,
    )
    context.add_cookies([{"name": "django_language", "value": language, "url": shop}])
    page = context.new_page()
    for name, path in PUBLIC.items():
        page.goto(shop + path)
        _take(page, name, width, language, scheme)
    if scheme == "light":
        _guest(page, shop, width, language)
    line = sign_in_as(page, "alice")
    for name, path in OWN.items():
        page.goto(shop + path if path.startswith("/") else line + path)
        _take(page, name, width, language, scheme)
    page.goto(line + "renew/")
    page.locator("main form:has(input[name=item]) button").first.click()
    page.wait_for_url("**/orders/**")
    _take(page, "order", width, language, scheme)
    context.close()


def _guest(page: Page, shop: str, width: int, language: str) -> None:
    """Buys an eSIM without an account, and takes the page with its code."""
    page.goto(f"{shop}/buy/nomad-3gb-30d/")
    page.locator("#email").fill("gwen@example.com")
    page.locator("form.narrow button.primary").click()
    page.wait_for_url("**/orders/**")
    page.locator(".tills form:has(input[value=stripe]) button").click()
    page.wait_for_url("**/sandbox/pay/**")
    page.get_by_role("button", name="Pay · 付款", exact=True).click()
    page.locator("main a.primary[href$='/esim/']").click()  # as soon as it is there
    page.locator("#email").fill("gwen@example.com")
    page.locator("form:has(#email) button").click()
    page.locator(".codes").wait_for()
    _take(page, "guest-esim", width, language, "light")


def _take(page: Page, name: str, width: int, language: str, scheme: str) -> None:
    if scheme == "dark" and name not in IN_THE_DARK:
        return
    suffix = "-dark" if scheme == "dark" else ""
    # A list of seventy plans or a long history says no more than its first screens.
    whole = name in ("plan", "line", "style", "order", "wallet", "guest-esim")
    page.screenshot(path=FOLDER / f"{name}-{width}-{language}{suffix}.png", full_page=whole)


def main() -> None:
    """Takes all pictures."""
    found = chromium()
    if found is None:
        raise SystemExit(NO_BROWSER)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo_shop() as demo, sync_playwright() as playwright:
        browser = launch(playwright, found)
        for width in SIZES:
            for language in LANGUAGES:
                for scheme in ("light", "dark"):
                    picture(browser, demo.address, width, language, scheme)
    print(f"Pictures are in {FOLDER}.")


if __name__ == "__main__":
    main()
