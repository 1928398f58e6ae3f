"""What can be bought for a line: each with today's price, and what it does to the balance."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from eka.ledger import models, offers
from eka.ledger.offers import Offer
from eka.portal.promise import Change, change_of
from eka.portal.speech import own, titles_of, words
from eka.rules.baskets import ITEMS_MAX, AddOnItem, Gives, Item, RenewalItem, TopUpItem
from eka.rules.lines import Line
from eka.rules.plans import Plan
from eka.rules.promotions import Applied
from eka.rules.shop import Shop
from eka.rules.units import Money, format_duration
from eka.usecases import promotions
from eka.usecases.goods import Good, UnableToQuote, commands_of, gives_by_position, price_goods
from eka.usecases.shop import price_of
from eka.usecases.trying import effect_on
from eka.words import orders as order_words
from eka.words.reasons import Context

TIMES = (1, 3, 6, 12)
OTHERS_MAX = 6  # other plans of the same carrier: the cheapest
Shelf = Literal["own", "other", "top_up", "add_on"]


class Choice(Struct, frozen=True, kw_only=True):
    """What can be bought. `terms` is what its form sends, `list_price` without promotions.

    `why_not` says why the line's rules would refuse it now.
    """

    shelf: Shelf
    terms: str
    name: str
    list_price: Money
    price: Money
    promotions: list[str]
    change: Change | None
    why_not: str


class Buyer(Struct, frozen=True, kw_only=True):
    """For whom, in which currency, in which shop, when."""

    subscriber: int
    currency: str
    shop: Shop
    now: datetime


def choices_for(line_id: int, line: Line, buyer: Buyer) -> list[Choice]:
    """Everything on sale that suits the line, at what it would cost now."""
    on_sale = offers.on_sale()
    shelved = list(_on_shelves(line_id, line, on_sale, buyer))
    goods = _goods(shelved[:ITEMS_MAX], buyer)
    baskets = [[good.priced] for _, good in goods]
    applied = promotions.applicable_each(buyer.subscriber, baskets, buyer.currency, "", buyer.now)
    titles = titles_of(on_sale)
    named = _promotion_titles(applied)
    return [
        _choice(shelf, good, found, buyer, titles, named)
        for (shelf, good), found in zip(goods, applied, strict=True)
    ]


def _on_shelves(
    line_id: int, line: Line, on_sale: Sequence[Offer], buyer: Buyer
) -> Iterator[tuple[Shelf, Item]]:
    if line.period is None:
        return
    sold = {offer.plan.name: offer for offer in on_sale}
    present = sold.get(line.period.plan.name)
    if present is not None and _is_priced(present, buyer):
        for times in TIMES:
            yield "own", RenewalItem(line=line_id, plan=present.plan.name, times=times)
        yield "add_on", AddOnItem(line=line_id, plan=present.plan.name, starts="at_end")
        yield "add_on", AddOnItem(line=line_id, plan=present.plan.name, starts="on_empty")
    if present is not None and line.state == "active":
        for top_up in present.top_ups:
            validity = format_duration(top_up.validity) if top_up.validity else ""
            yield "top_up", TopUpItem(line=line_id, data=top_up.data, validity=validity)
    for other in _others(present, on_sale, buyer):
        yield "other", RenewalItem(line=line_id, plan=other.plan.name)


def _is_priced(offer: Offer, buyer: Buyer) -> bool:
    return price_of(offer, buyer.currency, buyer.shop) is not None


def _others(present: Offer | None, on_sale: Sequence[Offer], buyer: Buyer) -> list[Offer]:
    """Other plans of the carrier, the cheapest first."""
    if present is None or present.carrier is None:
        return []
    found = []
    for offer in on_sale:
        price = price_of(offer, buyer.currency, buyer.shop)
        if offer.carrier == present.carrier and offer.plan != present.plan and price is not None:
            found.append((price.minor, offer.plan.name, offer))
    return [offer for _, _, offer in sorted(found, key=lambda one: one[:2])[:OTHERS_MAX]]


def _goods(shelved: list[tuple[Shelf, Item]], buyer: Buyer) -> list[tuple[Shelf, Good]]:
    """The items with their prices, without those that are not sold."""
    wanted = list(shelved)
    while wanted:
        items = [item for _, item in wanted]
        try:
            goods = price_goods(items, buyer.subscriber, buyer.currency, buyer.shop, buyer.now)
        except UnableToQuote as refusal:
            del wanted[refusal.position]
        else:
            return [(shelf, good) for (shelf, _), good in zip(wanted, goods, strict=True)]
    return []


def _choice(
    shelf: Shelf,
    good: Good,
    applied: Applied,
    buyer: Buyer,
    titles: dict[str, str],
    named: dict[str, str],
) -> Choice:
    gives = gives_by_position(applied.gives).get(good.priced.position, [])
    off = sum(part.amount for part in applied.discounts)
    change, why_not = _change(good, gives, buyer, titles)
    plan = good.plan.name if good.plan else ""
    return Choice(
        shelf=shelf,
        terms=msgspec.json.encode(good.item).decode(),
        name=order_words.item(words().tongue, good.item, titles.get(plan, plan)),
        list_price=Money(good.priced.price, buyer.currency),
        price=Money(good.priced.price - off, buyer.currency),
        promotions=[named.get(name, name) for name in applied.names],
        change=change,
        why_not=why_not,
    )


def _change(
    good: Good, gives: Sequence[Gives], buyer: Buyer, titles: dict[str, str]
) -> tuple[Change | None, str]:
    """What it does to the line; or why the line's rules refuse it."""
    if good.line is None:
        return None, ""
    try:
        effect = effect_on(good.line, commands_of(good.item, good.plan, gives, "manual"), buyer.now)
    except UnableToQuote as refusal:
        return None, order_words.refusal(words().tongue, refusal.code, refusal.figures)
    like: Plan | None = good.line.period.plan if good.line.period else None
    change = change_of(
        effect,
        good.priced.kind,
        sum(gift.bonus for gift in gives),
        Context(good.line.timezone, titles, like),
        on_empty=getattr(good.item, "starts", "") == "on_empty",
    )
    return change, ""


def _promotion_titles(applied: Sequence[Applied]) -> dict[str, str]:
    names = {name for one in applied for name in one.names}
    rows = models.Promotion.objects.filter(name__in=names).values_list("name", "terms")
    return {name: own(terms["title"], name) for name, terms in rows} if names else {}
