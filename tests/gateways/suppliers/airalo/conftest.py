"""Olga's shop at Airalo: the production adapter, and the sandbox behind a real socket.

There is one sandbox for all stories, and it forgets between two of them. The clock stands still
unless a story moves it. What the sandbox wants to notify waits until a story takes it (`news`).
"""

from collections.abc import Iterator

import httpx
import pytest
from tests.gateways.suppliers.airalo.stage import NOON, Airalo, Clock, Odd, OddAiralo

from eka.gateways.sandbox.courier import Courier, Mischief
from eka.gateways.sandbox.records import Records
from eka.gateways.sandbox.serving import opened
from eka.gateways.suppliers.sandbox.airalo import AiraloSandbox
from eka.gateways.suppliers.sandbox.airalo.throttle import Throttle
from eka.gateways.suppliers.sandbox.counter import Trouble

NAMED_BY = {
    "order": "id",
    "sim": "iccid",
    "request": "id",
    "delivery": "id",
    "optin": "type",
    "token": "token",
}


@pytest.fixture(scope="session")
def browser() -> Iterator[httpx.Client]:
    """With which people press buttons."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def everyones_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def sandboxes(everyones_clock: Clock) -> Iterator[tuple[AiraloSandbox, OddAiralo]]:
    ours, odd = Records(), Records()
    both = (
        AiraloSandbox(ours, Courier(ours, everyones_clock.now, seed=1)),
        OddAiralo(odd, Courier(odd, everyones_clock.now, seed=1)),
    )
    with opened(both):
        yield both


@pytest.fixture
def clock(everyones_clock: Clock) -> Clock:
    everyones_clock.at = NOON
    return everyones_clock


@pytest.fixture
def airalo(
    sandboxes: tuple[AiraloSandbox, OddAiralo], clock: Clock, browser: httpx.Client
) -> Airalo:
    sandbox, _ = sandboxes
    sandbox.courier.mischief = Mischief(held=True)
    sandbox.trouble, sandbox.strict, sandbox.throttle = Trouble(), False, Throttle()
    sandbox.records.drop("account", "credit")
    for kind, name in NAMED_BY.items():
        for document in sandbox.records.all(kind):
            sandbox.records.drop(kind, str(document[name]))
    return Airalo(sandbox, clock, browser)


@pytest.fixture
def odd(sandboxes: tuple[AiraloSandbox, OddAiralo], clock: Clock, browser: httpx.Client) -> Odd:
    return Odd(sandboxes[1], clock, browser)
