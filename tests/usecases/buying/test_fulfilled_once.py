"""Rule 6: what was paid for is delivered once, and what cannot be delivered is paid back."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from tests.usecases.buying.conftest import NEW_LINE, Shop, mischief

from eka.gateways.payments.terms import GatewayUnavailable
from eka.ledger import models
from eka.rules.baskets import RenewalItem, TopUpItem
from eka.rules.patience import TRIES_S
from eka.rules.requests import Change
from eka.usecases import effects, fulfilment, outbox, repairing
from eka.usecases.commands import carry_out

GB = 10**9


def paid(shop: Shop, *items: RenewalItem | TopUpItem) -> str:
    """An order that was paid, and not delivered yet."""
    order = shop.quote(*items)
    shop.act(shop.begin(order), "pay")
    shop.deliver("stripe")
    assert shop.state(order) == "paid"
    return order


def test_delivered_again_it_is_delivered_once(shop: Shop) -> None:
    order = paid(shop)
    for _ in range(3):
        fulfilment.fulfil(order, shop.clock.now())
    shop.work()
    models.Outbox.objects.update(due=shop.clock.now())  # somebody puts all of it back to work
    shop.work()
    assert (shop.state(order), shop.granted()) == ("fulfilled", 20 * GB)
    assert shop.story(order).count("fulfilled") == 1
    assert shop.messages() == ["order_fulfilled"]


def test_a_worker_that_dies_before_it_says_so(shop: Shop) -> None:
    """The goods are delivered, and the outbox never hears of it; a minute later another worker."""
    order = paid(shop)
    [effect] = outbox.claim(shop.clock.now(), 20)
    fulfilment.fulfil(effect.payload["order"], shop.clock.now())
    assert effects.work(shop.clock.now()) == 0
    shop.clock.pass_(seconds=61)
    assert effects.work(shop.clock.now()) == 1
    assert (shop.state(order), shop.granted()) == ("fulfilled", 20 * GB)


def test_a_worker_that_dies_in_between_leaves_nothing_behind(shop: Shop) -> None:
    """All items are delivered, or none of them."""
    order = paid(shop, TopUpItem(line=shop.line, data=GB, validity="30d"))

    class Killed(BaseException):
        pass

    with suppress(Killed), transaction.atomic():
        fulfilment.fulfil(order, shop.clock.now())
        raise Killed
    assert (shop.state(order), shop.granted()) == ("paid", 10 * GB)
    shop.work()
    assert (shop.state(order), shop.granted()) == ("fulfilled", 11 * GB)


def test_eight_workers_deliver_once(crowded_shop: Shop) -> None:
    shop = crowded_shop
    orders = [paid(shop), paid(shop)]

    def work(_: int) -> None:
        try:
            for order in orders:
                fulfilment.fulfil(order, shop.clock.now())
            while effects.work(shop.clock.now(), most=1):
                pass
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(8)))
    assert [shop.state(order) for order in orders] == ["fulfilled"] * 2
    assert shop.granted() == 30 * GB


def test_what_the_rules_refuse_goes_back_at_once(shop: Shop) -> None:
    """Alice closed her line after she had paid."""
    order = paid(shop)
    carry_out(shop.line, Change("cancel"), now=shop.clock.now(), key="cancel")
    shop.go_on()
    assert (shop.state(order), shop.refunds()) == ("refunded", [("undeliverable", 1000, "done")])
    assert shop.cases() == ["undeliverable"]
    assert shop.messages() == ["order_undeliverable", "refunded"]
    assert shop.account("gateway:stripe") == 0


def test_one_item_that_cannot_be_delivered_takes_the_others_with_it(shop: Shop) -> None:
    other = NEW_LINE
    order = shop.quote(other, RenewalItem(line=shop.line))
    shop.act(shop.begin(order), "pay")
    shop.deliver("stripe")
    carry_out(shop.line, Change("cancel"), now=shop.clock.now(), key="cancel")
    shop.go_on()
    assert (shop.state(order), models.Line.objects.count()) == ("refunded", 1)
    assert shop.refunds() == [("undeliverable", 2000, "done")]


def broken(shop: Shop) -> str:
    """An order whose terms nobody can read: a defect, not a refusal of the rules."""
    order = paid(shop)
    models.OrderItem.objects.filter(order__number=order).update(terms={"kind": "spaceship"})
    return order


def test_after_the_last_retry_the_money_goes_back_and_a_person_hears_of_it(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order = broken(shop)
    begun = shop.clock.now()
    tried = []
    while (row := models.Outbox.objects.get(kind="fulfil")).due is not None:
        shop.clock.pass_to(max(row.due, shop.clock.now()) + timedelta(milliseconds=1))
        assert effects.work(shop.clock.now(), kinds=["fulfil"]) == 1
        tried.append(round((shop.clock.now() - begun).total_seconds()))
    waits = [later - earlier for earlier, later in pairwise(tried)]
    assert waits == pytest.approx(TRIES_S, abs=2)
    assert shop.state(order) == "refunding"
    shop.go_on()
    assert (shop.state(order), shop.refunds()) == ("refunded", [("undeliverable", 1000, "done")])
    assert shop.cases() == ["undeliverable"]
    assert "order_undeliverable" in shop.messages()
    assert "spaceship" in models.Case.objects.get().facts["why"]
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == len(tried)


def test_a_worker_that_dies_before_the_last_resort(shop: Shop) -> None:
    """All tries were in vain, and the worker died before it could give the money back."""
    order = broken(shop)
    [effect] = outbox.claim(shop.clock.now(), 20)
    models.Outbox.objects.filter(pk=effect.id).update(
        due=None, attempts=10, gave_up_at=shop.clock.now()
    )
    shop.clock.pass_(minutes=3)
    found = repairing.repair(shop.clock.now())
    assert [finding.what for finding in found] == ["paid_not_delivered"]
    for _ in range(11):
        shop.work()
        shop.clock.pass_(hours=5)
    shop.go_on()
    assert shop.state(order) == "refunded"


def test_one_effect_that_fails_holds_up_no_other(shop: Shop) -> None:
    bad, good = broken(shop), paid(shop)
    shop.work()
    assert (shop.state(bad), shop.state(good)) == ("paid", "fulfilled")
    models.OrderItem.objects.filter(order__number=bad).update(
        terms={"kind": "renewal", "line": shop.line, "plan": "", "times": 1}
    )
    shop.clock.pass_(minutes=1)
    shop.work()
    assert shop.state(bad) == "fulfilled"


# ------------------------------------------------------------------------ a gateway out of order


@pytest.mark.parametrize("trouble", [{"down": True}, {"mute": 1000}])
@pytest.mark.parametrize("name", ["stripe", "paypal"])
def test_begun_again_it_is_the_same_payment(
    shop: Shop, name: str, trouble: dict[str, object]
) -> None:
    """The gateway is down, or it answers nothing although it did what it was asked."""
    order = shop.quote()
    mischief(shop.market[name], **trouble)
    for _ in range(2):
        with pytest.raises(GatewayUnavailable):
            shop.begin(order, name)
    mischief(shop.market[name])
    number = models.Payment.objects.get().number
    assert shop.begin(order, name) == number
    shop.act(number, "pay")
    shop.go_on(name)
    assert (shop.state(order), shop.money()) == ("fulfilled", [1000])


def test_a_payment_that_was_begun_unheard_is_found_by_asking(shop: Shop) -> None:
    order = shop.quote(currency="CNY")
    mischief(shop.market["wechat"], mute=1000)
    with pytest.raises(GatewayUnavailable):
        shop.begin(order, "wechat")
    mischief(shop.market["wechat"], lose=1000)
    shop.act(models.Payment.objects.get().number, "pay")
    shop.clock.pass_(seconds=31)
    shop.look()
    shop.work()
    assert shop.state(order) == "fulfilled"


def test_money_that_was_agreed_to_is_taken_when_the_gateway_is_back(shop: Shop) -> None:
    order = shop.quote()
    shop.act(shop.begin(order, "paypal"), "pay")
    letters = shop.post("paypal")
    mischief(shop.market["paypal"], down=True)
    for letter in letters:
        shop.hear("paypal", *letter)
    shop.work()
    assert shop.state(order) == "awaiting_payment"
    mischief(shop.market["paypal"])
    shop.clock.pass_(seconds=6)
    shop.go_on("paypal")
    assert (shop.state(order), shop.money()) == ("fulfilled", [1000])
