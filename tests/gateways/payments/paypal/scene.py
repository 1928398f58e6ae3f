"""Olga's shop, her PayPal account, and Alice, who pays there."""

import base64
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import httpx

from eka.gateways.payments.paypal import PayPalGateway, PayPalSettings
from eka.gateways.payments.sandbox.counter import Act
from eka.gateways.payments.sandbox.paypal import PayPalSandbox
from eka.gateways.payments.terms import Asked, Notice, PaymentAsk, PaymentReport, RefundAsk
from eka.gateways.sandbox.records import Document
from eka.rules.units import Money

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTIFY = "http://127.0.0.1:9/pay/paypal/notify"
TEN = Money(1000, "USD")


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.instant = NOON

    def __call__(self) -> datetime:
        return self.instant

    def move(self, how_far: timedelta) -> None:
        self.instant += how_far


class Letter(NamedTuple):
    """A notification as it arrives: header names in lower case."""

    url: str
    headers: dict[str, str]
    body: bytes


class Scene:
    """The sandbox on its socket, Olga's gateway to it, and a browser."""

    def __init__(self, box: PayPalSandbox, watch: Watch, browser: httpx.Client) -> None:
        self.box, self.watch, self.browser = box, watch, browser
        self.gateway = self.new_gateway()
        self._numbers = 0

    def new_gateway(self, **changes: str) -> PayPalGateway:
        """Another process of Olga's shop."""
        return PayPalGateway(PayPalSettings(**{**self.box.settings(), **changes}))

    def ask(self, amount: Money = TEN, **changes: object) -> PaymentAsk:
        """Alice wants a plan."""
        self._numbers += 1
        terms: dict[str, object] = {
            "number": f"EKA{self._numbers:06}",
            "amount": amount,
            "title": "Asia 10 GB",
            "way": "page",
            "expires_at": self.watch() + timedelta(minutes=30),
            "return_url": "http://127.0.0.1:9/back?lang=en",
            "cancel_url": "http://127.0.0.1:9/cancel",
            "notify_url": NOTIFY,
        }
        return PaymentAsk(**{**terms, **changes})  # type: ignore[arg-type]

    def begin(self, **changes: object) -> tuple[PaymentAsk, Asked]:
        """A payment that waits for Alice."""
        ask = self.ask(**changes)  # type: ignore[arg-type]
        return ask, self.gateway.begin(ask)

    def paid(self, **changes: object) -> PaymentReport:
        """Alice has paid."""
        ask, asked = self.begin(**changes)
        self.act(ask.number, "pay")
        report = self.gateway.capture(ask.number, asked.reference)
        assert report.status == "paid"
        return report

    def act(self, number: str, act: Act) -> None:
        """What Alice does at PayPal."""
        self.browser.post(f"{self.box.address}/sandbox/payments/{number}/{act}").raise_for_status()

    def order(self, number: str) -> Document:
        """PayPal's own idea of an order."""
        order = self.box.orders.named(number)
        assert order is not None
        return order

    def letters(self) -> list[Letter]:
        """The notifications that wait."""
        taken = self.browser.post(f"{self.box.address}/sandbox/take").raise_for_status().json()
        return [
            Letter(
                one["url"],
                {name.lower(): value for name, value in one["headers"].items()},
                base64.b64decode(one["body"]),
            )
            for one in taken
        ]

    def notices(self) -> list[Notice]:
        """What they tell."""
        return [
            self.gateway.read_notice(letter.headers, letter.body, self.watch())
            for letter in self.letters()
        ]

    def hours_later(self) -> None:
        """PayPal has forgotten the keys of the requests."""
        for key in list(self.box.records._kept.get("answer", {})):
            self.box.records.drop("answer", key)


def refund_of(report: PaymentReport, minor: int, number: str = "REF000001") -> RefundAsk:
    """Olga gives some of a payment back."""
    assert report.amount is not None
    return RefundAsk(
        number=number,
        payment_number=report.number,
        transaction=report.transaction,
        amount=Money(minor, report.amount.currency),
        paid=report.amount,
        notify_url=NOTIFY,
        reference=report.reference,
        reason="the plan did not work",
    )
