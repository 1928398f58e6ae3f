"""The wallet's page: charged, its PIN set, gift cards redeemed, every movement told."""

import pytest
from django.test import Client
from tests.portal.buying.conftest import PASSWORD, Shop, fields, look, number_in, pay, send
from tests.portal.reading import body

from eka.rules.gift_codes import GiftData, GiftMoney
from eka.rules.units import Duration, Money
from eka.usecases import gift_cards, pins, wallets


def test_alice_charges_her_wallet(as_alice: Client, shop: Shop) -> None:
    page = look(as_alice, "/wallet/")
    typed = {**fields(page), "amount": "20.50", "currency": "USD"}
    number = number_in(send(as_alice, "/wallet/charge/", typed))
    order = look(as_alice, f"/orders/{number}/")
    assert "Money for your wallet" in order.text
    assert "From the wallet" not in order.text
    payment = pay(as_alice, shop, number, "stripe", "page")
    shop.act(payment.number, "pay")
    shop.go_on("stripe")
    text = look(as_alice, "/wallet/").text
    assert "$20.50" in text
    assert "Charged by yourself" in text


@pytest.mark.parametrize("amount", ["", "0", "-5", "1.001", "abc", "1e3", "99999999999", "NaN"])
def test_what_is_no_amount_is_not_charged(as_alice: Client, shop: Shop, amount: str) -> None:
    page = look(as_alice, "/wallet/")
    typed = {**fields(page), "amount": amount, "currency": "USD"}
    response = as_alice.post("/wallet/charge/", typed)
    assert response.status_code == 422
    assert "This is not an amount of money" in body(response)


def test_the_pin_needs_the_password_and_must_not_be_easy(as_alice: Client, shop: Shop) -> None:
    def try_(password: str, pin: str, again: str = "") -> str:
        typed = {"password": password, "pin": pin, "again": again or pin}
        return body(as_alice.post("/wallet/pin/", typed))

    assert "not the password" in try_("wrong", "483917")
    assert "The two PINs differ" in try_(PASSWORD, "483917", "483918")
    assert "Digits in a row" in try_(PASSWORD, "123456")
    assert not pins.is_set(shop.alice.pk)
    send(as_alice, "/wallet/pin/", {"password": PASSWORD, "pin": "483917", "again": "483917"})
    assert pins.check(shop.alice.pk, "483917", shop.clock.now()).result == "right"
    assert "Change the payment PIN" in look(as_alice, "/wallet/").text


def test_no_pin_or_password_is_shown_again(as_alice: Client) -> None:
    typed = {"password": "wrong-and-secret", "pin": "483917", "again": "483917"}
    answer = body(as_alice.post("/wallet/pin/", typed))
    assert "wrong-and-secret" not in answer
    assert "483917" not in answer


def test_a_gift_card_counts_once(as_alice: Client, shop: Shop) -> None:
    now = shop.clock.now()
    (code,) = gift_cards.make_batch("party", GiftMoney(Money(500, "USD")), 1, now)
    send(as_alice, "/wallet/gift-card/", {"code": code.lower()})
    page = look(as_alice, "/wallet/")
    assert "counts once" in page.text
    assert wallets.balances(shop.alice.pk) == {"USD": 500}


def test_a_card_of_data_is_for_a_line(as_alice: Client, shop: Shop) -> None:
    gift = GiftData(10**9, Duration(seconds=30 * 86400))
    (code,) = gift_cards.make_batch("data", gift, 1, shop.clock.now())
    missing = as_alice.post("/wallet/gift-card/", {"code": code})
    assert "choose the line" in body(missing)
    assert code in body(missing)
    send(as_alice, "/wallet/gift-card/", {"code": code, "line": str(shop.line)})
    assert shop.held() == 11 * 10**9


def test_a_slip_of_the_finger_keeps_what_was_typed(as_alice: Client) -> None:
    answer = body(as_alice.post("/wallet/gift-card/", {"code": "ABCD-EFGH"}))
    assert "a character is wrong or missing" in answer
    assert "ABCD-EFGH" in answer


def test_movements_come_page_by_page(as_alice: Client, shop: Shop) -> None:
    now = shop.clock.now()
    for nth in range(45):
        wallets.give(shop.alice.pk, Money(100 + nth, "USD"), why="goodwill", key=f"{nth}", now=now)
    page, amounts = look(as_alice, "/wallet/"), []
    for _ in range(3):
        amounts += [t for _, t in page.texts if t.startswith("+$1.")]
        older = [a["href"] for a in page.all("a") if a.get("rel") == "next"]
        if older:
            page = look(as_alice, f"/wallet/{older[0]}")
    assert len(amounts) == 45


def test_each_sees_their_own_wallet_only(as_alice: Client, as_bob: Client, shop: Shop) -> None:
    now = shop.clock.now()
    wallets.give(shop.alice.pk, Money(7700, "USD"), why="goodwill", key="gift", now=now)
    assert "$77.00" in look(as_alice, "/wallet/").text
    assert "$77.00" not in look(as_bob, "/wallet/").text
    assert Client().get("/wallet/").status_code == 302


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_is_well_formed(as_alice: Client, language: str) -> None:
    page = look(as_alice, "/wallet/?currency=ZZZ&before=x", language)
    assert page.unbalanced == []
    labelled = {attrs.get("for") for attrs in page.all("label")}
    for field in page.all("input") + page.all("select"):
        assert field.get("type") == "hidden" or field.get("id") in labelled, field
