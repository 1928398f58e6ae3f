"""Plans that start at their first use: by when that must be, and when it was.

Suppliers' news come late. So a line is closed only some time after its deadline, and news heard in
between still starts it, unless it tells itself that it is of a later time.
"""

from datetime import datetime, timedelta

from eka.rules.instants import plus
from eka.rules.units import Duration

LATE = timedelta(days=1)
# A reminder is due from so long before the deadline, until it would be the next one's turn. One
# whose instant lies before the sale is left out.
REMINDERS = ((timedelta(days=7), timedelta(days=1)), (timedelta(days=1), timedelta()))


def deadline(sold_at: datetime, within: Duration | None, timezone: str) -> datetime | None:
    """By when a line that was sold at `sold_at` is to be used first; None: whenever."""
    return None if within is None else plus(sold_at, within, timezone)


def began_at(
    sold_at: datetime, by: datetime | None, at: datetime | None, now: datetime
) -> datetime | None:
    """When the line's first period begins, heard of at `now`; None: it was too late.

    `at` is when it was used by the teller's clock, which may be wrong: nothing begins before it was
    sold, or later than now. Without it nobody can say that it was too late, but within `LATE`.
    """
    used_at = now if at is None else min(at, now)
    if by is not None and used_at >= (by + LATE if at is None else by):
        return None
    return max(sold_at, used_at)
