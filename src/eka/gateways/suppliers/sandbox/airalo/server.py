"""The sandbox itself: requests in, documents out, notifications, and what happens on phones."""

import asyncio
import inspect
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eka.gateways.sandbox.courier import Courier, Envelope
from eka.gateways.sandbox.records import Document, Records
from eka.gateways.suppliers.sandbox.airalo.desk import Desk
from eka.gateways.suppliers.sandbox.airalo.shelf import BY_CODE, places, told
from eka.gateways.suppliers.sandbox.airalo.subscriptions import Subscriptions
from eka.gateways.suppliers.sandbox.airalo.throttle import Throttle
from eka.gateways.suppliers.sandbox.airalo.wire import (
    Fault,
    dollars,
    enveloped,
    fields_of,
    invalid,
    paged,
    php_json,
    plain,
    refused,
    rightly_signed,
    signature,
)
from eka.gateways.suppliers.sandbox.counter import Act, Shown, SupplierSandbox
from eka.rules.instants import format_instant, parse_instant

TOKEN_S = 86_400
PACKAGES_A_PAGE = 25
UNAUTHORIZED, ACCEPTED = 401, 202
PRICING = {"pricing": {"model": "net_pricing", "discount_percentage": 0}}


class Said(Struct, frozen=True):
    """A request, as far as it matters: the path's and the query's words, and the body's fields."""

    path: dict[str, str]
    query: dict[str, str]
    fields: Document
    token: str = ""


Deed = Callable[[Said], Document | Awaitable[Document]]


