"""Rule 1: a payment is credited once, and only if it is what was asked for."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from tests.usecases.buying.conftest import CURRENCY, GATEWAYS, Shop

from eka.gateways.payments.terms import Notice, PaymentReport
from eka.ledger import models
from eka.rules.units import Money
from eka.usecases import looking, taking
from eka.usecases.hearing import take_in


@pytest.mark.parametrize("name", GATEWAYS)
def test_the_same_notification_ten_times_is_one_payment(shop: Shop, name: str) -> None:
    order = shop.quote(currency=CURRENCY[name])
    shop.act(shop.begin(order, name), "pay")
    letters = shop.post(name)
    for _ in range(10):
        for headers, body in letters:
            shop.hear(name, headers, body)
        shop.work()
    shop.go_on(name)  # PayPal tells that it is paid when the money was taken
    assert (len(shop.money()), shop.money("surplus"), shop.granted()) == (1, [], 20 * 10**9)
    assert max(models.GatewayNotice.objects.values_list("times", flat=True)) == 10


@pytest.mark.parametrize("name", GATEWAYS)
def test_another_event_of_the_same_transaction_is_the_same_money(shop: Shop, name: str) -> None:
    """A notification, the answer to a question, and the day's list all tell of one payment."""
    payment = shop.pay(shop.quote(currency=CURRENCY[name]), name)
    looking.look(payment, shop.clock.now())
    transaction = models.MoneyIn.objects.get().transaction
    shop.report(payment, transaction=transaction)
    shop.work()
    assert (len(shop.money()), shop.money("surplus"), shop.granted()) == (1, [], 20 * 10**9)


def test_the_same_transaction_pays_no_second_order(shop: Shop) -> None:
    first = shop.pay(shop.quote())
    transaction = models.MoneyIn.objects.get(payment__number=first).transaction
    other = shop.quote()
    shop.report(shop.begin(other), transaction=transaction)
    assert shop.state(other) == "awaiting_payment"


OTHERS: dict[str, dict[str, Any]] = {
    "amount": {"amount": Money(999, "USD")},
    "more": {"amount": Money(1001, "USD")},
    "currency": {"amount": Money(1000, "CNY")},
    "none": {"amount": None},
    "merchant": {"merchant": "acct_of_mallory"},
    "nobody": {"merchant": ""},
    "transaction": {"transaction": ""},
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_not_as_it_was_asked_for_opens_a_case_and_credits_nothing(
    shop: Shop, what: str
) -> None:
    order = shop.quote()
    payment = shop.begin(order)
    assert shop.report(payment, **OTHERS[what]) == "mismatch"
    assert shop.report(payment, **OTHERS[what]) in ("mismatch", "nothing")
    shop.work()
    assert (shop.state(order), shop.money(), shop.granted()) == ("awaiting_payment", [], 10**10)
    assert shop.cases() == ["payment_mismatch"]
    assert shop.account("customer_prepayments") == 0


def test_money_of_another_amount_is_kept_in_suspense(shop: Shop) -> None:
    shop.report(shop.begin(shop.quote()), amount=Money(999, "USD"))
    assert shop.money("mismatch") == [999]
    assert shop.account("suspense") == -999
    assert models.Case.objects.get().facts["asked"] == {"amount": 1000, "currency": "USD"}


def test_an_approval_of_another_amount_moves_no_money(shop: Shop) -> None:
    """Nothing was paid yet: a case, and nothing in the books."""
    order = shop.quote()
    payment = shop.begin(order, "paypal")
    for _ in range(2):
        shop.report(payment, status="approved", transaction="", amount=Money(1, "USD"))
    assert (shop.cases(), shop.money("mismatch")) == (["payment_mismatch"], [])
    assert shop.account("suspense") == 0


def test_the_same_event_is_handled_once_whatever_it_says(shop: Shop) -> None:
    """Its outcome is kept; the case that it made is not made, nor told of, again."""
    order = shop.quote()
    payment = shop.begin(order)
    said = PaymentReport(number=payment, status="paid", transaction="T", merchant="mallory")
    notice = Notice(event="evt_twice", kind="payment", payment=said)
    for _ in range(3):
        assert take_in("stripe", notice, shop.clock.now()) == "mismatch"
    assert shop.story(order).count("payment_mismatch") == 1


def test_money_for_a_payment_that_nobody_began_is_a_case(shop: Shop) -> None:
    report = PaymentReport(
        number="PNEVERHEARDOF", status="paid", transaction="T-1", amount=Money(1000, "USD")
    )
    for _ in range(2):
        assert taking.take(report.number, report, shop.clock.now()) == "mismatch"
    assert (shop.cases(), shop.money()) == (["payment_unknown"], [])


def test_a_failure_of_a_payment_that_nobody_began_is_nobodys_matter(shop: Shop) -> None:
    report = PaymentReport(number="PNEVERHEARDOF", status="failed")
    assert taking.take(report.number, report, shop.clock.now()) == "nothing"
    assert shop.cases() == []


def test_eight_copies_at_once_are_one_payment(crowded_shop: Shop) -> None:
    shop = crowded_shop
    order = shop.quote()
    shop.act(shop.begin(order), "pay")
    letters = shop.post("stripe") * 4

    def arrive(letter: tuple[dict[str, str], bytes]) -> None:
        try:
            shop.hear("stripe", *letter)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(arrive, letters))
    shop.work()
    assert (len(shop.money()), shop.money("surplus"), shop.granted()) == (1, [], 20 * 10**9)
