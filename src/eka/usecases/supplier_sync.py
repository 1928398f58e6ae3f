"""What suppliers sell, and our credit with them, read from time to time.

Nothing is bought by this. A supplier that does not answer is left as it was, with its error.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from eka.gateways.suppliers.terms import Package, Supplier, SupplierError
from eka.ledger import models
from eka.ledger.connections import rows
from eka.ledger.offers import sources
from eka.rules.supply import Source
from eka.rules.units import Money, format_money, minor_digits
from eka.usecases.addresses import supply_notify_url
from eka.usecases.lasting_cases import close_while, open_while
from eka.usecases.suppliers import suppliers

log = logging.getLogger(__name__)

BALANCE_EVERY = timedelta(minutes=15)
PACKAGES_EVERY = timedelta(hours=6)
AGAIN = timedelta(minutes=5)  # after an error
LEASE = timedelta(minutes=5)
ERROR_LENGTH_MAX = 500

# Below so much credit, in major units of its currency, staff is told: some twenty small profiles.
LOW_CREDIT = 50

About = tuple[str, str]  # a kind of case, and what it is about

CLAIM = """
INSERT INTO supplier_stand AS stand (supplier, currency, last_error, next_sync)
VALUES (%(supplier)s, '', '', %(lease)s)
ON CONFLICT (supplier) DO UPDATE SET next_sync = %(lease)s
WHERE stand.next_sync IS NULL OR stand.next_sync <= %(now)s
RETURNING supplier
"""

CHANGEABLE = (
    *("title", "data", "days", "cost", "currency", "countries", "networks", "stock"),
    *("top_up_of", "seen_at", "gone_at"),
)


def sync_due(now: datetime) -> int:
    """Reads what each supplier sells, and our credit, where it is time; how many were asked."""
    return sum(_sync(opened, now) for opened in suppliers().values() if _claim(opened.name, now))


@transaction.atomic
def _claim(supplier_name: str, now: datetime) -> bool:
    """Whether it is this supplier's turn, and ours to ask it."""
    return bool(rows(CLAIM, {"supplier": supplier_name, "now": now, "lease": now + LEASE}))


def _sync(opened: Supplier, now: datetime) -> int:
    stand = models.SupplierStand.objects.get(pk=opened.name)
    try:
        _read_balance(opened, now)
        if stand.packages_at is None or now >= stand.packages_at + PACKAGES_EVERY:
            _read_packages(opened, now)
        subscribed = _subscribe(opened, stand.notified_at)
    except SupplierError as error:
        log.warning("%s cannot be read: %s", opened.name, error)
        wait = max(AGAIN, timedelta(seconds=getattr(error, "wait_s", 0)))
        _note(opened.name, last_error=str(error)[:ERROR_LENGTH_MAX], next_sync=now + wait)
    else:
        wait = BALANCE_EVERY if subscribed else AGAIN
        _note(opened.name, last_error="", next_sync=now + wait)
    return 1


def _subscribe(opened: Supplier, notified_at: str) -> bool:
    """Has the supplier's notifications sent to us, once for each address; whether they are."""
    address = supply_notify_url(opened.name)
    if address == notified_at:
        return True
    try:
        opened.subscribe(address)
    except SupplierError as error:
        log.warning("%s does not send us its notifications: %s", opened.name, error)
        return False
    _note(opened.name, notified_at=address)
    return True


def _note(supplier_name: str, **fields: str | int | datetime | None) -> None:
    models.SupplierStand.objects.update_or_create(pk=supplier_name, defaults=fields)


# ---------------------------------------------------------------------------------------- credit


def _read_balance(opened: Supplier, now: datetime) -> None:
    """Takes over our credit; one that is low is a case until it is not."""
    balance = opened.balance()
    if balance is None:
        return
    _take_balance(opened.name, balance, now)


@transaction.atomic
def _take_balance(name: str, balance: Money, now: datetime) -> None:
    _note(name, balance=balance.minor, currency=balance.currency, balance_at=now)
    if balance.minor < LOW_CREDIT * 10 ** minor_digits(balance.currency):
        open_while("low_credit", name, now, {"supplier": name, "credit": format_money(balance)})
    else:
        close_while("low_credit", name, now, f"credit is {format_money(balance)}")


# -------------------------------------------------------------------------------------- packages


def _read_packages(opened: Supplier, now: datetime) -> None:
    """Takes over the list. An empty one is taken for a defect, not for an empty shop."""
    if packages := opened.packages():
        _take_packages(opened.name, packages, now)
    _note(opened.name, packages_at=now)


@transaction.atomic
def _take_packages(name: str, packages: Sequence[Package], now: datetime) -> None:
    listed = {package.code: _row(name, package, now) for package in packages}
    models.SupplierPackage.objects.bulk_create(
        listed.values(),
        update_conflicts=True,
        unique_fields=["supplier", "code"],
        update_fields=CHANGEABLE,
    )
    missing = models.SupplierPackage.objects.filter(supplier=name, gone_at=None)
    missing.exclude(seen_at=now).update(gone_at=now)
    costs = {package.code: package.cost for package in packages}
    _tell_staff(name, dict(_wrong(name, costs)), now)


def _row(name: str, package: Package, now: datetime) -> models.SupplierPackage:
    return models.SupplierPackage(
        supplier=name,
        code=package.code,
        title=package.title,
        data=package.data,
        days=package.days,
        cost=package.cost.minor,
        currency=package.cost.currency,
        countries=list(package.countries),
        networks=list(package.networks),
        stock=package.stock,
        top_up_of=package.top_up_of,
        seen_at=now,
        gone_at=None,
    )


def _sources(supplier_name: str) -> Iterator[tuple[str, Source]]:
    """The plans on sale that get something from this supplier, each with its source."""
    for plan in models.Plan.objects.filter(on_sale=True).exclude(supply=[]).order_by("name"):
        for source in sources(plan.supply):
            if source.supplier == supplier_name:
                yield plan.name, source


def _wrong(name: str, costs: Mapping[str, Money]) -> Iterator[tuple[About, dict[str, str]]]:
    """What plans on sale want of this supplier, and it sells too dear or not at all."""
    for plan, source in _sources(name):
        facts = {"plan": plan, "supplier": name, "package": source.package}
        cost, most = costs.get(source.package), source.cost_max
        if cost and most and (cost.currency != most.currency or cost.minor > most.minor):
            said = {"cost": format_money(cost), "cost_max": format_money(most)}
            yield ("cost_rose", f"{plan}:{name}/{source.package}"), facts | said
        for package in {source.package, source.renews, *source.top_ups.values()} - {"", *costs}:
            yield ("package_gone", f"{plan}:{name}/{package}"), {**facts, "package": package}


def _tell_staff(name: str, wrong: Mapping[About, dict[str, str]], now: datetime) -> None:
    """A case for each, until it is so no more: at the supplier, or because the plan is another."""
    for (kind, about), facts in wrong.items():
        open_while(kind, about, now, facts)
    kinds = ("cost_rose", "package_gone")
    known = models.Case.objects.filter(kind__in=kinds, closed_at=None, facts__supplier=name)
    for case in known:
        about = f"{case.facts['plan']}:{name}/{case.facts['package']}"
        if (case.kind, about) not in wrong:
            close_while(case.kind, about, now, "over")
