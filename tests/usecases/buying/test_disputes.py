"""Rule 5: a dispute freezes what is unused and collects the evidence; how it ends decides."""

from datetime import timedelta
from typing import Any

import pytest
from tests.usecases.buying.conftest import NEW_LINE, Shop

from eka.gateways.payments.terms import DisputeReport
from eka.ledger import models
from eka.rules.baskets import WalletItem
from eka.rules.units import Money
from eka.usecases import disputes, refunding, wallets
from eka.usecases.checkout import pay_from_wallet
from eka.usecases.refunding import UnableToRefund, Wanted

GB = 10**9


def contest(shop: Shop, order: str, status: str = "open", **said: Any) -> str:
    """Alice's bank says something of her payment for the order."""
    money = models.MoneyIn.objects.filter(order__number=order).order_by("-pk")[0]
    truth = {
        "reference": f"D-{money.pk}",
        "transaction": money.transaction,
        "status": status,
        "amount": Money(money.amount, money.currency),
        "reason": "fraudulent",
        "respond_by": shop.clock.now() + timedelta(days=7),
    }
    report = DisputeReport(**{**truth, **said})
    return disputes.take(money.gateway, report, shop.clock.now())


def suspended(shop: Shop, line: int = 0) -> bool:
    return bool(models.LineState.objects.get(pk=line or shop.line).suspended)


@pytest.mark.parametrize("name", ["stripe", "paypal"])
def test_a_dispute_freezes_the_line_and_collects_what_can_be_shown(shop: Shop, name: str) -> None:
    order, line = shop.buy_line(name)
    shop.use(4 * GB, line)
    shop.act(models.Payment.objects.get().number, "dispute")
    shop.go_on(name)
    assert (shop.state(order), suspended(shop, line)) == ("disputed", True)
    assert shop.cases() == ["dispute"]
    dispute = models.Dispute.objects.get()
    evidence = dispute.evidence
    assert evidence["order"] == order
    assert evidence["use"] == [{**evidence["use"][0], "line": line, "bytes": 4 * GB, "times": 1}]
    assert evidence["delivered_at"]
    assert evidence["email"] == "alice@example.com"
    assert {event["event"] for event in evidence["story"]} >= {"placed", "paid", "fulfilled"}
    assert dispute.respond_by is not None
    assert shop.account("disputes") == 1000


def test_the_evidence_has_the_consent_to_an_automatic_renewal(shop: Shop) -> None:
    models.AutoRenewal.objects.create(
        line_id=shop.line,
        subscriber=shop.alice,
        method="stripe",
        plan_name="small",
        currency="USD",
        price=1000,
        text="Renew my line for 10.00 USD until I stop it.",
        consented_at=shop.clock.now(),
    )
    order = shop.buy()
    models.Order.objects.filter(number=order).update(automatic=True)
    contest(shop, order)
    consents = models.Dispute.objects.get().evidence["consents"]
    assert [consent["text"] for consent in consents] == [
        "Renew my line for 10.00 USD until I stop it."
    ]


def test_won_all_goes_on_as_before(shop: Shop) -> None:
    order = shop.buy()
    contest(shop, order)
    for _ in range(2):
        assert contest(shop, order, "won") == "won"
    assert (shop.state(order), suspended(shop), shop.held()) == ("fulfilled", False, 20 * GB)
    assert (shop.cases(), shop.account("disputes")) == ([], 0)
    assert shop.account("gateway:stripe") == 1000


def test_lost_the_data_that_is_left_goes_back_to_the_shop(shop: Shop) -> None:
    order, line = shop.buy_line()
    shop.use(4 * GB, line)
    contest(shop, order)
    for _ in range(2):
        assert contest(shop, order, "lost") == "lost"
    assert (shop.state(order), shop.held(line)) == ("refunded", 0)
    assert (shop.account("disputes"), shop.account("losses:disputes")) == (0, 400)
    assert shop.account("deferred_data") == 0


def test_the_end_may_be_told_before_the_beginning(shop: Shop) -> None:
    order = shop.buy()
    contest(shop, order, "won")
    contest(shop, order, "open")
    assert (shop.state(order), suspended(shop), shop.cases()) == ("fulfilled", False, [])


