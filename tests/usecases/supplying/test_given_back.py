"""What is given back is looked at before the next buyer gets it; what one order brings together."""

from datetime import timedelta

import pytest
from tests.usecases.supplying.conftest import SupplyingShop, source
from tests.usecases.supplying.mishaps import GOOD, deliver, refuses, strange
from tests.usecases.supplying.test_pools_and_refunds import refund

from eka.gateways.suppliers.terms import Progress
from eka.ledger import models
from eka.rules.baskets import NewLineItem, RenewalItem
from eka.rules.lines import InvariantBroken
from eka.usecases import checkout, fulfilment
from eka.usecases.profile_news import take_progress
from eka.usecases.suppliers import suppliers, use_suppliers

# ------------------------------------------------------------------------------ what is given back


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


def test_a_phone_that_has_the_profile_no_more_is_not_taken_for_the_one_that_has(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    shop.supply()
    profile, now = shop.profile_of(order), shop.clock.now()
    news = [("1" * 32, "enabled", 0), ("1" * 32, "deleted", 1), ("2" * 32, "enabled", 2)]
    for nth in (0, 2, 1):
        eid, event, minutes = news[nth]
        at = now + timedelta(minutes=minutes)
        said = Progress(iccid=profile.iccid, event=event, at=at, eid=eid)  # type: ignore[arg-type]
        take_progress("es2plus", said, str(nth), now + timedelta(hours=1))
    profile.refresh_from_db()
    assert (profile.state, profile.eid) == ("enabled", "2" * 32)


# ----------------------------------------------------------------------------------------- baskets


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
    shop.promote("gift: {title: {en: A gift, zh-Hans: 礼物}, does: {percentage: 100%}}")
    shop.want("es2plus", stock=0)
    order = shop.quote(NewLineItem(plan="abroad"))
    checkout.pay_nothing(order, shop.clock.now())
    shop.work()
    shop.supply()
    assert (shop.state(order), shop.refunds()) == ("refunded", [])
    shop.want("es2plus")
    again = shop.quote(NewLineItem(plan="abroad"))
    checkout.pay_nothing(again, shop.clock.now())
    shop.work()
    shop.supply()
    assert shop.state(again) == "fulfilled"
    assert shop.profile_of(again).supplier == "es2plus"


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


@pytest.mark.parametrize("wrong", ["somebody has it", "it is gone for good"])
def test_what_is_not_to_be_had_is_given_to_nobody(shop: SupplyingShop, wrong: str) -> None:
    """However it came about: rather no eSIM, and the money back, than that of somebody else."""
    shop.offer(source("es2plus"))
    first, second = shop.buy_abroad(), shop.buy_abroad()
    shop.supply()
    held = shop.profile_of(first)
    if wrong == "it is gone for good":
        held = models.Profile.objects.exclude(pk=held.pk).get()
        handed = {"line": None, "current": False, "final": True}
        models.Profile.objects.filter(pk=held.pk).update(**handed)
    third = shop.buy_abroad()
    models.Supply.objects.filter(order__number=third).update(state="ready", profile=held)
    with pytest.raises(InvariantBroken):
        fulfilment.fulfil(third, shop.clock.now())
    assert shop.state(third) == "fulfilling"
    models.Supply.objects.filter(order__number=third).update(state="asked", profile=None)
    shop.supply()
    assert {shop.state(order) for order in (first, second, third)} == {"fulfilled"}
