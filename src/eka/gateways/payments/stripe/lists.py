"""A day of the seller's balance at Stripe, line by line.

What is listed: payments, refunds, disputes, and fees that Stripe takes by themselves. Payouts,
transfers and reserves move money that was earned before. The return of a refund that failed and of
a dispute that was won are told by their notifications; the list of Eka has no kind for them.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import stripe

from eka.gateways.payments.stripe import objects, reports
from eka.gateways.payments.stripe.amounts import from_stripe
from eka.gateways.payments.stripe.objects import Charge, Dispute, Movement, Refund
from eka.gateways.payments.terms import Transaction

PAGE = 100
FEES = ("stripe_fee", "stripe_fx_fee", "tax_fee")


def movements(client: stripe.StripeClient, day: date) -> Iterator[Transaction]:
    """The lines of a day of UTC, over every page of the list."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = start + timedelta(days=1)
    listed = client.v1.balance_transactions.list(
        {
            "created": {"gte": int(start.timestamp()), "lt": int(end.timestamp())},
            "expand": ["data.source"],
            "limit": PAGE,
        }
    )
    for line in listed.auto_paging_iter():
        told = transaction(objects.read(line, Movement))
        if told is not None:
            yield told


def transaction(moved: Movement) -> Transaction | None:
    """A line of the list, in Eka's words.

    The amount is the payer's, which is what was asked for; the line itself may be in the currency
    that the seller is paid in, and so is the fee.
    """
    source: dict[str, Any] = moved.source if isinstance(moved.source, dict) else {}
    match source.get("object"), moved.amount < 0:
        case "charge", False:
            return _payment(moved, msgspec.convert(source, Charge))
        case "refund", True:
            return _refund(moved, msgspec.convert(source, Refund))
        case "dispute", True:
            return _dispute(moved, msgspec.convert(source, Dispute))
    return _fee(moved) if moved.type in FEES else None


def _payment(moved: Movement, charge: Charge) -> Transaction:
    return Transaction(
        kind="payment",
        number=reports.noted(charge.metadata),
        transaction=charge.payment_intent or charge.id,
        amount=from_stripe(charge.amount, charge.currency),
        at=reports.instant(moved.created),
        fee=reports.fee(moved),
    )


def _refund(moved: Movement, refund: Refund) -> Transaction:
    return Transaction(
        kind="refund",
        number=reports.noted(refund.metadata),
        transaction=refund.id,
        amount=from_stripe(refund.amount, refund.currency),
        at=reports.instant(moved.created),
        fee=reports.fee(moved),
    )


def _dispute(moved: Movement, dispute: Dispute) -> Transaction:
    return Transaction(
        kind="dispute",
        number="",
        transaction=dispute.id,
        amount=from_stripe(dispute.amount, dispute.currency),
        at=reports.instant(moved.created),
        fee=reports.fee(moved),
    )


def _fee(moved: Movement) -> Transaction:
    return Transaction(
        kind="fee",
        number="",
        transaction=moved.id,
        amount=from_stripe(abs(moved.amount), moved.currency),
        at=reports.instant(moved.created),
    )
