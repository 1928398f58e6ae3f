"""Buyers of the checkout bench: processes that quote, begin a payment, and act as its payer.

They come at their appointed instants, however long those before them take (an open loop); the wait
for a buyer who is late counts.
"""

import os
import threading
import time
import traceback
from collections.abc import Mapping
from itertools import count
from multiprocessing.connection import Connection
from typing import NamedTuple

import httpx

HELD_UP_SECONDS_MAX = 30
READY = "ready"


class Plan(NamedTuple):
    """When who buys: the `nth` of `every` processes has the checkouts nth, nth + every, ...

    `environment` is that of the shop's parts.
    """

    nth: int
    every: int
    threads: int
    rate: float
    checkouts: int
    gateways: tuple[str, ...]
    esims: bool
    environment: Mapping[str, str]
    addresses: Mapping[str, str]


class Acted(NamedTuple):
    """A payer has paid. Instants of the monotonic clock: due, payment begun, paid."""

    order: str
    due: float
    begun: float
    paid: float


class Failed(NamedTuple):
    """A buyer could not buy, and why."""

    why: str


def run_buyers(plan: Plan, pipe: Connection) -> None:
    """What a process of buyers runs: it says that it is ready, hears when to begin (an instant of
    the monotonic clock), tells of every checkout, and closes the pipe.
    """
    os.environ.update(plan.environment)
    import django

    django.setup()
    from eka.usecases.gateways import gateways
    from eka.usecases.readiness import make_types_ready

    gateways()
    make_types_ready()
    pipe.send(READY)
    starts: float = pipe.recv()
    numbers, turn, told = count(plan.nth, plan.every), threading.Lock(), threading.Lock()

    def go() -> None:
        from django.db import connection

        buyer = _Buyer(plan, starts)
        while True:
            with turn:
                number = next(numbers)
            if number >= plan.checkouts:
                break
            try:
                done: Acted | Failed = buyer.buy(number)
            except Exception:
                done = Failed(traceback.format_exc())
            with told:
                pipe.send(done)
        connection.close()

    threads = [threading.Thread(target=go) for _ in range(plan.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.close()


class _Buyer:
    def __init__(self, plan: Plan, starts: float) -> None:
        self._plan, self._starts = plan, starts
        self._http = httpx.Client(trust_env=False, timeout=HELD_UP_SECONDS_MAX)

    def buy(self, number: int) -> Acted:
        """The checkout of a number, at its instant. Line and subscriber have that number, too."""
        due = self._starts + number / self._plan.rate
        time.sleep(max(0.0, due - time.monotonic()))
        name = self._plan.gateways[number % len(self._plan.gateways)]
        order, payment, url = _begin(number, name, esim=self._plan.esims)
        begun = time.monotonic()
        if name == "alipay":
            self._http.get(url)  # at Alipay a payment begins when its page is opened
        paid = time.monotonic()
        act = f"{self._plan.addresses[name]}/sandbox/payments/{payment}/pay"
        self._http.post(act).raise_for_status()
        return Acted(order, due, begun, paid)


def _begin(number: int, name: str, *, esim: bool) -> tuple[str, str, str]:
    """Quotes a renewal, or a new eSIM, and begins its payment: order, payment and where to pay."""
    from eka import clock
    from eka.rules.baskets import NewLineItem, RenewalItem
    from eka.usecases import checkout
    from eka.usecases.addresses import notify_url
    from eka.usecases.gateways import gateway
    from eka.usecases.quoting import Wish, quote

    currency = "CNY" if name in ("wechat", "alipay") else "USD"
    wish = Wish(
        subscriber=number + 1,
        items=(NewLineItem(plan="esim") if esim else RenewalItem(line=number + 1),),
        currency=currency,
        key=f"bench-{number}",
    )
    order = quote(wish, clock.now())
    paying = checkout.Paying(
        gateway=name,
        way=gateway(name).ways[0],
        return_url="http://127.0.0.1/back",
        cancel_url="http://127.0.0.1/cancel",
        notify_url=notify_url(name),
        title="Bench",
    )
    begun = checkout.begin(order, paying, clock.now())
    return order, begun.number, begun.asked.url
