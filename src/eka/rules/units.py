"""Amounts of data, money, shares and durations, and their text forms (policy, section 1).

Everything is a whole number: bytes, minor units of a currency, seconds, months.
"""

import re
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

DECIMAL = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
DATA_UNITS = {**DECIMAL, "kB": 10**3, **BINARY}

# Currencies whose minor unit is not a hundredth (ISO 4217, table A.1).
WITHOUT_DECIMALS = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
WITH_THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
MINOR_DIGITS = dict.fromkeys(WITHOUT_DECIMALS, 0) | dict.fromkeys(WITH_THREE_DECIMALS, 3)

LONGEST = {"h": 876_000, "d": 36_500, "mo": 1_200}  # a hundred years
LARGEST = 2**63 - 1  # what a bigint column and a 64-bit counter on the wire hold

_NUMBER_AND_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)")
_MONEY = re.compile(r"([0-9]+)(?:\.([0-9]+))? ([A-Z]{3})")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%")
_DURATION = re.compile(r"([0-9]+)(h|d|mo)")


class BadValue(ValueError):
    """A text that is not the value it should be; the message says what would be right."""


class Duration(Struct, frozen=True):
    """A span of time: exact `seconds` (24h, 7d) or calendar `months` (1mo); never both."""

    seconds: int = 0
    months: int = 0


class Share(Struct, frozen=True):
    """A part of something, as an exact fraction: 33.3 % is 333/1000."""

    numerator: int
    denominator: int

    def of(self, amount: int) -> int:
        """This share of `amount`, rounded down to a whole unit."""
        return amount * self.numerator // self.denominator


class Money(Struct, frozen=True):
    """`minor` units of an ISO 4217 `currency`: 1999 USD is 19.99 USD."""

    minor: int
    currency: str


WHOLE = Share(1, 1)


def parse_data(text: str) -> int:
    """Bytes of `4GB`, `500MiB`, `1234B`, `2.5GB`. Raises BadValue."""
    match = _NUMBER_AND_UNIT.fullmatch(text)
    factor = DATA_UNITS.get(match[2]) if match else None
    if not match or factor is None:
        raise BadValue(f"{text!r} is not an amount of data; write it like 500MB, 10GiB or 1234B")
    amount = Fraction(match[1]) * factor
    if amount.denominator != 1:
        raise BadValue(f"{text!r} is not a whole number of bytes")
    if amount > LARGEST:
        raise BadValue(f"{text!r} is more than a line can hold ({LARGEST}B)")
    return int(amount)


def format_data(amount: int) -> str:
    """The shortest exact text of `amount` bytes, in the unit it was most likely sold in."""
    texts = []
    for unit, factor in {**DECIMAL, **BINARY}.items():
        whole, rest = divmod(amount, factor)
        if rest == 0:
            texts.append(f"{whole}{unit}")
    return min(texts, key=lambda text: (len(text), text.endswith("iB")))


def is_binary(amount: int) -> bool:
    """Whether `amount` was sold in powers of 1024 (10GiB) rather than of 1000."""
    return format_data(amount).endswith("iB")


def parse_duration(text: str) -> Duration:
    """A Duration of `24h`, `7d` or `1mo`. Raises BadValue."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise BadValue(f"{text!r} is not a duration; write it like 24h, 7d or 1mo")
    number, unit = int(match[1][:9]), match[2]
    if number > LONGEST[unit]:
        raise BadValue(f"{text!r} is longer than a hundred years")
    if unit == "mo":
        return Duration(months=number)
    return Duration(seconds=number * (3600 if unit == "h" else 86400))


def format_duration(duration: Duration) -> str:
    """`1mo`, `7d` or `36h`: the text that parses to this duration."""
    if duration.months:
        return f"{duration.months}mo"
    days, rest = divmod(duration.seconds, 86400)
    return f"{days}d" if days and not rest else f"{duration.seconds // 3600}h"


def parse_share(text: str) -> Share:
    """A Share of `75%` or `12.5%`. Raises BadValue."""
    match = _PERCENT.fullmatch(text)
    if not match:
        raise BadValue(f"{text!r} is not a share; write it like 75%")
    share = Fraction(match[1]) / 100
    return Share(share.numerator, share.denominator)


@lru_cache(maxsize=1024)
def format_share(share: Share) -> str:
    """`75%`, `12.5%`: the text that parses to this share."""
    percent = Fraction(share.numerator, share.denominator) * 100
    digits = 0
    while (percent * 10**digits).denominator != 1:
        digits += 1
    scaled = str(int(percent * 10**digits)).zfill(digits + 1)
    return f"{scaled[:-digits]}.{scaled[-digits:]}%" if digits else f"{scaled}%"


def minor_digits(currency: str) -> int:
    """How many decimals the currency's amounts are written with."""
    return MINOR_DIGITS.get(currency, 2)


def parse_money(text: str) -> Money:
    """Money of `19.99 USD` or `500 JPY`. Raises BadValue."""
    match = _MONEY.fullmatch(text)
    if not match:
        raise BadValue(f"{text!r} is not an amount of money; write it like 19.99 USD")
    whole, decimals, currency = match[1], match[2] or "", match[3]
    digits = minor_digits(currency)
    if len(decimals) > digits:
        raise BadValue(f"{text!r} has more than the {digits} decimals of {currency}")
    minor = int(whole + decimals.ljust(digits, "0"))
    if minor > LARGEST:
        raise BadValue(f"{text!r} is more money than can be kept")
    return Money(minor, currency)


def format_money(money: Money) -> str:
    """`19.99 USD`: the text that parses to this amount."""
    digits = minor_digits(money.currency)
    if digits == 0:
        return f"{money.minor} {money.currency}"
    text = str(money.minor).zfill(digits + 1)
    return f"{text[:-digits]}.{text[-digits:]} {money.currency}"


def add_money(purse: tuple[Money, ...], money: Money) -> tuple[Money, ...]:
    """The amounts in `purse`, one a currency, with `money` added to its own."""
    if not money.minor:
        return purse
    others = tuple(held for held in purse if held.currency != money.currency)
    before = sum(held.minor for held in purse if held.currency == money.currency)
    return (*others, Money(before + money.minor, money.currency))
