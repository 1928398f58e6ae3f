"""Paid and nothing came, and the like: found by itself, mended by what should have happened."""

from datetime import timedelta

import pytest
from tests.usecases.buying.conftest import Shop

from eka.ledger import models
from eka.rules.units import Money
from eka.usecases import refunding, repairing
from eka.usecases.refunding import Wanted

GB = 10**9


def repair(shop: Shop, order: str = "") -> list[str]:
    return [finding.what for finding in repairing.repair(shop.clock.now(), order)]


def paid(shop: Shop) -> str:
    order = shop.quote()
    shop.act(shop.begin(order), "pay")
    shop.deliver("stripe")
    return order


def test_in_a_shop_where_all_is_well_nothing_is_found(shop: Shop) -> None:
    done, waiting = shop.buy(), shop.quote()
    shop.begin(waiting)
    refunding.refund(
        shop.buy(), Wanted(key="k", why="staff", by="olga", amount=1), shop.clock.now()
    )
    shop.go_on()
    shop.clock.pass_(hours=3)
    shop.look()
    shop.expire()
    assert repair(shop) == []
    assert (shop.state(done), shop.state(waiting)) == ("fulfilled", "expired")


@pytest.mark.parametrize("lost", ["gone", "done"])
def test_paid_and_nobody_is_going_to_deliver_it(shop: Shop, lost: str) -> None:
    order = paid(shop)
    effect = models.Outbox.objects.filter(kind="fulfil")
    effect.delete() if lost == "gone" else effect.update(due=None, done_at=shop.clock.now())
    assert repair(shop) == []  # what is young is still on its way
    shop.clock.pass_(minutes=3)
    assert repair(shop) == ["paid_not_delivered"]
    assert repair(shop) == []
    shop.work()
    assert (shop.state(order), shop.granted()) == ("fulfilled", 20 * GB)


def test_a_payment_that_nobody_asks_about(shop: Shop) -> None:
    order = shop.quote()
    shop.act(shop.begin(order), "pay")
    models.Payment.objects.update(next_look=None)
    assert repair(shop) == ["never_looked_at"]
    shop.look()
    assert shop.state(order) == "paid"
    assert repair(shop) == []
    shop.work()


def test_a_mismatch_is_left_to_the_person_who_has_its_case(shop: Shop) -> None:
    shop.report(shop.begin(shop.quote()), amount=Money(1, "USD"))
    assert repair(shop) == []


def test_an_order_that_never_ends(shop: Shop) -> None:
    order = shop.quote()
    shop.begin(order)
    models.Order.objects.update(next_due=None)
    shop.clock.pass_to(shop.order(order).deadline + timedelta(minutes=1))
    assert repair(shop) == []
    shop.clock.pass_(minutes=2)
    assert repair(shop) == ["never_ends"]
    shop.expire()
    assert shop.state(order) == "expired"


def test_a_refund_that_nobody_sends(shop: Shop) -> None:
    order = shop.buy()
    wanted = Wanted(key="k", why="staff", by="olga", amount=300)
    refunding.refund(order, wanted, shop.clock.now())
    models.Outbox.objects.filter(kind="refund").update(due=None)
    shop.clock.pass_(hours=1, minutes=59)
    assert repair(shop) == []
    shop.clock.pass_(minutes=2)
    assert repair(shop) == ["refund_forgotten"]
    assert repair(shop) == []
    shop.work()
    assert shop.refunds() == [("staff", 300, "done")]


def test_a_refund_that_a_person_sees_to_is_left_to_them(shop: Shop) -> None:
    order = shop.buy()
    wanted = Wanted(key="k", why="staff", by="olga", amount=300)
    number = refunding.refund(order, wanted, shop.clock.now())
    models.Outbox.objects.filter(kind="refund").update(due=None)
    models.Case.objects.create(
        key=f"refund_stuck:{number}",
        kind="refund_stuck",
        order=shop.order(order),
        opened_at=shop.clock.now(),
    )
    shop.clock.pass_(hours=3)
    assert repair(shop) == []


def test_delivered_and_not_paid_is_a_case(shop: Shop) -> None:
    """Somebody set an order right by hand, and did not."""
    order = shop.buy()
    models.MoneyIn.objects.update(role="surplus")
    assert repair(shop) == ["delivered_not_paid"]
    assert repair(shop) == []
    assert shop.cases() == ["delivered_not_paid"]
    models.MoneyIn.objects.update(role="credited")
    assert shop.state(order) == "fulfilled"


def test_money_that_is_not_what_the_order_costs_is_a_case(shop: Shop) -> None:
    shop.buy()
    models.MoneyIn.objects.update(amount=999)
    assert repair(shop) == ["amounts_differ"]
    assert repair(shop) == []
    assert shop.cases() == ["amounts_differ"]
    models.MoneyIn.objects.update(amount=1000)


def test_one_order_is_mended_and_no_other(shop: Shop) -> None:
    first, second = paid(shop), paid(shop)
    models.Outbox.objects.filter(kind="fulfil").delete()
    shop.clock.pass_(minutes=3)
    assert repair(shop, first) == ["paid_not_delivered"]
    shop.work()
    assert (shop.state(first), shop.state(second)) == ("fulfilled", "paid")


def test_every_kind_has_its_story() -> None:
    assert set(repairing.KINDS) == {
        "paid_not_delivered",
        "never_looked_at",
        "never_ends",
        "refund_forgotten",
        "delivered_not_paid",
        "amounts_differ",
    }
