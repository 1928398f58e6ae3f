"""Rule 5: what goes back is never more than what came, and the data goes back with it."""

import pytest
from tests.usecases.buying.conftest import CURRENCY, GATEWAYS, NEW_LINE, Shop, mischief

from eka.gateways.payments.terms import RefundReport
from eka.ledger import models
from eka.rules import books
from eka.rules.baskets import AddOnItem, RenewalItem, TopUpItem, WalletItem
from eka.rules.units import Money
from eka.usecases import bookkeeping, refunding, sending_back, wallets
from eka.usecases.commands import KeyReused
from eka.usecases.orders import NoSuchOrder
from eka.usecases.refunding import UnableToRefund, Wanted

GB = 10**9


def ask(
    shop: Shop, order: str, amount: int | None = None, *, why: str = "staff", key: str = "k1"
) -> str:
    """Olga gives money back, or Alice asks for it (`customer`)."""
    wanted = Wanted(key=key, why=why, by="olga", amount=amount)
    return refunding.refund(order, wanted, shop.clock.now())


def go_on(shop: Shop, name: str = "stripe") -> None:
    """Refunds are sent, and asked about an hour later where they were still on their way."""
    shop.go_on(name)
    shop.clock.pass_(hours=1, minutes=1)
    shop.go_on(name)


@pytest.mark.parametrize("name", GATEWAYS)
def test_all_of_the_money_goes_back_and_the_data_with_it(shop: Shop, name: str) -> None:
    order = shop.buy(name, currency=CURRENCY[name])
    total = shop.order(order).total
    ask(shop, order)
    assert (shop.state(order), shop.held()) == ("refunding", 10 * GB)  # what she had before
    go_on(shop, name)
    assert (shop.state(order), shop.refunds()) == ("refunded", [("staff", total, "done")])
    assert shop.account(f"gateway:{name}", CURRENCY[name]) == 0
    assert "refunded" in shop.messages()
    assert shop.cases() == []


@pytest.mark.parametrize("name", GATEWAYS)
def test_parts_go_back_until_nothing_is_left(shop: Shop, name: str) -> None:
    order = shop.buy(name, currency=CURRENCY[name])
    total = shop.order(order).total
    ask(shop, order, 300, key="k1")
    go_on(shop, name)
    assert (shop.state(order), shop.held()) == ("fulfilled", 20 * GB)
    with pytest.raises(UnableToRefund) as refused:
        ask(shop, order, total - 299, key="k2")
    assert (refused.value.code, refused.value.most) == ("too_much", total - 300)
    ask(shop, order, total - 300, key="k3")
    go_on(shop, name)
    assert (shop.state(order), shop.held()) == ("refunded", 10 * GB)
    assert [amount for _, amount, state in shop.refunds() if state == "done"] == [300, total - 300]
    with pytest.raises(UnableToRefund):
        ask(shop, order, 1, key="k4")


@pytest.mark.parametrize("amount", [0, -1, 1001])
def test_no_other_amount_goes_back(shop: Shop, amount: int) -> None:
    order = shop.buy()
    with pytest.raises(UnableToRefund):
        ask(shop, order, amount)
    assert shop.refunds() == []


def test_the_same_key_is_the_same_refund(shop: Shop) -> None:
    order, other = shop.buy(), shop.buy()
    first = ask(shop, order, 300)
    assert ask(shop, order, 300) == ask(shop, order) == first
    for taken in ((order, 301), (other, 300)):
        with pytest.raises(KeyReused):
            ask(shop, *taken)
    assert shop.refunds() == [("staff", 300, "asked")]


def test_a_refund_is_sent_once_however_often_it_is_tried(shop: Shop) -> None:
    """The gateway gives the money back, and dies before it says so."""
    order = shop.buy()
    ask(shop, order, 300)
    mischief(shop.market["stripe"], mute=1000)
    shop.work()
    mischief(shop.market["stripe"])
    shop.clock.pass_(minutes=2)
    shop.go_on()
    back = [int(refund["amount"]) for refund in shop.market["stripe"].records.all("refund")]
    assert shop.refunds() == [("staff", 300, "done")]
    assert back[-1:] == [300]
    assert shop.account("gateway:stripe") == 700


def test_nothing_that_was_not_paid_goes_back(shop: Shop) -> None:
    with pytest.raises(NoSuchOrder):
        ask(shop, "ENONE")
    with pytest.raises(NoSuchOrder):
        refunding.offer("ENONE", shop.clock.now())
    order = shop.quote()
    with pytest.raises(UnableToRefund, match="quoted"):
        ask(shop, order)
    assert refunding.offer(order, shop.clock.now()).amount == 0


