"""An order changes its state, and its story tells of it: the one place where that is written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from eka.ledger import direct, models
from eka.rules.orders import ENDED, OrderEvent, after


class NoSuchOrder(Exception):
    """There is no order of this number."""


def locked(order_number: str) -> models.Order:
    """The order, for whoever changes it in this transaction. Raises NoSuchOrder.

    An order is locked before anything that hangs on it; so two never wait for each other.
    """
    order = direct.find(models.Order, lock=True, number=order_number)
    if order is None:
        raise NoSuchOrder(order_number)
    return order


def move(
    order: models.Order,
    event: OrderEvent,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    **fields: datetime | None,
) -> None:
    """Takes a locked order to its next state, with further `fields`. Raises UnableToMove."""
    order.state = after(order.state, event)
    if order.state in ENDED:
        fields = {"ended_at": now, "next_due": None, **fields}
    for name, value in fields.items():
        setattr(order, name, value)
    direct.change(order, "state", *fields)
    tell(order, event, now, facts)


def tell(
    order: models.Order, event: str, now: datetime, facts: Mapping[str, Any] | None = None
) -> None:
    """Adds to the order's story."""
    direct.insert(
        models.OrderEvent(
            order=order, at=now, event=event, state=order.state, facts=dict(facts or {})
        )
    )


def message(
    order: models.Order, event: str, key: str, now: datetime, facts: Mapping[str, Any]
) -> None:
    """Tells the buyer once; `key` is of the event."""
    told = models.Message(
        key=f"{event}:{key}",
        subscriber_id=order.subscriber_id,
        order=order,
        event=event,
        facts={"order": order.number, "currency": order.currency, **facts},
        at=now,
    )
    direct.insert_once(told)
