"""What a thing costs in a currency: a listed price, or one made of it by the shop's own rate."""

from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct

from eka.rules.units import BadValue, Money, minor_digits


def is_currency(text: str) -> bool:
    """Whether it is written as a currency's code of ISO 4217 is."""
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()


class Rate(Struct, frozen=True):
    """One unit of `source` costs `rate` units of `target`; prices are rounded up to `step`.

    The seller sets it: it is a way to write a price list, not an exchange.
    """

    source: str
    target: str
    rate: Fraction
    step: int = 1  # minor units of the target


def price_in(prices: Sequence[Money], currency: str, rates: Sequence[Rate]) -> Money | None:
    """The listed price in `currency`, else one made by a rate; None: not sold in it."""
    for price in prices:
        if price.currency == currency:
            return price
    for rate in rates:
        for price in prices:
            if (rate.source, rate.target) == (price.currency, currency):
                return converted(price, rate)
    return None


def converted(price: Money, rate: Rate) -> Money:
    """The price in the rate's target, rounded up to its step."""
    scale = Fraction(10) ** (minor_digits(rate.target) - minor_digits(rate.source))
    exact = price.minor * rate.rate * scale
    steps = -(-exact.numerator // (exact.denominator * rate.step))
    return Money(steps * rate.step, rate.target)


def parse_rate(text: str) -> Rate:
    """A rate of `USD CNY 7.20 up to 0.10`. Raises BadValue."""
    words = text.split()
    usual = f"{text!r} is not a rate; write it like `USD CNY 7.20 up to 0.10`"
    if len(words) not in (3, 6) or (len(words) == 6 and words[3:5] != ["up", "to"]):
        raise BadValue(usual)
    source, target, rate = words[:3]
    try:
        factor = Fraction(rate)
        step = Fraction(words[5]) * 10 ** minor_digits(target) if len(words) == 6 else Fraction(1)
    except (ValueError, ZeroDivisionError):
        raise BadValue(usual) from None
    named = all(is_currency(name) for name in (source, target)) and source != target
    if not named or factor <= 0 or step < 1 or step.denominator != 1:
        raise BadValue(usual)
    return Rate(source, target, factor, int(step))
