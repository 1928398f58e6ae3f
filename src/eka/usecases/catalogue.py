"""The shop's catalogue: a plan that differs from what is sold becomes a new version."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from eka.ledger import models, offers
from eka.rules.catalogue_text import CarrierText, Catalogue, PlanText, top_up_to_text
from eka.rules.coverage import coverage_to_text
from eka.rules.documents import BadInput
from eka.rules.plan_text import plan_to_text
from eka.rules.plans import Plan
from eka.rules.supply_text import source_to_text
from eka.rules.units import format_duration, format_money
from eka.usecases.imported import Imported


@transaction.atomic
def import_catalogue(catalogue: Catalogue, now: datetime) -> Imported:
    """Brings the shop up to the catalogue; what it does not name stays. Raises BadInput.

    Importing the same again changes nothing.
    """
    for carrier in catalogue.carriers:
        fields = {"name": carrier.name, "country": carrier.country}
        networks = list(carrier.networks)
        models.Carrier.objects.update_or_create(
            key=carrier.key, defaults={**fields, "networks": networks}
        )
    result = Imported([], [], [])
    known = set(models.Carrier.objects.values_list("key", flat=True))
    for plan in catalogue.plans:
        if plan.carrier is not None and plan.carrier not in known:
            raise BadInput(f"there is no carrier {plan.carrier!r}", path=plan.plan.name)
        _import_plan(plan, now, result)
    return result


def _import_plan(text: PlanText, now: datetime, result: Imported) -> None:
    shown = {
        "carrier_id": text.carrier,
        "title": text.title,
        "countries": list(text.countries),
        "source": text.source,
        "prices": [format_money(price) for price in text.prices],
        "top_ups": [top_up_to_text(offer) for offer in text.top_ups],
        "supply": [source_to_text(source) for source in text.supply],
        "coverage": coverage_to_text(text.coverage),
        "starts": text.starts,
        "activate_within": format_duration(text.activate_within) if text.activate_within else "",
    }
    row, is_new = models.Plan.objects.select_for_update().get_or_create(
        name=text.plan.name, defaults=shown
    )
    if is_new:
        result.new.append(row.name)
    elif not _differs(row, shown) and not _add_version(row, text.plan, now):
        result.unchanged.append(row.name)
        return
    else:
        models.Plan.objects.filter(pk=row.pk).update(**shown)
        result.changed.append(row.name)
    _add_version(row, text.plan, now)


def _differs(row: models.Plan, shown: Mapping[str, object]) -> bool:
    return any(getattr(row, field) != value for field, value in shown.items())


def _add_version(row: models.Plan, plan: Plan, now: datetime) -> bool:
    """Adds a version unless the newest has these very terms; says whether it did."""
    terms = plan_to_text(plan)
    newest = row.versions.order_by("-number").first()
    if newest is not None and newest.terms == terms:
        return False
    number = newest.number + 1 if newest else 1
    row.versions.create(number=number, terms=terms, created_at=now)
    return True


def sell(plan: Plan, now: datetime) -> None:
    """Puts a plan on sale under these terms."""
    import_catalogue(Catalogue((), (PlanText(plan),)), now)


def export_catalogue() -> Catalogue:
    """The shop's carriers and the plans on sale, in their newest version."""
    sold = offers.on_sale()
    carriers = {
        offer.carrier.key: CarrierText(
            *(getattr(offer.carrier, f) for f in CarrierText.__struct_fields__)
        )
        for offer in sold
        if offer.carrier
    }
    plans = [
        PlanText(
            plan=offer.plan,
            carrier=offer.carrier.key if offer.carrier else None,
            title=offer.title,
            countries=offer.countries,
            source=offer.source,
            prices=offer.prices,
            top_ups=offer.top_ups,
            supply=offer.supply,
            coverage=offer.coverage,
            starts=offer.starts,
            activate_within=offer.activate_within,
        )
        for offer in sold
    ]
    return Catalogue(tuple(carriers.values()), tuple(plans))