class AiraloSandbox(SupplierSandbox):
    """Airalo, with one partner (Olga's shop).

    Of usage it tells whole megabytes, as Airalo does, but at once and not after 20 minutes. An
    asynchronous order comes to nothing by a notification {request_id, code, reason}. Not here are
    vouchers, future orders, refunds, instructions and exchange rates. `strict`: more requests than
    Airalo bears are answered 429; `token_s`: so long a token is good.
    """

    name = "Airalo"
    retry_after_s = (900,) * 20

    def __init__(self, records: Records, courier: Courier) -> None:
        super().__init__(records, courier)
        self.strict = False
        self.token_s = TOKEN_S
        self.throttle = Throttle()
        self.wanted = Subscriptions(records)
        self.desk = Desk(records, courier.now, lambda: self.trouble, self._notify)
        if records.get("client", "olga") is None:
            client = {"id": secrets.token_hex(16), "secret": secrets.token_hex(20)}
            records.put("client", "olga", client)

    def routes(self) -> list[Route]:
        desk, wanted, notices = self.desk, self.wanted, "notifications"
        return [
            Route("/v2/token", self._token, methods=["POST"]),
            self._on("GET", "packages", self._packages),
            self._on("POST", "orders", lambda said: enveloped(desk.buy(said.fields))),
            self._on("POST", "orders-async", self._accept, ACCEPTED),
            self._on("POST", "orders/topups", lambda said: enveloped(desk.top_up(said.fields))),
            self._on("GET", "orders", lambda said: desk.listed(said.query, f"{self.base}/orders")),
            self._on("GET", "orders/{id}", self._order),
            self._on("GET", "sims/{iccid}", self._sim),
            self._on("GET", "sims/{iccid}/usage", self._usage),
            self._on("GET", "sims/{iccid}/packages", self._history),
            self._on("GET", "sims/{iccid}/topups", self._top_ups),
            self._on("GET", "balance", self._balance),
            self._on("POST", f"{notices}/opt-in", lambda said: wanted.opt_in(said.fields)),
            self._on("GET", f"{notices}/opt-in", lambda said: wanted.opted_in(said.query)),
            self._on("POST", f"{notices}/opt-out", lambda said: wanted.opt_out(said.fields)),
        ]

    @property
    def base(self) -> str:
        """Where the API is."""
        return f"{self.address}/v2"

    def settings(self) -> dict[str, Any]:
        client = self._client()
        return {
            "client_id": client["id"],
            "client_secret": client["secret"],
            "api_base": self.base,
        }

    def profiles(self) -> list[Shown]:
        return [self.desk.profiles.shown(sim) for sim in self.desk.profiles.all()]

    def shown(self, iccid: str) -> Shown | None:
        sim = self.desk.profiles.get(iccid)
        return None if sim is None else self.desk.profiles.shown(sim)

    def act(self, iccid: str, act: Act, amount: int) -> None:
        """Data that runs out, and time, are told where somebody opted in to hear it."""
        profiles, sim = self.desk.profiles, self.desk.profiles.get(iccid)
        assert sim is not None
        if act == "use":
            for share in profiles.use(sim, amount):
                self._warn(iccid, f"{share}%")
        elif act == "expire":
            self._warn(iccid, "1days")
            profiles.expire(sim)
        else:
            profiles.move(sim, act)

    def troubled(self) -> None:
        if self.trouble.credit is not None:
            self.desk.set_credit(self.trouble.credit)

    def envelope(self, event: Document, now: Any) -> Envelope:
        """The notification, signed; nothing in it says when it was sent."""
        return _letter(event, self._client()["secret"])

    def forgery(self, event: Document, now: Any) -> Envelope:
        """From somebody who knows the client id only."""
        return _letter(event, self._client()["id"])

    def accepted(self, status: int, body: bytes) -> bool:
        """200, whatever is in it."""
        return status == httpx.codes.OK

    def out_of_order(self, status: int) -> Response:
        return JSONResponse(refused(53).body, status)

    def _on(self, method: str, path: str, deed: Deed, status: int = 200) -> Route:
        """A request with a token, rightly signed where it is signed, and not one too many."""

        async def endpoint(request: Request) -> Response:
            try:
                said = await self._heard(request)
                self.desk.work()
                answer = deed(said)
                return JSONResponse(await answer if inspect.isawaitable(answer) else answer, status)
            except Fault as fault:
                return JSONResponse(fault.body, fault.status, fault.headers)

        return Route(f"/v2/{path}", endpoint, methods=[method])

    async def _heard(self, request: Request) -> Said:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        known = self.records.get("token", token)
        if known is None or parse_instant(known["until"]) <= self.now():
            raise plain(UNAUTHORIZED, "Unauthenticated.")
        fields = await _fields(request) if request.method == "POST" else {}
        self._check_signature(request, fields)
        return Said(dict(request.path_params), dict(request.query_params), fields, token)

    def _check_signature(self, request: Request, fields: Document) -> None:
        header = request.headers.get("airalo-signature")
        if header and not rightly_signed(self._client()["secret"], header, fields):
            raise refused(14, "airalo-signature")

    async def _token(self, request: Request) -> Response:
        try:
            return JSONResponse(enveloped(self._granted(request, await _fields(request))))
        except Fault as fault:
            return JSONResponse(fault.body, fault.status, fault.headers)

    def _granted(self, request: Request, fields: Document) -> Document:
        client = self._client()
        self._count("token", client["id"])
        if fields.get("grant_type") != "client_credentials":
            raise invalid("grant_type", "The selected grant type is invalid.")
        if (fields.get("client_id"), fields.get("client_secret")) != (
            client["id"],
            client["secret"],
        ):
            raise plain(UNAUTHORIZED, "Authentication failed")
        self._check_signature(request, fields)
        # With dots, as a JSON web token: the official SDK takes other long words for encrypted.
        token = ".".join(secrets.token_hex(24) for _ in range(3))
        until = format_instant(self.now() + timedelta(seconds=self.token_s))
        self.records.put("token", token, {"token": token, "until": until})
        return {"token_type": "Bearer", "expires_in": self.token_s, "access_token": token}

    def _packages(self, said: Said) -> Document:
        self._count("packages", said.token)
        found = places(
            said.query.get("filter[type]", ""),
            said.query.get("filter[country]", "").upper(),
            self.trouble.price_percent,
            with_top_ups="topup" in said.query.get("include", ""),
        )
        path = f"{self.base}/packages"
        return {**PRICING, **paged(found, said.query, PACKAGES_A_PAGE, path)}

    def _accept(self, said: Said) -> Document:
        accepted = self.desk.take(said.fields, self.wanted.address("async_orders"))
        # What is due later is done by itself too, and not only when somebody asks.
        asyncio.get_running_loop().call_later(self.trouble.pending_s, self.desk.work)
        return enveloped(accepted)

    def _order(self, said: Said) -> Document:
        return enveloped(self.desk.order(said.path["id"], said.query))

    def _sim(self, said: Said) -> Document:
        profiles, iccid = self.desk.profiles, said.path["iccid"]
        sim = profiles.get(iccid)
        if sim is None:
            raise plain(httpx.codes.NOT_FOUND, "Not Found")
        return enveloped(profiles.told(sim, recycled=self.trouble.recycled))

    def _usage(self, said: Said) -> Document:
        self._count("usage of one", said.path["iccid"])
        self._count("usage", self._client()["id"])
        return enveloped(self.desk.profiles.usage(self.desk.sim(said.path["iccid"])))

    def _history(self, said: Said) -> Document:
        self._count("history of one", said.path["iccid"])
        return enveloped(self.desk.profiles.history(self.desk.sim(said.path["iccid"])))

    def _top_ups(self, said: Said) -> Document:
        maker, _ = BY_CODE[self.desk.sim(said.path["iccid"])["package"]]
        percent = self.trouble.price_percent
        offers = [told(offer, percent) for offer in maker.offers() if offer.top_up]
        return {**PRICING, **enveloped(offers)}

    def _balance(self, said: Said) -> Document:
        amount = {"amount": dollars(self.desk.credit), "currency": "USD"}
        return enveloped({"balances": {"name": "balance", "availableBalance": amount}})

    def _warn(self, iccid: str, level: str) -> None:
        sim = self.desk.profiles.get(iccid)
        assert sim is not None
        usage = self.desk.profiles.usage(sim)
        left = usage["remaining"] * 100 // usage["total"] if usage["total"] else 100
        news = {
            "level": level,
            "package_name": sim["package"],
            "remaining_percentage": left,
            "iccid": iccid,
        }
        self._notify(self.wanted.address("webhook_low_data"), news)

    def _notify(self, url: str, content: Document) -> None:
        if not self.trouble.quiet:
            self.courier.post(url, content)

    def _count(self, kind: str, about: str) -> None:
        if self.strict:
            now: datetime = self.now()
            self.throttle.count(kind, about, now)

    def _client(self) -> Document:
        client = self.records.get("client", "olga")
        assert client is not None
        return client


def _letter(content: Document, secret: str) -> Envelope:
    body = php_json(content)
    headers = {"Content-Type": "application/json", "airalo-signature": signature(secret, body)}
    return Envelope(headers, body)


async def _fields(request: Request) -> Document:
    return fields_of(request.headers.get("content-type", ""), await request.body())
