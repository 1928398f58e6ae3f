"""Stripe is out of order, refuses, or answers what nobody understands."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from msgspec.structs import replace
from tests.gateways.payments.stripe.conftest import Stripe

from eka.gateways.payments.stripe import StripeGateway
from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable, SavedMethod

Call = Callable[[Stripe, StripeGateway], object]
CALLS: dict[str, Call] = {
    "begin": lambda stripe, gateway: gateway.begin(stripe.ask()),
    "look": lambda stripe, gateway: gateway.look("EKA000001", "cs_test_1"),
    "look by number": lambda stripe, gateway: gateway.look("EKA000001", ""),
    "capture": lambda stripe, gateway: gateway.capture("EKA000001", "pi_1"),
    "close": lambda stripe, gateway: gateway.close("EKA000001", "cs_test_1"),
    "charge": lambda stripe, gateway: gateway.charge(stripe.ask(), SavedMethod(token="pm_1")),
    "forget": lambda stripe, gateway: gateway.forget(SavedMethod(token="pm_1")),
    "transactions": lambda stripe, gateway: gateway.transactions(stripe.noon.date()),
}


@contextmanager
def answering(status: int, body: bytes, *headers: tuple[str, str]) -> Iterator[str]:
    """A server that answers the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """It says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def at(stripe: Stripe, address: str) -> StripeGateway:
    return StripeGateway(replace(stripe.settings, api_base=address), stripe.watch)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_nobody_answers(stripe: Stripe, call: Call) -> None:
    with answering(200, b"") as address:
        gone = address
    with pytest.raises(GatewayUnavailable):
        call(stripe, at(stripe, gone))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_stripe_is_out_of_order(stripe: Stripe, call: Call) -> None:
    stripe.mischief(down=True)
    with pytest.raises(GatewayUnavailable):
        call(stripe, stripe.gateway)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_wrong_key_is_refused_and_not_repeated(stripe: Stripe, call: Call) -> None:
    key = "sk_test_thisIsNotTheKey1234"
    stranger = StripeGateway(replace(stripe.settings, secret_key=key), stripe.watch)
    with pytest.raises(GatewayRefused) as refused:
        call(stripe, stranger)
    assert "1234" not in str(refused.value)
    assert refused.value.__cause__ is None


NOT_KNOWN = {
    "another request has the key": (409, b'{"error": {"code": "idempotency_key_in_use"}}'),
    "too many requests": (429, b'{"error": {"type": "invalid_request_error"}}'),
    "a fault of Stripe's": (500, b'{"error": {"type": "api_error"}}'),
    "a proxy's page": (502, b"<html>Bad gateway</html>"),
    "a page instead of an answer": (200, b"<html>Hello</html>"),
    "a page that refuses": (403, b"<html>Blocked</html>"),
    "somebody else's failure": (424, b'{"error": {"type": "api_error"}}'),
    "an object of another kind": (200, b'{"id": "x", "object": "unheard_of"}'),
}


@pytest.mark.parametrize(("status", "body"), NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_it_is_not_known_whether_the_page_was_opened(
    stripe: Stripe, status: int, body: bytes
) -> None:
    quiet = ("Stripe-Should-Retry", "false")
    with answering(status, body, quiet) as address, pytest.raises(GatewayUnavailable):
        at(stripe, address).begin(stripe.ask())


def test_a_refusal_has_stripes_word(stripe: Stripe) -> None:
    with pytest.raises(GatewayRefused) as refused:
        stripe.gateway.begin(replace(stripe.ask(), return_url=""))
    assert refused.value.code == "parameter_missing"
    assert "success_url" in str(refused.value)


def test_a_number_used_for_something_else_is_refused(stripe: Stripe) -> None:
    kept = stripe.kept()
    ask = stripe.ask()
    fields = {"payment_intent": kept.transaction}
    assert stripe.api("POST", "refunds", f"begin-{ask.number}", **fields).status_code == 200
    with pytest.raises(GatewayRefused) as refused:
        stripe.gateway.begin(ask)
    assert refused.value.code == "idempotency_error"


def test_a_bank_that_declines_is_no_fault(stripe: Stripe) -> None:
    """Also where the answer does not tell which PaymentIntent it was."""
    body = b'{"error": {"type": "card_error", "code": "expired_card", "message": "No."}}'
    with answering(402, body) as address:
        ask = replace(stripe.ask(), number="no-search")  # the search would hear the same answer
        report = at(stripe, address).charge(ask, SavedMethod(token="pm_1", payer="cus_1"))
    assert (report.status, report.reason) == ("failed", "expired_card")
