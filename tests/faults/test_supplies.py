"""Hundreds of paid orders at suppliers that lose, repeat, delay and refuse; then they are counted.

`EKA_SUPPLIES_SEED` tells it again, `EKA_SUPPLIES_COUNT` makes it longer: some thousands by hand.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.faults.supplies import Mortal, Supplies
from tests.faults.test_purchases import Clock, clock
from tests.selling import SHOP

from eka.gateways.sandbox.serving import opened
from eka.gateways.suppliers.opening import open_tables
from eka.gateways.suppliers.sandbox.counter import SupplierSandbox
from eka.gateways.suppliers.sandbox.market import open_suppliers_market
from eka.ledger import audit, connections, models
from eka.rules.catalogue_text import read_catalogue
from eka.rules.units import Money
from eka.usecases import wallets
from eka.usecases.catalogue import import_catalogue
from eka.usecases.shop import set_shop
from eka.usecases.suppliers import use_suppliers

__all__ = ["clock"]

SEED = int(os.environ.get("EKA_SUPPLIES_SEED") or random.randrange(10**6))
COUNT = int(os.environ.get("EKA_SUPPLIES_COUNT") or 40)
BUYERS = 20
RICH = Money(10**9, "USD")

# Airalo tells of whole megabytes.
ROUNDED = {"airalo": 2**20, "esimaccess": 1}

AIRALO = (
    "{supplier: airalo, package: moshi-moshi-7days-1gb, renews: moshi-moshi-7days-1gb-topup,"
    " cost_max: 4.00 USD}"
)
ACCESS = "{supplier: esimaccess, package: CKH179, renews: TOPUP_CKH179, cost_max: 1.00 USD}"
OWN = "{supplier: es2plus, package: eka-travel, pool: 4, low: 1}"
TERMS = "data: 5GB, period: 30d, price: 12.00 USD, rollover: {}"
PLANS = f"""
plans:
  own: {{{TERMS}, supply: [{OWN}]}}
  travel: {{{TERMS}, supply: [{AIRALO}]}}
  roam: {{{TERMS}, supply: [{ACCESS}, {AIRALO}]}}
  world: {{{TERMS}, supply: [{AIRALO}, {ACCESS}, {OWN}]}}
