"""What a gateway's word about a payment means for its order (spec/payments, "What must hold").

Every word is judged by itself, in whatever order it comes and however often: a notification, an
answer to a question, a line of a list. What was decided before is part of the `Claim`.
"""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from eka.rules.units import Money

Word = Literal["pending", "approved", "paid", "failed", "closed", "unknown"]

# credit: the money pays the order. surplus: it came for an order that needs none, and goes back.
# mismatch: it is not what was asked for; nobody is credited and a person decides. capture: the
# payer has agreed, take the money. The others only tell how the payment stands.
Verdict = Literal["credit", "surplus", "mismatch", "capture", "failed", "closed", "nothing"]

# Money that comes this long after its order expired still takes the order up; later it goes back,
# because the price and the balance that the buyer was shown are no longer those of today.
LATE_MAX = timedelta(hours=24)


class Claim(Struct, frozen=True, kw_only=True):
    """A payment as we know it: what was asked for, of which order, and whether that is paid.

    `state` is beginning, open, approved, paid, failed or closed; `order_state` one of
    `rules.orders.STATES`.
    """

    state: str
    amount: Money
    merchant: str
    order_state: str
    order_total: Money
    order_deadline: datetime
    order_paid: bool  # some money was credited to it, whatever became of it since


class Heard(Struct, frozen=True, kw_only=True):
    """What the gateway says: `amount` and `merchant` as it names them, `transaction` its number."""

    word: Word
    transaction: str = ""
    amount: Money | None = None
    merchant: str = ""


class Judgement(Struct, frozen=True):
    """The verdict, and why in a word where that is not plain."""

    verdict: Verdict
    why: str = ""


def judge(claim: Claim, heard: Heard, now: datetime) -> Judgement:
    """What a gateway's word about a payment means for its order at `now`."""
    if heard.word == "paid":
        return _judge_money(claim, heard, now)
    if claim.state == "paid":
        return Judgement("nothing", "paid already")  # a late "pending" undoes nothing
    if heard.word == "approved":
        return _judge_approval(claim, heard)
    if heard.word == "failed" and claim.state not in ("failed", "closed"):
        return Judgement("failed")
    if heard.word == "closed" and claim.state != "closed":
        return Judgement("closed")
    return Judgement("nothing")


def _judge_money(claim: Claim, heard: Heard, now: datetime) -> Judgement:
    if not heard.transaction:
        return Judgement("mismatch", "transaction")
    if (wrong := _mismatch(claim, heard)) is not None:
        return Judgement("mismatch", wrong)
    if claim.order_paid:
        return Judgement("surplus", "paid already")
    if claim.order_state in ("quoted", "awaiting_payment"):
        return Judgement("credit")
    if claim.order_state == "expired" and now <= claim.order_deadline + LATE_MAX:
        return Judgement("credit", "late")
    return Judgement("surplus", claim.order_state)


def _judge_approval(claim: Claim, heard: Heard) -> Judgement:
    """An approval moves no money yet: it is taken only for an order that still waits."""
    if claim.order_state not in ("quoted", "awaiting_payment") or claim.order_paid:
        return Judgement("nothing", claim.order_state)
    if heard.amount is not None and heard.amount != claim.amount:
        return Judgement("mismatch", "amount")
    return Judgement("capture")


def _mismatch(claim: Claim, heard: Heard) -> str | None:
    """What is not as it was asked for."""
    if heard.merchant != claim.merchant:
        return "merchant"
    if heard.amount is None or heard.amount.currency != claim.amount.currency:
        return "currency"
    if heard.amount.minor != claim.amount.minor or claim.amount != claim.order_total:
        return "amount"
    return None
