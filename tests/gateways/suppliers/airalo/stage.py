"""The cast: Olga's shop at Airalo, Alice's phone, and an Airalo that says odd things."""

import base64
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eka.gateways.sandbox.courier import Envelope
from eka.gateways.sandbox.records import Document
from eka.gateways.suppliers.airalo import AiraloSettings, AiraloSupplier
from eka.gateways.suppliers.sandbox.airalo import AiraloSandbox
from eka.gateways.suppliers.sandbox.counter import Act
from eka.gateways.suppliers.terms import Delivered, Held, Notice, ProfileAsk, Supplied, TopUpAsk
from eka.rules.units import Money

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOTIFY = "http://127.0.0.1:9/notify"  # nobody is there
JAPAN, JAPAN_3 = "moshi-moshi-7days-1gb", "moshi-moshi-30days-3gb"
JAPAN_TOP_UP = "moshi-moshi-7days-1gb-topup"
UNLIMITED = "elan-10days-unlimited"
MIB, GIB = 2**20, 2**30


class Clock:
    """What time it is for the shop and for Airalo."""

    def __init__(self) -> None:
        self.at = NOON
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self.at

    def forward(self, **span: float) -> None:
        with self._lock:
            self.at += timedelta(**span)


class Airalo:
    """The sandbox, the shop's adapter to it, and the hands of those who hold the phones."""

    def __init__(self, sandbox: AiraloSandbox, clock: Clock, browser: httpx.Client) -> None:
        self.sandbox, self.clock, self.browser = sandbox, clock, browser
        self.supplier = self.supplier_with()

    def supplier_with(self, **changed: Any) -> AiraloSupplier:
        """An adapter with some settings of its own."""
        settings = {**self.sandbox.settings(), **changed}
        return AiraloSupplier("airalo", msgspec.convert(settings, AiraloSettings), self.clock.now)

    def asynchronous(self) -> AiraloSupplier:
        return self.supplier_with(asynchronous=True, webhook_url=NOTIFY)

    def profile(self, number: str = "ORDER1", package: str = JAPAN) -> Delivered:
        """Olga's shop has ordered one for Alice."""
        return delivered(self.supplier.order(ask(number, package)))

    def sold(self) -> list[str]:
        """Our numbers of all profiles that were ever sold."""
        return [shown.number for shown in self.sandbox.profiles()]

    def trouble(self, **wrong: Any) -> None:
        self.post("/sandbox/trouble", **wrong)

    def mischief(self, **wrong: Any) -> None:
        self.post("/sandbox/mischief", held=True, **wrong)

    def act(self, iccid: str, act: Act, **more: Any) -> None:
        self.post(f"/sandbox/profiles/{iccid}/{act}", **more)

    def post(self, path: str, **body: object) -> Any:
        answer = self.browser.post(self.sandbox.address + path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def called(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Any request to the API, with a token of its own."""
        settings = self.sandbox.settings()
        credentials = {name: settings[name] for name in ("client_id", "client_secret")}
        data = {**credentials, "grant_type": "client_credentials"}
        token = self.browser.post(f"{settings['api_base']}/token", data=data).json()["data"]
        headers = {
            "Authorization": f"Bearer {token['access_token']}",
            **request.pop("headers", {}),
        }
        url = f"{settings['api_base']}/{path}"
        return self.browser.request(method, url, headers=headers, **request)

    def wanted(self, *kinds: str) -> None:
        """Somebody opted in to these notifications."""
        for kind in kinds:
            self.sandbox.records.put("optin", kind, {"type": kind, "contact_point": NOTIFY})

    def taken(self) -> list[Envelope]:
        """The notifications that wait, as they would leave now."""
        return [
            Envelope(lowered(letter["headers"]), base64.b64decode(letter["body"]))
            for letter in self.post("/sandbox/take")
        ]

    def news(self) -> list[Notice]:
        return [self.read(letter) for letter in self.taken()]

    def read(self, letter: Envelope) -> Notice:
        return self.supplier.read_notice(lowered(letter.headers), letter.body, self.clock.now())

    def letter(self, content: Document) -> Envelope:
        """A notification of any content, signed with Airalo's own secret."""
        return self.sandbox.envelope(content, self.clock.now())


def ask(number: str = "ORDER1", package: str = JAPAN, most: Money | None = None) -> ProfileAsk:
    return ProfileAsk(number=number, package=package, asked_at=NOON, cost_max=most)


def top_up_ask(
    iccid: str, number: str = "DATA01", package: str = JAPAN_TOP_UP, most: Money | None = None
) -> TopUpAsk:
    return TopUpAsk(number=number, package=package, asked_at=NOON, iccid=iccid, cost_max=most)


def dollars(cents: int) -> Money:
    return Money(cents, "USD")


def delivered(supplied: Supplied) -> Delivered:
    assert supplied.status == "ready"
    assert supplied.profile is not None
    return supplied.profile


def held(profile: Delivered) -> Held:
    return Held(iccid=profile.iccid, reference=profile.reference)


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class OddAiralo(AiraloSandbox):
    """Gives tokens, and answers all else with the next of `says`, or with the last again."""

    says: list[tuple[int, bytes]]
    heard: list[tuple[str, str]]

    def routes(self) -> list[Route]:
        token = next(route for route in super().routes() if route.path == "/v2/token")
        return [token, Route("/{path:path}", self._say, methods=["GET", "POST"])]

    async def _say(self, request: Request) -> Response:
        self.heard.append((request.method, request.url.path))
        status, body = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        return Response(body, status)


class Odd(Airalo):
    """Olga's shop at it."""

    def says(self, *answers: tuple[int, bytes]) -> None:
        assert isinstance(self.sandbox, OddAiralo)
        self.sandbox.says, self.sandbox.heard = list(answers), []
