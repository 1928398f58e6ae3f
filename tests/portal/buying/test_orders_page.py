"""An order's page through its whole life: paid in every way, failed, late, given up, given back."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.portal.buying.conftest import Shop, fields, look, pay, renewal, send
from tests.portal.reading import body
from tests.usecases.buying.conftest import mischief

from eka.ledger import models
from eka.rules.baskets import RenewalItem, TopUpItem
from eka.rules.orders import STATES
from eka.rules.units import Money
from eka.usecases import pins, wallets

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
IN_WECHAT = f"{PHONE} MicroMessenger/8.0.49"
WAYS = [
    ("stripe", "page", "USD"),
    ("paypal", "page", "USD"),
    ("wechat", "qr", "CNY"),
    ("wechat", "phone", "CNY"),
    ("alipay", "qr", "CNY"),
    ("alipay", "page", "CNY"),
]


@pytest.mark.parametrize(("gateway", "way", "currency"), WAYS)
def test_alice_pays_and_sees_her_new_balance(
    as_alice: Client, shop: Shop, gateway: str, way: str, currency: str
) -> None:
    number = renewal(as_alice, shop, currency)
    payment = pay(as_alice, shop, number, gateway, way)
    waiting = look(as_alice, f"/orders/{number}/")
    assert "minutes left" in waiting.text
    shop.act(payment.number, "pay")
    shop.go_on(gateway)
    page = look(as_alice, f"/orders/{number}/")
    assert "Delivered" in page.text
    assert "holds now 20 GB" in page.text
    assert any((a.get("href") or "").endswith("receipt.pdf") for a in page.all("a"))


def _gateways(client: Client, number: str, agent: str = "") -> list[tuple[str, str]]:
    page = look(client, f"/orders/{number}/", **({"User-Agent": agent} if agent else {}))
    names = [a.get("value") or "" for a in page.all("input") if a.get("name") == "gateway"]
    ways = [a.get("value") or "" for a in page.all("input") if a.get("name") == "way"]
    return list(zip(names, ways, strict=True))


def test_only_ways_that_suit_the_currency_and_the_device_are_offered(
    as_alice: Client, shop: Shop
) -> None:
    dollars, yuan = renewal(as_alice, shop), renewal(as_alice, shop, "CNY")
    assert _gateways(as_alice, dollars) == [("stripe", "page"), ("paypal", "page")]
    assert ("wechat", "qr") in _gateways(as_alice, yuan)
    assert ("wechat", "phone") in _gateways(as_alice, yuan, PHONE)
    assert {name for name, _ in _gateways(as_alice, yuan, IN_WECHAT)} <= {"stripe", "paypal"}
    session = as_alice.session
    session["wechat_openid"] = "o-alice"
    session.save()
    assert ("wechat", "inside") in _gateways(as_alice, yuan, IN_WECHAT)


def test_a_code_is_shown_with_words_and_a_link(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop, "CNY")
    payment = pay(as_alice, shop, number, "wechat", "qr")
    page = look(as_alice, f"/orders/{number}/")
    picture = next(a for a in page.all("div") if a.get("role") == "img")
    assert "72.00" in (picture["aria-label"] or "")
    assert any(a.get("href") == payment.qr for a in page.all("a"))


def test_the_page_leads_to_the_gateway_once(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    payment = pay(as_alice, shop, number, "stripe", "page")
    first, second = (as_alice.get(f"/orders/{number}/") for _ in range(2))
    assert first.headers["Refresh"] == f"0; url={payment.url}"
    assert "Refresh" not in second.headers
    assert "form-action 'self'" in first.headers["Content-Security-Policy"]


def test_a_page_that_watches_hears_only_of_news(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop, "CNY")
    payment = pay(as_alice, shop, number, "wechat", "qr")
    page = look(as_alice, f"/orders/{number}/")
    poll = next(a["hx-get"] or "" for a in page.all("div") if a.get("hx-get"))
    assert as_alice.get(poll, headers={"HX-Request": "true"}).status_code == 204
    shop.act(payment.number, "pay")
    shop.go_on("wechat")
    news = as_alice.get(poll, headers={"HX-Request": "true"})
    assert "<html" not in body(news)
    assert 'hx-swap-oob="innerHTML"' in body(news)
    assert "every 2s" not in body(news)


def test_without_javascript_the_page_asks_again_by_itself(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop, "CNY")
    pay(as_alice, shop, number, "wechat", "qr")
    page = look(as_alice, f"/orders/{number}/")
    assert any(a.get("http-equiv") == "refresh" for a in page.all("meta"))


def test_a_failed_payment_says_why_and_lets_her_try_again(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    payment = pay(as_alice, shop, number, "paypal", "page")
    shop.act(payment.number, "fail")
    shop.go_on("paypal")
    page = look(as_alice, f"/orders/{number}/")
    assert "Nothing was charged. Try again" in page.text
    assert ("stripe", "page") in _gateways(as_alice, number)


def test_a_gateway_that_is_out_of_order_is_told(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    mischief(shop.market["stripe"], down=True)
    send(as_alice, f"/orders/{number}/pay/", {"gateway": "stripe", "way": "page"})
    page = look(as_alice, f"/orders/{number}/")
    assert "does not answer at the moment" in page.text
    assert ("paypal", "page") in _gateways(as_alice, number)


@pytest.mark.parametrize("asked", [("nobody", "page"), ("stripe", "qr"), ("wechat", "qr")])
def test_a_way_that_is_not_offered_is_refused(
    as_alice: Client, shop: Shop, asked: tuple[str, str]
) -> None:
    number = renewal(as_alice, shop)
    send(as_alice, f"/orders/{number}/pay/", {"gateway": asked[0], "way": asked[1]})
    assert "another" in look(as_alice, f"/orders/{number}/").text
    assert not models.Payment.objects.exists()


def test_money_that_comes_too_late_goes_back_and_she_is_told(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    payment = pay(as_alice, shop, number, "stripe", "page")
    send(as_alice, f"/orders/{number}/cancel/", {})
    assert "Cancelled" in look(as_alice, f"/orders/{number}/").text
    shop.act(payment.number, "pay_late")
    shop.go_on("stripe")
    page = look(as_alice, f"/orders/{number}/")
    assert "$10.00 came that this order did not need" in page.text
    assert "went back to where it came from" in page.text
    assert shop.granted() == 10 * 10**9


def test_an_order_that_was_not_paid_can_be_made_again(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    pay(as_alice, shop, number, "stripe", "page")
    shop.clock.pass_(hours=2)
    shop.expire()
    page = look(as_alice, f"/orders/{number}/")
    assert "Not paid in time" in page.text
    fresh = send(as_alice, f"/orders/{number}/again/", fields(page))
    assert number not in fresh
    assert "$10.00" in look(as_alice, fresh).text


def test_another_currency_is_another_quote_and_the_first_one_ends(
    as_alice: Client, shop: Shop
) -> None:
    number = renewal(as_alice, shop)
    page = look(as_alice, f"/orders/{number}/")
    assert "Pay in CNY with WeChat Pay and Alipay" in page.text
    fresh = send(as_alice, f"/orders/{number}/again/", fields(page, currency="CNY"))
    assert "CN¥72.00" in look(as_alice, fresh).text
    assert shop.state(number) == "cancelled"


def test_a_promotion_is_named_with_what_it_takes_off(as_alice: Client, shop: Shop) -> None:
    shop.promote(
        "off: {title: {en: A tenth off, zh-Hans: 九折}, code: TEN, does: {percentage: 10%}}"
    )
    number = renewal(as_alice, shop)
    page = look(as_alice, f"/orders/{number}/")
    fresh = send(as_alice, f"/orders/{number}/again/", fields(page, code="ten", currency="USD"))
    text = look(as_alice, fresh).text
    assert "A tenth off" in text
    assert "$9.00" in text


def test_what_costs_nothing_is_taken(as_alice: Client, shop: Shop) -> None:
    shop.promote("gift: {title: {en: On us, zh-Hans: 免费}, does: {percentage: 100%}}")
    number = renewal(as_alice, shop)
    assert "There is nothing to pay" in look(as_alice, f"/orders/{number}/").text
    send(as_alice, f"/orders/{number}/take/", {})
    shop.work()
    assert "Delivered" in look(as_alice, f"/orders/{number}/").text


def test_she_pays_from_her_wallet_with_her_pin(as_alice: Client, shop: Shop) -> None:
    now = shop.clock.now()
    wallets.give(shop.alice.pk, Money(2500, "USD"), why="goodwill", key="gift", now=now)
    number = renewal(as_alice, shop)
    assert "Set a payment PIN" in look(as_alice, f"/orders/{number}/").text
    pins.set_pin(shop.alice.pk, "483917", now)
    address = f"/orders/{number}/wallet/"
    as_alice.post(address, {"pin": "999111"})
    wrong = look(as_alice, f"/orders/{number}/")
    assert "4 more tries" in wrong.text
    assert all(a.get("value") != "999111" for a in wrong.all("input"))
    send(as_alice, address, {"pin": "483917"})
    shop.work()
    assert "Delivered" in look(as_alice, f"/orders/{number}/").text
    assert wallets.balances(shop.alice.pk) == {"USD": 1500}


def test_a_pin_that_is_wrong_too_often_is_locked_for_a_while(as_alice: Client, shop: Shop) -> None:
    now = shop.clock.now()
    wallets.give(shop.alice.pk, Money(2500, "USD"), why="goodwill", key="gift", now=now)
    pins.set_pin(shop.alice.pk, "483917", now)
    number = renewal(as_alice, shop)
    for _ in range(5):
        as_alice.post(f"/orders/{number}/wallet/", {"pin": "111112"})
    assert "The PIN is locked until" in look(as_alice, f"/orders/{number}/").text


def test_money_is_asked_back_after_it_was_said_how_much(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    payment = pay(as_alice, shop, number, "stripe", "page")
    shop.act(payment.number, "pay")
    shop.go_on("stripe")
    page = look(as_alice, f"/orders/{number}/refund/")
    assert "$10.00" in page.text
    assert "what is left of its data is gone" in page.text
    assert shop.refunds() == []
    send(as_alice, f"/orders/{number}/refund/", fields(page))
    shop.go_on("stripe")
    assert shop.refunds() == [("customer", 1000, "done")]
    assert "Refunded" in look(as_alice, f"/orders/{number}/").text


def test_an_amount_that_is_too_high_is_not_paid_back(as_alice: Client, shop: Shop) -> None:
    number = renewal(as_alice, shop)
    payment = pay(as_alice, shop, number, "stripe", "page")
    shop.act(payment.number, "pay")
    shop.go_on("stripe")
    page = look(as_alice, f"/orders/{number}/refund/")
    send(as_alice, f"/orders/{number}/refund/", fields(page, amount="99999"))
    assert shop.refunds() == []
    assert "less can go back" in look(as_alice, f"/orders/{number}/refund/").text


@pytest.mark.parametrize("act", ["", "pay/", "wallet/", "take/", "cancel/", "again/", "refund/"])
def test_it_validates_ownership(
    as_alice: Client, as_bob: Client, as_guest: Client, shop: Shop, act: str
) -> None:
    number = renewal(as_alice, shop)
    for stranger in (as_bob, as_guest):
        response = stranger.get(f"/orders/{number}/{act}") if act in ("", "refund/") else None
        assert response is None or response.status_code == 404
        if act:
            posted = {"gateway": "stripe", "way": "page", "key": "0" * 32}
            assert stranger.post(f"/orders/{number}/{act}", posted).status_code == 404
    assert shop.state(number) == "quoted"


def test_a_guests_order_is_seen_in_that_browser_only(as_guest: Client, as_bob: Client) -> None:
    page = look(as_guest, "/buy/small/")
    address = send(as_guest, "/buy/small/", fields(page, email="gwen@example.com"))
    assert "New eSIM: small" in look(as_guest, address).text
    assert as_bob.get(address).status_code == 404
    assert Client().get(address).status_code == 404


def test_orders_are_listed_for_who_made_them(
    as_alice: Client, as_bob: Client, as_guest: Client, shop: Shop
) -> None:
    number = renewal(as_alice, shop)
    assert number not in look(as_alice, "/orders/").text  # it was only looked at
    pay(as_alice, shop, number, "stripe", "page")
    assert number in look(as_alice, "/orders/").text
    for other in (as_bob, as_guest):
        assert "No order yet" in look(other, "/orders/").text


def test_she_reads_on_her_lines_what_she_was_told(as_alice: Client, shop: Shop) -> None:
    number = shop.buy("stripe")
    assert f"Your order {number} is delivered" in look(as_alice, "/lines/").text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_state_has_its_page(as_alice: Client, shop: Shop, language: str) -> None:
    number = renewal(as_alice, shop)
    for state in STATES:
        models.Order.objects.filter(number=number).update(state=state)
        page = look(as_alice, f"/orders/{number}/", language)
        assert page.unbalanced == [], state
        assert page.open == [], state
        assert len(page.all("h1")) == 1, state
        ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
        assert len(ids) == len(set(ids)), state
        assert not any("style" in attrs for _, attrs in page.tags), state
        labelled = {attrs.get("for") for attrs in page.all("label")}
        for field in page.all("input"):
            assert field.get("type") == "hidden" or field.get("id") in labelled, (state, field)
    models.Order.objects.filter(number=number).update(state="quoted")


def test_the_number_of_queries_does_not_grow(as_alice: Client, shop: Shop) -> None:
    small = shop.quote(RenewalItem(line=shop.line))
    top_ups = [TopUpItem(line=shop.line, data=10**9, validity="30d") for _ in range(8)]
    large = shop.quote(RenewalItem(line=shop.line), *top_ups)
    counts = []
    for number in (small, small, large):
        with CaptureQueriesContext(connection) as captured:
            look(as_alice, f"/orders/{number}/")
        counts.append(len(captured))
    assert counts[1] == counts[2]
    assert counts[1] <= 25
