"""Alipay's notifications: forms, signed over their sorted fields.

Two things are not obvious. The signed text is `a=1&b=2`, in which a value that contains `&b=` looks
like a field. Whoever holds a genuine notice could hide a field in its neighbour: a form in which
that may have been done is refused. Or make a field out of a value: the texts that are ours to
choose have no `&` and no `=` (`texts.title`).

And `notify_time` is "when the notice is sent", but Alipay does not say whether a repetition gets a
new one (its `notify_id` stays). Repetitions end after 24 hours and 24 minutes, so a notice counts
as fresh for 25 hours; what is replayed meanwhile is known by its `notify_id`.
"""

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from eka.gateways.payments.alipay.settings import merchant
from eka.gateways.payments.alipay.signing import SIGN_TYPE, Signer
from eka.gateways.payments.alipay.texts import parse_beijing, parse_yuan
from eka.gateways.payments.terms import (
    NotAuthentic,
    Notice,
    NoticeUnreadable,
    PaymentReport,
    RefundReport,
    Status,
)
from eka.rules.units import BadValue

FRESH = timedelta(hours=25)
SKEW = timedelta(minutes=5)
FIELDS_MAX = 100
TRADE_NOTICE = "trade_status_sync"

STATUS: dict[str, Status] = {
    "WAIT_BUYER_PAY": "pending",
    "TRADE_SUCCESS": "paid",
    "TRADE_FINISHED": "paid",
    "TRADE_CLOSED": "closed",
}

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FIELD_INSIDE = re.compile(r"&[A-Za-z0-9_]*=")


def read(body: bytes, signer: Signer, now: datetime) -> Notice:
    """The notice in a form. Raises NotAuthentic, NoticeUnreadable."""
    fields = _fields(body)
    signature, sign_type = fields.pop("sign", ""), fields.pop("sign_type", "")
    if sign_type != SIGN_TYPE or not signer.proves_fields(fields, signature):
        raise NotAuthentic("not signed by Alipay")
    try:
        sent_at = parse_beijing(fields.get("notify_time", ""))
    except BadValue as error:
        raise NotAuthentic("signed, but it does not say when it was sent") from error
    if not now - FRESH <= sent_at <= now + SKEW:
        raise NotAuthentic("sent too long ago, or in the future")
    try:
        return _notice(fields)
    except (KeyError, BadValue) as error:
        raise NoticeUnreadable(f"{type(error).__name__} in a trade's notice") from error


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form that can be read in one way only."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError as error:  # not UTF-8 either, which is what we ask Alipay to write in
        raise NotAuthentic("not a form") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise NotAuthentic("a field is there twice")
    if any(not _NAME.fullmatch(name) or _FIELD_INSIDE.search(fields[name]) for name in fields):
        raise NotAuthentic("a field looks like several")
    return fields


def _notice(fields: dict[str, str]) -> Notice:
    if fields.get("charset", "utf-8").lower() != "utf-8":
        raise NoticeUnreadable("not in UTF-8")
    event, kind = fields["notify_id"], fields.get("notify_type", "")
    if not event:
        raise NoticeUnreadable("without a number")
    if kind != TRADE_NOTICE:
        return Notice(event=event, kind=kind)
    status = fields["trade_status"]
    if status not in STATUS:
        raise NoticeUnreadable("a status of the trade that is not known")
    if "refund_fee" in fields or "gmt_refund" in fields:
        return Notice(event=event, kind=status, refund=_refund(fields))
    return Notice(event=event, kind=status, payment=_payment(fields, STATUS[status]))


def _payment(fields: dict[str, str], status: Status) -> PaymentReport:
    at = fields.get("gmt_payment") or fields.get("gmt_close") or fields.get("gmt_create")
    return PaymentReport(
        number=fields["out_trade_no"],
        status=status,
        transaction=fields["trade_no"] if status == "paid" else "",
        amount=parse_yuan(fields["total_amount"]),
        merchant=merchant(fields.get("app_id", ""), fields.get("seller_id", "")),
        at=parse_beijing(at) if at else None,
    )


def _refund(fields: dict[str, str]) -> RefundReport:
    """`refund_fee` is what was given back of the payment in all, so it is no refund's amount."""
    at = _without_fraction(fields.get("gmt_refund", ""))
    return RefundReport(
        number=fields.get("out_biz_no", ""),
        status="done",
        transaction=fields["trade_no"],
        at=parse_beijing(at) if at else None,
    )


def _without_fraction(text: str) -> str:
    """Alipay writes this one time with milliseconds: `2015-04-28 15:45:57.320`."""
    return text.partition(".")[0]
