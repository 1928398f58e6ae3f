"""Automatic renewal: agreed to in the words that were shown, seen, stopped at once."""

import pytest
from django.test import Client
from tests.portal.buying.conftest import Shop, fields, look, renewal, send
from tests.portal.reading import Page, body
from tests.usecases.buying.conftest import mischief

from eka.ledger import models
from eka.usecases import consents, saved_methods


def _page(shop: Shop) -> str:
    return f"/lines/{shop.line}/auto-renewal/"


def _agree(client: Client, shop: Shop, **chosen: str) -> str:
    page = look(client, _page(shop))
    return send(client, f"{_page(shop)}agree/", fields(page, agreed="1", **chosen))


def test_alice_agrees_to_the_words_that_she_saw(as_alice: Client, shop: Shop) -> None:
    shown = look(as_alice, _page(shop)).text
    _agree(as_alice, shop, means="wallet", when_low="1")
    row = models.AutoRenewal.objects.get(ended_at=None)
    assert (row.method, row.price, row.currency, row.when_low) == ("wallet", 1000, "USD", True)
    for sentence in row.text.splitlines():
        assert sentence in shown
    assert "at most $10.00" in row.text
    assert "stop it at any time" in row.text
    page = look(as_alice, _page(shop))
    assert "On" in page.text
    assert "Stop it now" in page.text


def test_in_chinese_she_agrees_in_chinese(as_alice: Client, shop: Shop) -> None:
    look(as_alice, _page(shop), "zh-hans")
    page = look(as_alice, _page(shop), "zh-hans")
    send(as_alice, f"{_page(shop)}agree/", fields(page, agreed="1", means="link"))
    assert models.AutoRenewal.objects.get(ended_at=None).language == "zh-hans"


def test_it_stops_at_once(as_alice: Client, shop: Shop) -> None:
    _agree(as_alice, shop, means="link")
    send(as_alice, f"{_page(shop)}stop/", {})
    assert not consents.stands(shop.line)
    assert "Nothing more is charged" in look(as_alice, _page(shop)).text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"means": "saved-77"}, "Choose how renewals are to be paid"),
        ({"means": "wallet", "price": "1"}, "The price has changed"),
    ],
)
def test_what_was_not_offered_is_not_agreed_to(
    as_alice: Client, shop: Shop, change: dict[str, str], told: str
) -> None:
    page = look(as_alice, _page(shop))
    typed = fields(page, agreed="1") | change
    response = as_alice.post(f"{_page(shop)}agree/", typed)
    assert response.status_code == 422
    assert told in body(response)
    assert not consents.stands(shop.line)


def test_without_the_tick_nothing_is_agreed_to(as_alice: Client, shop: Shop) -> None:
    page = look(as_alice, _page(shop))
    response = as_alice.post(f"{_page(shop)}agree/", fields(page, means="wallet", when_low="1"))
    assert response.status_code == 422
    assert any(
        a.get("id") == "when-low" and "checked" in a for a in Page(body(response)).all("input")
    )
    assert not consents.stands(shop.line)


def test_a_card_is_kept_used_and_given_up(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    send(as_alice, f"/orders/{number}/pay/", {"gateway": "stripe", "way": "page", "save": "1"})
    shop.act(models.Payment.objects.get().number, "pay")
    shop.go_on("stripe")
    (kept,) = saved_methods.kept(shop.alice.pk)
    assert kept.shown in look(as_alice, _page(shop)).text
    _agree(as_alice, shop, means=f"saved-{kept.id}")
    assert models.AutoRenewal.objects.get(ended_at=None).saved_method_id == kept.id
    send(as_alice, f"{_page(shop)}forget/", {"method": str(kept.id)})
    assert saved_methods.kept(shop.alice.pk) == []
    assert not consents.stands(shop.line)
    assert shop.cases() == []


def test_a_card_is_given_up_even_while_its_gateway_is_away(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    send(as_alice, f"/orders/{number}/pay/", {"gateway": "stripe", "way": "page", "save": "1"})
    shop.act(models.Payment.objects.get().number, "pay")
    shop.go_on("stripe")
    (kept,) = saved_methods.kept(shop.alice.pk)
    mischief(shop.market["stripe"], down=True)
    send(as_alice, f"{_page(shop)}forget/", {"method": str(kept.id)})
    mischief(shop.market["stripe"])
    assert saved_methods.kept(shop.alice.pk) == []
    assert shop.cases() == ["method_not_forgotten"]


@pytest.mark.parametrize("act", ["agree/", "stop/", "forget/"])
def test_it_validates_ownership(as_alice: Client, as_bob: Client, shop: Shop, act: str) -> None:
    _agree(as_alice, shop, means="link")
    typed = {"means": "link", "agreed": "1", "price": "1000", "currency": "USD", "key": "0" * 32}
    assert as_bob.post(f"{_page(shop)}{act}", typed).status_code == 404
    assert Client().post(f"{_page(shop)}{act}", typed).status_code == 302
    assert consents.stands(shop.line)


def test_nobody_gives_up_the_card_of_another(as_alice: Client, shop: Shop) -> None:
    assert as_alice.post(f"{_page(shop)}forget/", {"method": "999"}).status_code == 404
    assert as_alice.post(f"{_page(shop)}forget/", {"method": "x"}).status_code == 404
