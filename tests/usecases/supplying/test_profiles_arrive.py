"""Who has paid gets one profile, whoever supplies it; or the money back, never neither or both."""

from datetime import timedelta

import pytest
from tests.usecases.supplying.conftest import NAMES, PACKAGES, SupplyingShop, source

from eka.ledger import models
from eka.ledger.seals import unseal
from eka.rules.activation_codes import read_activation_code, read_iccid
from eka.rules.supply import PATIENCE
from eka.usecases import delays, provisioning
from eka.usecases.goods import UnableToQuote
from eka.usecases.suppliers import supplier, use_suppliers


@pytest.mark.parametrize("name", NAMES)
def test_alice_pays_and_has_an_esim(shop: SupplyingShop, name: str) -> None:
    shop.offer(source(name))
    order = shop.buy_abroad()
    assert shop.state(order) == "fulfilling"
    shop.supply()
    assert shop.state(order) == "fulfilled"
    profile = shop.profile_of(order)
    assert (profile.supplier, profile.package) == (name, PACKAGES[name][0])
    assert read_iccid(profile.iccid) == profile.iccid
    code = read_activation_code(unseal(profile.code))
    assert code.text() not in profile.code
    assert models.Line.objects.get(pk=profile.line_id or 0).iccid == profile.iccid
    assert shop.held(int(profile.line_id or 0)) == 5 * 10**9
    assert shop.sold_since(name) == 1
    assert shop.supplies() == [(name, "ready", "")]


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_gets_lost_orders_nothing_twice(shop: SupplyingShop, name: str) -> None:
    shop.offer(source(name))
    shop.upset(name, mute=1000)
    order = shop.buy_abroad()
    shop.supply()
    assert shop.state(order) == "fulfilling"
    shop.upset(name)
    shop.wait(hours=0.5)
    assert shop.state(order) == "fulfilled"
    assert shop.sold_since(name) == 1
    assert [profile.line_id for profile in shop.profiles()] == [shop.profile_of(order).line_id]


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_that_dies_before_it_says_so_orders_nothing_twice(
    shop: SupplyingShop, name: str
) -> None:
    shop.offer(source(name))
    order = shop.buy_abroad()
    supply = models.Supply.objects.get()
    # It is asked, and this process ends before the answer is written down.
    provisioning._say(supplier(name), supply, shop.clock.now())
    assert shop.supplies() == [(name, "asked", "")]
    shop.wait(hours=0.5)
    assert shop.state(order) == "fulfilled"
    assert shop.sold_since(name) == 1


@pytest.mark.parametrize("name", NAMES)
def test_none_left_anywhere_and_the_money_goes_back(shop: SupplyingShop, name: str) -> None:
    shop.offer(source(name))
    shop.want(name, stock=0)
    order = shop.buy_abroad()
    shop.supply()
    shop.go_on()
    assert shop.state(order) == "refunded"
    assert shop.refunds() == [("undeliverable", 1200, "done")]
    assert shop.sold_since(name) == 0
    assert "order_undeliverable" in shop.messages()


def test_the_next_source_delivers_what_the_first_does_not_have(shop: SupplyingShop) -> None:
    shop.offer(source("airalo"), source("esimaccess"), source("es2plus"))
    shop.want("airalo", stock=0)
    order = shop.buy_abroad()
    shop.supply()
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order).supplier == "esimaccess"
    assert shop.supplies() == [("airalo", "refused", "no_stock"), ("esimaccess", "ready", "")]


@pytest.mark.parametrize("name", ["airalo", "esimaccess"])
def test_without_credit_staff_are_told_and_alice_waits_while_they_pay(
    shop: SupplyingShop, name: str
) -> None:
    shop.offer(source(name))
    shop.want(name, credit=0)
    order = shop.buy_abroad()
    shop.supply()
    shop.wait(hours=1)
    assert shop.state(order) == "fulfilling"
    assert shop.cases() == ["supply_refused"]
    shop.want(name)
    shop.wait(hours=2)
    assert shop.state(order) == "fulfilled"
    assert shop.sold_since(name) == 1


