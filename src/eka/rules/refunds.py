"""How much of what was paid goes back, for data that was used in part (the shop's own terms).

The shop promises more or less than the law of its country asks: `RefundTerms` are its own.
"""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct


class RefundTerms(Struct, frozen=True):
    """Until how many days after the payment a customer may have money back, and for what.

    `used`: `pro_rata` gives back the share of the price that was not used; `none` gives nothing
    back once any of it was used.
    """

    days: int = 14
    used: Literal["pro_rata", "none"] = "pro_rata"


class Allowance(Struct, frozen=True, kw_only=True):
    """What was paid for one allowance, and what of it has been earned by use or time."""

    value: int
    earned: int


class Refundable(Struct, frozen=True):
    """How much may go back, in minor units; `why` it is not all of it."""

    amount: int
    why: str = ""


def refundable(
    paid: int,
    given_back: int,
    allowances: tuple[Allowance, ...],
    terms: RefundTerms,
    paid_at: datetime,
    now: datetime,
) -> Refundable:
    """What a customer may have back of an order by the shop's terms.

    `paid` and `given_back` are of the money, the allowances are of what it bought.
    """
    rest = paid - given_back
    if rest <= 0:
        return Refundable(0, "given_back")
    if now > paid_at + timedelta(days=terms.days):
        return Refundable(0, "too_late")
    earned = sum(allowance.earned for allowance in allowances)
    if earned and terms.used == "none":
        return Refundable(0, "used")
    amount = max(0, min(rest, paid - earned - given_back))
    return Refundable(amount, "used" if earned else "")
