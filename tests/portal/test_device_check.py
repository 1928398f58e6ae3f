"""The device check as Alice asks it, on her phone, without JavaScript."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client
from tests.portal.reading import Page, body, read

EID = "8904 9032 0000 0812 3456 7890 1234 5643"

pytestmark = pytest.mark.django_db


def ask(client: Client, query: str, language: str = "en") -> Page:
    return read(client, f"/device-check/?{query}", language)


def test_the_empty_page_teaches(client: Client) -> None:
    page = ask(client, "")
    assert "*#06#" in page.text
    assert "Carrier Lock" in page.text
    assert "Yes," not in page.text


def test_region_and_lock_decide(client: Client) -> None:
    assert "iPhone 13: it depends." in ask(client, "model=iphone13").text.replace("\xa0", " ")
    bought_in_china = ask(client, "model=iphone13&region=CN").text.replace("\xa0", " ")
    assert "No, iPhone 13 does not support eSIM." in bought_in_china
    assert "Models sold in mainland China have no eSIM." in bought_in_china
    locked = ask(client, "model=iphone13&region=US&locked=yes").text
    assert "has to be unlocked first" in locked
    assert "Choose a plan" not in locked


def test_a_yes_leads_to_the_plans(client: Client) -> None:
    page = ask(client, "model=pixel+8&region=GB&locked=no")
    assert "supports eSIM" in page.text
    onward = [attrs["href"] for attrs in page.all("a") if attrs.get("class") == "button primary"]
    assert onward == ["/"]


def test_who_came_from_a_plan_goes_back_to_it(shop: None, client: Client) -> None:
    page = ask(client, "model=pixel+8&region=GB&plan=att-prepaid-5gb")
    links = [attrs.get("href") for attrs in page.all("a")]
    assert "/buy/att-prepaid-5gb/" in links
    assert "/plans/att-prepaid-5gb/" in links
    assert {"type": "hidden", "name": "plan", "value": "att-prepaid-5gb"} in page.all("input")


def test_what_was_typed_stays(client: Client) -> None:
    page = ask(client, "model=Brick+3000&region=HK&locked=yes&eid=no")
    values = {attrs.get("name"): attrs.get("value") for attrs in page.all("input") if "id" in attrs}
    assert values["model"] == "Brick 3000"
    chosen = [attrs["value"] for attrs in page.all("option") if "selected" in attrs]
    checked = {attrs["name"]: attrs["value"] for attrs in page.all("input") if "checked" in attrs}
    assert (chosen, checked) == (["HK"], {"locked": "yes", "eid": "no"})


def test_a_near_miss_is_one_click_away(client: Client) -> None:
    page = ask(client, "model=iphnoe+13&region=US")
    assert "Did you mean" in page.text
    links = [attrs["href"] or "" for attrs in page.all("a") if "model=" in (attrs["href"] or "")]
    asked = parse_qs(urlsplit(links[0]).query)
    assert asked == {"model": ["iPhone 13"], "region": ["US"]}
    assert "Yes," in read(client, links[0]).text


def test_every_answer_says_what_it_rests_on(client: Client) -> None:
    text = ask(client, "model=iphone+13&region=CN").text
    assert "support.apple.com" in text
    assert "22 November 2026" in text
    text = ask(client, "model=thinkpad+x1+nano").text
    assert "Everywhere some models support.microsoft.com general knowledge" in text


def test_what_is_said_alike_of_many_places_is_said_once(client: Client) -> None:
    page = ask(client, "model=iphone+17+pro")
    rows = [attrs for attrs in page.all("th") if attrs.get("scope") == "row"]
    assert len(rows) == 4  # everywhere else, mainland China, Hong Kong, Macao
    assert "Everywhere else has eSIM www.macrumors.com" in page.text
    both = ask(client, "model=iphone+13").text
    assert "Mainland China, Hong Kong and Macao no eSIM support.apple.com" in both


def _type(client: Client, eid: str, address: str = "/device-check/") -> str:
    response = client.post(address, {"number": eid})
    assert response.status_code == 200
    return body(response)


def test_an_eid_settles_it(client: Client) -> None:
    text = _type(client, EID)
    assert "This is a valid EID" in text
    assert "Yes, your device supports eSIM." in text


def test_an_eid_is_weighed_with_what_was_asked_before(client: Client) -> None:
    text = _type(client, EID, "/device-check/?model=iphone+13&region=CN")
    assert "it depends" in text
    assert "It shows an EID, so it has the chip" in text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (EID[:-1], "this has 31 digits"),
        ("1", "this has 1 digit."),
        ("no number", "this has 0 digits"),
        (EID[:-1] + str((int(EID[-1]) + 1) % 10), "at least one digit is mistyped"),
    ],
)
def test_a_wrong_eid_is_told_plainly_and_kept(client: Client, typed: str, said: str) -> None:
    text = _type(client, typed)
    assert said in text
    assert f'value="{typed}"' in text
    assert "Yes, your device" not in text


def test_an_eid_never_stands_in_an_address(client: Client) -> None:
    page = ask(client, "model=iphone+13")
    fields = {attrs.get("name"): attrs for attrs in page.all("input")}
    assert "number" in fields
    (form,) = [attrs for attrs in page.all("form") if attrs.get("class") == "eid-form"]
    assert form["method"] == "post"
    assert EID not in body(client.get(f"/device-check/?number={quote(EID)}"))


@pytest.mark.parametrize(
    "query", ["model=" + "x" * 5000, "region=%00", "locked=maybe", "plan=none"]
)
def test_any_question_shows_a_page(client: Client, query: str) -> None:
    ask(client, query)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("query", ["", "model=13", "model=iphone+13&eid=yes", "model=ipad+mini+6"])
def test_every_state_is_well_formed(client: Client, language: str, query: str) -> None:
    page = ask(client, query, language)
    assert (page.unbalanced, page.open, len(page.all("h1"))) == ([], [], 1)
    ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    labelled = {attrs.get("for") for attrs in page.all("label")}
    for field in page.all("input") + page.all("select"):
        assert field.get("type") in ("hidden", "radio") or field["id"] in labelled, field
