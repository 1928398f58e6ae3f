"""How much goes back for data that was used in part."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.refunds import Allowance, Refundable, RefundTerms, refundable

PAID = datetime(2026, 6, 1, tzinfo=UTC)
LAST = PAID + timedelta(days=14)
TERMS = RefundTerms()
NONE_OF_USED = RefundTerms(used="none")


def used(*earned: int, value: int = 1000) -> tuple[Allowance, ...]:
    return tuple(Allowance(value=value, earned=part) for part in earned)


@pytest.mark.parametrize(
    ("paid", "given_back", "allowances", "terms", "expected"),
    [
        (1000, 0, used(0), TERMS, Refundable(1000)),
        (1000, 0, used(400), TERMS, Refundable(600, "used")),
        (1000, 0, used(1000), TERMS, Refundable(0, "used")),
        (1000, 300, used(0), TERMS, Refundable(700)),
        (1000, 300, used(400), TERMS, Refundable(300, "used")),
        (1000, 700, used(400), TERMS, Refundable(0, "used")),
        (1000, 1000, used(0), TERMS, Refundable(0, "given_back")),
        (3000, 0, used(1000, 250, 0), TERMS, Refundable(1750, "used")),
        (1000, 0, used(1), NONE_OF_USED, Refundable(0, "used")),
        (1000, 0, used(0), NONE_OF_USED, Refundable(1000)),
        (0, 0, (), TERMS, Refundable(0, "given_back")),
        (500, 0, (), TERMS, Refundable(500)),
    ],
)
def test_worked_refunds(
    paid: int,
    given_back: int,
    allowances: tuple[Allowance, ...],
    terms: RefundTerms,
    expected: Refundable,
) -> None:
    assert refundable(paid, given_back, allowances, terms, PAID, LAST) == expected


def test_until_the_last_moment_of_the_days() -> None:
    too_late = LAST + timedelta(microseconds=1)
    assert refundable(1000, 0, (), TERMS, PAID, LAST).amount == 1000
    assert refundable(1000, 0, (), TERMS, PAID, too_late) == Refundable(0, "too_late")
    at_once = RefundTerms(days=0)
    assert refundable(1000, 0, (), at_once, PAID, PAID).amount == 1000


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.lists(st.integers(0, 10**6), max_size=4),
    st.sampled_from([TERMS, NONE_OF_USED]),
)
def test_never_more_than_what_is_left_and_not_used(
    paid: int, given_back: int, earned: list[int], terms: RefundTerms
) -> None:
    back = refundable(paid, given_back, used(*earned, value=10**6), terms, PAID, LAST).amount
    assert 0 <= back <= max(0, paid - given_back)
    assert back <= max(0, paid - sum(earned))
