"""Consents to renew a line by itself: recorded as they were given, shown, and withdrawn at once.

A line has one consent at most; a new one takes the place of the old. What is done for a consent is
in `eka.usecases.renewing`.
"""

import hashlib
import logging
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec
from django.db import transaction
from django.db.models import F

from eka.gateways.payments.terms import GatewayError
from eka.ledger import models, reading
from eka.rules.dunning import course_of, is_paid_ahead
from eka.rules.instants import format_instant
from eka.rules.lines import Line
from eka.rules.orders import WAITING
from eka.rules.units import Money
from eka.usecases import looking
from eka.usecases.balances import look
from eka.usecases.checkout import UnableToPay
from eka.usecases.commands import KeyReused, NoSuchLine
from eka.usecases.gateways import NoSuchGateway

log = logging.getLogger(__name__)

Method = Literal["stripe", "paypal", "wallet", "link"]
METHODS: tuple[Method, ...] = get_args(Method)
SAVED: tuple[Method, ...] = ("stripe", "paypal")

# Why a consent ended: its owner stopped it, or gave another; the price rose; the line is on another
# plan or closed; the plan cannot be bought any more; no payment succeeded; it was past saving.
EndedWhy = Literal[
    "asked", "replaced", "price", "plan", "closed", "unavailable", "failed", "lapsed"
]


class UnableToAgree(Exception):
    """A consent that cannot be given; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody agrees to: `text` are the words that were shown, `price` what they named.

    `when_low` also renews as soon as the data runs out.
    """

    line: int
    subscriber: int
    method: Method
    saved_method: int | None = None
    when_low: bool = False
    text: str
    language: str = "en"
    price: Money


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A consent as it stands. `charge_at` None: nothing is to be charged that is known of yet."""

    id: int
    line: int
    plan: str
    method: Method
    shown: str
    price: Money
    when_low: bool
    text: str
    language: str
    consented_at: datetime
    ended_at: datetime | None
    ended_why: str
    tries: int
    ends: datetime | None
    charge_at: datetime | None


def agree(consent: Consent, *, now: datetime, key: str) -> int:
    """Records the consent and returns its id; once for its key. It ends the one before.

    A line that has lapsed is renewed at once. Raises UnableToAgree, NoSuchLine, KeyReused.
    """
    agreed, before = _agree(consent, now, key)
    if before is not None:
        give_up_order(before, now)
    return agreed


@transaction.atomic
def _agree(consent: Consent, now: datetime, key: str) -> tuple[int, models.AutoRenewal | None]:
    if not reading.lock([consent.line]) or not _owns(consent):
        raise NoSuchLine(consent.line)
    digest = hashlib.sha256(msgspec.json.encode(consent)).hexdigest()[:32]
    first = models.Message.objects.filter(key=f"auto_renewal_agreed:{key}").first()
    if first is not None:
        if first.facts["digest"] != digest:
            raise KeyReused(key)
        return int(first.facts["consent"]), None
    plan = _plan_of(consent, look(consent.line, now).line)
    before = _replaced(consent.line, now)
    row = _record(consent, plan, before, now)
    # Who pays ahead is not billed later as well (decision 20).
    billed = models.LineState.objects.filter(line_id=consent.line, auto_renew=True)
    billed.update(auto_renew=False, revision=F("revision") + 1)
    tell(row, "auto_renewal_agreed", key, now, digest=digest, consent=row.pk, text=row.text)
    return int(row.pk), before


def _owns(consent: Consent) -> bool:
    own = models.Line.objects.filter(pk=consent.line, subscriber_id=consent.subscriber)
    return own.exists()


def _plan_of(consent: Consent, line: Line) -> str:
    """The plan that is to be renewed. Raises UnableToAgree."""
    if line.state == "closed":
        raise UnableToAgree("closed")
    if consent.price.minor < 0 or not consent.text.strip():
        raise UnableToAgree("incomplete")
    _check_method(consent)
    if line.period is not None:
        return line.period.plan.name
    sold = models.Line.objects.filter(pk=consent.line).values_list("sold_plan__plan__name")
    return str(sold.get()[0])


def _check_method(consent: Consent) -> None:
    if consent.method not in SAVED:
        if consent.saved_method is not None:
            raise UnableToAgree("no_such_method")
        return
    kept = models.SavedMethod.objects.filter(
        pk=consent.saved_method or 0,
        subscriber_id=consent.subscriber,
        gateway=consent.method,
        removed_at=None,
    )
    if not kept.exists():
        raise UnableToAgree("no_such_method")


def _replaced(line_id: int, now: datetime) -> models.AutoRenewal | None:
    """Ends the line's consent, if there is one; the newest that there was."""
    newest = models.AutoRenewal.objects.select_for_update().filter(line_id=line_id)
    row = newest.order_by("-pk").first()
    if row is not None and row.ended_at is None:
        end(row, "replaced", now)
    return row


