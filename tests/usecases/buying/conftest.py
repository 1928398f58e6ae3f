"""A shop that sells, the four gateways' sandboxes beside it, and a post office that tests control.

Nothing leaves a sandbox by itself: a story carries notifications when it says so. The sandboxes run
as long as the tests do; the shop is a new one for each story, and when the story ends, whatever it
was about, its books balance and all that `eka audit` proves holds.
"""

import base64
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.selling import PLANS, SHOP

import eka.clock
from eka.gateways.payments.opening import open_tables
from eka.gateways.payments.sandbox.counter import Act, Sandbox
from eka.gateways.payments.sandbox.market import open_market
from eka.gateways.payments.terms import GatewayName, PaymentGateway, PaymentReport, Way
from eka.gateways.sandbox.serving import opened
from eka.ledger import audit, models
from eka.ledger.books import trial_balance
from eka.rules.baskets import Item, NewLineItem, RenewalItem
from eka.rules.catalogue_text import read_catalogue
from eka.rules.promotion_text import read_promotions
from eka.rules.requests import Use
from eka.rules.units import Money
from eka.usecases import checkout, effects, looking, settling, taking
from eka.usecases.addresses import notify_url
from eka.usecases.catalogue import import_catalogue
from eka.usecases.commands import carry_out
from eka.usecases.gateways import gateway, use_gateways
from eka.usecases.hearing import hear
from eka.usecases.lines import NewLine, add_line
from eka.usecases.promotions import import_promotions
from eka.usecases.quoting import Wish, quote
from eka.usecases.shop import set_shop

HTTP = httpx.Client(trust_env=False)  # what a payer's browser and a post office would be


