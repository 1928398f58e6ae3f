"""A line whose data comes from a wholesaler: what is renewed here is bought there, once."""

from datetime import timedelta

import pytest
from tests.usecases.supplying.conftest import SupplyingShop, source

from eka.gateways.suppliers.terms import Held
from eka.ledger import models
from eka.rules.baskets import RenewalItem, TopUpItem
from eka.usecases.goods import UnableToQuote
from eka.usecases.suppliers import supplier

WHOLESALERS = ("airalo", "esimaccess")
GIB = 2**30
TOP_UPS = ", top_ups: [{data: 1GB, validity: 30d, prices: [2.00 USD]}]"


def held(shop: SupplyingShop, name: str, sold: str = "") -> models.Profile:
    """Alice's eSIM from this wholesaler."""
    shop.offer(sold or source(name), more=TOP_UPS)
    order = shop.buy_abroad()
    shop.supply()
    return shop.profile_of(order)


def bought_there(profile: models.Profile) -> int | None:
    """The bytes that its supplier has sold for the profile."""
    asked = [Held(iccid=profile.iccid, reference=profile.reference, package=profile.package)]
    (report,) = supplier(profile.supplier).usage(asked)
    return report.total


@pytest.mark.parametrize("name", WHOLESALERS)
def test_a_renewal_is_bought_of_the_supplier_before_it_is_granted(
    shop: SupplyingShop, name: str
) -> None:
    profile = held(shop, name)
    line = int(profile.line_id or 0)
    order = shop.buy("stripe", RenewalItem(line=line))
    assert (shop.state(order), shop.held(line)) == ("fulfilling", 5 * 10**9)
    shop.supply()
    assert (shop.state(order), shop.held(line)) == ("fulfilled", 10 * 10**9)
    assert bought_there(profile) == 2 * GIB
    assert shop.sold_since(name) == 1


@pytest.mark.parametrize("name", WHOLESALERS)
def test_three_periods_are_three_packages(shop: SupplyingShop, name: str) -> None:
    profile = held(shop, name)
    order = shop.buy("stripe", RenewalItem(line=int(profile.line_id or 0), times=3))
    shop.supply()
    assert shop.state(order) == "fulfilled"
    assert bought_there(profile) == 4 * GIB


@pytest.mark.parametrize("name", WHOLESALERS)
def test_a_lost_answer_buys_no_data_twice(shop: SupplyingShop, name: str) -> None:
    profile = held(shop, name)
    shop.upset(name, mute=1000)
    order = shop.buy("stripe", RenewalItem(line=int(profile.line_id or 0)))
    shop.supply()
    assert shop.state(order) == "fulfilling"
    shop.upset(name)
    shop.wait(hours=0.5)
    assert shop.state(order) == "fulfilled"
    assert bought_there(profile) == 2 * GIB


@pytest.mark.parametrize("name", WHOLESALERS)
def test_data_that_the_supplier_refuses_gives_the_money_back(
    shop: SupplyingShop, name: str
) -> None:
    profile = held(shop, name)
    line = int(profile.line_id or 0)
    shop.want(name, recycled=True)
    order = shop.buy("stripe", RenewalItem(line=line))
    shop.supply()
    shop.go_on()
    assert (shop.state(order), shop.held(line)) == ("refunded", 5 * 10**9)
    shop.want(name)
    assert bought_there(profile) == GIB
    assert shop.cases() == ["supply_refused", "undeliverable"]


@pytest.mark.parametrize("name", WHOLESALERS)
def test_what_the_supplier_does_not_sell_is_not_sold_here(shop: SupplyingShop, name: str) -> None:
    package = {"airalo": "moshi-moshi-7days-1gb", "esimaccess": "CKH179"}[name]
    profile = held(shop, name, f"{{supplier: {name}, package: {package}}}")
    line = int(profile.line_id or 0)
    with pytest.raises(UnableToQuote, match="not_sold_for_this_esim"):
        shop.quote(RenewalItem(line=line))
    with pytest.raises(UnableToQuote, match="not_sold_for_this_esim"):
        shop.quote(TopUpItem(line=line, data=10**9, validity="30d"))


@pytest.mark.parametrize("name", WHOLESALERS)
def test_a_top_up_is_the_package_that_the_plan_names_for_it(shop: SupplyingShop, name: str) -> None:
    on_top = {"airalo": "moshi-moshi-7days-1gb-topup", "esimaccess": "TOPUP_CKH179"}[name]
    profile = held(shop, name, source(name, top_ups=f"{{1GB: {on_top}}}"))
    line = int(profile.line_id or 0)
    order = shop.buy("stripe", TopUpItem(line=line, data=10**9, validity="30d"))
    shop.supply()
    assert (shop.state(order), shop.held(line)) == ("fulfilled", 6 * 10**9)
    assert bought_there(profile) == 2 * GIB


def test_a_line_on_our_own_core_is_renewed_without_asking_anybody(shop: SupplyingShop) -> None:
    profile = held(shop, "es2plus")
    order = shop.buy("stripe", RenewalItem(line=int(profile.line_id or 0)))
    assert shop.state(order) == "fulfilled"
    assert len(shop.supplies()) == 1


@pytest.mark.parametrize("name", WHOLESALERS)
def test_who_gets_the_money_back_meanwhile_leaves_data_that_staff_knows_of(
    shop: SupplyingShop, name: str
) -> None:
    profile = held(shop, name)
    shop.upset(name, mute=1000)
    order = shop.buy("stripe", RenewalItem(line=int(profile.line_id or 0)))
    shop.wait(hours=8)
    assert shop.state(order) == "refunded"
    shop.upset(name)
    shop.wait(hours=2)
    bought = (bought_there(profile) or 0) // GIB
    assert bought in (1, 2)
    assert ("unwanted_top_up" in shop.cases()) == (bought == 2)


def test_a_renewal_by_itself_that_the_supplier_refuses_is_tried_again(shop: SupplyingShop) -> None:
    profile = held(shop, "airalo")
    line = int(profile.line_id or 0)
    order = shop.quote(RenewalItem(line=line))
    agreed = models.AutoRenewal.objects.create(
        line_id=line,
        subscriber=shop.alice,
        method="stripe",
        plan_name="abroad",
        currency="USD",
        price=1200,
        text="I agree",
        consented_at=shop.clock.now(),
        step="paid",
        order=shop.order(order),
    )
    shop.want("airalo", recycled=True)
    shop.pay(order)
    shop.supply()
    agreed.refresh_from_db()
    assert (agreed.step, agreed.ended_at) == ("look", None)
    assert agreed.next_due is not None
    assert agreed.next_due > shop.clock.now() + timedelta(hours=23)
