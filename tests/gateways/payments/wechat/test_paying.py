"""Alice pays at Olga's shop with WeChat, and the shop asks what became of it."""

import base64
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.gateways.payments.wechat.stage import NOON, Clock, Odd, WeChat, ask

from eka.gateways.payments.terms import (
    GatewayRefused,
    GatewayUnavailable,
    PaymentAsk,
    PaymentGateway,
    SavedMethod,
)
from eka.gateways.payments.wechat import WeChatGateway, WeChatSettings
from eka.rules.units import BadValue, Money


def trade(wechat_settings: dict[str, str], **said: object) -> bytes:
    whole = {
        "mchid": wechat_settings["mchid"],
        "appid": wechat_settings["appid"],
        "out_trade_no": "ORDER1",
        "trade_state": "SUCCESS",
        **said,
    }
    return json.dumps(whole).encode()


def test_alice_scans_the_code_and_pays(wechat: WeChat) -> None:
    asked = wechat.begin("ORDER1")
    page = wechat.browser.get(asked.qr)
    assert "19.99 CNY" in page.text
    assert "Ocean 10 GB" in page.text
    before = wechat.gateway.look("ORDER1", "")
    assert (before.status, before.transaction, before.at) == ("pending", "", None)

    wechat.clock.forward(minutes=5)
    wechat.act("ORDER1", "pay")

    [notice] = wechat.news()
    assert notice.kind == "TRANSACTION.SUCCESS"
    report = notice.payment
    assert report is not None
    assert (report.number, report.status, report.amount) == ("ORDER1", "paid", Money(1999, "CNY"))
    assert report.merchant == wechat.gateway.merchant
    assert report.at == wechat.clock.now()
    assert report.transaction.startswith("4200")
    assert wechat.gateway.look("ORDER1", "") == report
    assert wechat.gateway.capture("ORDER1", "") == report


def test_alices_phone_opens_wechat_and_comes_back(wechat: WeChat) -> None:
    asked = wechat.begin("ORDER1", way="phone")
    assert parse_qs(urlsplit(asked.url).query)["redirect_url"] == [ask("ORDER1").return_url]

    page = wechat.browser.get(asked.url, follow_redirects=True)
    assert page.url.path == "/sandbox/pay/ORDER1"
    button = page.url.join("/sandbox/payments/ORDER1/pay")
    paid = wechat.browser.post(button, headers={"accept": "text/html"})
    assert paid.headers["location"] == ask("ORDER1").return_url
    assert wechat.gateway.look("ORDER1", "").status == "paid"


def test_inside_wechat_its_page_gets_signed_fields(wechat: WeChat) -> None:
    fields = wechat.begin("ORDER1", way="inside").fields

    settings = wechat.sandbox.settings()
    key = load_pem_private_key(settings["private_key"].encode(), None)
    assert isinstance(key, RSAPrivateKey)
    signed = [fields[name] for name in ("appId", "timeStamp", "nonceStr", "package")]
    message = "".join(f"{part}\n" for part in signed).encode()
    signature = base64.b64decode(fields["paySign"])
    key.public_key().verify(signature, message, PKCS1v15(), SHA256())
    assert fields["appId"] == settings["appid"]
    assert fields["timeStamp"] == str(int(NOON.timestamp()))
    assert fields["package"].startswith("prepay_id=wx")
    assert fields["signType"] == "RSA"


def test_a_title_is_cut_between_two_characters(wechat: WeChat) -> None:
    wechat.begin("ORDER1", title="海" * 60)
    [payment] = wechat.sandbox.payments()
    assert payment.title == "海" * 42  # of three bytes each; 127 are allowed


def test_a_payment_without_a_title_is_named_by_its_number(wechat: WeChat) -> None:
    wechat.begin("ORDER1", title="")
    [payment] = wechat.sandbox.payments()
    assert payment.title == "ORDER1"


