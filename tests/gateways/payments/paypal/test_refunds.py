"""Olga gives money back."""

import pytest
from tests.gateways.payments.paypal.scene import NOON, Scene, refund_of

from eka.gateways.payments.terms import GatewayRefused
from eka.rules.units import Money


def test_a_part_and_then_the_rest(paypal: Scene) -> None:
    paid = paypal.paid()
    part = paypal.gateway.refund(refund_of(paid, 400))
    assert (part.status, part.number, part.amount) == ("done", "REF000001", Money(400, "USD"))
    assert part.transaction == paid.transaction
    assert part.reference
    assert part.at == NOON
    rest = paypal.gateway.refund(refund_of(paid, 600, "REF000002"))
    assert rest.status == "done"
    assert rest.reference != part.reference
    still = paypal.gateway.look(paid.number, paid.reference)
    assert still == paid  # what was paid was paid, whatever was given back since


def test_the_same_refund_is_given_once(paypal: Scene) -> None:
    paid = paypal.paid()
    ask = refund_of(paid, 400)
    first = paypal.gateway.refund(ask)
    assert paypal.gateway.refund(ask) == first
    paypal.hours_later()
    with pytest.raises(GatewayRefused) as refused:
        paypal.gateway.refund(ask)
    assert refused.value.code == "DUPLICATE_INVOICE_ID"
    assert paypal.gateway.look_refund(ask, "") == first
    assert paypal.box.records.count("refund") == 1


def test_more_than_was_paid_is_refused(paypal: Scene) -> None:
    paid = paypal.paid()
    with pytest.raises(GatewayRefused) as refused:
        paypal.gateway.refund(refund_of(paid, 1001))
    assert refused.value.code == "REFUND_AMOUNT_EXCEEDED"
    paypal.gateway.refund(refund_of(paid, 600))
    with pytest.raises(GatewayRefused) as refused:
        paypal.gateway.refund(refund_of(paid, 401, "REF000002"))
    assert refused.value.code == "REFUND_AMOUNT_EXCEEDED"
    paypal.gateway.refund(refund_of(paid, 400, "REF000003"))
    with pytest.raises(GatewayRefused) as refused:
        paypal.gateway.refund(refund_of(paid, 1, "REF000004"))
    assert refused.value.code == "CAPTURE_FULLY_REFUNDED"


def test_a_refund_is_found_by_paypals_number_and_by_ours(paypal: Scene) -> None:
    paid = paypal.paid()
    paypal.gateway.refund(refund_of(paid, 100, "REF000009"))
    ask = refund_of(paid, 400)
    refund = paypal.gateway.refund(ask)
    assert paypal.gateway.look_refund(ask, refund.reference) == refund
    assert paypal.gateway.look_refund(ask, "") == refund


def test_a_refund_that_never_came_to_paypal_is_unknown(paypal: Scene) -> None:
    paid = paypal.paid()
    ask = refund_of(paid, 400)
    assert paypal.gateway.look_refund(ask, "").status == "unknown"
    assert paypal.gateway.look_refund(ask, "NOSUCHREFUND").status == "unknown"


def test_what_was_not_captured_cannot_be_given_back(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    paypal.box.orders.approve(asked.reference, "echeck")
    pending = paypal.gateway.capture(ask.number, asked.reference)
    with pytest.raises(GatewayRefused) as refused:
        paypal.gateway.refund(refund_of(pending, 400))
    assert refused.value.code == "PENDING_CAPTURE"


def test_another_currency_is_refused(paypal: Scene) -> None:
    paid = paypal.paid()
    ask = refund_of(paid, 400)
    with pytest.raises(GatewayRefused) as refused:
        paypal.gateway.refund(
            type(ask)(
                number=ask.number,
                payment_number=ask.payment_number,
                transaction=ask.transaction,
                amount=Money(400, "EUR"),
                paid=ask.paid,
                notify_url=ask.notify_url,
            )
        )
    assert refused.value.code == "REFUND_CAPTURE_CURRENCY_MISMATCH"


def test_a_refund_made_on_paypals_own_pages_is_not_taken_for_one_of_ours(paypal: Scene) -> None:
    paid = paypal.paid()
    paypal.letters()
    paypal.box.till.give_back(paid.transaction, {})  # it carries the payment's custom_id
    (notice,) = paypal.notices()
    assert notice.refund is not None
    assert notice.refund.number == ""
    assert notice.refund.transaction == paid.transaction
    assert notice.refund.amount == paid.amount
