"""What holds for every page, in both languages."""

import re

import pytest
from django.test import Client
from tests.esim import profile
from tests.portal.conftest import NOW
from tests.portal.reading import Page, read

from eka.portal.proof import PROVED
from eka.rules.instants import format_instant

OPEN_TO_ALL = [
    "/",
    "/plans/",
    "/?rolls=yes&country=AU",
    "/?rolls=yes&data=unlimited",
    "/plans/att-prepaid-5gb/",
    "/plans/tello-unlimited/?used=12.5",
    "/plans/vodafone-au-mbb-3gb/",
    "/plans/airalo-japan-unlimited-7d/",
    "/plans/mint-mobile-5gb-3mo/",
    "/buy/att-prepaid-5gb/",
    "/buy/us-mobile-by-the-gig-2gb/",
    "/device-check/",
    "/device-check/?model=iphone+13",
    "/orders/",
    "/sign-in/",
    "/style/",
]
OWN = [
    "/lines/",
    "/lines/{line}/",
    "/lines/{line}/history/",
    "/lines/{line}/history/?kind=lost",
    "/lines/{line}/abroad/",
    "/lines/{line}/install/",
    "/lines/{line}/device/",
    "/lines/{line}/device/?reason=lost_phone",
    "/lines/{line}/renew/",
    "/lines/{line}/auto-renewal/",
    "/wallet/",
]
LANGUAGES = ["en", "zh-hans"]

# Two words of English in a row that are no names: names of brands begin with capitals.
ENGLISH = re.compile(r"\b[a-z]{2,}[ ,;:]+[a-z]{2,}\b")


def _pages(client: Client, line_id: int, language: str) -> list[tuple[str, Page]]:
    profile(line_id, NOW)
    session = client.session
    session[PROVED] = format_instant(NOW)  # so that she sees its code
    session.save()
    addresses = [*OPEN_TO_ALL[:-2], "/style/", *(own.format(line=line_id) for own in OWN)]
    return [(address, read(client, address, language)) for address in addresses]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_well_formed(as_alice: Client, line_id: int, language: str) -> None:
    for address, page in _pages(as_alice, line_id, language):
        assert page.unbalanced == [], address
        assert page.open == [], address
        assert len(page.all("h1")) == 1, address
        assert len(page.all("main")) == 1, address
        assert page.all("html")[0]["lang"] == language, address
        ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
        assert len(ids) == len(set(ids)), address


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_has_a_label(as_alice: Client, line_id: int, language: str) -> None:
    for address, page in _pages(as_alice, line_id, language):
        labelled = {attrs.get("for") for attrs in page.all("label")}
        for field in page.all("input") + page.all("select"):
            wrapped = field.get("type") in ("hidden", "radio")  # a radio stands in its label
            assert wrapped or field.get("id") in labelled, (address, field)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(
    as_alice: Client, line_id: int, language: str
) -> None:
    for address, page in _pages(as_alice, line_id, language):
        for tag, attrs in page.tags:
            assert "style" not in attrs, (address, tag)
            assert tag != "style", address
            for name in ("src", "href", "action"):
                target = attrs.get(name) or ""
                assert not target.startswith(("http:", "https:", "//")), (address, target)
        assert all("src" in attrs for attrs in page.all("script")), address


def test_chinese_pages_have_no_english_left(as_alice: Client, line_id: int) -> None:
    for address, page in _pages(as_alice, line_id, "zh-hans"):
        for language, text in page.texts:
            if language == "zh-hans":
                assert not ENGLISH.search(text), (address, text)


def test_english_pages_have_no_chinese_left(as_alice: Client, line_id: int) -> None:
    for address, page in _pages(as_alice, line_id, "en"):
        for language, text in page.texts:
            if language == "en":
                assert not re.search(r"[\u4e00-\u9fff]", text), (address, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sign_in_page_is_well_formed(shop: None, client: Client, language: str) -> None:
    page = read(client, "/sign-in/", language)
    assert page.unbalanced == []
    assert len(page.all("h1")) == 1


def test_the_language_is_remembered(shop: None, client: Client) -> None:
    client.post("/language/", {"language": "zh-hans", "next": "/"})
    assert "套餐" in read(client, "/", "zh-hans").text
    assert client.cookies["django_language"].value == "zh-hans"
