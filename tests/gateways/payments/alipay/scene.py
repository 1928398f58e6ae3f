"""Alice pays at Olga's shop with Alipay: the real adapter, the sandbox, sockets between them."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode

import httpx

from eka.gateways.payments.alipay import AlipayGateway, AlipaySettings
from eka.gateways.payments.sandbox.alipay import AlipaySandbox
from eka.gateways.payments.sandbox.alipay.keys import ID, KIND, Keys, joined
from eka.gateways.payments.sandbox.counter import Act
from eka.gateways.payments.terms import Asked, Notice, PaymentAsk, RefundAsk, Way
from eka.gateways.sandbox.courier import Courier, Mischief
from eka.gateways.sandbox.records import Document, Records
from eka.gateways.sandbox.serving import opened
from eka.rules.units import Money

NOON_IN_BEIJING = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
NUMBER = "EKA20260310A"
NOTIFY = "http://127.0.0.1:9/pay/alipay/notify"
RETURN = "http://127.0.0.1:9/orders/1?language=zh"


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = NOON_IN_BEIJING

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **span: int) -> None:
        self.time += timedelta(**span)


class Scene:
    """What a story needs: the shop's gateway, Alipay, Alice's browser and a clock."""

    def __init__(self, sandbox: AlipaySandbox, clock: HandClock, browser: httpx.Client) -> None:
        self.sandbox, self.clock, self.browser = sandbox, clock, browser
        self.keys = Keys(sandbox.records)
        self.gateway = self.gateway_with()

    def gateway_with(self, **other: str) -> AlipayGateway:
        """The shop's adapter, some of its settings replaced."""
        return AlipayGateway(AlipaySettings(**{**self.sandbox.settings(), **other}), self.clock)

    def ask(
        self,
        way: Way = "page",
        number: str = NUMBER,
        fen: int = 1999,
        *,
        minutes: int = 30,
        title: str = "Japan 10GB / 30 days",
        notify_url: str = NOTIFY,
    ) -> PaymentAsk:
        return PaymentAsk(
            number=number,
            amount=Money(fen, "CNY"),
            title=title,
            way=way,
            expires_at=self.clock() + timedelta(minutes=minutes),
            return_url=RETURN,
            cancel_url="http://127.0.0.1:9/cart",
            notify_url=notify_url,
        )

    def open(self, asked: Asked) -> httpx.Response:
        """Alice opens the page, or scans the code; where her browser ends up."""
        return self.browser.get(asked.url or asked.qr)

    def act(self, act: Act, number: str = NUMBER) -> httpx.Response:
        """What Alice does there."""
        return self.browser.post(f"{self.sandbox.address}/sandbox/payments/{number}/{act}")

    def paid(self, number: str = NUMBER, fen: int = 1999, way: Way = "phone") -> RefundAsk:
        """A payment that went well; what a refund of all of it would be."""
        self.open(self.gateway.begin(self.ask(way, number, fen)))
        self.act("pay", number)
        report = self.gateway.look(number, "")
        assert report.status == "paid"
        assert report.amount is not None
        return RefundAsk(
            number=f"R{number}",
            payment_number=number,
            transaction=report.transaction,
            amount=report.amount,
            paid=report.amount,
            notify_url=NOTIFY,
        )

    def mail(self) -> list[bytes]:
        """The bodies of the notices that wait."""
        taken = self.browser.post(f"{self.sandbox.address}/sandbox/take").json()
        return [base64.b64decode(letter["body"]) for letter in taken]

    def read(self, body: bytes) -> Notice:
        """What the shop makes of a notice, now."""
        return self.gateway.read_notice({}, body, self.clock())

    def signed(self, fields: dict[str, str], **changed: str) -> bytes:
        """A form with these fields that Alipay signed."""
        fields = {**fields, **changed}
        sign = self.keys.sign(joined(fields, without=("sign", "sign_type")))
        return urlencode({**fields, "sign": sign}).encode()


@contextmanager
def staged(rsa_keys: Document, browser: httpx.Client) -> Iterator[Scene]:
    """The sandbox, open; its notices wait until a story fetches or delivers them."""
    records, clock = Records(), HandClock()
    records.put(KIND, ID, rsa_keys)
    courier = Courier(records, clock, seed=1)
    courier.mischief = Mischief(held=True)
    sandbox = AlipaySandbox(records, courier)
    with opened([sandbox]):
        yield Scene(sandbox, clock, browser)


def fields_of(body: bytes) -> dict[str, str]:
    """The fields of a notice."""
    return dict(parse_qsl(body.decode()))


Answering = Callable[[str, bytes], tuple[int, bytes]]


@contextmanager
def answering(answer: Answering) -> Iterator[str]:
    """The address of a server whose answers a test writes: status and body of path and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, content = answer(self.path, body)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing: the tests' output is for the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
