"""What wholesalers sell, and our credit with them, is read from time to time and told in time."""

from datetime import timedelta

import msgspec
import pytest
from tests.gateways.suppliers.airalo.stage import OddAiralo
from tests.usecases.metering.conftest import PACKAGES, World
from tests.usecases.metering.supplied_lines import NOON, cases

from eka.gateways.sandbox.courier import Courier, Mischief
from eka.gateways.sandbox.records import Records
from eka.gateways.sandbox.serving import opened
from eka.gateways.suppliers.airalo import AiraloSettings, AiraloSupplier
from eka.ledger import models
from eka.rules.units import Money, format_money
from eka.usecases.addresses import supply_notify_url
from eka.usecases.supplier_sync import sync_due
from eka.usecases.suppliers import use_suppliers

AIRALO, ACCESS = PACKAGES["airalo"], PACKAGES["esimaccess"]


def stand(supplier: str = "airalo") -> models.SupplierStand:
    return models.SupplierStand.objects.get(pk=supplier)


def package(code: str = AIRALO, supplier: str = "airalo") -> models.SupplierPackage:
    return models.SupplierPackage.objects.get(supplier=supplier, code=code)


def sell(plan: str, *sources: dict[str, object]) -> None:
    """Olga sells a plan that comes from there."""
    models.Plan.objects.filter(name=plan).update(supply=list(sources))


def cost(code: str = AIRALO, supplier: str = "airalo") -> str:
    row = package(code, supplier)
    return format_money(Money(row.cost, row.currency))


def test_the_list_and_the_credit_of_each_supplier_are_kept(world: World) -> None:
    assert sync_due(NOON) == 2

    for supplier, code in PACKAGES.items():
        assert stand(supplier).balance is not None
        assert stand(supplier).packages_at == NOON
        sold = package(code, supplier)
        assert (sold.data, sold.days, sold.gone_at) == (2**30, 7, None)
        assert sold.countries == ["JP"]
        listed = {one.code for one in world.suppliers[supplier].packages()}
        kept = models.SupplierPackage.objects.filter(supplier=supplier)
        assert set(kept.values_list("code", flat=True)) == listed


def heard_at(address: str) -> None:
    """Airalo knows this address of ours already."""
    models.SupplierStand.objects.create(supplier="airalo", notified_at=address)


def test_a_supplier_that_does_not_find_us_is_told_our_address_again(world: World) -> None:
    sync_due(NOON)
    assert (stand().notified_at, stand().last_error) == ("", "")  # nobody answers HEAD there
    assert sync_due(NOON + timedelta(minutes=6)) == 1


def test_a_supplier_learns_where_we_are_now(world: World) -> None:
    models.SupplierStand.objects.create(supplier="esimaccess", notified_at="http://old.example")
    sync_due(NOON)
    assert stand("esimaccess").notified_at == supply_notify_url("esimaccess")
    kept = world.boxes["esimaccess"].records.get("webhook", "url")
    assert kept == {"webhook": supply_notify_url("esimaccess")}


def test_credit_is_read_every_quarter_of_an_hour_and_the_list_every_six_hours(
    world: World,
) -> None:
    heard_at(supply_notify_url("airalo"))
    sync_due(NOON)
    assert sync_due(NOON + timedelta(minutes=14)) == 0

    world.trouble(credit=123_45)
    assert sync_due(world.clock.forward(minutes=15)) == 2
    assert (stand().balance, stand().balance_at) == (123_45, NOON + timedelta(minutes=15))
    assert stand().packages_at == NOON
    sync_due(world.clock.forward(hours=6))
    assert stand().packages_at == world.clock.now()


def test_what_is_new_changed_or_gone_is_noted(world: World) -> None:
    sync_due(NOON)
    gone = package("moshi-moshi-30days-3gb")
    gone.code = gone.title = "was-sold-once"
    gone.pk = None
    gone.save(force_insert=True)
    models.SupplierPackage.objects.filter(code="moshi-moshi-30days-3gb").delete()
    before = package().cost

    world.trouble(price_percent=200)
    now = world.clock.forward(hours=6)
    sync_due(now)

    assert package().cost == 2 * before
    assert package("moshi-moshi-30days-3gb").gone_at is None
    assert package("was-sold-once").gone_at == now
    sync_due(world.clock.forward(hours=6))
    assert package("was-sold-once").gone_at == now


