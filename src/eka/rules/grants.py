"""How much a session is granted, and for how long (RFC 8506, sections 5.1 to 5.5).

Where the gateway leaves the size to the server, a grant suits the rate at which the session uses
data, and leaves the other sessions of the line their share of the rest.
"""

from datetime import datetime, timedelta

from eka.rules.days import day_of
from eka.rules.lines import Line, Session

LONGEST_VALIDITY = 3600  # seconds
MB = 10**6
SMALLEST_GRANT = 1 * MB
FIRST_GRANT = 10 * MB
LARGEST_GRANT = 1000 * MB
LONGEST = timedelta(seconds=LONGEST_VALIDITY)
SECOND = timedelta(seconds=1)
SPAN = 300  # seconds of use that a grant is meant to last
# Asked again while a fifth is left, the data flows on while the answer is on its way.
THRESHOLD_PARTS = 5


def grant_size(line: Line, session: Session, used: int, now: datetime, most: int | None) -> int:
    """Bytes for a session that lets the server choose; `most` is what there is, None no limit.

    `used` are the bytes that the session used since it was last seen.
    """
    seconds = int((now - session.seen_at).total_seconds())
    wanted = used * SPAN // seconds if used and seconds > 0 else FIRST_GRANT
    wanted = min(max(wanted, SMALLEST_GRANT), LARGEST_GRANT)
    if most is None:
        return wanted
    others = sum(other.open and other.id != session.id for other in line.sessions.values())
    share = most // (others + 2)
    return min(most, max(SMALLEST_GRANT, min(wanted, share)))


def threshold(granted: int, *, final: bool) -> int | None:
    """Ask again when so many bytes of the grant are left; None where asking would not help."""
    return None if final or granted < SMALLEST_GRANT else granted // THRESHOLD_PARTS


def validity(line: Line, now: datetime) -> int:
    """Seconds until a grant is to be asked for anew: at most until what it draws on changes.

    That is the period's end, a bucket's expiry, a new quota day; whole seconds, so that it is asked
    for just after the change, and at least one.
    """
    change = now + LONGEST
    for bucket in line.buckets:
        if bucket.expires is not None and bucket.expires < change:
            change = bucket.expires
    if line.period is not None:
        change = min(change, line.period.ends)
        if line.period.plan.daily:
            change = min(change, day_of(line, line.period.plan.daily, now)[1])
    return max(1, -((now - change) // SECOND))