@pytest.mark.parametrize("name", ["airalo", "esimaccess"])
def test_maintenance_that_does_not_end_gives_the_money_back(shop: SupplyingShop, name: str) -> None:
    shop.offer(source(name))
    shop.want(name, maintenance=True)
    order = shop.buy_abroad()
    shop.wait(hours=5.5)
    assert shop.state(order) == "fulfilling"
    shop.wait(hours=2)
    assert shop.state(order) == "refunded"
    assert shop.sold_since(name) == 0


def test_who_waits_longer_than_usual_is_told_so_once(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"))
    shop.want("esimaccess", maintenance=True)
    order = shop.buy_abroad()
    shop.supply()
    assert delays.tell_who_waits(shop.clock.now()) == 0
    shop.wait(hours=0.5)
    assert delays.tell_who_waits(shop.clock.now()) == 1
    assert delays.tell_who_waits(shop.clock.now()) == 0
    assert shop.messages().count("order_delayed") == 1
    shop.want("esimaccess")
    shop.wait(hours=3)
    assert shop.state(order) == "fulfilled"


@pytest.mark.parametrize("name", ["airalo", "esimaccess"])
def test_what_became_dearer_is_not_bought(shop: SupplyingShop, name: str) -> None:
    shop.offer(source(name, cost_max="0.50 USD"), source("es2plus"))
    order = shop.buy_abroad()
    shop.supply()
    assert shop.profile_of(order).supplier == "es2plus"
    assert shop.supplies()[0] == (name, "refused", "wrong_price")
    assert shop.cases() == ["supply_refused"]
    assert shop.sold_since(name) == 0


@pytest.mark.parametrize("name", ["esimaccess"])
def test_a_profile_that_takes_its_time_is_waited_for(shop: SupplyingShop, name: str) -> None:
    shop.offer(source(name))
    shop.want(name, pending_s=90)
    order = shop.buy_abroad()
    shop.supply()
    assert shop.supplies() == [(name, "placed", "")]
    shop.wait(hours=0.2, step_minutes=1)
    assert shop.state(order) == "fulfilled"
    assert shop.sold_since(name) == 1


@pytest.mark.parametrize("name", NAMES)
def test_silence_ends_with_the_money_and_what_turns_up_later_is_spare(
    shop: SupplyingShop, name: str
) -> None:
    shop.offer(source(name))
    shop.upset(name, mute=1000)
    order = shop.buy_abroad()
    shop.wait(hours=PATIENCE / timedelta(hours=1) + 2)
    assert shop.state(order) == "refunded"
    shop.upset(name)
    shop.wait(hours=2)
    spare = models.Profile.objects.filter(spare=True)
    assert spare.count() == shop.sold_since(name) <= 1
    following = shop.buy_abroad()
    shop.supply()
    assert shop.state(following) == "fulfilled"
    assert shop.sold_since(name) == 1


def test_what_no_supplier_can_deliver_is_not_sold(shop: SupplyingShop) -> None:
    shop.offer("{supplier: nobody, package: x}")
    with pytest.raises(UnableToQuote, match="not_deliverable"):
        shop.buy_abroad()
    shop.offer("{supplier: nobody, package: x}", source("es2plus"))
    order = shop.buy_abroad()
    shop.wait(hours=7)
    assert shop.profile_of(order).supplier == "es2plus"


def test_a_supplier_that_is_gone_from_the_file_is_waited_for_and_then_given_up(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    use_suppliers({"other": None})  # type: ignore[dict-item]
    shop.wait(hours=8)
    assert shop.state(order) == "refunded"


def test_two_lines_or_none(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"))
    shop.want("esimaccess", stock=1)
    order = shop.buy_abroad(lines=2)
    shop.supply()
    shop.go_on()
    assert shop.state(order) == "refunded"
    assert [profile.spare for profile in shop.profiles()] == [True]
    shop.want("esimaccess")
    again = shop.buy_abroad(lines=2)
    shop.supply()
    assert shop.state(again) == "fulfilled"
    assert shop.profile_of(again, 0) != shop.profile_of(again, 1)
    assert shop.sold_since("esimaccess") == 2
