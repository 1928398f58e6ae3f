"""What moved on a day, from the bills of the two days of Beijing that it lies in."""

import io
import zipfile
from datetime import UTC, date, datetime

import msgspec
import pytest
from tests.gateways.payments.alipay.scene import Scene, answering

from eka.gateways.payments.alipay import bills
from eka.gateways.payments.sandbox.alipay.bills import COLUMNS, fee
from eka.gateways.payments.terms import GatewayUnavailable
from eka.rules.units import Money

TUESDAY = date(2026, 3, 10)
HEAD = ",".join(COLUMNS)


def zipped(*tables: str, encoding: str = "gbk") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, table in enumerate(tables):
            archive.writestr(f"{number}.csv", table.encode(encoding))
    return content.getvalue()


def test_a_day_of_utc_is_cut_out_of_two_days_of_beijing(alipay: Scene) -> None:
    times = [
        ("MONDAY", datetime(2026, 3, 9, 23, 59, 59, tzinfo=UTC)),  # 07:59:59 in Beijing
        ("FIRST", datetime(2026, 3, 10, 0, 0, tzinfo=UTC)),
        ("NOON", datetime(2026, 3, 10, 12, 0, tzinfo=UTC)),
        ("LAST", datetime(2026, 3, 10, 23, 59, 59, tzinfo=UTC)),  # the next day in Beijing
        ("WEDNESDAY", datetime(2026, 3, 11, 0, 0, tzinfo=UTC)),
    ]
    for number, time in times:
        alipay.clock.time = time
        alipay.paid(number)
    alipay.clock.forward(days=3)
    moved = alipay.gateway.transactions(TUESDAY)
    assert [line.number for line in moved] == ["FIRST", "NOON", "LAST"]
    assert [line.at for line in moved] == [time for _, time in times[1:4]]


def test_payments_have_fees_and_refunds_have_numbers(alipay: Scene) -> None:
    ask = alipay.paid(fen=10050)
    alipay.clock.forward(minutes=1)
    part = msgspec.structs.replace(ask, amount=Money(5000, "CNY"))
    alipay.gateway.refund(part)
    alipay.clock.forward(days=5)
    payment, refund = alipay.gateway.transactions(TUESDAY)
    assert (payment.kind, payment.number, payment.transaction) == (
        "payment",
        ask.payment_number,
        ask.transaction,
    )
    assert (payment.amount, payment.fee) == (Money(10050, "CNY"), Money(60, "CNY"))
    assert (refund.kind, refund.number, refund.amount) == (
        "refund",
        ask.number,
        Money(5000, "CNY"),
    )
    assert (refund.transaction, refund.fee) == (ask.transaction, None)


def test_a_payment_that_came_twice_is_in_the_bill_twice(alipay: Scene) -> None:
    alipay.paid()
    alipay.act("pay_twice")
    alipay.clock.forward(days=5)
    first, second = alipay.gateway.transactions(TUESDAY)
    assert first.number == second.number
    assert first.transaction != second.transaction


@pytest.mark.parametrize(("fen", "taken"), [(1, 0), (83, 0), (84, 1), (250, 2), (10_000, 60)])
def test_the_fee_is_six_of_a_thousand(fen: int, taken: int) -> None:
    assert fee(fen) == taken


def test_a_bill_is_not_there_before_the_morning_after(alipay: Scene) -> None:
    alipay.paid()
    alipay.clock.time = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)  # Beijing's Wednesday goes on
    with pytest.raises(GatewayUnavailable, match="not over"):
        alipay.gateway.transactions(TUESDAY)
    alipay.paid("WEDNESDAY")
    alipay.clock.time = datetime(2026, 3, 12, 0, 59, tzinfo=UTC)  # 08:59 in Beijing
    with pytest.raises(GatewayUnavailable, match="not made yet"):
        alipay.gateway.transactions(TUESDAY)
    alipay.clock.time = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)
    assert len(alipay.gateway.transactions(TUESDAY)) == 1