def test_wechat_takes_the_money_until_the_orders_deadline(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.begin("ORDER2")
    wechat.clock.forward(minutes=29, seconds=59)
    wechat.act("ORDER1", "pay")
    wechat.clock.forward(seconds=1)
    wechat.act("ORDER2", "pay")

    assert wechat.gateway.look("ORDER1", "").status == "paid"
    assert wechat.gateway.look("ORDER2", "").status == "pending"


@pytest.mark.parametrize("asked", [ask("ORDER1"), ask("ORDER1", way="phone")])
def test_beginning_again_gives_the_first_answer(wechat: WeChat, asked: PaymentAsk) -> None:
    assert wechat.gateway.begin(asked) == wechat.gateway.begin(asked)
    assert len(wechat.sandbox.payments()) == 1


def test_a_number_is_not_begun_with_other_terms(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    for other in (ask("ORDER1", 2000), ask("ORDER1", way="phone"), ask("ORDER1", title="Pond")):
        with pytest.raises(GatewayRefused) as refused:
            wechat.gateway.begin(other)
        assert refused.value.code == "OUT_TRADE_NO_USED"


def test_what_is_paid_or_closed_is_not_begun_again(wechat: WeChat) -> None:
    wechat.paid("ORDER1")
    wechat.begin("ORDER2")
    wechat.gateway.close("ORDER2", "")
    for number, code in (("ORDER1", "ORDER_PAID"), ("ORDER2", "ORDER_CLOSED")):
        with pytest.raises(GatewayRefused) as refused:
            wechat.begin(number)
        assert refused.value.code == code


@pytest.mark.parametrize(
    "wrong",
    [ask("ORDER1", way="page"), ask("ORDER1", amount=Money(1999, "USD"))],
    ids=["a page", "dollars"],
)
def test_what_wechat_does_not_offer_is_refused_here(wechat: WeChat, wrong: PaymentAsk) -> None:
    assert wechat.gateway.currencies == ("CNY",)
    assert "page" not in wechat.gateway.ways
    with pytest.raises(GatewayRefused, match="unsupported"):
        wechat.gateway.begin(wrong)
    assert wechat.sandbox.payments() == []


def test_nothing_is_kept_and_charged_again(wechat: WeChat) -> None:
    gateway: PaymentGateway = wechat.gateway
    assert not gateway.saves
    with pytest.raises(GatewayRefused, match="unsupported"):
        gateway.charge(ask("ORDER1"), SavedMethod(token="x"))
    with pytest.raises(GatewayRefused, match="unsupported"):
        gateway.forget(SavedMethod(token="x"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "A"},
        {"amount": Money(0, "CNY")},
        {"expires_at": NOON},
        {"notify_url": "http://127.0.0.1:9/notify?secret=1"},
        {"way": "inside", "openid": ""},
    ],
    ids=["number", "nothing", "expired", "address with a query", "nobody"],
)
def test_what_wechat_does_not_accept_it_refuses(wechat: WeChat, wrong: dict[str, object]) -> None:
    with pytest.raises(GatewayRefused) as refused:
        wechat.gateway.begin(msgspec.structs.replace(ask("ORDER1"), **wrong))
    assert refused.value.code == "PARAM_ERROR"


def test_wechat_never_heard_of_an_order_that_was_not_begun(wechat: WeChat) -> None:
    assert wechat.gateway.look("ORDER1", "").status == "unknown"
    assert wechat.gateway.close("ORDER1", "").status == "unknown"


def test_alices_bank_says_no_and_then_yes(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.act("ORDER1", "fail")
    failed = wechat.gateway.look("ORDER1", "")
    assert failed.status == "failed"
    assert "支付失败" in failed.reason
    assert wechat.news() == []
    wechat.act("ORDER1", "pay")
    assert wechat.gateway.look("ORDER1", "").status == "paid"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("SUCCESS", "paid"),
        ("REFUND", "paid"),
        ("NOTPAY", "pending"),
        ("USERPAYING", "pending"),
        ("ACCEPT", "pending"),
        ("CLOSED", "closed"),
        ("REVOKED", "closed"),
        ("PAYERROR", "failed"),
    ],
)
def test_every_state_of_wechats(odd: Odd, state: str, status: str) -> None:
    body = trade(odd.sandbox.settings(), trade_state=state)
    odd.says((200, body))
    assert odd.gateway.look("ORDER1", "").status == status


