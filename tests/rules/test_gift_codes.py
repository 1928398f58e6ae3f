"""Codes survive being read off a card and typed, and slips of the finger are noticed."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eka.rules.documents import BadInput
from eka.rules.gift_codes import (
    ALPHABET,
    INVITATION_LENGTH,
    LENGTH,
    GiftData,
    GiftMoney,
    GiftRenewal,
    bits,
    gift_from_text,
    gift_to_text,
    grouped,
    read_code,
    spell,
)
from eka.rules.units import Duration, Money

codes = st.integers(0, 2 ** bits() - 1).map(spell)


@given(codes)
def test_a_code_is_read_back_as_it_was_shown(code: str) -> None:
    assert len(code) == LENGTH
    assert read_code(grouped(code)) == code


@given(st.sets(st.integers(0, 2 ** bits() - 1), min_size=2, max_size=2))
def test_two_numbers_are_two_codes(numbers: set[int]) -> None:
    assert len({spell(number) for number in numbers}) == 2


def test_a_code_is_shown_in_fours() -> None:
    assert grouped(spell(1)) == "0000-0000-0000-0012"
    assert grouped(spell(1, INVITATION_LENGTH)) == "0000-0012"


@pytest.mark.parametrize(
    "typed",
    [
        "0000 0000 0000 0012",
        "oooo-OOOO-0000-0oI2",
        " 00000000—0000–00l2 ",
        "００００－００００－００００－００１２",
        "0000.0000.0000.0012\n",
    ],
)
def test_what_people_type_is_understood(typed: str) -> None:
    assert read_code(typed) == spell(1)


@pytest.mark.parametrize(
    "typed",
    ["", "0000-0000-0000-001", "0000-0000-0000-00122", "UUUU-0000-0000-0012", "卡卡卡卡", "½" * 16],
)
def test_what_cannot_be_a_code(typed: str) -> None:
    assert read_code(typed) is None


@given(codes, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(code: str, place: int, other: str) -> None:
    assume(code[place] != other)
    assert read_code(code[:place] + other + code[place + 1 :]) is None


@given(codes, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_two_characters_exchanged_are_noticed(code: str, one: int, other: int) -> None:
    assume(code[one] != code[other])
    typed = list(code)
    typed[one], typed[other] = typed[other], typed[one]
    assert read_code("".join(typed)) is None


def test_nothing_in_the_alphabet_looks_like_something_else() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@pytest.mark.parametrize(
    "gift",
    [
        GiftMoney(Money(2000, "USD")),
        GiftData(5 * 10**9, Duration(seconds=30 * 86400)),
        GiftData(10**9, Duration(months=1), "bonus"),
        GiftRenewal("att-prepaid-4gb"),
    ],
)
def test_what_a_card_gives_reads_back(gift: GiftMoney | GiftData | GiftRenewal) -> None:
    assert gift_from_text(gift_to_text(gift)) == gift


@pytest.mark.parametrize(
    "text",
    [
        {},
        {"money": "20 dollars"},
        {"money": "0.00 USD"},
        {"data": "1GB"},
        {"data": "0B", "validity": "1d"},
        {"money": "1.00 USD", "plan": "x"},
        {"data": "1GB", "validity": "30d", "kind": "plan"},
    ],
)
def test_a_card_that_gives_nothing_sensible(text: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        gift_from_text(text)
