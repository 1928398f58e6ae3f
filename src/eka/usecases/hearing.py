"""Notifications: authentic, kept as they came, handled once however often they are sent."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import transaction
from msgspec.structs import replace

from eka.gateways.payments.terms import (
    Notice,
    NoticeUnreadable,
    PaymentGateway,
    PaymentReport,
    Reply,
)
from eka.ledger import direct, models
from eka.ledger.connections import rows
from eka.usecases import disputes, sending_back
from eka.usecases.cases import open_case
from eka.usecases.gateways import gateway
from eka.usecases.taking import take

BODY_MAX = 64 * 1024

# Whoever sends the same event again waits here until the first copy is through.
KEEP = """
INSERT INTO gateway_notice AS kept
    (gateway, event, kind, received_at, report, outcome, times, payment_number)
VALUES (%(gateway)s, %(event)s, %(kind)s, %(now)s, %(report)s::jsonb, %(outcome)s, 1, %(number)s)
ON CONFLICT (gateway, event) DO UPDATE SET times = kept.times + 1
RETURNING id, outcome
"""


def hear(gateway_name: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Reply:
    """Takes in a notification; the answer says that it need not be sent again.

    Raises NoSuchGateway, NotAuthentic, NoticeUnreadable, GatewayUnavailable.
    """
    opened = gateway(gateway_name)
    try:
        notice = opened.read_notice(headers, body, now)
    except NoticeUnreadable as error:
        _puzzle(gateway_name, str(error), now)
        raise
    if notice.payment is not None and not opened.proves:
        notice = replace(notice, payment=_looked_at(opened, notice.payment))
    take_in(gateway_name, notice, now)
    return opened.reply(True)


def _looked_at(opened: PaymentGateway, heard: PaymentReport) -> PaymentReport:
    """What the gateway itself says now of the payment that a notification is about."""
    number = _ours(opened.name, heard)
    payment = models.Payment.objects.filter(number=number).first()
    if payment is None or heard.status != "paid":
        return heard
    seen = heard
    for reference in dict.fromkeys((heard.reference, payment.reference)):
        seen = opened.look(number, reference)
        # A second payment of the same number may be told of before the first: it has its own name.
        if seen.number == number and seen.transaction == heard.transaction:
            return replace(seen, saved=seen.saved or heard.saved)
    known = models.MoneyIn.objects.filter(gateway=opened.name, transaction=seen.transaction)
    return heard if known.exists() else replace(seen, saved=seen.saved or heard.saved)


def _puzzle(gateway_name: str, why: str, now: datetime) -> None:
    """A gateway that says what we do not understand: a case, once a day for each reason."""
    facts = {"gateway": gateway_name, "why": why}
    key = f"notice_unreadable:{gateway_name}:{now.date()}:{why}"
    open_case("notice_unreadable", key, now, facts)


@transaction.atomic
def take_in(gateway_name: str, notice: Notice, now: datetime) -> str:
    """Handles an authentic notification once; the outcome, in a word. Handled again if it failed.

    Two copies at once take turns at the row that keeps them.
    """
    says_something = notice.payment or notice.refund or notice.dispute
    row, outcome = rows(
        KEEP,
        {
            "gateway": gateway_name,
            "event": notice.event,
            "kind": notice.kind,
            "now": now,
            "report": msgspec.json.encode(_without_secrets(notice)).decode(),
            "outcome": "" if says_something else "nothing",
            "number": _number_of(notice),
        },
    )[0]
    if not outcome:
        outcome = _handle(gateway_name, notice, now)
        direct.change(models.GatewayNotice(pk=row, outcome=outcome), "outcome")
    return str(outcome)


def _handle(gateway_name: str, notice: Notice, now: datetime) -> str:
    if notice.payment is not None:
        return take(_ours(gateway_name, notice.payment), notice.payment, now)
    if notice.refund is not None:
        return sending_back.take(gateway_name, notice.refund, now)
    if notice.dispute is not None:
        return disputes.take(gateway_name, notice.dispute, now)
    return "nothing"


def _ours(gateway_name: str, report: PaymentReport) -> str:
    """Our number of the payment; where the gateway does not say it, its own leads to ours."""
    if report.number or not report.reference:
        return report.number
    known = models.Payment.objects.filter(gateway=gateway_name, reference=report.reference)
    return known.values_list("number", flat=True).first() or ""


def _number_of(notice: Notice) -> str:
    for report in (notice.payment, notice.dispute):
        if report is not None and report.number:
            return report.number
    return ""


def _without_secrets(notice: Notice) -> Notice:
    """The notice without what may charge its payer again."""
    payment = notice.payment
    if payment is None or payment.saved is None:
        return notice
    return replace(notice, payment=replace(payment, saved=None))
