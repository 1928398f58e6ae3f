"""Alice lets the shop keep her card; the shop charges it when her plan renews."""

import pytest
from msgspec.structs import replace
from tests.gateways.payments.stripe.conftest import Stripe

from eka.gateways.payments.terms import (
    GatewayRefused,
    GatewayUnavailable,
    PaymentReport,
    SavedMethod,
)
from eka.rules.units import Money


def card_of(paid: PaymentReport) -> SavedMethod:
    assert paid.saved is not None
    return paid.saved


def test_the_card_is_kept_only_where_alice_said_so(stripe: Stripe) -> None:
    assert stripe.bought().saved is None
    card = card_of(stripe.kept())
    assert card.token.startswith("pm_")
    assert card.payer.startswith("cus_")
    assert card.shown == "Visa ···· 4242"


def test_the_card_is_charged_without_alice(stripe: Stripe) -> None:
    card = card_of(stripe.kept())
    stripe.news()
    ask = stripe.ask(Money(2500, "USD"))
    paid = stripe.gateway.charge(ask, card)
    assert (paid.number, paid.status, paid.amount) == (ask.number, "paid", ask.amount)
    assert paid.transaction == paid.reference
    assert paid.merchant == stripe.gateway.merchant
    assert paid.fee == Money(103, "USD")
    assert paid.at == stripe.noon
    assert stripe.gateway.look(ask.number, paid.reference) == paid
    (notice,) = stripe.told("payment_intent.succeeded")
    assert notice.payment is not None
    assert notice.payment.transaction == paid.transaction
    assert notice.payment.reference == paid.reference


def test_a_renewal_is_charged_once_however_often_it_is_asked(stripe: Stripe) -> None:
    card = card_of(stripe.kept())
    ask = stripe.ask()
    assert stripe.gateway.charge(ask, card) == stripe.gateway.charge(ask, card)
    assert (
        len(stripe.gateway.transactions(stripe.noon.date())) == 2
    )  # the first purchase, one renewal


def test_a_renewal_is_charged_once_after_stripe_forgot_the_key(stripe: Stripe) -> None:
    card = card_of(stripe.kept())
    ask = stripe.ask()
    first = stripe.gateway.charge(ask, card)
    stripe.watch.move(hours=25)
    assert stripe.gateway.charge(ask, card) == first
    assert stripe.gateway.transactions(stripe.watch().date()) == []


def test_a_charge_whose_answer_got_lost_is_found(stripe: Stripe) -> None:
    card = card_of(stripe.kept())
    ask = stripe.ask()
    stripe.lose_answer(to=2)  # the search before it was answered
    with pytest.raises(GatewayUnavailable):
        stripe.gateway.charge(ask, card)
    stripe.mischief()
    assert stripe.gateway.look(ask.number, "").status == "unknown"  # Stripe's search is slow
    stripe.watch.move(minutes=1)
    found = stripe.gateway.look(ask.number, "")
    assert found.status == "paid"
    assert stripe.gateway.charge(ask, card) == found


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
def test_a_declined_renewal_is_a_report_with_the_reason(
    stripe: Stripe, token: str, reason: str
) -> None:
    card = replace(card_of(stripe.kept()), token=token)
    stripe.news()
    ask = stripe.ask()
    failed = stripe.gateway.charge(ask, card)
    assert (failed.number, failed.status, failed.reason) == (ask.number, "failed", reason)
    assert failed.transaction == ""
    assert failed.reference.startswith("pi_")
    assert stripe.gateway.charge(ask, card) == failed
    (notice,) = stripe.told("payment_intent.payment_failed")
    assert notice.payment is not None
    assert (notice.payment.status, notice.payment.reason) == ("failed", reason)
    assert stripe.gateway.look(ask.number, failed.reference).status == "failed"


def test_a_card_whose_year_has_passed_is_declined(stripe: Stripe) -> None:
    card = card_of(stripe.kept())
    fields = {"card[exp_year]": "2025"}
    assert stripe.api("POST", f"payment_methods/{card.token}", **fields).status_code == 200
    failed = stripe.gateway.charge(stripe.ask(), card)
    assert (failed.status, failed.reason) == ("failed", "expired_card")


def test_a_failed_renewal_can_be_closed(stripe: Stripe) -> None:
    card = replace(card_of(stripe.kept()), token="pm_card_chargeDeclined")
    ask = stripe.ask()
    failed = stripe.gateway.charge(ask, card)
    assert stripe.gateway.close(ask.number, failed.reference).status == "closed"


def test_a_renewal_that_was_paid_cannot_be_closed(stripe: Stripe) -> None:
    ask = stripe.ask()
    paid = stripe.gateway.charge(ask, card_of(stripe.kept()))
    assert stripe.gateway.close(ask.number, paid.reference) == paid


def test_a_forgotten_card_is_charged_no_more(stripe: Stripe) -> None:
    card = card_of(stripe.kept())
    stripe.gateway.forget(card)
    with pytest.raises(GatewayRefused):
        stripe.gateway.charge(stripe.ask(), card)
    stripe.gateway.forget(card)
    stripe.gateway.forget(SavedMethod(token="pm_never_was"))


def test_alices_card_is_not_bobs(stripe: Stripe) -> None:
    alice, bob = card_of(stripe.kept()), card_of(stripe.kept())
    with pytest.raises(GatewayRefused):
        stripe.gateway.charge(stripe.ask(), replace(alice, payer=bob.payer))
