"""What Stripe lists for a day is all that moved, and nothing else."""

from collections import Counter
from datetime import timedelta

from tests.gateways.payments.stripe.conftest import Stripe

from eka.gateways.payments.stripe.lists import transaction
from eka.gateways.payments.stripe.objects import Movement
from eka.rules.units import Money


def test_a_busy_day_has_more_than_one_page(stripe: Stripe) -> None:
    first = stripe.bought()
    for _ in range(249):
        stripe.box.act(first.number, "pay_twice")
    lines = stripe.gateway.transactions(stripe.noon.date())
    assert len(lines) == 250
    assert len({line.transaction for line in lines}) == 250
    assert sum(line.amount.minor for line in lines) == 250 * 1999


def test_a_day_ends_at_midnight_of_utc(stripe: Stripe) -> None:
    stripe.watch.move(hours=11, minutes=59, seconds=59)
    before = stripe.bought()
    stripe.watch.move(seconds=1)
    after = stripe.bought()
    today, tomorrow = stripe.noon.date(), stripe.noon.date() + timedelta(days=1)
    assert [line.number for line in stripe.gateway.transactions(today)] == [before.number]
    assert [line.number for line in stripe.gateway.transactions(tomorrow)] == [after.number]
    assert stripe.gateway.transactions(tomorrow + timedelta(days=1)) == []


def test_every_kind_of_line(stripe: Stripe) -> None:
    alice, bob = stripe.bought(), stripe.bought()
    stripe.gateway.refund(stripe.back(alice, 500))
    stripe.act(bob, "dispute")
    lines = stripe.gateway.transactions(stripe.noon.date())
    assert Counter(line.kind for line in lines) == {"payment": 2, "refund": 1, "dispute": 1}
    assert all(line.amount.minor > 0 for line in lines)
    (refund,) = (line for line in lines if line.kind == "refund")
    assert (refund.number, refund.amount) == (f"{alice.number}R1", Money(500, "USD"))


def test_what_is_paid_in_yen_and_kept_in_dollars() -> None:
    """The payer's amount is the one that was asked for; the fee is in the seller's currency."""
    charge = {
        **{"object": "charge", "id": "ch_1", "amount": 1500, "currency": "jpy", "created": 1},
        **{"payment_intent": "pi_1", "metadata": {"number": "EKA000001"}},
    }
    moved = Movement(
        id="txn_1",
        type="charge",
        amount=987,
        currency="usd",
        created=1,
        fee=59,
        source=charge,
    )
    line = transaction(moved)
    assert line is not None
    assert (line.number, line.transaction) == ("EKA000001", "pi_1")
    assert (line.amount, line.fee) == (Money(1500, "JPY"), Money(59, "USD"))


def test_stripes_own_fees_are_listed_and_payouts_are_not() -> None:
    fee = Movement(id="txn_1", type="stripe_fee", amount=-200, currency="usd", created=1)
    line = transaction(fee)
    assert line is not None
    assert (line.kind, line.transaction, line.amount) == ("fee", "txn_1", Money(200, "USD"))
    payout = Movement(id="txn_2", type="payout", amount=-5000, currency="usd", created=1)
    assert transaction(payout) is None


def test_money_that_comes_back_is_not_listed_as_going_twice(stripe: Stripe) -> None:
    paid = stripe.bought()
    stripe.act(paid, "dispute")
    (line,) = (
        one for one in stripe.gateway.transactions(stripe.noon.date()) if one.kind == "dispute"
    )
    form = {"evidence[uncategorized_text]": "winning_evidence"}
    assert stripe.api("POST", f"disputes/{line.transaction}", **form).json()["status"] == "won"
    kinds = Counter(one.kind for one in stripe.gateway.transactions(stripe.noon.date()))
    assert kinds == {"payment": 1, "dispute": 1}