def _record(
    consent: Consent, plan: str, before: models.AutoRenewal | None, now: datetime
) -> models.AutoRenewal:
    """The consent's row. An end that was paid for under another consent stays paid for."""
    paid = before is not None and before.step == "paid"
    return models.AutoRenewal.objects.create(
        line_id=consent.line,
        subscriber_id=consent.subscriber,
        method=consent.method,
        saved_method_id=consent.saved_method,
        plan_name=plan,
        currency=consent.price.currency,
        price=consent.price.minor,
        when_low=consent.when_low,
        text=consent.text,
        language=consent.language,
        consented_at=now,
        next_due=now,
        step="paid" if paid else "look",
        for_end=before.for_end if before is not None and paid else None,
    )


def stop(line_id: int, subscriber_id: int, now: datetime) -> bool:
    """Ends the line's consent at once; whether there was one. Raises NoSuchLine.

    A charge that has not begun does not come. One that has is cancelled where the gateway lets us;
    otherwise it counts, and its money can be asked back.
    """
    row = _stopped(line_id, subscriber_id, now)
    if row is None:
        return False
    give_up_order(row, now)
    return True


@transaction.atomic
def _stopped(line_id: int, subscriber_id: int, now: datetime) -> models.AutoRenewal | None:
    if not models.Line.objects.filter(pk=line_id, subscriber_id=subscriber_id).exists():
        raise NoSuchLine(line_id)
    standing = models.AutoRenewal.objects.select_for_update()
    row = standing.filter(line_id=line_id, ended_at=None).first()
    if row is not None:
        end(row, "asked", now)
        tell(row, "auto_renewal_stopped", str(row.pk), now)
    return row


def give_up_order(row: models.AutoRenewal, now: datetime) -> None:
    """Cancels the order that the consent waits with; one that cannot be now expires by itself."""
    order = row.order
    if order is None or order.state not in WAITING:
        return
    try:
        looking.cancel(order.number, now)
    except (GatewayError, NoSuchGateway, UnableToPay) as error:
        log.warning("order %s could not be cancelled: %s", order.number, error)


def end(row: models.AutoRenewal, why: EndedWhy, now: datetime) -> None:
    """Ends a consent whose row the caller has locked."""
    row.ended_at, row.ended_why, row.next_due = now, why, None
    row.save(update_fields=["ended_at", "ended_why", "next_due"])


def tell(
    row: models.AutoRenewal,
    event: str,
    which: str,
    now: datetime,
    order: models.Order | None = None,
    **facts: Any,
) -> None:
    """Leaves the owner a message; the same event (`which`) is told once."""
    known = {
        "plan": row.plan_name,
        "method": row.method,
        "shown": row.saved_method.shown if row.saved_method else "",
        "amount": row.price,
        "currency": row.currency,
    }
    told = {
        name: format_instant(fact) if isinstance(fact, datetime) else fact
        for name, fact in (known | facts).items()
    }
    message = models.Message(
        key=f"{event}:{which}",
        subscriber_id=row.subscriber_id,
        line_id=row.line_id,
        order=order,
        event=event,
        facts=told,
        at=now,
    )
    models.Message.objects.bulk_create([message], ignore_conflicts=True)


def stands(line_id: int) -> bool:
    """Whether the line has a consent that has not ended."""
    return models.AutoRenewal.objects.filter(line_id=line_id, ended_at=None).exists()


def standing(line_id: int, now: datetime) -> Standing | None:
    """The line's consent; None where it has none."""
    row = _rows().filter(line_id=line_id, ended_at=None).first()
    return None if row is None else _standing(row, look(line_id, now).line)


def standings(now: datetime, subscriber_id: int | None = None) -> list[Standing]:
    """Consents of a subscriber or of all, ended ones too, the newest last."""
    rows = _rows()
    if subscriber_id is not None:
        rows = rows.filter(subscriber_id=subscriber_id)
    return [_standing(row, look(row.line_id, now).line) for row in rows]


def _rows() -> Any:
    return models.AutoRenewal.objects.select_related("saved_method").order_by("pk")


def _standing(row: models.AutoRenewal, line: Line) -> Standing:
    return Standing(
        id=row.pk,
        line=row.line_id,
        plan=row.plan_name,
        method=msgspec.convert(row.method, Method),
        shown=row.saved_method.shown if row.saved_method else "",
        price=Money(row.price, row.currency),
        when_low=row.when_low,
        text=row.text,
        language=row.language,
        consented_at=row.consented_at,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
        tries=row.tries,
        ends=line.period.ends if line.period else None,
        charge_at=_charge_at(row, line),
    )


def _charge_at(row: models.AutoRenewal, line: Line) -> datetime | None:
    """When the next charge is due, as far as it is known."""
    course = course_of(line, row.consented_at, stopped_at=row.ended_at)
    if course is None or row.ended_at is not None or line.suspended or is_paid_ahead(line):
        return None
    if row.for_end != course.ends:
        return course.charge_at
    if row.step == "paid":
        return None
    return row.next_due if row.tries else course.charge_at
