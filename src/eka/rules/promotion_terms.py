"""A promotion's terms as values: what it does, for what and whom, when, how often.

Text form: `promotion_text`. What promotions make of a basket is in `promotions`.
"""

import unicodedata
from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct

from eka.rules.baskets import ItemKind, Priced
from eka.rules.instants import local_date
from eka.rules.units import Duration, Money, Share

Reason = Literal[
    "no_such_code",
    "not_yet",
    "over",
    "out_of_season",
    "not_first_purchase",
    "not_referred",
    "not_for_these",  # nothing in the basket is what it is for
    "currency",
    "below_minimum",
    "used_by_you",
    "used_up",
    "budget_spent",
    "does_not_stack",  # others are worth more to the buyer without it
    "nothing_left",  # earlier ones have taken all there was to take off
]
Stacks = Literal["none", "all"] | tuple[str, ...]


class Days(Struct, frozen=True):
    """Local days from `first` to `last`, both included: (year, month, day), or (month, day) yearly.

    A yearly range may go over New Year.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]

    def include(self, day: date) -> bool:
        """Whether `day` is one of them."""
        today = (day.year, day.month, day.day)[-len(self.first) :]
        if self.first <= self.last:
            return self.first <= today <= self.last
        return today >= self.first or today <= self.last


class Season(Struct, frozen=True):
    """Days of the seller's calendar."""

    timezone: str
    days: tuple[Days, ...]

    def holds(self, now: datetime) -> bool:
        """Whether `now` falls on one of the days, where the seller is."""
        today = local_date(now, self.timezone)
        return any(days.include(today) for days in self.days)


class Does(Struct, frozen=True, kw_only=True):
    """What a promotion does: money off, and things given to each item that it is for."""

    percentage: Share | None = None
    amount: tuple[Money, ...] = ()
    bonus: int = 0
    bonus_validity: Duration | None = None
    rollover: dict[str, Any] | None = None  # parameters over the plan's own, for one renewal
    periods: int = 0

    @property
    def gives(self) -> bool:
        """Whether it gives anything beside money off."""
        return bool(self.bonus or self.rollover or self.periods)


class Only(Struct, frozen=True, kw_only=True):
    """For what and for whom: every condition must hold; an empty one always does.

    `times` counts the periods that are bought at once, a plan's own `term` among them.
    """

    kinds: tuple[ItemKind, ...] = ()
    plans: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    times: int = 1
    first_purchase: bool = False
    referred: bool = False
    season: Season | None = None


class Limits(Struct, frozen=True, kw_only=True):
    """How often, and for how much; None or empty: without limit."""

    per_person: int | None = None
    in_all: int | None = None
    budget: tuple[Money, ...] = ()
    min_total: tuple[Money, ...] = ()  # list prices of the items that it is for


class Promotion(Struct, frozen=True, kw_only=True):
    """One promotion. Without a `code` it is a campaign, and applies by itself.

    It holds in [starts, ends). `stacks` names those it goes with; two go together if each allows
    the other. Those with a lower `order` are taken off first.
    """

    name: str
    title: dict[str, str]
    code: str = ""
    does: Does
    only: Only = Only()
    starts: datetime | None = None
    ends: datetime | None = None
    limits: Limits = Limits()
    stacks: Stacks = "none"
    order: int = 0


def plain_code(text: str) -> str:
    """A code as it is compared: capitals, no spaces, full-width letters as plain ones."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def closed(promotion: Promotion, now: datetime) -> Reason | None:
    """Why a promotion does not hold at this instant; None where it does."""
    if promotion.starts is not None and now < promotion.starts:
        return "not_yet"
    if promotion.ends is not None and now >= promotion.ends:
        return "over"
    season = promotion.only.season
    return None if season is None or season.holds(now) else "out_of_season"


def suits(promotion: Promotion, item: Priced) -> bool:
    """Whether an item is what a promotion is for, and can have all that it gives."""
    return _is_for(promotion.only, item) and _can_carry(promotion.does, item)


def _is_for(only: Only, item: Priced) -> bool:
    plan = item.plan
    if plan is None:  # money for the wallet is discounted only by who says so
        return item.kind in only.kinds and not (
            only.plans or only.carriers or only.groups or only.tags
        )
    return (
        _is_among(item.kind, only.kinds)
        and _is_among(plan.name, only.plans)
        and _is_among(item.carrier, only.carriers)
        and _is_among(plan.group, only.groups)
        and (not only.tags or not set(only.tags).isdisjoint(plan.tags))
        and item.times * plan.term >= only.times
    )


def _can_carry(does: Does, item: Priced) -> bool:
    """A longer life is nothing where nothing lives on: there a promotion has to say what `carries`.

    The policy that is overridden is that of the period which ends.
    """
    if does.rollover is None or "carries" in does.rollover:
        return True
    ending = item.old_plan or item.plan
    return ending is not None and ending.rollover is not None


def _is_among(value: str | None, allowed: tuple[str, ...]) -> bool:
    return not allowed or value in allowed
