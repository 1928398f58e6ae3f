"""The cast: Alice owns a line that has lived through renewals; Charlie has no access to it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from eka import clock
from eka.ledger import models, plans
from eka.ledger.models import User
from eka.rules.catalogue_text import Catalogue, read_catalogue
from eka.rules.requests import TopUp, Use
from eka.rules.units import Duration
from eka.usecases.catalogue import import_catalogue
from eka.usecases.commands import carry_out
from eka.usecases.lines import NewLine, add_line

CATALOGUE = Path(plans.__file__).parents[1] / "catalogue" / "operators.yaml"
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
STARTED = NOW - timedelta(days=50)
GB = 10**9


@pytest.fixture(autouse=True)
def _at_a_fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


SHIPPED = read_catalogue(CATALOGUE.read_text(encoding="utf-8"))
ON_SALE = (
    "airalo-japan-unlimited-7d",
    "att-prepaid-5gb",
    "cuniq-macau-3d",
    "google-fi-unlimited-plus",
    "mint-mobile-5gb-3mo",
    "telstra-prepaid-28d",
    "telstra-prepaid-186d",
    "tello-unlimited",
    "us-mobile-by-the-gig-2gb",
    "vodafone-au-mbb-3gb",
)


@pytest.fixture
def shop(db: None) -> None:
    """Some of the plans that ship with Eka, of every sort, are on sale."""
    plans.forget()
    few = tuple(text for text in SHIPPED.plans if text.plan.name in ON_SALE)
    import_catalogue(Catalogue(SHIPPED.carriers, few), STARTED)


@pytest.fixture
def full_shop(db: None) -> None:
    """All plans that ship with Eka are on sale."""
    plans.forget()
    import_catalogue(SHIPPED, STARTED)


@pytest.fixture
def alice(shop: None) -> User:
    """She renews automatically on a plan that carries for one period."""
    return User.objects.create_user("alice", password="a long password of hers")


@pytest.fixture
def line_id(alice: User) -> int:
    """Alice's line: 1 GB used in the first period, so 4 GB carried; then 2 GB and a top-up."""
    subscriber = models.Subscriber.objects.create(user=alice, name="Alice")
    new = NewLine(
        plan="att-prepaid-5gb",
        label="Alice's phone",
        subscriber=subscriber.pk,
        timezone="America/New_York",
        auto_renew=True,
    )
    line = add_line(new, STARTED, activate=True)
    carry_out(line, Use(GB), now=STARTED + timedelta(days=3), key="use-1")
    carry_out(line, Use(2 * GB), now=STARTED + timedelta(days=40), key="use-2")
    week = Duration(seconds=20 * 86400)
    carry_out(line, TopUp(GB, week), now=STARTED + timedelta(days=45), key="top-up")
    return line


@pytest.fixture
def as_alice(client: Client, alice: User, line_id: int) -> Client:
    """A browser in which Alice is signed in."""
    client.force_login(alice)
    return client


@pytest.fixture
def as_charlie(line_id: int) -> Client:
    """A browser in which Charlie, who has no access, is signed in."""
    client = Client()
    client.force_login(User.objects.create_user("charlie", password="a long password of his"))
    return client
