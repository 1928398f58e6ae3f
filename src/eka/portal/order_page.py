"""Everything that an order's page shows, whatever its state."""

import hashlib
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from msgspec import Struct

from eka.gateways.payments.terms import Way
from eka.ledger.orders import OrderRow, PaymentRow, RefundRow
from eka.portal.bought import (
    Lines,
    entries_of,
    lines_of,
    promotion_titles,
    promotions_of,
    refused_of,
)
from eka.portal.deliveries import deliveries_of, news_of
from eka.portal.devices import device_of
from eka.portal.qr import qr_code
from eka.portal.speech import words
from eka.portal.tills import elsewhere, tills_for
from eka.rules.buckets import left
from eka.rules.orders import WAITING
from eka.rules.plans import Plan
from eka.rules.units import Money, format_money
from eka.usecases import balances, pins, wallets
from eka.usecases.shop import the_shop
from eka.words import orders as order_words

OPEN = ("beginning", "open", "approved")
MOVING = ("paid", "fulfilling", "refunding")
SAFE = ("https://", "http://", "weixin://", "wxp://", "alipays://", "alipay://")
OPENID = "wechat_openid"  # in the session: who the payer is to WeChat, once it has told us


class Happened(Struct, frozen=True):
    """A step of the order's story."""

    at: datetime
    text: str


class Held(Struct, frozen=True):
    """What a line holds now (None: unlimited), and until when its period runs."""

    name: str
    left: int | None
    like: Plan
    ends: str


class Waiting(Struct, frozen=True, kw_only=True):
    """A payment that waits for its payer: where to go, or what to scan."""

    number: str
    name: str
    host: str
    way: Way
    url: str
    qr: SafeString | None
    fields: dict[str, str]
    approved: bool


class Back(Struct, frozen=True, kw_only=True):
    """Money that goes back, or went. `surplus`: it came although the order needed none."""

    number: str
    amount: Money
    state: str
    surplus: bool
    done_at: datetime | None


def page_of(request: HttpRequest, order: OrderRow, now: datetime) -> dict[str, Any]:
    """What the template needs."""
    shop = the_shop()
    lines = lines_of(order)
    zone = next(iter(lines.zones.values()), shop.timezone)
    titles, coded = promotion_titles(order)
    tongue = words().tongue
    back = sum(refund.amount.minor for refund in order.refunds if refund.why != "surplus")
    shown = {
        "section": "orders",
        "order": order,
        "zone": zone,
        "stamp": stamp_of(order, now),
        "state": order_words.state(tongue, order.state),
        "meaning": order_words.meaning(
            tongue,
            order.state,
            deadline=words().instant(order.deadline, zone),
            back=words().money(Money(back, order.total.currency)),
        ),
        "entries": entries_of(order, lines, zone, titles),
        "held": held_now(order, lines, now),
        "promotions": promotions_of(order, titles),
        "refused": refused_of(order, titles, coded),
        "story": story_of(order),
        "deliveries": deliveries_of(order, lines, now),
        "refunds": [_back(refund) for refund in order.refunds],
        "failed": failure_of(order),
        "moving": order.state in MOVING or any(r.state != "done" for r in order.refunds),
        "is_owner": order.user is not None and order.user == request.user.pk,
    }
    if order.state in WAITING and order.deadline > now:
        shown |= _to_pay(request, order, now, shop.currencies)
    return shown


def _to_pay(
    request: HttpRequest, order: OrderRow, now: datetime, currencies: tuple[str, ...]
) -> dict[str, Any]:
    """The open payment; or, where there is none or another is wished for, the ways to pay."""
    waiting = waiting_of(order, now)
    asks = request.GET.get("pay") == "again"
    shown: dict[str, Any] = {
        "remaining": order_words.remaining(words().tongue, order.deadline, now),
        "waiting": None if asks else waiting,
        "again": asks and waiting is not None,
        "live": waiting is not None and not asks,
    }
    if shown["waiting"] is None:
        shown |= _choice(request, order, currencies)
    return shown


def _choice(request: HttpRequest, order: OrderRow, currencies: tuple[str, ...]) -> dict[str, Any]:
    for_wallet = any(item.kind == "wallet" for item in order.items)
    is_owner = order.user is not None and order.user == request.user.pk
    device, amount = device_of(request), order.total
    balance = wallets.balances(order.subscriber).get(amount.currency, 0) if is_owner else 0
    return {
        "tills": tills_for(amount, device, knows_wechat=OPENID in request.session),
        "device": device,
        "elsewhere": [] if for_wallet else elsewhere(amount, currencies),
        "wallet": is_owner and not for_wallet,
        "balance": Money(balance, amount.currency),
        "enough": balance >= amount.minor,
        "has_pin": is_owner and pins.is_set(order.subscriber),
        "may_change": order.state == "quoted",
    }


def waiting_of(order: OrderRow, now: datetime) -> Waiting | None:
    """The newest payment that can still be paid."""
    for payment in reversed(order.payments):
        if payment.state in OPEN and payment.expires_at > now and _leads_somewhere(payment):
            return _waiting(payment, order)
    return None


def _leads_somewhere(payment: PaymentRow) -> bool:
    address = payment.url or payment.qr
    return bool(payment.fields) or address.startswith(SAFE)


def _waiting(payment: PaymentRow, order: OrderRow) -> Waiting:
    name = order_words.gateway(words().tongue, payment.gateway)
    label = f"{name}: {words().money(order.total)}"
    return Waiting(
        number=payment.number,
        name=name,
        host=order_words.host(words().tongue, payment.gateway),
        way=payment.way,  # type: ignore[arg-type]
        url=payment.url or payment.qr,
        qr=qr_code(payment.qr, label) if payment.qr else None,
        fields=payment.fields,
        approved=payment.state == "approved",
    )


def held_now(order: OrderRow, lines: Lines, now: datetime) -> list[Held]:
    """What the lines of a delivered order hold at this moment."""
    if order.state != "fulfilled":
        return []
    found = []
    for line_id, name in lines.names.items():
        line = balances.look(line_id, now).line
        if line.period is not None:
            ends = words().instant(line.period.ends, line.timezone)
            found.append(Held(name, left(line), line.period.plan, ends))
    return found


def failure_of(order: OrderRow) -> str:
    """Why the last payment failed, as long as the order still waits for one."""
    last = order.payments[-1] if order.payments else None
    if order.state not in WAITING or last is None or last.state != "failed":
        return ""
    return order_words.failure(words().tongue, last.reason)


def story_of(order: OrderRow) -> list[Happened]:
    """What happened, oldest first, in words."""
    tongue, currency = words().tongue, order.total.currency
    told = [
        Happened(one.at, order_words.event(tongue, one.event, one.facts, currency))
        for one in order.story
    ]
    return [one for one in told if one.text]


def _back(refund: RefundRow) -> Back:
    return Back(
        number=refund.number,
        amount=refund.amount,
        state=refund.state,
        surplus=refund.why == "surplus",
        done_at=refund.done_at,
    )


def stamp_of(order: OrderRow, now: datetime) -> str:
    """Changes when the page would look different: what a page that watches the order compares."""
    minutes = max(0, int((order.deadline - now).total_seconds()) // 60)
    seen = [
        order.state,
        str(len(order.story)),
        str(minutes if order.state in WAITING else ""),
        *(f"{payment.number} {payment.state}" for payment in order.payments),
        *(f"{back.number} {back.state} {format_money(back.amount)}" for back in order.refunds),
        *news_of(order),
    ]
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]
