"""Rule 4: the gateway's expiry is the order's deadline, and it closes before the order does."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from tests.usecases.buying.conftest import CURRENCY, GATEWAYS, NEW_LINE, Shop, mischief, paying

from eka.gateways.payments.sandbox.counter import Sandbox
from eka.gateways.payments.terms import Asked, GatewayUnavailable, PaymentAsk, PaymentGateway
from eka.ledger import models
from eka.rules.instants import parse_instant
from eka.usecases import checkout, looking
from eka.usecases.checkout import UnableToPay
from eka.usecases.gateways import gateway, use_gateways
from eka.usecases.orders import NoSuchOrder

SECOND = timedelta(seconds=1)


def stripes(box: Sandbox) -> datetime:
    return datetime.fromtimestamp(
        list(box.records.all("checkout.session"))[-1]["expires_at"],
        tz=parse_instant("2026-01-01T00:00:00Z").tzinfo,
    )


EXPIRY: dict[str, Callable[[Sandbox], datetime]] = {
    "stripe": stripes,
    "wechat": lambda box: parse_instant(list(box.records.all("order"))[-1]["expires"]),
    "alipay": lambda box: parse_instant(list(box.records.all("trade"))[-1]["expires"]),
}


@pytest.mark.parametrize("name", EXPIRY)
def test_the_gateway_waits_as_long_as_the_order(shop: Shop, name: str) -> None:
    order = shop.quote(currency=CURRENCY[name])
    shop.act(shop.begin(order, name), "fail")
    told = EXPIRY[name](shop.market[name])
    # Gateways count in whole seconds or minutes, and never beyond the order's deadline.
    assert timedelta(0) <= shop.order(order).deadline - told < timedelta(minutes=1)


@pytest.mark.parametrize("name", GATEWAYS)
def test_it_is_closed_at_the_gateway_first(shop: Shop, name: str) -> None:
    order = shop.quote(currency=CURRENCY[name])
    payment = shop.begin(order, name)
    assert looking.cancel(order, shop.clock.now())
    assert (shop.state(order), shop.order(order).next_due) == ("cancelled", None)
    assert models.Payment.objects.get().state == "closed"
    if name != "alipay":  # its page could still be opened: Alipay never heard of it
        shop.act(payment, "pay")
    shop.go_on(name)
    assert shop.money() == shop.money("surplus") == []


@pytest.mark.parametrize("name", GATEWAYS)
@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_money_that_comes_while_it_is_closed_pays_for_it(shop: Shop, name: str, how: str) -> None:
    """Alice has paid, nobody has told yet, and just then the order is given up."""
    order = shop.quote(currency=CURRENCY[name])
    shop.act(shop.begin(order, name), "pay")
    if name == "paypal":  # the payer has agreed, and the shop took the money without hearing of it
        payment = models.Payment.objects.get()
        gateway(name).capture(payment.number, payment.reference)
    if how == "expired":
        shop.clock.pass_to(shop.order(order).deadline + SECOND)
        shop.expire()
    else:
        with pytest.raises(UnableToPay, match="paid"):
            looking.cancel(order, shop.clock.now())
    assert shop.state(order) == "paid"
    shop.go_on(name)
    assert shop.state(order) == "fulfilled"
    assert (len(shop.money()), shop.refunds()) == (1, [])


def test_while_the_gateway_is_silent_nothing_is_closed(shop: Shop) -> None:
    order = shop.quote()
    payment = shop.begin(order)
    mischief(shop.market["stripe"], down=True)
    with pytest.raises(GatewayUnavailable):
        looking.cancel(order, shop.clock.now())
    shop.clock.pass_to(shop.order(order).deadline + SECOND)
    shop.expire()
    assert shop.state(order) == "awaiting_payment"
    mischief(shop.market["stripe"])
    shop.clock.pass_(seconds=61)
    shop.expire()
    assert shop.state(order) == "expired"
    assert models.Payment.objects.get(number=payment).state == "closed"


def test_an_order_whose_gateway_is_gone_holds_up_no_other(shop: Shop) -> None:
    """Olga took Stripe out of her payments file: its orders wait for it, Bob's expire in time."""
    stuck, free = shop.quote(), shop.quote()
    shop.begin(stuck, "stripe")
    shop.begin(free, "paypal")
    use_gateways({"paypal": gateway("paypal")})
    shop.clock.pass_(hours=1, minutes=1)
    shop.expire()
    assert (shop.state(stuck), shop.state(free)) == ("awaiting_payment", "expired")


