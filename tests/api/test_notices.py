"""Rule 10: where gateways send their notifications, and what others get there."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from tests.usecases.buying.conftest import CURRENCY, GATEWAYS, Shop, mischief

from eka.api import notices
from eka.api.strangers import LEVEL_MAX, SENDERS_MAX, Strangers
from eka.gateways.payments.terms import Notice
from eka.ledger import models
from eka.usecases.hearing import BODY_MAX, take_in

PATH = "/pay/notify"
ACCEPTED = {
    "stripe": (200, b""),
    "paypal": (200, b""),
    "wechat": (204, b""),
    "alipay": (200, b"success"),
}


@pytest.fixture(autouse=True)
def _no_strangers() -> Iterator[None]:
    """Each story begins with a doorkeeper who knows nobody."""
    notices.strangers = Strangers()
    yield
    notices.strangers = Strangers()


def send(
    name: str, headers: dict[str, str], body: bytes, sender: str = "203.0.113.7"
) -> HttpResponse:
    """A notification as it comes from outside."""
    client = Client(REMOTE_ADDR=sender, enforce_csrf_checks=True)
    kind = next((v for k, v in headers.items() if k.lower() == "content-type"), "text/plain")
    others = {k: v for k, v in headers.items() if k.lower() not in ("content-type", "host")}
    answer = client.post(f"{PATH}/{name}", body, content_type=kind, headers=others)
    assert isinstance(answer, HttpResponse)
    return answer


def paid(shop: Shop, name: str) -> tuple[str, list[tuple[dict[str, str], bytes]]]:
    """An order of Alice's, and what the gateway sends when she has paid."""
    order = shop.quote(currency=CURRENCY[name])
    shop.act(shop.begin(order, name), "pay")
    return order, shop.post(name)


@pytest.mark.parametrize("name", GATEWAYS)
def test_each_gateway_reads_the_answer_that_it_wants(shop: Shop, name: str) -> None:
    order, letters = paid(shop, name)
    for _ in range(2):
        for headers, body in letters:
            answer = send(name, headers, body)
            assert (answer.status_code, answer.content) == ACCEPTED[name]
    shop.go_on(name)
    assert shop.state(order) == "fulfilled"


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_forgery_is_refused_and_changes_nothing(shop: Shop, name: str) -> None:
    mischief(shop.market[name], forge=1000)
    order, letters = paid(shop, name)
    (headers, body), *_ = letters
    answer = send(name, headers, body)
    assert answer.status_code == 401
    assert answer.content != b"success"
    assert (shop.state(order), models.GatewayNotice.objects.count()) == ("awaiting_payment", 0)


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_body_that_was_changed_on_its_way_is_refused(shop: Shop, name: str) -> None:
    order, [(headers, body), *_] = paid(shop, name)
    changed = body.replace(b"1", b"2")
    assert changed != body
    assert send(name, headers, changed).status_code == 401
    assert shop.state(order) == "awaiting_payment"


@pytest.mark.parametrize("name", GATEWAYS)
def test_an_old_letter_proves_nothing(shop: Shop, name: str) -> None:
    order, letters = paid(shop, name)
    shop.clock.pass_(days=2 if name != "paypal" else 4)  # PayPal repeats a letter for three days
    answers = {send(name, headers, body).status_code for headers, body in letters}
    assert answers == {401}
    assert shop.state(order) == "awaiting_payment"


@pytest.mark.parametrize(
    ("headers", "body"), [({}, b""), ({}, b"{}"), ({"Stripe-Signature": "t=1,v1=x"}, b"\xff" * 9)]
)
@pytest.mark.parametrize("name", GATEWAYS)
def test_noise_is_refused(shop: Shop, name: str, headers: dict[str, str], body: bytes) -> None:
    assert send(name, headers, body).status_code == 401


def test_a_gateway_that_the_shop_does_not_have(shop: Shop) -> None:
    assert send("bitcoin", {}, b"{}").status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_other_methods_are_refused(shop: Shop, method: str) -> None:
    assert getattr(Client(), method)(f"{PATH}/stripe").status_code == 405


def test_a_body_that_is_too_long_is_not_read(shop: Shop) -> None:
    assert send("stripe", {}, b"x" * (BODY_MAX + 1)).status_code == 413
    assert send("stripe", {}, b"x" * BODY_MAX).status_code == 401


