"""What PayPal's documents mean in Eka's words. Everything here raises BadValue.

The number of a money's movement is the capture's id, in notifications, when asked and in the list.
"""

from datetime import datetime
from typing import Literal

import msgspec

from eka.gateways.payments.paypal.amounts import Amount, money_of
from eka.gateways.payments.paypal.shapes import (
    Capture,
    Customer,
    Dispute,
    DisputedTransaction,
    Link,
    Order,
    Payments,
    Refund,
    Unit,
    VaultToken,
    Wallet,
)
from eka.gateways.payments.terms import (
    DisputeReport,
    PaymentReport,
    RefundReport,
    SavedMethod,
    Status,
)
from eka.rules.instants import parse_instant
from eka.rules.units import Money

RefundStatus = Literal["pending", "done", "failed", "unknown"]
DisputeStatus = Literal["open", "won", "lost"]

ORDERED: dict[str, Status] = {"APPROVED": "approved", "VOIDED": "closed"}  # others: pending
CAPTURED: dict[str, Status] = {
    **dict.fromkeys(("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"), "paid"),
    **dict.fromkeys(("DECLINED", "DENIED", "FAILED"), "failed"),
}  # others: pending
TELLING: tuple[Status, ...] = ("paid", "pending", "failed")
REFUNDED: dict[str, RefundStatus] = {
    "COMPLETED": "done",
    **dict.fromkeys(("FAILED", "CANCELLED"), "failed"),
}  # others: pending

RESOLVED: dict[str, DisputeStatus] = {
    **dict.fromkeys(("RESOLVED_SELLER_FAVOUR", "CANCELED_BY_BUYER", "DENIED"), "won"),
    "RESOLVED_WITH_PAYOUT": "won",  # PayPal paid the payer, and the seller keeps the money
    **dict.fromkeys(("RESOLVED_BUYER_FAVOUR", "ACCEPTED"), "lost"),
}  # others: open, for a person to look at

# A refund that was made on PayPal's own pages carries the payment's custom_id. Those of ours carry
# this before their number, so that the one is never taken for the other.
REFUND_MARK = "refund."


def payment_of_order(order: Order) -> PaymentReport:
    """How a payment stands: as its most telling capture says, or else as the order itself."""
    unit = order.purchase_units[0] if order.purchase_units else Unit()
    reports = [payment_of_capture(capture) for capture in (unit.payments or Payments()).captures]
    known = PaymentReport(
        number=unit.custom_id or unit.reference_id,
        status=ORDERED.get(order.status, "pending"),
        amount=_money(unit.amount),
        merchant=unit.payee.merchant_id if unit.payee else "",
        at=_instant(order.update_time),
    )
    report = min(reports, key=lambda one: TELLING.index(one.status), default=known)
    return msgspec.structs.replace(
        report,
        number=known.number,
        reference=order.id,
        merchant=report.merchant or known.merchant,
        saved=_saved_with(order),
    )


def payment_of_capture(capture: Capture) -> PaymentReport:
    """How a payment stands by its capture alone, as notifications tell it."""
    related = capture.supplementary_data and capture.supplementary_data.related_ids
    breakdown = capture.seller_receivable_breakdown
    return PaymentReport(
        number=capture.custom_id or capture.invoice_id,
        status=CAPTURED.get(capture.status, "pending"),
        reference=related.order_id if related else "",
        transaction=capture.id,
        amount=money_of(capture.amount),
        merchant=capture.payee.merchant_id if capture.payee else "",
        at=_instant(capture.create_time),
        fee=_money(breakdown.paypal_fee) if breakdown else None,
        reason=capture.status_details.reason if capture.status_details else "",
    )


def payment_that_saved(token: VaultToken) -> PaymentReport:
    """A method that was kept after its payment had been reported.

    PayPal tells the order, not our number, and nothing of the money: the status is `unknown`.
    """
    wallet = token.payment_source and token.payment_source.paypal
    return PaymentReport(
        number="",
        status="unknown",
        reference=token.metadata.order_id if token.metadata else "",
        saved=_saved(token.id, token.customer, wallet or Wallet()),
    )


def refund_of(refund: Refund) -> RefundReport:
    """How a refund stands; the number is empty if it was not Eka that asked for it."""
    return RefundReport(
        number=refund_number(refund.custom_id),
        status=REFUNDED.get(refund.status, "pending"),
        transaction=_capture_above(refund.links),
        reference=refund.id,
        amount=_money(refund.amount),
        at=_instant(refund.create_time),
        reason=refund.status_details.reason if refund.status_details else "",
    )


def refund_number(custom_id: str) -> str:
    """Our number of a refund by its custom_id; "" if it is not one of ours."""
    return custom_id.removeprefix(REFUND_MARK) if custom_id.startswith(REFUND_MARK) else ""


def reversal_of(reversal: Refund) -> DisputeReport:
    """Money that PayPal took back by itself: a dispute that is lost already."""
    return DisputeReport(
        reference=reversal.id,
        transaction=_capture_above(reversal.links),
        status="lost",
        amount=_money(reversal.amount),
        reason="REVERSED",
    )


def dispute_of(dispute: Dispute) -> DisputeReport:
    """How a dispute stands."""
    ended = dispute.dispute_outcome if dispute.status == "RESOLVED" else None
    contested = (dispute.disputed_transactions or [DisputedTransaction()])[0]
    return DisputeReport(
        reference=dispute.dispute_id,
        transaction=contested.seller_transaction_id,
        status=RESOLVED.get(ended.outcome_code, "open") if ended else "open",
        number=contested.custom or contested.invoice_number,
        amount=_money(dispute.dispute_amount),
        reason=dispute.reason,
        respond_by=_instant(dispute.seller_response_due_date),
    )


def _saved_with(order: Order) -> SavedMethod | None:
    wallet = (order.payment_source and order.payment_source.paypal) or Wallet()
    vault = wallet.attributes and wallet.attributes.vault
    return _saved(vault.id, vault.customer, wallet) if vault and vault.id else None


def _saved(token: str, customer: Customer | None, wallet: Wallet) -> SavedMethod:
    shown = f"PayPal {wallet.email_address}".rstrip()
    return SavedMethod(token=token, payer=customer.id if customer else "", shown=shown)


def _capture_above(links: list[Link]) -> str:
    above = [link.href for link in links if link.rel == "up" and "/captures/" in link.href]
    return above[0].rpartition("/")[2] if above else ""


def _money(amount: Amount | None) -> Money | None:
    return None if amount is None else money_of(amount)


def _instant(text: str) -> datetime | None:
    return parse_instant(text) if text else None
