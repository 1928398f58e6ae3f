"""What a thing costs in a currency: to the cent, whatever the rate."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.prices import Rate, converted, parse_rate, price_in
from eka.rules.units import BadValue, Money, minor_digits

CURRENCIES = ["USD", "CNY", "JPY", "KWD"]


def test_a_listed_price_goes_before_a_made_one() -> None:
    listed = [Money(1000, "USD"), Money(7000, "CNY")]
    rates = [parse_rate("USD CNY 7.20")]
    assert price_in(listed, "CNY", rates) == Money(7000, "CNY")
    assert price_in(listed[:1], "CNY", rates) == Money(7200, "CNY")
    assert price_in(listed[:1], "EUR", rates) is None
    assert price_in([], "USD", rates) is None


def test_rates_are_not_chained_nor_turned_around() -> None:
    rates = [parse_rate("USD CNY 7.20"), parse_rate("CNY JPY 20")]
    assert price_in([Money(1000, "USD")], "JPY", rates) is None
    assert price_in([Money(7200, "CNY")], "USD", rates) is None


@pytest.mark.parametrize(
    ("price", "rate", "expected"),
    [
        (Money(1000, "USD"), "USD CNY 7.20", Money(7200, "CNY")),
        (Money(999, "USD"), "USD CNY 7.20", Money(7193, "CNY")),  # 71.928, up to the fen
        (Money(999, "USD"), "USD CNY 7.20 up to 0.10", Money(7200, "CNY")),
        (Money(1, "USD"), "USD CNY 7.20 up to 1.00", Money(100, "CNY")),
        (Money(1000, "USD"), "USD JPY 150", Money(1500, "JPY")),
        (Money(1, "USD"), "USD JPY 150", Money(2, "JPY")),
        (Money(1500, "JPY"), "JPY USD 1/150", Money(1000, "USD")),
        (Money(1, "USD"), "USD KWD 0.307", Money(4, "KWD")),
        (Money(0, "USD"), "USD CNY 7.20", Money(0, "CNY")),
    ],
)
def test_worked_prices(price: Money, rate: str, expected: Money) -> None:
    assert converted(price, parse_rate(rate)) == expected


@given(
    st.integers(0, 10**15),
    st.sampled_from(CURRENCIES),
    st.sampled_from(CURRENCIES),
    st.fractions(min_value=Fraction(1, 10**6), max_value=10**6),
    st.integers(1, 1000),
)
def test_never_below_the_rate_and_less_than_a_step_above(
    minor: int, source: str, target: str, factor: Fraction, step: int
) -> None:
    made = converted(Money(minor, source), Rate(source, target, factor, step))
    exact = minor * factor * Fraction(10) ** (minor_digits(target) - minor_digits(source))
    assert isinstance(made.minor, int)
    assert made.minor % step == 0
    assert 0 <= made.minor - exact < step


@pytest.mark.parametrize(
    "text",
    [
        "",
        "USD CNY",
        "USD CNY seven",
        "USD CNY 0",
        "USD CNY -7",
        "USD CNY 7/0",
        "USD CNY nan",
        "USD CNY inf",
        "USD CNY 7.20 up 0.10",
        "USD CNY 7.20 up to 0",
        "USD CNY 7.20 up to 0.001",
        "USD CNY 7.20 down to 0.10",
        "USD JPY 150 up to 0.5",
        "usd CNY 7",
        "USD cny 7",
        "USD USD 1",
    ],
)
def test_what_is_no_rate_is_told(text: str) -> None:
    with pytest.raises(BadValue, match="is not a rate; write it like"):
        parse_rate(text)


def test_a_rate_says_what_it_says() -> None:
    assert parse_rate("USD CNY 7.20 up to 0.10") == Rate("USD", "CNY", Fraction(36, 5), 10)