def test_while_it_is_open_nothing_is_refunded(shop: Shop) -> None:
    order = shop.buy()
    contest(shop, order)
    with pytest.raises(UnableToRefund, match="disputed"):
        refunding.refund(order, Wanted(key="k", why="staff", by="olga"), shop.clock.now())


def test_what_was_not_delivered_yet_is_delivered_when_it_is_won(shop: Shop) -> None:
    """The bank is quicker than the outbox."""
    order = shop.quote(NEW_LINE)
    shop.act(shop.begin(order), "pay")
    shop.deliver("stripe")
    contest(shop, order)
    shop.work()
    assert (shop.state(order), models.Line.objects.count()) == ("disputed", 1)
    contest(shop, order, "won")
    shop.work()
    assert (shop.state(order), models.Line.objects.count()) == ("fulfilled", 2)


def test_what_was_not_delivered_yet_never_is_when_it_is_lost(shop: Shop) -> None:
    order = shop.quote(NEW_LINE)
    shop.act(shop.begin(order), "pay")
    shop.deliver("stripe")
    contest(shop, order)
    contest(shop, order, "lost")
    shop.work()
    assert (shop.state(order), models.Line.objects.count()) == ("refunded", 1)
    assert shop.account("customer_prepayments") == 0


@pytest.mark.parametrize("end", ["won", "lost"])
def test_an_order_that_was_refunded_stays_refunded(shop: Shop, end: str) -> None:
    """Alice has her money back already, and her bank asks for it again."""
    order = shop.buy()
    refunding.refund(order, Wanted(key="k", why="staff", by="olga"), shop.clock.now())
    shop.go_on()
    contest(shop, order)
    contest(shop, order, end)
    assert (shop.state(order), shop.held()) == ("refunded", 10 * GB)
    with pytest.raises(UnableToRefund):
        refunding.refund(order, Wanted(key="k2", why="staff", by="olga"), shop.clock.now())


def test_a_refund_on_its_way_arrives_although_the_bank_asks_too(shop: Shop) -> None:
    order = shop.buy()
    refunding.refund(order, Wanted(key="k", why="staff", by="olga"), shop.clock.now())
    contest(shop, order)
    shop.go_on()
    contest(shop, order, "won")
    assert (shop.state(order), shop.refunds()) == ("refunded", [("staff", 1000, "done")])


def test_a_wallets_charge_that_was_spent_is_lost(shop: Shop) -> None:
    order = shop.buy("stripe", WalletItem(amount=2000))
    spent = shop.quote()
    pay_from_wallet(spent, shop.clock.now(), pin=None)
    contest(shop, order)
    assert contest(shop, order, "lost") == "lost"
    assert wallets.balances(shop.alice.pk) == {"USD": 0}
    assert shop.account("losses:disputes") == 1000
    shop.work()


def test_a_second_payments_dispute_leaves_the_order_alone(shop: Shop) -> None:
    """What went back as surplus is contested too; what Alice paid for is hers."""
    order = shop.quote()
    payment = shop.pay(order)
    shop.report(payment, transaction="T-second")
    contest(shop, order)
    assert (shop.state(order), suspended(shop)) == ("fulfilled", False)
    contest(shop, order, "lost")
    assert (shop.state(order), shop.held()) == ("fulfilled", 20 * GB)
    assert shop.account("losses:disputes") == 1000


def test_two_disputes_of_one_line_freeze_it_until_both_are_won(shop: Shop) -> None:
    first, second = shop.buy(), shop.buy()
    contest(shop, first)
    contest(shop, second)
    contest(shop, first, "won")
    assert suspended(shop)
    contest(shop, second, "won")
    assert not suspended(shop)


def test_a_payment_that_is_contested_again_freezes_the_line_again(shop: Shop) -> None:
    order = shop.buy()
    contest(shop, order)
    contest(shop, order, "won")
    contest(shop, order, reference="D-again")
    assert (suspended(shop), shop.state(order)) == (True, "disputed")
    contest(shop, order, "won", reference="D-again")
    assert not suspended(shop)


def test_a_dispute_of_money_that_we_do_not_know_is_a_case(shop: Shop) -> None:
    report = DisputeReport(reference="D-1", transaction="T-nobodys", status="open")
    assert disputes.take("stripe", report, shop.clock.now()) == "unknown"
    assert shop.cases() == ["dispute_unknown"]
