"""Data: what Alice has used, what she buys in addition, and what Airalo says of her phone."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateways.suppliers.airalo.stage import (
    GIB,
    JAPAN_3,
    JAPAN_TOP_UP,
    MIB,
    UNLIMITED,
    Airalo,
    dollars,
    held,
    top_up_ask,
)

from eka.gateways.suppliers.airalo.amounts import cost, credit, data_bytes
from eka.gateways.suppliers.terms import (
    Held,
    Progress,
    SupplierRefused,
    SupplierUnavailable,
    UsageReport,
)
from eka.rules.units import BadValue, Money


def usage(airalo: Airalo, iccid: str) -> UsageReport:
    [report] = airalo.supplier.usage([Held(iccid=iccid)])
    assert report.iccid == iccid
    return report


def test_totals_as_alice_uses_data(airalo: Airalo) -> None:
    iccid = airalo.profile("ORDER1", JAPAN_3).iccid
    report = usage(airalo, iccid)
    assert (report.status, report.total, report.used) == ("not_active", 3 * GIB, 0)
    assert (report.at, report.expires_at) == (None, None)
    airalo.act(iccid, "enable")
    airalo.act(iccid, "use", bytes=100 * MIB)
    airalo.act(iccid, "use", bytes=1)
    report = usage(airalo, iccid)
    # A begun megabyte counts as used: Airalo tells what is left in whole ones.
    assert (report.status, report.total, report.used) == ("active", 3 * GIB, 101 * MIB)
    assert report.expires_at is not None
    assert (report.expires_at - airalo.clock.now()).days == 30


def test_data_that_is_used_up_and_time_that_is_over(airalo: Airalo) -> None:
    iccid = airalo.profile().iccid
    airalo.act(iccid, "enable")
    airalo.act(iccid, "use", bytes=2 * GIB)
    report = usage(airalo, iccid)
    assert (report.status, report.total, report.used) == ("finished", GIB, GIB)
    airalo.clock.forward(days=7)
    assert usage(airalo, iccid).status == "expired"


def test_without_end_there_are_no_totals(airalo: Airalo) -> None:
    iccid = airalo.profile("ORDER1", UNLIMITED).iccid
    airalo.act(iccid, "enable")
    airalo.act(iccid, "use", bytes=GIB)
    report = usage(airalo, iccid)
    assert (report.status, report.total, report.used) == ("active", None, None)


def test_data_on_top(airalo: Airalo) -> None:
    iccid = airalo.profile().iccid
    airalo.act(iccid, "enable")
    airalo.act(iccid, "use", bytes=GIB)
    bought = airalo.supplier.top_up(top_up_ask(iccid, "DATA01", most=dollars(360)))
    assert (bought.status, bought.profile, bought.cost) == ("ready", None, dollars(360))
    assert airalo.supplier.look_top_up(top_up_ask(iccid, "DATA01"), bought.reference) == bought
    report = usage(airalo, iccid)
    assert (report.status, report.total, report.used) == ("active", 2 * GIB, GIB)
    assert report.expires_at is not None
    assert (report.expires_at - airalo.clock.now()).days == 14


def test_a_lost_answer_brings_no_second_top_up(airalo: Airalo) -> None:
    iccid = airalo.profile().iccid
    airalo.mischief(mute=1000)
    with pytest.raises(SupplierUnavailable):
        airalo.supplier.top_up(top_up_ask(iccid))
    airalo.mischief()
    assert airalo.supplier.look_top_up(top_up_ask(iccid), "").status == "ready"
    assert usage(airalo, iccid).total == 2 * GIB


def test_data_that_is_too_dear_or_does_not_fit(airalo: Airalo) -> None:
    alices, bobs = airalo.profile("ORDER1"), airalo.profile("ORDER2", UNLIMITED)
    for ask, why in (
        (top_up_ask(alices.iccid, most=dollars(359)), "wrong_price"),
        (top_up_ask(alices.iccid, package="eurolink-7days-1gb-topup"), "wrong_package"),
        (top_up_ask(bobs.iccid, package="elan-7days-1gb-topup"), "not_renewable"),
        (top_up_ask("8910300000000009999"), "other"),
    ):
        with pytest.raises(SupplierRefused) as refused:
            airalo.supplier.top_up(ask)
        assert refused.value.why == why
    assert usage(airalo, alices.iccid).total == GIB


def test_a_profile_that_is_not_ours_any_more(airalo: Airalo) -> None:
    profile = airalo.profile()
    airalo.trouble(recycled=True)
    with pytest.raises(SupplierRefused) as refused:
        airalo.supplier.top_up(top_up_ask(profile.iccid))
    assert (refused.value.why, refused.value.code) == ("recycled", "73")
    with pytest.raises(SupplierRefused) as refused:
        airalo.supplier.usage([held(profile)])
    assert refused.value.why == "recycled"
    with pytest.raises(SupplierRefused, match="73"):
        airalo.supplier.progress(held(profile))


def test_a_profile_that_airalo_does_not_know(airalo: Airalo) -> None:
    alices, stranger = held(airalo.profile()), Held(iccid="8910300000000009999")
    for asked in ([stranger], [alices, stranger]):
        with pytest.raises(SupplierRefused, match="HTTP_404"):
            airalo.supplier.usage(asked)


def test_the_phone_as_far_as_airalo_knows(airalo: Airalo) -> None:
    """Only that it was in a network; a profile nobody downloaded and one deleted look alike."""
    profile = airalo.profile()
    for act in ("download", "install"):
        airalo.act(profile.iccid, act)
        assert airalo.supplier.progress(held(profile)) is None
    used = Progress(iccid=profile.iccid, event="enabled")
    airalo.act(profile.iccid, "enable")
    assert airalo.supplier.progress(held(profile)) == used
    airalo.act(profile.iccid, "use", bytes=GIB)
    assert airalo.supplier.progress(held(profile)) == used
    airalo.act(profile.iccid, "expire")
    assert airalo.supplier.progress(held(profile)) is None


def test_our_credit(airalo: Airalo) -> None:
    airalo.trouble(credit=12_345)
    assert airalo.supplier.balance() == dollars(12_345)
    iccid = airalo.profile().iccid
    airalo.supplier.top_up(top_up_ask(iccid, package=JAPAN_TOP_UP))
    assert airalo.supplier.balance() == dollars(12_345 - 720)


@given(st.integers(0, 2**63 - 1))
def test_megabytes_are_exactly_bytes(amount: int) -> None:
    divided_by_2_to_the_20 = Decimal(f"{amount * 5**20}E-20")
    assert data_bytes(divided_by_2_to_the_20) == amount
    assert data_bytes(Decimal(amount // MIB)) == amount // MIB * MIB


@given(st.decimals(0, 10**12, places=5))
def test_money_is_rounded_against_us(amount: Decimal) -> None:
    costs, have = cost(amount, "USD").minor, credit(amount, "USD").minor
    assert costs - 1 < amount * 100 <= costs
    assert have <= amount * 100 < have + 1


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999999", "9e18"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(BadValue):
        data_bytes(Decimal(text))
    with pytest.raises(BadValue):
        cost(Decimal(text), "USD")


def test_a_debt_and_a_money_without_cents() -> None:
    assert credit(Decimal("-0.005"), "USD") == Money(-1, "USD")
    assert cost(Decimal("616.67"), "JPY") == Money(617, "JPY")
