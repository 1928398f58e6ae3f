"""Somebody sits on the line between the shop and Alipay, or Alipay is not itself."""

from collections.abc import Callable, Iterator

import httpx
import msgspec
import pytest
from tests.gateways.payments.alipay.scene import NUMBER, Scene, answering, staged

from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable, PaymentReport
from eka.gateways.sandbox.records import Document
from eka.rules.units import Money

NAME = "alipay_trade_query_response"
PAID = {
    "code": "10000",
    "msg": "Success",
    "out_trade_no": NUMBER,
    "trade_no": "2026031022001",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "19.99",
    "send_pay_date": "2026-03-10 12:00:00",
}


@pytest.fixture(scope="module")
def alipay(rsa_keys: Document, browser: httpx.Client) -> Iterator[Scene]:
    """One for all of these stories: they need its keys."""
    with staged(rsa_keys, browser) as scene:
        yield scene


def text(**changed: str) -> str:
    return msgspec.json.encode({**PAID, **changed}).decode()


def looked(alipay: Scene, body: bytes, status: int = 200) -> PaymentReport:
    """What the shop makes of a query's answer that is exactly this."""
    with answering(lambda path, asked: (status, body)) as address:
        return alipay.gateway_with(gateway_url=f"{address}/gateway.do").look(NUMBER, "")


def signed(alipay: Scene, part: str, name: str = NAME) -> bytes:
    return f'{{"{name}":{part},"sign":"{alipay.keys.sign(part)}"}}'.encode()


def test_a_signed_answer_counts(alipay: Scene) -> None:
    report = looked(alipay, signed(alipay, text()))
    assert (report.status, report.amount) == ("paid", Money(1999, "CNY"))


def test_what_was_signed_is_read_as_it_came(alipay: Scene) -> None:
    """Spaces, braces in texts, escapes, and an order of members that nobody promised."""
    part = '{ "msg" : "} \\"sign\\":{ 成功",' + text()[1:]
    sign = alipay.keys.sign(part)
    assert looked(alipay, f'{{"sign":"{sign}", "{NAME}" : {part} }}'.encode()).status == "paid"


def test_a_number_in_an_answer_is_never_a_float(alipay: Scene) -> None:
    part = text().replace('"19.99"', "19.99")
    assert looked(alipay, signed(alipay, part)).amount == Money(1999, "CNY")


def _altered(alipay: Scene) -> bytes:
    return signed(alipay, text(total_amount="0.01")).replace(b"0.01", b"9999.00")


def _not_signed(alipay: Scene) -> bytes:
    return f'{{"{NAME}":{text()}}}'.encode()


def _signed_by_another(alipay: Scene) -> bytes:
    return f'{{"{NAME}":{text()},"sign":"{alipay.keys.forge(text())}"}}'.encode()


def _empty_signature(alipay: Scene) -> bytes:
    return f'{{"{NAME}":{text()},"sign":""}}'.encode()


def _signed_part_beside_another(alipay: Scene) -> bytes:
    """The genuine part is there, but the one that would be believed is a second one."""
    sign = alipay.keys.sign(text(trade_status="WAIT_BUYER_PAY"))
    genuine = text(trade_status="WAIT_BUYER_PAY")
    return f'{{"{NAME}":{genuine},"{NAME}":{text()},"sign":"{sign}"}}'.encode()


def _of_another_method(alipay: Scene) -> bytes:
    return signed(alipay, text(), "alipay_trade_close_response")


def _of_another_order(alipay: Scene) -> bytes:
    return signed(alipay, text(out_trade_no="EKAOTHER"))


def _strange_status(alipay: Scene) -> bytes:
    return signed(alipay, text(trade_status="TRADE_DREAMT"))


def _strange_amount(alipay: Scene) -> bytes:
    return signed(alipay, text(total_amount="19,99"))


def _strange_time(alipay: Scene) -> bytes:
    return signed(alipay, text(send_pay_date="noon"))


def _no_code(alipay: Scene) -> bytes:
    return signed(alipay, "{}")


def _a_list(alipay: Scene) -> bytes:
    return signed(alipay, "[1]")


def _a_page(alipay: Scene) -> bytes:
    return b"<html>Welcome to the hotel's network</html>"


def _not_utf8(alipay: Scene) -> bytes:
    return signed(alipay, text()).replace(b"Success", "成功".encode("gbk"))


