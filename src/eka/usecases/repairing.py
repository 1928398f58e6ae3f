"""Paid and nothing came, delivered and not paid, waiting too long: found by itself, and mended.

What is wrong is mended by doing what should have happened anyway; what cannot be mended so is a
case with the facts in it. Looking twice finds nothing new.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from eka.ledger import models
from eka.rules.orders import WAITING
from eka.usecases import outbox
from eka.usecases.cases import open_case

PATIENCE = timedelta(minutes=2)  # what is younger than this is still on its way
LONG = timedelta(hours=2)
AT_ONCE_MAX = 500

Orders = QuerySet[models.Order]


class Finding(NamedTuple):
    """Something that is not as it should be: of which order, and what."""

    order: str
    what: str


class Kind(NamedTuple):
    """How one thing that can be wrong is found among orders, and what is done about it."""

    find: Callable[[Orders, datetime], Orders]
    mend: Callable[[models.Order, datetime], None]


def repair_due(now: datetime) -> int:
    """Looks through the shop once; a finding is mended at once, so there is never more to do."""
    repair(now)
    return 0


@transaction.atomic
def repair(now: datetime, order_number: str = "") -> list[Finding]:
    """Finds what is wrong, of one order or of all, and mends it or opens a case."""
    orders = models.Order.objects.all()
    if order_number:
        orders = orders.filter(number=order_number)
    found = []
    for what, kind in KINDS.items():
        for order in kind.find(orders, now)[:AT_ONCE_MAX]:
            kind.mend(order, now)
            found.append(Finding(order.number, what))
    return found


def _paid_not_delivered(orders: Orders, now: datetime) -> Orders:
    """Paid for a while, and nobody is going to deliver it."""
    stuck = orders.filter(state__in=("paid", "fulfilling"), paid_at__lt=now - PATIENCE)
    key = Concat(Value("fulfil:"), OuterRef("number"))
    on_its_way = models.Outbox.objects.filter(key=key, due__isnull=False)
    return stuck.exclude(Exists(on_its_way))


def _deliver(order: models.Order, now: datetime) -> None:
    _again("fulfil", f"fulfil:{order.number}", {"order": order.number}, now)


def _never_looked_at(orders: Orders, now: datetime) -> Orders:
    """A payment that nobody asks about, although its order waits for money."""
    silent = models.Payment.objects.filter(
        order=OuterRef("pk"), state__in=("beginning", "open", "approved"), next_look=None
    )
    unsure = models.Case.objects.filter(order=OuterRef("pk"), kind="payment_mismatch")
    return orders.filter(Exists(silent), state__in=WAITING).exclude(Exists(unsure))


def _look(order: models.Order, now: datetime) -> None:
    order.payments.filter(state__in=("beginning", "open", "approved")).update(next_look=now)


def _never_ends(orders: Orders, now: datetime) -> Orders:
    """An order that waits beyond its deadline, and nothing will end it."""
    return orders.filter(state__in=WAITING, deadline__lt=now - PATIENCE, next_due=None)


def _end(order: models.Order, now: datetime) -> None:
    models.Order.objects.filter(pk=order.pk).update(next_due=now)


def _refund_forgotten(orders: Orders, now: datetime) -> Orders:
    """A refund that was asked for, and nobody is going to send it or to ask about it."""
    late = models.Refund.objects.filter(
        order=OuterRef("pk"), state__in=("asked", "pending"), asked_at__lt=now - LONG
    )
    key = Concat(Value("refund:"), OuterRef("number"))
    on_its_way = models.Outbox.objects.filter(key__startswith=key, due__isnull=False)
    stuck = late.exclude(Exists(on_its_way))
    given_up = models.Case.objects.filter(order=OuterRef("pk"), kind="refund_stuck", closed_at=None)
    return orders.filter(Exists(stuck)).exclude(Exists(given_up))


def _refund_again(order: models.Order, now: datetime) -> None:
    for refund in order.refunds.filter(state__in=("asked", "pending")):
        _again("refund", f"refund:{refund.number}", {"refund": refund.number}, now)


def _delivered_not_paid(orders: Orders, now: datetime) -> Orders:
    """Delivered, and neither a gateway nor the wallet paid for it."""
    paid = models.MoneyIn.objects.filter(order=OuterRef("pk"), role="credited")
    spent = models.WalletMovement.objects.filter(order=OuterRef("pk"), kind="spend")
    delivered = orders.filter(state="fulfilled", total__gt=0)
    unpaid = delivered.exclude(Exists(paid)).exclude(Exists(spent))
    return unpaid.exclude(_has_case("delivered_not_paid"))


def _amounts_differ(orders: Orders, now: datetime) -> Orders:
    """What was credited is not what the order costs."""
    other = models.MoneyIn.objects.filter(order=OuterRef("pk"), role="credited")
    other = other.exclude(amount=OuterRef("total"), currency=OuterRef("currency"))
    return orders.filter(Exists(other)).exclude(_has_case("amounts_differ"))


def _has_case(kind: str) -> Exists:
    return Exists(models.Case.objects.filter(order=OuterRef("pk"), kind=kind))


def _ask_a_person(kind: str) -> Callable[[models.Order, datetime], None]:
    def ask(order: models.Order, now: datetime) -> None:
        money = list(order.money.values("gateway", "transaction", "amount"))
        facts = {"order": order.number, "total": order.total, "money": money}
        open_case(kind, f"{kind}:{order.number}", now, facts, order.pk)

    return ask


def _again(kind: str, key: str, payload: Mapping[str, str], now: datetime) -> None:
    """Puts an effect back to work, or there in the first place."""
    outbox.put(kind, key, now, dict(payload))
    lost = models.Outbox.objects.filter(key=key, due=None)
    lost.update(due=now, attempts=0, done_at=None, gave_up_at=None)


KINDS: Mapping[str, Kind] = {
    "paid_not_delivered": Kind(_paid_not_delivered, _deliver),
    "never_looked_at": Kind(_never_looked_at, _look),
    "never_ends": Kind(_never_ends, _end),
    "refund_forgotten": Kind(_refund_forgotten, _refund_again),
    "delivered_not_paid": Kind(_delivered_not_paid, _ask_a_person("delivered_not_paid")),
    "amounts_differ": Kind(_amounts_differ, _ask_a_person("amounts_differ")),
}