def test_a_refund_before_the_delivery_leaves_nothing_owed(shop: Shop) -> None:
    """A part goes back, then the rest, and the outbox comes too late to deliver."""
    order = shop.quote()
    shop.act(shop.begin(order), "pay")
    shop.deliver("stripe")
    assert shop.state(order) == "paid"
    ask(shop, order, 300, key="k1")
    ask(shop, order, key="k2")
    shop.go_on()
    assert (shop.state(order), shop.granted()) == ("refunded", 10 * GB)
    assert shop.account("customer_prepayments") == shop.account("gateway:stripe") == 0


def test_stock_that_was_never_delivered_is_for_sale_again(shop: Shop) -> None:
    models.Plan.objects.filter(name="small").update(stock=1)
    order = shop.quote(NEW_LINE)
    shop.act(shop.begin(order), "pay")
    shop.deliver("stripe")
    assert models.Plan.objects.get(name="small").stock == 0
    ask(shop, order)
    assert models.Plan.objects.get(name="small").stock == 1


# ------------------------------------------------------------------------ what the customer may ask


def test_unused_data_gives_all_of_the_price_back(shop: Shop) -> None:
    order = shop.buy()
    assert refunding.offer(order, shop.clock.now()).amount == 1000
    ask(shop, order, why="customer")
    assert shop.state(order) == "refunding"


def test_after_use_the_unused_share_goes_back(shop: Shop) -> None:
    """Of the new line's ten gigabytes four were used."""
    order, line = shop.buy_line()
    shop.use(4 * GB, line)
    most = refunding.offer(order, shop.clock.now())
    assert (most.amount, most.why) == (600, "used")
    with pytest.raises(UnableToRefund) as refused:
        ask(shop, order, 601, why="customer")
    assert refused.value.most == 600
    ask(shop, order, why="customer")
    shop.go_on()
    assert (shop.state(order), shop.held(line)) == ("refunded", 0)
    assert shop.account("revenue:used") == -400
    assert shop.account("deferred_data") == 0


def test_after_the_days_of_the_terms_nothing_goes_back(shop: Shop) -> None:
    order = shop.buy()
    shop.clock.pass_(days=14, minutes=1)
    assert refunding.offer(order, shop.clock.now()).why == "too_late"
    with pytest.raises(UnableToRefund, match="too_late"):
        ask(shop, order, why="customer")
    ask(shop, order, 1000)  # Olga may all the same


def test_a_charge_of_the_wallet_goes_back_while_it_is_there(shop: Shop) -> None:
    order = shop.buy("stripe", WalletItem(amount=2000))
    assert refunding.offer(order, shop.clock.now()).amount == 2000
    wallets.debit(
        shop.alice.pk, Money(1, "USD"), kind="adjustment", key="gum", now=shop.clock.now()
    )
    posts = books.wallet_adjusted(Money(-1, "USD"))
    bookkeeping.record("wallet_adjusted", "gum", posts, shop.clock.now())
    assert refunding.offer(order, shop.clock.now()).why == "spent"
    with pytest.raises(UnableToRefund, match="spent"):
        ask(shop, order)
    assert (shop.state(order), shop.refunds()) == ("fulfilled", [])


def test_a_charge_beside_used_data_gives_back_no_more_than_was_not_used(shop: Shop) -> None:
    order = shop.buy("stripe", NEW_LINE, WalletItem(amount=2000))
    line = models.OrderItem.objects.get(order__number=order, kind="new_line").line_id
    assert line is not None
    shop.use(4 * GB, line)
    assert refunding.offer(order, shop.clock.now()).amount == 2600
    shop.clock.pass_(days=15)
    assert refunding.offer(order, shop.clock.now()).why == "too_late"


# ------------------------------------------------------------------------------ the data goes back


def test_a_queued_period_leaves_the_queue(shop: Shop) -> None:
    order = shop.buy("stripe", AddOnItem(line=shop.line, plan="large"))
    assert (shop.queued(), shop.held()) == (1, 10 * GB)
    ask(shop, order)
    assert (shop.queued(), shop.held()) == (0, 10 * GB)


def test_three_periods_are_taken_back_together(shop: Shop) -> None:
    order = shop.buy("stripe", RenewalItem(line=shop.line, times=3))
    assert (shop.queued(), shop.order(order).total) == (2, 3000)
    ask(shop, order, why="customer")
    assert (shop.queued(), shop.held()) == (0, 10 * GB)


def test_a_top_up_is_taken_back_and_the_plans_data_stays(shop: Shop) -> None:
    order = shop.buy("stripe", TopUpItem(line=shop.line, data=GB, validity="30d"))
    assert shop.held() == 11 * GB
    ask(shop, order)
    assert shop.held() == 10 * GB


def test_a_line_that_was_bought_is_closed(shop: Shop) -> None:
    order, line = shop.buy_line()
    ask(shop, order)
    assert models.LineState.objects.get(pk=line).state == "closed"
    assert shop.held(line) == 0
    assert shop.held() == 10 * GB


