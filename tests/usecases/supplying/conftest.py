"""The shop of the stories about buying, with suppliers: their sandboxes, and phones."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from tests.usecases.buying.conftest import (
    Clock,
    Shop,
    _adapters,
    _clock,
    _market,
    clock,
    market,
)

from eka.gateways.payments.sandbox.counter import Sandbox
from eka.gateways.sandbox.serving import opened
from eka.gateways.suppliers.es2plus.notices import CLIENT, PROVEN
from eka.gateways.suppliers.opening import open_tables
from eka.gateways.suppliers.sandbox.counter import Act, SupplierSandbox
from eka.gateways.suppliers.sandbox.market import open_suppliers_market
from eka.gateways.suppliers.terms import Supplier
from eka.ledger import models
from eka.rules.baskets import NewLineItem
from eka.rules.catalogue_text import read_catalogue
from eka.usecases import pools, provisioning
from eka.usecases.catalogue import import_catalogue
from eka.usecases.supplier_notices import hear
from eka.usecases.suppliers import use_suppliers

__all__ = ["_adapters", "_clock", "_market", "clock", "market"]

# People, who have no certificate and look at no one's.
PEOPLE = httpx.Client(trust_env=False, verify=False)

# What each supplier's sandbox sells, and what is bought on top for a renewal.
PACKAGES = {
    "es2plus": ("eka-travel", ""),
    "airalo": ("moshi-moshi-7days-1gb", "moshi-moshi-7days-1gb-topup"),
    "esimaccess": ("CKH179", "TOPUP_CKH179"),
}
NAMES = tuple(PACKAGES)


@pytest.fixture(scope="session")
def _wholesale(_clock: Clock) -> Iterator[dict[str, SupplierSandbox]]:
    sandboxes = open_suppliers_market(None, _clock.now, seed=1)
    with opened(list(sandboxes.values())):
        yield sandboxes
        PEOPLE.close()


@pytest.fixture(scope="session")
def _their_adapters(_wholesale: dict[str, SupplierSandbox]) -> Mapping[str, Supplier]:
    return open_tables({name: box.settings() for name, box in _wholesale.items()})


@pytest.fixture
def wholesale(
    _wholesale: dict[str, SupplierSandbox], _their_adapters: Mapping[str, Supplier], clock: Clock
) -> Iterator[dict[str, SupplierSandbox]]:
    """The suppliers' sandboxes in good order, with all post held back."""
    for sandbox in _wholesale.values():
        ask(sandbox, "mischief", {"held": True})
        ask(sandbox, "trouble", {"credit": 10**8})
        ask(sandbox, "take")
    notified(_wholesale)
    use_suppliers(_their_adapters)
    yield _wholesale
    use_suppliers({})


