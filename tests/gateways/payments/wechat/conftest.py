"""Olga's shop at WeChat Pay: the production adapter, and the sandbox behind a real socket.

Starting servers and making keys is slow, so there is one of each for all stories, and it forgets
between two of them. The clock stands still unless a story moves it. What the sandbox wants to
notify waits until a story takes it (`news`).
"""

from collections.abc import Iterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.gateways.payments.wechat.stage import NOON, Clock, Odd, OddWeChat, WeChat

from eka.gateways.payments.sandbox.wechat import WeChatSandbox
from eka.gateways.sandbox.courier import Courier, Mischief
from eka.gateways.sandbox.records import Document, Records
from eka.gateways.sandbox.serving import opened

NAMED_BY = {"order": "number", "payment": "transaction", "refund": "number", "delivery": "id"}


@pytest.fixture(scope="session")
def keys() -> Document:
    """Both sides' keys."""
    records = Records()
    WeChatSandbox(records, Courier(records, lambda: NOON))
    kept = records.get("keys", "wechat")
    records.close()
    assert kept is not None
    return kept


@pytest.fixture(scope="session")
def strangers_key() -> str:
    """A public key whose private half signed nothing here."""
    public = generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(scope="session")
def browser() -> Iterator[httpx.Client]:
    """With which people press buttons."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def everyones_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def sandboxes(keys: Document, everyones_clock: Clock) -> Iterator[tuple[WeChatSandbox, OddWeChat]]:
    ours, odd = with_keys(keys), with_keys(keys)
    both = (
        WeChatSandbox(ours, Courier(ours, everyones_clock.now, seed=1)),
        OddWeChat(odd, Courier(odd, everyones_clock.now, seed=1)),
    )
    with opened(both):
        yield both


def with_keys(keys: Document) -> Records:
    """Records of a WeChat that is not new, and has forgotten everything but its keys."""
    records = Records()
    records.put("keys", "wechat", keys)
    return records


@pytest.fixture
def records(keys: Document) -> Records:
    return with_keys(keys)


@pytest.fixture
def clock(everyones_clock: Clock) -> Clock:
    everyones_clock.at = NOON
    return everyones_clock


@pytest.fixture
def wechat(
    sandboxes: tuple[WeChatSandbox, OddWeChat], clock: Clock, browser: httpx.Client
) -> WeChat:
    sandbox, _ = sandboxes
    sandbox.courier.mischief = Mischief(held=True)
    for kind, name in NAMED_BY.items():
        for document in sandbox.records.all(kind):
            sandbox.records.drop(kind, document[name])
    return WeChat(sandbox, clock, browser)


@pytest.fixture
def odd(sandboxes: tuple[WeChatSandbox, OddWeChat], clock: Clock, browser: httpx.Client) -> Odd:
    return Odd(sandboxes[1], clock, browser)
