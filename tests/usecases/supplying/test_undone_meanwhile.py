"""What is undone, edited or switched off in the middle of a delivery."""

from datetime import timedelta

import pytest
from tests.usecases.supplying.conftest import SupplyingShop, source
from tests.usecases.supplying.mishaps import nobodys, refuses, strange
from tests.usecases.supplying.test_pools_and_refunds import refund

from eka.gateways.suppliers.terms import Progress, UsageReport
from eka.jobs.commerce import loops
from eka.ledger import models
from eka.rules.baskets import RenewalItem
from eka.usecases import showing
from eka.usecases.goods import UnableToQuote
from eka.usecases.profile_news import take_progress
from eka.usecases.showing import NotForYou
from eka.usecases.supplier_usage import take_report
from eka.usecases.suppliers import suppliers, use_suppliers


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


def test_a_page_that_was_open_when_the_money_went_back_shows_nothing(shop: SupplyingShop) -> None:
    """The profile may be another buyer's by now."""
    user = models.User.objects.create(email="alice@example.com")
    models.Subscriber.objects.filter(pk=shop.alice.pk).update(user=user)
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    shop.supply()
    read_before = models.Profile.objects.select_related("line__subscriber").get()
    refund(shop, order)
    bobs = shop.buy_abroad()
    assert shop.profile_of(bobs) == read_before
    models.Line.objects.filter(profiles=read_before, profiles__current=True).update(subscriber=None)
    with pytest.raises(NotForYou):
        showing.codes(read_before, user.pk, "page", shop.clock.now())


def test_data_that_was_bought_for_a_renewal_that_is_undone_is_told_to_staff(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("esimaccess"))
    bought = shop.buy_abroad()
    shop.supply()
    line = int(shop.profile_of(bought).line_id or 0)
    real = suppliers()["esimaccess"]
    order = shop.buy("stripe", RenewalItem(line=line, times=3))
    refused = models.Supply.objects.filter(order__number=order).earliest("pk").number

    def top_up(ask):  # type: ignore[no-untyped-def]
        return refuses("recycled")() if ask.number == refused else real.top_up(ask)

    strange("esimaccess", top_up=top_up)
    shop.supply()
    shop.go_on()
    assert (shop.state(order), shop.held(line)) == ("refunded", 5 * 10**9)
    assert shop.cases().count("unwanted_top_up") == 2


def test_what_a_supplier_that_is_gone_would_have_to_sell_is_not_sold(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"))
    bought = shop.buy_abroad()
    shop.supply()
    line = int(shop.profile_of(bought).line_id or 0)
    use_suppliers({name: one for name, one in suppliers().items() if name != "esimaccess"})
    with pytest.raises(UnableToQuote, match="not_sold_for_this_esim"):
        shop.quote(RenewalItem(line=line))


def test_each_order_with_a_supplier_is_sent_at_its_own_instant(shop: SupplyingShop) -> None:
    """A supplier that does not answer takes a minute for each: what is next is not sent "then"."""
    shop.offer(source("airalo"))
    shop.buy_abroad(lines=3)
    (loop,) = [loop for loop in loops() if loop.name == "supplies"]
    for _ in range(3):
        assert loop.turn(shop.clock.pass_(minutes=1)) == 1
    rows = models.Supply.objects.exclude(sent_at=None).order_by("sent_at")
    sent = [supply.sent_at for supply in rows if supply.sent_at]
    assert sent[1] - sent[0] >= timedelta(minutes=1)
    assert sent[2] - sent[1] >= timedelta(minutes=1)


def test_a_line_that_was_refunded_before_its_first_use_never_begins(shop: SupplyingShop) -> None:
    shop.offer(source("airalo"), more=", starts: first_use, activate_within: 180d")
    order = shop.buy_abroad()
    shop.supply()
    profile = shop.profile_of(order)
    models.ProfileShowing.objects.create(profile=profile, at=shop.clock.now(), how="page")
    refund(shop, order)
    now = shop.clock.pass_(hours=1)
    used = UsageReport(iccid=profile.iccid, status="active", used=10**6, at=now)
    for _ in range(2):
        take_report("airalo", used, now)
    said = Progress(iccid=profile.iccid, event="enabled", at=now)
    take_progress("airalo", said, "switched on", now)
    line = models.LineState.objects.get(pk=profile.line_id)
    assert (line.state, line.unserved, shop.held(line.pk)) == ("closed", 10**6, 0)
    assert not models.Period.objects.filter(line_id=line.pk).exists()
    assert "use_not_served" in shop.cases()
