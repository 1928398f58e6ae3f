"""The list of plans and one plan."""

import pytest
from django.test import Client
from tests.portal.conftest import NOW, ON_SALE
from tests.portal.reading import Page, body, read

from eka.rules.catalogue_text import read_catalogue
from eka.usecases.catalogue import import_catalogue


def _titles(client: Client, query: str) -> int:
    page = read(client, f"/{query}")
    return sum(1 for attrs in page.all("a") if (attrs.get("href") or "").startswith("/plans/"))


def test_each_plan_tells_what_happens_to_unused_data(shop: None, client: Client) -> None:
    page = read(client, "/")
    assert f"{len(ON_SALE)} plans" in page.text
    assert "Unused plan data carries over" in page.text


def test_filters_narrow_the_list(shop: None, client: Client) -> None:
    everything = _titles(client, "")
    rolling, not_rolling = _titles(client, "?rolls=yes"), _titles(client, "?rolls=no")
    assert 0 < rolling < everything
    assert rolling + not_rolling == everything
    assert 0 < _titles(client, "?country=AU") < everything
    assert 0 < _titles(client, "?carrier=tello") < everything
    assert 0 < _titles(client, "?span=week") < everything
    assert _titles(client, "?data=unlimited") + _titles(client, "?data=metered") == everything


@pytest.mark.parametrize("sort", ["", "carrier", "price", "data", "days", "no such order"])
def test_every_order_shows_every_plan(shop: None, client: Client, sort: str) -> None:
    assert _titles(client, f"?sort={sort}") == _titles(client, "")


def test_what_carries_comes_first(shop: None, client: Client) -> None:
    text = read(client, "/").text
    assert text.rindex("Carries over:") < text.index("Does not carry over")
    assert _titles(client, "?rolls=yes") == text.count("Carries over:")


def test_a_wish_that_no_plan_meets_teaches(shop: None, client: Client) -> None:
    page = read(client, "/?rolls=yes&data=unlimited")
    assert "No plan meets all of this" in page.text
    assert "Unlimited plans never carry" in page.text


def test_an_empty_shop_says_how_to_fill_it(db: None, client: Client) -> None:
    assert "eka catalogue import" in read(client, "/").text


def test_a_plan_answers_what_if(shop: None, client: Client) -> None:
    page = read(client, "/plans/att-prepaid-5gb/?used=3")
    assert "2 GB" in page.text
    assert any(attrs.get("value") == "3" for attrs in page.all("input"))
    assert page.all("svg")
    assert page.all("table")


def test_the_slider_gets_only_what_changes(shop: None, client: Client) -> None:
    response = client.get("/plans/att-prepaid-5gb/?used=4.5", headers={"HX-Request": "true"})
    answer = body(response)
    assert "<html" not in answer
    assert "4.5\u202fGB" in answer
    assert 'hx-swap-oob="innerHTML"' in answer
    assert "HX-Request" in response.headers["Vary"]


@pytest.mark.parametrize("used", ["", "-1", "99999", "NaN", "Infinity", "1e999", "abc", "٣", "0x1"])
def test_no_amount_breaks_the_page(shop: None, client: Client, used: str) -> None:
    read(client, f"/plans/att-prepaid-5gb/?used={used}")


def test_every_plan_has_a_page(full_shop: None, client: Client) -> None:
    page = read(client, "/")
    addresses = {a["href"] for a in page.all("a") if (a.get("href") or "").startswith("/plans/")}
    assert len(addresses) > 20
    for address in addresses:
        assert address is not None
        for language in ("en", "zh-hans"):
            read(client, address, language)


def test_a_plan_that_is_not_sold_is_not_found(shop: None, client: Client) -> None:
    page = read(client, "/plans/no-such-plan/", status=404)
    assert "There is nothing at this address" in page.text


ABROAD = """
plans:
  abroad:
    data: 1GB
    period: 7d
    price: 5.00 USD
    countries: [JP, KR]
    rollover: {}
    starts: first_use
    activate_within: 180d
    supply: [{supplier: nobody, package: japan}]
"""


@pytest.fixture
def abroad(shop: None) -> None:
    """A plan of a supplier that the shop has no more, which begins when it is first used."""
    import_catalogue(read_catalogue(ABROAD), NOW)


def test_a_plan_says_where_it_works_when_it_starts_and_asks_for_the_device(
    abroad: None, client: Client
) -> None:
    page = read(client, "/plans/abroad/")
    assert "It starts with its first use, not when you buy it. Use it within 180 days" in page.text
    assert "Japan Chosen automatically Included in the plan" in page.text
    assert "South Korea" not in read(client, "/plans/abroad/?country=JP").text.split("Networks")[1]
    question = next(a for a in page.all("form") if a.get("action") == "/device-check/")
    assert question["method"] == "get"
    assert any(a.get("name") == "plan" and a.get("value") == "abroad" for a in page.all("input"))
    assert "first use" not in read(client, "/plans/att-prepaid-5gb/").text


def test_what_no_supplier_delivers_is_refused_in_words_and_keeps_what_was_typed(
    abroad: None, client: Client
) -> None:
    page = read(client, "/buy/abroad/")
    assert "within 180 days of buying" in page.text
    key = next(a["value"] for a in page.all("input") if a.get("name") == "key")
    answer = client.post("/buy/abroad/", {"key": key, "email": "gwen@example.com", "label": "Trip"})
    assert answer.status_code == 422
    refused = Page(body(answer))
    assert "cannot be delivered at the moment" in refused.text
    assert {"gwen@example.com", "Trip"} <= {a.get("value") for a in refused.all("input")}
