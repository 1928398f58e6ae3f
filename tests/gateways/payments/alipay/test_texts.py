"""Money and time as Alipay writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.gateways.payments.alipay.texts import (
    FEN_MAX,
    format_beijing,
    format_yuan,
    parse_beijing,
    parse_yuan,
    title,
)
from eka.gateways.payments.sandbox.alipay import writing
from eka.rules.units import BadValue, Money

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.integers(1, FEN_MAX))
def test_an_amount_survives_the_way_through_yuan(fen: int) -> None:
    text = format_yuan(fen)
    whole, point, decimals = text.rpartition(".")
    assert (point, len(decimals)) == (".", 2)
    assert int(whole + decimals) == fen
    assert parse_yuan(text) == Money(fen, "CNY")
    assert parse_yuan(f"-{text}") == Money(-fen, "CNY")
    assert text == writing.yuan(fen)


@pytest.mark.parametrize(("text", "fen"), [("20", 2000), ("0.5", 50), ("0.05", 5), ("0", 0)])
def test_amounts_are_read_as_alipays_examples_write_them(text: str, fen: int) -> None:
    assert parse_yuan(text) == Money(fen, "CNY")


@pytest.mark.parametrize(
    "text", ["", "1.", ".5", "1.999", "1e3", "+1.00", " 1.00", "1,000.00", "١.٠٠", "NaN", "1.00\n"]
)
def test_what_is_no_amount_is_not_read_as_one(text: str) -> None:
    with pytest.raises(BadValue):
        parse_yuan(text)


@pytest.mark.parametrize("fen", [0, -1, FEN_MAX + 1])
def test_nobody_sends_what_alipay_does_not_move(fen: int) -> None:
    with pytest.raises(BadValue):
        format_yuan(fen)


def test_a_float_that_got_past_the_types_is_not_sent() -> None:
    with pytest.raises(ValueError, match="format code"):
        format_yuan(1999.0)  # type: ignore[arg-type]


@given(INSTANTS)
def test_a_deadline_is_never_later_than_ours(instant: datetime) -> None:
    read = parse_beijing(format_beijing(instant))
    assert timedelta(0) <= instant - read < timedelta(seconds=1)


def test_alipays_clock_hangs_in_beijing() -> None:
    assert format_beijing(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == "2027-01-01 00:00:00"


@pytest.mark.parametrize("text", ["", "2026-03-10", "2026-02-30 00:00:00", "0001-01-01 00:00:00"])
def test_what_is_no_time_is_not_read_as_one(text: str) -> None:
    with pytest.raises(BadValue):
        parse_beijing(text)


def test_a_title_has_nothing_that_alipay_forbids_or_that_could_pass_for_a_field() -> None:
    assert title("A/B & C=1,\n D") == "A／B ＆ C＝1， D"
    assert len(title("流" * 1000)) == 128
