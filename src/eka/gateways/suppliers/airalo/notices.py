"""Airalo's notifications: an asynchronous order that was delivered or not, data that runs out.

They have no number and no name of their kind; what they are shows in their fields (Webhook
definition). What was delivered is believed only when `look` has found it; that an order came to
nothing is told nowhere else.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from eka.gateways.suppliers.airalo.api import WHY
from eka.gateways.suppliers.airalo.signing import HEADER, what_was_signed
from eka.gateways.suppliers.terms import (
    NotAuthentic,
    Notice,
    NoticeUnreadable,
    Supplied,
)

BYTES_MAX = 2**18
EVENT_DIGITS = 40


class _Order(Struct):
    request_id: str | None = None
    description: str | None = None
    sims: list[Any] | None = None


class _News(_Order):
    """Every kind of it. An order is in `data`, or its fields are here (and `data` is "1 GB")."""

    data: _Order | list[Any] | str | None = None
    code: int | str | None = None
    reason: str | None = None
    iccid: str | None = None
    level: str | None = None
    message: str | None = None


def read_notice(secret: str, headers: Mapping[str, str], body: bytes) -> Notice:
    """The content of an authentic notification. Raises NotAuthentic, NoticeUnreadable."""
    header = headers.get(HEADER, "")
    if not header:
        raise NotAuthentic(f"no {HEADER}")
    signed = what_was_signed(secret, header, body)
    if signed is None:
        raise NotAuthentic("not signed with our secret")
    if len(signed) > BYTES_MAX:
        raise NoticeUnreadable("larger than a notification is")
    try:
        news = msgspec.json.decode(signed, type=_News)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NoticeUnreadable("not the JSON of a notification") from error
    return _meaning(news, hashlib.sha256(signed).hexdigest()[:EVENT_DIGITS])


def _meaning(news: _News, event: str) -> Notice:
    """`event`, where nothing better is there, is made of the content: repeats are alike."""
    order = news.data if isinstance(news.data, _Order) else news
    if request_id := news.request_id or order.request_id:
        return _order(news, order, request_id)
    if news.iccid and news.level:
        return Notice(event=event, kind=f"low_data {news.level}", usage=news.iccid)
    return Notice(event=event, kind=news.message or "unknown")


def _order(news: _News, order: _Order, request_id: str) -> Notice:
    """A repeat may be written anew, with other links in it; so its event is made of its meaning."""
    number = order.description or ""
    failed = news.code is not None or bool(news.reason)
    if order.sims or not failed:
        step = "delivered" if order.sims else "news"
        event = f"{request_id}:{step}"
        return Notice(event=event, kind="async_orders", order=number or request_id)
    code = "failed" if news.code is None else str(news.code)
    refused = Supplied(
        number=number,
        status="refused",
        reference=request_id,
        why=WHY.get(code, "other"),
        code=code,
    )
    return Notice(event=f"{request_id}:failed", kind="async_orders", supplied=refused)
