"""The parts of Stripe's objects that Eka reads. What else they hold is passed over.

A field of the type `str | X` is an id, or the object itself where the request asked to expand it.
"""

from typing import Any, Literal, TypeVar

import msgspec
import stripe
from msgspec import Raw, Struct

Metadata = dict[str, str] | None
Read = TypeVar("Read")


class Card(Struct, frozen=True):
    """A card, as far as it may be shown."""

    brand: str = ""
    last4: str = ""


class Method(Struct, frozen=True):
    """A PaymentMethod."""

    id: str
    type: str = ""
    card: Card | None = None
    customer: str | None = None


class Failure(Struct, frozen=True):
    """Why a payment was declined."""

    code: str | None = None
    decline_code: str | None = None


class Movement(Struct, frozen=True):
    """A balance transaction: `amount` and `fee` in the currency that the seller is paid in."""

    id: str
    type: str
    amount: int
    currency: str
    created: int
    fee: int = 0
    source: dict[str, Any] | str | None = None


class Charge(Struct, frozen=True):
    """One try to move money; a PaymentIntent has at most one that succeeds."""

    id: str
    amount: int
    currency: str
    created: int
    payment_intent: str | None = None
    metadata: Metadata = None
    balance_transaction: str | Movement | None = None


class Intent(Struct, frozen=True):
    """A PaymentIntent."""

    id: str
    status: str
    amount: int
    currency: str
    livemode: bool
    amount_received: int
    metadata: Metadata = None
    customer: str | None = None
    payment_method: str | Method | None = None
    setup_future_usage: str | None = None
    latest_charge: str | Charge | None = None
    last_payment_error: Failure | None = None


class Declined(Failure, frozen=True):
    """The error of a charge that was declined."""

    payment_intent: Intent | None = None


class Session(Struct, frozen=True):
    """A Checkout Session."""

    id: str
    status: str
    payment_status: str
    livemode: bool
    amount_total: int | None = None
    currency: str | None = None
    client_reference_id: str | None = None
    metadata: Metadata = None
    payment_intent: str | Intent | None = None
    url: str | None = None


class Refund(Struct, frozen=True):
    """A refund."""

    id: str
    amount: int
    currency: str
    created: int
    status: str | None = None
    payment_intent: str | None = None
    charge: str | None = None
    metadata: Metadata = None
    failure_reason: str | None = None


class EvidenceDetails(Struct, frozen=True):
    """Until when evidence counts."""

    due_by: int | None = None


class Dispute(Struct, frozen=True):
    """A dispute."""

    id: str
    status: str
    amount: int
    currency: str
    charge: str = ""
    payment_intent: str | None = None
    reason: str = ""
    evidence_details: EvidenceDetails | None = None


class EventData(Struct, frozen=True):
    """What an event is about, unread."""

    object: Raw


class Event(Struct, frozen=True):
    """A notification. `account` is there only where it is about a connected account."""

    id: str
    type: str
    created: int
    livemode: bool
    data: EventData
    object: Literal["event"]
    account: str | None = None


def read(answer: stripe.StripeObject, kind: type[Read]) -> Read:
    """The parts of an answer that Eka reads. Raises msgspec.ValidationError."""
    return msgspec.convert(answer.to_dict(), kind)
