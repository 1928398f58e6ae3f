"""The bill of all trades of a day in Beijing (交易账单, type ALL), as WeChat writes it.

A line of names, then lines whose every field begins with a backtick so that no spreadsheet takes it
for a number, then the names and the figures of the totals. Amounts are in yuan.
"""

import re
import zlib
from datetime import UTC, date, datetime, time, timedelta, timezone
from fractions import Fraction

from eka.gateways.payments.terms import Transaction
from eka.rules.units import BadValue, Money

BEIJING = timezone(timedelta(hours=8))
MADE_AT = time(10)  # of the next day
UNPACKED_BYTES_MAX = 512 * 2**20
GZIP_MAGIC, GZIP_WINDOW = b"\x1f\x8b", 31

AT, STATE, CURRENCY = "交易时间", "交易状态", "货币种类"
PAYMENT, NUMBER, AMOUNT = "微信订单号", "商户订单号", "订单金额"
REFUND, REFUND_NUMBER, REFUND_AMOUNT = "微信退款单号", "商户退款单号", "申请退款金额"
REFUND_STATE, FEE, COUNT = "退款状态", "手续费", "总交易单数"

_YUAN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def made_at(day: date) -> datetime:
    """When WeChat has made the bill of a day in Beijing."""
    return datetime.combine(day + timedelta(days=1), MADE_AT, BEIJING)


def unpacked(packed: bytes) -> bytes:
    """The bill, which may come with gzip. Raises BadValue."""
    if not packed.startswith(GZIP_MAGIC):
        return packed
    try:
        inflater = zlib.decompressobj(GZIP_WINDOW)
        plain = inflater.decompress(packed, UNPACKED_BYTES_MAX)
    except zlib.error as error:
        raise BadValue(f"the bill cannot be unpacked: {error}") from error
    if not inflater.eof:
        raise BadValue("the bill is cut off, or larger than a bill can be")
    return plain


def read_bill(content: bytes) -> list[Transaction]:
    """What moved, in the bill's order. Raises ValueError where it is not understood, or cut off."""
    names, *rest = content.decode("utf-8-sig").replace("\r", "").strip("\n").split("\n")
    lines = [line for line in rest if line.startswith("`")]
    totals_at = next((at for at, line in enumerate(rest) if not line.startswith("`")), None)
    if totals_at is None or totals_at != len(lines) - 1:
        raise BadValue("the bill has no totals")
    *trades, totals = lines
    if _row(rest[totals_at], totals)[COUNT] != str(len(trades)):
        raise BadValue("the bill has not as many lines as it says")
    return [_transaction(row) for line in trades if _moved(row := _row(names, line))]


def _row(names: str, line: str) -> dict[str, str]:
    # A comma may be in a product's name; a comma and a backtick only stand between two fields.
    return dict(zip(names.split(","), line[1:].split(",`"), strict=True))


def _moved(row: dict[str, str]) -> bool:
    return row[REFUND_STATE] not in ("FAIL", "CLOSED")


def _transaction(row: dict[str, str]) -> Transaction:
    """A fee that is negative comes back with a refund."""
    paid = row[STATE] == "SUCCESS"
    if not paid and row[STATE] not in ("REFUND", "REVOKED"):
        raise BadValue(f"{row[STATE]!r} is not a state of the bill that Eka knows")
    at = datetime.fromisoformat(row[AT]).replace(tzinfo=BEIJING).astimezone(UTC)
    return Transaction(
        kind="payment" if paid else "refund",
        number=row[NUMBER if paid else REFUND_NUMBER],
        transaction=row[PAYMENT if paid else REFUND],
        amount=Money(_fen(row[AMOUNT if paid else REFUND_AMOUNT]), row[CURRENCY]),
        at=at,
        fee=Money(_rounded(_hundredfold(row[FEE])), row[CURRENCY]),
    )


def _hundredfold(yuan: str) -> Fraction:
    if not _YUAN.fullmatch(yuan):
        raise BadValue(f"{yuan!r} is not an amount in yuan")
    return Fraction(yuan) * 100


def _fen(yuan: str) -> int:
    fen = _hundredfold(yuan)
    if fen.denominator != 1 or fen < 0:
        raise BadValue(f"{yuan!r} is not an amount in whole fen")
    return int(fen)


def _rounded(fen: Fraction) -> int:
    """Fees are written with five decimals; what WeChat takes is rounded to the nearest fen."""
    nearest = int(abs(fen) + Fraction(1, 2))
    return nearest if fen >= 0 else -nearest
