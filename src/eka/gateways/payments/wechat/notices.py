"""WeChat's notifications: who sent them, when, and what they say.

Nothing is asked of anybody here: a serial number that is not the configured one is refused, where
the library would fetch certificates for whoever sends it. The wrong signatures with which WeChat
probes its merchants (`WECHATPAY/SIGNTEST/...`) fail like any other.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from eka.gateways.payments.terms import NotAuthentic, Notice, NoticeUnreadable
from eka.gateways.payments.wechat.channel import Channel
from eka.gateways.payments.wechat.messages import (
    NOT_UNDERSTOOD,
    Refund,
    Trade,
    payment_report,
    refund_report,
)

FRESH = timedelta(minutes=5)
NEEDED = ("wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature", "wechatpay-serial")
TIMESTAMP_DIGITS_MAX = 11


class _Resource(Struct):
    algorithm: Literal["AEAD_AES_256_GCM"]
    ciphertext: str
    nonce: str
    associated_data: str | None = None


class _Envelope(Struct):
    id: str
    event_type: str
    resource_type: Literal["encrypt-resource"]
    resource: _Resource


def read_notice(
    channel: Channel, mchid: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> Notice:
    """The content of a notification. Raises NotAuthentic, NoticeUnreadable."""
    _check(channel, headers, body, now)
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
        return _opened(channel, mchid, envelope)
    except NOT_UNDERSTOOD as error:
        raise NoticeUnreadable(f"a notification of WeChat's is not understood: {error}") from error


def _check(channel: Channel, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    for name in NEEDED:
        if not headers.get(name):
            raise NotAuthentic(f"the notification has no {name}")
    timestamp = headers["wechatpay-timestamp"]
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > TIMESTAMP_DIGITS_MAX:
        raise NotAuthentic("the notification's timestamp is not one")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > FRESH:
        raise NotAuthentic("the notification was signed at another time")
    if not channel.signed_by_wechat(headers, body):
        raise NotAuthentic("the notification was not signed by WeChat")


def _opened(channel: Channel, mchid: str, envelope: _Envelope) -> Notice:
    """Other merchants' payments are reported (and judged); their refunds are nothing of ours."""
    event, kind, sealed = envelope.id, envelope.event_type, envelope.resource
    if not kind.startswith(("TRANSACTION.", "REFUND.")):
        return Notice(event=event, kind=kind)
    plain = channel.decrypted(sealed.ciphertext, sealed.nonce, sealed.associated_data or "")
    if kind.startswith("TRANSACTION."):
        trade = msgspec.json.decode(plain, type=Trade)
        return Notice(event=event, kind=kind, payment=payment_report(trade))
    refund = msgspec.json.decode(plain, type=Refund)
    if refund.mchid != mchid:
        raise NotAuthentic("the notification is about another merchant's refund")
    return Notice(event=event, kind=kind, refund=refund_report(refund))
