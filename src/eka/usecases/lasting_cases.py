"""Cases about something that lasts: open while it does, closed by themselves, and opened again."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from eka.ledger import models
from eka.rules.instants import format_instant
from eka.usecases.cases import open_case


def open_while(kind: str, about: str, now: datetime, facts: dict[str, Any]) -> bool:
    """Opens a case about it, unless one is open; whether it did. The caller holds what it is of."""
    if _open(kind, about).exists():
        return False
    open_case(kind, f"{kind}:{about}:{format_instant(now)}", now, facts)
    return True


def close_while(kind: str, about: str, now: datetime, resolution: str) -> bool:
    """It is over: closes the case about it; whether one was open."""
    return _open(kind, about).update(closed_at=now, resolution=resolution) > 0


def _open(kind: str, about: str) -> QuerySet[models.Case]:
    return models.Case.objects.filter(kind=kind, key__startswith=f"{kind}:{about}:", closed_at=None)
