"""The papers of the stories: Alice's order with a discount and a refund, and her month of March.

Her line lives by the real rules, so that its entries are what a ledger would hold.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from eka.papers import (
    Bought,
    Buyer,
    Discount,
    LineName,
    Paid,
    PaidOrder,
    Receipt,
    Returned,
    Seller,
    Statement,
    WalletMove,
)
from eka.rules.commands import perform
from eka.rules.lines import Entry, Line
from eka.rules.plans import Plan, Rollover, Throttle
from eka.rules.requests import Activate, Command, Renew, TopUp, Use
from eka.rules.units import Duration, Money

GB, MB = 10**9, 10**6
ZONE = "America/New_York"
PAID_AT = datetime(2026, 3, 2, 15, 4, tzinfo=UTC)
STARTS = datetime(2026, 3, 1, 5, tzinfo=UTC)  # midnight in New York
ENDS = datetime(2026, 4, 1, 4, tzinfo=UTC)

SHOP = Seller(
    name={"en": "Harbour Mobile", "zh-Hans": "海港流量"},
    about="88 Mott Street, New York, NY 10013\nEIN 12-3456789",
)
PLAN = Plan(
    name="att-5gb",
    data=5 * GB,
    period=Duration(months=1),
    price=Money(3500, "USD"),
    rollover=Rollover(),
    exhausted=Throttle(128),
)
TITLE = {"en": "AT&T Prepaid 5 GB", "zh-Hans": "AT&T 预付 5 GB"}
PHONE = LineName(id=7, label="Alice's phone", msisdn="14155550101", iccid="8901410321111851072")

RENEWAL = Bought(
    kind="renewal",
    price=7000,
    plan=PLAN,
    title=TITLE,
    line=PHONE,
    times=2,
    starts=PAID_AT,
    ends=datetime(2026, 4, 2, 14, 4, tzinfo=UTC),
    bonus=GB,
    free=1,
)
EXTRA = Bought(
    kind="top_up",
    price=800,
    plan=PLAN,
    title=TITLE,
    line=PHONE,
    data=2 * GB,
    validity=Duration(seconds=30 * 86400),
)

RECEIPT = Receipt(
    seller=SHOP,
    buyer=Buyer(name="Alice Zhang 张爱丽", email="alice@example.com"),
    number="EK26030200417",
    state="fulfilled",
    at=PAID_AT,
    ordered_at=PAID_AT - timedelta(minutes=3),
    timezone=ZONE,
    currency="USD",
    items=(RENEWAL, EXTRA),
    discounts=(
        Discount(title={"en": "Spring sale", "zh-Hans": "春季优惠"}, amount=700),
        Discount(title={"en": "WELCOME10"}, amount=100),
    ),
    subtotal=7800,
    discount=800,
    total=7000,
    paid=(
        Paid(
            at=PAID_AT,
            gateway="stripe",
            amount=7000,
            transaction="****7Qx2Ab",
            shown="Visa ···· 4242",
        ),
    ),
    returned=(
        Returned(
            at=PAID_AT + timedelta(days=1), number="RF26030300009", gateway="wallet", amount=800
        ),
    ),
    wallet=(WalletMove(at=PAID_AT + timedelta(days=1), kind="refund", amount=800, balance=1300),),
)


def lived(commands: Iterable[tuple[datetime, Command]], line: Line | None = None) -> list[Entry]:
    """What the rules tell of a line that lives through these commands."""
    line, entries = line or Line(timezone=ZONE), []
    for at, command in commands:
        outcome = perform(line, command, at, {})
        line = outcome.line
        entries += outcome.entries
    return entries


def march(uses_a_day: int = 3, days: int = 28) -> list[Entry]:
    """Alice's month: activated in February, renewed and topped up in March, used every day."""
    began = datetime(2026, 2, 2, 14, 4, tzinfo=UTC)
    told: list[tuple[datetime, Command]] = [
        (began, Activate(PLAN)),
        (began + timedelta(days=9), Use(3 * GB)),
        (datetime(2026, 3, 2, 14, 4, tzinfo=UTC) - timedelta(minutes=1), Renew(PLAN)),
        (PAID_AT + timedelta(days=5), TopUp(2 * GB, Duration(seconds=30 * 86400))),
        (PAID_AT + timedelta(days=6), TopUp(GB, Duration(seconds=30 * 86400), "bonus")),
    ]
    told += [
        (PAID_AT + timedelta(days=day, minutes=97 * use), Use(117_300_000 // uses_a_day * 3))
        for day in range(days)
        for use in range(uses_a_day)
    ]
    return lived(sorted(told, key=lambda pair: pair[0]))


def statement_of(
    entries: list[Entry], starts: datetime = STARTS, ends: datetime = ENDS
) -> Statement:
    """A statement of Alice's line that begins with what these entries had left by `starts`."""
    from eka.papers.movements import moved

    opening = {"plan": 0, "rollover": 0, "topup": 0, "bonus": 0}
    for entry in entries:
        for kind, amount in moved(entry):
            opening[kind] += amount if entry.at < starts else 0
    return Statement(
        seller=SHOP,
        owner="Alice Zhang 张爱丽",
        line=PHONE,
        timezone=ZONE,
        starts=starts,
        ends=ends,
        opening=opening,  # type: ignore[arg-type]
        entries=tuple(entry for entry in entries if starts <= entry.at < ends),
        titles={"att-5gb": TITLE},
        plan=PLAN,
        plans=("att-5gb",),
        orders=(
            PaidOrder(
                at=PAID_AT,
                number=RECEIPT.number,
                currency="USD",
                items=(RENEWAL, EXTRA),
                amount=7000,
                refunded=800,
            ),
        ),
    )


STATEMENT = statement_of(march())
