"""Notifications: what WeChat sends is believed, and what Mallory sends is not."""

import json
import socket
from datetime import timedelta

import msgspec
import pytest
from tests.gateways.payments.wechat.stage import NOON, WeChat, lowered, refund_ask

from eka.gateways.payments.sandbox.wechat.keys import Keys
from eka.gateways.payments.terms import NotAuthentic, NoticeUnreadable
from eka.gateways.sandbox.courier import Envelope
from eka.gateways.sandbox.records import Document
from eka.rules.units import Money

MINUTES_5 = timedelta(minutes=5)


@pytest.fixture
def letter(wechat: WeChat) -> Envelope:
    """The news that Alice has paid."""
    wechat.begin("ORDER1")
    wechat.act("ORDER1", "pay")
    [taken] = wechat.taken()
    return taken


def trade(wechat: WeChat, **said: object) -> Document:
    settings = wechat.sandbox.settings()
    return {
        "mchid": settings["mchid"],
        "appid": settings["appid"],
        "out_trade_no": "ORDER1",
        "transaction_id": "4200000000000000000000000001",
        "trade_state": "SUCCESS",
        "success_time": "2026-03-10T20:00:00+08:00",
        "amount": {"total": 1999, "payer_total": 1999, "currency": "CNY"},
        **said,
    }


def signed(wechat: WeChat, body: bytes) -> Envelope:
    """Any bytes, signed with WeChat's own key."""
    return Envelope(lowered(Keys(wechat.sandbox.records).signed(body, wechat.clock.now())), body)


def test_the_same_news_is_sent_again_under_the_same_number(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.post("/sandbox/mischief", double=1000, held=True)
    wechat.act("ORDER1", "pay")
    first, second = wechat.news()
    assert first == second
    assert first.event.startswith("EV-")


def test_the_price_counts_not_what_was_left_after_a_coupon(wechat: WeChat) -> None:
    amount = {"total": 1999, "payer_total": 999, "currency": "CNY", "payer_currency": "CNY"}
    notice = wechat.read(wechat.letter("TRANSACTION.SUCCESS", trade(wechat, amount=amount)))
    assert notice.payment is not None
    assert notice.payment.amount == Money(1999, "CNY")


@pytest.mark.parametrize("off", [-MINUTES_5, timedelta(0), MINUTES_5])
def test_news_of_the_last_five_minutes_is_read(
    wechat: WeChat, letter: Envelope, off: timedelta
) -> None:
    assert wechat.gateway.read_notice(letter.headers, letter.body, NOON + off).payment is not None


@pytest.mark.parametrize(
    "off", [timedelta(days=1), MINUTES_5 + timedelta(seconds=1), -MINUTES_5 - timedelta(seconds=1)]
)
def test_rightly_signed_news_of_another_time_is_not(
    wechat: WeChat, letter: Envelope, off: timedelta
) -> None:
    with pytest.raises(NotAuthentic, match="another time"):
        wechat.gateway.read_notice(letter.headers, letter.body, NOON + off)


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "serial"])
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_every_header_is_needed(
    wechat: WeChat, letter: Envelope, name: str, value: str | None
) -> None:
    headers = {key: text for key, text in letter.headers.items() if not key.endswith(name)}
    if value is not None:
        headers[f"wechatpay-{name}"] = value
    with pytest.raises(NotAuthentic, match=f"no wechatpay-{name}"):
        wechat.gateway.read_notice(headers, letter.body, NOON)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timestamp", "now"),
        ("timestamp", "-1773144000"),
        ("timestamp", "1773144000.0"),
        ("timestamp", "١٧٧٣١٤٤٠٠٠"),
        ("timestamp", "9" * 40),
        ("nonce", "another"),
        ("signature", "not base64, and not ascii: 签名"),
        ("signature", "AAAA"),
        ("signature", "WECHATPAY/SIGNTEST/AAAA"),
        ("serial", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"),
        ("serial", "PUB_KEY_ID_0"),
        ("signature-type", "WECHATPAY2-SM2-WITH-SM3"),
    ],
)
def test_a_header_that_was_altered(wechat: WeChat, letter: Envelope, name: str, value: str) -> None:
    headers = {**letter.headers, f"wechatpay-{name}": value}
    with pytest.raises(NotAuthentic):
        wechat.gateway.read_notice(headers, letter.body, NOON)


def test_the_kind_of_signature_need_not_be_named(wechat: WeChat, letter: Envelope) -> None:
    headers = {key: text for key, text in letter.headers.items() if not key.endswith("-type")}
    assert wechat.gateway.read_notice(headers, letter.body, NOON).payment is not None


def test_an_altered_body(wechat: WeChat, letter: Envelope) -> None:
    for body in (letter.body + b" ", letter.body.replace(b"EV-", b"EV_"), b"", b"\xff\xfe"):
        with pytest.raises(NotAuthentic):
            wechat.gateway.read_notice(letter.headers, body, NOON)


