"""When a supplier is asked again what a profile has used.

Often where something is about to happen to the line (a warning, the last byte, the period's end),
seldom where nothing moves, and not at all where nothing can.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from eka.rules.buckets import left
from eka.rules.days import rest_today
from eka.rules.lines import Line
from eka.rules.units import format_share

SHORTEST = timedelta(minutes=5)
HOUR = timedelta(hours=1)
LONGEST = timedelta(hours=6)
DAY = timedelta(days=1)

NEAR = 50_000_000  # so few bytes before something happens it is asked as often as can be,
NEAR_PART = 50  # and so it is with this part of the data


class Heard(Struct, frozen=True, kw_only=True):
    """What the supplier said last: its word, how long it serves, and how fast the data goes.

    `use` bytes were new, in the time `over` since the report before.
    """

    status: str = "unknown"
    expires_at: datetime | None = None
    use: int = 0
    over: timedelta = timedelta()


def next_poll(line: Line | None, heard: Heard, now: datetime) -> datetime | None:
    """When to ask again, for a profile of `line` as it is now; None: not any more.

    Who buys data for a profile that is finished or expired asks at once.
    """
    if line is None or heard.status == "expired":
        return None
    if line.state == "closed":
        return now + DAY if heard.status == "active" else None
    if heard.status == "finished":
        return now + (DAY if left(line) == 0 else HOUR)
    if line.state == "ready":
        return now + HOUR
    if line.state != "active" or line.suspended or heard.status != "active":
        return now + LONGEST
    waits = [LONGEST, *_until_bytes(line, heard, now), *_until_ends(line, heard, now)]
    return now + max(SHORTEST, min(waits))


def bytes_to_next(line: Line, now: datetime) -> int | None:
    """How many more bytes until a warning, the end of the day's quota or of the data.

    None: no use changes anything, because the data is unlimited or used up.
    """
    usable = left(line)
    rest = [bytes_ for bytes_ in (usable, rest_today(line, now)) if bytes_]
    if usable and line.period is not None:
        used = line.period.used
        for threshold in line.period.plan.alerts.used:
            reached = -(-threshold.numerator * (used + usable) // threshold.denominator)
            if f"used {format_share(threshold)}" not in line.period.alerted and reached > used:
                rest.append(reached - used)
    return min(rest, default=None)


def _until_bytes(line: Line, heard: Heard, now: datetime) -> list[timedelta]:
    """Half the time that the next bytes last at the present pace."""
    to_go, usable = bytes_to_next(line, now), left(line)
    if to_go is None:
        return []
    whole = (line.period.used if line.period else 0) + (usable or 0)
    if to_go <= max(NEAR, whole // NEAR_PART):
        return [SHORTEST]
    if not heard.use:
        return []
    lasts_s = int(heard.over.total_seconds()) * to_go // heard.use
    return [timedelta(seconds=min(lasts_s // 2, int(LONGEST.total_seconds())))]


def _until_ends(line: Line, heard: Heard, now: datetime) -> list[timedelta]:
    """Half the time until the period ends, or the supplier stops."""
    ends = [line.period.ends if line.period else None, heard.expires_at]
    return [(end - now) / 2 for end in ends if end is not None and end > now]
