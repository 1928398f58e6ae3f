"""Every event is in the books once, and what goes back is what was owed: on a real database."""

import pytest
from psycopg.errors import CheckViolation
from tests.bookshop import (
    GB,
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
    pay,
    sell,
)

from eka.ledger import models
from eka.ledger.books import trial_balance
from eka.ledger.connections import run
from eka.rules import books
from eka.rules.books import Post
from eka.rules.lines import InvariantBroken
from eka.rules.requests import Change, Use
from eka.rules.units import Money
from eka.usecases import bookkeeping
from eka.usecases.bookkeeping import release, release_some, take_back

pytestmark = pytest.mark.django_db

TEN = Money(1000, "USD")


@pytest.fixture(autouse=True)
def _shop(db: None) -> None:
    open_shop()


# --------------------------------------------------------------------------------------- refunds


def test_a_refund_in_the_middle_gives_back_what_is_owed_and_what_was_earned() -> None:
    alice = activate("ten")
    order = sell(1000, alice, first(1000))
    happen(alice, Use(3 * GB), 5)

    (back,) = take_back(order.pk, 0, on(6))
    assert (back.value, back.earned, back.taken) == (1000, 300, 700)
    asked = books.refund_asked(TEN, {books.DEFERRED: back.taken})
    bookkeeping.record("refund_asked", "refund:1", asked, on(6), order_id=order.pk)
    happen(alice, Change("cancel"), 6)
    bookkeeping.record("refunded", "refunded:1", books.refund_done("stripe", TEN), on(7))

    assert release([alice], on(9)) == 0
    assert balances() == {"revenue:used": -300, "revenue:refunded": 300}


def test_taking_back_twice_takes_once() -> None:
    alice = activate("season")
    order = sell(3000, alice, *[allowance(nth, 1000) for nth in range(3)])
    happen(alice, Use(4 * GB), 5)

    once, again = take_back(order.pk, 0, on(6)), take_back(order.pk, 0, on(7))

    assert [(back.nth, back.earned, back.taken) for back in once] == [
        (0, 400, 600),
        (1, 0, 1000),
        (2, 0, 1000),
    ]
    assert [(back.value, back.earned, back.taken) for back in again] == [
        (1000, 400, 0),
        (1000, 0, 0),
        (1000, 0, 0),
    ]


def test_one_item_is_taken_back_and_the_other_goes_on() -> None:
    alice, bob = activate("plain"), activate("plain")
    order = pay(2000, lines=[alice, bob])
    deliver(order, alice, [first(1000)])
    deliver(order, bob, [first(1000)], position=1)
    assert [back.taken for back in take_back(order.pk, 0, on(1))] == [1000]

    happen(bob, Use(GB), 2)
    happen(alice, Use(GB), 2)
    assert release([alice, bob], on(3)) == 1
    assert earned() == {"revenue:used": 100}


def test_what_an_order_is_still_owed() -> None:
    alice = activate("ten")
    order = pay(1000, lines=[alice])
    assert bookkeeping.owed(order.pk, books.PREPAYMENTS, "USD") == 1000
    deliver(order, alice, [first(1000)])
    happen(alice, Use(4 * GB), 1)
    release([alice], on(1))
    assert bookkeeping.owed(order.pk, books.PREPAYMENTS, "USD") == 0
    assert bookkeeping.owed(order.pk, books.DEFERRED, "USD") == 600
    assert bookkeeping.owed(order.pk, books.DEFERRED, "EUR") == 0


# ----------------------------------------------------------------------------- exactly once


def test_an_event_is_recorded_once() -> None:
    postings = books.money_received("stripe", TEN)
    assert bookkeeping.record("payment", "money:1", postings, on(1), facts={"why": "a test"})
    assert not bookkeeping.record("payment", "money:1", postings, on(2))
    assert balances() == {"gateway:stripe": 1000, "customer_prepayments": -1000}
    assert models.Journal.objects.get().facts == {"why": "a test"}


def test_a_key_is_not_used_for_something_else() -> None:
    bookkeeping.record("payment", "money:1", books.money_received("stripe", TEN), on(1))
    other = books.money_received("stripe", Money(1001, "USD"))
    with pytest.raises(InvariantBroken, match="money:1"):
        bookkeeping.record("payment", "money:1", other, on(1))


def test_what_moves_nothing_leaves_no_journal() -> None:
    nothing = books.money_received("stripe", Money(0, "USD"))
    assert not bookkeeping.record("payment", "money:1", nothing, on(1))
    assert not models.Journal.objects.exists()


def test_the_database_refuses_a_journal_that_does_not_balance() -> None:
    lopsided = (Post("cash", 5, "USD"), Post("wallets", -5, "EUR"))
    bookkeeping.record("payment", "money:1", lopsided, on(1))
    with pytest.raises(CheckViolation, match="does not balance"):
        run("SET CONSTRAINTS ALL IMMEDIATE", [])  # as at the commit


def test_releasing_twice_and_deferring_twice_changes_nothing() -> None:
    alice = activate("ten")
    order = sell(1000, alice, first(1000))
    happen(alice, Use(3 * GB), 5)
    release([alice], on(6))
    before = journals()

    bookkeeping.defer(order.pk, 0, alice, [first(1000)])
    assert release([alice], on(6)) == 0
    assert journals() == before


def test_a_deferral_that_contradicts_its_journals_does_not_hold_up_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alice, bob = activate("ten"), activate("ten")
    for line in (alice, bob):
        sell(1000, line, first(1000))
        happen(line, Use(GB), 5)
    models.Deferral.objects.filter(line_id=alice).update(earned=77)

    assert release_some(on(6)).journals == 1
    assert earned() == {"revenue:used": 100}
    assert "has not earned what its journals say" in caplog.text


def test_all_open_allowances_are_walked_line_by_line() -> None:
    lines = [activate("ten") for _ in range(5)]
    for line in lines:
        sell(1000, line, first(1000))
        happen(line, Use(GB), 5)

    places, done = [0], 0
    while True:
        batch = release_some(on(6), places[-1], 2)
        done += batch.journals
        if batch.next is None:
            break
        places.append(batch.next)

    assert done == 5
    assert places == [0, lines[1], lines[3]]
    assert earned() == {"revenue:used": 500}


def test_the_books_as_of_a_day() -> None:
    alice = activate("ten")
    sell(1000, alice, first(1000))
    happen(alice, Use(3 * GB), 5)
    release([alice], on(5))

    early = {each.account: each.amount for each in trial_balance(on(5))}
    assert early == {"gateway:stripe": 1000, "customer_prepayments": 0, "deferred_data": -1000}
    assert sum(each.amount for each in trial_balance()) == 0
