"""A shop that sells through four sandboxes: Alice owns a line, Bob buys too, Charlie is a stranger.

The gateways' clocks are the shop's own here, so it runs; nothing leaves a sandbox by itself.
"""

import re

import pytest
from django.test import Client
from pytest_django import Settings
from tests.portal.reading import Page, body
from tests.usecases.buying.conftest import Shop, _adapters, _clock, _market, clock, market, shop

from eka.ledger import models
from eka.ledger.models import User

__all__ = ["Shop", "_adapters", "_clock", "_market", "clock", "market", "shop"]

PASSWORD = "a long password of theirs"
ORDER = re.compile(r"/orders/(E[0-9A-Z]+)/")


@pytest.fixture
def _at_a_fixed_time() -> None:
    """Here the clock runs: gateways look at how old a signature is."""


@pytest.fixture
def _quick_passwords(settings: Settings) -> None:
    """What a password costs to try is not what these stories are about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def as_alice(shop: Shop, _quick_passwords: None) -> Client:
    """A browser in which Alice, the owner of the shop's one line, is signed in."""
    shop.alice.user = User.objects.create_user("alice", "alice@example.com", PASSWORD)
    shop.alice.save()
    client = Client()
    client.force_login(shop.alice.user)
    return client


@pytest.fixture
def as_bob(shop: Shop, _quick_passwords: None) -> Client:
    """A browser in which Bob, who has bought nothing yet, is signed in."""
    client = Client()
    client.force_login(User.objects.create_user("bob", "bob@example.com", PASSWORD))
    return client


@pytest.fixture
def as_guest(shop: Shop) -> Client:
    """A browser in which nobody is signed in."""
    return Client()


def look(client: Client, address: str, language: str = "en", **headers: str) -> Page:
    """A page that is there."""
    client.cookies["django_language"] = language
    response = client.get(address, headers=headers)
    assert response.status_code == 200, (address, response.status_code)
    return Page(body(response))


def fields(page: Page, **wanted: str) -> dict[str, str]:
    """The hidden and filled-in fields of the page's last form, as a browser sends them."""
    found = {
        attrs["name"]: attrs.get("value") or ""
        for attrs in page.all("input")
        if attrs.get("name") in ("key", "price", "currency", "amount")
    }
    return {name: value for name, value in found.items() if name} | wanted


def send(client: Client, address: str, data: dict[str, str]) -> str:
    """Submits a form twice, as impatient people do; both lead to the same page, which is told."""
    first, second = client.post(address, data), client.post(address, data)
    assert first.status_code == second.status_code == 303, body(first)
    assert first.headers["Location"] == second.headers["Location"]
    return str(first.headers["Location"])


def number_in(address: str) -> str:
    """The order's number in an address."""
    found = ORDER.search(address)
    assert found is not None, address
    return found[1]


def renewal(client: Client, shop: Shop, currency: str = "USD") -> str:
    """Alice chooses the renewal of her plan; the number of the order."""
    client.post("/currency/", {"currency": currency, "next": "/"})
    address = f"/lines/{shop.line}/renew/"
    page = look(client, address)
    items = [a["value"] or "" for a in page.all("input") if a.get("name") == "item"]
    return number_in(send(client, address, fields(page, item=items[0])))


def pay(client: Client, shop: Shop, number: str, gateway: str, way: str) -> models.Payment:
    """Presses a way to pay, twice; the one payment that comes of it."""
    address = f"/orders/{number}/"
    send(client, f"{address}pay/", {"gateway": gateway, "way": way})
    payments = models.Payment.objects.filter(order__number=number, gateway=gateway, way=way)
    return payments.get(state="open")
