"""What Stripe's objects say, in Eka's words."""

import contextlib
from datetime import UTC, datetime
from typing import Literal

from eka.gateways.payments.stripe.amounts import from_stripe
from eka.gateways.payments.stripe.objects import (
    Charge,
    Dispute,
    Failure,
    Intent,
    Metadata,
    Method,
    Movement,
    Refund,
    Session,
)
from eka.gateways.payments.terms import (
    DisputeReport,
    PaymentReport,
    RefundReport,
    SavedMethod,
    Status,
)
from eka.rules.units import BadValue, Money

# A payment on a page may be tried again after a refusal, one without the payer may not; so the
# metadata of a PaymentIntent says which of them it is.
ON_A_PAGE, WITHOUT_PAYER = "page", "saved"

DISPUTE_ENDS: dict[str, Literal["won", "lost"]] = {
    "won": "won",
    "warning_closed": "won",
    "prevented": "won",
    "lost": "lost",
}
REFUND_STATES: dict[str, Literal["pending", "done", "failed"]] = {
    "succeeded": "done",
    "failed": "failed",
    "canceled": "failed",
}


def instant(seconds: int) -> datetime:
    """The instant of Stripe's timestamp."""
    return datetime.fromtimestamp(seconds, UTC)


def noted(metadata: Metadata, key: str = "number") -> str:
    """What we wrote into an object's metadata when we made it."""
    return (metadata or {}).get(key, "")


def of_session(session: Session, merchant: str, *, at: datetime | None = None) -> PaymentReport:
    """A payment on Stripe's page."""
    intent = session.payment_intent if isinstance(session.payment_intent, Intent) else None
    status = _session_status(session, intent)
    amount = None
    if session.amount_total is not None and session.currency:
        amount = from_stripe(session.amount_total, session.currency)
    if status == "paid" and intent:
        amount = from_stripe(intent.amount_received, intent.currency)
    transaction = session.payment_intent if intent is None else intent.id
    return PaymentReport(
        number=noted(session.metadata) or session.client_reference_id or "",
        status=status,
        reference=session.id,
        transaction=str(transaction or "") if status == "paid" else "",
        amount=amount,
        merchant=merchant,
        at=_paid_at(intent) or at,
        fee=_fee_of(intent),
        saved=_saved(intent) if status == "paid" else None,
        reason=why(intent.last_payment_error) if intent and status != "paid" else "",
    )


def of_intent(intent: Intent, merchant: str, *, at: datetime | None = None) -> PaymentReport:
    """A payment without the payer, or what happened to one on a page.

    The latter is asked for by its session, so the report does not name this as its reference.
    """
    status = _intent_status(intent)
    paid = status == "paid"
    amount = intent.amount_received if paid else intent.amount
    return PaymentReport(
        number=noted(intent.metadata),
        status=status,
        reference="" if on_a_page(intent) else intent.id,
        transaction=intent.id if paid else "",
        amount=from_stripe(amount, intent.currency),
        merchant=merchant,
        at=_paid_at(intent) or at,
        fee=_fee_of(intent),
        reason="" if paid else why(intent.last_payment_error),
    )


def on_a_page(intent: Intent) -> bool:
    """Whether the payer is at a page of Stripe's, and may try again."""
    return noted(intent.metadata, "via") == ON_A_PAGE


def of_refund(refund: Refund) -> RefundReport:
    """A refund."""
    return RefundReport(
        number=noted(refund.metadata),
        status=REFUND_STATES.get(refund.status or "", "pending"),
        transaction=refund.payment_intent or refund.charge or "",
        reference=refund.id,
        amount=from_stripe(refund.amount, refund.currency),
        at=instant(refund.created),
        reason=refund.failure_reason or "",
    )


def of_dispute(dispute: Dispute) -> DisputeReport:
    """A dispute. An inquiry that ended without one (warning_closed) is won."""
    due_by = dispute.evidence_details.due_by if dispute.evidence_details else None
    return DisputeReport(
        reference=dispute.id,
        transaction=dispute.payment_intent or dispute.charge,
        status=DISPUTE_ENDS.get(dispute.status, "open"),
        amount=from_stripe(dispute.amount, dispute.currency),
        reason=dispute.reason,
        respond_by=instant(due_by) if due_by else None,
    )


def why(failure: Failure | None) -> str:
    """Stripe's word for why a payment was declined, the most exact that it gives."""
    return (failure.decline_code or failure.code or "") if failure else ""


def fee(movement: Movement) -> Money | None:
    """What Stripe kept. It is told for information, so what cannot be said exactly is left out."""
    with contextlib.suppress(BadValue):
        return from_stripe(movement.fee, movement.currency)
    return None


def _session_status(session: Session, intent: Intent | None) -> Status:
    if session.payment_status == "paid" or (intent and intent.status == "succeeded"):
        return "paid"
    if session.status == "expired":
        return "closed"
    if session.status == "complete" and intent and intent.status != "processing":
        return "failed"  # a method that takes days, and ended without the money
    return "pending"


def _intent_status(intent: Intent) -> Status:
    if intent.status == "succeeded":
        return "paid"
    if intent.status == "canceled":
        return "closed"
    tried = intent.status == "requires_payment_method" and intent.last_payment_error is not None
    return "failed" if tried and not on_a_page(intent) else "pending"


def _charge(intent: Intent | None) -> Charge | None:
    return intent.latest_charge if intent and isinstance(intent.latest_charge, Charge) else None


def _paid_at(intent: Intent | None) -> datetime | None:
    charge = _charge(intent) if intent and intent.status == "succeeded" else None
    return instant(charge.created) if charge else None


def _fee_of(intent: Intent | None) -> Money | None:
    charge = _charge(intent)
    moved = charge.balance_transaction if charge else None
    return fee(moved) if isinstance(moved, Movement) else None


def _saved(intent: Intent | None) -> SavedMethod | None:
    if intent is None or intent.setup_future_usage != "off_session" or not intent.customer:
        return None
    method = intent.payment_method
    if not isinstance(method, Method):
        return None
    return SavedMethod(token=method.id, payer=intent.customer, shown=_shown(method))


def _shown(method: Method) -> str:
    if method.card:
        return f"{method.card.brand.title()} ···· {method.card.last4}"
    return method.type.replace("_", " ").title()
