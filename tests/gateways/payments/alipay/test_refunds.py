"""Olga gives money back: once, in parts, and never more than Alice paid."""

import msgspec
import pytest
from tests.gateways.payments.alipay.scene import NUMBER, Scene

from eka.gateways.payments.terms import GatewayRefused, RefundAsk
from eka.rules.units import Money


def part(ask: RefundAsk, number: str, fen: int) -> RefundAsk:
    return msgspec.structs.replace(ask, number=number, amount=Money(fen, "CNY"))


def test_the_whole_comes_back(alipay: Scene) -> None:
    ask = alipay.paid()
    alipay.clock.forward(days=3)
    done = alipay.gateway.refund(ask)
    assert (done.status, done.number, done.amount) == ("done", ask.number, Money(1999, "CNY"))
    assert (done.transaction, done.at) == (ask.transaction, alipay.clock())
    assert alipay.gateway.look_refund(ask, "") == done


def test_a_payment_that_was_wholly_refunded_does_not_look_paid(alipay: Scene) -> None:
    ask = alipay.paid()
    alipay.gateway.refund(ask)
    report = alipay.gateway.look(NUMBER, "")
    assert (report.status, report.reason) == ("closed", "refunded")
    assert report.transaction == ask.transaction
    assert alipay.gateway.close(NUMBER, "") == report


def test_a_refund_asked_for_twice_is_one(alipay: Scene) -> None:
    ask = alipay.paid()
    half = part(ask, "R00001", 1000)
    first = alipay.gateway.refund(half)
    alipay.clock.forward(hours=1)
    assert alipay.gateway.refund(half) == first
    assert alipay.gateway.refund(part(ask, "R00002", 999)).status == "done"
    assert alipay.gateway.refund(half) == first


def test_a_refunds_number_is_for_one_amount(alipay: Scene) -> None:
    ask = alipay.paid()
    alipay.gateway.refund(part(ask, "R00001", 1000))
    with pytest.raises(GatewayRefused) as refused:
        alipay.gateway.refund(part(ask, "R00001", 999))
    assert refused.value.code == "ACQ.DISCORDANT_REPEAT_REQUEST"


def test_parts_are_each_reported_with_their_own_amount(alipay: Scene) -> None:
    ask = alipay.paid()
    reports = [alipay.gateway.refund(part(ask, f"R0000{fen}", fen)) for fen in (1, 20, 300)]
    assert [report.amount for report in reports] == [Money(fen, "CNY") for fen in (1, 20, 300)]
    assert alipay.gateway.look(NUMBER, "").status == "paid"


@pytest.mark.parametrize("first", [0, 1, 1000])
def test_more_than_was_paid_does_not_come_back(alipay: Scene, first: int) -> None:
    ask = alipay.paid()
    if first:
        alipay.gateway.refund(part(ask, "R00001", first))
    with pytest.raises(GatewayRefused) as refused:
        alipay.gateway.refund(part(ask, "R00002", 1999 - first + 1))
    assert refused.value.code == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert alipay.gateway.look_refund(part(ask, "R00002", 1), "").status == "unknown"


def test_what_was_not_paid_does_not_come_back(alipay: Scene) -> None:
    ask = RefundAsk(
        number="R00001",
        payment_number=NUMBER,
        transaction="",
        amount=Money(1, "CNY"),
        paid=Money(1999, "CNY"),
        notify_url="",
    )
    with pytest.raises(GatewayRefused, match=r"ACQ\.TRADE_NOT_EXIST"):
        alipay.gateway.refund(ask)
    assert alipay.gateway.look_refund(ask, "").status == "unknown"
    alipay.open(alipay.gateway.begin(alipay.ask()))
    with pytest.raises(GatewayRefused, match=r"ACQ\.TRADE_STATUS_ERROR"):
        alipay.gateway.refund(ask)


def test_the_second_of_two_payments_is_the_one_that_goes_back(alipay: Scene) -> None:
    ask = alipay.paid()
    alipay.act("pay_twice")
    *_, second = map(alipay.read, alipay.mail())
    assert second.payment is not None
    assert second.payment.transaction != ask.transaction
    twice = msgspec.structs.replace(ask, transaction=second.payment.transaction)
    assert alipay.gateway.refund(twice).transaction == second.payment.transaction
    assert alipay.gateway.look(NUMBER, "").status == "paid"  # the first is untouched


def test_a_phones_refunds_are_told_of_without_their_own_amount(alipay: Scene) -> None:
    ask = alipay.paid(way="phone")
    alipay.gateway.refund(part(ask, "R00001", 1000))
    alipay.gateway.refund(part(ask, "R00002", 999))
    paid, some, rest = map(alipay.read, alipay.mail())
    assert paid.payment is not None
    assert (some.kind, rest.kind) == ("TRADE_SUCCESS", "TRADE_CLOSED")
    for notice, number in ((some, "R00001"), (rest, "R00002")):
        assert notice.payment is None
        assert notice.refund is not None
        assert (notice.refund.number, notice.refund.status) == (number, "done")
        assert notice.refund.transaction == ask.transaction
        assert notice.refund.amount is None  # Alipay says the total only
        assert notice.refund.at == alipay.clock()