@pytest.mark.parametrize(
    "said",
    [
        {"trade_state": "DREAMING"},
        {"amount": {"total": 1999.0, "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": "1999", "currency": "CNY"}},
        {"amount": {"total": -1, "currency": "CNY"}},
        {"success_time": "yesterday"},
        {"success_time": "2026-03-10T12:00:00"},
        {"mchid": None},
    ],
)
def test_an_answer_that_is_not_understood_says_nothing(odd: Odd, said: dict[str, object]) -> None:
    body = trade(odd.sandbox.settings(), **said)
    odd.says((200, body))
    with pytest.raises(GatewayUnavailable):
        odd.gateway.look("ORDER1", "")


def test_closing_lets_nobody_pay_any_more(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    assert wechat.gateway.close("ORDER1", "").status == "closed"
    wechat.act("ORDER1", "pay")
    assert wechat.gateway.close("ORDER1", "").status == "closed"
    assert wechat.news() == []


def test_closing_what_alice_has_just_paid_reports_her_payment(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.act("ORDER1", "pay")
    report = wechat.gateway.close("ORDER1", "")
    assert (report.status, report.amount) == ("paid", Money(1999, "CNY"))


def test_closing_and_paying_at_once_end_in_one_of_the_two(wechat: WeChat) -> None:
    numbers = [f"ORDER{place}" for place in range(8)]
    for number in numbers:
        wechat.begin(number)
    with ThreadPoolExecutor(4) as both:
        closings = [both.submit(wechat.gateway.close, number, "") for number in numbers]
        payings = [both.submit(wechat.act, number, "pay") for number in numbers]
        for paying in payings:
            paying.result()
        reported = {report.number: report.status for report in (one.result() for one in closings)}

    notices = [notice.payment for notice in wechat.news()]
    paid = {payment.number for payment in notices if payment is not None}
    assert {number for number, status in reported.items() if status == "paid"} == paid
    assert {number for number, status in reported.items() if status == "closed"} == (
        set(numbers) - paid
    )


def test_a_refusal_to_close_is_passed_on_while_the_order_can_be_paid(odd: Odd) -> None:
    no = b'{"code":"NO_AUTH","message":"no"}'
    pending = trade(odd.sandbox.settings(), trade_state="NOTPAY")
    odd.says((403, no), (200, pending))
    with pytest.raises(GatewayRefused, match="NO_AUTH"):
        odd.gateway.close("ORDER1", "")


def test_money_that_comes_after_the_closing_is_told(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.gateway.close("ORDER1", "")
    wechat.clock.forward(hours=2)
    wechat.act("ORDER1", "pay_late")
    [notice] = wechat.news()
    assert notice.payment is not None
    assert (notice.payment.status, notice.payment.number) == ("paid", "ORDER1")
    assert wechat.gateway.look("ORDER1", "").status == "paid"


def test_paying_twice_is_two_movements_of_money_for_one_number(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.act("ORDER1", "pay_twice")
    first, second = wechat.news()
    assert first.payment is not None
    assert second.payment is not None
    assert first.payment.number == second.payment.number == "ORDER1"
    assert first.payment.transaction != second.payment.transaction
    assert first.event != second.event
    assert wechat.gateway.look("ORDER1", "").transaction == first.payment.transaction


def test_wechat_out_of_order_means_ask_again(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.post("/sandbox/mischief", down=True)
    with pytest.raises(GatewayUnavailable, match="SYSTEM_ERROR"):
        wechat.gateway.look("ORDER1", "")
    with pytest.raises(GatewayUnavailable):
        wechat.gateway.close("ORDER1", "")


def test_a_lost_answer_is_had_by_asking_again(wechat: WeChat) -> None:
    wechat.post("/sandbox/mischief", mute=1000)
    with pytest.raises(GatewayUnavailable):
        wechat.begin("ORDER1")
    wechat.post("/sandbox/mischief", mute=0)
    assert wechat.begin("ORDER1").qr
    assert len(wechat.sandbox.payments()) == 1


def test_nobody_at_the_address_means_ask_again(wechat: WeChat) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        alone = wechat.gateway_with(api_base=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(GatewayUnavailable, match="ConnectError"):
            alone.look("ORDER1", "")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b'{"code":"TOO_QUICK","message":"slow"}'),
        (400, b'{"code":"FREQUENCY_LIMITED","message":"slow"}'),
        (500, b'{"code":"SYSTEM_ERROR","message":"later"}'),
        (403, b"<html>a proxy's own opinion</html>"),
        (404, b'{"message":"no code"}'),
        (302, b""),
        (200, b"<html>"),
    ],
)
def test_what_says_nothing_means_ask_again(odd: Odd, status: int, body: bytes) -> None:
    odd.says((status, body))
    with pytest.raises(GatewayUnavailable):
        odd.gateway.look("ORDER1", "")


@pytest.mark.parametrize("body", [b"{}", b'{"code_url":""}', b'{"h5_url":"https://x"}'])
def test_wechat_must_say_where_alice_goes(odd: Odd, body: bytes) -> None:
    odd.says((200, body))
    with pytest.raises(GatewayUnavailable):
        odd.begin("ORDER1")


def test_an_answer_that_wechat_did_not_sign_is_not_believed(
    wechat: WeChat, strangers_key: str
) -> None:
    wechat.paid("ORDER1")
    for deceived in (
        wechat.gateway_with(public_key=strangers_key),
        wechat.gateway_with(public_key_id="PUB_KEY_ID_0"),
    ):
        with pytest.raises(GatewayUnavailable, match="not signed"):
            deceived.look("ORDER1", "")


def test_wechat_refuses_a_request_that_the_shop_did_not_sign(wechat: WeChat) -> None:
    for wrong in ({"cert_serial_no": "00"}, {"mchid": "1900000001"}):
        with pytest.raises(GatewayRefused) as refused:
            wechat.gateway_with(**wrong).look("ORDER1", "")
        assert refused.value.code == "SIGN_ERROR"


def test_wechat_refuses_a_request_of_another_time(wechat: WeChat) -> None:
    late = Clock()
    late.forward(minutes=6)
    settings = msgspec.convert(wechat.sandbox.settings(), WeChatSettings)
    with pytest.raises(GatewayRefused, match="SIGN_ERROR"):
        WeChatGateway(settings, late.now).look("ORDER1", "")


def test_another_shops_app_is_not_ours(wechat: WeChat) -> None:
    with pytest.raises(GatewayRefused, match="APPID_MCHID_NOT_MATCH"):
        wechat.gateway_with(appid="wx0").begin(ask("ORDER1"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "") for name in ("private_key", "public_key", "public_key_id", "apiv3_key")),
        *((name, "s3cret") for name in ("private_key", "public_key", "apiv3_key")),
    ],
)
def test_bad_keys_are_refused_at_once_and_not_repeated(
    wechat: WeChat, name: str, value: str
) -> None:
    with pytest.raises(BadValue) as refused:
        wechat.gateway_with(**{name: value})
    assert "s3cret" not in str(refused.value)


def test_one_gateway_serves_many_threads(wechat: WeChat) -> None:
    numbers = [f"ORDER{place:02}" for place in range(24)]
    with ThreadPoolExecutor(8) as crowd:
        asked = list(crowd.map(wechat.begin, numbers))
        looked = list(crowd.map(lambda number: wechat.gateway.look(number, ""), numbers))
    assert [one.qr.rsplit("/", 1)[1] for one in asked] == numbers
    assert [report.number for report in looked] == numbers
