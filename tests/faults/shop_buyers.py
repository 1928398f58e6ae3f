"""Programs for a shop of processes: it is opened, people buy in it, and it is proved."""

import os
import random
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import httpx
from django.db import connection
from tests.faults.purchases_laws import broken

from eka import clock
from eka.gateways.payments.sandbox.counter import Act
from eka.gateways.payments.terms import GatewayUnavailable
from eka.gateways.sandbox.records import Records
from eka.ledger import models
from eka.rules.baskets import Item, NewLineItem, RenewalItem, TopUpItem, WalletItem
from eka.rules.catalogue_text import read_catalogue
from eka.usecases import bookkeeping, checkout, refunding
from eka.usecases.addresses import notify_url
from eka.usecases.catalogue import import_catalogue
from eka.usecases.gateways import NoSuchGateway, gateway
from eka.usecases.lines import NewLine, add_line
from eka.usecases.quoting import Wish, quote
from eka.usecases.readiness import make_types_ready
from eka.usecases.settling import settle_all
from eka.usecases.shop import set_shop

CURRENCY = {"stripe": "USD", "paypal": "USD", "wechat": "CNY", "alipay": "CNY"}
BUYERS = 8
AT_ONCE = 4
TRIES = 200

PLANS = """
plans:
  world:
    data: 10GB
    period: 30d
    price: 10.00 USD
    prices: [72.00 CNY]
    rollover: {}
    top_ups: [{data: 1GB, validity: 30d, prices: [2.00 USD, 14.00 CNY]}]
"""
SHOP = "{currencies: [USD, CNY], timezone: Asia/Shanghai}"

Answer = TypeVar("Answer")


def open_shop() -> None:
    """A plan, and eight buyers with a line each."""
    now = clock.now()
    import_catalogue(read_catalogue(PLANS), now)
    set_shop(SHOP, now)
    for nth in range(BUYERS):
        buyer = models.Subscriber.objects.create(name=f"Buyer {nth}")
        add_line(NewLine(plan="world", subscriber=buyer.pk), now, activate=True)


def buy(seed: int, count: int) -> None:
    """So many purchases, four at a time; each ends with an act of its payer."""
    chance = random.Random(seed)
    seeds = [chance.randrange(10**9) for _ in range(count)]
    buyers = list(models.Subscriber.objects.values_list("pk", flat=True))
    make_types_ready()
    threads = [
        threading.Thread(target=_some, args=(seeds[nth::AT_ONCE], buyers)) for nth in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _some(seeds: list[int], buyers: list[int]) -> None:
    for seed in seeds:
        _purchase(random.Random(seed), buyers, f"form-{seed}")
    connection.close()


def _purchase(chance: random.Random, buyers: list[int], key: str) -> None:
    buyer, name = chance.choice(buyers), chance.choice(list(CURRENCY))
    wish = Wish(subscriber=buyer, items=(_item(chance, buyer),), currency=CURRENCY[name], key=key)
    order = quote(wish, clock.now())
    payment = insist(lambda: _begin(order, name))
    acts: list[Act] = chance.choice([["pay"], ["pay"], ["fail", "pay"], ["pay_twice"], ["fail"]])
    for act in acts:
        insist(partial(_act, payment, act))
    if chance.random() < 0.3:
        _ask_back(chance, order)


def _item(chance: random.Random, buyer: int) -> Item:
    line = models.Line.objects.filter(subscriber_id=buyer).order_by("pk").first()
    assert line is not None
    items: list[Item] = [
        NewLineItem(plan="world"),
        RenewalItem(line=line.pk),
        TopUpItem(line=line.pk, data=10**9, validity="30d"),
        WalletItem(amount=1500),
    ]
    return chance.choice(items)


def _begin(order: str, name: str) -> str:
    paying = checkout.Paying(
        gateway=name,
        way=gateway(name).ways[0],
        return_url="http://127.0.0.1:8000/back",
        cancel_url="http://127.0.0.1:8000/cancel",
        notify_url=notify_url(name),
        title="Eka",
    )
    return checkout.begin(order, paying, clock.now()).number


def _act(payment: str, act: Act) -> None:
    row = models.Payment.objects.get(number=payment)
    if row.url and row.gateway == "alipay":
        httpx.get(row.url, follow_redirects=False)
    address = gateways_address(row.gateway)
    answer = httpx.post(f"{address}/sandbox/payments/{payment}/{act}")
    assert answer.status_code in (200, 303, 404), answer.text


def _ask_back(chance: random.Random, order: str) -> None:
    time.sleep(chance.uniform(0, 1))
    wanted = refunding.Wanted(key=f"back:{order}", why="staff", by="Olga")
    try:
        refunding.refund(order, wanted, clock.now())
    except refunding.UnableToRefund:
        return


def insist(deed: Callable[[], Answer]) -> Answer:
    """Somebody who tries again while nobody answers."""
    for _ in range(TRIES):
        try:
            return deed()
        except (GatewayUnavailable, NoSuchGateway, httpx.TransportError):
            time.sleep(0.2)
    return deed()


def gateways_address(name: str) -> str:
    """Where a sandbox listens, by its place among the others."""
    first = int(os.environ["EKA_TEST_SANDBOX"])
    return f"http://127.0.0.1:{first + list(CURRENCY).index(name)}"


def prove(folder: str) -> None:
    """Says what does not hold, if anything, and ends accordingly."""
    now = clock.now().replace(year=clock.now().year + 3)
    settle_all(now)
    bookkeeping.release_some(now, most=10**6)
    market: Any = {
        name: SimpleNamespace(records=Records(Path(folder) / f"{name}.sqlite")) for name in CURRENCY
    }
    wrong = broken(market, set())
    print("\n".join(wrong))
    states = models.Order.objects.values_list("state", flat=True)
    print({state: list(states).count(state) for state in set(states)})
    raise SystemExit(1 if wrong or "fulfilled" not in states else 0)
