"""Rule 7: every day is compared with each gateway's own list, and each difference is a case."""

from datetime import date, timedelta
from itertools import count

import pytest
from tests.usecases.buying.conftest import CURRENCY, GATEWAYS, Clock, Shop, mischief

from eka.gateways.payments.terms import GatewayUnavailable, RefundReport
from eka.ledger import models
from eka.usecases import reconciling, refunding, sending_back
from eka.usecases.gateways import gateway
from eka.usecases.refunding import Wanted

_weeks = count(1)


@pytest.fixture
def clock(clock: Clock) -> Clock:
    """A noon in Beijing of a week in which no other story sold anything."""
    now = clock.pass_(days=7 * next(_weeks))
    clock.pass_to(now.replace(hour=4, minute=0, second=0))
    return clock


def next_morning(shop: Shop) -> date:
    """A day that is over for so long that every gateway has its list by now, even an empty one."""
    day = shop.clock.now().date()
    shop.clock.pass_(days=6)
    return day


def compare(shop: Shop, name: str, day: date) -> list[tuple[str, int | None, int | None]]:
    """What differs: what, what we have, what they have."""
    found = reconciling.reconcile(name, day, shop.clock.now())
    return [(difference.what, difference.here, difference.there) for difference in found]


def refund(shop: Shop, order: str, name: str, amount: int) -> None:
    """Olga gives a part back, and it arrives."""
    wanted = Wanted(key=f"k-{order}", why="staff", by="olga", amount=amount)
    refunding.refund(order, wanted, shop.clock.now())
    shop.go_on(name)
    shop.clock.pass_(hours=1, minutes=1)
    shop.go_on(name)


@pytest.mark.parametrize("name", GATEWAYS)
def test_payments_and_refunds_match_and_their_fees_are_booked(shop: Shop, name: str) -> None:
    order = shop.buy(name, currency=CURRENCY[name])
    refund(shop, order, name, 300)
    day = next_morning(shop)
    assert compare(shop, name, day) == []
    kept = models.Reconciliation.objects.get(gateway=name, day=day)
    assert (kept.matched, shop.cases()) == (2, [])
    fee = models.MoneyIn.objects.get().fee or 0
    assert shop.account(f"fees:{name}", CURRENCY[name]) == fee
    assert fee > 0 or name == "alipay"
    assert compare(shop, name, day) == []  # again books nothing again
    assert shop.account(f"fees:{name}", CURRENCY[name]) == fee


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_payment_that_was_never_told_of_is_found_and_delivered(shop: Shop, name: str) -> None:
    """Its notification got lost, and the poll did not work either."""
    order = shop.quote(currency=CURRENCY[name])
    shop.act(shop.begin(order, name), "pay")
    payment = models.Payment.objects.get()
    if name == "paypal":  # its money is taken by the shop, which died before it wrote that down
        gateway(name).capture(payment.number, payment.reference)
    shop.post(name)
    shop.clock.pass_(hours=2)
    models.Payment.objects.update(next_look=None)
    day = next_morning(shop)
    assert compare(shop, name, day) == []
    shop.work()
    assert shop.state(order) == "fulfilled"


def test_money_that_belongs_to_nobody_is_a_case(shop: Shop) -> None:
    """A payment at the gateway of which we have no order: somebody used the account elsewhere."""
    order = shop.quote(currency="CNY")
    payment = shop.begin(order, "wechat")
    shop.act(payment, "pay")
    shop.post("wechat")
    models.Payment.objects.filter(number=payment).update(number="PFORGOTTEN")
    day = next_morning(shop)
    total = shop.order(order).total
    for _ in range(2):
        assert compare(shop, "wechat", day) == [("missing_here", None, total)]
    assert shop.cases() == ["reconciliation"]
    assert models.Case.objects.get().facts["number"] == payment


def test_money_that_the_gateway_does_not_know_is_a_case(shop: Shop) -> None:
    shop.report(shop.begin(shop.quote()))
    shop.work()
    day = next_morning(shop)
    assert compare(shop, "stripe", day) == [("missing_there", 1000, None)]
    assert shop.cases() == ["reconciliation"]


def test_a_payment_about_midnight_may_stand_in_the_next_days_list(shop: Shop) -> None:
    """Our clock says Monday, the gateway's Tuesday."""
    shop.clock.pass_to(shop.clock.now().replace(hour=23, minute=58))
    shop.buy()
    today = shop.clock.now().date()
    next_day = shop.clock.now() + timedelta(minutes=10)
    models.MoneyIn.objects.update(at=next_day)
    shop.clock.pass_(days=4)
    assert compare(shop, "stripe", next_day.date()) == []
    assert compare(shop, "stripe", today) == []


def test_amounts_that_differ_are_a_case(shop: Shop) -> None:
    shop.buy("wechat", currency="CNY")
    records = shop.market["wechat"].records
    theirs = list(records.all("payment"))[-1]
    records.put("payment", theirs["transaction"], {**theirs, "total": 7201})
    day = next_morning(shop)
    assert compare(shop, "wechat", day) == [("amount", 7200, 7201)]
    assert shop.cases() == ["reconciliation"]


def test_a_refund_that_the_gateway_never_made_is_a_case(shop: Shop) -> None:
    order = shop.buy()
    wanted = Wanted(key="k", why="staff", by="olga", amount=300)
    number = refunding.refund(order, wanted, shop.clock.now())
    report = RefundReport(number=number, status="done")
    sending_back.take("stripe", report, shop.clock.now())
    day = next_morning(shop)
    assert compare(shop, "stripe", day) == [("missing_there", 300, None)]


def test_a_refund_that_nobody_here_asked_for_is_a_case(shop: Shop) -> None:
    """Somebody pressed the button in the gateway's dashboard."""
    order = shop.buy("wechat", currency="CNY")
    refund(shop, order, "wechat", 300)
    models.Refund.objects.update(number="RRENAMED")
    day = next_morning(shop)
    shop.clock.pass_(days=1)  # until the list of the next day is there, too
    assert compare(shop, "wechat", day) == [
        ("missing_here", None, 300),
        ("missing_there", 300, None),
    ]


def test_days_are_reconciled_by_themselves_once_each(shop: Shop) -> None:
    shop.buy()
    day = shop.clock.now().date()
    shop.clock.pass_(hours=46)
    assert reconciling.reconcile_due(shop.clock.now()) == 0
    shop.clock.pass_(hours=2)
    assert reconciling.reconcile_due(shop.clock.now()) == 1
    assert reconciling.reconcile_due(shop.clock.now()) == 0
    assert models.Reconciliation.objects.get().day == day
    shop.clock.pass_(days=3)
    assert models.Reconciliation.objects.get().matched == 1
    while reconciling.reconcile_due(shop.clock.now()):
        pass
    assert models.Reconciliation.objects.count() == 4


def test_a_list_that_is_not_there_yet_is_asked_for_again(shop: Shop) -> None:
    shop.buy()
    shop.buy("paypal")
    day = shop.clock.now().date()
    shop.clock.pass_(days=2)
    mischief(shop.market["stripe"], down=True)
    with pytest.raises(GatewayUnavailable):
        reconciling.reconcile("stripe", day, shop.clock.now())
    assert reconciling.reconcile_due(shop.clock.now()) == 1  # PayPal's need not wait for it
    mischief(shop.market["stripe"])
    assert reconciling.reconcile_due(shop.clock.now()) == 1
    assert reconciling.reconcile_due(shop.clock.now()) == 0
