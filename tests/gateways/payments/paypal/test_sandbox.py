"""The sandbox keeps to what PayPal documents, where the adapter does not look."""

from datetime import timedelta

import msgspec
import pytest
from tests.gateways.payments.paypal.odd_server import OddServer
from tests.gateways.payments.paypal.scene import Scene

from eka.gateways.payments.paypal.api import Api
from eka.gateways.payments.paypal.settings import PayPalSettings
from eka.gateways.payments.sandbox.paypal import PayPalSandbox
from eka.gateways.payments.terms import GatewayRefused
from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Document, Records


@pytest.fixture
def api(paypal: Scene) -> Api:
    return Api(PayPalSettings(**paypal.box.settings()))


def post(api: Api, path: str, body: Document, key: str = "") -> Document:
    answer: Document = api.post(path, body, dict, lambda same: same, key)
    return answer


def order(value: str = "1.00", currency: str = "USD") -> Document:
    amount = {"currency_code": currency, "value": value}
    return {"intent": "CAPTURE", "purchase_units": [{"amount": amount}]}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MISSING_REQUIRED_PARAMETER"),
        (order("1.001"), "DECIMAL_PRECISION"),
        (order("-1.00"), "DECIMAL_PRECISION"),
        (order("0.00"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (order("1.00", "TWD"), "DECIMALS_NOT_SUPPORTED"),
        ({**order(), "payment_source": {"paypal": {}}}, "PAYPAL_REQUEST_ID_REQUIRED"),
    ],
)
def test_orders_that_paypal_would_not_take(api: Api, body: Document, code: str) -> None:
    with pytest.raises(GatewayRefused) as refused:
        post(api, "/v2/checkout/orders", body)
    assert refused.value.code == code


def test_an_order_without_a_source_is_created_to_be_approved(api: Api) -> None:
    made = post(api, "/v2/checkout/orders", order())
    assert made["status"] == "CREATED"
    assert {link["rel"] for link in made["links"]} == {"self", "approve"}


def test_requests_without_a_token_are_turned_away(paypal: Scene) -> None:
    for path in ("/v2/checkout/orders/X", "/v1/notifications/webhooks"):
        answer = paypal.browser.get(paypal.box.address + path)
        assert answer.status_code == 401
        assert set(answer.json()) == {"name", "message", "debug_id", "details", "links"}


def test_a_refused_request_is_tried_again_under_the_same_key(paypal: Scene, api: Api) -> None:
    ask, asked = paypal.begin()
    path = f"/v2/checkout/orders/{asked.reference}/capture"
    with pytest.raises(GatewayRefused):
        post(api, path, {}, "K1")
    paypal.act(ask.number, "approve")
    assert post(api, path, {}, "K1") == post(api, path, {}, "K1")


def test_a_webhook_is_registered_once_and_only_at_an_address(api: Api) -> None:
    body = {"url": "http://127.0.0.1:9/x", "event_types": [{"name": "*"}]}
    post(api, "/v1/notifications/webhooks", body)
    for wrong, code in (
        (body, "WEBHOOK_URL_ALREADY_EXISTS"),
        ({**body, "url": "nowhere"}, "INVALID_REQUEST"),
    ):
        with pytest.raises(GatewayRefused) as refused:
            post(api, "/v1/notifications/webhooks", wrong)
        assert refused.value.code == code


def test_what_was_not_accepted_is_sent_again_as_the_same_transmission(
    paypal: Scene, odd: OddServer
) -> None:
    odd.will("/notify", (500, b""), (200, b""))
    ask, _ = paypal.begin(notify_url=f"{odd.address}/notify")
    paypal.act(ask.number, "pay")
    deliver = f"{paypal.box.address}/sandbox/deliver"
    assert paypal.browser.post(deliver).json() == {"accepted": 0, "waiting": 1}
    assert paypal.browser.post(deliver).json() == {"accepted": 1, "waiting": 0}
    first, second = odd.bodies
    assert first == second


def test_the_retries_are_25_and_end_within_three_days(paypal: Scene) -> None:
    retries = paypal.box.retry_after_s
    assert len(retries) == 25
    assert timedelta(days=2) < timedelta(seconds=sum(retries)) <= timedelta(days=3)


def test_a_sandbox_that_starts_again_is_the_same_account(paypal: Scene) -> None:
    records = Records()
    first = PayPalSandbox(records, Courier(records, paypal.watch)).settings()
    assert PayPalSandbox(records, Courier(records, paypal.watch)).settings() == first


def test_what_was_begun_is_listed_once_a_number(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    paypal.act(ask.number, "pay_twice")
    paypal.gateway.capture(ask.number, asked.reference)
    listed = paypal.browser.get(f"{paypal.box.address}/sandbox/payments").json()
    assert [(one["number"], one["state"]) for one in listed] == [(ask.number, "COMPLETED")]


def test_an_act_on_a_payment_that_is_done_changes_nothing(paypal: Scene) -> None:
    paid = paypal.paid()
    for act in ("pay", "fail", "pay_late", "approve"):
        paypal.browser.post(f"{paypal.box.address}/sandbox/payments/{paid.number}/{act}")
    assert paypal.gateway.look(paid.number, paid.reference) == paid


def test_a_report_has_limits(api: Api) -> None:
    path, day = "/v1/reporting/transactions", "2026-11-20T00:00:00Z"
    for wrong in (
        {},
        {"start_date": "today", "end_date": day},
        {"start_date": "2026-10-01T00:00:00Z", "end_date": day},
        {"start_date": day, "end_date": day, "page_size": "501"},
        {"start_date": day, "end_date": day, "page": "0"},
    ):
        with pytest.raises(GatewayRefused) as refused:
            api.get(path, dict, lambda same: same, wrong)
        assert refused.value.code == "INVALID_REQUEST"


def test_nothing_in_the_settings_is_other_than_text(paypal: Scene) -> None:
    settings = paypal.box.settings()
    assert msgspec.convert(settings, dict[str, str]) == settings
    assert settings["webhook_id"] == ""
