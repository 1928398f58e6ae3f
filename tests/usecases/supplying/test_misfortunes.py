"""What goes wrong while a paid order waits: each ends with one profile or the money, never both."""

from typing import Any

import pytest
from tests.usecases.supplying.conftest import SupplyingShop, source
from tests.usecases.supplying.test_pools_and_refunds import refund

from eka.gateways.payments.terms import DisputeReport
from eka.gateways.suppliers.terms import Delivered, Supplied, SupplierRefused, SupplierUnavailable
from eka.ledger import models
from eka.rules.baskets import NewLineItem, RenewalItem
from eka.usecases import disputes, moving, provisioning
from eka.usecases.suppliers import suppliers, use_suppliers

CODE = "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815"
GOOD = "8944500102198304826"


class Strange:
    """A supplier's adapter of which one method does something else."""

    def __init__(self, real: object, **methods: Any) -> None:
        self._real, self._methods = real, methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._real, name)


def strange(name: str, **methods: Any) -> None:
    """From now on this supplier's adapter does these things instead."""
    all_: dict[str, Any] = dict(suppliers())
    all_[name] = Strange(all_[name], **methods)
    use_suppliers(all_)


def refuses(why: Any) -> Any:
    """A method that refuses with this word."""

    def refuse(*given: object) -> Supplied:
        raise SupplierRefused(why, why)

    return refuse


def contested(shop: SupplyingShop, order: str, status: str) -> None:
    """The payer's bank tells of a dispute about the order's payment, and how it stands."""
    money = models.MoneyIn.objects.get(order__number=order)
    report = DisputeReport(
        reference=f"D-{order}",
        transaction=money.transaction,
        number="",
        status=status,  # type: ignore[arg-type]
        reason="fraudulent",
    )
    disputes.take("stripe", report, shop.clock.now())
    shop.work()


def nobodys() -> list[str]:
    """Profiles that are neither on a line nor spare nor gone for good."""
    lost = models.Profile.objects.filter(line=None, spare=False, final=False)
    return list(lost.values_list("iccid", flat=True))


def deliver(shop: SupplyingShop, iccid: str = GOOD, **more: str) -> None:
    """This profile comes for what was asked last."""
    number = models.Supply.objects.latest("pk").number
    profile = Delivered(iccid=iccid, activation_code=CODE, **more)
    provisioning.take(Supplied(number=number, status="ready", profile=profile), shop.clock.now())
    shop.work()


# ------------------------------------------------------------------------------------- disputes


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


# ---------------------------------------------------------------------- the catalogue is edited


def test_a_plan_that_comes_from_nobody_any_more_is_delivered_as_it_was_sold(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    shop.offer()
    shop.supply()
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order).supplier == "es2plus"
    assert nobodys() == []


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


# -------------------------------------------------------------------------------- who is asked


def test_who_is_asked_after_six_hours_has_the_time_to_answer(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"), source("es2plus"))
    shop.upset("esimaccess", down=True)
    order = shop.buy_abroad()
    shop.wait(hours=8)
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order).supplier == "es2plus"


