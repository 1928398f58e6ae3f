"""A PayPal that has one address for all stories, and nothing happened yet in each."""

from collections.abc import Iterator

import httpx
import pytest
from tests.gateways.payments.paypal.odd_server import OddServer, odd_server
from tests.gateways.payments.paypal.scene import Scene, Watch

from eka.gateways.payments.sandbox.paypal import PayPalSandbox
from eka.gateways.payments.sandbox.paypal.server import TOKEN_S
from eka.gateways.payments.sandbox.paypal.till import ROWS_MAX
from eka.gateways.sandbox.courier import Courier, Mischief
from eka.gateways.sandbox.records import Records
from eka.gateways.sandbox.serving import opened


@pytest.fixture(scope="session")
def open_paypal() -> Iterator[Scene]:
    """Starting a server and making its keys takes long."""
    records, watch = Records(), Watch()
    box = PayPalSandbox(records, Courier(records, watch, seed=1))
    box.courier.mischief = Mischief(held=True)
    with opened([box]), httpx.Client(verify=False, trust_env=False, timeout=30) as browser:
        yield Scene(box, watch, browser)


@pytest.fixture
def paypal(open_paypal: Scene) -> Scene:
    """As on its first day; notifications wait until a story takes or delivers them."""
    box = open_paypal.box
    for kind in set(box.records._kept) - {"keys"}:
        for id_ in list(box.records._kept[kind]):
            box.records.drop(kind, id_)
    box.token_s, box.till.rows_max = TOKEN_S, ROWS_MAX
    box.courier.mischief = Mischief(held=True)
    open_paypal.watch.instant = Watch().instant
    return Scene(box, open_paypal.watch, open_paypal.browser)


@pytest.fixture
def odd() -> Iterator[OddServer]:
    """A server beside PayPal."""
    with odd_server() as server:
        yield server
