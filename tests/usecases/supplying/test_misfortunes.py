"""What goes wrong while a paid order waits: it ends with one profile or the money, never both."""

from typing import Any

import pytest
from tests.usecases.supplying.conftest import SupplyingShop, source
from tests.usecases.supplying.mishaps import (
    CODE,
    GOOD,
    Strange,
    contested,
    deliver,
    in_turns,
    nobodys,
    strange,
)
from tests.usecases.supplying.test_pools_and_refunds import refund

from eka.gateways.suppliers.terms import (
    Delivered,
    Supplied,
    SupplierUnavailable,
)
from eka.ledger import models
from eka.rules.baskets import RenewalItem
from eka.usecases import provisioning
from eka.usecases.suppliers import suppliers

# ---------------------------------------------------------------------------------------- disputes


def test_what_came_while_the_bank_decided_is_not_taken_from_who_bought_it_since(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("es2plus"))
    disputed = shop.buy_abroad()
    contested(shop, disputed, "open")
    deliver(shop)
    bobs = shop.buy_abroad()
    assert shop.state(bobs) == "fulfilled"
    held = shop.profile_of(bobs)
    contested(shop, disputed, "won")
    shop.supply()
    assert shop.profile_of(bobs) == held
    assert shop.state(disputed) == "fulfilled"
    assert shop.profile_of(disputed) != held
    assert nobodys() == []


def test_a_dispute_that_is_won_gets_what_came_meanwhile(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    contested(shop, order, "open")
    deliver(shop)
    contested(shop, order, "won")
    shop.supply()
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order).iccid == GOOD
    assert not models.Profile.objects.filter(spare=True).exists()
    assert shop.sold_since("es2plus") == 0


def test_a_dispute_that_is_lost_leaves_what_came_to_the_next(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    contested(shop, order, "open")
    deliver(shop)
    contested(shop, order, "lost")
    shop.supply()
    assert shop.state(order) == "refunded"
    assert [profile.spare for profile in shop.profiles()] == [True]


def test_a_refusal_while_the_bank_decides_does_not_undo_a_dispute_that_is_won(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("esimaccess"), source("es2plus"))
    shop.want("esimaccess", stock=0)
    order = shop.buy_abroad()
    contested(shop, order, "open")
    shop.supply()
    shop.wait(hours=24 * 10, step_minutes=60 * 24)
    contested(shop, order, "won")
    shop.supply()
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order).supplier == "es2plus"


# ------------------------------------------------------------------------- the catalogue is edited


def test_a_plan_that_comes_from_others_meanwhile_is_asked_of_them(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"))
    shop.want("esimaccess", stock=0)
    order = shop.buy_abroad()
    shop.offer(source("airalo"), source("es2plus"))
    shop.supply()
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order).supplier == "airalo"


