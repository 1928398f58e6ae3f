"""What eSIM Access says, down to the odd things."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateways.suppliers.esimaccess.stage import GIB, NOON, Odd, Shop, ask, listed, profile

from eka.gateways.suppliers.esimaccess import EsimAccessSettings
from eka.gateways.suppliers.esimaccess.messages import Profiles, cost, credit, instant, price
from eka.gateways.suppliers.terms import (
    Held,
    Package,
    SupplierRefused,
    SupplierUnavailable,
)
from eka.rules.units import BadValue, Money

HELD = Held(iccid="8943108170000775671", reference="23120118156818")


@given(st.integers(0, 10**12))
def test_a_cost_is_rounded_up_and_credit_down_by_less_than_a_cent(units: int) -> None:
    assert 0 <= price(cost(units)) - units < 100
    assert 0 <= units - price(credit(units)) < 100


@given(st.integers(0, 10**10), st.integers(0, 10**8))
def test_what_costs_at_most_so_much_does_so_in_whole_cents_too(units: int, cents: int) -> None:
    most = Money(cents, "USD")
    assert (units <= price(most)) == (cost(units).minor <= cents)


def test_a_cost_in_a_currency_without_decimals() -> None:
    assert cost(1_500_000, "JPY") == Money(150, "JPY")


def test_what_is_sold(shop: Shop) -> None:
    packages = {package.code: package for package in shop.supplier.packages()}
    assert packages["JC016"] == Package(
        code="JC016",
        title="Asia 6 areas 3GB 15Days",
        data=3 * GIB,
        days=15,
        cost=Money(430, "USD"),  # of 4.2999
        countries=("CN", "HK", "MO", "JP", "KR", "TH"),
        networks=(
            *("China Unicom 5G", "China Mobile 4G", "CMHK 5G", "CTM 4G", "IIJ 4G", "SoftBank 5G"),
            *("SK Telecom 5G", "AIS 5G", "DTAC 5G"),
        ),
    )
    assert packages["TOPUP_JC016"].top_up_of == "JC016"
    assert "TOPUP_PGB500" not in packages
    assert "PJPDAILY" not in packages  # by the day
    assert len(packages) == 11


def test_a_package_in_months_or_without_networks(odd: Odd) -> None:
    offer = {
        "packageCode": "CKH139",
        "name": "Slovenia 5GB 30Days",
        "price": 112500,
        "volume": 5368709120,
        "duration": 30,
        "durationUnit": "DAY",
        "location": "SI",
        "locationNetworkList": [{"locationName": "Slovenia", "operatorList": []}],
    }
    odd.says({"packageList": [offer, {**offer, "durationUnit": "MONTH"}]}, {"packageList": None})
    [package] = odd.supplier.packages()
    assert (package.cost, package.countries, package.networks) == (
        Money(1125, "USD"),
        ("SI",),
        (),
    )


def test_the_account_is_shown_in_cents(odd: Odd) -> None:
    odd.says({"balance": 940_099})
    assert odd.supplier.balance() == Money(9400, "USD")


def test_booleans_and_numbers_may_be_texts(odd: Odd) -> None:
    odd.says({"balance": "940000"}, success="true", errorCode=None)
    assert odd.supplier.balance() == Money(9400, "USD")
    odd.says(None, success="false", errorCode=200007)
    with pytest.raises(SupplierRefused) as refused:
        odd.supplier.balance()
    assert refused.value.why == "no_credit"


def test_the_documentations_example_is_understood(odd: Odd) -> None:
    odd.says(listed(profile()))
    ready = odd.supplier.look(ask(), "B23120118131854")
    assert ready.profile is not None
    assert ready.profile.iccid == "8943108170000775671"
    odd.says(listed(profile(iccid="8910300000059824319")))  # its check digit is wrong
    assert odd.supplier.look(ask(), "B23120118131854").status == "ready"


@pytest.mark.parametrize(
    "said",
    [
        {"esimStatus": "GETTING_RESOURCE"},
        {"esimStatus": "PAID", "iccid": None, "ac": None, "smdpStatus": None},
        {"iccid": ""},
        {"ac": None},
    ],
)
def test_a_profile_that_is_not_whole_yet(odd: Odd, said: dict[str, object]) -> None:
    odd.says(listed(profile(**said)))
    assert odd.supplier.look(ask(), "B1").status == "pending"


def test_an_order_without_profiles_is_pending(odd: Odd) -> None:
    for answer in (listed(), {"esimList": None}):
        odd.says(answer)
        assert odd.supplier.look(ask(), "B1").status == "pending"


def test_profiles_that_are_allocated_hold_up_no_list(odd: Odd) -> None:
    odd.says(None, success=False, errorCode="200010")
    assert odd.supplier.look(ask(), "").status == "pending"


def test_somebody_elses_order_is_never_delivered(odd: Odd) -> None:
    odd.says(listed(profile(transactionId="ORDER2")))
    with pytest.raises(SupplierUnavailable, match="not ORDER1"):
        odd.supplier.look(ask(), "B1")


@pytest.mark.parametrize(
    "broken",
    [{"ac": "LPA:1$rsp.example$SECRET_1"}, {"ac": "SECRET"}, {"iccid": "SECRET"}],
)
def test_a_code_that_no_phone_reads_is_not_repeated(odd: Odd, broken: dict[str, str]) -> None:
    odd.says(listed(profile(**broken)))
    with pytest.raises(SupplierUnavailable) as unavailable:
        odd.supplier.look(ask(), "B1")
    shown = f"{unavailable.value!r} {unavailable.value.__cause__!r}"
    assert "SECRET" not in shown


def test_a_page_of_profiles_does_not_show_their_codes() -> None:
    page = msgspec.convert(listed(profile()), Profiles)
    assert "RELEASED" in repr(page)
    assert "43DE23C6" not in repr(page)


def test_words_that_are_not_known(odd: Odd) -> None:
    odd.says(listed(profile(esimStatus="DREAMING", smdpStatus="FLYING")))
    assert odd.supplier.progress(HELD) is None
    [report] = odd.supplier.usage([HELD])
    assert (report.status, report.used) == ("unknown", 0)


@pytest.mark.parametrize(
    ("esim_status", "status"),
    [
        ("GOT_RESOURCE", "not_active"),
        ("IN_USE", "active"),
        ("USED_UP", "finished"),
        ("USED_EXPIRED", "expired"),
        ("UNUSED_EXPIRED", "expired"),
        ("SUSPENDED", "suspended"),
        ("CANCEL", "unknown"),
        ("REVOKE", "unknown"),
    ],
)
def test_every_status_of_data(odd: Odd, esim_status: str, status: str) -> None:
    odd.says(listed(profile(esimStatus=esim_status, expiredTime=None, totalVolume=None)))
    [report] = odd.supplier.usage([HELD])
    assert (report.status, report.total, report.expires_at) == (status, None, None)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-03-10T12:00:00+0000", 12),
        ("2026-03-10T12:00:00Z", 12),
        ("2026-03-10T20:00:00+0800", 12),
        ("2026-03-10T12:00:00", 12),  # the docs: times are in UTC
        ("2026-03-10T12:00+00:00", 12),
    ],
)
def test_a_time_has_its_zone(text: str, hour: int) -> None:
    assert instant(text) == datetime(2026, 3, 10, hour, tzinfo=UTC)


def test_a_time_that_is_none(odd: Odd) -> None:
    odd.says(listed(profile(expiredTime="soon")))
    with pytest.raises(SupplierUnavailable):
        odd.supplier.usage([HELD])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"<html>", b"\xff", b'{"success":true,"obj":{"balance":1.5}}']
)
@pytest.mark.parametrize("status", [200, 302, 404, 502])
def test_what_is_no_answer_says_nothing(odd: Odd, body: bytes, status: int) -> None:
    odd.answers(body, status=status)
    with pytest.raises(SupplierUnavailable):
        odd.supplier.balance()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("200005", "wrong_price"),
        ("200006", "wrong_price"),
        ("200007", "no_credit"),
        ("200011", "no_stock"),
        ("310241", "wrong_package"),
        ("310243", "wrong_package"),
        ("310403", "recycled"),
        ("101001", "other"),
        ("101002", "other"),
        ("200008", "other"),
        ("777777", "other"),
    ],
)
def test_every_no(odd: Odd, code: str, why: str) -> None:
    odd.says(None, success=False, errorCode=code, errorMsg="No")
    with pytest.raises(SupplierRefused, match="No") as refused:
        odd.supplier.order(ask())
    assert (refused.value.why, refused.value.code) == (why, code)


@pytest.mark.parametrize("code", ["000001", "900001", "", None, "0"])
def test_a_no_that_does_not_say_whether_it_was_done(odd: Odd, code: str | None) -> None:
    odd.says(None, success=False, errorCode=code)
    with pytest.raises(SupplierUnavailable):
        odd.supplier.order(ask())


@pytest.mark.parametrize(
    ("said", "wait_s"), [({}, 1), ({"retry_after": "7"}, 7), ({"retry_after": "9" * 30}, 3600)]
)
def test_too_many_requests(odd: Odd, said: dict[str, str], wait_s: int) -> None:
    for body in (b"slow down", b'{"success":false,"errorCode":"200011"}'):
        odd.answers(body, status=429, **said)
        with pytest.raises(SupplierUnavailable) as unavailable:
            odd.supplier.order(ask())
        assert unavailable.value.wait_s == wait_s


def test_settings_are_read_and_do_not_show_the_keys() -> None:
    fields = {"access_code": "CODE", "secret_key": "SECRET", "notice_token": "T" * 20}
    settings = msgspec.convert(fields, EsimAccessSettings)
    assert settings.base == "https://api.esimaccess.com/api/v1/open"
    shown = repr(settings)
    assert not any(value in shown for value in fields.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"access_code": ""},
        {"secret_key": ""},
        {"notice_token": "short"},
        {"notice_token": "/" * 20},
    ],
)
def test_settings_that_do_not_do(wrong: dict[str, str]) -> None:
    with pytest.raises((BadValue, msgspec.ValidationError)):
        msgspec.convert({"access_code": "CODE", "secret_key": "KEY", **wrong}, EsimAccessSettings)


def test_a_repeated_number_that_is_in_no_list_yet(odd: Odd) -> None:
    odd.answers(
        b'{"success":false,"errorCode":"310402"}',
        b'{"success":true,"obj":{"esimList":[],"pager":{"total":0}}}',
    )
    assert odd.supplier.order(ask()).status == "pending"
    odd.answers(
        b'{"success":false,"errorCode":"310402"}',
        msgspec.json.encode({"success": True, "obj": listed(profile(packageList=None))}),
    )
    assert odd.supplier.order(ask(asked_at=NOON)).status == "ready"


def test_a_list_without_end_is_given_up(odd: Odd) -> None:
    odd.says({"esimList": [], "pager": {"total": 10**9}})
    with pytest.raises(SupplierUnavailable, match="too many"):
        odd.supplier.look(ask(), "")