def test_a_length_that_is_no_number_is_refused(shop: Shop) -> None:
    client = Client(CONTENT_LENGTH="many")
    assert client.post(f"{PATH}/stripe", b"", content_type="text/plain").status_code == 413


def test_who_keeps_failing_is_told_to_go_away_and_logged_no_more(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    refused = 0
    while send("stripe", {}, b"{}").status_code == 401:
        refused += 1
        assert refused <= 2 * LEVEL_MAX
    told = [r for r in caplog.records if "was refused" in r.getMessage()]
    assert len(told) == refused >= LEVEL_MAX
    assert send("stripe", {}, b"{}", sender="203.0.113.8").status_code == 401
    shop.clock.pass_(seconds=LEVEL_MAX)
    assert send("stripe", {}, b"{}").status_code == 401


@pytest.mark.parametrize("name", GATEWAYS)
def test_what_is_authentic_is_never_held_back(shop: Shop, name: str) -> None:
    """Mallory hammers at the door from behind the same proxy as the gateway."""
    order, letters = paid(shop, name)
    while send(name, {}, b"{}").status_code == 401:
        pass
    for headers, body in letters:
        assert send(name, headers, body).status_code == ACCEPTED[name][0]
    shop.go_on(name)
    assert shop.state(order) == "fulfilled"


@pytest.mark.parametrize("name", GATEWAYS)
def test_no_secret_is_logged(shop: Shop, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="eka")
    _, letters = paid(shop, name)
    (headers, body), *_ = letters
    for said in (body, body + b" "):
        send(name, headers, said)
    shop.look()
    logged = " ".join(r.getMessage() for r in caplog.records if r.name.startswith("eka"))
    secrets = [
        value
        for key, value in shop.market[name].settings().items()
        if any(part in key for part in ("secret", "private", "apiv3_key"))
    ]
    signed = [value for key, value in headers.items() if "sig" in key.lower()]
    assert secrets
    for secret in (*secrets, *signed, body.decode()):
        assert secret not in logged


def test_a_defect_of_ours_makes_the_gateway_send_it_again(shop: Shop) -> None:
    """The database refuses; the notice is not kept as handled."""
    order, [(headers, body), *_] = paid(shop, "stripe")
    models.Order.objects.filter(number=order).update(state="nonsense")
    client = Client(raise_request_exception=False)
    others = {k: v for k, v in headers.items() if k.lower() not in ("content-type", "host")}
    answer = client.post(f"{PATH}/stripe", body, content_type="application/json", headers=others)
    assert answer.status_code in (200, 500)
    models.Order.objects.filter(number=order).update(state="awaiting_payment")


def test_news_that_nobody_needs_are_acknowledged(shop: Shop) -> None:
    notice = Notice(event="evt_1", kind="customer.created")
    assert take_in("stripe", notice, shop.clock.now()) == "nothing"
    assert take_in("stripe", notice, shop.clock.now()) == "nothing"
    assert models.GatewayNotice.objects.get().times == 2


def test_what_is_authentic_and_not_understood_is_kept_for_a_person(shop: Shop) -> None:
    """The gateway has changed its format, and signs what nobody here can read."""
    paid(shop, "stripe")
    box = shop.market["stripe"]
    event = {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {}}}
    letter = box.envelope({"event": event, "endpoint": ""}, shop.clock.now())
    for _ in range(2):
        assert send("stripe", letter.headers, letter.body).status_code == 422
    assert shop.cases() == ["notice_unreadable"]


# ------------------------------------------------------------------------------------ strangers


def test_strangers_are_forgotten_at_one_a_second(shop: Shop) -> None:
    strangers, now = Strangers(), shop.clock.now()
    for _ in range(int(LEVEL_MAX)):
        assert not strangers.is_tired_of("mallory", now)
        strangers.note("mallory", now)
    assert strangers.is_tired_of("mallory", now)
    assert not strangers.is_tired_of("mallory", now + timedelta(seconds=1))
    assert not strangers.is_tired_of("alice", now)


def test_no_more_strangers_are_remembered_than_fit(shop: Shop) -> None:
    strangers, now = Strangers(), shop.clock.now()
    for _ in range(int(LEVEL_MAX)):
        strangers.note("first", now)
    for number in range(SENDERS_MAX):
        strangers.note(str(number), now)
    assert not strangers.is_tired_of("first", now)
