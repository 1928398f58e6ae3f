"""Olga's shop at eSIM Access: the production adapter, and the sandbox behind a real socket.

There is one of each for all stories, and it forgets between two of them. The clock stands still
unless a story moves it. What the sandbox wants to notify waits until a story takes it (`news`).
"""

from collections.abc import Iterator

import httpx
import pytest
from tests.gateways.suppliers.esimaccess.stage import (
    NOON,
    NOTIFY,
    Clock,
    Odd,
    OddEsimAccess,
    Shop,
)

from eka.gateways.sandbox.courier import Courier, Mischief
from eka.gateways.sandbox.records import Records
from eka.gateways.sandbox.serving import opened
from eka.gateways.suppliers.sandbox.counter import Trouble
from eka.gateways.suppliers.sandbox.esimaccess import EsimAccessSandbox

NAMED_BY = {
    "order": "orderNo",
    "taken": "transactionId",
    "profile": "esimTranNo",
    "delivery": "id",
}


@pytest.fixture(scope="session")
def browser() -> Iterator[httpx.Client]:
    """With which scripts and people reach the sandbox."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def everyones_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def sandboxes(everyones_clock: Clock) -> Iterator[tuple[EsimAccessSandbox, OddEsimAccess]]:
    ours, odd = Records(), Records()
    both = (
        EsimAccessSandbox(ours, Courier(ours, everyones_clock.now, seed=1)),
        OddEsimAccess(odd, Courier(odd, everyones_clock.now, seed=1)),
    )
    with opened(both):
        yield both


@pytest.fixture
def clock(everyones_clock: Clock) -> Clock:
    everyones_clock.at = NOON
    return everyones_clock


@pytest.fixture
def shop(
    sandboxes: tuple[EsimAccessSandbox, OddEsimAccess], clock: Clock, browser: httpx.Client
) -> Shop:
    sandbox, _ = sandboxes
    sandbox.courier.mischief = Mischief(held=True)
    sandbox.refuses_repeats = False
    sandbox.trouble = Trouble()
    sandbox.troubled()
    for kind, name in NAMED_BY.items():
        for document in sandbox.records.all(kind):
            sandbox.records.drop(kind, document[name])
    sandbox.records.drop("account", "balance")
    sandbox.records.put("webhook", "url", {"webhook": NOTIFY})
    return Shop(sandbox, clock, browser)


@pytest.fixture
def odd(
    sandboxes: tuple[EsimAccessSandbox, OddEsimAccess], clock: Clock, browser: httpx.Client
) -> Odd:
    return Odd(sandboxes[1], clock, browser)
