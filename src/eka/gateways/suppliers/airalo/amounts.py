"""Airalo's megabytes and dollars as bytes and minor units, exactly.

A package called "3 GB" has an `amount` of 3072 MB and "1 GB" is 1024 MB, so Airalo counts in powers
of two: a megabyte is 2**20 bytes. It sends whole megabytes; fractions and texts are read too.
"""

import math
from decimal import Decimal
from fractions import Fraction

from eka.rules.units import LARGEST, BadValue, Money, minor_digits

MEGABYTE = 2**20


def data_bytes(megabytes: Decimal) -> int:
    """The bytes of an amount of data, a part of a byte left out. Raises BadValue."""
    return _whole(megabytes, MEGABYTE)


def cost(amount: Decimal, currency: str) -> Money:
    """What something costs us, never less than it does. Raises BadValue."""
    return Money(-_whole(amount.copy_negate(), 10 ** minor_digits(currency)), currency)


def credit(amount: Decimal, currency: str) -> Money:
    """What we have with Airalo, never more than it is; below zero, we owe. Raises BadValue."""
    return Money(_whole(amount, 10 ** minor_digits(currency)), currency)


def _whole(amount: Decimal, factor: int) -> int:
    """`amount` times `factor`, rounded down; nothing here is rounded before, as Decimal would."""
    if not amount.is_finite() or amount.copy_abs() > LARGEST:
        raise BadValue("not an amount of anything")
    whole = math.floor(Fraction(amount) * factor)
    if abs(whole) > LARGEST:
        raise BadValue("more than can be kept")
    return whole
