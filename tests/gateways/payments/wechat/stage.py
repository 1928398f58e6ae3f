"""The cast: Olga's gateway to WeChat Pay, those who pay, and a WeChat Pay that says odd things."""

import base64
import threading
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eka.gateways.payments.sandbox.counter import Act
from eka.gateways.payments.sandbox.wechat import WeChatSandbox
from eka.gateways.payments.sandbox.wechat.keys import Keys
from eka.gateways.payments.terms import Asked, Notice, PaymentAsk, RefundAsk, Way
from eka.gateways.payments.wechat import WeChatGateway, WeChatSettings
from eka.gateways.sandbox.courier import Envelope
from eka.gateways.sandbox.records import Document
from eka.rules.units import Money

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOTIFY = "http://127.0.0.1:9/notify"  # nobody is there


class Clock:
    """What time it is for the shop and for WeChat."""

    def __init__(self) -> None:
        self.at = NOON
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self.at

    def forward(self, **span: float) -> None:
        with self._lock:
            self.at += timedelta(**span)


@cache  # reading a private key takes longer than most stories
def gateway_of(settings: WeChatSettings, clock: Clock) -> WeChatGateway:
    return WeChatGateway(settings, clock.now)


class WeChat:
    """The sandbox, the shop's gateway to it, and the hands of those who pay."""

    def __init__(self, sandbox: WeChatSandbox, clock: Clock, browser: httpx.Client) -> None:
        self.sandbox, self.clock, self.browser = sandbox, clock, browser
        self.gateway = self.gateway_with()

    def gateway_with(self, **changed: str) -> WeChatGateway:
        """A gateway of which some settings are wrong."""
        settings = {**self.sandbox.settings(), **changed}
        return gateway_of(msgspec.convert(settings, WeChatSettings), self.clock)

    def begin(self, number: str, fen: int = 1999, way: Way = "qr", **more: Any) -> Asked:
        return self.gateway.begin(ask(number, fen, way, **more))

    def act(self, number: str, act: Act) -> None:
        self.post(f"/sandbox/payments/{number}/{act}")

    def post(self, path: str, **body: object) -> Any:
        url = self.sandbox.address + path
        answer = self.browser.post(url, json=body or None)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def taken(self) -> list[Envelope]:
        """The notifications that wait, as they would leave now."""
        return [
            Envelope(lowered(letter["headers"]), base64.b64decode(letter["body"]))
            for letter in self.post("/sandbox/take")
        ]

    def news(self) -> list[Notice]:
        return [self.read(letter) for letter in self.taken()]

    def read(self, letter: Envelope) -> Notice:
        return self.gateway.read_notice(lowered(letter.headers), letter.body, self.clock.now())

    def letter(self, kind: str, plain: Document) -> Envelope:
        """A notification of any content, encrypted and signed with WeChat's own keys."""
        created = "2026-03-10T20:00:00+08:00"
        event = {"id": "EV-1", "create_time": created, "kind": kind, "plain": plain}
        return self.sandbox.envelope(event, self.clock.now())

    def paid(self, number: str, fen: int = 1999) -> str:
        """Alice has paid; the number of the money's movement."""
        self.begin(number, fen)
        self.act(number, "pay")
        [notice] = self.news()
        assert notice.payment is not None
        return notice.payment.transaction


def ask(number: str, fen: int = 1999, way: Way = "qr", **more: Any) -> PaymentAsk:
    asked = PaymentAsk(
        number=number,
        amount=Money(fen, "CNY"),
        title="Ocean 10 GB",
        way=way,
        expires_at=NOON + timedelta(minutes=30),
        return_url="http://127.0.0.1:8000/orders/1?language=zh",
        cancel_url="http://127.0.0.1:8000/orders/1",
        notify_url=NOTIFY,
        payer_ip="192.0.2.7",
        openid="oAlice" if way == "inside" else "",
    )
    return msgspec.structs.replace(asked, **more)


def refund_ask(number: str, payment: str, fen: int, **more: Any) -> RefundAsk:
    asked = RefundAsk(
        number=number,
        payment_number=payment,
        transaction="",
        amount=Money(fen, "CNY"),
        paid=Money(1999, "CNY"),
        notify_url=NOTIFY,
        reason="Alice's phone takes no eSIM",
    )
    return msgspec.structs.replace(asked, **more)


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class OddWeChat(WeChatSandbox):
    """Answers every request with the next of `says`, or with the last again."""

    says: list[tuple[int, bytes]]

    def routes(self) -> list[Route]:
        return [Route("/{path:path}", self._say, methods=["GET", "POST"])]

    async def _say(self, request: Request) -> Response:
        status, body = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        return Response(body, status, Keys(self.records).signed(body, self.courier.now()))


class Odd(WeChat):
    """Olga's gateway to it."""

    def says(self, *answers: tuple[int, bytes]) -> None:
        """What it says from now on. `ADDRESS` becomes where it listens."""
        assert isinstance(self.sandbox, OddWeChat)
        address = self.sandbox.address.encode()
        self.sandbox.says = [(code, body.replace(b"ADDRESS", address)) for code, body in answers]
