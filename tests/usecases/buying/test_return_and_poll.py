"""Rule 2: the browser's return proves nothing; what was not notified is found by asking."""

from datetime import timedelta

import pytest
from tests.usecases.buying.conftest import CURRENCY, GATEWAYS, Shop, mischief

from eka.ledger import models
from eka.rules.patience import LOOKS_S


def looks(shop: Shop, payment: str, until: timedelta) -> list[int]:
    """The seconds after which the gateway was asked, as the job that looks is on time."""
    row = models.Payment.objects.get(number=payment)
    asked, begun = [], row.begun_at
    while row.next_look is not None and row.next_look - begun <= until:
        asked.append(round((row.next_look - begun).total_seconds()))
        shop.clock.pass_to(row.next_look + timedelta(milliseconds=1))
        assert shop.look() == 1
        row.refresh_from_db()
    return asked


@pytest.mark.parametrize("name", GATEWAYS)
def test_nobody_is_believed_for_coming_back(shop: Shop, name: str) -> None:
    """Alice is back in her browser, and has not paid; asked, the gateway says so."""
    order = shop.quote(currency=CURRENCY[name])
    shop.begin(order, name)
    shop.clock.pass_(seconds=31)
    assert shop.look() == 1
    shop.work()
    assert shop.state(order) == "awaiting_payment"
    assert shop.money() == []


@pytest.mark.parametrize("name", GATEWAYS)
def test_what_was_never_notified_is_found_by_asking(shop: Shop, name: str) -> None:
    mischief(shop.market[name], lose=1000)
    order = shop.quote(currency=CURRENCY[name])
    shop.act(shop.begin(order, name), "pay")
    assert shop.post(name) == []
    shop.clock.pass_(seconds=29)
    assert shop.look() == 0
    shop.clock.pass_(seconds=2)
    assert shop.look() == 1
    shop.work()
    assert shop.state(order) == "fulfilled"
    assert shop.look() == 0


def test_it_is_asked_ever_less_often_until_the_deadline(shop: Shop) -> None:
    order = shop.quote()
    payment = shop.begin(order)
    asked = looks(shop, payment, timedelta(minutes=59))
    waits = [later - earlier for earlier, later in zip([0, *asked], asked, strict=False)]
    assert waits == [*LOOKS_S, 900]
    assert waits == sorted(waits)
    row = models.Payment.objects.get(number=payment)
    assert row.next_look == row.expires_at == shop.order(order).deadline


def test_nobody_asks_any_more_when_it_is_over(shop: Shop) -> None:
    order = shop.quote()
    shop.begin(order)
    shop.clock.pass_(hours=1, seconds=1)
    shop.expire()
    assert shop.state(order) == "expired"
    shop.clock.pass_(days=1)
    assert shop.look() == 0


def test_a_gateway_that_does_not_answer_is_asked_again(shop: Shop) -> None:
    order = shop.quote()
    payment = shop.begin(order)
    shop.act(payment, "pay")
    mischief(shop.market["stripe"], down=True)
    shop.clock.pass_(seconds=31)
    assert shop.look() == 1
    assert (shop.state(order), shop.look()) == ("awaiting_payment", 0)
    mischief(shop.market["stripe"])
    shop.clock.pass_(seconds=61)
    assert shop.look() == 1
    assert shop.state(order) == "paid"
