"""The sandbox itself: requests in, documents out, and what the payer does."""

import base64
import binascii
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from eka.gateways.payments.sandbox.counter import Act, Sandbox, Shown
from eka.gateways.payments.sandbox.paypal.account import Account
from eka.gateways.payments.sandbox.paypal.disputes import Disputes
from eka.gateways.payments.sandbox.paypal.news import News
from eka.gateways.payments.sandbox.paypal.orders import Funding, Orders
from eka.gateways.payments.sandbox.paypal.seal import new_key, signature, text_to_sign
from eka.gateways.payments.sandbox.paypal.till import Till
from eka.gateways.payments.sandbox.paypal.vault import PAYER, Vault
from eka.gateways.payments.sandbox.paypal.wire import INVALID, Fault, read, stamp
from eka.gateways.sandbox.courier import Courier, Envelope
from eka.gateways.sandbox.records import Document, Records
from eka.rules.instants import parse_instant

TOKEN_S = 32_400
MINIMAL = "return=minimal"


class Said(msgspec.Struct, frozen=True):
    """A request, as far as it matters: ids in the path, the query, the body, two headers."""

    path: dict[str, str]
    query: dict[str, str]
    body: Document
    raw: bytes
    request_id: str
    minimal: bool

    @property
    def id(self) -> str:
        """The document's."""
        return self.path["id"]


Deed = Callable[[Said], Document | None]


