"""Before a promotion starts: who would get what, and what it would cost at most."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from django.db.models import Count, F, Q, QuerySet, Sum
from msgspec import Struct
from msgspec.structs import replace

from eka.ledger import models
from eka.ledger.offers import Offer, on_sale
from eka.rules.baskets import Gives, ItemKind, Priced
from eka.rules.promotion_terms import Promotion, closed, suits
from eka.rules.promotion_text import promotion_from_text
from eka.rules.promotions import Buyer, apply
from eka.rules.units import Money
from eka.usecases.promotions import NoSuchPromotion

EXAMPLES_MAX = 10
NO_DAY = datetime.min.replace(tzinfo=UTC)


class Sample(Struct, frozen=True, kw_only=True):
    """What the promotion does to one thing that is sold, bought alone at its list price.

    `buyers` are the lines that it could be bought for; of a new line, the people who could buy it.
    `refused` says why the promotion does nothing here.
    """

    kind: ItemKind
    plan: str
    price: Money
    times: int = 1
    off: int = 0
    gives: Gives | None = None
    refused: str = ""
    buyers: int = 0


class Example(Struct, frozen=True):
    """Somebody who would get it, by their line."""

    subscriber: int
    name: str
    line: int
    label: str
    plan: str


class Most(Struct, frozen=True):
    """The most that is taken off, one sum a currency, and the most bytes that are given."""

    cost: tuple[Money, ...]
    bonus: int


class Preview(Struct, frozen=True, kw_only=True):
    """Who would get what. `now` is why it does not hold at this moment ("": it does).

    `people` are those whom it is for and whose own limit is not reached. `most` is what it comes to
    if each of them buys a new line, and one thing for every line that they have, whatever gains
    them most, each in an order of its own, as far as the promotion's limits go.
    """

    promotion: Promotion
    now: str
    people: int
    samples: tuple[Sample, ...]
    most: Most
    examples: tuple[Example, ...]


def preview(name: str, now: datetime) -> Preview:
    """Looks ahead as if the promotion held now; reads only. Raises NoSuchPromotion."""
    row = models.Promotion.objects.filter(name=name).first()
    if row is None:
        raise NoSuchPromotion(name)
    promotion = promotion_from_text(row.name, row.terms)
    people = _people(promotion, row)
    periods = _periods(people)
    on_plan, everybody = _on_plans(periods), people.count()
    samples = tuple(
        _tried(
            promotion,
            item,
            currency,
            everybody if item.kind == "new_line" else on_plan[offer.plan.name],
        )
        for offer in on_sale()
        for item, currency in _items(promotion, offer)
    )
    return Preview(
        promotion=promotion,
        now="stopped" if row.stopped_at else closed(promotion, now) or "",
        people=everybody,
        samples=samples,
        most=_most(promotion, row, samples, everybody),
        examples=_examples(periods, samples),
    )


# ------------------------------------------------------------------------------------------ who


def _people(promotion: Promotion, row: models.Promotion) -> QuerySet[models.Subscriber]:
    """Whom the promotion is for, and who may still use it."""
    people = models.Subscriber.objects.order_by()
    if promotion.only.first_purchase:
        bought = models.Order.objects.filter(paid_at__isnull=False).exclude(state="refunded")
        people = people.exclude(pk__in=bought.values("subscriber"))
    if promotion.only.referred:
        people = people.filter(referred_by__isnull=False)
    if promotion.limits.per_person is not None:
        own = Q(promotionuse__promotion=row) & ~Q(promotionuse__state="released")
        people = people.annotate(used=Count("promotionuse", filter=own))
        people = people.filter(used__lt=promotion.limits.per_person)
    return people


def _periods(people: QuerySet[models.Subscriber]) -> QuerySet[models.Period]:
    """The present period of each of their lines that can be renewed."""
    present = models.Period.objects.filter(
        line__kept__period_number=F("number"), line__kept__state__in=("active", "lapsed")
    )
    return present.filter(line__subscriber__in=people.values("pk"))


def _on_plans(periods: QuerySet[models.Period]) -> Counter[str]:
    """How many of the lines are on each plan."""
    plans = periods.values_list("plan_version__plan__name")
    return Counter(dict(plans.annotate(lines=Count("line_id")).order_by()))


def _examples(periods: QuerySet[models.Period], samples: Sequence[Sample]) -> tuple[Example, ...]:
    """The first few lines that would get something."""
    plans = {s.plan for s in samples if not s.refused and s.kind != "new_line"}
    told = periods.filter(plan_version__plan__name__in=plans).order_by("line_id")
    columns = ("line__subscriber_id", "line__subscriber__name", "line_id", "line__label")
    rows = told.values_list(*columns, "plan_version__plan__name")
    return tuple(Example(*row) for row in rows[:EXAMPLES_MAX])


# ----------------------------------------------------------------------------------------- what


def _items(promotion: Promotion, offer: Offer) -> Iterator[tuple[Priced, str]]:
    """What is sold of a plan that the promotion is for, each alone at a list price."""
    plan = offer.plan
    own = (plan.price,) if plan.price else ()
    times = -(-promotion.only.times // plan.term)
    sold: list[tuple[ItemKind, int, Sequence[Money]]] = [
        ("new_line", 1, (*own, *offer.prices)),
        ("renewal", times, (*own, *offer.prices)),
        ("add_on", 1, (*own, *offer.prices)),
        *(("top_up", 1, top_up.prices) for top_up in offer.top_ups),
    ]
    for kind, number, prices in sold:
        price = _shown_price(promotion, prices)
        if price is None:
            continue
        item = Priced(
            position=0,
            kind=kind,
            plan=plan,
            price=price.minor * number,
            carrier=offer.carrier.key if offer.carrier else "",
            times=number,
        )
        if suits(promotion, item):
            yield item, price.currency


def _shown_price(promotion: Promotion, prices: Sequence[Money]) -> Money | None:
    """The first price in a currency that the promotion's own amounts are in, else the first."""
    named = {money.currency for money in promotion.does.amount}
    in_named = (price for price in prices if price.currency in named)
    return next(in_named, prices[0] if prices else None)


