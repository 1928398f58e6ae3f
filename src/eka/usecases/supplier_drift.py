"""What suppliers count and what lines were debited are compared, and a lasting drift is a case."""

from datetime import datetime, timedelta

from django.db import transaction
from msgspec import Struct

from eka.ledger import drift as ledger
from eka.ledger.drift import Drift
from eka.rules.supplier_usage import has_drifted
from eka.usecases.lasting_cases import close_while, open_while

LASTING = timedelta(days=1)  # what is younger is still on its way


class Watched(Struct, frozen=True):
    """One batch: how many lines were compared, and the place to go on; None is the end."""

    lines: int
    next: int | None = None


def drift(line_id: int, now: datetime) -> Drift | None:
    """How far a line and its suppliers are apart; None where no supplier counts."""
    found = ledger.drift(now, LASTING, line_id=line_id)
    return found[0] if found else None


def drift_rows(now: datetime) -> list[Drift]:
    """The same of every line, whether it drifts or not."""
    return ledger.drift(now, LASTING)


@transaction.atomic
def watch_drift(now: datetime, after: int = 0, most: int = 500) -> Watched:
    """Opens and closes cases about at most `most` lines, in the order of their ids."""
    compared = ledger.drift(now, LASTING, after=after, most=most)
    for row in compared:
        if lasts(row):
            facts = {"line": row.line, "suppliers": row.suppliers, "difference": row.difference}
            facts |= {"theirs": row.theirs, "ours": row.ours, "unserved": row.unserved}
            open_while("drift", str(row.line), now, facts)
        elif not has_drifted(row.difference, row.theirs, row.ours):
            close_while("drift", str(row.line), now, "over")
    return Watched(len(compared), compared[-1].line if len(compared) == most else None)


def lasts(row: Drift) -> bool:
    """Whether the line has drifted too far, and had so a day ago."""
    same_way = (row.difference > 0) == (row.before > 0)
    return (
        same_way
        and has_drifted(row.difference, row.theirs, row.ours)
        and has_drifted(row.before, row.theirs, row.ours)
    )
