"""Alice pays Olga by PayPal, or does not."""

import re
from datetime import timedelta

import pytest
from tests.gateways.payments.paypal.scene import NOON, TEN, Scene

from eka.gateways.payments.sandbox.paypal.till import Sale
from eka.gateways.payments.terms import GatewayRefused
from eka.rules.units import Money


def test_alice_approves_on_paypals_page_and_the_money_moves_when_it_is_captured(
    paypal: Scene,
) -> None:
    ask, asked = paypal.begin()
    page = paypal.browser.get(asked.url, follow_redirects=True).text
    assert "10.00 USD" in page
    assert "Asia 10 GB" in page
    pay = re.search(r'action="([^"]+/pay)"', page)
    assert pay
    back = paypal.browser.post(paypal.box.address + pay[1], headers={"accept": "text/html"})
    assert back.headers["location"].startswith(
        f"http://127.0.0.1:9/back?lang=en&token={asked.reference}&PayerID="
    )
    assert paypal.gateway.look(ask.number, asked.reference).status == "approved"

    paid = paypal.gateway.capture(ask.number, asked.reference)

    assert (paid.status, paid.number, paid.reference) == ("paid", ask.number, asked.reference)
    assert paid.amount == TEN
    assert paid.fee == Money(84, "USD")  # 3.49 % of 10.00 is 0.349, and 0.49
    assert paid.merchant == paypal.gateway.merchant
    assert paid.at == NOON
    assert paid.transaction
    assert paid.saved is None
    assert paypal.gateway.look(ask.number, asked.reference) == paid