def _tried(promotion: Promotion, item: Priced, currency: str, buyers: int) -> Sample:
    """The promotion on this item, whatever the day, for somebody whom it is for."""
    always = replace(promotion, starts=None, ends=None, only=replace(promotion.only, season=None))
    applied = apply(
        [always], [item], Buyer(referred=True), currency=currency, code=always.code, now=NO_DAY
    )
    assert item.plan is not None
    return Sample(
        kind=item.kind,
        plan=item.plan.name,
        price=Money(item.price, currency),
        times=item.times,
        off=applied.off(promotion.name),
        gives=applied.gives[0].gives if applied.gives else None,
        refused=applied.refused[0].reason if applied.refused else "",
        buyers=buyers,
    )


# ------------------------------------------------------------------------------------- how much


def _most(
    promotion: Promotion, row: models.Promotion, samples: Sequence[Sample], people: int
) -> Most:
    """The dearest purchases first, as many as there are buyers, and as the limits allow."""
    in_use = row.uses.exclude(state="released")
    limits = promotion.limits
    left = sum(sample.buyers for sample in samples)
    if limits.in_all is not None:
        left = min(left, max(0, limits.in_all - in_use.count()))
    if limits.per_person is not None:
        left = min(left, limits.per_person * people)
    cost: Counter[str] = Counter()
    bonus = 0
    for sample in sorted(_dearest(samples), key=_dear, reverse=True):
        buyers = min(sample.buyers, left)
        left -= buyers
        cost[sample.price.currency] += buyers * sample.off
        bonus += buyers * (sample.gives.bonus if sample.gives else 0)
    for budget in limits.budget:
        spent = in_use.filter(currency=budget.currency).aggregate(sum=Sum("amount"))["sum"] or 0
        cost[budget.currency] = min(cost[budget.currency], max(0, budget.minor - spent))
    return Most(tuple(Money(minor, currency) for currency, minor in cost.items() if minor), bonus)


def _dearest(samples: Sequence[Sample]) -> Collection[Sample]:
    """Of new lines the one that costs most, and of what can be bought for a line of each plan."""
    dearest: dict[str, Sample] = {}
    for sample in sorted(samples, key=_dear):
        dearest["" if sample.kind == "new_line" else sample.plan] = sample
    return dearest.values()


def _dear(sample: Sample) -> tuple[int, int]:
    return sample.off, sample.gives.bonus if sample.gives else 0
