"""Disputes: the payer's bank contests a payment. What is unused is frozen, the evidence collected.

The bank takes the money for as long as it decides. Won: all goes on as before. Lost: the data that
is left goes back to the shop, and the books show what the dispute cost. A dispute about money that
pays for nothing (it went back already, or was too much) touches the books only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from eka.gateways.payments.terms import DisputeReport
from eka.ledger import history, models
from eka.rules import books
from eka.rules.instants import format_instant
from eka.rules.lines import Unable
from eka.rules.orders import can
from eka.rules.requests import Change
from eka.rules.units import Money
from eka.usecases import bookkeeping, handing_over, outbox
from eka.usecases.cases import close_case, open_case
from eka.usecases.commands import carry_out
from eka.usecases.orders import move, tell
from eka.usecases.taking_back import take_all_back


@transaction.atomic
def take(gateway_name: str, report: DisputeReport, now: datetime) -> str:
    """Takes in what a gateway says of a dispute; the same again changes nothing."""
    money = _money(gateway_name, report)
    if money is None:
        facts = {"gateway": gateway_name, "dispute": report.reference}
        open_case("dispute_unknown", f"dispute:{gateway_name}:{report.reference}", now, facts)
        return "unknown"
    order = models.Order.objects.select_for_update().get(pk=money.order_id)
    handing_over.lock_all(order.pk)
    dispute = _dispute(gateway_name, report, money, order, now)
    if dispute.state != "open" or report.status == "open":
        return str(dispute.state)
    _decide(dispute, report.status, order, now)
    return report.status


def _money(gateway_name: str, report: DisputeReport) -> models.MoneyIn | None:
    of_gateway = models.MoneyIn.objects.filter(gateway=gateway_name)
    found = of_gateway.filter(transaction=report.transaction).first()
    if found is None and report.number:
        found = of_gateway.filter(payment__number=report.number, role="credited").first()
    return found


def _dispute(
    gateway_name: str,
    report: DisputeReport,
    money: models.MoneyIn,
    order: models.Order,
    now: datetime,
) -> models.Dispute:
    # A gateway may tell of it under a second name (PayPal does); only what was won begins anew.
    known = models.Dispute.objects.filter(gateway=gateway_name, money=money)
    same = Q(reference=report.reference) | ~Q(state="won")
    if (dispute := known.filter(same).first()) is not None:
        return dispute
    amount = report.amount.minor if report.amount else money.amount
    dispute = models.Dispute.objects.create(
        gateway=gateway_name,
        reference=report.reference,
        order=order,
        money=money,
        currency=money.currency,
        amount=min(amount, money.amount),
        reason=report.reason,
        respond_by=report.respond_by,
        opened_at=now,
        evidence=evidence(order, money),
    )
    taken = Money(dispute.amount, dispute.currency)
    _book(dispute, "opened", books.dispute_opened(gateway_name, taken), now)
    if money.role == "credited" and can(order.state, "disputed"):
        _on_lines(dispute, _lines(order), "suspend", now)
        move(order, "disputed", now)
    facts = {"dispute": dispute.reference, "reason": report.reason, "order": order.number}
    if report.respond_by:
        facts["respond_by"] = format_instant(report.respond_by)
    open_case("dispute", f"dispute:{gateway_name}:{report.reference}", now, facts, order.pk)
    return dispute


def _decide(dispute: models.Dispute, status: str, order: models.Order, now: datetime) -> None:
    amount = Money(dispute.amount, dispute.currency)
    dispute.state, dispute.ended_at = status, now
    dispute.save(update_fields=["state", "ended_at"])
    holds = dispute.money.role == "credited" and order.state == "disputed"
    if status == "won":
        _book(dispute, "won", books.dispute_won(dispute.gateway, amount), now)
        if holds and not order.disputes.filter(state="open").exists():
            _go_on(dispute, order, now)
    else:
        taken = _lose(dispute, order, now) if holds else {}
        _book(dispute, "lost", books.dispute_lost(amount, taken), now)
    close_case(f"dispute:{dispute.gateway}:{dispute.reference}", now, status)


def _go_on(dispute: models.Dispute, order: models.Order, now: datetime) -> None:
    """All is as it was before; what had not been delivered yet is delivered now."""
    _thaw(dispute, _lines(order), now)
    if order.fulfilled_at is not None:
        move(order, "dispute_won", now)
        return
    move(order, "dispute_won_undelivered", now)
    again = f"fulfil:{order.number}:after:{dispute.pk}"
    outbox.put("fulfil", again, now, {"order": order.number})


def _lose(dispute: models.Dispute, order: models.Order, now: datetime) -> dict[str, int]:
    """Takes back what is left of the order's goods; what each liability gives up, by account."""
    lines = _lines(order)
    # First what was paid for goes back unearned, then what the policy takes for a chargeback.
    taken = take_all_back(order, now, what_is_there=True)
    _on_lines(dispute, lines, "chargeback", now)
    _thaw(dispute, lines, now)
    move(order, "dispute_lost", now)
    return taken


