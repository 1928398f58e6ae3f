"""Refunds on their way: sent by the outbox through the gateway that took the money, or to a wallet.

Asking for them is in `eka.usecases.refunding`. A refund's number makes it safe to send it again.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from eka.gateways.payments.terms import GatewayRefused, RefundAsk, RefundReport
from eka.ledger import models
from eka.rules import books
from eka.rules.orders import can
from eka.rules.units import Money
from eka.usecases import bookkeeping, outbox, wallets
from eka.usecases.cases import close_case, open_case
from eka.usecases.gateways import gateway
from eka.usecases.orders import message, move, tell

LOOK_AGAIN = timedelta(hours=1)  # a refund on its way is asked about, should no notice come


def send(refund_number: str, notify_url: str, now: datetime) -> None:
    """Sends the money back through the gateway that took it, or into the wallet that paid.

    Its number makes it safe to send it again. Raises GatewayUnavailable, to be tried again.
    """
    refund = models.Refund.objects.select_related("money__payment", "order").get(
        number=refund_number
    )
    if refund.state not in ("asked", "pending"):
        return
    if refund.money is None:
        _to_wallet(refund_number, now)
        return
    opened = gateway(refund.money.gateway)
    ask = _refund_ask(refund, notify_url)
    try:
        report = (
            opened.refund(ask)
            if refund.state == "asked"
            else opened.look_refund(ask, refund.reference)
        )
    except GatewayRefused as refusal:
        _fail(refund_number, refusal.code, now)
        return
    _take(refund_number, report, now)


def _refund_ask(refund: models.Refund, notify_url: str) -> RefundAsk:
    money = refund.money
    assert money is not None
    return RefundAsk(
        number=refund.number,
        payment_number=money.payment.number,
        transaction=money.transaction,
        amount=Money(refund.amount, refund.currency),
        paid=Money(money.amount, money.currency),
        notify_url=notify_url,
        reference=money.payment.reference,
        reason=refund.why,
    )


def take(gateway_name: str, report: RefundReport, now: datetime) -> str:
    """Takes in what a gateway says of a refund, in a notification. An unknown one is a case."""
    refund = _find(gateway_name, report)
    if refund is None:
        facts = {"gateway": gateway_name, "number": report.number, "reference": report.reference}
        if report.status == "done":
            key = f"refund_unknown:{gateway_name}:{report.reference or report.number}"
            open_case("refund_unknown", key, now, facts)
        return "unknown"
    return _take(refund.number, report, now)


def _find(gateway_name: str, report: RefundReport) -> models.Refund | None:
    ours = models.Refund.objects.filter(money__gateway=gateway_name)
    if report.number:
        return ours.filter(number=report.number).first()
    return ours.filter(reference=report.reference).first() if report.reference else None


@transaction.atomic
def _take(refund_number: str, report: RefundReport, now: datetime) -> str:
    refund = locked_refund(refund_number)
    if refund.state == "done" and report.status == "failed":
        facts = {"refund": refund.number, "amount": refund.amount, "why": report.reason}
        open_case(
            "refund_returned", f"refund_returned:{refund.number}", now, facts, refund.order_id
        )
        return "returned"
    if refund.state in ("done", "failed"):
        return "nothing"
    if report.amount is not None and report.amount != Money(refund.amount, refund.currency):
        facts = {"refund": refund.number, "asked": refund.amount, "told": report.amount.minor}
        open_case("refund_mismatch", f"refund:{refund.number}", now, facts, refund.order_id)
        return "mismatch"
    refund.reference = report.reference or refund.reference
    if report.status == "done":
        _finish(refund, now)
    elif report.status == "failed":
        _faillocked_refund(refund, report.reason, now)
    else:
        refund.state = "pending"
        refund.save(update_fields=["state", "reference"])
        look_at = f"refund:{refund.number}:look:{now.isoformat()}"
        outbox.put("refund", look_at, now, {"refund": refund.number}, due=now + LOOK_AGAIN)
    return report.status


@transaction.atomic
def _to_wallet(refund_number: str, now: datetime) -> None:
    refund = locked_refund(refund_number)
    if refund.state != "asked":
        return
    amount = Money(refund.amount, refund.currency)
    wallets.credit(
        refund.order.subscriber_id,
        amount,
        kind="refund",
        key=f"refund:{refund.number}",
        now=now,
        order_id=refund.order_id,
    )
    book(refund, "refund_to_wallet", books.refund_to_wallet(amount), now)
    _done(refund, now)


def _finish(refund: models.Refund, now: datetime) -> None:
    money = refund.money
    assert money is not None
    amount = Money(refund.amount, refund.currency)
    book(refund, "refund_done", books.refund_done(money.gateway, amount), now)
    _done(refund, now)


def _done(refund: models.Refund, now: datetime) -> None:
    refund.state, refund.done_at = "done", now
    refund.save(update_fields=["state", "done_at", "reference"])
    order = refund.order
    if refund.whole and can(order.state, "refunded"):
        move(order, "refunded", now, {"amount": refund.amount})
    else:
        tell(order, "part_refunded", now, {"amount": refund.amount})
    close_case(f"refund_failed:{refund.number}", now, "sent after all")
    message(order, "refunded", refund.number, now, {"amount": refund.amount})


@transaction.atomic
def _fail(refund_number: str, why: str, now: datetime) -> None:
    refund = locked_refund(refund_number)
    if refund.state in ("asked", "pending"):
        _faillocked_refund(refund, why, now)


def _faillocked_refund(refund: models.Refund, why: str, now: datetime) -> None:
    """The gateway will not: the money stays owed, and a person has to send it another way."""
    refund.state, refund.facts = "failed", {"why": why}
    refund.save(update_fields=["state", "facts", "reference"])
    book(refund, "refund_failed", books.refund_failed(Money(refund.amount, refund.currency)), now)
    if refund.money_id is not None:
        money = models.MoneyIn.objects.filter(pk=refund.money_id)
        money.update(given_back=F("given_back") - refund.amount)
    tell(refund.order, "refund_failed", now, {"why": why, "amount": refund.amount})
    facts = {"refund": refund.number, "why": why}
    open_case("refund_failed", f"refund_failed:{refund.number}", now, facts, refund.order_id)


def locked_refund(refund_number: str) -> models.Refund:
    """The refund with its order, locked in the order in which everybody locks them."""
    found = models.Refund.objects.get(number=refund_number)
    order = models.Order.objects.select_for_update().get(pk=found.order_id)
    refund = models.Refund.objects.select_for_update().get(pk=found.pk)
    refund.order = order
    return refund


def book(refund: models.Refund, event: str, posts: books.Postings, now: datetime) -> None:
    """The event's journal, once."""
    key = f"{event}:{refund.number}"
    bookkeeping.record(event, key, posts, now, order_id=refund.order_id)