class PayPalSandbox(Sandbox):
    """PayPal, with one seller (Olga) and payers who are all Alice.

    pay, approve: the payer approves the order; money moves when the seller captures it. fail: the
    payer approves, and the method is declined at the capture; once a method was kept, its charges
    are declined until `pay`. pay_twice: with the capture another order of the same invoice is paid.
    pay_late: the payer approves whenever it is; PayPal does not know that an order was closed.
    dispute: the payer contests what was captured.
    """

    name = "PayPal"
    # 25 times within three days; PayPal does not say when.
    retry_after_s = (60, 120, 300, 600, 900, 1800, 3600, *[13_980] * 18)
    acts: tuple[Act, ...] = ("pay", "fail", "pay_twice", "pay_late", "approve", "dispute")

    def __init__(self, records: Records, courier: Courier) -> None:
        super().__init__(records, courier)
        self.token_s = TOKEN_S
        self.account = Account(records, courier, lambda: self.address)
        self.news = News(self.account)
        self.till = Till(self.account, self.news)
        self.vault = Vault(self.account, self.news)
        self.orders = Orders(self.account, self.news, self.till, self.vault)
        self.disputes = Disputes(self.account, self.news, self.till)

    def routes(self) -> list[Route]:
        orders, till, news = self.orders, self.till, self.news
        captures, disputes = "/v2/payments/captures", "/v1/customer/disputes"
        hooks, checkout = "/v1/notifications", "/v2/checkout/orders"
        return [
            Route("/v1/oauth2/token", self._token, methods=["POST"]),
            Route("/checkoutnow", self._checkout),
            Route(f"{hooks}/certs/{{id}}", self._certificate),
            self._on("POST", checkout, self._create),
            self._on("GET", f"{checkout}/{{id}}", lambda said: orders.shown(said.id)),
            self._on("POST", f"{checkout}/{{id}}/capture", self._capture),
            self._on("GET", f"{captures}/{{id}}", lambda said: till.capture(said.id)),
            self._on("POST", f"{captures}/{{id}}/refund", self._refund),
            self._on("GET", "/v2/payments/refunds/{id}", lambda said: till.refund(said.id)),
            self._on("DELETE", "/v3/vault/payment-tokens/{id}", self._forget),
            self._on("GET", "/v1/reporting/transactions", lambda said: till.report(said.query)),
            self._on("GET", f"{hooks}/webhooks", lambda said: news.webhooks()),
            self._on("POST", f"{hooks}/webhooks", lambda said: news.register(said.body)),
            self._on(
                "POST", f"{hooks}/verify-webhook-signature", lambda said: news.verify(said.raw), 200
            ),
            self._on("GET", f"{disputes}/{{id}}", lambda said: self.disputes.shown(said.id)),
            self._on("POST", f"{disputes}/{{id}}/adjudicate", self._adjudicate, 200),
        ]

    def settings(self) -> dict[str, str]:
        seal = self.account.seal
        return {
            "client_id": seal.client_id,
            "client_secret": seal.client_secret,
            "merchant_id": seal.merchant_id,
            "webhook_id": "",
            "api_base": self.address,
            "cert_hosts": self.address,
            "cert_roots": seal.authority,
        }

    def envelope(self, event: Document, now: datetime) -> Envelope:
        return self.news.envelope(event)

    def forgery(self, event: Document, now: datetime) -> Envelope:
        genuine = self.news.envelope(event)
        text = text_to_sign(event["id"], event["time"], event["webhook"], genuine.body)
        forged = {"PAYPAL-TRANSMISSION-SIG": signature(self._forger, text)}
        return Envelope({**genuine.headers, **forged}, genuine.body)

    @cached_property
    def _forger(self) -> rsa.RSAPrivateKey:
        return new_key()

    def accepted(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300

    def payments(self) -> list[Shown]:
        numbers = dict.fromkeys(order["number"] for order in self.records.all("order"))
        return [shown for number in numbers if (shown := self.shown(number))]

    def shown(self, number: str) -> Shown | None:
        order = self.orders.named(number)
        if order is None:
            return None
        came_back = urlencode({"token": order["id"], "PayerID": PAYER["payer_id"]})
        return Shown(
            number=number,
            state=order["status"],
            amount=read(order["unit"]["amount"]),
            title=order["unit"].get("description", ""),
            back=_with(order["back"], came_back),
            cancel=_with(order["cancel"], urlencode({"token": order["id"]})),
        )

    def act(self, number: str, act: Act) -> None:
        order = self.orders.named(number)
        if order is None:
            return
        if act == "dispute":
            self._dispute(order)
        else:
            if order["token"]:
                self.vault.let(order["token"], decline=act == "fail")
            funding: Funding = "declined" if act == "fail" else "instant"
            self.orders.approve(order["id"], funding, twice=act == "pay_twice")

    def out_of_order(self, status: int) -> Response:
        return Fault((status, "INTERNAL_SERVER_ERROR"), "").response()

    def _dispute(self, order: Document) -> None:
        """A payment is contested once."""
        captures = self.till.captures_of(order["id"])
        if captures and not order.get("disputed"):
            self.records.put("order", order["id"], {**order, "disputed": True})
            self.disputes.open(captures[0])

    def _create(self, said: Said) -> Document:
        order = self.orders.create(said.body, said.request_id)
        return self.orders.shown(order["id"], minimal=said.minimal)

    def _capture(self, said: Said) -> Document:
        self.orders.capture(said.id)
        return self.orders.shown(said.id, minimal=said.minimal)

    def _refund(self, said: Said) -> Document:
        return self.till.give_back(said.id, said.body)

    def _adjudicate(self, said: Said) -> Document:
        return self.disputes.adjudicate(said.id, said.body)

    def _forget(self, said: Said) -> None:
        self.vault.drop(said.id)

    def _on(self, method: str, path: str, deed: Deed, success: int = 0) -> Route:
        """A request that needs a token; a POST with a request's id is done once."""
        made = success or (201 if method == "POST" else 200)

        async def answer(request: Request) -> Response:
            try:
                self._insist_on_token(request)
                return self._once(request, await _said(request), deed, made)
            except Fault as fault:
                return fault.response()

        return Route(path, answer, methods=[method])

    def _once(self, request: Request, said: Said, deed: Deed, made: int) -> Response:
        key = f"{request.url.path} {said.request_id}" if said.request_id else ""
        if key and (before := self.records.get("answer", key)):
            return JSONResponse(before["body"], 200)
        document = deed(said)
        if document is None:
            return Response(status_code=204)
        if key:
            self.records.put("answer", key, {"body": document})
        return JSONResponse(document, made)

    def _insist_on_token(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = self.records.get("token", token) if scheme == "Bearer" else None
        if known is None or parse_instant(known["until"]) <= self.now():
            raise Fault((401, "AUTHENTICATION_FAILURE"), "INVALID_TOKEN")

    async def _token(self, request: Request) -> Response:
        """OAuth 2.0, client credentials (RFC 6749, 4.4)."""
        seal, form = self.account.seal, await request.body()
        expected = f"{seal.client_id}:{seal.client_secret}".encode()
        if not secrets.compare_digest(_basic(request), expected):
            said = {
                "error": "invalid_client",
                "error_description": "Client Authentication failed",
            }
            return JSONResponse(said, 401)
        if b"grant_type=client_credentials" not in form:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        token = f"A21AA{secrets.token_urlsafe(48)}"
        until = stamp(self.now() + timedelta(seconds=self.token_s))
        self.records.put("token", token, {"until": until})
        return JSONResponse(
            {
                "scope": "https://uri.paypal.com/services/payments/payment",
                "access_token": token,
                "token_type": "Bearer",
                "app_id": "APP-80W284485P519543T",
                "expires_in": self.token_s,
                "nonce": f"{stamp(self.now())}{secrets.token_urlsafe(16)}",
            }
        )

    async def _certificate(self, request: Request) -> Response:
        if request.path_params["id"] != self.account.seal.cert_id:
            return PlainTextResponse("not found", 404)
        return PlainTextResponse(self.account.seal.certificate)

    async def _checkout(self, request: Request) -> Response:
        order = self.records.get("order", request.query_params.get("token", ""))
        if order is None:
            return PlainTextResponse("not found", 404)
        return RedirectResponse(f"/sandbox/pay/{order['number']}", 303)


async def _said(request: Request) -> Said:
    raw = await request.body()
    try:
        body = msgspec.json.decode(raw, type=dict) if raw else {}
    except msgspec.DecodeError as error:
        raise Fault(INVALID, "MALFORMED_REQUEST_JSON") from error
    return Said(
        dict(request.path_params),
        dict(request.query_params),
        body,
        raw,
        request.headers.get("paypal-request-id", ""),
        request.headers.get("prefer", MINIMAL) == MINIMAL,
    )


def _basic(request: Request) -> bytes:
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(said) if scheme == "Basic" else b""
    except binascii.Error:
        return b""


def _with(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}" if url else ""
