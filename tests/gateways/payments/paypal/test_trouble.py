"""PayPal does not answer, answers nonsense, or does not let us in."""

import socket
import threading

import msgspec
import pytest
from tests.gateways.payments.paypal.odd_server import OddServer
from tests.gateways.payments.paypal.scene import Scene

from eka.gateways.payments.paypal import PayPalGateway, PayPalSettings
from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable

TOKEN = "/v1/oauth2/token"
ORDER = "/v2/checkout/orders/ORDER1"


def tokens(paypal: Scene) -> int:
    return paypal.box.records.count("token")


def test_a_token_is_asked_for_once_and_used_until_it_ends(paypal: Scene) -> None:
    for _ in range(3):
        paypal.paid()
    assert tokens(paypal) == 1


def test_a_token_that_is_about_to_end_is_not_used_any_more(paypal: Scene) -> None:
    paypal.box.token_s = 59
    ask, asked = paypal.begin()
    before = tokens(paypal)
    paypal.gateway.look(ask.number, asked.reference)
    assert tokens(paypal) == before + 1


def test_a_token_that_was_revoked_is_replaced_once(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    for token in list(paypal.box.records._kept["token"]):
        paypal.box.records.drop("token", token)
    assert paypal.gateway.look(ask.number, asked.reference).status == "pending"
    assert tokens(paypal) == 1


def test_threads_share_one_token(paypal: Scene) -> None:
    asks = [paypal.ask() for _ in range(8)]
    threads = [threading.Thread(target=paypal.gateway.begin, args=(ask,)) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paypal.box.records.count("order") == 8
    assert tokens(paypal) == 1
    assert paypal.box.records.count("webhook") == 1


def test_wrong_credentials_are_refused_and_not_shown(paypal: Scene) -> None:
    stranger = paypal.new_gateway(client_secret="open sesame")
    with pytest.raises(GatewayRefused) as refused:
        stranger.begin(paypal.ask())
    assert refused.value.code == "invalid_client"
    assert "sesame" not in str(refused.value)


def test_settings_do_not_show_their_secret(paypal: Scene) -> None:
    settings = PayPalSettings(**paypal.box.settings())
    assert settings.client_secret not in repr(settings)
    assert settings.client_id not in repr(settings)


def test_out_of_order_means_later(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    paypal.box.courier.mischief.down = True
    with pytest.raises(GatewayUnavailable):
        paypal.gateway.look(ask.number, asked.reference)
    paypal.box.courier.mischief.down = False
    assert paypal.gateway.look(ask.number, asked.reference).status == "pending"


def test_an_answer_that_got_lost_is_found_by_asking_again(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    paypal.act(ask.number, "pay")
    paypal.box.courier.mischief.mute = 1000
    with pytest.raises(GatewayUnavailable):
        paypal.gateway.capture(ask.number, asked.reference)
    paypal.box.courier.mischief.mute = 0
    assert paypal.box.records.count("capture") == 1
    assert paypal.gateway.capture(ask.number, asked.reference).status == "paid"
    assert paypal.box.records.count("capture") == 1


def test_nobody_there_means_later(paypal: Scene) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(GatewayUnavailable):
            paypal.new_gateway(api_base=nowhere).look("EKA000001", "ORDER1")


@pytest.fixture
def strange(odd: OddServer) -> PayPalGateway:
    """A gateway to a PayPal that is odd."""
    odd.will(TOKEN, (200, b'{"access_token": "T", "expires_in": 3600}'))
    return PayPalGateway(
        PayPalSettings(client_id="C", client_secret="S", merchant_id="M", api_base=odd.address)
    )


@pytest.mark.parametrize("status", [302, 408, 409, 429, 500, 502, 503])
def test_answers_that_leave_it_open_mean_later(
    odd: OddServer, strange: PayPalGateway, status: int
) -> None:
    odd.will(ORDER, (status, b'{"name": "PREVIOUS_REQUEST_IN_PROGRESS"}'))
    with pytest.raises(GatewayUnavailable):
        strange.look("EKA000001", "ORDER1")
    assert "/elsewhere" not in odd.asked


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id": 1}', b'{"status": "PAID"}'])
def test_answers_that_are_not_understood_mean_later(
    odd: OddServer, strange: PayPalGateway, body: bytes
) -> None:
    odd.will(ORDER, (200, body))
    with pytest.raises(GatewayUnavailable):
        strange.look("EKA000001", "ORDER1")


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (403, {"name": "NOT_AUTHORIZED", "message": "no"}, "NOT_AUTHORIZED"),
        (
            422,
            {"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": "PAYEE_ACCOUNT_RESTRICTED"}]},
            "PAYEE_ACCOUNT_RESTRICTED",
        ),
        (400, {"error": "invalid_request"}, "invalid_request"),
        (400, ["what"], "HTTP_400"),
    ],
)
def test_a_refusal_says_why_in_paypals_word(
    odd: OddServer, strange: PayPalGateway, status: int, said: object, code: str
) -> None:
    odd.will(ORDER, (status, msgspec.json.encode(said)))
    odd.will(f"{ORDER}/capture", (status, msgspec.json.encode(said)))
    with pytest.raises(GatewayRefused) as refused:
        strange.look("EKA000001", "ORDER1")
    assert refused.value.code == code
    with pytest.raises(GatewayRefused):
        strange.capture("EKA000001", "ORDER1")


def test_a_token_that_is_refused_again_is_a_refusal(odd: OddServer, strange: PayPalGateway) -> None:
    odd.will(ORDER, (401, b'{"error": "invalid_token"}'))
    with pytest.raises(GatewayRefused):
        strange.look("EKA000001", "ORDER1")
    assert odd.asked == [TOKEN, ORDER, TOKEN, ORDER]


def test_an_order_without_a_page_to_approve_it_on_says_nothing(
    paypal: Scene, odd: OddServer, strange: PayPalGateway
) -> None:
    odd.will("/v1/notifications/webhooks", (200, b'{"webhooks": []}'), (201, HOOK))
    odd.will("/v2/checkout/orders", (201, b'{"id": "ORDER1", "status": "CREATED"}'))
    with pytest.raises(GatewayUnavailable):
        strange.begin(paypal.ask())


HOOK = b'{"id": "W1", "url": "http://127.0.0.1:9/pay/paypal/notify"}'
