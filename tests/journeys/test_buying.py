"""Buying in a browser: orders are paid at the sandboxes, and their pages tell of it by themselves.

What happens between shop, gateway and job takes as long as it takes: a page is watched until it
shows what came of it.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.chromium import sign_in_as
from tests.journeys.conftest import Open
from tests.journeys.watch import Watch

PATIENCE_MS = 30_000
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
PAY, FAIL, LATE = "Pay · 付款", "Fail · 付款失败", "Pay late · 超时后才付款"


@pytest.fixture(autouse=True)
def _sandboxes_are_no_strangers(watch: Watch) -> Iterator[None]:
    """Whoever pays goes to the gateway's pages, which have no icon and answer 404 for it."""
    yield
    watch.trouble = [
        seen
        for seen in watch.trouble
        if not re.search(r"another host: http://127\.0\.0\.1:\d+/", seen)
        and "the server responded with a status of 404" not in seen
    ]


def _delivered(page: Page) -> None:
    expect(page.locator(".order-fulfilled")).to_be_visible(timeout=PATIENCE_MS)


def _press(page: Page, button: str) -> None:
    """What the payer does at the gateway."""
    page.wait_for_url(re.compile(r"/sandbox/pay/"), timeout=PATIENCE_MS)
    page.get_by_role("button", name=button, exact=True).click()


def _till(page: Page, gateway: str) -> None:
    """Chooses a gateway on the order's page."""
    page.locator(".tills form", has=page.locator(f"input[value={gateway}]")).locator(
        "button"
    ).first.click()


def test_alice_renews_by_scanning_a_code(visit: Open) -> None:
    page = visit("/", width=1280)
    line = sign_in_as(page, "alice")
    page.goto(line + "renew/")
    page.locator(".choices button").first.click()
    after = page.locator(".bars .amount").nth(1).inner_text().split()[0]
    page.get_by_role("button", name="Pay in CNY with WeChat Pay and Alipay").click()
    _till(page, "wechat")
    expect(page.locator(".qr svg")).to_be_visible()

    phone = page.context.new_page()
    phone.goto(page.locator(".till a[href*='/sandbox/pay/']").get_attribute("href") or "")
    _press(phone, PAY)
    _delivered(page)  # nobody touched it
    expect(page.locator(".held .amount")).to_contain_text(after)
    expect(page.locator("#said")).to_contain_text("Delivered")
    page.get_by_role("link", name=re.compile("^See ")).click()
    expect(page.locator(".now .total")).to_contain_text(after)


def test_a_guest_buys_by_card_in_chinese(visit: Open) -> None:
    page = visit("/plans/att-prepaid-5gb/", "zh-hans", 390, user_agent=PHONE)
    page.locator(".buy a.primary").click()
    page.locator("#email").fill("gwen@example.com")
    page.locator("form.narrow button.primary").click()
    order = page.url
    _till(page, "stripe")
    _press(page, FAIL)
    page.goto(order)
    page.locator("a[href='?pay=again']").click()
    _till(page, "stripe")
    _press(page, PAY)
    _delivered(page)
    assert page.url == order
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(re.sub(r"/orders/.*", "/orders/", order))
    expect(page.locator(".order-list h2")).to_have_count(1)


def test_two_clicks_and_the_back_button_pay_once(visit: Open) -> None:
    page = visit("/buy/att-prepaid-5gb/", width=1280)
    page.locator("#email").fill("gwen@example.com")
    # The second click breaks off the first one's way, so that no single way is waited for.
    page.locator("form.narrow button.primary").dblclick()
    expect(page).to_have_url(re.compile("/orders/"), timeout=PATIENCE_MS)
    order = page.url
    page.locator(".tills button").first.dblclick()
    expect(page).to_have_url(re.compile("/sandbox/pay/"), timeout=PATIENCE_MS)
    first = page.url
    page.go_back()
    page.goto(order)  # it leads to the gateway once, not whenever it is looked at
    expect(page.get_by_role("link", name="Continue to Stripe")).to_have_attribute("href", first)
    page.get_by_role("link", name="Continue to Stripe").click()
    _press(page, PAY)
    _delivered(page)
    expect(page.locator(".story li", has_text="was begun")).to_have_count(1)
    expect(page.locator(".story li", has_text="Your money arrived")).to_have_count(1)


def test_money_that_comes_after_the_end_goes_back(visit: Open) -> None:
    page = visit("/buy/att-prepaid-5gb/", width=1280)
    page.locator("#email").fill("gwen@example.com")
    page.locator("form.narrow button.primary").click()
    order = page.url
    _till(page, "stripe")
    page.wait_for_url(re.compile("/sandbox/pay/"), timeout=PATIENCE_MS)
    gateway = page.url
    page.goto(order)
    page.get_by_role("button", name="Cancel this order").click()
    expect(page.locator(".order-cancelled")).to_be_visible(timeout=PATIENCE_MS)
    page.goto(gateway)
    page.get_by_role("button", name=LATE).click()
    page.goto(order)
    told = page.get_by_text("All of it went back to where it came from.")
    for _ in range(15):
        if told.count():
            break
        page.wait_for_timeout(2000)
        page.reload()
    expect(told).to_be_visible()


def test_without_javascript_the_page_finds_out_by_itself(visit: Open) -> None:
    page = visit("/buy/att-prepaid-5gb/", width=1280, java_script_enabled=False)
    page.get_by_role("button", name="CNY").click()
    page.locator("#email").fill("gwen@example.com")
    page.locator("form.narrow button.primary").click()
    _till(page, "wechat")
    phone = page.context.new_page()
    phone.goto(page.locator(".till a[href*='/sandbox/pay/']").get_attribute("href") or "")
    _press(phone, PAY)
    _delivered(page)
