"""Buying a plan as a guest or signed in, and choosing what to buy for a line."""

import pytest
from django.test import Client
from tests.portal.buying.conftest import Shop, fields, look, number_in, renewal, send
from tests.portal.reading import Page, body

from eka.ledger import models


def _buy(client: Client, **typed: str) -> str:
    page = look(client, "/buy/small/")
    return number_in(send(client, "/buy/small/", fields(page, **typed)))


def test_a_plan_is_priced_in_the_visitors_currency(as_guest: Client) -> None:
    assert "$10.00" in look(as_guest, "/plans/small/").text
    as_guest.post("/currency/", {"currency": "CNY", "next": "/plans/small/"})
    assert "72.00" in look(as_guest, "/plans/small/").text
    as_guest.post("/currency/", {"currency": "ZZZ", "next": "/"})
    assert "72.00" in look(as_guest, "/").text


def test_a_chinese_reader_sees_yuan_first(as_guest: Client) -> None:
    assert "¥72.00" in look(as_guest, "/plans/small/", "zh-hans").text


def test_a_guest_buys_with_no_more_than_an_address(as_guest: Client) -> None:
    number = _buy(as_guest, email="gwen@example.com", label="Tokyo trip")
    order = models.Order.objects.get(number=number)
    assert (order.state, order.email, order.total) == ("quoted", "gwen@example.com", 1000)
    page = look(as_guest, f"/orders/{number}/")
    assert "Tokyo trip" in page.text
    assert "$10.00" in page.text
    assert models.Subscriber.objects.filter(email="gwen@example.com").count() == 1


def test_what_was_typed_stays_when_the_address_is_none(as_guest: Client) -> None:
    page = look(as_guest, "/buy/small/")
    typed = fields(page, email="gwen at home", label="Tokyo", code="X1")
    response = as_guest.post("/buy/small/", typed)
    again = Page(body(response))
    assert response.status_code == 422
    assert {"gwen at home", "Tokyo", "X1"} <= {a.get("value") for a in again.all("input")}
    assert not models.Order.objects.exists()


def test_a_changed_form_is_another_order(as_guest: Client) -> None:
    page = look(as_guest, "/buy/small/")
    first = send(as_guest, "/buy/small/", fields(page, email="gwen@example.com"))
    second = send(as_guest, "/buy/small/", fields(page, email="gwen@example.com", label="Two"))
    assert first != second


def test_an_unknown_code_is_refused_in_words(as_guest: Client) -> None:
    number = _buy(as_guest, email="gwen@example.com", code="NOPE")
    assert "we know no such code" in look(as_guest, f"/orders/{number}/").text


def test_bob_becomes_a_subscriber_with_his_first_order(as_bob: Client) -> None:
    number = _buy(as_bob)
    order = models.Order.objects.get(number=number)
    assert order.subscriber.user is not None
    assert order.subscriber.user.username == "bob"
    assert order.email == "bob@example.com"


@pytest.mark.parametrize("key", ["", "short", "x" * 32])
def test_a_form_without_its_key_is_not_taken(as_guest: Client, key: str) -> None:
    typed = {"email": "gwen@example.com", "key": key}
    assert as_guest.post("/buy/small/", typed).status_code == 400
    assert not models.Order.objects.exists()


def test_a_plan_that_is_not_sold_cannot_be_bought(as_guest: Client) -> None:
    assert as_guest.get("/buy/nothing/").status_code == 404


def test_choices_say_what_each_does_to_the_balance(as_alice: Client, shop: Shop) -> None:
    page = look(as_alice, f"/lines/{shop.line}/renew/")
    assert "Renewal: small, 12 periods" in page.text
    assert "1 GB more data, valid for 30 days" in page.text.replace("\u202f", " ")
    assert "as soon as the data is used up" in page.text
    assert len([a for a in page.all("svg") if a.get("aria-label")]) >= 4


def test_alice_chooses_a_renewal(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    page = look(as_alice, f"/orders/{number}/")
    assert "Renewal: small" in page.text
    assert "10 GB of new data" in page.text.replace("\u202f", " ")


def test_a_choice_for_another_line_is_not_found(as_alice: Client, shop: Shop) -> None:
    page = look(as_alice, f"/lines/{shop.line}/renew/")
    forged = '{"kind":"renewal","line":999999,"plan":"small","times":1}'
    address = f"/lines/{shop.line}/renew/"
    assert as_alice.post(address, fields(page, item=forged)).status_code == 404
    assert as_alice.post(address, fields(page, item="{}")).status_code == 400
    assert as_alice.post(address, fields(page)).status_code == 400


def test_it_validates_ownership_of_the_line(as_bob: Client, as_guest: Client, shop: Shop) -> None:
    for address in ("renew/", "auto-renewal/"):
        assert as_bob.get(f"/lines/{shop.line}/{address}").status_code == 404
        assert as_guest.get(f"/lines/{shop.line}/{address}").status_code == 302


def test_a_refusal_of_the_rules_is_told_before_anybody_pays(as_alice: Client, shop: Shop) -> None:
    page = look(as_alice, f"/lines/{shop.line}/renew/")
    many = f'{{"kind":"renewal","line":{shop.line},"plan":"small","times":99}}'
    response = as_alice.post(f"/lines/{shop.line}/renew/", fields(page, item=many))
    assert response.status_code == 422
    assert "At most 24 periods" in body(response)
