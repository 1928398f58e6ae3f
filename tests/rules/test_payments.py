"""What a gateway's word means for an order: the whole table, and what holds whatever comes when."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from eka.rules.orders import STATES, TRANSITIONS, WAITING
from eka.rules.payments import LATE_MAX, Claim, Heard, Judgement, Word, judge
from eka.rules.units import Money

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TEN = Money(1000, "USD")
WORDS: tuple[Word, ...] = get_args(Word)
PAYMENT_STATES = ("beginning", "open", "approved", "paid", "failed", "closed")


def claim(**facts: Any) -> Claim:
    """A payment of ten dollars that is open, for an order that waits until noon."""
    usual: dict[str, Any] = {
        "state": "open",
        "amount": TEN,
        "merchant": "olga",
        "order_state": "awaiting_payment",
        "order_total": TEN,
        "order_deadline": NOON,
        "order_paid": False,
    }
    return Claim(**{**usual, **facts})


def heard(word: Word = "paid", **facts: Any) -> Heard:
    usual: dict[str, Any] = {"transaction": "T1", "amount": TEN, "merchant": "olga"}
    return Heard(word=word, **{**usual, **facts})


def told(verdict: str, why: str = "") -> Judgement:
    return Judgement(verdict, why)  # type: ignore[arg-type]


# What money means by the state of its order, unpaid so far; and what an approval means.
MONEY = {
    "quoted": "credit",
    "awaiting_payment": "credit",
    "paid": "surplus",
    "fulfilling": "surplus",
    "fulfilled": "surplus",
    "expired": "credit",  # late
    "cancelled": "surplus",
    "refunding": "surplus",
    "refunded": "surplus",
    "disputed": "surplus",
}


@pytest.mark.parametrize("order_state", STATES)
@pytest.mark.parametrize("state", PAYMENT_STATES)
@pytest.mark.parametrize("paid", [False, True])
def test_money_by_the_state_of_its_order(order_state: str, state: str, paid: bool) -> None:
    """The payment's own state does not matter: money is money."""
    verdict = judge(claim(order_state=order_state, state=state, order_paid=paid), heard(), NOON)
    assert verdict.verdict == ("surplus" if paid else MONEY[order_state])


@pytest.mark.parametrize("order_state", STATES)
@pytest.mark.parametrize("state", PAYMENT_STATES)
@pytest.mark.parametrize("word", [word for word in WORDS if word != "paid"])
def test_other_words_by_the_state_of_the_payment(word: Word, state: str, order_state: str) -> None:
    verdict = judge(claim(order_state=order_state, state=state), heard(word), NOON).verdict
    expected = "nothing"
    if state != "paid":
        if word == "approved" and order_state in WAITING:
            expected = "capture"
        elif (word == "failed" and state not in ("failed", "closed")) or (
            word == "closed" and state != "closed"
        ):
            expected = word
    assert verdict == expected


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"amount": Money(999, "USD")}, "amount"),
        ({"amount": Money(1001, "USD")}, "amount"),
        ({"amount": Money(1000, "CNY")}, "currency"),
        ({"amount": None}, "currency"),
        ({"merchant": "mallory"}, "merchant"),
        ({"merchant": ""}, "merchant"),
        ({"transaction": ""}, "transaction"),
    ],
)
@pytest.mark.parametrize("order_state", STATES)
def test_a_mismatch_never_credits(said: dict[str, Any], why: str, order_state: str) -> None:
    verdict = judge(claim(order_state=order_state), heard(**said), NOON)
    assert verdict == told("mismatch", why)


def test_an_order_whose_total_is_another_by_now_is_not_paid_by_the_old_amount() -> None:
    assert judge(claim(order_total=Money(1100, "USD")), heard(), NOON) == told("mismatch", "amount")


def test_an_approval_of_another_amount_is_not_captured() -> None:
    said = heard("approved", amount=Money(1, "USD"), transaction="")
    assert judge(claim(), said, NOON) == told("mismatch", "amount")
    assert judge(claim(), heard("approved", amount=None, transaction=""), NOON) == told("capture")


def test_an_approval_for_a_paid_order_takes_no_money() -> None:
    assert judge(claim(order_paid=True), heard("approved"), NOON).verdict == "nothing"


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (timedelta(0), told("credit", "late")),
        (LATE_MAX, told("credit", "late")),
        (LATE_MAX + timedelta(microseconds=1), told("surplus", "expired")),
    ],
)
def test_late_money_counts_for_a_day(after: timedelta, verdict: Judgement) -> None:
    assert timedelta(hours=24) == LATE_MAX
    assert judge(claim(order_state="expired"), heard(), NOON + after) == verdict


# ------------------------------------------------------ whatever comes, however often, in any order

amounts = st.sampled_from([TEN, Money(999, "USD"), Money(1000, "CNY"), None])
reports = st.builds(
    Heard,
    word=st.sampled_from(WORDS),
    transaction=st.sampled_from(["", "T1", "T2", "T3"]),
    amount=amounts,
    merchant=st.sampled_from(["olga", "mallory"]),
)


def play(words: list[Heard], start: str = "awaiting_payment") -> tuple[int, int, Claim]:
    """What is credited and what goes back when these words are heard, as the use case does it."""
    at, known, credited, back = claim(order_state=start), set[str](), 0, 0
    for word in words:
        if word.word == "paid" and word.transaction in known:
            continue
        verdict = judge(at, word, NOON).verdict
        if verdict == "credit":
            assert word.amount is not None
            credited += word.amount.minor
            at = replace(at, state="paid", order_state="paid", order_paid=True)
        elif verdict == "surplus":
            assert word.amount is not None
            back += word.amount.minor
            at = replace(at, state="paid")
        elif verdict in ("failed", "closed"):
            at = replace(at, state=verdict)
        elif verdict == "capture":
            at = replace(at, state="approved")
        if verdict in ("credit", "surplus"):
            known.add(word.transaction)
    return credited, back, at


@given(st.lists(reports, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_money(words: list[Heard], chance: Any) -> None:
    shuffled = list(words)
    chance.shuffle(shuffled)
    assert play(words)[:2] == play(shuffled)[:2]
    assert play(words)[:2] == play(words + words)[:2]


@given(st.lists(reports, max_size=8))
def test_no_more_is_credited_than_the_order_costs(words: list[Heard]) -> None:
    credited, _, at = play(words)
    assert credited in (0, 1000)
    assert at.order_paid == bool(credited)


@given(st.lists(reports, max_size=5), st.lists(reports, max_size=5))
def test_what_was_paid_is_never_undone(before: list[Heard], after: list[Heard]) -> None:
    _, _, at = play([*before, heard(), *after])
    assert at.state == "paid"
    assert at.order_paid


@given(st.lists(reports, max_size=8), st.sampled_from(["cancelled", "refunded", "fulfilled"]))
def test_an_order_that_needs_none_is_credited_none(words: list[Heard], start: str) -> None:
    assert play(words, start)[0] == 0


@given(reports, st.sampled_from(STATES), st.sampled_from(PAYMENT_STATES), st.booleans())
def test_a_credit_is_always_a_way_that_the_order_can_go(
    word: Heard, order_state: str, state: str, paid: bool
) -> None:
    verdict = judge(claim(order_state=order_state, state=state, order_paid=paid), word, NOON)
    if verdict.verdict == "credit":
        assert (order_state, "paid") in TRANSITIONS
        assert (word.amount, word.merchant) == (TEN, "olga")
