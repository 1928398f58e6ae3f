"""Alice abroad: countries, networks and prices of her line's plan. Charlie sees none of it."""

import pytest
from django.test import Client
from tests.portal.conftest import STARTED
from tests.portal.reading import Page, read

from eka.ledger import models
from eka.ledger.models import User
from eka.usecases.lines import NewLine, add_line

COVERAGE = [
    {"country": "US", "networks": ["310410"]},
    {"country": "JP", "networks": ["44010", "44099"], "price": "0.05 USD per 1MB"},
    {"country": "CA", "price": "3.00 USD per 1GB", "note": {"en": "At most 2 GB a day."}},
    {"country": "CN", "price": "none"},
]


@pytest.fixture
def covered(line_id: int) -> None:
    """The plan of Alice's line says where it works."""
    models.Plan.objects.filter(name="att-prepaid-5gb").update(coverage=COVERAGE)


def _text(page: Page) -> str:
    return page.text.replace("\u202f", " ").replace("\xa0", " ")


def test_without_coverage_the_carriers_networks_are_named(as_alice: Client, line_id: int) -> None:
    text = _text(read(as_alice, f"/lines/{line_id}/abroad/"))
    assert "Where AT&T Prepaid 5 GB works" in text
    assert "United States AT&T 5G (310 410, 310 280) Included in the plan" in text
    assert "Mexico Chosen automatically Included in the plan" in text


def test_with_coverage_every_country_has_its_price(
    as_alice: Client, line_id: int, covered: None
) -> None:
    text = _text(read(as_alice, f"/lines/{line_id}/abroad/"))
    assert "Canada Chosen automatically $3.00 per 1 GB At most 2 GB a day." in text
    assert "Japan NTT Docomo 5G (440 10) 440 99 $0.05 per 1 MB" in text
    assert "Mainland China — Does not work here" in text
    assert "Mexico" not in text


def test_one_country_of_many(as_alice: Client, line_id: int, covered: None) -> None:
    page = read(as_alice, f"/lines/{line_id}/abroad/?country=JP")
    rows = [attrs for attrs in page.all("th") if attrs.get("scope") == "row"]
    assert len(rows) == 1
    assert "NTT Docomo" in page.text
    assert [attrs["value"] for attrs in page.all("option") if "selected" in attrs] == ["JP"]


def test_a_country_that_is_not_covered_shows_all(
    as_alice: Client, line_id: int, covered: None
) -> None:
    page = read(as_alice, f"/lines/{line_id}/abroad/?country=XX")
    assert len([attrs for attrs in page.all("th") if attrs.get("scope") == "row"]) == 4


def test_countries_and_prices_in_chinese(as_alice: Client, line_id: int, covered: None) -> None:
    text = _text(read(as_alice, f"/lines/{line_id}/abroad/", "zh-hans"))
    assert "日本 NTT Docomo" in text
    assert "加拿大" in text


def test_it_says_how_to_switch(as_alice: Client, line_id: int) -> None:
    text = read(as_alice, f"/lines/{line_id}/abroad/").text
    assert "data roaming" in text
    assert "Network Selection" in text


def test_a_line_that_waits_shows_the_plan_it_was_sold_with(
    as_alice: Client, alice: User, line_id: int
) -> None:
    subscriber = models.Subscriber.objects.get(user=alice)
    waiting = add_line(NewLine(plan="telstra-prepaid-28d", subscriber=subscriber.pk), STARTED)
    text = read(as_alice, f"/lines/{waiting}/abroad/").text
    assert "Telstra" in text
    assert "Australia" in text


def test_a_plan_that_says_nothing_of_countries_says_so(as_alice: Client, line_id: int) -> None:
    models.Plan.objects.filter(name="att-prepaid-5gb").update(countries=[])
    text = read(as_alice, f"/lines/{line_id}/abroad/").text
    assert "The seller has not said in which countries this plan works." in text


def test_charlie_learns_nothing(as_charlie: Client, line_id: int) -> None:
    read(as_charlie, f"/lines/{line_id}/abroad/", status=404)


def test_who_is_not_signed_in_is_asked_to(client: Client, line_id: int) -> None:
    response = client.get(f"/lines/{line_id}/abroad/")
    assert (response.status_code, response["Location"].split("?")[0]) == (302, "/sign-in/")
