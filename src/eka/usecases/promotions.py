"""Promotions of the shop: imported, weighed for a buyer; held, used or released with an order."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, Sum
from msgspec import Struct
from msgspec.structs import replace

from eka.ledger import models
from eka.ledger.connections import rows, run
from eka.rules.baskets import Priced
from eka.rules.documents import BadInput
from eka.rules.promotion_terms import Limits, Promotion, plain_code
from eka.rules.promotion_text import promotion_from_text, promotion_to_text
from eka.rules.promotions import Applied, Buyer, apply
from eka.usecases.imported import Imported

NOBODY = 0  # the id of no subscriber
GIVES = "SELECT gives FROM order_item WHERE order_id = %s"
SET_STATE = "UPDATE promotion_use SET state = %s WHERE order_id = %s"


class PromotionGone(Exception):
    """A promotion that an order was promised is used up or stopped by now; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NoSuchPromotion(Exception):
    """There is no promotion of this name."""


class Kept(Struct, frozen=True, kw_only=True):
    """A promotion as the shop keeps it; `uses` are those of orders that wait or were paid."""

    promotion: Promotion
    version: int
    stopped_at: datetime | None
    uses: int


class Uses(Struct, frozen=True):
    """How often a promotion is in use, by all and by one person, and what it cost in a currency."""

    in_all: int = 0
    own: int = 0
    spent: int = 0


@transaction.atomic
def import_promotions(promotions: Sequence[Promotion], now: datetime) -> Imported:
    """Brings the shop up to the promotions; what they do not name stays. Raises BadInput.

    Importing the same again changes nothing. One that was stopped is on offer again once its terms
    have changed.
    """
    _need_known(promotions)
    result = Imported([], [], [])
    for promotion in sorted(promotions, key=lambda p: p.name):
        terms = promotion_to_text(promotion)
        row, is_new = models.Promotion.objects.select_for_update().get_or_create(
            name=promotion.name, defaults={"terms": terms, "created_at": now}
        )
        if is_new:
            result.new.append(row.name)
        elif row.terms == terms:
            result.unchanged.append(row.name)
        else:
            row.terms, row.version, row.stopped_at = terms, row.version + 1, None
            row.save(update_fields=["terms", "version", "stopped_at"])
            result.changed.append(row.name)
    return result


def _need_known(promotions: Sequence[Promotion]) -> None:
    names = {promotion.name for promotion in promotions}
    known = {
        "plan": set(models.Plan.objects.values_list("name", flat=True)),
        "carrier": set(models.Carrier.objects.values_list("key", flat=True)),
        "promotion": names | set(models.Promotion.objects.values_list("name", flat=True)),
    }
    for promotion in promotions:
        stacks = promotion.stacks if isinstance(promotion.stacks, tuple) else ()
        named = {
            "plan": promotion.only.plans,
            "carrier": promotion.only.carriers,
            "promotion": stacks,
        }
        for what, wanted in named.items():
            for name in wanted:
                if name not in known[what]:
                    raise BadInput(f"there is no {what} {name!r}", path=promotion.name)


def export_promotions() -> tuple[Promotion, ...]:
    """The promotions on offer, by name; they import to the same."""
    return tuple(kept.promotion for kept in kept_promotions() if kept.stopped_at is None)


def kept_promotions() -> list[Kept]:
    """All promotions that the shop ever had, by name; one query."""
    in_use = Count("uses", filter=~Q(uses__state="released"))
    rows = models.Promotion.objects.annotate(in_use=in_use).order_by("name")
    return [
        Kept(
            promotion=_promotion(row),
            version=row.version,
            stopped_at=row.stopped_at,
            uses=row.in_use,
        )
        for row in rows
    ]


@transaction.atomic
def stop(name: str, now: datetime) -> None:
    """Ends a promotion for all orders that do not hold it yet. Raises NoSuchPromotion."""
    _set_stopped(name, now)


@transaction.atomic
def start(name: str) -> None:
    """Puts a promotion that was stopped on offer again. Raises NoSuchPromotion."""
    _set_stopped(name, None)


def _set_stopped(name: str, at: datetime | None) -> None:
    row = models.Promotion.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise NoSuchPromotion(name)
    if (row.stopped_at is None) != (at is None):
        row.stopped_at = at
        row.save(update_fields=["stopped_at"])


def _promotion(row: models.Promotion) -> Promotion:
    return promotion_from_text(row.name, row.terms)


# ------------------------------------------------------------------------------- for one basket


def applicable(
    subscriber_id: int | None,
    basket: Sequence[Priced],
    currency: str,
    code: str,
    now: datetime,
) -> Applied:
    """What the promotions on offer make of a basket; four queries. None is a visitor.

    Reads only: what it finds may be gone by the time an order is to `hold` it.
    """
    return applicable_each(subscriber_id, [basket], currency, code, now)[0]


