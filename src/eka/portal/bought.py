"""What is in orders, as their pages show it: names, prices, gifts, what each does to its line."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from eka.ledger import models, offers
from eka.ledger.orders import ItemRow, OrderRow
from eka.portal.promise import Change, change_of
from eka.portal.speech import own, titles_of, words
from eka.rules.baskets import Item
from eka.rules.plans import Plan
from eka.rules.units import Money
from eka.words import orders as order_words
from eka.words.reasons import Context


class Entry(Struct, frozen=True, kw_only=True):
    """One thing in an order; `line_name` is what its owner calls the line it is for."""

    name: str
    kind: str
    price: Money
    line: int | None
    line_name: str
    gifts: list[str]
    change: Change | None


class Promotion(Struct, frozen=True):
    """What a promotion takes off the order."""

    title: str
    amount: Money


class Lines(Struct, frozen=True):
    """The lines that an order is about: their names and time zones."""

    names: Mapping[int, str]
    zones: Mapping[int, str]


def lines_of(order: OrderRow) -> Lines:
    """The names and zones of the order's lines; one query."""
    ids = {item.line for item in order.items if item.line is not None}
    found = models.Line.objects.filter(pk__in=ids).select_related("kept") if ids else ()
    return Lines(
        {row.pk: row.label or f"eSIM {row.pk}" for row in found},
        {row.pk: row.kept.timezone for row in found},
    )


def entries_of(
    order: OrderRow, lines: Lines, timezone: str, promotions: Mapping[str, str]
) -> list[Entry]:
    """What is in the order; `timezone` is that of times that belong to no line.

    `promotions` are their titles.
    """
    on_sale = offers.on_sale()
    titles = titles_of(on_sale)
    plans = {offer.plan.name: offer.plan for offer in on_sale}
    effects = order.promise.get("items", [])
    return [
        _entry(
            item,
            order_words.gifts(words().tongue, item.gives, promotions),
            _change(
                item,
                effect,
                lines.zones.get(item.line or 0, timezone),
                titles,
                plans.get(item.plan),
            ),
            lines,
        )
        for item, effect in zip(order.items, effects, strict=False)
    ]


def _entry(item: ItemRow, gifts: list[str], change: Change | None, lines: Lines) -> Entry:
    return Entry(
        name=name_of(item.terms, item.title, item.plan),
        kind=item.kind,
        price=item.price,
        line=item.line,
        line_name=lines.names.get(item.line or 0, item.terms.get("label", "")),
        gifts=gifts,
        change=change,
    )


def _change(
    item: ItemRow,
    effect: Mapping[str, Any],
    timezone: str,
    titles: Mapping[str, str],
    like: Plan | None,
) -> Change | None:
    bonus = sum(gift.get("bonus", 0) for gift in item.gives)
    return change_of(
        effect,
        item.kind,
        bonus,
        Context(timezone, titles, like),
        on_empty=item.terms.get("starts") == "on_empty",
    )


def name_of(terms: Mapping[str, Any], title: Mapping[str, str], plan: str) -> str:
    """What a thing in an order is called."""
    return order_words.item(words().tongue, msgspec.convert(terms, Item), own(title, plan))


def promotions_of(order: OrderRow, titles: Mapping[str, str]) -> list[Promotion]:
    """What each promotion takes off, in the order in which they were applied."""
    off: dict[str, int] = {}
    for part in order.promise.get("discounts", []):
        off[part["promotion"]] = off.get(part["promotion"], 0) + part["amount"]
    return [
        Promotion(titles.get(name, name), Money(amount, order.total.currency))
        for name, amount in off.items()
    ]


def refused_of(order: OrderRow, titles: Mapping[str, str], coded: set[str]) -> str:
    """Why the code that was typed does nothing; "" where none was typed, or it does something.

    Campaigns that do not apply are left out: nobody asked for them.
    """
    for name, reason in order.promise.get("refused", []):
        if order.code and (name in coded or reason == "no_such_code"):
            title = titles.get(name, order.code)
            return order_words.promotion_refused(words().tongue, title, reason)
    return ""


def promotion_titles(order: OrderRow) -> tuple[dict[str, str], set[str]]:
    """The titles of the promotions that the order tells of, and which of them need a code."""
    names = {part["promotion"] for part in order.promise.get("discounts", [])}
    names |= {row[0] for row in order.promise.get("refused", [])}
    names |= {gift["promotion"] for item in order.items for gift in item.gives}
    rows = models.Promotion.objects.filter(name__in=names).values_list("name", "terms")
    found = dict(rows) if names else {}
    coded = {name for name, terms in found.items() if terms.get("code")}
    return {name: own(terms["title"], name) for name, terms in found.items()}, coded


class Bought(Struct, frozen=True, kw_only=True):
    """An order in a list."""

    number: str
    state: str
    names: list[str]
    total: Money
    at: datetime


def in_short(orders: Sequence[models.Order]) -> list[Bought]:
    """Orders with the names of what is in them; one query."""
    items = models.OrderItem.objects.filter(order__in=[order.pk for order in orders])
    names: dict[int, list[str]] = {}
    for item in _in_turn(items.select_related("plan_version__plan")):
        plan = item.plan_version.plan if item.plan_version else None
        title, name = (plan.title, plan.name) if plan else ({}, "")
        names.setdefault(item.order_id, []).append(name_of(item.terms, title, name))
    return [
        Bought(
            number=order.number,
            state=order_words.state(words().tongue, order.state),
            names=names.get(order.pk, []),
            total=Money(order.total, order.currency),
            at=order.created_at,
        )
        for order in orders
    ]


def _in_turn(items: Iterable[models.OrderItem]) -> list[models.OrderItem]:
    return sorted(items, key=lambda item: (item.order_id, item.position))
