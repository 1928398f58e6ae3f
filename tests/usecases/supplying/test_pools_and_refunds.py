"""Profiles in stock, and what becomes of a profile whose order is undone."""

import pytest
from tests.usecases.supplying.conftest import NAMES, SupplyingShop, source

from eka.ledger import models
from eka.usecases import refunding
from eka.usecases.refunding import Wanted


def refund(shop: SupplyingShop, order: str) -> None:
    """Olga gives all of the money back."""
    wanted = Wanted(key=f"refund-{order}", why="staff", by="olga", reason="asked")
    refunding.refund(order, wanted, shop.clock.now())
    shop.go_on()


def test_who_buys_from_a_full_pool_has_the_profile_at_once(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus", pool=3, low=1))
    assert shop.fill_pools() == 3
    assert shop.fill_pools() == 0
    order = shop.buy_abroad()
    assert shop.state(order) == "fulfilled"
    assert shop.sold_since("es2plus") == 3
    shop.buy_abroad()
    assert shop.fill_pools() == 2
    assert models.Profile.objects.filter(spare=True).count() == 3


def test_an_empty_pool_is_told_to_staff_until_it_is_full_again(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess", pool=2, low=1))
    shop.want("esimaccess", stock=0)
    shop.fill_pools()
    shop.fill_pools()
    assert shop.cases() == ["low_stock"]
    shop.want("esimaccess")
    assert shop.fill_pools() == 0, "who was refused does not ask at once again"
    shop.clock.pass_(minutes=16)
    shop.fill_pools()
    shop.fill_pools()
    assert shop.cases() == []
    assert models.Profile.objects.filter(spare=True).count() == 2


def test_a_pool_that_is_filled_by_two_at_once_is_filled_once(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus", pool=2, low=0))
    shop.offer(source("es2plus", pool=2, low=0), more=", tags: [again]")
    shop.fill_pools()
    shop.fill_pools()
    assert shop.sold_since("es2plus") == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_refund_before_the_delivery_leaves_a_spare_profile(
    shop: SupplyingShop, name: str
) -> None:
    shop.offer(source(name))
    shop.upset(name, mute=1000)
    order = shop.buy_abroad()
    shop.supply()
    refund(shop, order)
    assert shop.state(order) == "refunded"
    shop.upset(name)
    shop.wait(hours=1)
    assert [profile.spare for profile in shop.profiles()] == [True]
    following = shop.buy_abroad()
    assert shop.state(following) == "fulfilled"
    assert shop.sold_since(name) == 1


def test_a_refund_of_a_profile_that_nobody_saw_leaves_it_spare(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"))
    order = shop.buy_abroad()
    shop.supply()
    refund(shop, order)
    assert [(p.spare, p.line_id, p.current) for p in shop.profiles()] == [(True, None, False)]


@pytest.mark.parametrize("name", ["es2plus", "esimaccess"])
def test_a_refund_of_a_profile_whose_code_was_seen_cancels_it(
    shop: SupplyingShop, name: str
) -> None:
    shop.offer(source(name))
    order = shop.buy_abroad()
    shop.supply()
    profile = shop.profile_of(order)
    models.ProfileShowing.objects.create(profile=profile, at=shop.clock.now(), how="page")
    refund(shop, order)
    profile.refresh_from_db()
    assert (profile.state, profile.final, profile.spare) == ("deleted", True, False)
    shop.work()
    assert shop.cases() == []


def test_airalo_takes_nothing_back_and_staff_know(shop: SupplyingShop) -> None:
    shop.offer(source("airalo"))
    order = shop.buy_abroad()
    shop.supply()
    models.ProfileShowing.objects.create(
        profile=shop.profile_of(order), at=shop.clock.now(), how="page"
    )
    refund(shop, order)
    assert shop.cases() == ["profile_not_cancelled"]
    assert not models.Profile.objects.filter(spare=True).exists()


def test_a_profile_on_a_phone_stays_there_when_its_money_goes_back(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    shop.supply()
    profile = shop.profile_of(order)
    for act in ("download", "install", "enable"):
        shop.phone(profile, act)
    shop.hear_of("es2plus", shop.letters("es2plus"))
    refund(shop, order)
    profile.refresh_from_db()
    assert (profile.state, profile.spare, profile.line_id is not None) == ("enabled", False, True)
    assert models.LineState.objects.get(pk=profile.line_id).state == "closed"
