"""What is due by itself: period ends, expiries, queued starts, renewals, the end of a grace."""

import logging
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from msgspec import Struct

from eka.ledger import reading, writing
from eka.ledger.plans import OnSale
from eka.rules.lines import InvariantBroken

log = logging.getLogger(__name__)


class Settled(Struct, frozen=True):
    """One batch: how many lines were brought up to date, and which could not be."""

    lines: int
    failed: tuple[int, ...] = ()


@transaction.atomic
def settle_due(now: datetime, most: int = 500, passing_by: Collection[int] = ()) -> Settled:
    """Brings at most `most` lines up to `now`, each thing at its own instant.

    Doing it again changes nothing: what is done is no longer due. Several processes may settle at
    once; each takes lines that no other holds. A line that breaks an invariant is left as it is.
    """
    offers = OnSale()
    failed = []
    pages = reading.read(reading.claim_due(now, most, passing_by))
    for page in pages:
        try:
            page.pass_time(now, offers)
        except InvariantBroken:
            log.exception("line %s cannot be settled", page.id)
            failed.append(page.id)
    writing.write(page for page in pages if page.id not in failed)
    return Settled(len(pages) - len(failed), tuple(failed))
