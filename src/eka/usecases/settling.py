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
    """One batch: how many lines were brought up to date, which could not be, where to go on.

    `next` is None where the batch came to the end of what is due.
    """

    lines: int
    failed: tuple[int, ...] = ()
    next: reading.Place | None = None


@transaction.atomic
def settle_due(
    now: datetime,
    most: int = 500,
    after: reading.Place = reading.START,
    passing_by: Collection[int] = (),
) -> Settled:
    """Brings at most `most` lines up to `now`, each thing at its own instant.

    Doing it again changes nothing: what is done is no longer due. Several processes may settle at
    once; each takes lines that no other holds. A line that breaks an invariant is left as it is.
    """
    offers = OnSale()
    failed = []
    claimed = reading.claim_due(now, most, after, passing_by)
    pages = reading.read(sorted(place.id for place in claimed))
    for page in pages:
        try:
            page.pass_time(now, offers)
        except InvariantBroken:
            log.exception("line %s cannot be settled", page.id)
            failed.append(page.id)
    writing.write(page for page in pages if page.id not in failed)
    behind = claimed[-1] if len(claimed) == most else None
    return Settled(len(pages) - len(failed), tuple(failed), behind)


def settle_all(now: datetime, most: int = 500) -> int:
    """Settles everything that is due by `now`, batch by batch; how many lines were brought up."""
    done, after = 0, reading.START
    while True:
        batch = settle_due(now, most, after)
        done += batch.lines
        if batch.next is None:
            return done
        after = batch.next