def _nothing(alipay: Scene) -> bytes:
    return b""


def _without_end(alipay: Scene) -> bytes:
    return b" " * 1_000_001 + signed(alipay, text())


@pytest.mark.parametrize(
    "answer",
    [
        _altered,
        _not_signed,
        _signed_by_another,
        _empty_signature,
        _signed_part_beside_another,
        _of_another_method,
        _of_another_order,
        _strange_status,
        _strange_amount,
        _strange_time,
        _no_code,
        _a_list,
        _a_page,
        _not_utf8,
        _nothing,
        _without_end,
    ],
)
def test_an_answer_that_proves_nothing_says_nothing(
    alipay: Scene, answer: Callable[[Scene], bytes]
) -> None:
    with pytest.raises(GatewayUnavailable):
        looked(alipay, answer(alipay))


@pytest.mark.parametrize("status", [301, 400, 404, 500, 503])
def test_only_200_is_an_answer(alipay: Scene, status: int) -> None:
    with pytest.raises(GatewayUnavailable, match=f"HTTP {status}"):
        looked(alipay, signed(alipay, text()), status)


@pytest.mark.parametrize(
    ("code", "sub_code"),
    [
        ("20000", "isp.unknow-error"),
        ("20000", "aop.unknow-error"),
        ("40004", "ACQ.SYSTEM_ERROR"),
        ("40004", "aop.ACQ.SYSTEM_ERROR"),
        ("40005", "isv.app-call-limited"),
        ("20000", ""),
    ],
)
def test_alipays_own_troubles_leave_it_open(alipay: Scene, code: str, sub_code: str) -> None:
    with pytest.raises(GatewayUnavailable):
        looked(alipay, signed(alipay, text(code=code, sub_code=sub_code)))


@pytest.mark.parametrize("name", [NAME, "error_response"])
def test_a_signed_refusal_is_a_refusal_by_its_code_alone(alipay: Scene, name: str) -> None:
    part = text(code="40004", sub_code="ACQ.INVALID_PARAMETER", sub_msg="app_id=1&biz_content=2")
    with pytest.raises(GatewayRefused) as refused:
        looked(alipay, signed(alipay, part, name))
    assert refused.value.code == str(refused.value) == "ACQ.INVALID_PARAMETER"


def test_words_that_are_not_from_alipay_do_not_get_into_the_log(alipay: Scene) -> None:
    part = text(code="40002", sub_code="x\nroot logged in: password=1")
    with pytest.raises(GatewayUnavailable) as unavailable:
        looked(alipay, f'{{"{NAME}":{part}}}'.encode())
    assert "root" not in str(unavailable.value)


def test_a_refund_that_is_on_its_way_is_pending(alipay: Scene) -> None:
    ask = alipay.paid()

    def slow(path: str, body: bytes) -> tuple[int, bytes]:
        query = b"fastpay.refund.query" in body
        part = '{"code":"10000"}' if query else text(fund_change="N", refund_fee="19.99")
        name = f"alipay_trade_{'fastpay_refund_query' if query else 'refund'}_response"
        return 200, signed(alipay, part, name)

    with answering(slow) as address:
        report = alipay.gateway_with(gateway_url=address).refund(ask)
    assert (report.status, report.number) == ("pending", ask.number)


def test_a_refund_query_is_not_answered_with_another_refund(alipay: Scene) -> None:
    ask = alipay.paid("EKAANOTHER")
    part = text(refund_status="REFUND_SUCCESS", out_request_no="ROTHER", refund_amount="19.99")
    body = signed(alipay, part, "alipay_trade_fastpay_refund_query_response")
    with (
        answering(lambda path, asked: (200, body)) as address,
        pytest.raises(GatewayUnavailable, match="another question"),
    ):
        alipay.gateway_with(gateway_url=address).look_refund(ask, "")


def test_an_address_tells_whoever_reads_logs_nothing(alipay: Scene) -> None:
    seen: list[tuple[str, bytes]] = []

    def line(path: str, body: bytes) -> tuple[int, bytes]:
        seen.append((path, body))
        return 200, signed(alipay, text())

    with answering(line) as address:
        alipay.gateway_with(gateway_url=f"{address}/gateway.do").look(NUMBER, "")
    ((path, body),) = seen
    assert path == "/gateway.do?charset=utf-8"
    assert b"sign=" in body
    assert b"biz_content=" in body
