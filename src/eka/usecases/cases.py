"""Cases: what a person of the shop has to look at, with the facts already in it."""

from datetime import datetime
from typing import Any

from eka.ledger import models


def open_case(
    kind: str, key: str, now: datetime, facts: dict[str, Any], order_id: int | None = None
) -> None:
    """Opens a case in the transaction at hand; one matter (`key`) is one case."""
    models.Case.objects.bulk_create(
        [models.Case(key=key, kind=kind, opened_at=now, facts=facts, order_id=order_id)],
        ignore_conflicts=True,
    )


def close_case(key: str, now: datetime, resolution: str) -> None:
    """Closes the case, if it is open."""
    open_ = models.Case.objects.filter(key=key, closed_at=None)
    open_.update(closed_at=now, resolution=resolution)
