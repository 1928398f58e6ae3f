"""Instants, local days and calendar months (policy, section 1).

Instants are aware datetimes in UTC. Local wall-clock time is kept across a change of daylight
saving. A local time that is skipped is read with the offset before the change, one that occurs
twice is the first: exactly what `fold=0` means (PEP 495).
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eka.rules.units import BadValue, Duration

DAY = timedelta(days=1)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises BadValue."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadValue(f"{name!r} is not a time zone; write it like America/New_York") from error


def parse_instant(text: str) -> datetime:
    """An instant of `2026-01-31T00:00:00Z` or `...+08:00`, in UTC. Raises BadValue."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise BadValue(
            f"{text!r} is not an instant with its offset; write it like 2026-01-31T00:00:00Z"
        )
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise BadValue(f"{text!r} is outside the calendar") from None


def format_instant(instant: datetime) -> str:
    """`2026-01-31T00:00:00Z`; fractions of a second only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def add_months(anchor: datetime, months: int, zone_name: str) -> datetime:
    """`anchor` plus calendar months at the same local time; a missing day becomes the last."""
    local = anchor.astimezone(zone(zone_name))
    year, month0 = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month0 + 1)[1])
    return local.replace(year=year, month=month0 + 1, day=day, fold=0).astimezone(UTC)


def plus(instant: datetime, duration: Duration, zone_name: str) -> datetime:
    """`instant` plus an exact span, or plus calendar months in the line's zone."""
    if duration.months:
        return add_months(instant, duration.months, zone_name)
    return instant + timedelta(seconds=duration.seconds)


def minus(instant: datetime, duration: Duration, zone_name: str) -> datetime:
    """`instant` less an exact span, or less calendar months in the line's zone."""
    if duration.months:
        return add_months(instant, -duration.months, zone_name)
    return instant - timedelta(seconds=duration.seconds)


def local_date(instant: datetime, zone_name: str) -> date:
    """The calendar day of `instant` where the line lives."""
    return instant.astimezone(zone(zone_name)).date()


def midnight(day: date, zone_name: str) -> datetime:
    """The first instant of a local day."""
    return datetime.combine(day, time(), zone(zone_name)).astimezone(UTC)


def seconds_of_day(instant: datetime, zone_name: str) -> int:
    """Seconds on the local wall clock since its 00:00."""
    local = instant.astimezone(zone(zone_name))
    return local.hour * 3600 + local.minute * 60 + local.second
