"""Who owns which lines."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from msgspec import Struct

from eka.ledger import models


class Card(Struct, frozen=True):
    """What identifies a line to its owner and to support."""

    id: int
    label: str
    imsi: str | None
    msisdn: str | None
    iccid: str | None
    auto_renew: bool


def lines_of(user: AbstractBaseUser | AnonymousUser) -> list[Card]:
    """The lines that the signed-in person owns, oldest first."""
    if user.pk is None:
        return []
    return [_card(row) for row in models.Line.objects.filter(subscriber__user=user.pk).order_by("pk")]


def card(line_id: int, user: AbstractBaseUser | AnonymousUser) -> Card | None:
    """The line, if the signed-in person owns it."""
    if user.pk is None:
        return None
    row = models.Line.objects.filter(pk=line_id, subscriber__user=user.pk).first()
    return row and _card(row)


def find_line(reference: str) -> int | None:
    """The id of the line with this id or IMSI."""
    rows = models.Line.objects.filter(imsi=reference)
    found = rows.values_list("pk", flat=True).first()
    if found is None and reference.isdecimal() and len(reference) < 19:
        return models.Line.objects.filter(pk=int(reference)).values_list("pk", flat=True).first()
    return found


def _card(row: models.Line) -> Card:
    return Card(row.pk, row.label, row.imsi, row.msisdn, row.iccid, row.auto_renew)
