"""From what is wanted to what it costs and does: the plan's version, the price, the commands.

A quote shows what these commands do to a copy of the line; the fulfilment performs the same ones.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from eka.ledger import direct, models, offers, reading
from eka.ledger.offers import Offer
from eka.ledger.plans import OnSale
from eka.rules.baskets import (
    ITEMS_MAX,
    TIMES_MAX,
    AddOnItem,
    Gives,
    Item,
    NewLineItem,
    Priced,
    RenewalItem,
    TopUpItem,
    WalletItem,
)
from eka.rules.commands import pass_time
from eka.rules.instants import zone
from eka.rules.lines import Line
from eka.rules.plans import Plan, RenewedBy
from eka.rules.prices import price_in
from eka.rules.requests import Activate, AddOn, Command, Renew, TopUp
from eka.rules.shop import Shop
from eka.rules.units import BadValue, Duration, format_duration, parse_duration
from eka.usecases.needs import current_profile, data_source
from eka.usecases.shop import price_of
from eka.usecases.suppliers import suppliers


class UnableToQuote(Exception):
    """Something that cannot be sold as it was asked for; `code` says why, `position` which."""

    def __init__(self, code: str, position: int = 0, **figures: object) -> None:
        super().__init__(code)
        self.code, self.position, self.figures = code, position, figures


class Good(Struct, frozen=True, kw_only=True):
    """An item with its price and plan, and the line it is for as it stands now."""

    item: Item
    priced: Priced
    line: Line | None = None

    @property
    def plan(self) -> Plan | None:
        """The plan in the version that is bought."""
        return self.priced.plan


def _need_data(offer: Offer, item: RenewalItem | AddOnItem | TopUpItem, position: int) -> None:
    """Refuses what the supplier of the line's profile would have to sell, and does not."""
    if not offer.supply:
        return
    holder = current_profile(item.line)
    source = data_source(offer.supply, holder.supplier, item) if holder else None
    if source is not None and not (source.package and source.supplier in suppliers()):
        raise UnableToQuote("not_sold_for_this_esim", position, plan=offer.plan.name)


class _Counter:
    """What one quote looks at: the shop's terms, the buyer's lines, the plans on sale."""

    def __init__(self, subscriber: int, currency: str, shop: Shop, now: datetime) -> None:
        self.subscriber, self.currency, self.shop, self.now = subscriber, currency, shop, now
        self._lines: dict[int, Line] = {}

    def line(self, line_id: int, position: int) -> Line:
        """The buyer's own line as it is now; somebody else's does not exist for them."""
        if line_id not in self._lines:
            own = direct.exists(models.Line, id=line_id, subscriber=self.subscriber)
            pages = reading.read([line_id]) if own else []
            if not pages:
                raise UnableToQuote("no_such_line", position, line=line_id)
            self._lines[line_id] = pass_time(pages[0].line, self.now, OnSale()).line
        return self._lines[line_id]

    def offer(self, name: str, position: int) -> Offer:
        """The plan as it is sold now."""
        found = offers.find(name)
        if found is None:
            raise UnableToQuote("no_such_plan", position, plan=name)
        return found

    def price(self, offer: Offer, position: int) -> int:
        """What the plan costs in the order's currency."""
        price = price_of(offer, self.currency, self.shop)
        if price is None:
            name, currency = offer.plan.name, self.currency
            raise UnableToQuote("no_price", position, plan=name, currency=currency)
        return price.minor


def price_goods(
    items: Sequence[Item], subscriber: int, currency: str, shop: Shop, now: datetime
) -> list[Good]:
    """The items with plans and list prices. Raises UnableToQuote."""
    if not 0 < len(items) <= ITEMS_MAX:
        raise UnableToQuote("how_many", most=ITEMS_MAX)
    if currency not in shop.currencies:
        raise UnableToQuote("currency", currency=currency)
    counter = _Counter(subscriber, currency, shop, now)
    return [_good(counter, item, position) for position, item in enumerate(items)]


def _good(counter: _Counter, item: Item, position: int) -> Good:
    match item:
        case NewLineItem():
            return _new_line(counter, item, position)
        case RenewalItem():
            return _renewal(counter, item, position)
        case TopUpItem():
            return _top_up(counter, item, position)
        case AddOnItem():
            return _add_on(counter, item, position)
        case WalletItem():
            return _money(item, position)


def _new_line(counter: _Counter, item: NewLineItem, position: int) -> Good:
    offer = counter.offer(item.plan, position)
    try:
        zone(item.timezone)
    except BadValue as error:
        raise UnableToQuote("timezone", position, timezone=item.timezone) from error
    if offer.supply and not any(source.supplier in suppliers() for source in offer.supply):
        raise UnableToQuote("not_deliverable", position, plan=offer.plan.name)
    priced = Priced(
        position=position,
        kind="new_line",
        plan=offer.plan,
        price=counter.price(offer, position),
        carrier=offer.carrier.key if offer.carrier else "",
    )
    return Good(item=item, priced=priced)


