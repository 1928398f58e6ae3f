"""Tokens that end, limits that are reached, and answers that say nothing."""

import json
from collections.abc import Callable

import msgspec
import pytest
from tests.gateways.suppliers.airalo.stage import (
    JAPAN,
    Airalo,
    Odd,
    OddAiralo,
    ask,
    dollars,
    held,
    top_up_ask,
)

from eka.gateways.suppliers.airalo import AiraloSettings, AiraloSupplier
from eka.gateways.suppliers.terms import Held, SupplierRefused, SupplierUnavailable
from eka.rules.supply import Refusal

ICCID = "8910300000000000017"
SIM = {"iccid": ICCID, "qrcode": "LPA:1$lpa.airalo.com$TEST"}
ORDER = {"id": 1, "description": "ORDER1", "price": "9.50", "currency": "USD", "sims": [SIM]}


def enveloped(data: object) -> bytes:
    return json.dumps({"data": data, "meta": {"message": "success"}}).encode()


def tokens(airalo: Airalo) -> int:
    return airalo.sandbox.records.count("token")


def test_a_token_is_used_until_its_last_minute(airalo: Airalo) -> None:
    airalo.supplier.balance()
    airalo.clock.forward(hours=23, minutes=58)
    airalo.supplier.balance()
    assert tokens(airalo) == 1
    airalo.clock.forward(minutes=1)
    airalo.supplier.balance()
    assert tokens(airalo) == 2


def test_a_token_that_ends_too_soon_is_renewed(airalo: Airalo) -> None:
    airalo.supplier.balance()
    [known] = airalo.sandbox.records.all("token")
    airalo.sandbox.records.drop("token", known["token"])
    assert airalo.supplier.order(ask()).status == "ready"
    assert airalo.sold() == ["ORDER1"]
    assert tokens(airalo) == 1


def test_a_wrong_secret(airalo: Airalo) -> None:
    shop = airalo.supplier_with(client_secret="another")
    with pytest.raises(SupplierRefused) as refused:
        shop.order(ask())
    assert (refused.value.why, refused.value.code) == ("other", "HTTP_401")
    assert "another" not in repr(refused.value)


def test_the_secret_is_in_no_traceback(airalo: Airalo) -> None:
    settings = msgspec.convert(airalo.sandbox.settings(), AiraloSettings)
    assert settings.client_secret not in repr(settings) + str(settings)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**airalo.sandbox.settings(), "asynchronus": True}, AiraloSettings)


def test_a_request_signed_with_another_secret(airalo: Airalo) -> None:
    """The token is good, and the checksum is not."""
    fields = {"package_id": JAPAN, "quantity": 1}
    headers = {"airalo-signature": "0" * 128}
    answer = airalo.called("POST", "orders", json=fields, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, 14)
    assert airalo.sold() == []


def test_too_many_tokens(airalo: Airalo) -> None:
    airalo.sandbox.strict = True
    for _ in range(3):
        airalo.supplier_with().balance()
    with pytest.raises(SupplierUnavailable) as busy:
        airalo.supplier_with().balance()
    assert busy.value.wait_s == 60
    airalo.clock.forward(seconds=60)
    assert airalo.supplier_with().balance() == dollars(1_000_000)


def test_usage_that_is_asked_for_too_often(airalo: Airalo) -> None:
    """Five a second are answered; the rest has to wait, and the five are not lost."""
    profiles = [held(airalo.profile(f"ORDER{number}")) for number in range(7)]
    airalo.sandbox.strict = True
    reports = airalo.supplier.usage(profiles)
    assert [report.iccid for report in reports] == [profile.iccid for profile in profiles[:5]]
    with pytest.raises(SupplierUnavailable) as busy:
        airalo.supplier.usage(profiles[5:])
    assert busy.value.wait_s == 1
    airalo.clock.forward(seconds=1)
    assert len(airalo.supplier.usage(profiles[5:])) == 2


def test_one_profile_that_is_asked_about_too_often(airalo: Airalo) -> None:
    profile = held(airalo.profile())
    airalo.sandbox.strict = True
    for _ in range(10):
        airalo.supplier.usage([profile])
        airalo.clock.forward(seconds=1)
    with pytest.raises(SupplierUnavailable) as busy:
        airalo.supplier.usage([profile])
    assert busy.value.wait_s == 50


