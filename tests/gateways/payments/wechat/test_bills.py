"""The list of a day: every movement of money, with WeChat's fee, cut to a day of UTC."""

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from tests.gateways.payments.wechat.stage import NOON, Odd, WeChat, ask, refund_ask

from eka.gateways.payments.sandbox.wechat.statements import HEADER, TOTALS, fee
from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable
from eka.gateways.payments.wechat.bill import read_bill
from eka.rules.units import Money

DAY = date(2026, 3, 10)
DAYS_LATER = datetime(2026, 3, 12, 2, tzinfo=UTC)  # ten in the morning in Beijing

PAID = (
    "`2026-03-10 20:00:00,`wx1,`1900000001,`0,`,`4200000480202003022581846288,`ORDER1,`oAlice,"
    "`NATIVE,`SUCCESS,`OTHERS,`CNY,`9.99,`0.00,`0,`0,`0.00,`0.00,`,`,`Ocean, 10 GB,`,"
    "`0.06000,`0.60%,`19.99,`0.00,`"
)
BACK = (
    "`2026-03-10 21:00:00,`wx1,`1900000001,`0,`,`4200000480202003022581846288,`ORDER1,`oAlice,"
    "`NATIVE,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50300,`REFUND1,`5.00,`0.00,`ORIGINAL,`PROCESSING,"
    "`Ocean, 10 GB,`,`-0.03000,`0.60%,`0.00,`10.00,`"
)

NOTHING_MOVED = 400, b'{"code":"NO_STATEMENT_EXIST","message":"none"}'


def bill(*rows: str, count: int | None = None) -> bytes:
    totals = f"`{len(rows) if count is None else count},`9.99,`5.00,`0.00,`0.03000,`19.99,`10.00"
    return "".join(f"{line}\r\n" for line in (HEADER, *rows, TOTALS, totals)).encode()


def link(content: bytes, **changed: str) -> tuple[int, bytes]:
    said = {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(content).hexdigest(),
        "download_url": "ADDRESS/v3/billdownload/file?token=1",
        **changed,
    }
    return 200, json.dumps(said).encode()


def test_a_days_money_in_full(wechat: WeChat) -> None:
    transaction = wechat.paid("ORDER1")
    wechat.clock.forward(hours=1)
    refunded = wechat.gateway.refund(refund_ask("REFUND1", "ORDER1", 1000))
    wechat.clock.at = DAYS_LATER

    paid, back = wechat.gateway.transactions(DAY)
    assert (paid.kind, paid.number, paid.transaction) == ("payment", "ORDER1", transaction)
    assert (paid.amount, paid.fee, paid.at) == (Money(1999, "CNY"), Money(12, "CNY"), NOON)
    assert (back.kind, back.number, back.transaction) == ("refund", "REFUND1", refunded.reference)
    assert (back.amount, back.fee) == (Money(1000, "CNY"), Money(-6, "CNY"))


def test_a_day_of_utc_is_cut_out_of_two_days_of_beijing(wechat: WeChat) -> None:
    moments = {
        "BEFORE": datetime(2026, 3, 9, 23, 59, 59, tzinfo=UTC),
        "FIRST1": datetime(2026, 3, 10, 0, tzinfo=UTC),
        "LATER1": datetime(2026, 3, 10, 16, tzinfo=UTC),  # midnight in Beijing
        "LATEST": datetime(2026, 3, 10, 23, 59, 59, tzinfo=UTC),
        "AFTER1": datetime(2026, 3, 11, 0, tzinfo=UTC),
    }
    for number, moment in moments.items():
        wechat.clock.at = moment
        wechat.gateway.begin(ask(number, expires_at=DAYS_LATER))
        wechat.act(number, "pay")
    wechat.clock.at = DAYS_LATER

    listed = {moved.number: moved.at for moved in wechat.gateway.transactions(DAY)}
    assert listed == {number: moments[number] for number in ("FIRST1", "LATER1", "LATEST")}


