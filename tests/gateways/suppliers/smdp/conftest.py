"""Olga's SM-DP+: the production adapter, and the sandbox behind real sockets and real TLS.

Starting servers and making keys is slow, so there is one of each for all stories, and it forgets
between two of them. What the sandbox wants to tell waits until a story lets it.
"""

import ssl
from collections.abc import Iterator

import httpx
import pytest
from tests.gateways.suppliers.smdp.scene import NOON, Clock, Listener, OddSmdp, Smdp

from eka.gateways.sandbox.courier import Courier, Mischief
from eka.gateways.sandbox.records import Document, Records
from eka.gateways.sandbox.serving import opened
from eka.gateways.suppliers.sandbox.counter import Trouble
from eka.gateways.suppliers.sandbox.smdp import SmdpSandbox
from eka.gateways.suppliers.sandbox.smdp.keys import made

NAMED_BY = {"profile": "iccid", "call": "id", "delivery": "id"}


@pytest.fixture(scope="session")
def keys() -> Document:
    """Both sides' certificates and keys."""
    return dict(made())


@pytest.fixture(scope="session")
def strangers_keys() -> Document:
    """The same of an authority that nobody trusts here."""
    return dict(made())


@pytest.fixture(scope="session")
def everyones_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def sandboxes(keys: Document, everyones_clock: Clock) -> Iterator[tuple[SmdpSandbox, OddSmdp]]:
    both = []
    for kind in (SmdpSandbox, OddSmdp):
        records = Records()
        records.put("keys", "smdp", keys)
        both.append(kind(records, Courier(records, everyones_clock.now, seed=1)))
    with opened(both):
        yield both[0], both[1]  # type: ignore[misc]


@pytest.fixture(scope="session")
def browser(sandboxes: object, keys: Document) -> Iterator[httpx.Client]:
    """With which people press buttons: it trusts the SM-DP+, and has no certificate."""
    tls = ssl.create_default_context(cadata=keys["ca"])
    with httpx.Client(verify=tls, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def listening(sandboxes: tuple[SmdpSandbox, OddSmdp]) -> Iterator[Listener]:
    with Listener(sandboxes[0]) as listener:
        yield listener


@pytest.fixture
def listener(listening: Listener, smdp: Smdp) -> Listener:
    """Where the operator listens; the SM-DP+ knows it."""
    listening.clear()
    smdp.post("/sandbox/operator", url=listening.address)
    return listening


@pytest.fixture
def smdp(
    sandboxes: tuple[SmdpSandbox, OddSmdp], everyones_clock: Clock, browser: httpx.Client
) -> Smdp:
    everyones_clock.at = NOON
    sandbox, _ = sandboxes
    sandbox.courier.mischief = Mischief(held=True)
    sandbox.trouble = Trouble()
    sandbox.functions.decline.clear()
    sandbox.records.drop("operator", "address")
    for kind, name in NAMED_BY.items():
        for document in sandbox.records.all(kind):
            sandbox.records.drop(kind, document[name])
    return Smdp(sandbox, everyones_clock, browser)


@pytest.fixture
def odd(
    sandboxes: tuple[SmdpSandbox, OddSmdp], everyones_clock: Clock, browser: httpx.Client
) -> Smdp:
    return Smdp(sandboxes[1], everyones_clock, browser)
