"""Purchases as they go wrong: many buyers, four real sandboxes, one clock, and one seed for all.

A purchase is a story, written as a generator that yields how long its buyer waits. Everything that
the shop does may be killed at any step and goes on as a new process would: from its tables.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import TypeVar

import httpx
from tests.faults.purchases_post import (
    Event,
    Fate,
    Killed,
    collect,
    falsified,
    patience,
    torn,
)

from eka.gateways.payments.sandbox.counter import Act, Sandbox
from eka.gateways.payments.terms import GatewayError, GatewayUnavailable, NotAuthentic
from eka.gateways.sandbox.courier import Envelope
from eka.ledger import models, plans
from eka.ledger.connections import rows
from eka.rules.lines import Unable
from eka.usecases import bookkeeping, checkout, effects, looking, reconciling, repairing
from eka.usecases.addresses import notify_url
from eka.usecases.checkout import UnableToPay
from eka.usecases.gateways import gateway
from eka.usecases.goods import UnableToQuote
from eka.usecases.hearing import hear
from eka.usecases.orders import NoSuchOrder
from eka.usecases.promotions import PromotionGone
from eka.usecases.refunding import UnableToRefund
from eka.usecases.settling import settle_all
from eka.usecases.stock import OutOfStock
from eka.usecases.wallets import NotEnough

Answer = TypeVar("Answer")
Story = Generator[timedelta, None, None]

# What a shop may answer; nothing has happened then.
NO = (
    UnableToQuote,
    UnableToPay,
    UnableToRefund,
    PromotionGone,
    OutOfStock,
    NotEnough,
    NoSuchOrder,
    Unable,
    GatewayError,
)
TRIES = 8

TURNS = (effects.work, looking.look_at_due, looking.expire_due)
NEXT_DUE = """
SELECT (SELECT min(due) FROM outbox), (SELECT min(next_look) FROM payment),
       (SELECT min(next_due) FROM sales_order)
