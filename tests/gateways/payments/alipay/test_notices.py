"""Mallory writes notices: none of them is believed unless Alipay signed it, for us, lately."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import quote_from_bytes, urlencode

import httpx
import pytest
from tests.gateways.payments.alipay.scene import NUMBER, Scene, fields_of, staged

from eka.gateways.payments.sandbox.alipay.keys import joined
from eka.gateways.payments.terms import NotAuthentic, NoticeUnreadable
from eka.gateways.sandbox.records import Document
from eka.rules.units import Money

NOT_SIGNED = ("sign", "sign_type")


@pytest.fixture(scope="module")
def alipay(rsa_keys: Document, browser: httpx.Client) -> Iterator[Scene]:
    """One for all of these stories: they take its one notice apart."""
    with staged(rsa_keys, browser) as scene:
        yield scene


@pytest.fixture(scope="module")
def notice_of_alice(alipay: Scene) -> dict[str, str]:
    """The fields of the notice of her payment."""
    alipay.paid()
    (body,) = alipay.mail()
    return fields_of(body)


@pytest.fixture
def genuine(notice_of_alice: dict[str, str]) -> dict[str, str]:
    """A copy of them, to be spoilt."""
    return dict(notice_of_alice)


def test_the_genuine_notice_is_read(alipay: Scene, genuine: dict[str, str]) -> None:
    notice = alipay.read(urlencode(genuine).encode())
    assert notice.event == genuine["notify_id"]
    assert notice.kind == "TRADE_SUCCESS"
    assert notice.payment is not None
    assert (notice.refund, notice.dispute) == (None, None)
    assert notice.payment.number == NUMBER
    assert notice.payment.transaction == genuine["trade_no"]
    assert notice.payment.amount == Money(1999, "CNY")
    assert notice.payment.merchant == alipay.gateway.merchant


def test_reading_changes_nothing_and_can_be_repeated(
    alipay: Scene, genuine: dict[str, str]
) -> None:
    body = urlencode(genuine).encode()
    assert alipay.read(body) == alipay.read(body)


def test_an_order_of_fields_has_no_meaning(alipay: Scene, genuine: dict[str, str]) -> None:
    backwards = dict(reversed(genuine.items()))
    assert alipay.read(urlencode(backwards).encode()).event == genuine["notify_id"]


@pytest.mark.parametrize("name", ["total_amount", "out_trade_no", "trade_status", "seller_id"])
def test_a_changed_field_is_noticed(alipay: Scene, genuine: dict[str, str], name: str) -> None:
    with pytest.raises(NotAuthentic):
        alipay.read(urlencode({**genuine, name: genuine[name] + "0"}).encode())


@pytest.mark.parametrize("name", ["total_amount", "notify_time", "sign", "sign_type", "app_id"])
def test_a_missing_field_is_noticed(alipay: Scene, genuine: dict[str, str], name: str) -> None:
    del genuine[name]
    with pytest.raises(NotAuthentic):
        alipay.read(urlencode(genuine).encode())


@pytest.mark.parametrize("added", [{"refund_fee": "19.99"}, {"zzz": ""}, {"Sign": "x"}])
def test_an_added_field_is_noticed(
    alipay: Scene, genuine: dict[str, str], added: dict[str, str]
) -> None:
    with pytest.raises(NotAuthentic):
        alipay.read(urlencode({**genuine, **added}).encode())


def _wrong_key(alipay: Scene, fields: dict[str, str]) -> str:
    return alipay.keys.forge(joined(fields, without=NOT_SIGNED))


def _other_text(alipay: Scene, fields: dict[str, str]) -> str:
    return alipay.keys.sign("something that Alipay said about somebody else")


def _cut(alipay: Scene, fields: dict[str, str]) -> str:
    return fields["sign"][:-8]


@pytest.mark.parametrize(
    "signature",
    [_wrong_key, _other_text, _cut, *(lambda _, __, t=t: t for t in ("", "A", "====", "签名"))],
)
def test_a_signature_that_is_not_alipays_is_noticed(
    alipay: Scene,
    genuine: dict[str, str],
    signature: Callable[[Scene, dict[str, str]], str],
) -> None:
    genuine["sign"] = signature(alipay, genuine)
    with pytest.raises(NotAuthentic):
        alipay.read(urlencode(genuine).encode())


@pytest.mark.parametrize("sign_type", ["RSA", "rsa2", "MD5", "none", ""])
def test_only_one_kind_of_signature_counts(
    alipay: Scene, genuine: dict[str, str], sign_type: str
) -> None:
    with pytest.raises(NotAuthentic):
        alipay.read(urlencode({**genuine, "sign_type": sign_type}).encode())


@pytest.mark.parametrize("name", ["total_amount", "sign", "notify_time"])
@pytest.mark.parametrize("before", [True, False])
def test_a_field_that_is_there_twice_is_noticed(
    alipay: Scene, genuine: dict[str, str], name: str, before: bool
) -> None:
    body, again = urlencode(genuine), urlencode({name: genuine[name]})
    with pytest.raises(NotAuthentic, match="twice"):
        alipay.read((f"{again}&{body}" if before else f"{body}&{again}").encode())


def test_a_fields_name_cannot_swallow_another(alipay: Scene, genuine: dict[str, str]) -> None:
    text = joined(genuine, without=NOT_SIGNED)
    first, second = sorted(set(genuine) - set(NOT_SIGNED))[:2]
    name = f"{first}={genuine.pop(first)}&{second}"
    genuine[name] = genuine.pop(second)
    assert joined(genuine, without=NOT_SIGNED) == text
    with pytest.raises(NotAuthentic, match="looks like several"):
        alipay.read(urlencode(genuine).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"=",
        b"{}",
        b"sign=%ff%fe&sign_type=RSA2",
        b"\xcc\xd8=1",
        b"&".join(b"a%d=1" % number for number in range(200)),
        b"sign=" + b"A" * 100_000 + b"&sign_type=RSA2",
    ],
)
def test_what_is_no_form_of_alipays_is_refused(alipay: Scene, body: bytes) -> None:
    with pytest.raises(NotAuthentic):
        alipay.read(body)


def test_gbk_is_not_taken_for_utf8(alipay: Scene, genuine: dict[str, str]) -> None:
    """Two bytes of GBK may be two characters or one, and the second byte may be a `|` or an `@`."""
    genuine["subject"] = "流量"
    sign = alipay.keys.sign(joined(genuine, without=NOT_SIGNED))
    fields = {**genuine, "sign": sign, "subject": ""}
    gbk = quote_from_bytes("流量".encode("gbk"))
    with pytest.raises(NotAuthentic):
        alipay.read(f"{urlencode(fields)}{gbk}".replace("subject=&", f"subject={gbk}&").encode())
    assert alipay.read(alipay.signed(genuine)).payment is not None


def test_a_notice_in_another_charset_waits_for_a_person(
    alipay: Scene, genuine: dict[str, str]
) -> None:
    with pytest.raises(NoticeUnreadable):
        alipay.read(alipay.signed(genuine, charset="GBK"))


@pytest.mark.parametrize("name", ["app_id", "seller_id"])
def test_money_for_somebody_else_is_reported_as_theirs(
    alipay: Scene, genuine: dict[str, str], name: str
) -> None:
    report = alipay.read(alipay.signed(genuine, **{name: "2088999999999999"})).payment
    assert report is not None
    assert report.merchant != alipay.gateway.merchant


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(hours=24, minutes=24), True),  # the last repetition, at its first time
        (timedelta(hours=25), True),
        (timedelta(hours=25, seconds=1), False),
        (timedelta(days=365), False),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-6), False),
    ],
)
def test_a_notice_gets_old(
    alipay: Scene, genuine: dict[str, str], age: timedelta, fresh: bool
) -> None:
    body = urlencode(genuine).encode()
    now = alipay.clock() + age
    if fresh:
        assert alipay.gateway.read_notice({}, body, now).payment is not None
    else:
        with pytest.raises(NotAuthentic):
            alipay.gateway.read_notice({}, body, now)


@pytest.mark.parametrize(
    "changed",
    [
        {"total_amount": "19.999"},
        {"total_amount": "1e1"},
        {"trade_status": "TRADE_PENDING"},
        {"notify_id": ""},
        {"gmt_payment": "yesterday"},
    ],
)
def test_what_alipay_signed_and_nobody_understands_waits_for_a_person(
    alipay: Scene, genuine: dict[str, str], changed: dict[str, str]
) -> None:
    with pytest.raises(NoticeUnreadable):
        alipay.read(alipay.signed({**genuine, **changed}))


@pytest.mark.parametrize("name", ["trade_no", "out_trade_no", "total_amount", "trade_status"])
def test_a_signed_notice_without_what_matters_waits_for_a_person(
    alipay: Scene, genuine: dict[str, str], name: str
) -> None:
    del genuine[name]
    with pytest.raises(NoticeUnreadable):
        alipay.read(alipay.signed(genuine))


@pytest.mark.parametrize(
    ("status", "expected"),
    [("WAIT_BUYER_PAY", "pending"), ("TRADE_FINISHED", "paid"), ("TRADE_CLOSED", "closed")],
)
def test_every_state_of_a_trade_has_its_meaning(
    alipay: Scene, genuine: dict[str, str], status: str, expected: str
) -> None:
    report = alipay.read(alipay.signed(genuine, trade_status=status)).payment
    assert report is not None
    assert report.status == expected
    assert bool(report.transaction) is (expected == "paid")


def test_news_of_another_kind_is_read_and_means_nothing(
    alipay: Scene, genuine: dict[str, str]
) -> None:
    notice = alipay.read(alipay.signed(genuine, notify_type="open_app_auth_notify"))
    assert notice.kind == "open_app_auth_notify"
    assert (notice.payment, notice.refund, notice.dispute) == (None, None, None)


def test_the_two_answers_to_a_notice(alipay: Scene) -> None:
    accepted, not_yet = alipay.gateway.reply(accepted=True), alipay.gateway.reply(accepted=False)
    assert (accepted.status, accepted.body, accepted.content_type) == (
        200,
        b"success",
        "text/plain",
    )
    assert not_yet.body == b"failure"
    assert alipay.sandbox.accepted(200, accepted.body)
    assert not alipay.sandbox.accepted(200, not_yet.body)