def test_beginning_again_gives_the_same_order(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    assert paypal.gateway.begin(ask) == asked
    assert paypal.new_gateway().begin(ask) == asked
    assert paypal.box.records.count("order") == 1


def test_the_order_says_what_it_is_for_and_in_which_language(paypal: Scene) -> None:
    ask, _ = paypal.begin(language="zh-hans", title="亚洲 " + "x" * 200)
    order = paypal.order(ask.number)
    assert {order["unit"][key] for key in ("reference_id", "custom_id", "invoice_id")} == {
        ask.number
    }
    assert len(order["unit"]["description"]) == 127
    context = order["wallet"]["experience_context"]
    assert context["locale"] == "zh-CN"
    assert context["user_action"] == "PAY_NOW"
    assert context["shipping_preference"] == "NO_SHIPPING"
    assert "attributes" not in order["wallet"]


def test_a_language_that_paypal_may_not_know_is_left_to_it(paypal: Scene) -> None:
    ask, _ = paypal.begin(language="eo")
    assert "locale" not in paypal.order(ask.number)["wallet"]["experience_context"]


@pytest.mark.parametrize(
    ("money", "value"),
    [
        (Money(1999, "USD"), "19.99"),
        (Money(5, "EUR"), "0.05"),
        (Money(500, "JPY"), "500"),
        (Money(199000, "HUF"), "1990"),
        (Money(30000, "TWD"), "300"),
    ],
)
def test_amounts_are_written_with_the_currencys_digits(
    paypal: Scene, money: Money, value: str
) -> None:
    report = paypal.paid(amount=money)
    amount = paypal.order(report.number)["unit"]["amount"]
    assert amount == {"currency_code": money.currency, "value": value}
    assert report.amount == money


def test_an_amount_that_paypal_cannot_write_is_refused_before_it_is_sent(paypal: Scene) -> None:
    with pytest.raises(GatewayRefused, match="HUF") as refused:
        paypal.begin(amount=Money(199050, "HUF"))
    assert refused.value.code == "DECIMALS_NOT_SUPPORTED"
    assert paypal.box.records.count("order") == 0


def test_a_currency_that_paypal_does_not_take_is_refused(paypal: Scene) -> None:
    assert "KRW" not in paypal.gateway.currencies
    with pytest.raises(GatewayRefused) as refused:
        paypal.begin(amount=Money(1000, "KRW"))
    assert refused.value.code == "CURRENCY_NOT_SUPPORTED"


def test_nothing_is_captured_before_alice_approved(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    assert paypal.gateway.look(ask.number, asked.reference).status == "pending"
    report = paypal.gateway.capture(ask.number, asked.reference)
    assert (report.status, report.transaction) == ("pending", "")
    assert paypal.box.records.count("capture") == 0


def test_capturing_again_is_the_same_payment_also_when_paypal_forgot_the_key(
    paypal: Scene,
) -> None:
    paid = paypal.paid()
    assert paypal.gateway.capture(paid.number, paid.reference) == paid
    paypal.hours_later()
    assert paypal.gateway.capture(paid.number, paid.reference) == paid
    assert paypal.box.records.count("capture") == 1


def test_a_declined_card_is_a_failure_and_alice_may_take_another(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    paypal.act(ask.number, "fail")
    failed = paypal.gateway.capture(ask.number, asked.reference)
    assert (failed.status, failed.reason) == ("failed", "INSTRUMENT_DECLINED")
    assert paypal.gateway.look(ask.number, asked.reference).status == "pending"

    paypal.act(ask.number, "pay")
    assert paypal.gateway.capture(ask.number, asked.reference).status == "paid"


def test_a_payment_that_is_begun_again_much_later_is_still_taken_once(paypal: Scene) -> None:
    ask, first = paypal.begin()
    paypal.hours_later()
    second = paypal.gateway.begin(ask)
    assert second.reference != first.reference
    paypal.box.orders.approve(first.reference)
    paypal.box.orders.approve(second.reference)
    assert paypal.gateway.capture(ask.number, first.reference).status == "paid"
    paypal.hours_later()
    with pytest.raises(GatewayRefused) as refused:
        paypal.gateway.capture(ask.number, second.reference)
    assert refused.value.code == "DUPLICATE_INVOICE_ID"
    assert paypal.box.records.count("capture") == 1


def test_closing_is_not_capturing_and_a_late_approval_moves_no_money(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    assert paypal.gateway.close(ask.number, asked.reference).status == "closed"
    paypal.watch.move(timedelta(hours=1))
    paypal.act(ask.number, "pay_late")
    (notice,) = paypal.notices()
    assert notice.payment is not None
    assert (notice.payment.status, notice.payment.transaction) == ("approved", "")
    assert paypal.gateway.close(ask.number, asked.reference).status == "closed"
    assert paypal.box.records.count("capture") == 0


def test_closing_too_late_tells_of_the_money(paypal: Scene) -> None:
    paid = paypal.paid()
    assert paypal.gateway.close(paid.number, paid.reference) == paid


def test_an_echeck_takes_days_and_cannot_be_closed_meanwhile(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    paypal.box.orders.approve(asked.reference, "echeck")
    pending = paypal.gateway.capture(ask.number, asked.reference)
    assert (pending.status, pending.reason) == ("pending", "ECHECK")
    assert pending.transaction
    assert pending.fee is None
    assert paypal.gateway.close(ask.number, asked.reference) == pending


def test_the_capture_that_was_paid_counts_whatever_others_say(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    paypal.box.orders.approve(asked.reference)
    sale = Sale(order=asked.reference, amount=TEN, custom_id=ask.number, invoice_id=ask.number)
    paypal.box.till.take(sale, "DECLINED")
    declined = paypal.gateway.look(ask.number, asked.reference)
    assert declined.status == "failed"
    assert declined.reason == "DECLINED_BY_RISK_FRAUD_FILTERS"
    assert paypal.gateway.capture(ask.number, asked.reference).status == "paid"


def test_what_paypal_voided_is_closed(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    order = paypal.order(ask.number)
    paypal.box.records.put("order", order["id"], {**order, "status": "VOIDED"})
    assert paypal.gateway.look(ask.number, asked.reference).status == "closed"


@pytest.mark.parametrize("reference", ["", "NOSUCHORDER", "../../v1/oauth2/token?a=b#c"])
def test_what_paypal_never_heard_of_is_unknown(paypal: Scene, reference: str) -> None:
    assert paypal.gateway.look("EKA000001", reference).status == "unknown"
    assert paypal.gateway.close("EKA000001", reference).status == "closed"


def test_capturing_what_paypal_never_heard_of_is_unknown_too(paypal: Scene) -> None:
    assert paypal.gateway.capture("EKA000001", "NOSUCHORDER").status == "unknown"


def test_a_second_payment_of_the_same_order_has_a_number_of_its_own(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    paypal.act(ask.number, "pay_twice")
    first = paypal.gateway.capture(ask.number, asked.reference)
    told = [one.payment for one in paypal.notices() if one.kind == "PAYMENT.CAPTURE.COMPLETED"]
    assert [payment.number for payment in told if payment] == [ask.number, ask.number]
    transactions = {payment.transaction for payment in told if payment}
    assert first.transaction in transactions
    assert len(transactions) == 2