"""
FALSE = ("amount", "currency", "merchant", "number")


class World:
    """The shop, its gateways and their moods; time passes from one event to the next."""

    def __init__(self, market: Mapping[str, Sandbox], chance: Random, now: datetime) -> None:
        self.market, self.chance, self.now = market, chance, now
        self.fate = Fate(chance, of_1000=120)
        self.counts: Counter[str] = Counter()
        self.http = httpx.Client(trust_env=False)
        self.falsified: set[str] = set()  # numbers of payments that a gateway told lies about
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self._tick: datetime | None = None

    # ------------------------------------------------------------------------------- time

    def after(self, wait: timedelta, deed: Callable[[], None]) -> None:
        """Something happens then."""
        heapq.heappush(self._events, (self.now + wait, next(self._numbers), deed))

    def tell(self, story: Story) -> None:
        """Goes on with a story, until its end."""
        wait = next(story, None)
        if wait is not None:
            self.after(wait, lambda: self.tell(story))

    def run(self) -> None:
        """Lets time pass until nothing is left to happen."""
        self._look_ahead()
        while self._events:
            at, _, deed = heapq.heappop(self._events)
            self.now = max(self.now, at) + timedelta(milliseconds=1)
            deed()
            self._fetch_post()
            self._look_ahead()

    def minutes(self, most: float, least: float = 0.05) -> timedelta:
        """Some time."""
        return timedelta(minutes=self.chance.uniform(least, most))

    # ------------------------------------------------------------------------------- jobs

    def _look_ahead(self) -> None:
        """The jobs wake up when the next thing is due."""
        ((*dues,),) = rows(NEXT_DUE, [])
        due = min((due for due in dues if due), default=None)
        if due is not None and (self._tick is None or due < self._tick):
            self._tick = max(due, self.now)
            self.after(self._tick - self.now + self.minutes(0.05, 0), self._jobs)

    def _jobs(self) -> None:
        self._tick = None
        ((*dues,),) = rows(NEXT_DUE, [])
        for due, turn in zip(dues, TURNS, strict=True):
            if due is not None and due <= self.now:
                self.work(turn)

    def work(self, turn: Callable[[datetime], int]) -> None:
        """A job does all that is due, unless it is killed."""
        try:
            with self.fate.may_strike():
                while turn(self.now):
                    pass
        except Killed:
            plans.forget()

    def watch(self, until: datetime) -> Story:
        """What a shop does every few hours and every day."""
        while self.now < until:
            yield timedelta(hours=3)
            self.work(repairing.repair_due)
            self.work(reconciling.reconcile_due)
            settle_all(self.now)
            bookkeeping.release_some(self.now)

    # --------------------------------------------------------------------------- gateways

    def moods(self, name: str, until: datetime) -> Story:
        """A gateway is out of order for a while, or loses its answers; then all is well again."""
        while self.now < until:
            yield self.minutes(1500, 60)
            mood, how = self.chance.choice([("down", True), ("mute", 300)])
            self._mischief(name, **{mood: how})
            self.counts[f"a gateway {mood}"] += 1
            yield self.minutes(50, 2)
            self._mischief(name)

    def _mischief(self, name: str, **wanted: object) -> None:
        told = {"held": True, **wanted}
        self.http.post(f"{self.market[name].address}/sandbox/mischief", json=told)

    def act(self, payment: str, act: Act) -> None:
        """What a payer does at the gateway."""
        row = models.Payment.objects.get(number=payment)
        if row.url and row.gateway == "alipay":
            self.http.get(row.url, follow_redirects=False)  # at Alipay it begins when it is opened
        address = self.market[row.gateway].address
        answer = self.http.post(f"{address}/sandbox/payments/{payment}/{act}")
        assert answer.status_code in (200, 303, 404), answer.text
        self.counts[f"act {act}"] += 1

    # ------------------------------------------------------------------------------- post

    def _fetch_post(self) -> None:
        for name, box in self.market.items():
            if box.records.count("delivery"):
                for event in collect(self.http, box):
                    self._send(name, event)

    def _send(self, name: str, event: Event) -> None:
        fate = self.chance.random()
        if fate < 0.12 and "dispute" not in str(event).lower():
            self.counts["letters lost"] += 1
            return
        if fate > 0.92 and self._falsify(name, event):
            return
        copies = 1 + (self.chance.random() < 0.2) + (self.chance.random() < 0.05)
        self.counts["letters doubled"] += copies - 1
        for _ in range(copies):
            self.after(patience(self.chance), lambda: self._deliver(name, event, TRIES))
        if self.chance.random() < 0.05:
            self.after(patience(self.chance), lambda: self._forge(name, event))

    def _falsify(self, name: str, event: Event) -> bool:
        """The gateway itself says something else than what is true."""
        found = falsified(name, event, self.chance.choice(FALSE))
        if found is None:
            return False
        lie, number = found
        self.counts["letters falsified"] += 1
        self.falsified.add(number)
        self.after(patience(self.chance), lambda: self._deliver(name, lie, TRIES))
        return True

    def _deliver(self, name: str, event: Event, tries: int) -> None:
        letter = self.market[name].envelope(event, self.now)
        try:
            with self.fate.may_strike():
                self._hear(name, letter)
        except (Killed, GatewayUnavailable):
            if tries:
                self.after(self.minutes(60), lambda: self._deliver(name, event, tries - 1))

    def _forge(self, name: str, event: Event) -> None:
        box = self.market[name]
        letters = (box.forgery(event, self.now), torn(box.envelope(event, self.now), self.chance))
        for letter in letters:
            self.counts["letters forged"] += 1
            try:
                self._hear(name, letter)
            except NotAuthentic:
                continue
            except GatewayUnavailable:
                continue
            raise AssertionError(f"{name}: a forged letter was believed: {letter}")

    def _hear(self, name: str, letter: Envelope) -> None:
        low = {key.lower(): value for key, value in letter.headers.items()}
        hear(name, low, letter.body, self.now)
        self.counts["letters heard"] += 1

    # ------------------------------------------------------------------------------- shop

    def begin(self, order: str, name: str) -> str:
        """Chooses how to pay; the payment's number."""
        paying = checkout.Paying(
            gateway=name,
            way=gateway(name).ways[0],
            return_url="http://127.0.0.1:8000/back",
            cancel_url="http://127.0.0.1:8000/cancel",
            notify_url=notify_url(name),
            title="Eka",
        )
        return checkout.begin(order, paying, self.now).number

    def insist(self, deed: Callable[[], Answer]) -> Generator[timedelta, None, Answer | None]:
        """A buyer who tries again when the shop does not answer; None: the answer is no."""
        for _ in range(TRIES):
            try:
                with self.fate.may_strike():
                    return deed()
            except (Killed, GatewayUnavailable):
                plans.forget()
                yield self.minutes(15)
            except NO as no:
                self.counts[f"no: {type(no).__name__} {no}"[:40]] += 1
                return None
        return None
