"""Orders as they stand, for who looks at them: a constant number of queries each."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from eka.ledger import models
from eka.rules.units import Money, format_money


class ItemRow(Struct, frozen=True, kw_only=True):
    """One thing in an order; `plan` is its name, "" for money."""

    position: int
    kind: str
    terms: dict[str, Any]
    plan: str
    title: dict[str, str]
    line: int | None
    price: Money
    discount: Money
    gives: list[dict[str, Any]]
    state: str
    done_at: datetime | None


class PaymentRow(Struct, frozen=True, kw_only=True):
    """An attempt to pay."""

    number: str
    gateway: str
    way: str
    state: str
    reason: str
    url: str
    qr: str
    fields: dict[str, str]
    begun_at: datetime
    expires_at: datetime


class RefundRow(Struct, frozen=True, kw_only=True):
    """Money that goes back, or went."""

    number: str
    amount: Money
    state: str
    why: str
    asked_at: datetime
    done_at: datetime | None


class EventRow(Struct, frozen=True, kw_only=True):
    """What happened to the order."""

    at: datetime
    event: str
    state: str
    facts: dict[str, Any]


class OrderRow(Struct, frozen=True, kw_only=True):
    """An order with all that hangs on it."""

    id: int
    number: str
    subscriber: int
    user: int | None
    email: str
    language: str
    state: str
    subtotal: Money
    discount: Money
    total: Money
    code: str
    promise: dict[str, Any]
    created_at: datetime
    deadline: datetime
    paid_at: datetime | None
    fulfilled_at: datetime | None
    automatic: bool
    items: list[ItemRow]
    payments: list[PaymentRow]
    refunds: list[RefundRow]
    story: list[EventRow]


def find(number: str) -> OrderRow | None:
    """The order; None where there is none."""
    order = models.Order.objects.select_related("subscriber").filter(number=number).first()
    if order is None:
        return None
    currency = order.currency
    items = order.items.select_related("plan_version__plan").order_by("position")
    return OrderRow(
        id=order.pk,
        number=order.number,
        subscriber=order.subscriber_id,
        user=order.subscriber.user_id,
        email=order.email,
        language=order.language,
        state=order.state,
        subtotal=Money(order.subtotal, currency),
        discount=Money(order.discount, currency),
        total=Money(order.total, currency),
        code=order.code,
        promise=order.promise,
        created_at=order.created_at,
        deadline=order.deadline,
        paid_at=order.paid_at,
        fulfilled_at=order.fulfilled_at,
        automatic=order.automatic,
        items=[_item(item, currency) for item in items],
        payments=[_payment(payment) for payment in order.payments.order_by("pk")],
        refunds=[_refund(refund) for refund in order.refunds.order_by("pk")],
        story=[_event(event) for event in order.events.order_by("pk")],
    )


def newest(limit: int, state: str | None = None) -> list[dict[str, Any]]:
    """The newest orders, in short."""
    orders = models.Order.objects.order_by("-pk")
    if state is not None:
        orders = orders.filter(state=state)
    return [
        {
            "number": order.number,
            "state": order.state,
            "total": format_money(Money(order.total, order.currency)),
            "created_at": order.created_at,
        }
        for order in orders[:limit]
    ]


def of_subscriber(subscriber_id: int, limit: int = 50) -> list[models.Order]:
    """A subscriber's newest orders, without those that were only looked at."""
    orders = models.Order.objects.filter(subscriber_id=subscriber_id).exclude(state="quoted")
    return list(orders.order_by("-pk")[:limit])


def _item(item: models.OrderItem, currency: str) -> ItemRow:
    plan = item.plan_version.plan if item.plan_version else None
    return ItemRow(
        position=item.position,
        kind=item.kind,
        terms=item.terms,
        plan=plan.name if plan else "",
        title=plan.title if plan else {},
        line=item.line_id,
        price=Money(item.price, currency),
        discount=Money(item.discount, currency),
        gives=item.gives.get("gifts", []),
        state=item.state,
        done_at=item.done_at,
    )


def _payment(payment: models.Payment) -> PaymentRow:
    return PaymentRow(
        number=payment.number,
        gateway=payment.gateway,
        way=payment.way,
        state=payment.state,
        reason=payment.reason,
        url=payment.url,
        qr=payment.qr,
        fields=payment.fields,
        begun_at=payment.begun_at,
        expires_at=payment.expires_at,
    )


def _refund(refund: models.Refund) -> RefundRow:
    return RefundRow(
        number=refund.number,
        amount=Money(refund.amount, refund.currency),
        state=refund.state,
        why=refund.why,
        asked_at=refund.asked_at,
        done_at=refund.done_at,
    )


def _event(event: models.OrderEvent) -> EventRow:
    return EventRow(at=event.at, event=event.event, state=event.state, facts=event.facts)
