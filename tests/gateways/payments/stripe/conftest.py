"""Olga's shop is paid through Stripe; Stripe is the sandbox, on a socket of its own.

One Stripe serves all stories, and is never tidied up: each has a season and numbers of its own.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import httpx
import pytest
from msgspec.structs import replace

from eka.gateways.payments.sandbox.stripe import StripeSandbox
from eka.gateways.payments.stripe import StripeGateway, StripeSettings
from eka.gateways.payments.terms import Notice, PaymentAsk, PaymentReport, RefundAsk
from eka.gateways.sandbox.courier import Courier, Envelope, Mischief
from eka.gateways.sandbox.records import Document, Records
from eka.gateways.sandbox.serving import opened
from eka.rules.units import Money

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTIFY = "http://127.0.0.1:9/stripe"
NUMBERS = itertools.count(1)


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.instant = NOON

    def __call__(self) -> datetime:
        return self.instant

    def move(self, **how_far: int) -> None:
        self.instant += timedelta(**how_far)


class Stripe:
    """The sandbox, seen from outside, and Olga's gateway to it."""

    def __init__(self, box: StripeSandbox, watch: Watch) -> None:
        self.box, self.watch = box, watch
        self.settings = StripeSettings(**box.settings())
        self.gateway = StripeGateway(self.settings, watch)
        self.noon = watch()

    def ask(self, amount: Money | None = None) -> PaymentAsk:
        """Alice wants to pay for a plan."""
        return PaymentAsk(
            number=f"EKA{next(NUMBERS):06d}",
            amount=amount or Money(1999, "USD"),
            title="Europe 10 GB",
            way="page",
            expires_at=self.watch() + timedelta(hours=1),
            return_url="https://shop.example/thanks",
            cancel_url="https://shop.example/cart",
            notify_url=NOTIFY,
        )

    def bought(self, ask: PaymentAsk | None = None) -> PaymentReport:
        """Alice has paid."""
        ask = ask or self.ask()
        asked = self.gateway.begin(ask)
        self.act(ask, "pay")
        return self.gateway.look(ask.number, asked.reference)

    def kept(self) -> PaymentReport:
        """Alice has paid and let the shop keep her card."""
        return self.bought(replace(self.ask(), save=True, payer_email="alice@example.com"))

    def begun(self, number: str) -> int:
        """How many pages were opened for a number."""
        pages = self.box.records.all("checkout.session")
        return sum(1 for page in pages if page["client_reference_id"] == number)

    def back(self, paid: PaymentReport, minor: int, part: int = 1) -> RefundAsk:
        """Olga wants to give some of it back."""
        assert paid.amount is not None
        return RefundAsk(
            number=f"{paid.number}R{part}",
            payment_number=paid.number,
            transaction=paid.transaction,
            amount=Money(minor, paid.amount.currency),
            paid=paid.amount,
            notify_url=NOTIFY,
            reference=paid.reference,
        )

    def act(self, ask: PaymentAsk | PaymentReport, act: str) -> None:
        """What Alice does at Stripe."""
        httpx.post(f"{self.box.address}/sandbox/payments/{ask.number}/{act}").raise_for_status()

    def mischief(self, **what: object) -> None:
        """What goes wrong from now on; nothing leaves by itself."""
        wrong = {"held": True, **what}
        httpx.post(f"{self.box.address}/sandbox/mischief", json=wrong).raise_for_status()

    def lose_answer(self, to: int) -> None:
        """Of the next requests, the answer to that one gets lost, and to none before it."""
        wanted = [False] * (to - 1) + [True]
        for seed in itertools.count():
            chance = Random(seed)
            if [chance.randrange(1000) < 500 for _ in wanted] == wanted:
                self.box.courier.chance.seed(seed)
                self.mischief(mute=500)
                return

    def letters(self) -> list[Envelope]:
        """What Stripe has to tell."""
        return [letter for _, letter in self.box.courier.take()]

    def read(self, letter: Envelope) -> Notice:
        """Olga's shop reads a letter."""
        headers = {name.lower(): value for name, value in letter.headers.items()}
        return self.gateway.read_notice(headers, letter.body, self.watch())

    def news(self) -> list[Notice]:
        """What Stripe has to tell, as Olga's shop reads it."""
        return [self.read(letter) for letter in self.letters()]

    def told(self, kind: str) -> list[Notice]:
        """The news of one kind."""
        return [notice for notice in self.news() if notice.kind == kind]

    def api(self, method: str, path: str, key: str = "", **form: str) -> httpx.Response:
        """A request to Stripe, as `curl` would make it."""
        headers = {"Authorization": f"Bearer {self.settings.secret_key}"}
        if key:
            headers["Idempotency-Key"] = key
        sent = {"data": form} if method == "POST" else {"params": form}
        return httpx.request(method, f"{self.box.address}/v1/{path}", headers=headers, **sent)  # type: ignore[arg-type]

    def event(self, kind: str, about: Document, **more: object) -> Envelope:
        """An event, signed by Stripe."""
        event = {
            "id": "evt_1",
            "object": "event",
            "type": kind,
            "created": int(self.watch().timestamp()),
            "livemode": False,
            "data": {"object": about},
            **more,
        }
        return self.box.envelope({"event": event, "endpoint": ""}, self.watch())


def new_box(records: Records, watch: Watch) -> StripeSandbox:
    """A Stripe that sends nothing by itself."""
    box = StripeSandbox(records, Courier(records, watch, seed=1))
    box.courier.mischief.held = True
    return box


@pytest.fixture(scope="session")
def _box() -> Iterator[tuple[StripeSandbox, Watch]]:
    watch = Watch()
    box = new_box(Records(), watch)
    with opened([box]):
        yield box, watch


@pytest.fixture
def stripe(_box: tuple[StripeSandbox, Watch]) -> Stripe:
    box, watch = _box
    box.courier.mischief = Mischief(held=True)
    box.courier.take()
    season = timedelta(days=90)
    watch.instant = NOON + ((watch.instant - NOON) // season + 1) * season
    return Stripe(box, watch)
