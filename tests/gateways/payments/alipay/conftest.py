"""An Alipay for each story, with keys that are made once."""

from collections.abc import Iterator

import httpx
import pytest
from tests.gateways.payments.alipay.scene import Scene, staged

from eka.gateways.payments.sandbox.alipay.keys import fresh_keys
from eka.gateways.sandbox.records import Document


@pytest.fixture(scope="session")
def rsa_keys() -> Document:
    """Making RSA keys takes long."""
    return fresh_keys()


@pytest.fixture(scope="session")
def browser() -> Iterator[httpx.Client]:
    """Alice's: it follows where it is sent, and remembers nothing."""
    with httpx.Client(
        trust_env=False,
        follow_redirects=True,
        timeout=30,
        limits=httpx.Limits(max_keepalive_connections=0),
    ) as client:
        yield client


@pytest.fixture
def alipay(rsa_keys: Document, browser: httpx.Client) -> Iterator[Scene]:
    """An Alipay that has seen nothing yet."""
    with staged(rsa_keys, browser) as scene:
        yield scene
