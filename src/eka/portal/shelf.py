"""Which plans a visitor wants to see, and in which order: read from the address."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from eka.ledger.offers import Carrier, Offer
from eka.rules.plans import Plan
from eka.rules.units import Money

Span = Literal["week", "month", "longer"]

DAYS_PER_MONTH = 30
WEEK_DAYS_MAX = 7
MONTH_DAYS_MAX = 31


class Wish(Struct, frozen=True, kw_only=True):
    """What was asked for; an empty text asks for anything."""

    rolls: str = ""
    carrier: str = ""
    country: str = ""
    span: str = ""
    data: str = ""
    sort: str = ""

    @property
    def narrows(self) -> bool:
        """Whether more is asked for than whether data carries."""
        return bool(self.carrier or self.country or self.span or self.data or self.sort)

    @property
    def is_open(self) -> bool:
        """Whether nothing is asked for, the order aside."""
        return not (self.rolls or self.carrier or self.country or self.span or self.data)


def read_wish(asked: Mapping[str, str]) -> Wish:
    """The wish of a query string; what is not known is passed over."""
    return Wish(**{name: asked.get(name, "") for name in Wish.__struct_fields__})


def carries(plan: Plan) -> bool:
    """Whether anything of the plan's own data can carry into the next period."""
    return plan.rollover is not None and plan.data is not None and "plan" in plan.rollover.carries


def days_paid(plan: Plan) -> float:
    """How many days one payment covers, a month taken as 30 days: for sorting only."""
    one = plan.period.months * DAYS_PER_MONTH or plan.period.seconds / 86400
    return one * plan.term


def span_of(plan: Plan) -> Span:
    """The class of lengths that the plan's payment falls in."""
    days = days_paid(plan)
    if days <= WEEK_DAYS_MAX:
        return "week"
    return "month" if days <= MONTH_DAYS_MAX else "longer"


Prices = Mapping[str, Money | None]


def choose(offers: Sequence[Offer], wish: Wish, prices: Prices) -> list[Offer]:
    """The offers that meet the wish, in its order; without one, what carries comes first.

    `prices` are what is shown, by the plans' names.
    """
    fitting = [offer for offer in offers if _fits(offer, wish)]
    if wish.sort == "price":
        return sorted(fitting, key=lambda offer: _by_price(prices[offer.plan.name]))
    return sorted(fitting, key=ORDERS.get(wish.sort, _what_carries))


def carriers_of(offers: Sequence[Offer]) -> list[Carrier]:
    """The carriers to choose from, by name."""
    found = {offer.carrier.key: offer.carrier for offer in offers if offer.carrier}
    return sorted(found.values(), key=lambda carrier: carrier.name.casefold())


def countries_of(offers: Sequence[Offer]) -> list[str]:
    """The countries to choose from, as ISO 3166-1 codes."""
    return sorted({code for offer in offers for code in offer.countries})


def _fits(offer: Offer, wish: Wish) -> bool:
    plan = offer.plan
    return (
        wish.rolls in ("", "yes" if carries(plan) else "no")
        and wish.carrier in ("", offer.carrier.key if offer.carrier else None)
        and (not wish.country or wish.country in offer.countries)
        and wish.span in ("", span_of(plan))
        and wish.data in ("", "unlimited" if plan.data is None else "metered")
    )


def _what_carries(offer: Offer) -> Any:
    return not carries(offer.plan), *_by_carrier(offer)


def _by_carrier(offer: Offer) -> Any:
    name = offer.carrier.name.casefold() if offer.carrier else "\uffff"
    return name, days_paid(offer.plan), _data(offer)


def _by_price(price: Money | None) -> Any:
    return (price is None, price.currency, price.minor) if price else (True, "", 0)


def _by_data(offer: Offer) -> Any:
    return -_data(offer), offer.plan.name


def _data(offer: Offer) -> float:
    return float("inf") if offer.plan.data is None else offer.plan.data


def _by_days(offer: Offer) -> Any:
    return days_paid(offer.plan), offer.plan.name


ORDERS: dict[str, Callable[[Offer], Any]] = {
    "carrier": _by_carrier,
    "data": _by_data,
    "days": _by_days,
}