def _renewal(counter: _Counter, item: RenewalItem, position: int) -> Good:
    line = counter.line(item.line, position)
    if line.period is None or line.state not in ("active", "lapsed"):
        raise UnableToQuote("not_active", position, state=line.state)
    if not 1 <= item.times <= TIMES_MAX:
        raise UnableToQuote("times", position, most=TIMES_MAX)
    offer = counter.offer(item.plan or line.period.plan.name, position)
    _need_data(offer, item, position)
    priced = Priced(
        position=position,
        kind="renewal",
        plan=offer.plan,
        price=counter.price(offer, position) * item.times,
        carrier=offer.carrier.key if offer.carrier else "",
        times=item.times,
        line=item.line,
        old_plan=line.period.plan,
    )
    return Good(item=item, priced=priced, line=line)


def _add_on(counter: _Counter, item: AddOnItem, position: int) -> Good:
    line = counter.line(item.line, position)
    if line.period is None or line.state not in ("active", "lapsed"):
        raise UnableToQuote("not_active", position, state=line.state)
    offer = counter.offer(item.plan, position)
    _need_data(offer, item, position)
    priced = Priced(
        position=position,
        kind="add_on",
        plan=offer.plan,
        price=counter.price(offer, position),
        carrier=offer.carrier.key if offer.carrier else "",
        line=item.line,
        old_plan=line.period.plan,
    )
    return Good(item=item, priced=priced, line=line)


def _top_up(counter: _Counter, item: TopUpItem, position: int) -> Good:
    line = counter.line(item.line, position)
    if line.period is None:
        raise UnableToQuote("not_active", position, state=line.state)
    offer = counter.offer(line.period.plan.name, position)
    _need_data(offer, item, position)
    for sold in offer.top_ups:
        validity = format_duration(sold.validity) if sold.validity else ""
        price = price_in(sold.prices, counter.currency, counter.shop.rates)
        if (sold.data, validity) == (item.data, item.validity) and price is not None:
            break
    else:
        raise UnableToQuote("no_such_top_up", position, data=item.data)
    priced = Priced(
        position=position,
        kind="top_up",
        plan=offer.plan,
        price=price.minor,
        carrier=offer.carrier.key if offer.carrier else "",
        line=item.line,
    )
    return Good(item=item, priced=priced, line=line)


def _money(item: WalletItem, position: int) -> Good:
    if not 0 < item.amount <= 10**9:
        raise UnableToQuote("amount", position, amount=item.amount)
    priced = Priced(position=position, kind="wallet", plan=None, price=item.amount)
    return Good(item=item, priced=priced)


def commands_of(
    item: Item, plan: Plan | None, gives: Sequence[Gives], by: RenewedBy
) -> list[Command]:
    """What an item does to its line, in order; the first is what was bought, then what is given."""
    bought: list[Command] = []
    rollover = _rollover(gives)
    match item:
        case NewLineItem() if plan:
            bought = [Activate(plan)]
        case RenewalItem() if plan:
            # Who renews by itself pays ahead, and the next period starts when this one ends.
            first = Renew(plan, by, rollover, starts="at_end" if by == "auto" else "")
            bought = [first, *[AddOn(plan)] * (item.times - 1)]
        case AddOnItem() if plan:
            waits = Renew(plan, by, rollover, starts=item.starts)
            bought = [waits if by == "auto" else AddOn(plan, item.starts)]
        case TopUpItem():
            bought = [TopUp(item.data, validity_of(item.validity))]
    free = sum(gift.periods for gift in gives)
    given: list[Command] = [AddOn(plan)] * free if plan else []
    given += [TopUp(gift.bonus, gift.bonus_validity, "bonus") for gift in gives if gift.bonus]
    return bought + given


def _rollover(gives: Sequence[Gives]) -> dict[str, Any] | None:
    """What all of them say together, group by group; of two that say the same the later counts."""
    merged: dict[str, Any] = {}
    for gift in gives:
        for name, value in (gift.rollover or {}).items():
            before = merged.get(name)
            if isinstance(before, dict) and isinstance(value, dict):
                merged[name] = {**before, **value}
            else:
                merged[name] = value
    return merged or None


def validity_of(text: str) -> Duration | None:
    """A top-up's validity, where it has one of its own."""
    return parse_duration(text) if text else None


def gives_by_position(given: Sequence[tuple[int, Gives]]) -> Mapping[int, list[Gives]]:
    """What promotions add, by the item that they add it to."""
    by_position: dict[int, list[Gives]] = {}
    for position, gift in given:
        by_position.setdefault(position, []).append(gift)
    return by_position