def _thaw(dispute: models.Dispute, lines: Sequence[int], now: datetime) -> None:
    """Lines that no other open dispute holds are in service again."""
    others = models.Dispute.objects.filter(order__items__line__in=lines, order__state="disputed")
    if not others.filter(state="open").exists():
        _on_lines(dispute, lines, "resume", now)


def _on_lines(dispute: models.Dispute, lines: Sequence[int], what: Any, now: datetime) -> None:
    """Does it to the lines; one that is as it should be already stays as it is."""
    key = f"dispute:{dispute.gateway}:{dispute.reference}:{what}"
    for line_id in lines:
        try:
            carry_out(line_id, Change(what), now=now, key=key)
        except Unable:
            tell(dispute.order, f"not_{what}", now, {"line": line_id})


def _lines(order: models.Order) -> list[int]:
    lines = order.items.filter(line__isnull=False, state="done").values_list("line_id", flat=True)
    return sorted(set(lines))


def _book(dispute: models.Dispute, event: str, posts: books.Postings, now: datetime) -> None:
    key = f"dispute_{event}:{dispute.gateway}:{dispute.reference}"
    bookkeeping.record(f"dispute_{event}", key, posts, now, order_id=dispute.order_id)


def evidence(order: models.Order, money: models.MoneyIn) -> dict[str, Any]:
    """What we can show the bank: what was agreed to, when it was delivered, and how it was used."""
    return {
        "order": order.number,
        "bought_at": format_instant(order.created_at),
        "language": order.language,
        "email": order.email or order.subscriber.email,
        "promise": order.promise,
        "paid": {"transaction": money.transaction, "at": format_instant(money.at)},
        "story": [
            {"at": format_instant(event.at), "event": event.event, "facts": event.facts}
            for event in order.events.order_by("pk")
        ],
        "consents": [_consent(given) for given in _consents(order)],
        "delivered_at": order.fulfilled_at and format_instant(order.fulfilled_at),
        "use": [_use(line_id, order) for line_id in _lines(order)],
    }


def _consents(order: models.Order) -> QuerySet[models.AutoRenewal]:
    """What was agreed to, where the order was made by an automatic renewal."""
    if not order.automatic:
        return models.AutoRenewal.objects.none()
    lines = order.items.filter(line__isnull=False).values("line")
    given = models.AutoRenewal.objects.filter(line__in=lines, subscriber=order.subscriber_id)
    return given.filter(consented_at__lte=order.created_at).order_by("pk")


def _consent(given: models.AutoRenewal) -> dict[str, Any]:
    return {
        "text": given.text,
        "at": format_instant(given.consented_at),
        "price": given.price,
        "currency": given.currency,
        "ended_at": given.ended_at and format_instant(given.ended_at),
    }


def _use(line_id: int, order: models.Order) -> dict[str, Any]:
    used = history.entries(line_id, since=order.fulfilled_at, codes=["used"])
    return {
        "line": line_id,
        "bytes": sum(entry.bytes for entry in used),
        "times": len(used),
        "first": format_instant(used[0].at) if used else None,
        "last": format_instant(used[-1].at) if used else None,
    }
