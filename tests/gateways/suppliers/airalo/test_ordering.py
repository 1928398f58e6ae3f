"""Olga's shop orders a profile for Alice: one, at the agreed price, or none and a reason."""

import pytest
from tests.gateways.suppliers.airalo.stage import (
    JAPAN,
    JAPAN_3,
    Airalo,
    ask,
    delivered,
    dollars,
    held,
    top_up_ask,
)

from eka.gateways.suppliers.terms import SupplierRefused, SupplierUnavailable
from eka.rules.activation_codes import read_activation_code, read_iccid
from eka.rules.supply import Refusal
from eka.rules.units import Money


def test_a_profile_for_alice(airalo: Airalo) -> None:
    ordered = airalo.supplier.order(ask("ORDER1", JAPAN, dollars(360)))
    profile = delivered(ordered)
    assert (ordered.number, ordered.cost) == ("ORDER1", dollars(360))
    assert read_iccid(profile.iccid) == profile.iccid
    assert read_activation_code(profile.activation_code).smdp == "lpa.airalo.com"
    assert profile.reference == ""
    assert airalo.sold() == ["ORDER1"]
    assert airalo.supplier.look(ask("ORDER1"), ordered.reference) == ordered


def test_the_brand_is_on_the_order(airalo: Airalo) -> None:
    airalo.supplier_with(brand="ocean").order(ask())
    [order] = airalo.sandbox.records.all("order")
    assert (order["brand"], order["description"]) == ("ocean", "ORDER1")


def test_a_lost_answer_brings_no_second_profile(airalo: Airalo) -> None:
    assert airalo.supplier.look(ask("ORDER1"), "").status == "unknown"
    airalo.mischief(mute=1000)
    with pytest.raises(SupplierUnavailable):
        airalo.supplier.order(ask("ORDER1"))
    airalo.mischief()
    found = airalo.supplier.look(ask("ORDER1"), "")
    assert delivered(found).activation_code == airalo.sandbox.profiles()[0].code
    assert found.cost == dollars(360)
    assert airalo.sold() == ["ORDER1"]
    assert airalo.supplier.remembers is False


def test_only_an_order_with_exactly_our_number_is_ours(airalo: Airalo) -> None:
    """Airalo's filter finds whatever contains it, and data as well as profiles."""
    bobs = airalo.profile("ORDER12")
    airalo.profile("XORDER1")
    airalo.supplier.top_up(top_up_ask(bobs.iccid, "ORDER1"))
    assert airalo.supplier.look(ask("ORDER1"), "").status == "unknown"
    assert airalo.supplier.look_top_up(top_up_ask(bobs.iccid, "ORDER12"), "").status == "unknown"
    alices = airalo.profile("ORDER1")
    assert delivered(airalo.supplier.look(ask("ORDER1"), "")) == alices


def test_an_order_on_a_later_page_is_found(airalo: Airalo) -> None:
    alices = airalo.profile("ORDER1")
    for number in range(120):  # Airalo lists the newest first, 50 a page
        fields = {"package_id": JAPAN, "quantity": 1, "description": f"ORDER1{number:03d}"}
        airalo.sandbox.desk.buy(fields)
    assert delivered(airalo.supplier.look(ask("ORDER1"), "")) == alices
    assert airalo.supplier.look(ask("ORDER1120"), "").status == "unknown"


def test_a_reference_that_is_not_known_is_no_end(airalo: Airalo) -> None:
    ordered = airalo.supplier.order(ask("ORDER1"))
    assert airalo.supplier.look(ask("ORDER1"), "999999") == ordered
    assert airalo.supplier.look(ask("ORDER2"), "999999").status == "unknown"


@pytest.mark.parametrize(
    ("trouble", "why", "code"),
    [
        ({"stock": 0}, "no_stock", "33"),
        ({"credit": 359}, "no_credit", "11"),
        ({"maintenance": True}, "maintenance", "13"),
    ],
)
def test_what_airalo_refuses(
    airalo: Airalo, trouble: dict[str, object], why: Refusal, code: str
) -> None:
    airalo.trouble(**trouble)
    with pytest.raises(SupplierRefused) as refused:
        airalo.supplier.order(ask())
    assert (refused.value.why, refused.value.code) == (why, code)
    assert airalo.sold() == []
    assert airalo.supplier.look(ask(), "").status == "unknown"


def test_the_last_one_in_stock_and_the_last_of_our_credit(airalo: Airalo) -> None:
    airalo.trouble(stock=1, credit=360)
    assert airalo.supplier.order(ask("ORDER1")).status == "ready"
    assert airalo.supplier.balance() == dollars(0)
    with pytest.raises(SupplierRefused, match="33"):
        airalo.supplier.order(ask("ORDER2"))


@pytest.mark.parametrize("package", ["moshi-moshi-7days-9gb", "moshi-moshi-7days-1gb-topup"])
def test_a_package_that_is_not_sold(airalo: Airalo, package: str) -> None:
    for most in (None, dollars(100_000)):
        with pytest.raises(SupplierRefused) as refused:
            airalo.supplier.order(ask(package=package, most=most))
        assert refused.value.why == "wrong_package"


def test_what_costs_too_much_is_not_ordered(airalo: Airalo) -> None:
    airalo.trouble(price_percent=110)
    with pytest.raises(SupplierRefused) as refused:
        airalo.supplier.order(ask(most=dollars(360)))
    assert refused.value.why == "wrong_price"
    assert airalo.sold() == []
    assert airalo.supplier.order(ask(most=dollars(396))).cost == dollars(396)


def test_a_price_in_another_money_is_not_agreed_to(airalo: Airalo) -> None:
    with pytest.raises(SupplierRefused) as refused:
        airalo.supplier.order(ask(most=Money(100_000, "CNY")))
    assert refused.value.why == "wrong_price"


def test_prices_are_kept_for_a_while(airalo: Airalo) -> None:
    """A price that rises in between is paid, and told."""
    shop = airalo.supplier_with(prices_kept_s=600)
    shop.order(ask("ORDER1", JAPAN, dollars(360)))
    airalo.trouble(price_percent=200)
    assert shop.order(ask("ORDER2", JAPAN, dollars(360))).cost == dollars(720)
    airalo.clock.forward(seconds=600)
    with pytest.raises(SupplierRefused, match="price"):
        shop.order(ask("ORDER3", JAPAN_3, dollars(680)))
    assert airalo.sold() == ["ORDER1", "ORDER2"]


def test_airalo_takes_nothing_back(airalo: Airalo) -> None:
    profile = airalo.profile()
    with pytest.raises(SupplierRefused) as refused:
        airalo.supplier.cancel(held(profile))
    assert (refused.value.why, refused.value.code) == ("other", "not_possible")
