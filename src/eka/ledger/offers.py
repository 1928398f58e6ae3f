"""What the shop sells: plans on sale with their carriers, in their newest version."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from eka.ledger import models
from eka.ledger.plans import remember
from eka.rules.baskets import TopUpOffer
from eka.rules.catalogue_text import Starts, read_top_up
from eka.rules.coverage import Coverage, read_coverage
from eka.rules.documents import from_plain, read_list
from eka.rules.plans import Plan
from eka.rules.supply import Source
from eka.rules.supply_text import read_supply
from eka.rules.units import Duration, Money, parse_duration, parse_money


class Carrier(Struct, frozen=True):
    """A network brand; `networks` are MCC+MNC codes, `country` is ISO 3166-1 alpha-2."""

    key: str
    name: str
    country: str
    networks: tuple[str, ...]


class Offer(Struct, frozen=True):
    """A plan on sale, with what a shop shows of it."""

    plan: Plan
    title: dict[str, str]
    carrier: Carrier | None
    countries: tuple[str, ...]
    source: str
    prices: tuple[Money, ...] = ()  # in further currencies than the plan's own
    top_ups: tuple[TopUpOffer, ...] = ()
    stock: int | None = None
    supply: tuple[Source, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    starts: Starts = "purchase"
    activate_within: Duration | None = None


def on_sale() -> list[Offer]:
    """Every plan on sale, by name; one query."""
    newest = models.PlanVersion.objects.filter(plan__on_sale=True)
    newest = newest.select_related("plan__carrier").order_by("plan__name", "-number")
    return [_offer(row) for row in newest.distinct("plan__name")]


def find(name: str) -> Offer | None:
    """The plan of this name in its newest version; None where there is none."""
    rows = models.PlanVersion.objects.filter(plan__name=name).select_related("plan__carrier")
    row = rows.order_by("-number").first()
    return None if row is None else _offer(row)


def _carrier(row: models.Carrier) -> Carrier:
    return Carrier(row.key, row.name, row.country, tuple(row.networks))


def _offer(row: models.PlanVersion) -> Offer:
    plan, carrier = row.plan, row.plan.carrier
    return Offer(
        plan=remember(row),
        title=plan.title,
        carrier=None if carrier is None else _carrier(carrier),
        countries=tuple(plan.countries),
        source=plan.source,
        prices=tuple(parse_money(text) for text in plan.prices),
        top_ups=read_list(read_top_up)(from_plain(plan.top_ups)) if plan.top_ups else (),
        stock=plan.stock,
        supply=sources(plan.supply),
        coverage=read_coverage(from_plain(plan.coverage)) if plan.coverage else (),
        starts="first_use" if plan.starts == "first_use" else "purchase",
        activate_within=parse_duration(plan.activate_within) if plan.activate_within else None,
    )


def sources(kept: Sequence[Any]) -> tuple[Source, ...]:
    """Where a plan's profiles come from, as its row keeps it."""
    return read_supply(from_plain(list(kept))) if kept else ()
