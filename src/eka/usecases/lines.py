"""Lines are sold, found and described."""

from datetime import datetime

from django.db import IntegrityError, transaction
from msgspec import Struct

from eka.ledger import models
from eka.ledger.plans import OnSale
from eka.rules.instants import zone
from eka.rules.requests import Activate
from eka.usecases.commands import carry_out


class UnableToAdd(Exception):
    """A line that cannot be added; the message says why."""


class NewLine(Struct, frozen=True, kw_only=True):
    """What a line is sold with: the plan's name, its numbers, its owner and time zone."""

    plan: str
    imsi: str | None = None
    msisdn: str | None = None
    iccid: str | None = None
    label: str = ""
    subscriber: int | None = None
    timezone: str = "UTC"
    auto_renew: bool = False


@transaction.atomic
def add_line(new: NewLine, now: datetime, *, activate: bool = False) -> int:
    """Adds a line in state `ready`, or activates it at once; returns its id. Raises UnableToAdd."""
    plan = OnSale().get(new.plan)
    if plan is None:
        raise UnableToAdd(f"there is no plan {new.plan!r} on sale")
    zone(new.timezone)
    try:
        with transaction.atomic():
            row = models.Line.objects.create(
                subscriber_id=new.subscriber,
                label=new.label,
                imsi=new.imsi,
                msisdn=new.msisdn,
                iccid=new.iccid,
                sold_plan_id=plan.version,
                created_at=now,
            )
            models.LineState.objects.create(
                line=row, timezone=new.timezone, auto_renew=new.auto_renew
            )
    except IntegrityError as error:
        raise UnableToAdd(f"there is already a line with IMSI {new.imsi}") from error
    if activate:
        carry_out(row.pk, Activate(plan), now=now, key="activate")
    return int(row.pk)
