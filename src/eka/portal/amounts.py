"""An amount of money as people type it."""

import re
import unicodedata

from eka.rules.units import BadValue, Money, parse_money

PLAIN = re.compile(r"[0-9]{1,9}([.,][0-9]{1,3})?")


def read_amount(text: str, currency: str) -> Money | None:
    """The amount that was meant, above zero; None where it is none."""
    typed = unicodedata.normalize("NFKC", text).replace(" ", "")
    if not PLAIN.fullmatch(typed):
        return None
    try:
        amount = parse_money(f"{typed.replace(',', '.')} {currency}")
    except BadValue:
        return None
    return amount if amount.minor else None