def test_what_was_only_looked_at_expires(shop: Shop) -> None:
    order = shop.quote()
    shop.clock.pass_to(shop.order(order).deadline + SECOND)
    with pytest.raises(UnableToPay, match="expired"):
        shop.begin(order)
    shop.expire()
    assert shop.state(order) == "expired"
    with pytest.raises(UnableToPay, match="expired"):
        shop.begin(order)


def test_nobody_begins_to_pay_after_the_deadline(shop: Shop) -> None:
    """The job is late, and a price of an hour ago is not to be had by asking again and again."""
    order = shop.quote()
    shop.act(shop.begin(order), "fail")
    shop.clock.pass_to(shop.order(order).deadline + SECOND)
    for name in ("stripe", "paypal"):
        with pytest.raises(UnableToPay, match="expired"):
            shop.begin(order, name)


def test_an_order_that_is_nearly_over_waits_for_a_page_to_be_paid_on(shop: Shop) -> None:
    order = shop.quote()
    shop.clock.pass_(minutes=50)
    payment = shop.begin(order)
    row = models.Payment.objects.get(number=payment)
    assert row.expires_at == shop.order(order).deadline == row.begun_at + timedelta(minutes=31)


def test_to_begin_again_is_the_same_payment(shop: Shop) -> None:
    order = shop.quote()
    assert shop.begin(order) == shop.begin(order)
    assert shop.begin(order, "paypal") != shop.begin(order)


def test_what_costs_nothing_is_not_paid_at_a_gateway(shop: Shop) -> None:
    shop.promote("gift: {title: {en: A gift, zh-Hans: 礼物}, does: {percentage: 100%}}")
    order = shop.quote()
    assert shop.order(order).total == 0
    with pytest.raises(UnableToPay, match="not_this_way"):
        shop.begin(order)
    checkout.pay_nothing(order, shop.clock.now())
    shop.work()
    assert shop.state(order) == "fulfilled"


def test_a_page_that_opens_after_the_order_was_given_up_is_closed_again(shop: Shop) -> None:
    """The gateway made the page, its answer got lost, and meanwhile the order was cancelled."""
    order = shop.quote()
    mischief(shop.market["stripe"], mute=1000)
    with pytest.raises(GatewayUnavailable):
        shop.begin(order)
    mischief(shop.market["stripe"])
    assert looking.cancel(order, shop.clock.now())
    payment = models.Payment.objects.get().number
    shop.act(payment, "pay")
    shop.go_on()
    assert (shop.state(order), shop.money()) == ("cancelled", [])


class Slow:
    """A gateway on a slow line: something happens here before the request to begin reaches it."""

    def __init__(self, opened: PaymentGateway, meanwhile: Callable[[], object]) -> None:
        self._opened, self._meanwhile = opened, meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)

    def begin(self, ask: PaymentAsk) -> Asked:
        self._meanwhile()
        return self._opened.begin(ask)


def test_a_page_that_is_made_for_an_order_that_is_gone_is_closed(shop: Shop) -> None:
    """Alice cancels in another tab, and the gateway hears of the cancelled payment first."""
    order = shop.quote()
    slow = Slow(gateway("stripe"), lambda: looking.cancel(order, shop.clock.now()))
    use_gateways({"stripe": cast(PaymentGateway, slow)})
    with pytest.raises(UnableToPay, match="cancelled"):
        shop.begin(order)
    shop.work()
    shop.act(models.Payment.objects.get().number, "pay")
    shop.go_on()
    assert shop.money() == shop.money("surplus") == []


def test_who_has_nothing_to_give_up_is_told_so(shop: Shop) -> None:
    with pytest.raises(NoSuchOrder):
        looking.cancel("ENONE", shop.clock.now())
    done = shop.buy()
    with pytest.raises(UnableToPay, match="fulfilled"):
        looking.cancel(done, shop.clock.now())
    gone = shop.quote(NEW_LINE)
    assert looking.cancel(gone, shop.clock.now())
    assert looking.cancel(gone, shop.clock.now())  # again changes nothing


def test_a_way_that_the_gateway_does_not_have_is_refused(shop: Shop) -> None:
    with pytest.raises(UnableToPay, match="not_this_way"):
        checkout.begin(shop.quote(), paying("stripe", "qr"), shop.clock.now())
    with pytest.raises(UnableToPay, match="not_this_way"):
        shop.begin(shop.quote(), "wechat")  # takes no dollars
