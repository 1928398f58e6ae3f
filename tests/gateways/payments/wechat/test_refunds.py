"""Olga gives money back: once, and never more than was paid."""

import pytest
from tests.gateways.payments.wechat.stage import WeChat, refund_ask

from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable
from eka.rules.units import Money


def test_alice_gets_everything_back(wechat: WeChat) -> None:
    transaction = wechat.paid("ORDER1")
    asked = refund_ask("REFUND1", "ORDER1", 1999, transaction=transaction)
    begun = wechat.gateway.refund(asked)
    assert (begun.status, begun.number, begun.transaction) == ("pending", "REFUND1", transaction)
    assert begun.amount == Money(1999, "CNY")

    [notice] = wechat.news()
    assert (notice.kind, notice.payment) == ("REFUND.SUCCESS", None)
    done = notice.refund
    assert done is not None
    assert (done.status, done.reference, done.at) == ("done", begun.reference, wechat.clock.now())
    assert wechat.gateway.look_refund(asked, "") == done
    assert wechat.gateway.look("ORDER1", "").status == "paid"  # as it was


def test_parts_come_back_until_nothing_is_left(wechat: WeChat) -> None:
    wechat.paid("ORDER1")
    wechat.gateway.refund(refund_ask("REFUND1", "ORDER1", 1000))
    wechat.gateway.refund(refund_ask("REFUND2", "ORDER1", 999))
    with pytest.raises(GatewayRefused) as refused:
        wechat.gateway.refund(refund_ask("REFUND3", "ORDER1", 1))
    assert refused.value.code == "INVALID_REQUEST"
    assert len(wechat.news()) == 2


def test_the_same_number_is_the_same_refund(wechat: WeChat) -> None:
    wechat.paid("ORDER1")
    asked = refund_ask("REFUND1", "ORDER1", 1500)
    first, again = wechat.gateway.refund(asked), wechat.gateway.refund(asked)
    assert first.reference == again.reference
    assert len(wechat.news()) == 1
    with pytest.raises(GatewayRefused, match="INVALID_REQUEST"):
        wechat.gateway.refund(refund_ask("REFUND1", "ORDER1", 400))


def test_a_lost_answer_to_a_refund_gives_nothing_back_twice(wechat: WeChat) -> None:
    wechat.paid("ORDER1")
    asked = refund_ask("REFUND1", "ORDER1", 1500)
    wechat.post("/sandbox/mischief", mute=1000, held=True)
    with pytest.raises(GatewayUnavailable):
        wechat.gateway.refund(asked)
    wechat.post("/sandbox/mischief", held=True)
    assert wechat.gateway.refund(asked).status == "done"
    assert len(wechat.news()) == 1


def test_the_second_payment_of_an_order_comes_back_by_its_own_number(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.act("ORDER1", "pay_twice")
    first, second = wechat.news()
    assert first.payment is not None
    assert second.payment is not None
    doubled = second.payment.transaction
    report = wechat.gateway.refund(refund_ask("REFUND1", "ORDER1", 1999, transaction=doubled))
    assert report.transaction == doubled
    again = refund_ask("REFUND2", "ORDER1", 1999, transaction=first.payment.transaction)
    assert wechat.gateway.refund(again).transaction == first.payment.transaction


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"paid": Money(5000, "CNY")}, "INVALID_REQUEST"),
        ({"amount": Money(2000, "CNY")}, "INVALID_REQUEST"),
        ({"amount": Money(0, "CNY")}, "PARAM_ERROR"),
        ({"transaction": "4200000000000000000000000000"}, "RESOURCE_NOT_EXISTS"),
        ({"payment_number": "ORDER9"}, "RESOURCE_NOT_EXISTS"),
        ({"amount": Money(100, "USD")}, "unsupported"),
        ({"paid": Money(1999, "USD")}, "unsupported"),
    ],
)
def test_a_refund_that_cannot_be(wechat: WeChat, wrong: dict[str, object], code: str) -> None:
    wechat.paid("ORDER1")
    with pytest.raises(GatewayRefused) as refused:
        wechat.gateway.refund(refund_ask("REFUND1", "ORDER1", 100, **wrong))
    assert refused.value.code == code
    assert wechat.news() == []


def test_what_was_not_paid_is_not_given_back(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    with pytest.raises(GatewayRefused, match="RESOURCE_NOT_EXISTS"):
        wechat.gateway.refund(refund_ask("REFUND1", "ORDER1", 100))


def test_a_long_reason_is_cut_between_two_characters(wechat: WeChat) -> None:
    wechat.paid("ORDER1")
    asked = refund_ask("REFUND1", "ORDER1", 100, reason="退" * 40)
    assert wechat.gateway.refund(asked).status == "pending"


@pytest.mark.parametrize("outcome", ["ABNORMAL", "CLOSED"])
def test_alices_bank_turns_the_money_down(wechat: WeChat, outcome: str) -> None:
    wechat.paid("ORDER1")
    asked = refund_ask("REFUND1", "ORDER1", 1999)
    wechat.gateway.refund(asked)
    wechat.news()
    wechat.post(f"/sandbox/refunds/REFUND1/{outcome}")
    [notice] = wechat.news()
    assert notice.kind == f"REFUND.{outcome}"
    assert notice.refund is not None
    assert (notice.refund.status, notice.refund.reason) == ("failed", outcome)
    assert wechat.gateway.look_refund(asked, "") == notice.refund


def test_there_is_no_such_outcome_or_refund(wechat: WeChat) -> None:
    for path in ("NOBODY/SUCCESS", "NOBODY/DREAM"):
        url = f"{wechat.sandbox.address}/sandbox/refunds/{path}"
        assert wechat.browser.post(url).status_code == 404


def test_wechat_never_heard_of_a_refund_that_was_not_begun(wechat: WeChat) -> None:
    report = wechat.gateway.look_refund(refund_ask("REFUND1", "ORDER1", 1), "")
    assert (report.status, report.number) == ("unknown", "REFUND1")