def ask(sandbox: SupplierSandbox, what: str, body: dict[str, Any] | None = None) -> Any:
    """Something that a sandbox is asked for beside its API."""
    address = f"{sandbox.address}/sandbox/{what}"
    reads = what in ("profiles",)
    answer = PEOPLE.get(address) if reads else PEOPLE.post(address, json=body or {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def notified(wholesale: dict[str, SupplierSandbox]) -> None:
    """Tells each sandbox where the shop hears its notifications, though stories carry them."""
    address = "http://127.0.0.1:9/supply/notify"
    ask(wholesale["es2plus"], "operator", {"url": f"{address}/es2plus"})
    wholesale["esimaccess"].records.put("webhook", "url", {"webhook": f"{address}/esimaccess"})
    for kind in ("async_orders", "webhook_low_data"):
        wanted = {"type": kind, "contact_point": f"{address}/airalo"}
        wholesale["airalo"].records.put("optin", kind, wanted)


def source(name: str, **more: object) -> str:
    """One source of a plan, as a catalogue writes it."""
    package, renews = PACKAGES[name]
    fields: dict[str, object] = {"supplier": name, "package": package, "renews": renews, **more}
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items() if value) + "}"


class SupplyingShop(Shop):
    """The shop with suppliers, as Alice and Olga use it in stories."""

    def __init__(
        self, clock: Clock, market: dict[str, Sandbox], wholesale: dict[str, SupplierSandbox]
    ) -> None:
        super().__init__(clock, market)
        self.wholesale = wholesale
        self.before = {name: len(self.sold(name)) for name in wholesale}

    def offer(self, *sources: str, more: str = "") -> None:
        """Olga sells the plan `abroad`, which comes from these sources in this order."""
        terms = f"data: 5GB, period: 30d, price: 12.00 USD, rollover: {{}}{more}"
        text = f"plans:\n  abroad: {{{terms}, supply: [{', '.join(sources)}]}}\n"
        import_catalogue(read_catalogue(text), self.clock.now())

    def want(self, name: str, **trouble: object) -> None:
        """What is wrong at a supplier from now on."""
        ask(self.wholesale[name], "trouble", {"credit": 10**8, **trouble})

    def upset(self, name: str, **mischief: object) -> None:
        """What goes wrong on the way to and from a supplier from now on."""
        ask(self.wholesale[name], "mischief", {"held": True, **mischief})

    def buy_abroad(self, *, lines: int = 1) -> str:
        """Alice buys and pays; what suppliers have to do has not been done yet."""
        order = self.quote(*[NewLineItem(plan="abroad")] * lines)
        self.pay(order)
        return order

    def supply(self, turns: int = 30) -> None:
        """The shop deals with its suppliers, without waiting for any."""
        for _ in range(turns):
            if not provisioning.look_at_due(self.clock.now()):
                break
        self.work()

    def wait(self, hours: float, *, step_minutes: int = 10) -> None:
        """Time passes, and the shop deals with its suppliers all the while."""
        for _ in range(int(hours * 60 / step_minutes)):
            self.clock.pass_(minutes=step_minutes)
            self.supply()
        self.go_on()

    def fill_pools(self) -> int:
        """Olga's pools are looked after."""
        ordered = pools.keep(self.clock.now())
        self.supply()
        return ordered

    def phone(self, profile: models.Profile, act: Act, data: int = 0) -> None:
        """What happens on the phone with a profile."""
        ask(
            self.wholesale[profile.supplier],
            f"profiles/{profile.iccid}/{act}",
            {"bytes": data} if data else {},
        )

    def sold(self, name: str) -> list[dict[str, Any]]:
        """Every profile that a supplier ever sold, as it says itself."""
        sold: list[dict[str, Any]] = ask(self.wholesale[name], "profiles")
        return sold

    def sold_since(self, name: str) -> int:
        """How many profiles a supplier sold in this story."""
        return len(self.sold(name)) - self.before[name]

    def profiles(self) -> list[models.Profile]:
        return list(models.Profile.objects.order_by("pk"))

    def profile_of(self, order: str, position: int = 0) -> models.Profile:
        """The profile with which the line is used that the order brought."""
        item = models.OrderItem.objects.get(order__number=order, position=position)
        return models.Profile.objects.get(line=item.line_id or 0, current=True)

    def supplies(self) -> list[tuple[str, str, str]]:
        """Each order with a supplier: of whom, how it stands, and why it was refused."""
        rows = models.Supply.objects.order_by("pk")
        return list(rows.values_list("supplier", "state", "why"))

    def letters(self, name: str) -> list[tuple[dict[str, str], bytes]]:
        """The notifications that a supplier has to send, not delivered yet."""
        taken = ask(self.wholesale[name], "take")
        return [(one["headers"], base64.b64decode(one["body"])) for one in taken]

    def hear_of(self, name: str, letters: list[tuple[dict[str, str], bytes]]) -> None:
        """These notifications of a supplier arrive."""
        for headers, body in letters:
            low = {key.lower(): value for key, value in headers.items()}
            low |= {CLIENT: PROVEN} if name == "es2plus" else {}  # it came through mutual TLS
            hear(name, low, body, self.clock.now())


@pytest.fixture
def shop(
    db: None, clock: Clock, market: dict[str, Sandbox], wholesale: dict[str, SupplierSandbox]
) -> Iterator[SupplyingShop]:
    """A shop with Alice's line on ten gigabytes, and suppliers in good order."""
    opened_shop = SupplyingShop(clock, market, wholesale)
    yield opened_shop
    opened_shop.prove()
