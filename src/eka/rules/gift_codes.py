"""Codes that people read off a screen or a card and type: how they are spelled, and read again.

Crockford's base 32: no I, L, O or U, so that nothing looks like something else; who types them all
the same means 1, 1 and 0. The last character is a check over GF(32): one wrong character, or any
two exchanged, never gives another code.
"""

import re
import unicodedata
from typing import Any, Literal

from msgspec import Struct

from eka.rules.documents import Node, from_plain, read_choice
from eka.rules.plan_text import money, positive_data, positive_duration
from eka.rules.units import Duration, Money, format_data, format_duration, format_money

GivenAs = Literal["topup", "bonus"]
GIVEN_AS: tuple[GivenAs, ...] = ("topup", "bonus")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16  # with the check character: 75 bits that nobody guesses
INVITATION_LENGTH = 8  # is no secret, and is to be remembered
GROUP = 4
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_MEANT = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212_.·]+")


def bits(length: int = LENGTH) -> int:
    """How many bits of chance a code of this length holds."""
    return 5 * (length - 1)


def spell(number: int, length: int = LENGTH) -> str:
    """The code of a number of `bits(length)` bits, its check character last."""
    values = [number >> 5 * place & 31 for place in reversed(range(length - 1))]
    return "".join(ALPHABET[value] for value in [*values, _check(values)])


def read_code(text: str, length: int = LENGTH) -> str | None:
    """The code that somebody meant by what they typed; None where it cannot be one."""
    typed = _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper().translate(_MEANT)
    if len(typed) != length or not set(typed) <= set(ALPHABET):
        return None
    values = [_VALUES[character] for character in typed]
    return typed if _check(values[:-1]) == values[-1] else None


def grouped(code: str) -> str:
    """The code as it is shown: XXXX-XXXX-XXXX-XXXX."""
    return "-".join(code[i : i + GROUP] for i in range(0, len(code), GROUP))


def _check(values: list[int]) -> int:
    """The sum of the values, each times a power of x of its own, modulo x^5 + x^2 + 1.

    That polynomial is primitive: the first 31 powers differ, so a code has at most 31 characters.
    """
    total = 0
    for value in values:
        total = _times_x(total) ^ value
    return _times_x(total)


def _times_x(value: int) -> int:
    return value << 1 if value < 16 else value << 1 ^ 0b100101


# ------------------------------------------------------------------------- what a code is good for


class GiftMoney(Struct, frozen=True, tag="money"):
    """Money for the wallet."""

    money: Money


class GiftData(Struct, frozen=True, tag="data"):
    """Data for a line: bought (`topup`, a refill code) or given (`bonus`)."""

    data: int
    validity: Duration
    kind: GivenAs = "topup"


class GiftRenewal(Struct, frozen=True, tag="renewal"):
    """The next period of a line on a plan, under the terms it is sold with on that day."""

    plan: str


Gift = GiftMoney | GiftData | GiftRenewal


def gift_to_text(gift: Gift) -> dict[str, Any]:
    """The gift as plain values: `{money: 20.00 USD}`, `{data: 5GB, validity: 30d}`, `{plan: X}`."""
    match gift:
        case GiftMoney():
            return {"money": format_money(gift.money)}
        case GiftData():
            data, validity = format_data(gift.data), format_duration(gift.validity)
            return {"data": data, "validity": validity, "kind": gift.kind}
        case GiftRenewal():
            return {"plan": gift.plan}


def gift_from_text(text: dict[str, Any]) -> Gift:
    """The reverse of `gift_to_text`. Raises BadInput."""
    with from_plain(text).fields() as fields:
        if fields.has("money"):
            return GiftMoney(fields.need("money", _some_money))
        if fields.has("plan"):
            return GiftRenewal(fields.need("plan", Node.text))
        return GiftData(
            data=fields.need("data", positive_data),
            validity=fields.need("validity", positive_duration),
            kind=fields.take("kind", read_choice(*GIVEN_AS), "topup"),
        )


def _some_money(node: Node) -> Money:
    worth = money(node)
    if worth.minor == 0:
        raise node.fail("an amount above zero is needed")
    return worth
