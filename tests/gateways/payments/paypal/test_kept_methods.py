"""Alice lets Olga charge her PayPal again."""

from tests.gateways.payments.paypal.scene import NOON, TEN, Scene

from eka.gateways.payments.terms import PaymentReport, SavedMethod


def kept(paypal: Scene) -> tuple[PaymentReport, SavedMethod]:
    paid = paypal.paid(save=True)
    assert paid.saved is not None
    return paid, paid.saved


def test_a_method_is_kept_with_the_payment_and_charged_without_alice(paypal: Scene) -> None:
    first, method = kept(paypal)
    assert method.shown == "PayPal alice@example.com"
    assert method.payer
    ask = paypal.ask()
    charged = paypal.gateway.charge(ask, method)
    assert (charged.status, charged.number, charged.amount) == ("paid", ask.number, TEN)
    assert charged.transaction != first.transaction
    assert charged.at == NOON
    assert paypal.gateway.look(ask.number, charged.reference) == charged


def test_charging_again_with_the_same_number_charges_once(paypal: Scene) -> None:
    _, method = kept(paypal)
    ask = paypal.ask()
    charged = paypal.gateway.charge(ask, method)
    assert paypal.gateway.charge(ask, method) == charged
    assert paypal.box.records.count("capture") == 2  # the first payment, and this one


def test_a_charge_that_is_declined_has_failed_and_may_be_tried_again(paypal: Scene) -> None:
    first, method = kept(paypal)
    paypal.act(first.number, "fail")
    ask = paypal.ask()
    failed = paypal.gateway.charge(ask, method)
    assert (failed.status, failed.reason) == ("failed", "INSTRUMENT_DECLINED")
    paypal.act(first.number, "pay")
    assert paypal.gateway.charge(ask, method).status == "paid"


def test_a_forgotten_method_cannot_be_charged_and_forgetting_twice_is_no_error(
    paypal: Scene,
) -> None:
    _, method = kept(paypal)
    paypal.gateway.forget(method)
    paypal.gateway.forget(method)
    failed = paypal.gateway.charge(paypal.ask(), method)
    assert (failed.status, failed.reason) == ("failed", "TOKEN_ID_NOT_FOUND")


def test_the_news_of_a_kept_method_names_the_order_that_it_came_from(paypal: Scene) -> None:
    paid, method = kept(paypal)
    told = [one.payment for one in paypal.notices() if one.kind == "VAULT.PAYMENT-TOKEN.CREATED"]
    assert told == [
        PaymentReport(number="", status="unknown", reference=paid.reference, saved=method)
    ]