def test_a_source_that_is_named_twice_is_no_circle(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"), source("esimaccess"))
    shop.want("esimaccess", stock=0)
    order = shop.buy_abroad()
    shop.wait(hours=8)
    assert shop.state(order) == "refunded"


# ------------------------------------------------------------------------------------ who is asked


def test_two_who_wait_for_other_sources_of_one_name_do_not_wait_longer(
    shop: SupplyingShop,
) -> None:
    shop.offer(
        "{supplier: esimaccess, package: eka-travel}", "{supplier: es2plus, package: eka-travel}"
    )
    order = shop.buy_abroad()
    shop.supply()
    assert shop.state(order) == "fulfilled"


def test_who_is_asked_after_six_hours_has_the_time_to_answer(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"), source("es2plus"))
    shop.upset("esimaccess", down=True)
    order = shop.buy_abroad()
    in_turns(shop, hours=7)
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order).supplier == "es2plus"


def test_a_shop_that_was_off_for_a_night_delivers_when_it_is_back(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    shop.clock.pass_(hours=9)
    in_turns(shop, hours=0.1)
    assert shop.state(order) == "fulfilled"
    assert nobodys() == []


def test_a_supplier_that_wants_to_be_left_alone_for_days_costs_nobody_more_than_six_hours(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()

    def busy(*given: object) -> Supplied:
        raise SupplierUnavailable("busy", wait_s=999_999)

    strange("es2plus", order=busy, look=busy)
    shop.wait(hours=7)
    assert shop.state(order) == "refunded"


def test_an_answer_that_nobody_expected_does_not_hold_up_anybody(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    first, second = shop.buy_abroad(), shop.buy_abroad()
    broken = models.Supply.objects.earliest("pk").number
    real = suppliers()["es2plus"]

    def order(ask: Any) -> Supplied:
        if ask.number == broken:
            raise ZeroDivisionError
        return real.order(ask)

    strange("es2plus", order=order)
    shop.wait(hours=1)
    assert shop.state(second) == "fulfilled"
    shop.wait(hours=7)
    assert shop.state(first) == "refunded"


def test_an_order_that_was_undone_before_anybody_was_asked_buys_nothing(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("airalo"))
    order = shop.buy_abroad()
    refund(shop, order)
    shop.supply()
    assert shop.sold_since("airalo") == 0
    assert not models.Supply.objects.filter(state__in=provisioning.OPEN).exists()


def test_a_renewal_that_was_undone_before_anybody_was_asked_buys_no_data(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("esimaccess"))
    bought = shop.buy_abroad()
    shop.supply()
    line = int(shop.profile_of(bought).line_id or 0)
    order = shop.buy("stripe", RenewalItem(line=line))
    refund(shop, order)
    shop.supply()
    assert shop.cases() == []
    assert models.Supply.objects.latest("pk").state == "dropped"


def test_two_who_look_at_one_order_order_once(shop: SupplyingShop) -> None:
    shop.offer(source("airalo"))
    shop.buy_abroad()
    number = models.Supply.objects.get().number
    real = suppliers()["airalo"]
    asked: list[str] = []

    def order(ask: Any) -> Supplied:
        asked.append(ask.number)
        if len(asked) == 1:
            stale = models.Supply.objects.get(number=number)
            stale.sent_at = None  # the other has read it before we wrote it
            provisioning._say(Strange(real, order=order), stale, shop.clock.now())
        return real.order(ask)

    strange("airalo", order=order)
    with pytest.raises(SupplierUnavailable):
        provisioning._say(suppliers()["airalo"], models.Supply.objects.get(), shop.clock.now())
    assert len(asked) == 1


def test_a_refusal_that_comes_after_six_hours_of_silence_asks_nobody_twice(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("esimaccess"), source("es2plus"), source("airalo"))
    shop.upset("esimaccess", down=True)
    order = shop.buy_abroad()
    while models.Supply.objects.count() == 1:
        shop.clock.pass_(minutes=10)
        provisioning.look_at_due(shop.clock.now())
    silent = models.Supply.objects.earliest("pk").number
    said = Supplied(number=silent, status="refused", why="no_stock", code="200011")
    provisioning.take(said, shop.clock.now())
    assert [supplier for supplier, _, _ in shop.supplies()] == ["esimaccess", "es2plus"]
    shop.supply()
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order).supplier == "es2plus"


def test_two_suppliers_that_deliver_at_one_moment_leave_a_spare_profile(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("esimaccess"), source("es2plus"))
    shop.upset("esimaccess", down=True)
    order = shop.buy_abroad()
    while models.Supply.objects.count() == 1:
        shop.clock.pass_(minutes=10)
        provisioning.look_at_due(shop.clock.now())
    iccids = (GOOD, "8944500102198304834")
    for supply, iccid in zip(models.Supply.objects.order_by("pk"), iccids, strict=True):
        came = Delivered(iccid=iccid, activation_code=CODE)
        said = Supplied(number=supply.number, status="ready", profile=came)
        provisioning.take(said, shop.clock.now())
    shop.work()
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order).iccid == GOOD
    assert [profile.spare for profile in shop.profiles()] == [False, True]
