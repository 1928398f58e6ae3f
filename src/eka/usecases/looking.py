"""The backstop for notifications that never come: gateways are asked what became of payments.

And the end of waiting: an order whose deadline has passed is closed at its gateways first.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from eka.gateways.payments.terms import GatewayError, GatewayRefused
from eka.ledger import models
from eka.ledger.connections import rows
from eka.rules.orders import WAITING
from eka.rules.patience import next_look
from eka.usecases import promotions, stock
from eka.usecases.checkout import UnableToPay
from eka.usecases.gateways import NoSuchGateway, gateway
from eka.usecases.orders import locked, move
from eka.usecases.taking import take

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)

CLAIM_PAYMENTS = """
UPDATE payment SET next_look = %(lease)s
WHERE id IN (SELECT id FROM payment WHERE next_look <= %(now)s
             ORDER BY next_look LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING number
"""
CLAIM_ORDERS = """
UPDATE sales_order SET next_due = %(lease)s
WHERE id IN (SELECT id FROM sales_order WHERE next_due <= %(now)s
             ORDER BY next_due LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING number
"""

OPEN = ("beginning", "open", "approved")


def look_at_due(now: datetime, most: int = 20) -> int:
    """Asks about at most `most` payments whose turn it is; how many there were."""
    numbers = _claim(CLAIM_PAYMENTS, now, most)
    for number in numbers:
        try:
            look(number, now)
        except (GatewayError, NoSuchGateway) as error:
            log.warning("payment %s cannot be looked at: %s", number, error)
            _look_again(number, now)
    return len(numbers)


def look(number: str, now: datetime) -> None:
    """Asks the gateway about one payment, and takes in what it says. Raises GatewayError."""
    payment = models.Payment.objects.get(number=number)
    report = gateway(payment.gateway).look(number, payment.reference)
    take(number, report, now)
    _look_again(number, now)


@transaction.atomic
def _look_again(number: str, now: datetime) -> None:
    payment = models.Payment.objects.select_for_update().get(number=number)
    if payment.state in OPEN and payment.next_look is not None:
        payment.looks += 1
        payment.next_look = next_look(payment.looks, now, payment.expires_at)
        payment.save(update_fields=["looks", "next_look"])


def expire_due(now: datetime, most: int = 20) -> int:
    """Ends at most `most` orders that waited in vain until their deadline; how many there were."""
    numbers = _claim(CLAIM_ORDERS, now, most)
    for number in numbers:
        try:
            give_up(number, "expired", now)
        except (GatewayError, NoSuchGateway) as error:
            log.warning("order %s cannot be closed yet: %s", number, error)
    return len(numbers)


def cancel(order_number: str, now: datetime) -> bool:
    """The buyer gives the order up; whether it was given up (money may have come meanwhile).

    Raises NoSuchOrder, UnableToPay where it does not wait any more, GatewayError, NoSuchGateway.
    """
    return give_up(order_number, "cancelled", now)


def give_up(order_number: str, event: str, now: datetime) -> bool:
    """Closes the order's payments at their gateways, then the order, unless one was paid."""
    open_payments = models.Payment.objects.filter(order__number=order_number, state__in=OPEN)
    for payment in open_payments:
        close(payment.number, now)
    return _give_up(order_number, event, now)


def close(payment_number: str, now: datetime) -> None:
    """Lets nobody pay a payment any more, and takes in how it ended. Raises GatewayError.

    A refusal to close tells nothing: then the gateway is asked how the payment stands.
    """
    payment = models.Payment.objects.get(number=payment_number)
    opened = gateway(payment.gateway)
    try:
        report = opened.close(payment.number, payment.reference)
    except GatewayRefused:
        report = opened.look(payment.number, payment.reference)
    take(payment.number, report, now)


@transaction.atomic
def _give_up(order_number: str, event: str, now: datetime) -> bool:
    order = locked(order_number)
    if order.state not in WAITING:
        if event == "cancelled" and order.state not in ("cancelled", "expired"):
            raise UnableToPay(order.state)
        models.Order.objects.filter(pk=order.pk).update(next_due=None)
        return order.state == event
    if event == "expired" and order.deadline > now:  # a payment was begun meanwhile
        models.Order.objects.filter(pk=order.pk).update(next_due=order.deadline)
        return False
    held = order.state == "awaiting_payment"
    move(order, "expired" if event == "expired" else "cancelled", now)
    # What the gateway could not close, such as a payment that it never heard of, ends with it.
    still = order.payments.filter(state__in=OPEN)
    still.update(state="closed", ended_at=now, next_look=None)
    if held:
        promotions.release(order.pk)
        stock.give_back(order)
    return True


@transaction.atomic
def _claim(sql: str, now: datetime, most: int) -> list[str]:
    asked = {"now": now, "lease": now + LEASE, "most": most}
    return [number for (number,) in rows(sql, asked)]
