"""Who owns which lines."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet
from msgspec import Struct

from eka.ledger import models
from eka.ledger.connections import rows
from eka.rules.lines import ShownState


class Card(Struct, frozen=True):
    """What identifies a line to its owner and to support."""

    id: int
    label: str
    imsi: str | None
    msisdn: str | None
    iccid: str | None
    auto_renew: bool


class LineRow(Struct, frozen=True):
    """A line in a list; `ends` is its period's end."""

    id: int
    imsi: str | None
    msisdn: str | None
    state: ShownState
    plan: str | None
    ends: datetime | None


LINES_AFTER = """
SELECT l.id, l.imsi, l.msisdn,
       CASE WHEN k.suspended AND k.state IN ('active', 'lapsed') THEN 'suspended' ELSE k.state END,
       plan.name, p.ends
FROM line l
JOIN line_state k ON k.line_id = l.id
LEFT JOIN period p ON p.line_id = l.id AND p.number = k.period_number
LEFT JOIN plan_version v ON v.id = coalesce(p.plan_version_id, l.sold_plan_id)
LEFT JOIN plan ON plan.id = v.plan_id
WHERE l.id > %s ORDER BY l.id LIMIT %s
"""


def lines_after(after: int, limit: int) -> list[LineRow]:
    """At most `limit` lines with an id above `after`, as the ledger last wrote them."""
    return [LineRow(*row) for row in rows(LINES_AFTER, [after, limit])]


def lines_of(user: AbstractBaseUser | AnonymousUser) -> list[Card]:
    """The lines that the signed-in person owns, oldest first."""
    if user.pk is None:
        return []
    return [_card(row) for row in _lines().filter(subscriber__user=user.pk).order_by("pk")]


def card(line_id: int, user: AbstractBaseUser | AnonymousUser) -> Card | None:
    """The line, if the signed-in person owns it."""
    if user.pk is None:
        return None
    row = _lines().filter(pk=line_id, subscriber__user=user.pk).first()
    return None if row is None else _card(row)


def any_card(line_id: int) -> Card | None:
    """The line, whoever owns it."""
    row = _lines().filter(pk=line_id).first()
    return None if row is None else _card(row)


def find_line(reference: str) -> int | None:
    """The id of the line with this id or IMSI."""
    rows = models.Line.objects.filter(imsi=reference)
    found = rows.values_list("pk", flat=True).first()
    if found is None and reference.isdecimal() and len(reference) < 19:
        return models.Line.objects.filter(pk=int(reference)).values_list("pk", flat=True).first()
    return found


def _lines() -> QuerySet[models.Line]:
    return models.Line.objects.select_related("kept")


def _card(row: models.Line) -> Card:
    return Card(row.pk, row.label, row.imsi, row.msisdn, row.iccid, row.kept.auto_renew)
