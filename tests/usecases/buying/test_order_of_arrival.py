"""Rule 3: the order in which news arrive changes nothing; what is paid too much goes back."""

import itertools
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from tests.usecases.buying.conftest import CURRENCY, GATEWAYS, NEW_LINE, Shop, mischief

from eka.ledger import models
from eka.rules.baskets import NewLineItem
from eka.usecases import looking

NEWS: tuple[dict[str, Any], ...] = (
    {"status": "pending", "transaction": "", "amount": None},
    {"status": "failed", "transaction": "", "reason": "card_declined"},
    {"status": "paid"},
    {"status": "closed", "transaction": ""},
)


@pytest.mark.parametrize("name", GATEWAYS)
def test_after_a_failure_the_payer_pays_after_all(shop: Shop, name: str) -> None:
    order = shop.quote(currency=CURRENCY[name])
    payment = shop.begin(order, name)
    shop.act(payment, "fail")
    shop.go_on(name)
    shop.clock.pass_(seconds=31)
    shop.look()  # of a page that was given up Alipay says nothing by itself
    assert shop.state(order) == "awaiting_payment"
    shop.pay(order, name)
    assert shop.state(order) == "fulfilled"


def test_in_any_order_what_was_paid_is_paid(shop: Shop) -> None:
    for news in permutations(NEWS[:3]):
        order = shop.quote()
        payment = shop.begin(order)
        for said in news:
            shop.report(payment, **said)
        assert shop.state(order) == "paid", news
        assert models.Payment.objects.get(number=payment).state == "paid", news
    assert len(shop.money()) == 6
    assert shop.money("surplus") == []


def test_a_late_failure_and_a_late_end_undo_nothing(shop: Shop) -> None:
    order = shop.buy()
    payment = models.Payment.objects.get().number
    for said in NEWS:
        if said["status"] != "paid":
            assert shop.report(payment, **said) == "nothing"
    assert shop.state(order) == "fulfilled"
    assert models.Payment.objects.get().state == "paid"


def expired(shop: Shop, *items: Any) -> tuple[str, str]:
    """An order of Alice's that waited in vain, and its payment."""
    order = shop.quote(*items)
    payment = shop.begin(order)
    shop.clock.pass_(hours=1, seconds=1)
    shop.expire()
    assert shop.state(order) == "expired"
    return order, payment


def test_money_within_a_day_takes_an_expired_order_up_again(shop: Shop) -> None:
    order, payment = expired(shop)
    shop.clock.pass_to(shop.order(order).deadline + timedelta(hours=23, minutes=59))
    assert shop.report(payment) == "credit"
    shop.work()
    assert (shop.state(order), shop.money()) == ("fulfilled", [1000])
    assert shop.order(order).ended_at is not None


def test_money_after_a_day_goes_back(shop: Shop) -> None:
    order, payment = expired(shop)
    shop.act(payment, "pay_late")
    shop.clock.pass_to(shop.order(order).deadline + timedelta(hours=24, seconds=1))
    shop.go_on()
    assert shop.state(order) == "expired"
    assert shop.refunds() == [("surplus", 1000, "done")]
    assert (shop.granted(), shop.account("gateway:stripe")) == (10**10, 0)


@pytest.mark.parametrize("name", ["stripe", "wechat", "alipay"])
def test_whoever_pays_late_at_a_real_gateway_has_what_they_paid_for(shop: Shop, name: str) -> None:
    """The gateway lets the payment through although it was closed."""
    order = shop.quote(currency=CURRENCY[name])
    payment = shop.begin(order, name)
    shop.act(payment, "pay_late")
    shop.clock.pass_(hours=1, seconds=1)
    shop.expire()
    shop.go_on(name)
    assert shop.state(order) == "fulfilled"
    assert len(shop.money()) == 1


def test_whoever_agrees_too_late_at_paypal_is_not_charged(shop: Shop) -> None:
    order = shop.quote()
    payment = shop.begin(order, "paypal")
    shop.clock.pass_(hours=1, seconds=1)
    shop.expire()
    shop.act(payment, "pay_late")
    shop.go_on("paypal")
    assert (shop.state(order), shop.money(), shop.cases()) == ("expired", [], [])