def test_a_price_above_what_a_plan_allows_is_a_case_as_long_as_it_is(world: World) -> None:
    sync_due(NOON)
    sell("small", {"supplier": "airalo", "package": AIRALO, "cost_max": cost()})
    sync_due(world.clock.forward(hours=6))
    assert cases("cost_rose") == []

    world.trouble(price_percent=120)
    for _ in range(2):
        sync_due(world.clock.forward(hours=6))

    (case,) = cases("cost_rose")
    assert (case.facts["plan"], case.facts["cost"]) == ("small", cost())
    world.trouble()
    sync_due(world.clock.forward(hours=6))
    assert cases("cost_rose") == []


@pytest.mark.parametrize(
    "source",
    [
        {"package": "sold-out"},
        {"package": AIRALO, "renews": "sold-out"},
        {"package": AIRALO, "top_ups": {"1GB": "sold-out"}},
    ],
)
def test_a_package_that_a_plan_needs_and_nobody_sells_is_a_case_while_it_needs_it(
    world: World, source: dict[str, object]
) -> None:
    sell("small", {"supplier": "airalo", **source}, {"supplier": "else", "package": "unknown"})

    for _ in range(2):
        sync_due(world.clock.forward(hours=6))
    assert [case.facts["package"] for case in cases("package_gone")] == ["sold-out"]

    sell("small", {"supplier": "airalo", "package": AIRALO})
    sync_due(world.clock.forward(hours=6))
    assert cases("package_gone") == []


def test_a_plan_that_is_not_on_sale_needs_nothing(world: World) -> None:
    sell("small", {"supplier": "airalo", "package": "sold-out"})
    models.Plan.objects.update(on_sale=False)

    sync_due(NOON)

    assert cases("package_gone") == []


def test_credit_that_is_low_is_a_case_until_it_is_not_and_another_the_next_time(
    world: World,
) -> None:
    for credit, open_cases in ((49_99, 1), (30_00, 1), (50_00, 0), (49_99, 1)):
        world.trouble(credit=credit)
        sync_due(world.clock.forward(minutes=15))
        assert len(cases("low_credit")) == open_cases
    assert models.Case.objects.filter(kind="low_credit").count() == 2
    assert cases("low_credit")[0].facts == {"supplier": "airalo", "credit": "49.99 USD"}


def test_an_empty_list_is_taken_for_a_defect(world: World) -> None:
    sync_due(NOON)
    records = Records()
    odd = OddAiralo(records, Courier(records, world.clock.now, seed=1))
    credit = b'{"data": {"balances": {"availableBalance": {"amount": 7.5, "currency": "USD"}}}}'
    odd.says, odd.heard = [(200, credit), (200, b'{"data": []}')], []

    with opened([odd]):
        settings = msgspec.convert(odd.settings(), AiraloSettings)
        use_suppliers({"airalo": AiraloSupplier("airalo", settings, world.clock.now)})
        now = world.clock.forward(hours=6)
        sync_due(now)

    assert (stand().balance, stand().packages_at, stand().last_error) == (7_50, now, "")
    assert package().gone_at is None


def test_a_supplier_that_does_not_answer_stays_as_it_was_with_its_error(world: World) -> None:
    sync_due(NOON)
    known = package().seen_at
    world.boxes["airalo"].courier.mischief = Mischief(held=True, down=True)

    now = world.clock.forward(hours=6)
    assert sync_due(now) == 2

    assert stand().last_error != ""
    assert stand().next_sync == now + timedelta(minutes=5)
    assert (stand().packages_at, package().seen_at, package().gone_at) == (NOON, known, None)
    assert stand("esimaccess").packages_at == now

    world.boxes["airalo"].courier.mischief = Mischief(held=True)
    sync_due(world.clock.forward(minutes=5))
    assert (stand().last_error, stand().packages_at) == ("", world.clock.now())
