"""The day quota of day passes (policy, section 6)."""

from datetime import UTC, datetime, timedelta

from eka.rules.instants import DAY, local_date, midnight
from eka.rules.lines import Line
from eka.rules.plans import Daily


def day_of(line: Line, daily: Daily, now: datetime) -> tuple[datetime, datetime]:
    """The quota day [starts, ends) that `now` falls in, by the plan's clock."""
    if daily.clock == "natural":
        today = local_date(now, line.timezone)
        return midnight(today, line.timezone), midnight(today + DAY, line.timezone)
    if daily.clock == "utc":
        start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return start, start + DAY
    activated = line.activated_at or now
    return (start := activated + (now - activated) // DAY * DAY), start + timedelta(days=1)


def used_today(line: Line, daily: Daily, now: datetime) -> int:
    """Bytes used in the quota day of `now`."""
    return line.day_used if line.day_starts == day_of(line, daily, now)[0] else 0


def rest_today(line: Line, now: datetime) -> int | None:
    """What a hard day quota still allows today; None where there is no such quota."""
    daily = line.period.plan.daily if line.period else None
    if daily is None or daily.kbps_after is not None:
        return None
    return max(0, daily.data - used_today(line, daily, now))