def test_a_day_without_movements_has_no_bill_and_in_time_that_is_certain(alipay: Scene) -> None:
    alipay.clock.time = datetime(2026, 3, 14, 15, 59, 59, tzinfo=UTC)
    with pytest.raises(GatewayUnavailable, match="or has no movement"):
        alipay.gateway.transactions(TUESDAY)
    alipay.clock.forward(seconds=1)  # three days after the second of the two bills' days
    assert alipay.gateway.transactions(TUESDAY) == []


def test_a_link_ends_soon_and_is_for_one_day(alipay: Scene) -> None:
    alipay.paid()
    alipay.clock.forward(days=3)
    path = alipay.sandbox._link.to(TUESDAY, alipay.clock())
    address = alipay.sandbox.address + path
    assert alipay.browser.get(address).status_code == 200
    assert alipay.browser.get(address.replace("20260310", "20260309")).status_code == 403
    alipay.clock.forward(seconds=31)
    assert alipay.browser.get(address).status_code == 403


def row(**changed: str) -> str:
    cells = dict.fromkeys(COLUMNS, "")
    cells |= {
        bills.TRANSACTION: "2026031022001",
        bills.PAYMENT_NUMBER: "EKA1",
        bills.KIND: "交易",
        bills.AT: "2026-03-10 12:00:00",
        bills.AMOUNT: "19.99",
        bills.FEE: "0.12",
    }
    cells |= changed
    return ",".join(f"{cells[name]}\t" for name in COLUMNS)


def test_a_bill_is_read_by_the_names_of_its_columns() -> None:
    names = [bills.AMOUNT, bills.TRANSACTION, bills.KIND, bills.AT, bills.PAYMENT_NUMBER]
    names = [bills.TRANSACTION, *(name for name in names if name != bills.TRANSACTION)]
    values = {
        bills.TRANSACTION: "T1",
        bills.KIND: "交易",
        bills.AT: "2026-03-10 12:00:00",
        bills.AMOUNT: "0.5",
        bills.PAYMENT_NUMBER: "EKA1",
    }
    table = f"#remark\n{','.join(names)}\n{','.join(values[name] for name in names)}\n#end\n"
    (line,) = bills.read(zipped(table))
    assert (line.number, line.amount, line.fee) == ("EKA1", Money(50, "CNY"), None)


def test_names_beyond_gbk_do_not_spoil_a_bill() -> None:
    table = f"{HEAD}\n{row(商品名称='𠮷野家 €5')}\n"
    (line,) = bills.read(zipped(table, encoding="gb18030"))
    assert line.fee == Money(12, "CNY")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>expired</html>",
        zipped(f"{HEAD}\n{row(业务类型='转账')}\n"),
        zipped(f"{HEAD}\n{row(完成时间='2026/3/10')}\n"),
        zipped(f"{HEAD}\n{row().replace('19.99', '19.999')}\n"),
        zipped(f"{HEAD}\n{row()},one more\n"),
        zipped("支付宝交易号,商户订单号\n1,2\n"),
        zipped(f"{HEAD}\n{row()}\n", encoding="utf-16"),
        zipped(f"{HEAD}\n{row()}\n")[:-40],
    ],
)
def test_a_bill_that_is_not_understood_in_full_is_no_bill(content: bytes) -> None:
    with pytest.raises(GatewayUnavailable):
        bills.read(content)


@pytest.mark.parametrize("url", ["", "no address", "http://[::1", "ftp://127.0.0.1/x"])
def test_a_link_that_leads_nowhere(alipay: Scene, url: str) -> None:
    part = msgspec.json.encode({"code": "10000", "bill_download_url": url}).decode()
    name = "alipay_data_dataservice_bill_downloadurl_query_response"
    body = f'{{"{name}":{part},"sign":"{alipay.keys.sign(part)}"}}'.encode()
    alipay.clock.forward(days=3)
    with (
        answering(lambda path, asked: (200, body)) as address,
        pytest.raises(GatewayUnavailable, match="download"),
    ):
        alipay.gateway_with(gateway_url=address).transactions(TUESDAY)