def test_a_double_payment_is_two_lines(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.act("ORDER1", "pay_twice")
    wechat.clock.at = DAYS_LATER
    first, second = wechat.gateway.transactions(DAY)
    assert first.number == second.number == "ORDER1"
    assert first.transaction != second.transaction


def test_a_day_without_money_is_empty(wechat: WeChat) -> None:
    wechat.begin("ORDER1")
    wechat.clock.at = DAYS_LATER
    assert wechat.gateway.transactions(DAY) == []


def test_before_the_bill_is_made_there_is_no_list(wechat: WeChat) -> None:
    wechat.paid("ORDER1")
    wechat.clock.at = DAYS_LATER
    wechat.clock.forward(seconds=-1)
    with pytest.raises(GatewayUnavailable, match="2026-03-11"):
        wechat.gateway.transactions(DAY)


def test_wechat_may_be_late_with_the_bill(odd: Odd) -> None:
    odd.clock.at = DAYS_LATER
    late = b'{"code":"STATEMENT_CREATING","message":"later"}'
    odd.says((400, late))
    with pytest.raises(GatewayUnavailable):
        odd.gateway.transactions(DAY)


def test_a_bill_that_is_refused_is_not_an_empty_one(odd: Odd) -> None:
    odd.clock.at = DAYS_LATER
    no = b'{"code":"NO_AUTH","message":"no"}'
    odd.says((403, no))
    with pytest.raises(GatewayRefused):
        odd.gateway.transactions(DAY)


@pytest.mark.parametrize("packed", [gzip.compress, bytes], ids=["packed", "plain"])
def test_a_bill_as_wechat_writes_it(odd: Odd, packed: Callable[[bytes], bytes]) -> None:
    odd.clock.at = DAYS_LATER
    content = bill(PAID, BACK)
    says = [link(content), (200, packed(content)), NOTHING_MOVED]
    odd.says(*says)
    paid, back = odd.gateway.transactions(DAY)
    assert (paid.amount, paid.fee) == (Money(1999, "CNY"), Money(6, "CNY"))
    assert (back.amount, back.fee) == (Money(1000, "CNY"), Money(-3, "CNY"))
    assert back.at == datetime(2026, 3, 10, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "content"),
    [
        ({}, bill(PAID)),
        ({}, gzip.compress(bill(PAID, BACK), mtime=0)[:-4]),
        ({}, gzip.compress(b"", mtime=0)),
        ({"hash_value": "0" * 40}, bill(PAID, BACK)),
        ({"hash_type": "MD5"}, bill(PAID, BACK)),
        ({"download_url": "http://127.0.0.1:9/v3/billdownload/file"}, bill(PAID, BACK)),
        ({"download_url": "ADDRESS.example/bill"}, bill(PAID, BACK)),
    ],
)
def test_a_bill_that_is_not_the_announced_one(
    odd: Odd, changed: dict[str, str], content: bytes
) -> None:
    odd.clock.at = DAYS_LATER
    says = [link(bill(PAID, BACK), **changed), (200, content), NOTHING_MOVED]
    odd.says(*says)
    with pytest.raises(GatewayUnavailable):
        odd.gateway.transactions(DAY)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        HEADER.encode(),
        bill(PAID, count=2),
        bill(PAID).rsplit(b"\n", 2)[0],
        bill(PAID.replace(",`19.99", "")),
        bill(PAID.replace("`19.99", "`19.995")),
        bill(PAID.replace("`19.99", "`1e3")),
        bill(PAID.replace("`19.99", "`-19.99")),
        bill(PAID.replace("`SUCCESS", "`DREAMING")),
        bill(PAID.replace("20:00:00", "25:00:00")),
        bill(PAID, TOTALS, BACK),
    ],
)
def test_a_bill_that_is_not_understood(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_bill(content)


def test_a_refund_that_failed_moved_nothing() -> None:
    failed = BACK.replace("`PROCESSING", "`FAIL")
    assert [moved.number for moved in read_bill(bill(PAID, failed))] == ["ORDER1"]


@pytest.mark.parametrize(("text", "fen"), [("0.00600", 1), ("0.00499", 0), ("-0.00500", -1)])
def test_a_fee_is_rounded_to_a_fen(text: str, fen: int) -> None:
    [moved] = read_bill(bill(PAID.replace("`0.06000", f"`{text}")))
    assert moved.fee == Money(fen, "CNY")


@pytest.mark.parametrize(("fen", "expected"), [(83, 0), (84, 1), (250, 2), (1999, 12)])
def test_wechats_fee(fen: int, expected: int) -> None:
    assert fee(fen) == expected