def test_one_answer_that_says_nothing_holds_up_no_others(odd: Odd) -> None:
    good, bad = (200, enveloped({"remaining": 1, "total": 1, "status": "ACTIVE"})), (200, b"{}")
    profiles = [Held(iccid=f"89103000000000000{number}") for number in range(10, 16)]
    odd.says(bad, good, bad, good, bad, good)
    asked = [report.iccid for report in odd.supplier.usage(profiles)]
    assert asked == [profiles[1].iccid, profiles[3].iccid]
    assert isinstance(odd.sandbox, OddAiralo)
    assert len(odd.sandbox.heard) == 5


def test_how_often_usage_may_be_asked_for(airalo: Airalo) -> None:
    assert airalo.supplier.usage_per_minute == 240
    assert airalo.supplier_with(usage_per_minute=40).usage_per_minute == 40


def test_airalo_is_out_of_order(airalo: Airalo) -> None:
    airalo.mischief(down=True)
    for call in CALLS:
        with pytest.raises(SupplierUnavailable):
            call(airalo.supplier)


def test_nobody_is_there(airalo: Airalo) -> None:
    with pytest.raises(SupplierUnavailable):
        airalo.supplier_with(api_base="http://127.0.0.1:9/v2").balance()


CALLS: list[Callable[[AiraloSupplier], object]] = [
    lambda shop: shop.order(ask()),
    lambda shop: shop.order(ask(most=dollars(360))),
    lambda shop: shop.look(ask(), ""),
    lambda shop: shop.look(ask(), "1"),
    lambda shop: shop.top_up(top_up_ask(ICCID)),
    lambda shop: shop.look_top_up(top_up_ask(ICCID), "1"),
    lambda shop: shop.usage([Held(iccid=ICCID)]),
    lambda shop: shop.progress(Held(iccid=ICCID)),
    lambda shop: shop.packages(),
    lambda shop: shop.balance(),
    lambda shop: shop.subscribe("http://127.0.0.1:9/notify"),
]


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (502, b"<html>Bad gateway</html>"),
        (302, b""),
        (408, b""),
        (409, b"{}"),
        (429, b""),
        (200, b""),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b"[1]"),
        (200, b'{"more": ' + b"[" * 100_000),
        (200, b'{"data": "1"}'),
        (422, b'{"code": 53, "reason": "Something unexpected happened."}'),
    ],
    ids=lambda answer: f"{answer[0]}-{answer[1][:16]!r}",
)
def test_an_answer_that_says_nothing(odd: Odd, answer: tuple[int, bytes]) -> None:
    odd.says(answer)
    for call in CALLS:
        with pytest.raises(SupplierUnavailable):
            call(odd.supplier)


def test_a_429_that_does_not_say_how_long(odd: Odd) -> None:
    odd.says((429, b""))
    with pytest.raises(SupplierUnavailable) as busy:
        odd.supplier.order(ask())
    assert busy.value.wait_s == 60


@pytest.mark.parametrize(
    ("status", "body", "why", "code"),
    [
        (422, {"code": 11, "reason": "Insufficient Airalo Credit"}, "no_credit", "11"),
        (422, {"code": "33", "reason": None}, "no_stock", "33"),
        (422, {"code": 999}, "other", "999"),
        (422, {"data": {"package_id": "is invalid"}}, "wrong_package", "package_id"),
        (422, {"data": {"quantity": "too many"}}, "other", "quantity"),
        (422, {"data": []}, "other", "HTTP_422"),
        (403, {"meta": {"message": "Forbidden"}}, "other", "HTTP_403"),
        (401, {}, "other", "HTTP_401"),
        (400, [], "other", "HTTP_400"),
    ],
)
def test_a_no_in_whatever_form(
    odd: Odd, status: int, body: object, why: Refusal, code: str
) -> None:
    odd.says((status, json.dumps(body).encode()))
    with pytest.raises(SupplierRefused) as refused:
        odd.supplier.order(ask())
    assert (refused.value.why, refused.value.code) == (why, code)


@pytest.mark.parametrize(
    "sim",
    [
        {"iccid": ICCID},
        {"iccid": "", "qrcode": SIM["qrcode"]},
        {"iccid": ICCID, "qrcode": "https://www.airalo.com/qr"},
        {"iccid": ICCID, "lpa": "lpa.airalo.com", "matching_id": "with space"},
    ],
)
def test_a_profile_that_nobody_could_install_is_no_answer(odd: Odd, sim: object) -> None:
    odd.says((200, enveloped({**ORDER, "sims": [sim]})))
    with pytest.raises(SupplierUnavailable):
        odd.supplier.order(ask())


