"""Laws of the books: every journal balances, and value is earned once, whole, never early."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules import books
from eka.rules.books import Post, Postings
from eka.rules.earning import INCOME, Course, Move, earned, earned_by_time, follow
from eka.rules.lines import InvariantBroken
from eka.rules.units import Money

TEN = Money(1000, "USD")

JOURNALS: dict[str, Callable[[Money], Postings]] = {
    "money_received": lambda money: books.money_received("stripe", money),
    "surplus_received": lambda money: books.surplus_received("stripe", money),
    "mismatch_received": lambda money: books.mismatch_received("stripe", money),
    "mismatch_accepted": books.mismatch_accepted,
    "fee": lambda money: books.fee("stripe", money),
    "order_paid_from_wallet": books.order_paid_from_wallet,
    "order_fulfilled": lambda money: books.order_fulfilled("USD", [money.minor, 5], 7, 3),
    "data_earned": lambda money: books.data_earned("USD", {books.USED: money.minor}),
    "refund_asked": lambda money: books.refund_asked(money, {books.DEFERRED: 40}),
    "refund_done": lambda money: books.refund_done("stripe", money),
    "refund_to_wallet": books.refund_to_wallet,
    "refund_failed": books.refund_failed,
    "dispute_opened": lambda money: books.dispute_opened("stripe", money),
    "dispute_won": lambda money: books.dispute_won("stripe", money),
    "dispute_lost": lambda money: books.dispute_lost(money, {books.DEFERRED: 40}),
    "wallet_charged": books.wallet_charged,
    "wallet_credited": lambda money: books.wallet_credited(money, "referral"),
    "wallet_adjusted": books.wallet_adjusted,
    "gift_cards_sold": books.gift_cards_sold,
    "gift_cards_given": books.gift_cards_given,
    "gift_card_redeemed": books.gift_card_redeemed,
    "gift_card_expired": books.gift_card_expired,
}


@given(st.sampled_from(sorted(JOURNALS)), st.integers(0, 10**12))
def test_every_journal_balances_and_names_accounts_of_the_chart(name: str, minor: int) -> None:
    postings = JOURNALS[name](Money(minor, "USD"))
    assert sum(post.amount for post in postings) == 0
    assert all(post.amount and post.currency == "USD" for post in postings)
    assert all(books.account(post.account).meaning for post in postings)


# A person may take money out of a wallet; what was earned is judged by the law of earning.
@pytest.mark.parametrize("name", sorted(JOURNALS.keys() - {"wallet_adjusted", "data_earned"}))
def test_money_never_goes_backwards(name: str) -> None:
    with pytest.raises(InvariantBroken):
        JOURNALS[name](Money(-1, "USD"))


def test_what_does_not_balance_is_refused() -> None:
    with pytest.raises(InvariantBroken):
        books.balanced("USD", ("cash", 5), ("wallets", -4))


def test_an_account_that_nobody_knows() -> None:
    assert books.account("gateway:wechat").nature == "asset"
    for stranger in ("gateway", "revenue:guessed", "petty cash"):
        with pytest.raises(KeyError):
            books.account(stranger)


def test_a_discounted_charge_of_a_wallet_is_paid_by_the_shop() -> None:
    assert books.order_fulfilled("USD", [], 1000, 100) == (
        Post("customer_prepayments", 900, "USD"),
        Post("promotions:wallet", 100, "USD"),
        Post("wallets", -1000, "USD"),
    )
    with pytest.raises(InvariantBroken):
        books.order_fulfilled("USD", [500], 1000, 1001)


@pytest.mark.parametrize(
    ("taken", "rest"),
    [
        ({"deferred_data": 700}, [Post("revenue:refunded", 300, "USD")]),
        ({"deferred_data": 1000}, []),
        ({"deferred_data": 1200}, [Post("revenue:forfeited", -200, "USD")]),
        ({}, [Post("revenue:refunded", 1000, "USD")]),
        ({"deferred_data": 600, "wallets": 400}, []),
    ],
)
def test_a_refund_takes_what_is_owed_first(taken: dict[str, int], rest: list[Post]) -> None:
    given_up = [Post(name, amount, "USD") for name, amount in taken.items()]
    due = Post("refunds_due", -1000, "USD")
    assert list(books.refund_asked(TEN, taken)) == [*given_up, *rest, due]


def test_a_lost_dispute_costs_what_was_used() -> None:
    assert books.dispute_lost(TEN, {books.DEFERRED: 700}) == (
        Post("deferred_data", 700, "USD"),
        Post("losses:disputes", 300, "USD"),
        Post("disputes", -1000, "USD"),
    )


@pytest.mark.parametrize("taken", [{"revenue:used": 5}, {"deferred_data": -5}, {"cash": 5}])
def test_only_what_is_owed_can_be_given_up(taken: dict[str, int]) -> None:
    with pytest.raises(InvariantBroken):
        books.refund_asked(TEN, taken)


# ---------------------------------------------------------------------------- the law of earning

VALUES, BYTES = st.integers(0, 10**9), st.integers(1, 10**14)


@given(VALUES, BYTES, st.data())
def test_no_value_is_earned_early_and_all_of_it_at_the_end(
    value: int, granted: int, data: st.DataObject
) -> None:
    less, more = sorted(data.draw(st.tuples(*[st.integers(0, granted)] * 2)))
    assert earned(value, granted, granted) == 0
    assert earned(value, granted, 0) == value
    assert 0 <= earned(value, granted, more) <= earned(value, granted, less) <= value
    assert earned(value, granted, less) * granted <= value * (granted - less)


STARTS = datetime(2025, 3, 1, tzinfo=UTC)
SPANS = st.timedeltas(timedelta(0), timedelta(days=400))


@given(VALUES, SPANS, SPANS, SPANS)
def test_time_is_earned_by_the_second_and_all_of_it_at_the_end(
    value: int, length: timedelta, early: timedelta, later: timedelta
) -> None:
    ends = STARTS + length

    def after(passed: timedelta) -> int:
        return earned_by_time(value, STARTS, ends, STARTS + passed)

    assert earned_by_time(value, STARTS, ends, ends) == after(length + later) == value
    assert earned_by_time(value, STARTS, STARTS, STARTS - later) in (0, value)
    assert 0 <= after(early) <= after(early + later) <= value
    if timedelta(0) < length:
        assert earned_by_time(value, STARTS, ends, STARTS - later) == 0


CODES = st.sampled_from([*INCOME, "carried", "of another"])
STEPS = st.lists(st.tuples(CODES, st.integers(1, 99), st.booleans()), max_size=15)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Course, list[Move]]:
    """An allowance in bucket 1, and what happens on its line until nothing of it is left.

    It is used, trimmed, swollen by rounding and carried; other buckets have moves of their own.
    """
    granted, value, steps = draw(st.integers(1, 300)), draw(VALUES), draw(STEPS)
    left, bucket = granted, 1
    moves: list[Move] = []
    for number, (code, amount, onward) in enumerate([*steps, ("expired", granted + 9999, False)]):
        if code == "carried":
            left += amount  # what rounding adds
            into = 2 * bucket + 1 if onward else bucket
            moves.append(Move(number, bucket, code, left, into))
            bucket = into
        elif code == "of another":
            moves.append(Move(number, 2 * bucket, "used", amount))
        elif gone := min(amount, left):
            moves.append(Move(number, bucket, code, gone))
            left -= gone
    return Course(value=value, granted=granted, bucket=1), moves


@given(histories(), st.data())
def test_in_steps_it_is_the_same_as_at_once(
    history: tuple[Course, list[Move]], data: st.DataObject
) -> None:
    course, moves = history
    cut = data.draw(st.integers(0, len(moves)))
    whole, income = follow(course, moves)
    halfway, first = follow(course, moves[:cut])
    end, then = follow(halfway, moves[cut:])

    assert end == whole
    assert {name: first.get(name, 0) + then.get(name, 0) for name in {*first, *then}} == income
    assert whole.earned == sum(income.values()) == course.value
    assert all(amount > 0 for amount in income.values())


@given(histories())
def test_uses_in_a_row_may_be_added_up(history: tuple[Course, list[Move]]) -> None:
    course, moves = history
    merged: list[Move] = []
    for move in moves:
        last = merged[-1] if merged else None
        if last and (last.bucket, last.code) == (move.bucket, move.code) and move.into is None:
            merged[-1] = Move(move.entry, move.bucket, move.code, last.bytes + move.bytes)
        else:
            merged.append(move)
    assert follow(course, merged) == follow(course, moves)


def test_what_carries_keeps_its_value_and_its_account_is_told_when_it_goes() -> None:
    course = Course(value=1000, granted=10, bucket=1)
    moves = [
        Move(1, 1, "used", 3),
        Move(2, 1, "carried", 7, 2),
        Move(3, 3, "used", 5),  # the new period's own data
        Move(4, 2, "used", 4),
        Move(5, 2, "expired", 3),
    ]
    end, income = follow(course, moves)
    assert income == {"revenue:used": 700, "revenue:expired": 300}
    assert (end.bucket, end.gone, end.entry) == (2, 10, 5)