# --------------------------------------------------------------------- when the gateway will not


def test_a_gateway_that_refuses_makes_a_case_and_the_money_stays_owed(shop: Shop) -> None:
    """Somebody gave the money back by hand, in the gateway's dashboard."""
    order = shop.buy()
    money = models.MoneyIn.objects.get()
    records = shop.market["stripe"].records
    charge = list(records.all("charge"))[-1]
    gone = {**charge, "amount_refunded": charge["amount"], "refunded": True}
    records.put("charge", charge["id"], gone)
    ask(shop, order, 300)
    shop.go_on()
    assert shop.refunds() == [("staff", 300, "failed")]
    assert shop.cases() == ["refund_failed"]
    assert (shop.account("refunds_failed"), shop.account("refunds_due")) == (-300, 0)
    money.refresh_from_db()
    assert money.given_back == 0


def test_a_gateway_that_says_later_that_it_failed(shop: Shop) -> None:
    order = shop.buy()
    number = ask(shop, order, 300)
    for status in ("pending", "failed", "failed", "done"):
        report = RefundReport(number=number, status=status)
        sending_back.take("stripe", report, shop.clock.now())
    assert shop.refunds() == [("staff", 300, "failed")]
    assert shop.cases() == ["refund_failed"]


def test_money_that_comes_back_after_it_was_sent_is_a_case(shop: Shop) -> None:
    """The payer's bank returns it weeks later: it is owed again, and a person has to see to it."""
    order = shop.buy()
    number = ask(shop, order, 300)
    shop.go_on()
    for _ in range(2):
        report = RefundReport(number=number, status="failed", reason="lost_or_stolen_card")
        sending_back.take("stripe", report, shop.clock.now())
    assert shop.cases() == ["refund_returned"]


def test_a_refund_of_another_amount_is_a_case(shop: Shop) -> None:
    order = shop.buy()
    number = ask(shop, order, 300)
    report = RefundReport(number=number, status="done", amount=Money(301, "USD"))
    assert sending_back.take("stripe", report, shop.clock.now()) == "mismatch"
    assert (shop.cases(), shop.refunds()) == (["refund_mismatch"], [("staff", 300, "asked")])


def test_a_refund_that_nobody_asked_for_is_a_case(shop: Shop) -> None:
    report = RefundReport(number="", status="done", reference="re_by_hand")
    assert sending_back.take("stripe", report, shop.clock.now()) == "unknown"
    assert shop.cases() == ["refund_unknown"]


def test_while_the_gateway_is_down_it_is_tried_again_and_at_last_a_person_is_asked(
    shop: Shop,
) -> None:
    order = shop.buy("paypal")
    ask(shop, order, 300)
    mischief(shop.market["paypal"], down=True)
    for _ in range(10):
        shop.work()
        shop.clock.pass_(hours=5)
    assert shop.refunds() == [("staff", 300, "asked")]
    assert shop.cases() == ["refund_stuck"]


def test_money_that_was_not_asked_for_goes_back_when_olga_says_so(shop: Shop) -> None:
    payment = shop.begin(shop.quote())
    shop.report(payment, amount=Money(999, "USD"))
    now = shop.clock.now()
    number = refunding.return_mismatch("stripe", f"T-{payment}", "olga", now)
    assert refunding.return_mismatch("stripe", f"T-{payment}", "olga", now) == number
    sending_back.take("stripe", RefundReport(number=number, status="done"), now)
    assert shop.refunds() == [("mismatch", 999, "done")]
    assert (shop.account("suspense"), shop.account("gateway:stripe")) == (0, 0)
    assert shop.cases() == []


def test_money_that_is_not_in_suspense_cannot_be_returned(shop: Shop) -> None:
    with pytest.raises(UnableToRefund):
        refunding.return_mismatch("stripe", "T-unknown", "olga", shop.clock.now())


def test_a_refund_that_was_refused_is_asked_for_anew(shop: Shop) -> None:
    order = shop.buy()
    refused = ask(shop, order, 300)
    now = shop.clock.now()
    sending_back.take("stripe", RefundReport(number=refused, status="failed", reason="x"), now)
    again = refunding.try_again(refused, "k2", "olga", now)
    assert refunding.try_again(refused, "k2", "olga", now) == again
    with pytest.raises(UnableToRefund):
        refunding.try_again(refused, "k3", "olga", now)
    sending_back.take("stripe", RefundReport(number=again, status="done"), now)
    assert shop.refunds() == [("staff", 300, "failed"), ("staff", 300, "done")]
    assert (shop.account("refunds_failed"), shop.account("refunds_due")) == (0, 0)
    assert shop.cases() == []
