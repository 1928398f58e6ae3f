"""An order's life as a table: in which state which event leads to which.

The picture in docs/engineers/orders.md is `drawing()`, and a test holds it to that.
"""

from collections.abc import Mapping
from typing import Literal, get_args

OrderState = Literal[
    "quoted",
    "awaiting_payment",
    "paid",
    "fulfilling",
    "fulfilled",
    "expired",
    "cancelled",
    "refunding",
    "refunded",
    "disputed",
]
STATES: tuple[OrderState, ...] = get_args(OrderState)

OrderEvent = Literal[
    "placed",  # the buyer chose how to pay
    "paid",  # the whole amount is there
    "taken_up",  # what was bought is being delivered
    "fulfilled",  # all of it is there
    "expired",  # the deadline passed without money
    "cancelled",  # the buyer or the shop gave it up
    "refund_asked",  # all of the money is to go back
    "refunded",  # all of it went back
    "refund_failed",  # the gateway did not give it back; a person has to
    "disputed",  # the payer's bank contests the payment
    "dispute_won",  # the bank let us keep it
    "dispute_won_undelivered",  # the same, and nothing had been delivered yet
    "dispute_lost",  # the bank took it back
]
EVENTS: tuple[OrderEvent, ...] = get_args(OrderEvent)

# Money that comes after the end of an order that waited for it (`expired`) takes it up again; money
# for one that was given up (`cancelled`) does not: it goes back (`eka.rules.payments`). A dispute
# about an order that is being refunded changes nothing of it: there is nothing left to freeze.
TRANSITIONS: Mapping[tuple[str, OrderEvent], OrderState] = {
    ("quoted", "placed"): "awaiting_payment",
    ("quoted", "paid"): "paid",
    ("quoted", "expired"): "expired",
    ("quoted", "cancelled"): "cancelled",
    ("awaiting_payment", "paid"): "paid",
    ("awaiting_payment", "expired"): "expired",
    ("awaiting_payment", "cancelled"): "cancelled",
    ("expired", "paid"): "paid",
    ("paid", "taken_up"): "fulfilling",
    ("paid", "refund_asked"): "refunding",
    ("paid", "disputed"): "disputed",
    ("fulfilling", "fulfilled"): "fulfilled",
    ("fulfilling", "refund_asked"): "refunding",
    ("fulfilling", "disputed"): "disputed",
    ("fulfilled", "refund_asked"): "refunding",
    ("fulfilled", "disputed"): "disputed",
    ("refunding", "refunded"): "refunded",
    ("refunding", "refund_failed"): "refunding",
    ("disputed", "dispute_won"): "fulfilled",
    ("disputed", "dispute_won_undelivered"): "paid",
    ("disputed", "dispute_lost"): "refunded",
}

WAITING: tuple[OrderState, ...] = ("quoted", "awaiting_payment")
ENDED: tuple[OrderState, ...] = ("fulfilled", "expired", "cancelled", "refunded")


class UnableToMove(Exception):
    """An event that does not happen to an order in its state; nothing has changed."""

    def __init__(self, state: str, event: OrderEvent) -> None:
        super().__init__(f"an order that is {state} cannot be {event}")
        self.state, self.event = state, event


def after(state: str, event: OrderEvent) -> OrderState:
    """The state that the event leads to. Raises UnableToMove."""
    following = TRANSITIONS.get((state, event))
    if following is None:
        raise UnableToMove(state, event)
    return following


def can(state: str, event: OrderEvent) -> bool:
    """Whether the event can happen in this state."""
    return (state, event) in TRANSITIONS


def drawing() -> str:
    """The table as a state diagram of Mermaid, one arrow a line, in the table's order."""
    arrows = [f"    {state} --> {to}: {event}" for (state, event), to in TRANSITIONS.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> quoted", *arrows, ""])
