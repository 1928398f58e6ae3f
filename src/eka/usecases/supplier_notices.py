"""Suppliers' notifications: authentic, kept sealed, handled once however often they are sent."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from msgspec.structs import replace

from eka.gateways.suppliers.terms import Notice, NoticeUnreadable, Reply, Supplied
from eka.ledger import models
from eka.ledger.connections import rows
from eka.ledger.seals import digest, seal
from eka.usecases import profile_news, provisioning, supplier_usage
from eka.usecases.cases import open_case
from eka.usecases.suppliers import supplier

BODY_MAX = 64 * 1024

# Whoever sends the same event again waits here until the first copy is through.
KEEP = """
INSERT INTO supplier_notice AS kept (supplier, event, kind, body, heard_at, outcome)
VALUES (%(supplier)s, %(event)s, %(kind)s, %(body)s, %(now)s, '')
ON CONFLICT (supplier, event) DO UPDATE SET kind = kept.kind
RETURNING id, outcome
"""


def hear(supplier_name: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Reply:
    """Takes in a notification; the answer says that it need not be sent again.

    Raises NoSuchSupplier, NotAuthentic, NoticeUnreadable.
    """
    opened = supplier(supplier_name)
    try:
        notice = opened.read_notice(headers, body, now)
    except NoticeUnreadable as error:
        facts = {"supplier": supplier_name, "why": str(error)}
        key = f"supplier_notice_unreadable:{supplier_name}:{now.date()}:{digest(str(error))}"
        open_case("notice_unreadable", key, now, facts)
        raise
    take_in(supplier_name, notice, body, now)
    return opened.reply(True)


@transaction.atomic
def take_in(supplier_name: str, notice: Notice, body: bytes, now: datetime) -> str:
    """Handles an authentic notification once; the outcome, in a word.

    Its body is kept sealed: it may hold an activation code.
    """
    sealed = seal(body.decode(errors="replace"))
    kept = {"supplier": supplier_name, "event": notice.event, "kind": notice.kind}
    row, outcome = rows(KEEP, {**kept, "body": sealed, "now": now})[0]
    if not outcome:
        outcome = _handle(supplier_name, notice, now)
        models.SupplierNotice.objects.filter(pk=row).update(outcome=outcome)
    return str(outcome)


def _handle(supplier_name: str, notice: Notice, now: datetime) -> str:
    if notice.progress is not None:
        key = f"notice:{supplier_name}:{notice.event}"
        return profile_news.take_progress(supplier_name, notice.progress, key, now)
    if notice.supplied is not None:
        return _take(supplier_name, notice.supplied, now)
    if notice.order:
        known = _known(supplier_name, notice.order, notice.order)
        return "to be looked at" if known.update(next_look=now) else "unknown order"
    if notice.usage:
        supplier_usage.poll_soon(supplier_name, notice.usage, now)
        return "to be asked"
    return "nothing"


def _take(supplier_name: str, said: Supplied, now: datetime) -> str:
    """Takes in how an order stands, of which the supplier may tell only its own number."""
    known = _known(supplier_name, said.number, said.reference).first()
    if known is None:
        return "unknown order"
    provisioning.take(replace(said, number=known.number), now)
    return "supplied"


def _known(supplier_name: str, number: str, reference: str) -> QuerySet[models.Supply]:
    """The order that is open with the supplier, by our number or by its own."""
    ours = Q(number=number) | (Q(reference=reference) if reference else Q())
    return models.Supply.objects.filter(ours, supplier=supplier_name, state__in=provisioning.OPEN)
