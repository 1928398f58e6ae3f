"""Two wholesalers behind real sockets, and Olga's shop that meters lines by what they say.

The sandboxes run as long as the tests do and forget nothing: each story orders profiles of its own.
The clock stands still unless a story moves it.
"""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx
import msgspec
import pytest
from tests.usecases.metering.supplied_lines import NOON, add, give, open_shop

from eka.gateways.sandbox.courier import Courier, Mischief
from eka.gateways.sandbox.records import Records
from eka.gateways.sandbox.serving import opened
from eka.gateways.suppliers.airalo import AiraloSettings, AiraloSupplier
from eka.gateways.suppliers.esimaccess import EsimAccessSettings, EsimAccessSupplier
from eka.gateways.suppliers.sandbox.airalo import AiraloSandbox
from eka.gateways.suppliers.sandbox.airalo.throttle import Throttle
from eka.gateways.suppliers.sandbox.counter import Act, SupplierSandbox, Trouble
from eka.gateways.suppliers.sandbox.esimaccess import EsimAccessSandbox
from eka.gateways.suppliers.terms import ProfileAsk, Supplier
from eka.ledger import models
from eka.usecases.suppliers import use_suppliers

NUMBERS = count(10_000)  # the wholesalers remember those of other stories
PACKAGES = {"airalo": "moshi-moshi-7days-1gb", "esimaccess": "CKH179"}


class Clock:
    """What time it is for the shop and for the wholesalers."""

    def __init__(self) -> None:
        self.at = NOON
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self.at

    def forward(self, **span: float) -> datetime:
        with self._lock:
            self.at += timedelta(**span)
            return self.at


class World:
    """The shop, its wholesalers, and the hands that hold the phones."""

    def __init__(
        self, boxes: dict[str, SupplierSandbox], clock: Clock, browser: httpx.Client
    ) -> None:
        self.boxes, self.clock, self._browser = boxes, clock, browser
        self.open()

    def open(self, **airalo: Any) -> None:
        """The shop opens its suppliers, with other settings of Airalo where they are given."""
        settings = {**self.boxes["airalo"].settings(), **airalo}
        access = msgspec.convert(self.boxes["esimaccess"].settings(), EsimAccessSettings)
        self.suppliers: dict[str, Supplier] = {
            "airalo": AiraloSupplier(
                "airalo", msgspec.convert(settings, AiraloSettings), self.clock.now
            ),
            "esimaccess": EsimAccessSupplier("esimaccess", access, self.clock.now),
        }
        use_suppliers(self.suppliers)

    def bought(self, supplier: str = "airalo") -> tuple[str, str]:
        """A profile that the wholesaler has delivered: its ICCID, and its name there."""
        package, at = PACKAGES[supplier], self.clock.now()
        number = f"METER{next(NUMBERS)}"
        asked = ProfileAsk(number=number, package=package, asked_at=at)
        said = self.suppliers[supplier].order(asked)
        if said.profile is None:
            said = self.suppliers[supplier].look(asked, said.reference)
        assert said.profile is not None
        return said.profile.iccid, said.profile.reference

    def line(self, supplier: str = "airalo", *, activate: bool = True) -> tuple[int, str]:
        """A line of Alice's with 10 GB and such a profile; its id, and the profile's ICCID."""
        iccid, reference = self.bought(supplier)
        line = add(iccid, supplier=supplier, activate=activate)
        models.Profile.objects.filter(iccid=iccid).update(reference=reference)
        return line, iccid

    def spare(self, supplier: str = "airalo") -> str:
        """A profile that nobody has; its ICCID."""
        iccid, reference = self.bought(supplier)
        give(iccid, None, supplier=supplier, reference=reference, next_poll=None)
        return iccid

    def act(self, iccid: str, *acts: Act, supplier: str = "airalo", amount: int = 0) -> None:
        """What happens on Alice's phone."""
        for act in acts:
            self.post(supplier, f"/sandbox/profiles/{iccid}/{act}", bytes=amount)

    def use(self, iccid: str, amount: int, supplier: str = "airalo") -> None:
        """Alice's phone is switched on, where it was not, and uses data."""
        steps: tuple[Act, ...] = ("download", "install", "enable", "use")
        self.act(iccid, *steps, supplier=supplier, amount=amount)

    def trouble(self, supplier: str = "airalo", **what: Any) -> None:
        """Something is wrong at the wholesaler."""
        self.post(supplier, "/sandbox/trouble", **what)

    def post(self, supplier: str, path: str, **body: Any) -> None:
        """A person presses a button at the wholesaler's."""
        answer = self._browser.post(self.boxes[supplier].address + path, json=body)
        assert answer.is_success, answer.text


@pytest.fixture(scope="session")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def _browser() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def _boxes(_clock: Clock) -> Iterator[dict[str, SupplierSandbox]]:
    airalo, access = Records(), Records()
    boxes: dict[str, SupplierSandbox] = {
        "airalo": AiraloSandbox(airalo, Courier(airalo, _clock.now, seed=1)),
        "esimaccess": EsimAccessSandbox(access, Courier(access, _clock.now, seed=1)),
    }
    with opened(list(boxes.values())):
        yield boxes


@pytest.fixture
def world(
    db: None, _boxes: dict[str, SupplierSandbox], _clock: Clock, _browser: httpx.Client
) -> Iterator[World]:
    """Both wholesalers at noon, and the shop that sells 10 GB for thirty days."""
    _clock.at = NOON
    for box in _boxes.values():
        box.courier.mischief = Mischief(held=True)
        box.trouble = Trouble(credit=1_000_00)
        box.troubled()
        if isinstance(box, AiraloSandbox):
            box.throttle, box.strict = Throttle(), False
    open_shop()
    yield World(_boxes, _clock, _browser)
    use_suppliers({})
