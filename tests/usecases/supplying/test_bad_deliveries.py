"""What suppliers deliver is looked at before anybody gets it."""

import pytest
from tests.usecases.supplying.conftest import SupplyingShop, source

from eka.gateways.suppliers.terms import Delivered, Supplied
from eka.ledger import models
from eka.usecases import provisioning

CODE = "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815"
GOOD = "8944500102198304826"


def deliver(shop: SupplyingShop, iccid: str, code: str = CODE) -> str:
    """Alice buys, and this comes for it; how her order stands then."""
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    number = models.Supply.objects.latest("pk").number
    profile = Delivered(iccid=iccid, activation_code=code)
    said = Supplied(number=number, status="ready", profile=profile)
    provisioning.take(said, shop.clock.now())
    provisioning.take(said, shop.clock.now())
    shop.work()
    return shop.state(order)


def test_a_good_profile_is_taken_once(shop: SupplyingShop) -> None:
    assert deliver(shop, GOOD) == "fulfilled"
    assert len(shop.profiles()) == 1
    assert shop.cases() == []


@pytest.mark.parametrize(
    ("iccid", "code"),
    [("", CODE), ("12345", CODE), (GOOD, ""), (GOOD, "LPA:1$smdp.example.com$A B"), (GOOD, "x")],
)
def test_what_no_phone_would_take_is_not_handed_on(
    shop: SupplyingShop, iccid: str, code: str
) -> None:
    assert deliver(shop, iccid, code) in ("refunding", "refunded")
    assert shop.profiles() == []
    assert "bad_delivery" in shop.cases()
    facts = models.Case.objects.get(kind="bad_delivery").facts
    assert "AGYFT" not in str(facts)


def test_a_profile_that_somebody_has_already_is_nobody_elses(shop: SupplyingShop) -> None:
    assert deliver(shop, GOOD) == "fulfilled"
    assert deliver(shop, GOOD) in ("refunding", "refunded")
    assert len(shop.profiles()) == 1
    assert "bad_delivery" in shop.cases()


def test_a_wrong_check_digit_is_taken_and_told(shop: SupplyingShop) -> None:
    assert deliver(shop, "8944500102198304821") == "fulfilled"
    assert shop.cases() == ["odd_iccid"]


def test_no_log_gets_the_code_of_a_delivery(shop: SupplyingShop) -> None:
    assert "AGYFT" not in repr(Delivered(iccid=GOOD, activation_code=CODE))
