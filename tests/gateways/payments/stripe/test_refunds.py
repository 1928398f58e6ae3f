"""Olga gives money back; Alice's bank takes it back."""

import pytest
from msgspec.structs import replace
from tests.gateways.payments.stripe.conftest import Stripe

from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable
from eka.rules.units import Money


def test_a_part_is_given_back(stripe: Stripe) -> None:
    paid = stripe.bought()
    ask = stripe.back(paid, 500)
    stripe.news()
    done = stripe.gateway.refund(ask)
    assert (done.number, done.status, done.amount) == (ask.number, "done", Money(500, "USD"))
    assert done.transaction == paid.transaction
    assert done.reference.startswith("re_")
    assert done.at == stripe.noon
    assert stripe.gateway.look_refund(ask, done.reference) == done
    assert stripe.gateway.look_refund(ask, "") == done
    news = stripe.news()
    assert [notice.kind for notice in news] == ["refund.created", "charge.refunded"]
    assert [notice.refund for notice in news] == [done, None]
    assert stripe.gateway.look(paid.number, paid.reference).status == "paid"


def test_a_refund_is_done_once_however_often_it_is_asked(stripe: Stripe) -> None:
    ask = stripe.back(stripe.bought(), 500)
    done = stripe.gateway.refund(ask)
    assert stripe.gateway.refund(ask) == done
    lines = [
        line for line in stripe.gateway.transactions(stripe.noon.date()) if line.kind == "refund"
    ]
    assert [(line.number, line.amount) for line in lines] == [(ask.number, Money(500, "USD"))]


def test_two_jobs_that_refund_at_once_have_one_key(stripe: Stripe) -> None:
    """Both would see that there is no refund yet, so it is Stripe that has to tell them apart."""
    ask = stripe.back(stripe.bought(), 500)
    stripe.gateway.refund(ask)
    other = {"payment_intent": ask.transaction, "amount": "1"}
    answer = stripe.api("POST", "refunds", f"refund-{ask.number}", **other)
    assert answer.json()["error"]["type"] == "idempotency_error"


def test_a_refund_is_done_once_after_stripe_forgot_the_key(stripe: Stripe) -> None:
    ask = stripe.back(stripe.bought(), 500)
    done = stripe.gateway.refund(ask)
    stripe.watch.move(hours=25)
    assert stripe.gateway.refund(ask) == done
    assert stripe.gateway.transactions(stripe.watch().date()) == []


def test_a_refund_whose_answer_got_lost_is_found(stripe: Stripe) -> None:
    ask = stripe.back(stripe.bought(), 500)
    assert stripe.gateway.look_refund(ask, "").status == "unknown"
    stripe.lose_answer(to=2)  # the list before it was answered
    with pytest.raises(GatewayUnavailable):
        stripe.gateway.refund(ask)
    stripe.mischief(down=True)
    with pytest.raises(GatewayUnavailable):
        stripe.gateway.look_refund(ask, "")
    stripe.mischief()
    found = stripe.gateway.look_refund(ask, "")
    assert found.status == "done"
    assert stripe.gateway.refund(ask) == found


def test_parts_never_add_up_to_more_than_was_paid(stripe: Stripe) -> None:
    paid = stripe.bought()
    stripe.gateway.refund(stripe.back(paid, 1500, 1))
    with pytest.raises(GatewayRefused) as refused:
        stripe.gateway.refund(stripe.back(paid, 500, 2))
    assert refused.value.code == "amount_too_large"
    stripe.gateway.refund(stripe.back(paid, 499, 3))
    with pytest.raises(GatewayRefused) as refused:
        stripe.gateway.refund(stripe.back(paid, 1, 4))
    assert refused.value.code == "charge_already_refunded"


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money(2000, "USD"), "amount_too_large"),
        (Money(0, "USD"), "amount_too_small"),
        (Money(-1, "USD"), "amount_too_small"),
        (Money(500, "EUR"), "currency_mismatch"),
    ],
)
def test_what_cannot_be_right_is_not_even_asked(stripe: Stripe, amount: Money, code: str) -> None:
    ask = replace(stripe.back(stripe.bought(), 1), amount=amount)
    stripe.mischief(down=True)  # whoever asks Stripe now hears that it is out of order
    with pytest.raises(GatewayRefused) as refused:
        stripe.gateway.refund(ask)
    assert refused.value.code == code


@pytest.mark.parametrize("transaction", ["", "pi_nothing"])
def test_a_refund_of_nothing(stripe: Stripe, transaction: str) -> None:
    ask = replace(stripe.back(stripe.bought(), 1), transaction=transaction)
    with pytest.raises(GatewayRefused):
        stripe.gateway.refund(ask)
    assert stripe.gateway.look_refund(ask, "").status == "unknown"
    assert stripe.gateway.look_refund(ask, "re_nothing").status == "unknown"


def test_a_refund_that_fails_later_is_reported(stripe: Stripe) -> None:
    done = stripe.gateway.refund(stripe.back(stripe.bought(), 500))
    refund = stripe.api("GET", f"refunds/{done.reference}").json()
    bad = refund | {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    notice = stripe.read(stripe.event("refund.failed", bad))
    assert notice.refund == replace(done, status="failed", reason="lost_or_stolen_card")


def test_a_dispute_takes_the_money_and_a_fee(stripe: Stripe) -> None:
    paid = stripe.bought()
    stripe.news()
    stripe.act(paid, "dispute")
    (notice,) = stripe.told("charge.dispute.created")
    assert notice.dispute is not None
    assert notice.dispute.status == "open"
    assert notice.dispute.transaction == paid.transaction
    assert notice.dispute.amount == paid.amount
    assert notice.dispute.reason == "fraudulent"
    assert notice.dispute.respond_by is not None
    assert notice.dispute.respond_by > stripe.noon
    line = stripe.gateway.transactions(stripe.noon.date())[0]
    assert (line.kind, line.transaction) == ("dispute", notice.dispute.reference)
    assert (line.amount, line.fee) == (paid.amount, Money(1500, "USD"))
    with pytest.raises(GatewayRefused) as refused:
        stripe.gateway.refund(stripe.back(paid, 1))
    assert refused.value.code == "charge_disputed"


@pytest.mark.parametrize(("evidence", "status"), [("winning", "won"), ("losing", "lost")])
def test_a_dispute_ends(stripe: Stripe, evidence: str, status: str) -> None:
    paid = stripe.bought()
    stripe.act(paid, "dispute")
    (opened,) = stripe.told("charge.dispute.created")
    assert opened.dispute is not None
    form = {"evidence[uncategorized_text]": f"{evidence}_evidence", "submit": "true"}
    stripe.api("POST", f"disputes/{opened.dispute.reference}", **form)
    states = {notice.kind: notice.dispute.status for notice in stripe.news() if notice.dispute}
    assert states == {"charge.dispute.updated": "open", "charge.dispute.closed": status}


def test_a_renewal_can_be_disputed_too(stripe: Stripe) -> None:
    kept = stripe.kept()
    assert kept.saved is not None
    paid = stripe.gateway.charge(stripe.ask(), kept.saved)
    stripe.act(paid, "dispute")
    (notice,) = stripe.told("charge.dispute.created")
    assert notice.dispute is not None
    assert notice.dispute.transaction == paid.transaction
