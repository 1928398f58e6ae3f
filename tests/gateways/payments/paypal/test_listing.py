"""What PayPal's report of a day says of Olga's money."""

from datetime import timedelta

import pytest
from tests.gateways.payments.paypal.scene import NOON, TEN, Scene, refund_of

from eka.gateways.payments.paypal.api import Api
from eka.gateways.payments.paypal.listing import Listing
from eka.gateways.payments.paypal.settings import PayPalSettings
from eka.gateways.payments.terms import GatewayRefused, Transaction
from eka.gateways.sandbox.records import Document
from eka.rules.units import Money

TODAY = NOON.date()


def listing(paypal: Scene, page_size: int) -> Listing:
    return Listing(Api(PayPalSettings(**paypal.box.settings())), page_size)


def test_a_day_has_payments_refunds_and_what_paypal_took_back(paypal: Scene) -> None:
    paid = paypal.paid()
    refund = paypal.gateway.refund(refund_of(paid, 400))
    paypal.box.till.reverse(paid.transaction)
    payment, given_back, reversal = paypal.gateway.transactions(TODAY)
    assert payment == Transaction(
        kind="payment",
        number=paid.number,
        transaction=paid.transaction,
        amount=TEN,
        at=NOON,
        fee=Money(84, "USD"),
    )
    assert given_back == Transaction(
        kind="refund",
        number="REF000001",
        transaction=refund.reference,
        amount=Money(400, "USD"),
        at=NOON,
    )
    assert (reversal.kind, reversal.number) == ("dispute", paid.number)
    assert reversal.amount == Money(600, "USD")


def test_a_day_begins_and_ends_at_midnight_of_utc(paypal: Scene) -> None:
    instants = [
        NOON.replace(hour=0) - timedelta(seconds=1),
        NOON.replace(hour=0),
        NOON.replace(hour=23, minute=59, second=59),
        NOON.replace(hour=0) + timedelta(days=1),
    ]
    for instant in instants:
        paypal.watch.instant = instant
        paypal.paid()
    moved = paypal.gateway.transactions(TODAY)
    assert [one.at for one in moved] == instants[1:3]


def test_charges_of_kept_methods_are_payments(paypal: Scene) -> None:
    paid = paypal.paid(save=True)
    assert paid.saved is not None
    charged = paypal.gateway.charge(paypal.ask(), paid.saved)
    numbers = [one.number for one in paypal.gateway.transactions(TODAY) if one.kind == "payment"]
    assert numbers == [paid.number, charged.number]


def test_every_page_of_a_long_day_is_read(paypal: Scene) -> None:
    paid = [paypal.paid().transaction for _ in range(7)]
    for page_size in (1, 3, 7, 500):
        moved = listing(paypal, page_size).of(TODAY)
        assert [one.transaction for one in moved] == paid


def test_a_day_without_money_is_empty(paypal: Scene) -> None:
    assert paypal.gateway.transactions(TODAY) == []


def test_a_day_that_is_too_much_for_one_answer_is_read_in_parts(paypal: Scene) -> None:
    paid = []
    for hour in range(0, 24, 4):
        paypal.watch.instant = NOON.replace(hour=hour)
        paid.append(paypal.paid().transaction)
    paypal.box.till.rows_max = 2
    assert [one.transaction for one in paypal.gateway.transactions(TODAY)] == paid


def test_a_second_that_is_too_much_is_an_error_and_not_half_a_list(paypal: Scene) -> None:
    for _ in range(3):
        paypal.paid()
    paypal.box.till.rows_max = 2
    with pytest.raises(GatewayRefused) as refused:
        paypal.gateway.transactions(TODAY)
    assert refused.value.code == "RESULTSET_TOO_LARGE"


def row(paypal: Scene, **changes: object) -> None:
    """A movement of another kind in PayPal's report."""
    base: Document = next(paypal.box.records.all("row"))
    id_ = f"ROW{paypal.box.records.count('row')}"
    paypal.box.records.put("row", id_, {**base, "transaction_id": id_, **changes})


def test_what_is_no_payments_money_or_never_moved_is_left_out(paypal: Scene) -> None:
    paid = paypal.paid()
    out = {"currency_code": "USD", "value": "-5.00"}
    row(paypal, transaction_event_code="T0400", transaction_amount=out)  # to Olga's bank
    row(paypal, transaction_event_code="T0006", transaction_amount=out)  # Olga bought something
    row(paypal, transaction_status="P")
    row(paypal, transaction_status="D")
    row(paypal, transaction_event_code="T0106", transaction_amount=out)
    payment, fee = paypal.gateway.transactions(TODAY)
    assert payment.transaction == paid.transaction
    assert (fee.kind, fee.amount) == ("fee", Money(500, "USD"))


def test_a_payment_that_was_given_back_since_is_still_in_the_list(paypal: Scene) -> None:
    paypal.paid()
    row(paypal, transaction_status="V", transaction_initiation_date="2026-11-20T04:00:00-0800")
    _, reversed_since = paypal.gateway.transactions(TODAY)
    assert (reversed_since.kind, reversed_since.at) == ("payment", NOON)
