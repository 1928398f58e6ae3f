"""Alipay's bill of a day: a zip of tables in GBK, of which those with every movement are read.

A table has lines of remarks (`#`) around it, columns that come and go and are therefore found by
their names, and tabs around its values. A refund has the payment's number at Alipay, for it has
none of its own.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from eka.gateways.payments.alipay.texts import parse_beijing, parse_yuan
from eka.gateways.payments.terms import GatewayUnavailable, Transaction
from eka.rules.units import BadValue, Money

ZIP_BYTES_MAX = 64_000_000
TABLE_BYTES_MAX = 256_000_000

TRANSACTION = "支付宝交易号"
PAYMENT_NUMBER = "商户订单号"
KIND = "业务类型"
AT = "完成时间"
AMOUNT = "订单金额（元）"
FEE = "服务费（元）"
REFUND_NUMBER = "退款批次号/请求号"
PAYMENT, REFUND = "交易", "退款"

Row = Mapping[str, str]


def read(content: bytes) -> list[Transaction]:
    """All movements of a bill. Raises GatewayUnavailable where it is not understood in full."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bill:
            tables = [_text(bill, member) for member in bill.infolist()]
        return [_transaction(row) for table in tables for row in _rows(table)]
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise GatewayUnavailable("the bill is not a zip") from error
    except (KeyError, ValueError, csv.Error) as error:
        raise GatewayUnavailable(f"the bill is not readable: {type(error).__name__}") from error


def _text(bill: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    if member.file_size > TABLE_BYTES_MAX:
        raise GatewayUnavailable("the bill is too long")
    return bill.read(member).decode("gb18030")  # all of GBK, and what names need beyond it


def _rows(table: str) -> Iterator[Row]:
    """The rows of a table of movements; none of the summary, which has other columns."""
    columns: list[str] = []
    for cells in csv.reader(io.StringIO(table)):
        values = [cell.strip() for cell in cells]
        if not values or values[0].startswith("#"):
            continue
        if values[0] == TRANSACTION:
            columns = values
        elif columns:
            yield dict(zip(columns, values, strict=True))


def _transaction(row: Row) -> Transaction:
    if row[KIND] not in (PAYMENT, REFUND):
        raise BadValue("a movement of a kind that is not known")
    is_refund = row[KIND] == REFUND
    return Transaction(
        kind="refund" if is_refund else "payment",
        number=row[REFUND_NUMBER if is_refund else PAYMENT_NUMBER],
        transaction=row[TRANSACTION],
        amount=_without_sign(row[AMOUNT]),
        at=parse_beijing(row[AT]),
        fee=None if is_refund or not row.get(FEE) else _without_sign(row[FEE]),
    )


def _without_sign(text: str) -> Money:
    """What goes out is written with a minus, and whether it goes out is known from the kind."""
    money = parse_yuan(text)
    return Money(abs(money.minor), money.currency)