def applicable_each(
    subscriber_id: int | None,
    baskets: Sequence[Sequence[Priced]],
    currency: str,
    code: str,
    now: datetime,
) -> list[Applied]:
    """The same for several baskets, of which the buyer takes one; four queries for all of them."""
    found = _on_offer(plain_code(code))
    # Where nothing is on offer it does not matter who buys.
    buyer = _buyer(found.values(), subscriber_id or NOBODY, currency) if found else Buyer()
    on_offer = list(found.values())
    return [apply(on_offer, one, buyer, currency=currency, code=code, now=now) for one in baskets]


def _buyer(promotions: Collection[Promotion], subscriber_id: int, currency: str) -> Buyer:
    """Three queries."""
    uses = _uses(promotions, subscriber_id, currency)
    guests = models.Subscriber.objects.filter(referred_by__isnull=False)
    return Buyer(
        orders_before=_orders_before(subscriber_id),
        referred=guests.filter(pk=subscriber_id).exists(),
        uses={name: use.own for name, use in uses.items()},
        uses_in_all={name: use.in_all for name, use in uses.items()},
        spent={name: use.spent for name, use in uses.items()},
    )


def _on_offer(code: str) -> dict[str, Promotion]:
    """Campaigns, and what the code stands for; one that was stopped is over, and is told so."""
    campaigns = Q(terms__code__isnull=True, stopped_at=None)
    found = {}
    for row in models.Promotion.objects.filter(campaigns | Q(terms__code=code)):
        promotion = _promotion(row)
        stopped = row.stopped_at
        found[row.name] = replace(promotion, ends=stopped) if stopped else promotion
    return found


def _orders_before(subscriber_id: int) -> int:
    """Orders that were paid and not given back as a whole: who got nothing has bought nothing."""
    paid = models.Order.objects.filter(subscriber_id=subscriber_id, paid_at__isnull=False)
    return paid.exclude(state="refunded").count()


def _uses(promotions: Iterable[Promotion], subscriber_id: int, currency: str) -> dict[str, Uses]:
    """How far the promotions' limits are reached; one query, which looks at no more than it must.

    What many have used is counted only where there is a limit for all of them.
    """
    counted = [p.name for p in promotions if p.limits.in_all or p.limits.budget]
    mine = Q(subscriber_id=subscriber_id)
    rows = models.PromotionUse.objects.filter(mine | Q(promotion__name__in=counted))
    rows = rows.exclude(state="released")
    return {
        row["promotion__name"]: Uses(row["in_all"], row["own"], row["spent"] or 0)
        for row in rows.values("promotion__name").annotate(
            in_all=Count("pk"),
            own=Count("pk", filter=mine),
            spent=Sum("amount", filter=Q(currency=currency)),
        )
    }


# ---------------------------------------------------------------------------------- with an order


@transaction.atomic
def hold(order: models.Order, now: datetime) -> None:
    """Holds what the order's promise says, until it is paid for or given up.

    Orders that want the last of something wait for each other here, promotion by promotion in the
    order of their names. Raises PromotionGone, with nothing held.
    """
    off = _promised(order)
    if not off:
        return
    rows = _locked(off)
    promotions = {name: _promotion(row) for name, row in rows.items() if row.stopped_at is None}
    uses = _uses(promotions.values(), order.subscriber_id, order.currency)
    for name in sorted(off):
        held = uses.get(name, Uses())
        if name not in promotions or not _fits(
            promotions[name].limits, held, off[name], order.currency
        ):
            raise PromotionGone(name)
    models.PromotionUse.objects.bulk_create(
        models.PromotionUse(
            promotion=rows[name],
            order=order,
            subscriber_id=order.subscriber_id,
            currency=order.currency,
            amount=amount,
            at=now,
        )
        for name, amount in off.items()
    )


def _promised(order: models.Order) -> Mapping[str, int]:
    """What each promotion of the order's promise takes off; 0 for one that only gives."""
    off = Counter(
        {
            gift["promotion"]: 0
            for (gives,) in rows(GIVES, [order.pk])
            for gift in gives.get("gifts", [])
        }
    )
    for discount in order.promise.get("discounts", []):
        off[discount["promotion"]] += discount["amount"]
    return off


def _locked(names: Collection[str]) -> dict[str, models.Promotion]:
    """The promotions' rows; those with limits are locked, so that who counts next sees our use.

    One without limits is left free: on a day of sales every order of the shop may have it.
    """
    rows = models.Promotion.objects.filter(name__in=names).order_by("name")
    limited = rows.filter(terms__has_key="limits").select_for_update(no_key=True)
    return {row.name: row for row in rows} | {row.name: row for row in limited}


def _fits(limits: Limits, uses: Uses, amount: int, currency: str) -> bool:
    budget = [money.minor for money in limits.budget if money.currency == currency]
    return (
        (limits.per_person is None or uses.own < limits.per_person)
        and (limits.in_all is None or uses.in_all < limits.in_all)
        and (not limits.budget or uses.spent + amount <= sum(budget))
    )


@transaction.atomic(savepoint=False)
def use(order_id: int) -> None:
    """The order is paid. One whose time had run out keeps what it was promised all the same."""
    run(SET_STATE, ["used", order_id])


@transaction.atomic(savepoint=False)
def release(order_id: int) -> None:
    """The order has ended without money, or all of it went back: others may have what it held."""
    run(SET_STATE, ["released", order_id])
