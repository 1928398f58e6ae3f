"""A quote fixes what somebody wants: plan versions, prices, promotions, what becomes of the data.

It is an order already, in state `quoted`: paying it needs nothing more than its number.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from eka.ledger import direct, models
from eka.rules.baskets import Gives, Item
from eka.rules.plans import RenewedBy
from eka.rules.promotions import Applied
from eka.usecases import promotions
from eka.usecases.commands import KeyReused
from eka.usecases.goods import Good, UnableToQuote, commands_of, gives_by_position, price_goods
from eka.usecases.numbers import new_number
from eka.usecases.orders import tell
from eka.usecases.shop import the_shop
from eka.usecases.trying import effect_on

__all__ = ["UnableToQuote", "Wish", "quote"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscriber wants. `key` is the command's: the same key again is the same order."""

    subscriber: int
    items: tuple[Item, ...]
    currency: str
    key: str
    code: str = ""
    language: str = "en"
    email: str = ""
    automatic: bool = False


@transaction.atomic
def quote(wish: Wish, now: datetime) -> str:
    """Makes the order in state `quoted` and returns its number.

    Raises UnableToQuote, KeyReused. A promotion that does not apply is told in the promise.
    """
    digest = hashlib.sha256(msgspec.json.encode(wish)).hexdigest()[:32]
    if (first := direct.find(models.Order, key=wish.key)) is not None:
        if first.promise["wish"] != digest:
            raise KeyReused(wish.key)
        return str(first.number)
    shop = the_shop()
    goods = price_goods(wish.items, wish.subscriber, wish.currency, shop, now)
    applied = promotions.applicable(
        wish.subscriber, [good.priced for good in goods], wish.currency, wish.code, now
    )
    order = _order(wish, goods, applied, digest, now)
    order.deadline = now + shop.payment
    order.next_due = order.deadline
    by: RenewedBy = "auto" if wish.automatic else "manual"
    gives = gives_by_position(applied.gives)
    order.promise["items"] = [_effect(good, gives, by, now) for good in goods]
    direct.insert(order)
    for item in _items(order, goods, applied, gives):
        direct.insert(item)
    tell(order, "quoted", now, {"total": order.total})
    return order.number


def _order(
    wish: Wish, goods: Sequence[Good], applied: Applied, digest: str, now: datetime
) -> models.Order:
    subtotal = sum(good.priced.price for good in goods)
    discount = sum(part.amount for part in applied.discounts)
    return models.Order(
        number=new_number("E"),
        key=wish.key,
        subscriber_id=wish.subscriber,
        email=wish.email,
        language=wish.language,
        currency=wish.currency,
        subtotal=subtotal,
        discount=discount,
        total=subtotal - discount,
        code=wish.code,
        promise={
            "wish": digest,
            "discounts": msgspec.to_builtins(applied.discounts),
            "refused": msgspec.to_builtins(applied.refused),
        },
        created_at=now,
        automatic=wish.automatic,
    )


def _items(
    order: models.Order,
    goods: Sequence[Good],
    applied: Applied,
    gives: Mapping[int, list[Gives]],
) -> list[models.OrderItem]:
    return [
        models.OrderItem(
            order=order,
            position=good.priced.position,
            kind=good.priced.kind,
            terms=msgspec.to_builtins(good.item),
            line_id=good.priced.line,
            plan_version_id=good.plan.version if good.plan else None,
            price=good.priced.price,
            discount=sum(
                part.amount for part in applied.discounts if part.position == good.priced.position
            ),
            gives={"gifts": msgspec.to_builtins(gives.get(good.priced.position, []))},
        )
        for good in goods
    ]


def _effect(
    good: Good, gives: Mapping[int, list[Gives]], by: RenewedBy, now: datetime
) -> dict[str, Any]:
    """What the buyer is shown: the balance before and after, with every byte's fate."""
    if good.line is None:
        return {}
    commands = commands_of(good.item, good.plan, gives.get(good.priced.position, []), by)
    return effect_on(good.line, commands, now, good.priced.position)
