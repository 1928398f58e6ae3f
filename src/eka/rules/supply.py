"""Where a plan's profiles come from, in order, and what is done when a supplier says no."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from eka.rules.units import Money

# no_stock: none left. no_credit: our prepaid money with it is used up. maintenance, busy: later.
# wrong_package: it does not sell this (any more). wrong_price: it costs more than we agreed to.
# recycled: the ICCID is not ours any more. not_renewable: no more data for this profile. taken: the
# MatchingID is in use. not_eligible: not for this EID. duplicate: our number was used for another
# order. other: a word that is not known.
Refusal = Literal[
    "no_stock",
    "no_credit",
    "maintenance",
    "busy",
    "wrong_package",
    "wrong_price",
    "recycled",
    "not_renewable",
    "taken",
    "not_eligible",
    "duplicate",
    "other",
]

# again: the same order later. next: another source; the last one: give the money back.
Course = Literal["again", "next"]

PASSES = ("maintenance", "busy", "no_credit")
# So long one who has paid waits for a supplier that will not or cannot now.
PATIENCE = timedelta(hours=6)
# And so often, within two minutes, a supplier is asked that was first asked when that was over.
FAIR_LOOKS = 8
# Staff can do something about these, and about nothing else here.
STAFF: tuple[Refusal, ...] = ("no_credit", "wrong_package", "wrong_price", "recycled", "other")


class Source(Struct, frozen=True, kw_only=True):
    """One way to get a profile for a plan.

    `supplier` is a name of the suppliers file, `package` the supplier's name of what is bought.
    `renews` is the package that is bought for a renewal, and `top_ups` those for data in addition,
    by bytes, where data is bought from the supplier. `cost_max` is what it may cost at most. `pool`
    profiles are kept in stock, and ordered anew when there are only `low`.
    """

    supplier: str
    package: str
    renews: str = ""
    top_ups: dict[int, str] = {}
    cost_max: Money | None = None
    pool: int = 0
    low: int = 0


def is_overdue(asked_at: datetime, looks: int, now: datetime) -> bool:
    """Whether what was first asked for at `asked_at` is waited for no longer.

    `looks`: how often this supplier has answered that it is not there yet, or not at all.
    """
    return now >= asked_at + PATIENCE and looks >= FAIR_LOOKS


def course(why: Refusal, asked_at: datetime, now: datetime, *, others: bool) -> Course:
    """What to do after a refusal at `now` of what was first asked for at `asked_at`.

    `others`: there is a further source. Only what passes by itself is waited for, and only where
    nobody else can deliver.
    """
    if why in PASSES and not others and now < asked_at + PATIENCE:
        return "again"
    return "next"
