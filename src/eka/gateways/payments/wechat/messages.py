"""WeChat's JSON, and what it means for Eka.

The amount of a payment is `amount.total`, the price of the order: `payer_total` is less where
WeChat or a bank gave a coupon, and that is between them and the payer. Amounts are integers of
fen; a number with a point, a boolean or a text in their place is not understood.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from eka.gateways.payments.terms import GatewayUnavailable, PaymentReport, RefundReport, Status
from eka.rules.instants import parse_instant
from eka.rules.units import BadValue, Money

CURRENCY = "CNY"

Fen = Annotated[int, Meta(ge=0, le=2**63 - 1)]
RefundStatus = Literal["pending", "done", "failed"]
Message = TypeVar("Message", bound=Struct)

NOT_UNDERSTOOD = (msgspec.MsgspecError, ValueError)

# REFUND: it was paid, and something of it was given back. REVOKED is for codes shown at a till.
STATUS_OF: dict[str, Status] = {
    "SUCCESS": "paid",
    "REFUND": "paid",
    "NOTPAY": "pending",
    "USERPAYING": "pending",
    "ACCEPT": "pending",
    "CLOSED": "closed",
    "REVOKED": "closed",
    "PAYERROR": "failed",
}
# ABNORMAL: the payer's bank turned the money down, and a person has to send it elsewhere.
REFUND_STATUS_OF: dict[str, RefundStatus] = {
    "PROCESSING": "pending",
    "SUCCESS": "done",
    "CLOSED": "failed",
    "ABNORMAL": "failed",
}


class TradeAmount(Struct):
    """What was to be paid."""

    total: Fen
    currency: str = CURRENCY


class Trade(Struct):
    """A payment, as an answer and a notification have it."""

    mchid: str
    appid: str
    out_trade_no: str
    trade_state: str
    transaction_id: str = ""
    trade_state_desc: str = ""
    success_time: str = ""
    amount: TradeAmount | None = None


class RefundAmount(Struct):
    """What is given back; a notification does not name the currency."""

    refund: Fen
    total: Fen
    currency: str = CURRENCY


class Refund(Struct):
    """A refund. Its status has another name in a notification, and `mchid` is only there."""

    out_refund_no: str
    refund_id: str
    transaction_id: str
    amount: RefundAmount
    status: str = ""
    refund_status: str = ""
    success_time: str = ""
    mchid: str = ""


class Begun(Struct):
    """Where the payer goes; one of them is there."""

    code_url: str = ""
    h5_url: str = ""
    prepay_id: str = ""


class BillLink(Struct):
    """Where a day's bill lies."""

    hash_type: Literal["SHA1"]
    hash_value: str
    download_url: str


def understood(body: bytes, kind: type[Message]) -> Message:
    """An answer of the gateway. Raises GatewayUnavailable."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise GatewayUnavailable(f"WeChat's answer is not understood: {error}") from error


def merchant_name(mchid: str, appid: str) -> str:
    """Who is paid, as reports say it."""
    return f"{mchid}/{appid}"


def payment_report(trade: Trade) -> PaymentReport:
    """What a payment's message says. Raises BadValue."""
    status = STATUS_OF.get(trade.trade_state)
    if status is None:
        raise BadValue(f"{trade.trade_state!r} is not a state of a payment that Eka knows")
    amount = trade.amount
    return PaymentReport(
        number=trade.out_trade_no,
        status=status,
        transaction=trade.transaction_id,
        amount=Money(amount.total, amount.currency) if amount else None,
        merchant=merchant_name(trade.mchid, trade.appid),
        at=_instant(trade.success_time),
        reason=trade.trade_state_desc if status == "failed" else "",
    )


def refund_report(refund: Refund) -> RefundReport:
    """What a refund's message says. Raises BadValue."""
    said = refund.refund_status or refund.status
    status = REFUND_STATUS_OF.get(said)
    if status is None:
        raise BadValue(f"{said!r} is not a state of a refund that Eka knows")
    return RefundReport(
        number=refund.out_refund_no,
        status=status,
        transaction=refund.transaction_id,
        reference=refund.refund_id,
        amount=Money(refund.amount.refund, refund.amount.currency),
        at=_instant(refund.success_time),
        reason=said if status == "failed" else "",
    )


def _instant(text: str) -> datetime | None:
    return parse_instant(text) if text else None
