"""Not a unit is lost between Eka's amounts and Stripe's, in any currency."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eka.gateways.payments.stripe.amounts import CURRENCIES, from_stripe, step, to_stripe
from eka.gateways.payments.terms import GatewayRefused
from eka.rules.units import BadValue, Money, parse_money

currencies = st.sampled_from(CURRENCIES)


# Coarser at Stripe than in ISO 4217: what their amounts here must be a multiple of.
COARSE = {"MGA": 100, "BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10}


@given(st.integers(1, 999_999), currencies)
def test_what_stripe_takes_comes_back_the_same(minor: int, currency: str) -> None:
    money = Money(minor * COARSE.get(currency, 1), currency)
    wire = to_stripe(money)
    assert from_stripe(wire, currency.lower()) == money
    assert wire % step(currency) == 0


@given(st.integers(1, 999_999), st.sampled_from(list(COARSE)))
def test_what_stripe_would_round_is_refused(minor: int, currency: str) -> None:
    assume(minor % COARSE[currency])
    with pytest.raises(GatewayRefused) as refused:
        to_stripe(Money(minor, currency))
    assert refused.value.code == "amount_not_representable"


@given(st.integers(1, 99_999_999), currencies)
def test_what_stripe_says_goes_back_the_same(amount: int, currency: str) -> None:
    amount -= amount % step(currency)
    assume(amount > 0)
    assert to_stripe(from_stripe(amount, currency.lower())) == amount


# How Stripe writes one of a currency: https://docs.stripe.com/currencies
ONE = {"ISK": 100, "UGX": 100, "MGA": 1, "JPY": 1, "KWD": 1000, "USD": 100, "HUF": 100, "TWD": 100}


@given(st.integers(1, 99_999), st.sampled_from(list(ONE)))
def test_a_whole_unit_is_the_same_amount_of_money_everywhere(whole: int, currency: str) -> None:
    money = from_stripe(whole * ONE[currency], currency)
    assert money == parse_money(f"{whole} {currency}")
    assert to_stripe(money) == whole * ONE[currency]


@given(st.integers(max_value=0), currencies)
def test_nothing_and_less_is_never_asked_for(minor: int, currency: str) -> None:
    with pytest.raises(GatewayRefused):
        to_stripe(Money(minor, currency))


def test_a_fraction_that_the_currency_does_not_have_is_not_rounded() -> None:
    with pytest.raises(BadValue):
        from_stripe(550, "isk")