def test_a_shop_that_was_off_for_a_night_delivers_when_it_is_back(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    shop.clock.pass_(hours=9)
    shop.supply()
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
            provisioning._say(Strange(real, order=order), stale, shop.clock.now())  # type: ignore[arg-type]
        return real.order(ask)

    strange("airalo", order=order)
    with pytest.raises(SupplierUnavailable):
        provisioning._say(suppliers()["airalo"], models.Supply.objects.get(), shop.clock.now())
    assert len(asked) == 1


# ----------------------------------------------------------------------------- pools and moves


def test_a_supplier_that_is_busy_takes_nothing_out_of_the_pool(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus", pool=4, low=1))
    shop.fill_pools()
    for _ in range(3):
        shop.buy_abroad()
    strange("es2plus", order=refuses("busy"))
    shop.fill_pools()
    shop.wait(hours=1)
    assert nobodys() == []
    assert models.Profile.objects.filter(spare=True).count() == 1


def moved(shop: SupplyingShop) -> int:
    """Alice's line, whose phone was lost; the move."""
    order = shop.buy_abroad()
    shop.supply()
    profile = shop.profile_of(order)
    for act in ("download", "install", "enable"):
        shop.phone(profile, act)  # type: ignore[arg-type]
    shop.hear_of("es2plus", shop.letters("es2plus"))
    wish = moving.Wish(line=int(profile.line_id or 0), reason="lost_phone")
    return moving.ask(wish, "one", shop.clock.now())


def test_a_spare_profile_that_turns_up_while_a_move_waits_is_the_moves(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("es2plus"))
    move = moved(shop)
    real = suppliers()["es2plus"]
    strange("es2plus", order=refuses("busy"))
    shop.supply()
    use_suppliers({**suppliers(), "es2plus": real})
    other = shop.buy_abroad()
    deliver(shop)
    refund(shop, other)
    assert models.Profile.objects.filter(spare=True).count() == 1
    strange("es2plus", order=refuses("busy"))
    shop.wait(hours=1)
    assert models.DeviceMove.objects.get(pk=move).state == "ready"
    assert nobodys() == []


# -------------------------------------------------------------------------- what is given back


def test_a_profile_that_was_given_up_is_nobodys_when_its_money_goes_back(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("esimaccess"))
    order = shop.buy_abroad()
    shop.supply()
    profile = shop.profile_of(order)
    models.Profile.objects.filter(pk=profile.pk).update(current=False, lost_at=shop.clock.now())
    refund(shop, order)
    assert not models.Profile.objects.filter(spare=True).exists()


def test_a_profile_that_a_phone_has_asked_for_is_nobody_elses(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    shop.supply()
    profile = shop.profile_of(order)
    models.Profile.objects.filter(pk=profile.pk).update(eid="8" * 32)
    refund(shop, order)
    assert not models.Profile.objects.filter(spare=True).exists()


def test_a_download_that_failed_is_not_tried_again_after_the_refund(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"))
    order = shop.buy_abroad()
    shop.supply()
    profile = shop.profile_of(order)
    models.ProfileShowing.objects.create(profile=profile, at=shop.clock.now(), how="page")
    models.Profile.objects.filter(pk=profile.pk).update(state="error")
    refund(shop, order)
    profile.refresh_from_db()
    assert profile.final or "profile_not_cancelled" in shop.cases()


def test_who_gets_what_another_gave_back_has_its_numbers_alone(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    first = shop.buy_abroad()
    deliver(shop, imsi="001010123456789", msisdn="15551234567")
    refund(shop, first)
    second = shop.buy_abroad()
    assert shop.state(second) == "fulfilled"
    found = models.Line.objects.filter(iccid=GOOD)
    assert [line.imsi for line in found] == ["001010123456789"]
    assert models.Line.objects.filter(msisdn="15551234567").count() == 1


# ----------------------------------------------------------------------------------- baskets


def test_a_renewal_that_cannot_be_had_leaves_no_line_of_the_same_order(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("esimaccess"))
    bought = shop.buy_abroad()
    shop.supply()
    line = int(shop.profile_of(bought).line_id or 0)
    real = suppliers()["esimaccess"]
    strange("esimaccess", top_up=refuses("not_renewable"))
    order = shop.buy("stripe", NewLineItem(plan="abroad"), RenewalItem(line=line))
    shop.supply()
    shop.go_on()
    assert (shop.state(order), shop.held(line)) == ("refunded", 5 * 10**9)
    assert [p.spare for p in shop.profiles()] == [False, True]
    use_suppliers({**suppliers(), "esimaccess": real})


def test_two_plans_of_which_one_comes_from_nobody_are_delivered_together(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("es2plus"))
    order = shop.quote(NewLineItem(plan="small"), NewLineItem(plan="abroad"))
    shop.pay(order)
    assert shop.state(order) == "fulfilling"
    shop.supply()
    assert shop.state(order) == "fulfilled"
    lines = models.OrderItem.objects.filter(order__number=order).order_by("position")
    held = [models.Profile.objects.filter(line=item.line_id).count() for item in lines]
    assert held == [0, 1]


def test_a_gift_that_nobody_can_deliver_just_ends(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    shop.promote("free: {code: FREE, discount: 100%}")
    shop.want("es2plus", stock=0)
    order = shop.quote(NewLineItem(plan="abroad"), code="FREE")
    shop.work()
    shop.supply()
    assert shop.state(order) in ("refunded", "fulfilling", "quoted"), shop.state(order)


def test_a_supplier_that_is_gone_from_the_file_grants_no_data_that_it_did_not_sell(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("esimaccess"))
    bought = shop.buy_abroad()
    shop.supply()
    line = int(shop.profile_of(bought).line_id or 0)
    order = shop.quote(RenewalItem(line=line))
    use_suppliers({name: one for name, one in suppliers().items() if name != "esimaccess"})
    shop.pay(order)
    shop.wait(hours=9)
    assert (shop.state(order), shop.held(line)) == ("refunded", 5 * 10**9)
