"""What Alice paid for data is owed until it goes, and earned by how it went: on a real database."""

import pytest
from tests.bookshop import (
    GB,
    OPENING,
    activate,
    allowance,
    balances,
    deliver,
    earned,
    first,
    happen,
    journals,
    on,
    open_shop,
    owed,
    pay,
    sell,
)

from eka.ledger import models
from eka.ledger.plans import OnSale
from eka.rules.plans import Plan
from eka.rules.requests import Activate, AddOn, Change, Renew, TopUp, Use
from eka.rules.units import parse_duration
from eka.usecases.bookkeeping import release
from eka.usecases.lines import NewLine, add_line
from eka.usecases.settling import settle_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(db: None) -> None:
    open_shop()


# --------------------------------------------------------------------------------- ten gigabytes


def test_data_is_earned_as_it_is_used_carried_and_lost() -> None:
    alice = activate("ten")
    sell(1000, alice, first(1000))
    assert balances() == {"gateway:stripe": 1000, "deferred_data": -1000}

    happen(alice, Use(3 * GB), 5)
    assert release([alice], on(5)) == 1
    assert earned() == {"revenue:used": 300}

    happen(alice, Renew(), 30)  # seven gigabytes carry, and their value with them
    assert release([alice], on(30)) == 0
    assert owed() == 700

    happen(alice, Use(4 * GB), 40)
    release([alice], on(40))
    assert earned() == {"revenue:used": 700}

    settle_all(on(50))  # the last three gigabytes end, twenty days after they were carried
    release([alice], on(50))
    assert earned() == {"revenue:used": 700, "revenue:expired": 300}
    assert balances() == {
        "gateway:stripe": 1000,
        "revenue:used": -700,
        "revenue:expired": -300,
    }
    assert not models.Deferral.objects.filter(open=True).exists()
    assert journals() == [
        ("money_received", [("gateway:stripe", 1000), ("customer_prepayments", -1000)]),
        ("order_fulfilled", [("customer_prepayments", 1000), ("deferred_data", -1000)]),
        ("earned", [("deferred_data", 300), ("revenue:used", -300)]),
        ("earned", [("deferred_data", 400), ("revenue:used", -400)]),
        ("earned", [("deferred_data", 300), ("revenue:expired", -300)]),
    ]


