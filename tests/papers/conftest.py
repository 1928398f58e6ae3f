"""A shop that has sold: Alice renewed for two months and topped up, and paid from her wallet."""

from datetime import UTC, datetime, timedelta

import pytest

from eka import clock
from eka.ledger import models, plans
from eka.rules.baskets import RenewalItem, TopUpItem
from eka.rules.plan_text import plan_from_text
from eka.rules.requests import Use
from eka.rules.units import Money
from eka.usecases import checkout, fulfilment, wallets
from eka.usecases.catalogue import sell
from eka.usecases.commands import carry_out
from eka.usecases.lines import NewLine, add_line
from eka.usecases.quoting import Wish, quote
from eka.usecases.shop import set_shop

GB = 10**9
OPENING = datetime(2026, 1, 5, 15, tzinfo=UTC)
BOUGHT = OPENING + timedelta(days=28)  # the first period still runs
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)

SHOP = """
name: {en: Harbour Mobile, zh-Hans: 海港流量}
about: "88 Mott Street, New York\\nEIN 12-3456789"
timezone: America/New_York
"""
PLAN = {
    "name": "harbour",
    "data": "5GB",
    "period": "1mo",
    "price": "35.00 USD",
    "rollover": {},
    "early_renewal": "at_end",
}


@pytest.fixture(autouse=True)
def _at_a_fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def alice(db: None) -> models.Subscriber:
    """She has a login; the shop sells one plan, and 2 GB in addition."""
    plans.forget()
    set_shop(SHOP, OPENING)
    sell(plan_from_text(PLAN), OPENING)
    models.Plan.objects.filter(name="harbour").update(
        title={"en": "Harbour 5", "zh-Hans": "海港 5"},
        top_ups=[{"data": "2GB", "validity": "30d", "prices": ["8.00 USD"]}],
    )
    user = models.User.objects.create_user("alice")
    return models.Subscriber.objects.create(user=user, name="Alice 张爱丽", email="a@example.com")


@pytest.fixture
def line_id(alice: models.Subscriber) -> int:
    """Her line in New York: active since the opening, 3 GB used in the first month."""
    new = NewLine(
        plan="harbour", label="My phone", subscriber=alice.pk, timezone="America/New_York"
    )
    line = add_line(new, OPENING, activate=True)
    for day in (3, 9, 20):
        carry_out(line, Use(GB), now=OPENING + timedelta(days=day), key=f"use-{day}")
    return line


@pytest.fixture
def quoted(alice: models.Subscriber, line_id: int) -> str:
    """Her order, not paid yet: two months and 2 GB more."""
    wish = Wish(
        subscriber=alice.pk,
        items=(
            RenewalItem(line=line_id, times=2),
            TopUpItem(line=line_id, data=2 * GB, validity="30d"),
        ),
        currency="USD",
        key="her-basket",
    )
    return quote(wish, BOUGHT)


@pytest.fixture
def order(alice: models.Subscriber, quoted: str) -> str:
    """The same, paid from her wallet and delivered."""
    wallets.give(alice.pk, Money(10_000, "USD"), why="goodwill", key="gift", now=OPENING)
    checkout.pay_from_wallet(quoted, BOUGHT, pin=None)
    fulfilment.fulfil(quoted, BOUGHT + timedelta(minutes=1))
    return quoted