"""


@pytest.fixture
def market(clock: Clock) -> Iterator[dict[str, SupplierSandbox]]:
    """New sandboxes, which send nothing by themselves."""
    boxes = open_suppliers_market(None, clock.now, seed=SEED)
    with opened(list(boxes.values())):
        yield boxes
    use_suppliers({})


@pytest.fixture
def world(
    committed_ledger: None,
    clock: Clock,
    market: dict[str, SupplierSandbox],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Supplies]:
    """A shop whose buyers have money in their wallets."""
    world = Supplies(market, random.Random(SEED), clock.now(), COUNT)
    clock.world = world  # type: ignore[assignment]  # it has the time, and that is all
    monkeypatch.setattr(connections, "cursor", world.fate.cursor)
    tables = {name: box.settings() for name, box in market.items()}
    use_suppliers({name: Mortal(real, world.fate) for name, real in open_tables(tables).items()})
    import_catalogue(read_catalogue(PLANS), world.now)
    set_shop(SHOP, world.now)
    for nth in range(BUYERS):
        buyer = models.Subscriber.objects.create(name=f"Buyer {nth}")
        wallets.give(buyer.pk, RICH, why="goodwill", key=f"rich-{nth}", now=world.now)
    address = "http://127.0.0.1:9/supply/notify"
    world.say("es2plus", "operator", {"url": f"{address}/es2plus"})
    market["esimaccess"].records.put("webhook", "url", {"webhook": f"{address}/esimaccess"})
    yield world
    world.http.close()


def test_each_paid_order_ends_with_exactly_one_profile_or_one_refund(world: Supplies) -> None:
    while world.to_come:
        world.tick()
    for _ in range(COUNT):
        world.tick()
    world.calm()
    told = [f"seed {SEED}, {COUNT} orders", *(f"{n}: {c}" for n, c in sorted(world.counts.items()))]
    print("\n".join(told))
    assert world.counts["killed"], told
    wrong = [*_orders(), *_profiles(world), *_suppliers(world), *_data(world), *_books()]
    assert not wrong, "\n".join([*told, *wrong])


def _orders() -> list[str]:
    """Delivered, with a profile of its own for each line; or refunded once, with nothing left."""
    wrong = []
    for order in models.Order.objects.order_by("pk"):
        back = sum(order.refunds.filter(state="done").values_list("amount", flat=True))
        left = order.items.filter(state="done").exists()
        if order.state == "fulfilled":
            wrong += _delivered(order)
        if order.state not in ("fulfilled", "refunded"):
            wrong.append(f"{order.number} is still {order.state}")
        if back != (order.total if order.state == "refunded" else 0):
            wrong.append(f"{order.number} is {order.state}, and {back} of {order.total} went back")
        if order.state == "refunded" and left:
            wrong.append(f"{order.number} was refunded, and something of it is there")
    return wrong


def _delivered(order: models.Order) -> list[str]:
    """A line that was bought has one profile, as long as it is not closed."""
    lines = order.items.filter(kind="new_line").values_list("line_id", flat=True)
    held = {
        line: models.Profile.objects.filter(line_id=line, current=True).count() for line in lines
    }
    return [f"{order.number}: its line has {n} profiles" for n in held.values() if n != 1]


def _profiles(world: Supplies) -> list[str]:
    """What suppliers sold is ours: on a line, spare, or given back."""
    wrong = []
    known = dict(models.Profile.objects.values_list("iccid", "supplier"))
    for name in world.market:
        for sold in world.sold(name):
            if sold["code"] and known.get(sold["iccid"]) != name:
                wrong.append(f"{name} sold {sold['iccid']}, and nobody has it")
    for profile in models.Profile.objects.filter(line=None, spare=False, final=False):
        wrong.append(f"{profile.iccid} is neither on a line nor spare")
    shared = models.Supply.objects.exclude(profile=None).values_list("need", flat=True)
    wrong += [f"{need} was met {n} times" for need, n in Counter(shared).items() if n > 2]
    return wrong


def _suppliers(world: Supplies) -> list[str]:
    """No number of ours was ever sold twice, and no order with a supplier is without an end."""
    wrong = []
    for name in world.market:
        numbers = Counter(sold["number"] for sold in world.sold(name) if sold["number"])
        wrong += [f"{name}: {number} was sold {n} times" for number, n in numbers.items() if n > 1]
    open_ = models.Supply.objects.filter(state__in=("asked", "placed"))
    return wrong + [f"{one.number} of {one.need} at {one.supplier} is open" for one in open_]


def _data(world: Supplies) -> list[str]:
    """What suppliers say was used is what lines were debited for, and no more data was bought."""
    wrong = []
    for name in ("airalo", "esimaccess"):
        for sold in world.sold(name):
            profile = models.Profile.objects.filter(iccid=sold["iccid"]).first()
            if profile is None or profile.line_id is None or not profile.current:
                continue
            used = models.Entry.objects.filter(line_id=profile.line_id, code="used")
            debited = sum(used.values_list("bytes", flat=True))
            state = models.LineState.objects.get(pk=profile.line_id)
            off = debited + state.unserved - sold["used"]
            if state.state == "active" and not 0 <= off < ROUNDED[name]:
                wrong.append(f"{sold['iccid']}: used {sold['used']}, debited {debited}")
    return wrong


def _books() -> list[str]:
    failures = [failure for lines in audit.ranges() for failure in audit.audit(lines)]
    return [f"audit: {one}" for one in [*failures, *audit.audit_money()]]
