"""A shop that sells, the four gateways' sandboxes beside it, and a post office that tests control.

Nothing leaves a sandbox by itself: a story carries notifications when it says so.
"""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

import eka.clock
from eka.gateways.payments.opening import open_tables
from eka.gateways.payments.sandbox.counter import Act, Sandbox
from eka.gateways.payments.sandbox.market import open_market
from eka.gateways.payments.sandbox.serving import opened
from eka.ledger import models
from eka.rules.baskets import Item, NewLineItem, RenewalItem
from eka.rules.catalogue_text import read_catalogue
from eka.usecases import checkout, effects, looking
from eka.usecases.addresses import notify_url
from eka.usecases.catalogue import import_catalogue
from eka.usecases.gateways import gateway, use_gateways
from eka.usecases.hearing import hear
from eka.usecases.lines import NewLine, add_line
from eka.usecases.quoting import Wish, quote
from eka.usecases.shop import set_shop

PLANS = """
plans:
  small:
    data: 10GB
    period: 30d
    price: 10.00 USD
    prices: [72.00 CNY]
    rollover: {}
    top_ups: [{data: 1GB, validity: 30d, prices: [2.00 USD]}]
  large: {data: 20GB, period: 30d, price: 18.00 USD, rollover: {}}
  ocean: {data: unlimited, period: 30d, price: 30.00 USD}
"""

SHOP = """
timezone: Asia/Shanghai
currencies: [USD, CNY]
rates: [USD CNY 7.20 up to 0.10]
"""


class Clock:
    """The one clock of shop, adapters and sandboxes, moved ahead by the story."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return eka.clock.now()

    def pass_(self, **span: float) -> datetime:
        self.ahead += timedelta(**span)
        return self.now()


@pytest.fixture(scope="session")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def _market(_clock: Clock) -> Iterator[dict[str, Sandbox]]:
    sandboxes = open_market(None, _clock.now, seed=1)
    with opened(list(sandboxes.values())):
        yield sandboxes


@pytest.fixture
def clock(_clock: Clock) -> Iterator[Clock]:
    _clock.ahead = timedelta(0)
    eka.clock.set_offset_source(lambda: _clock.ahead)
    yield _clock
    eka.clock.set_offset_source(None)


@pytest.fixture
def market(_market: dict[str, Sandbox]) -> Iterator[dict[str, Sandbox]]:
    """The sandboxes, with all post held back."""
    for sandbox in _market.values():
        mischief(sandbox, held=True)
        httpx.post(f"{sandbox.address}/sandbox/take")
    use_gateways(open_tables({name: box.settings() for name, box in _market.items()}))
    yield _market
    use_gateways({})


def mischief(sandbox: Sandbox, **wanted: object) -> None:
    """What goes wrong at a sandbox from now on."""
    answer = httpx.post(f"{sandbox.address}/sandbox/mischief", json={"held": True, **wanted})
    assert answer.status_code == 200, answer.text


class Shop:
    """The shop, as Alice and Olga use it in stories."""

    def __init__(self, clock: Clock, market: dict[str, Sandbox]) -> None:
        self.clock, self.market = clock, market
        self.alice = models.Subscriber.objects.create(name="Alice", email="alice@example.com")
        self.line = add_line(
            NewLine(plan="small", subscriber=self.alice.pk), clock.now(), activate=True
        )
        self._keys = 0

    def quote(self, *items: Item, currency: str = "USD", code: str = "", key: str = "") -> str:
        """Quotes what Alice wants, a renewal of her line by default."""
        self._keys += 1
        wish = Wish(
            subscriber=self.alice.pk,
            items=items or (RenewalItem(line=self.line),),
            currency=currency,
            key=key or f"form-{self._keys}",
            code=code,
        )
        return quote(wish, self.clock.now())

    def begin(self, order: str, name: str = "stripe") -> str:
        """Chooses how to pay; the payment's number."""
        opened_gateway = gateway(name)
        paying = checkout.Paying(
            gateway=name,
            way=opened_gateway.ways[0],
            return_url="http://127.0.0.1:8000/back",
            cancel_url="http://127.0.0.1:8000/cancel",
            notify_url=notify_url(name),
            title="Eka",
        )
        return checkout.begin(order, paying, self.clock.now()).number

    def act(self, payment: str, act: Act) -> None:
        """What the payer does at the gateway."""
        row = models.Payment.objects.get(number=payment)
        address = self.market[row.gateway].address
        if row.url and row.gateway == "alipay":
            httpx.get(row.url, follow_redirects=False)  # at Alipay it begins when it is opened
        answer = httpx.post(f"{address}/sandbox/payments/{payment}/{act}")
        assert answer.status_code in (200, 303), answer.text

    def post(self, name: str) -> list[tuple[dict[str, str], bytes]]:
        """The notifications that a sandbox has to send, not delivered yet."""
        taken = httpx.post(f"{self.market[name].address}/sandbox/take").json()
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

    def work(self) -> None:
        """Does what the outbox holds and is due."""
        while effects.work(self.clock.now()):
            pass

    def look(self) -> int:
        """Asks about the payments whose turn it is."""
        return looking.look_at_due(self.clock.now())

    def order(self, number: str) -> models.Order:
        return models.Order.objects.get(number=number)

    def state(self, number: str) -> str:
        return str(self.order(number).state)

    def cases(self) -> list[str]:
        """The kinds of the open cases."""
        return list(models.Case.objects.filter(closed_at=None).values_list("kind", flat=True))

    def buy(self, name: str = "stripe", *items: Item, currency: str = "USD") -> str:
        """From a wish to what it brings, undisturbed; the order's number."""
        order = self.quote(*items, currency=currency)
        self.act(self.begin(order, name), "pay")
        self.deliver(name)
        self.work()
        self.deliver(name)
        self.work()
        return order

    def granted(self) -> int:
        """Bytes that Alice's line was ever granted."""
        granted = models.Entry.objects.filter(line_id=self.line, code="granted")
        return sum(granted.values_list("bytes", flat=True))


@pytest.fixture
def shop(committed_ledger: None, clock: Clock, market: dict[str, Sandbox]) -> Shop:
    """A shop with Alice's line on ten gigabytes."""
    import_catalogue(read_catalogue(PLANS), clock.now())
    set_shop(SHOP, clock.now())
    return Shop(clock, market)


NEW_LINE = NewLineItem(plan="small")
