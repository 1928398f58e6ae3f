"""The sandbox is as strict as Stripe: what it lets through, Stripe lets through."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from tests.gateways.payments.stripe.conftest import NOON, Stripe, Watch, new_box

from eka.gateways.payments.terms import Notice
from eka.gateways.sandbox.records import Records
from eka.gateways.sandbox.serving import opened


@pytest.fixture
def stripe() -> Iterator[Stripe]:
    """A Stripe for each story alone: they use its API as only its owner can."""
    watch = Watch()
    box = new_box(Records(), watch)
    with opened([box]):
        yield Stripe(box, watch)


SESSION = {
    "mode": "payment",
    "success_url": "https://shop.example/thanks",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "1999",
    "line_items[0][price_data][product_data][name]": "Europe",
}


def test_the_same_key_gets_the_same_answer(stripe: Stripe) -> None:
    first = stripe.api("POST", "checkout/sessions", "key", **SESSION)
    again = stripe.api("POST", "checkout/sessions", "key", **SESSION)
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert stripe.api("POST", "checkout/sessions", **SESSION).json()["id"] != first.json()["id"]


def test_the_same_key_gets_the_same_refusal(stripe: Stripe) -> None:
    paid = stripe.bought()
    over = {"payment_intent": paid.transaction, "amount": "2000"}
    first = stripe.api("POST", "refunds", "key", **over)
    assert first.json()["error"]["code"] == "amount_too_large"
    again = stripe.api("POST", "refunds", "key", **over)
    assert (again.status_code, again.json()) == (400, first.json())
    assert again.headers["idempotent-replayed"] == "true"


def test_a_request_that_was_never_tried_may_be_mended(stripe: Stripe) -> None:
    bad = {**SESSION, "success_url": ""}
    assert stripe.api("POST", "checkout/sessions", "key", **bad).status_code == 400
    assert stripe.api("POST", "checkout/sessions", "key", **SESSION).status_code == 200


def test_the_same_key_for_something_else_is_an_error(stripe: Stripe) -> None:
    stripe.api("POST", "checkout/sessions", "key", **SESSION)
    other = {**SESSION, "line_items[0][price_data][unit_amount]": "1"}
    answer = stripe.api("POST", "checkout/sessions", "key", **other)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "idempotency_error"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"colour": "red"}, "colour"),
        ({"expires_at": str(int(NOON.timestamp()) + 1799)}, "expires_at"),
        ({"expires_at": str(int(NOON.timestamp()) + 86401)}, "expires_at"),
        ({"line_items[0][price_data][unit_amount]": "19.99"}, "price_data[unit_amount]"),
        ({"line_items[0][price_data][unit_amount]": "49"}, "amount"),
        ({"line_items[0][price_data][currency]": "dollars"}, "currency"),
        ({"metadata[number]": "x" * 501}, "metadata[number]"),
        ({"expand[0]": "nothing"}, "expand"),
    ],
)
def test_what_stripe_does_not_take(stripe: Stripe, change: dict[str, str], param: str) -> None:
    answer = stripe.api("POST", "checkout/sessions", **{**SESSION, **change})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["error"]["param"] == param


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer sk_test_no"}])
def test_nobody_enters_without_the_key(stripe: Stripe, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{stripe.box.address}/v1/events", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_lists_have_pages(stripe: Stripe) -> None:
    for _ in range(3):
        stripe.bought()
    newest = stripe.api("GET", "balance_transactions", limit="2").json()
    assert (len(newest["data"]), newest["has_more"]) == (2, True)
    after = {"limit": "2", "starting_after": newest["data"][1]["id"]}
    oldest = stripe.api("GET", "balance_transactions", **after).json()
    assert (len(oldest["data"]), oldest["has_more"]) == (1, False)


def test_an_endpoint_of_its_own_has_a_secret_of_its_own(stripe: Stripe) -> None:
    fields = {"url": "http://127.0.0.1:9/other", "enabled_events[0]": "checkout.session.completed"}
    secret = stripe.api("POST", "webhook_endpoints", **fields).json()["secret"]
    stripe.bought()
    (letter,) = (one for url, one in stripe.box.courier.take() if url == fields["url"])
    headers = {name.lower(): value for name, value in letter.headers.items()}
    settings = replace(stripe.settings, webhook_secret=secret)
    own = type(stripe.gateway)(settings).read_notice(headers, letter.body, NOON)
    assert own.kind == "checkout.session.completed"


def test_keys_and_payments_outlive_the_server(tmp_path: Path) -> None:
    watch, file = Watch(), tmp_path / "stripe.db"
    first = new_box(Records(file), watch)
    with opened([first]):
        before = Stripe(first, watch)
        paid = before.bought()
        waiting = len(first.courier.waiting())
    second = new_box(Records(file), watch)
    with opened([second]):
        after = Stripe(second, watch)
        assert replace(after.settings, api_base="") == replace(before.settings, api_base="")
        assert after.gateway.look(paid.number, paid.reference) == paid
        assert len(after.news()) == waiting > 0


class Mailbox:
    """Olga's endpoint: it refuses the first letters, and reads the others."""

    def __init__(self, stripe: Stripe, refusals: int) -> None:
        self.read: list[Notice] = []
        self.refusals = refusals
        self.full = threading.Event()
        mailbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(mailbox.take(stripe, headers, body))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """It says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/stripe"

    def take(self, stripe: Stripe, headers: dict[str, str], body: bytes) -> int:
        if self.refusals:
            self.refusals -= 1
            return stripe.gateway.reply(False).status
        self.read.append(stripe.gateway.read_notice(headers, body, stripe.watch()))
        if len(self.read) == 4:
            self.full.set()
        return stripe.gateway.reply(True).status


@pytest.fixture
def mailbox(stripe: Stripe) -> Iterator[Mailbox]:
    box = Mailbox(stripe, refusals=2)
    thread = threading.Thread(target=box.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield box
    box.server.shutdown()
    thread.join()
    box.server.server_close()


def test_letters_come_until_they_are_accepted(stripe: Stripe, mailbox: Mailbox) -> None:
    paid = stripe.bought(replace(stripe.ask(), notify_url=mailbox.address))
    stripe.mischief(held=False)
    while not mailbox.full.wait(0.1):
        stripe.watch.move(minutes=5)  # what was refused comes again, signed anew
    numbers = {notice.payment.number for notice in mailbox.read if notice.payment}
    assert numbers == {paid.number}
    assert len({notice.event for notice in mailbox.read}) == 4