def test_a_code_in_its_parts_and_a_price_without_net(odd: Odd) -> None:
    sim = {
        "iccid": "891000000000009125",
        "lpa": "lpa.airalo.com",
        "matching_id": "TEST",
        "confirmation_code": "5751",
        "apn_value": "singleall",
        "msisdn": None,
    }
    odd.says((200, enveloped({**ORDER, "sims": [sim], "unheard-of": [1]})))
    ordered = odd.supplier.order(ask())
    assert ordered.profile is not None
    assert ordered.profile.activation_code == "LPA:1$lpa.airalo.com$TEST"
    assert (ordered.profile.confirmation_code, ordered.profile.apn) == ("5751", "singleall")
    assert ordered.cost == dollars(950)


def test_an_order_without_its_profile_is_looked_at_again(odd: Odd) -> None:
    odd.says((200, enveloped({**ORDER, "sims": []})), (200, enveloped(ORDER)))
    pending = odd.supplier.order(ask())
    assert (pending.status, pending.reference) == ("pending", "1")
    assert odd.supplier.look(ask(), "1").status == "ready"


@pytest.mark.parametrize("slug", ["failed", "refunded"])
def test_an_order_that_came_to_nothing(odd: Odd, slug: str) -> None:
    odd.says((200, enveloped({**ORDER, "status": {"name": slug, "slug": slug}})))
    found = odd.supplier.look(ask(), "1")
    assert (found.status, found.why, found.code) == ("refused", "other", slug)


def test_without_the_right_to_ask_everything_is_refused(odd: Odd) -> None:
    odd.says((403, b"{}"))
    for call in CALLS:
        with pytest.raises(SupplierRefused, match="HTTP_403"):
            call(odd.supplier)


def test_an_order_in_a_list_that_is_not_understood(odd: Odd) -> None:
    odd.says((200, json.dumps({"data": [{**ORDER, "sims": [{"iccid": "x"}]}]}).encode()))
    with pytest.raises(SupplierUnavailable, match="order is not understood"):
        odd.supplier.look(ask(), "")


@pytest.mark.parametrize("wrong", [{"price": None}, {"amount": "NaN"}])
def test_a_package_that_is_not_understood(odd: Odd, wrong: dict[str, object]) -> None:
    """The whole list is not believed then: a price could be missing that was agreed to."""
    pack = {"id": "x", "type": "sim", "title": "X", "day": 7, "amount": 1024, "price": 5}
    for said, fits in ((pack, True), ({**pack, **wrong}, False)):
        place = {"operators": [{"title": "Y", "packages": [said]}]}
        odd.says((200, json.dumps({"data": [place], "meta": {"last_page": 1}}).encode()))
        if fits:
            assert odd.supplier.packages()[0].cost == dollars(500)
        else:
            with pytest.raises(SupplierUnavailable, match="list is not understood"):
                odd.supplier.packages()


def test_a_list_without_end_is_left(odd: Odd) -> None:
    odd.says((200, json.dumps({"data": [], "meta": {"last_page": 10**9}}).encode()))
    with pytest.raises(SupplierUnavailable, match="no end"):
        odd.supplier.look(ask(), "")


def test_no_account_has_no_balance(odd: Odd) -> None:
    odd.says((200, enveloped({"balances": []})))
    assert odd.supplier.balance() is None


def test_usage_as_fractions_texts_and_not_at_all(odd: Odd) -> None:
    for said, expected in (
        ({"remaining": 767.5, "total": 2048}, (2048 * 2**20, 1280 * 2**20 + 2**19)),
        ({"remaining": "0.1", "total": "1"}, (2**20, 2**20 - 104_857)),
        ({"remaining": 3, "total": 2}, (2 * 2**20, 0)),
        ({"remaining": None, "total": None, "status": "UNKNOWN"}, (None, None)),
    ):
        odd.says((200, enveloped({"status": "ACTIVE", "expired_at": None, **said})))
        [report] = odd.supplier.usage([Held(iccid=ICCID)])
        assert (report.total, report.used) == expected


def test_moments_with_and_without_an_offset(odd: Odd) -> None:
    for text in ("2026-04-09 12:00:00", "2026-04-09T14:00:00+02:00"):
        odd.says((200, enveloped({"status": "ACTIVE", "expired_at": text})))
        [report] = odd.supplier.usage([Held(iccid=ICCID)])
        assert report.expires_at is not None
        assert report.expires_at.isoformat() == "2026-04-09T12:00:00+00:00"