@pytest.mark.parametrize("name", GATEWAYS)
def test_money_for_a_cancelled_order_goes_back(shop: Shop, name: str) -> None:
    order = shop.quote(currency=CURRENCY[name])
    payment = shop.begin(order, name)
    assert looking.cancel(order, shop.clock.now())
    total = shop.order(order).total
    shop.act(payment, "pay_late")
    shop.go_on(name)
    shop.report(payment)  # whatever the gateway let through, this is money
    shop.work()
    assert shop.state(order) == "cancelled"
    assert ("surplus", total) in [refund[:2] for refund in shop.refunds()]
    assert (shop.money(), shop.granted()) == ([], 10**10)


@pytest.mark.parametrize("name", ["stripe", "paypal", "wechat", "alipay"])
def test_a_second_payment_goes_back_by_itself(shop: Shop, name: str) -> None:
    order = shop.quote(currency=CURRENCY[name])
    shop.pay(order, name, "pay_twice")
    total = shop.order(order).total
    shop.clock.pass_(hours=1, minutes=1)  # a refund that is on its way is asked about
    shop.work()
    shop.go_on(name)
    assert shop.state(order) == "fulfilled"
    assert (shop.money(), shop.money("surplus")) == ([total], [total])
    assert shop.refunds() == [("surplus", total, "done")]
    assert shop.granted() == 20 * 10**9
    assert shop.account(f"gateway:{name}", CURRENCY[name]) == total


def test_two_gateways_are_paid_for_one_order(shop: Shop) -> None:
    order = shop.quote()
    by_card, by_paypal = shop.begin(order, "stripe"), shop.begin(order, "paypal")
    shop.act(by_card, "pay")
    shop.act(by_paypal, "pay")
    shop.go_on("stripe")
    shop.go_on("paypal")
    assert shop.state(order) == "fulfilled"
    assert shop.money() == [1000]
    # PayPal's payer had agreed, and the money was not taken, as the order needed none.
    assert shop.money("surplus") == []
    assert models.Payment.objects.exclude(state="paid").count() == 1


def test_paying_by_one_way_closes_the_others(shop: Shop) -> None:
    order = shop.quote(currency="CNY")
    by_alipay, by_code = shop.begin(order, "alipay"), shop.begin(order, "wechat")
    shop.act(by_alipay, "pay")
    shop.go_on("alipay")
    assert models.Payment.objects.get(number=by_code).state == "closed"
    shop.act(by_code, "pay")
    assert shop.deliver("wechat") == 0


def test_what_has_sold_out_meanwhile_is_not_taken_up_again(shop: Shop) -> None:
    """The order expired, Bob bought the last one, and Alice's money comes late."""
    models.Plan.objects.filter(name="small").update(stock=1)
    order, payment = expired(shop, NEW_LINE)
    assert models.Plan.objects.get(name="small").stock == 1
    shop.begin(shop.quote(NEW_LINE))
    shop.report(payment)
    shop.work()
    assert shop.state(order) == "expired"
    assert [refund[:2] for refund in shop.refunds()] == [("surplus", 1000)]
    assert models.Plan.objects.get(name="small").stock == 0


def test_half_of_an_order_is_not_taken_off_the_stock(shop: Shop) -> None:
    """There is still a small line, and no large one: what was held of it is free again."""
    models.Plan.objects.update(stock=1)
    order, payment = expired(shop, NEW_LINE, NewLineItem(plan="large"))
    models.Plan.objects.filter(name="large").update(stock=0)
    shop.report(payment)
    assert shop.state(order) == "expired"
    assert models.Plan.objects.get(name="small").stock == 1


@pytest.mark.parametrize("nth", range(6))
def test_a_second_payment_is_not_taken_for_the_first_whichever_comes_first(
    shop: Shop, nth: int
) -> None:
    order = shop.quote()
    payment = shop.begin(order, "paypal")
    shop.act(payment, "pay_twice")
    shop.deliver("paypal")  # approved: the money is taken, twice
    mischief(shop.market["paypal"], mute=1000)  # and we do not hear of it
    shop.work()
    mischief(shop.market["paypal"])
    orders = list(itertools.permutations(shop.post("paypal")))
    for headers, body in orders[nth % len(orders)]:
        shop.hear("paypal", headers, body)
    shop.work()
    shop.go_on("paypal")
    assert shop.state(order) == "fulfilled"
    assert shop.money() == [1000]
    assert shop.money("surplus") == [1000]
    assert [state for _, _, state in shop.refunds()] == ["done"]