def test_once_at_the_end_earns_the_same_as_day_by_day() -> None:
    often, once = activate("ten"), activate("ten")
    for line in (often, once):
        sell(999, line, first(999))
    for day, amount in ((1, GB // 3), (2, GB + 1), (9, 7), (12, 2 * GB)):
        for line in (often, once):
            happen(line, Use(amount), day)
        release([often], on(day))
    for line in (often, once):
        happen(line, Renew(), 30)
        happen(line, Use(GB), 31)
    release([often], on(31))
    settle_all(on(60))
    release([often, once], on(60))

    by_line = {
        line: sorted(
            (post.account, post.amount)
            for journal in models.Journal.objects.filter(event="earned", line_id=line)
            for post in journal.postings.all()
        )
        for line in (often, once)
    }
    sums = {
        line: {
            name: sum(amount for account, amount in posts if account == name)
            for name in {account for account, _ in posts}
        }
        for line, posts in by_line.items()
    }
    assert len(by_line[often]) > len(by_line[once])
    assert sums[often] == sums[once]
    assert sums[once]["deferred_data"] == 999


def test_bytes_that_rounding_adds_are_worth_nothing() -> None:
    alice = activate("round")
    sell(1000, alice, first(1000))
    happen(alice, Use(5 * GB), 1)
    happen(alice, Renew(), 30)  # of 5 GB, half is cut, and 2.5 GB are rounded up to 4 GB
    release([alice], on(30))
    assert earned() == {"revenue:used": 500, "revenue:forfeited": 250}

    happen(alice, Use(GB), 31)
    release([alice], on(31))
    assert owed() == 150

    happen(alice, Use(5 * GB // 2), 32)  # what was paid for is gone; half a gigabyte is left
    release([alice], on(32))
    assert earned() == {"revenue:used": 750, "revenue:forfeited": 250}
    assert owed() == 0


def test_what_became_credit_was_earned_as_such() -> None:
    alice = activate("swap")
    sell(1000, alice, first(1000))
    happen(alice, Use(5 * GB // 2), 1)
    happen(alice, Renew(), 30)  # seven whole steps become credit, the half is lost
    release([alice], on(30))
    assert earned() == {"revenue:used": 250, "revenue:converted": 700, "revenue:forfeited": 50}


def test_a_top_up_is_earned_by_itself() -> None:
    alice = activate("plain")
    sell(1000, alice, first(1000))
    happen(alice, TopUp(5 * GB, parse_duration("7d")), 1)
    sell(600, alice, allowance(0, 600, bucket=2, granted=5 * GB))
    happen(alice, Use(2 * GB), 2)
    settle_all(on(8))
    release([alice], on(8))

    top_up = models.Deferral.objects.get(bucket=2)
    assert (top_up.earned, top_up.open) == (600, False)
    assert sum(earned().values()) == 600 + models.Deferral.objects.get(bucket=1).earned


def test_what_was_given_for_nothing_earns_nothing_and_is_done_with() -> None:
    alice = activate("plain")
    sell(0, alice, first(0))
    assert release([alice], on(1)) == 0
    assert not models.Deferral.objects.get().open
    assert balances() == {}


# ------------------------------------------------------------------------------------ paid ahead


def test_three_months_paid_ahead_are_earned_each_in_its_month() -> None:
    alice = activate("season")
    months = [allowance(nth, 1000) for nth in range(3)]
    sell(3000, alice, *months)

    happen(alice, Use(4 * GB), 10)
    release([alice], on(10))
    assert earned() == {"revenue:used": 400}

    settle_all(on(30))
    happen(alice, Use(GB), 31)
    release([alice], on(31))
    assert earned() == {"revenue:used": 500, "revenue:forfeited": 600}
    assert list(models.Deferral.objects.order_by("nth").values_list("bucket", "earned")) == [
        (1, 1000),
        (2, 100),
        (None, 0),
    ]

    settle_all(on(90))
    release([alice], on(90))
    assert earned() == {"revenue:used": 500, "revenue:forfeited": 2500}
    assert owed() == 0


def test_a_queue_of_two_orders_paid_at_one_instant_is_told_apart() -> None:
    alice = activate("plain")
    sell(1000, alice, first(1000))
    order = pay(5000, day=3, lines=[alice, alice])
    for _ in range(2):
        happen(alice, Renew(), 3)
    happen(alice, AddOn(on_sale("plain")), 3)
    renewals = [allowance(nth, 1250, paid_at=on(3)) for nth in range(2)]
    deliver(order, alice, renewals)
    deliver(order, alice, [allowance(0, 2500, paid_at=on(3))], position=1)

    settle_all(on(61))
    happen(alice, Use(5 * GB), 62)
    release([alice], on(62))
    settle_all(on(91))
    happen(alice, Use(GB), 92)
    release([alice], on(92))

    kept = models.Deferral.objects.filter(order=order).order_by("position", "nth")
    assert list(kept.values_list("position", "nth", "bucket", "earned")) == [
        (0, 0, 2, 1250),
        (0, 1, 3, 1250),
        (1, 0, 4, 250),
    ]


def test_a_line_that_is_activated_later_is_found() -> None:
    alice = add_line(NewLine(plan="season"), OPENING)
    sell(3000, alice, *[allowance(nth, 1000) for nth in range(3)])
    assert release([alice], on(4)) == 0

    happen(alice, Activate(on_sale("season")), 5)
    happen(alice, Use(GB), 6)
    release([alice], on(6))
    assert earned() == {"revenue:used": 100}


def on_sale(name: str) -> Plan:
    plan = OnSale().get(name)
    assert plan is not None
    return plan


# --------------------------------------------------------------------------------- unlimited data


def test_unlimited_data_is_earned_by_the_second() -> None:
    alice = activate("ocean")
    sell(3000, alice, allowance(0, 3000, bucket=1))
    happen(alice, Use(900 * GB), 1)
    release([alice], on(1))
    assert earned() == {"revenue:unlimited": 100}

    release([alice], on(15.5))
    assert earned() == {"revenue:unlimited": 1550}

    release([alice], on(30))  # nobody has settled the line yet
    assert earned() == {"revenue:unlimited": 3000}


def test_an_unlimited_month_ends_when_the_next_one_starts_early() -> None:
    alice = activate("ocean")
    sell(3000, alice, allowance(0, 3000, bucket=1))
    happen(alice, Renew(), 10)
    sell(3000, alice, allowance(0, 3000, paid_at=on(10)), day=10)
    release([alice], on(13))
    assert earned() == {"revenue:unlimited": 3300}


def test_an_unlimited_line_that_is_closed_owes_nothing_more() -> None:
    alice = activate("ocean")
    sell(3000, alice, allowance(0, 3000, bucket=1))
    happen(alice, Change("cancel"), 3)
    release([alice], on(4))
    assert (earned(), owed()) == ({"revenue:unlimited": 3000}, 0)


def test_an_end_that_moves_away_takes_nothing_back() -> None:
    alice = activate("ocean")
    sell(3000, alice, allowance(0, 3000, bucket=1))
    release([alice], on(15))
    models.Period.objects.filter(line_id=alice).update(ends=on(90))
    assert release([alice], on(20)) == 0
    assert earned() == {"revenue:unlimited": 1500}
    release([alice], on(60))
    assert earned() == {"revenue:unlimited": 2000}
