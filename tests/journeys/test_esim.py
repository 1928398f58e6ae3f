"""From the question whether a phone takes an eSIM to the eSIM that is on it, and on the next one.

The suppliers are the sandboxes, and so are the phones: what happens there comes back as news, and
the pages tell of it by themselves.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.chromium import sign_in_as
from tests.journeys.conftest import Open
from tests.journeys.phones import Phones
from tests.journeys.watch import Watch

PATIENCE_MS = 30_000
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
DESK = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/124.0 Safari/537.36"
PAY = "Pay · 付款"
PLAN = "nomad-3gb-30d"  # its supplier tells how far an installation is
CODE = re.compile(r"LPA:1\$[a-z0-9.]+\$[A-Z0-9-]+")
WINDOWS = [("zh-hans", 390, IPHONE), ("en", 1280, DESK)]


@pytest.fixture(autouse=True)
def _the_gateway_is_no_stranger(watch: Watch) -> Iterator[None]:
    """Whoever pays goes to the gateway's page, which has no icon and answers 404 for it."""
    yield
    watch.trouble = [
        seen
        for seen in watch.trouble
        if not re.search(r"another host: http://127\.0\.0\.1:\d+/(sandbox/pay|favicon)", seen)
        and "the server responded with a status of 404" not in seen
    ]


def _pay_by_card(page: Page) -> None:
    """Chooses the card on the order's page, pays at the gateway, and waits for the delivery."""
    order = page.url
    page.locator(".tills form", has=page.locator("input[value=stripe]")).locator(
        "button"
    ).first.click()
    page.wait_for_url(re.compile(r"/sandbox/pay/"), timeout=PATIENCE_MS)
    page.get_by_role("button", name=PAY, exact=True).click()
    page.wait_for_url(order, timeout=PATIENCE_MS)
    expect(page.locator(".order-fulfilled")).to_be_visible(timeout=PATIENCE_MS)


def _code(page: Page) -> str:
    """The activation code that the page shows, in one line; beside it a code to scan."""
    picture = page.locator(".codes .qr svg")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box is not None
    assert box["width"] >= 240
    assert box["height"] == pytest.approx(box["width"], abs=1)
    told = CODE.fullmatch(page.locator(".secrets .secret").last.inner_text())
    assert told is not None
    assert told[0] not in page.url
    return told[0]


def _iccid(page: Page) -> str:
    return page.locator("main p:has-text('ICCID') .code").first.inner_text()


def _fits(page: Page) -> bool:
    wide: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return wide <= 0


@pytest.mark.parametrize(("language", "width", "agent"), WINDOWS, ids=("phone", "desk"))
def test_a_guest_checks_the_phone_buys_and_installs(
    visit: Open, phones: Phones, language: str, width: int, agent: str
) -> None:
    page = visit(f"/plans/{PLAN}/", language, width, user_agent=agent)
    page.locator("#device-model").fill("iPhone 15 Pro")
    page.locator("form:has(#device-model) button").click()
    page.locator("#region").select_option("US")
    page.locator("form:has(#region) button").click()
    expect(page.locator(".verdict-yes")).to_be_visible()
    page.locator(".verdict a.primary").click()  # it leads back to the plan that was looked at
    page.locator("#email").fill("gwen@example.com")
    page.locator("form.narrow button.primary").click()
    _pay_by_card(page)
    page.locator("main a.primary[href$='/esim/']").click()

    expect(page.locator(".secret")).to_have_count(0)
    page.locator("#email").fill("somebody@example.com")
    page.locator("form:has(#email) button").click()
    expect(page.locator(".problem")).to_be_visible()
    expect(page.locator(".secret")).to_have_count(0)
    page.locator("#email").fill("Gwen@Example.com")
    page.locator("form:has(#email) button").click()
    code = _code(page)
    one_tap = page.locator(".codes a[href^='https://esimsetup.apple.com/']")
    if agent == IPHONE:
        expect(one_tap).to_have_attribute("href", re.compile(re.escape(code)))
    else:
        expect(one_tap).to_have_count(0)
    assert _fits(page)

    phones.act(_iccid(page), "install")
    expect(page.locator(".profile-installed, .profile-enabled")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".secret")).to_have_count(0)  # nobody touched it
    page.locator(".crumb a").click()
    expect(page.locator(".steps .step-done")).to_have_count(4)


def test_alice_moves_her_line_to_another_phone_and_loses_nothing(
    visit: Open, phones: Phones
) -> None:
    page = visit("/", width=1280)
    line = sign_in_as(page, "alice")
    left = page.locator(".now .total").inner_text()
    page.goto(line + "install/")
    expect(page.locator(".secret")).to_have_count(0)
    page.get_by_role("button", name="It is me").click()
    old_code, old = _code(page), _iccid(page)
    phones.act(old, "enable")
    expect(page.locator(".profile-enabled")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".secret")).to_have_count(0)

    page.get_by_role("link", name="Another device").click()
    page.get_by_role("link", name="My device was lost or stolen").click()
    page.locator("#device").fill("iPhone 16")
    page.get_by_role("button", name="Give the old eSIM up, and go on").click()
    expect(page.locator(".move-ready")).to_be_visible(timeout=PATIENCE_MS)  # it came by itself
    page.get_by_role("link", name="Install the eSIM").click()
    assert _code(page) != old_code
    assert _iccid(page) != old
    phones.act(_iccid(page), "install")
    expect(page.locator(".profile-installed")).to_be_visible(timeout=PATIENCE_MS)
    page.goto(line + "device/")
    expect(page.locator(".move-done")).to_be_visible()
    page.goto(line)
    assert page.locator(".now .total").inner_text() == left


def test_charlie_needs_his_password_and_sees_by_when_his_plan_has_to_begin(
    visit: Open, password: str
) -> None:
    page = visit("/sign-in/?next=/buy/airalo-japan-1gb-7d/", width=390)
    page.locator("#username").fill("charlie")
    page.locator("#password").fill(password)
    page.locator("form:has(#password) button").click()
    page.locator("form.narrow button.primary").click()
    _pay_by_card(page)
    page.get_by_role("link", name="Install the eSIM").click()
    page.locator("#password").fill("not his password")
    page.get_by_role("button", name="It is me").click()
    expect(page.locator(".problem")).to_contain_text("4 more tries")
    expect(page.locator(".secret")).to_have_count(0)
    page.locator("#password").fill(password)
    page.get_by_role("button", name="It is me").click()
    _code(page)
    assert _fits(page)
    page.locator(".crumb a").click()
    expect(page.locator(".now")).to_contain_text("It starts with its first use, which is to be")