def test_news_of_somebody_who_has_the_shops_keys_only(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.post("/sandbox/mischief", forge=1000, held=True)
    wechat.act("ORDER1", "pay")
    forged, genuine = wechat.taken()
    with pytest.raises(NotAuthentic, match="not signed"):
        wechat.read(forged)
    assert wechat.read(genuine).payment is not None


def test_news_signed_with_a_key_that_is_not_in_the_settings(
    wechat: WeChat, letter: Envelope, strangers_key: str
) -> None:
    other = wechat.gateway_with(public_key=strangers_key)
    with pytest.raises(NotAuthentic):
        other.read_notice(letter.headers, letter.body, NOON)


def test_an_unknown_serial_makes_the_shop_ask_nobody(wechat: WeChat, letter: Envelope) -> None:
    with socket.create_server(("127.0.0.1", 0)) as watched:
        watched.setblocking(False)
        host, port = watched.getsockname()
        gateway = wechat.gateway_with(api_base=f"http://{host}:{port}")
        for serial in ("5157F09EFDC096DE15EBE81A47057A7232F1B8E1", "PUB_KEY_ID_0", "zz"):
            headers = {**letter.headers, "wechatpay-serial": serial}
            with pytest.raises(NotAuthentic):
                gateway.read_notice(headers, letter.body, NOON)
        with pytest.raises(BlockingIOError):
            watched.accept()
        with socket.create_connection((host, port)):  # somebody who had come would be seen
            watched.setblocking(True)
            watched.accept()[0].close()


@pytest.mark.parametrize(
    "said",
    [
        {"amount": {"total": 1999.0, "currency": "CNY"}},
        {"amount": {"total": 19.99, "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": "1999", "currency": "CNY"}},
        {"amount": {"total": -1999, "currency": "CNY"}},
        {"amount": {"total": 2**63, "currency": "CNY"}},
        {"amount": {"total": 1999, "currency": 156}},
        {"trade_state": "DREAMING"},
        {"success_time": "2026-03-10 20:00"},
        {"out_trade_no": None},
    ],
)
def test_authentic_news_that_is_not_understood(wechat: WeChat, said: dict[str, object]) -> None:
    with pytest.raises(NoticeUnreadable):
        wechat.read(wechat.letter("TRANSACTION.SUCCESS", trade(wechat, **said)))


@pytest.mark.parametrize("part", ["refund", "total"])
def test_a_refunds_amounts_are_whole_too(wechat: WeChat, part: str) -> None:
    refund = {
        "mchid": wechat.sandbox.settings()["mchid"],
        "out_refund_no": "REFUND1",
        "refund_id": "5030",
        "transaction_id": "4200",
        "refund_status": "SUCCESS",
        "amount": {"refund": 100, "total": 1999, part: 100.0},
    }
    with pytest.raises(NoticeUnreadable):
        wechat.read(wechat.letter("REFUND.SUCCESS", refund))


@pytest.mark.parametrize(
    "broken",
    [
        {"ciphertext": "AAAA" * 20},
        {"ciphertext": "A"},
        {"nonce": ""},
        {"nonce": "another nonce"},
        {"associated_data": "refund"},
        {"associated_data": None},
        {"algorithm": "AEAD_SM4_GCM"},
    ],
)
def test_a_signed_envelope_that_does_not_open(
    wechat: WeChat, letter: Envelope, broken: dict[str, str]
) -> None:
    envelope = json.loads(letter.body)
    envelope["resource"] |= broken
    with pytest.raises(NoticeUnreadable):
        wechat.read(signed(wechat, json.dumps(envelope).encode()))


@pytest.mark.parametrize("body", [b"[]", b"{}", b"<xml/>", b'{"id":1}'])
def test_signed_nonsense(wechat: WeChat, body: bytes) -> None:
    with pytest.raises(NoticeUnreadable):
        wechat.read(signed(wechat, body))


def test_the_apiv3_key_of_another_shop_opens_nothing(wechat: WeChat, letter: Envelope) -> None:
    other = wechat.gateway_with(apiv3_key="0" * 32)
    with pytest.raises(NoticeUnreadable) as unreadable:
        other.read_notice(letter.headers, letter.body, NOON)
    assert "0" * 32 not in str(unreadable.value)


@pytest.mark.parametrize("who", ["mchid", "appid"])
def test_another_shops_payment_names_that_shop(wechat: WeChat, who: str) -> None:
    notice = wechat.read(wechat.letter("TRANSACTION.SUCCESS", trade(wechat, **{who: "1900"})))
    assert notice.payment is not None
    assert "1900" in notice.payment.merchant
    assert notice.payment.merchant != wechat.gateway.merchant


def test_another_shops_refund_is_not_for_us(wechat: WeChat) -> None:
    wechat.paid("ORDER1")
    wechat.gateway.refund(refund_ask("REFUND1", "ORDER1", 1999))
    [letter] = wechat.taken()
    assert wechat.read(letter).refund is not None
    other = wechat.gateway_with(mchid="1900000001")
    with pytest.raises(NotAuthentic, match="another merchant"):
        other.read_notice(letter.headers, letter.body, NOON)


def test_news_that_eka_does_nothing_with(wechat: WeChat) -> None:
    notice = wechat.read(wechat.letter("COUPON.USE", {}))
    assert (notice.kind, notice.payment, notice.refund) == ("COUPON.USE", None, None)


def test_what_wechat_reads_in_answer(wechat: WeChat) -> None:
    yes, no = wechat.gateway.reply(accepted=True), wechat.gateway.reply(accepted=False)
    assert wechat.sandbox.accepted(yes.status, yes.body)
    assert not wechat.sandbox.accepted(no.status, no.body)
    assert msgspec.json.decode(no.body)["code"] == "FAIL"
    assert no.content_type == "application/json"
