"""The story Eka exists for: the clock passes a renewal, and the page tells what carried."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.chromium import sign_in_as
from tests.journeys.conftest import Open

SIZES = [(390, "en"), (1280, "en"), (390, "zh-hans"), (1280, "zh-hans")]
WORDS = {
    "en": {"rollover": "Rollover", "end": "Period end", "carried": "carried into"},
    "zh-hans": {"rollover": "结转流量", "end": "到本期末", "carried": "已结转到新周期"},
}


def _plan_rest(page: Page) -> str:
    """What is left of the plan's own data, as its row says."""
    row = page.locator(".buckets li", has=page.locator(".kind-plan"))
    return row.locator(".amount").inner_text()


def _rolled(page: Page) -> str:
    row = page.locator(".buckets li", has=page.locator(".kind-rollover"))
    return row.locator(".amount").inner_text()


@pytest.mark.parametrize(("width", "language"), SIZES)
def test_unused_data_is_there_after_the_renewal(visit: Open, width: int, language: str) -> None:
    page = visit("/", language, width)
    said = WORDS[language]
    sign_in_as(page, "alice")
    rest = _plan_rest(page)

    page.get_by_role("button", name=said["end"]).click()
    page.wait_for_load_state()

    # What was left of the plan is now rollover data; what a member of the cast does not use, stays.
    assert _rolled(page) == rest
    assert _plan_rest(page).startswith("5")
    expect(page.locator(".recent")).to_contain_text(said["carried"])

    page.goto(page.url + "history/?kind=carried")
    expect(page.locator(".events").first).to_contain_text(re.sub(r"\s", "", rest.split()[0]))


def test_a_week_passes_at_a_time(visit: Open) -> None:
    page = visit("/")
    before = page.locator(".demo time").get_attribute("datetime")
    page.get_by_role("button", name="+1 week").click()
    page.wait_for_load_state()
    after = page.locator(".demo time").get_attribute("datetime")
    assert before is not None
    assert after is not None
    assert after > before


def test_the_whole_demo_works_without_javascript(visit: Open) -> None:
    page = visit("/", java_script_enabled=False)
    page.get_by_role("radio", name="Carries over").check()
    page.get_by_role("button", name="Find").click()
    assert "rolls=yes" in page.url
    assert "Does not carry over" not in page.inner_text("main")

    page.locator(".board a", has_text="AT&T Prepaid 5 GB").click()
    page.locator("#used").focus()
    page.keyboard.press("Home")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#answer")).to_contain_text("0")
    expect(page.locator("#tide svg").first).to_be_visible()

    sign_in_as(page, "alice")
    rest = _plan_rest(page)
    page.get_by_role("button", name="Period end").click()
    assert _rolled(page) == rest
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("h1")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("link", name="登录")).to_be_visible()


def test_the_slider_answers_at_once(visit: Open) -> None:
    page = visit("/plans/att-prepaid-5gb/", width=1280)
    before = page.locator("#answer").inner_text()
    drawn = page.locator("#tide svg path").first.get_attribute("d")
    page.locator("#used").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#answer")).not_to_have_text(before)
    expect(page.locator("#answer")).to_contain_text("3.4")
    assert page.locator("#tide svg path").first.get_attribute("d") is not None
    assert drawn is not None


def test_filters_answer_at_once(visit: Open) -> None:
    page = visit("/", width=1280)
    page.get_by_role("radio", name="Does not").check()
    expect(page.locator(".found")).not_to_contain_text("73")
    expect(page.locator(".badge").first).to_contain_text("not")
    assert "rolls=no" in page.url
    page.go_back()
    expect(page.locator(".found")).to_contain_text("73")