class Clock:
    """The one clock of shop, adapters and sandboxes, moved ahead by the story."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return eka.clock.now()

    def pass_(self, **span: float) -> datetime:
        self.ahead += timedelta(**span)
        return self.now()

    def pass_to(self, then: datetime) -> None:
        """It is that instant, or just after it."""
        self.ahead += then - self.now()


@pytest.fixture(scope="session")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def _market(_clock: Clock) -> Iterator[dict[str, Sandbox]]:
    sandboxes = open_market(None, _clock.now, seed=1)
    with opened(list(sandboxes.values())):
        yield sandboxes
        HTTP.close()


@pytest.fixture(scope="session")
def _adapters(_market: dict[str, Sandbox]) -> Mapping[GatewayName, PaymentGateway]:
    return open_tables({name: box.settings() for name, box in _market.items()})


@pytest.fixture
def clock(_clock: Clock) -> Iterator[Clock]:
    _clock.ahead = timedelta(0)
    eka.clock.set_offset_source(lambda: _clock.ahead)
    yield _clock
    eka.clock.set_offset_source(None)


@pytest.fixture
def market(
    _market: dict[str, Sandbox], _adapters: Mapping[GatewayName, PaymentGateway], clock: Clock
) -> Iterator[dict[str, Sandbox]]:
    """The sandboxes, with all post held back."""
    for sandbox in _market.values():
        mischief(sandbox, held=True)
        HTTP.post(f"{sandbox.address}/sandbox/take")
    use_gateways(_adapters)
    yield _market
    use_gateways({})


def mischief(sandbox: Sandbox, **wanted: object) -> None:
    """What goes wrong at a sandbox from now on."""
    answer = HTTP.post(f"{sandbox.address}/sandbox/mischief", json={"held": True, **wanted})
    assert answer.status_code == 200, answer.text


class Shop:
    """The shop, as Alice and Olga use it in stories."""

    def __init__(self, clock: Clock, market: dict[str, Sandbox]) -> None:
        self.clock, self.market = clock, market
        import_catalogue(read_catalogue(PLANS), clock.now())
        set_shop(SHOP, clock.now())
        self.alice = models.Subscriber.objects.create(name="Alice", email="alice@example.com")
        self.line = add_line(
            NewLine(plan="small", subscriber=self.alice.pk), clock.now(), activate=True
        )
        self._keys = 0

    def promote(self, terms: str) -> None:
        """Olga puts a promotion on offer."""
        import_promotions(read_promotions(f"promotions:\n  {terms}"), self.clock.now())

    # ----------------------------------------------------------------------------- what Alice does

    def wish(
        self, *items: Item, currency: str = "USD", code: str = "", key: str = "", by: int = 0
    ) -> Wish:
        """What somebody wants: Alice, and a renewal of her line, by default."""
        self._keys += 1
        return Wish(
            subscriber=by or self.alice.pk,
            items=items or (RenewalItem(line=self.line),),
            currency=currency,
            key=key or f"form-{self._keys}",
            code=code,
        )

    def quote(self, *items: Item, currency: str = "USD", code: str = "", key: str = "") -> str:
        """Quotes what Alice wants, a renewal of her line by default."""
        return quote(self.wish(*items, currency=currency, code=code, key=key), self.clock.now())

    def begin(self, order: str, name: str = "stripe") -> str:
        """Chooses how to pay; the payment's number."""
        return checkout.begin(order, paying(name), self.clock.now()).number

    def act(self, payment: str, act: Act) -> None:
        """What the payer does at the gateway."""
        row = models.Payment.objects.get(number=payment)
        address = self.market[row.gateway].address
        if row.url and row.gateway == "alipay":
            HTTP.get(row.url, follow_redirects=False)  # at Alipay it begins when it is opened
        answer = HTTP.post(f"{address}/sandbox/payments/{payment}/{act}")
        assert answer.status_code in (200, 303), answer.text

    def use(self, data: int, line: int = 0) -> None:
        """Alice uses some of her data."""
        self._keys += 1
        carry_out(line or self.line, Use(data), now=self.clock.now(), key=f"use-{self._keys}")

    # ------------------------------------------------------------------------- what the shop hears

    def post(self, name: str) -> list[tuple[dict[str, str], bytes]]:
        """The notifications that a sandbox has to send, not delivered yet."""
        taken = HTTP.post(f"{self.market[name].address}/sandbox/take").json()
        return [(one["headers"], base64.b64decode(one["body"])) for one in taken]

    def deliver(self, name: str) -> int:
        """Delivers what a sandbox has to send; how many notifications that was."""
        letters = self.post(name)
        for headers, body in letters:
            self.hear(name, headers, body)
        return len(letters)

    def hear(self, name: str, headers: dict[str, str], body: bytes) -> None:
        """One notification arrives."""
        low = {key.lower(): value for key, value in headers.items()}
        hear(name, low, body, self.clock.now())

    def report(self, payment: str, **said: Any) -> str:
        """The gateway says something of a payment, as far as nothing else is said the truth."""
        row = models.Payment.objects.get(number=payment)
        truth = {
            "number": payment,
            "status": "paid",
            "transaction": f"T-{payment}",
            "amount": Money(row.amount, row.currency),
            "merchant": gateway(row.gateway).merchant,
        }
        return taking.take(payment, PaymentReport(**{**truth, **said}), self.clock.now())

    # ------------------------------------------------------------------- what the shop does itself

    def work(self) -> None:
        """Does what the outbox holds and is due."""
        while effects.work(self.clock.now()):
            pass

    def look(self) -> int:
        """Asks about the payments whose turn it is."""
        return looking.look_at_due(self.clock.now())

    def expire(self) -> None:
        """Ends the orders that waited in vain."""
        looking.expire_due(self.clock.now())

    def settle(self) -> None:
        """What is due on lines happens."""
        settling.settle_all(self.clock.now())

    def buy(self, name: str = "stripe", *items: Item, currency: str = "USD") -> str:
        """From a wish to what it brings, undisturbed; the order's number."""
        order = self.quote(*items, currency=currency)
        self.pay(order, name)
        return order

    def buy_line(self, name: str = "stripe") -> tuple[str, int]:
        """A new line with nothing on it but what this order brought: its number, and the line."""
        order = self.buy(name, NewLineItem(plan="small"), currency=CURRENCY[name])
        return order, int(models.OrderItem.objects.get(order__number=order).line_id or 0)

    def pay(self, order: str, name: str = "stripe", act: Act = "pay") -> str:
        """Pays and lets the shop do its work; the payment's number."""
        payment = self.begin(order, name)
        self.act(payment, act)
        self.go_on(name)
        return payment

    def go_on(self, name: str = "stripe") -> None:
        """Post and outbox, until neither has anything more to do."""
        self.deliver(name)
        self.work()
        while self.deliver(name):
            self.work()

    # ----------------------------------------------------------------------------- how things stand

    def order(self, number: str) -> models.Order:
        return models.Order.objects.get(number=number)

    def state(self, number: str) -> str:
        return str(self.order(number).state)

    def story(self, number: str) -> list[str]:
        """What happened to the order, in the words of its story."""
        events = models.OrderEvent.objects.filter(order__number=number).order_by("pk")
        return list(events.values_list("event", flat=True))

    def cases(self) -> list[str]:
        """The kinds of the open cases."""
        return list(models.Case.objects.filter(closed_at=None).values_list("kind", flat=True))

    def messages(self) -> list[str]:
        """What Alice was told."""
        return list(models.Message.objects.order_by("pk").values_list("event", flat=True))

    def money(self, role: str = "credited") -> list[int]:
        """The amounts that came in this role."""
        came = models.MoneyIn.objects.filter(role=role).order_by("pk")
        return list(came.values_list("amount", flat=True))

    def refunds(self) -> list[tuple[str, int, str]]:
        """Why, how much, and how far each refund is."""
        asked = models.Refund.objects.order_by("pk")
        return list(asked.values_list("why", "amount", "state"))

    def granted(self) -> int:
        """Bytes that Alice's line was ever granted."""
        granted = models.Entry.objects.filter(line_id=self.line, code="granted")
        return sum(granted.values_list("bytes", flat=True))

    def held(self, line: int = 0) -> int:
        """Bytes that are left on a line."""
        held = models.Bucket.objects.filter(line_id=line or self.line, open=True)
        return sum(left or 0 for left in held.values_list("bytes_left", flat=True))

    def queued(self) -> int:
        """How many periods wait on Alice's line."""
        return int(models.Queued.objects.filter(line_id=self.line).count())

    def account(self, name: str, currency: str = "USD") -> int:
        """An account's balance; what is owed is negative."""
        here = [b.amount for b in trial_balance() if (b.account, b.currency) == (name, currency)]
        return sum(here)

    def prove(self) -> None:
        """The books balance, and every figure is what its entries and journals say."""
        totals: Counter[str] = Counter()
        for balance in trial_balance():
            totals[balance.currency] += balance.amount
        assert not any(totals.values())
        assert audit.audit_money() == []
        assert [wrong for part in audit.ranges() for wrong in audit.audit(part)] == []


def paying(name: str, way: Way | None = None) -> checkout.Paying:
    """How Alice pays at a gateway."""
    return checkout.Paying(
        gateway=name,
        way=way or gateway(name).ways[0],
        return_url="http://127.0.0.1:8000/back",
        cancel_url="http://127.0.0.1:8000/cancel",
        notify_url=notify_url(name),
        title="Eka",
    )


@pytest.fixture
def shop(db: None, clock: Clock, market: dict[str, Sandbox]) -> Iterator[Shop]:
    """A shop with Alice's line on ten gigabytes."""
    opened_shop = Shop(clock, market)
    yield opened_shop
    opened_shop.prove()


@pytest.fixture
def crowded_shop(
    committed_ledger: None, clock: Clock, market: dict[str, Sandbox]
) -> Iterator[Shop]:
    """The same for several workers at once: what each commits, the others see."""
    opened_shop = Shop(clock, market)
    yield opened_shop
    opened_shop.prove()


NEW_LINE = NewLineItem(plan="small")
CURRENCY = {"stripe": "USD", "paypal": "USD", "wechat": "CNY", "alipay": "CNY"}
GATEWAYS = tuple(CURRENCY)
