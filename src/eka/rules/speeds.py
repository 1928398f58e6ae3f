"""The speed that applies now: fair use tiers, day quotas, throttling (policy, sections 3, 6, 8)."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from eka.rules.buckets import left
from eka.rules.days import day_of, used_today
from eka.rules.instants import format_instant, local_date, midnight, seconds_of_day
from eka.rules.lines import Line, shown_state
from eka.rules.plans import SpeedTier, Throttle


class Speed(Struct, frozen=True, kw_only=True):
    """The speed in kbit/s (None: full), and what may change it.

    `changes_at` is the next instant at which it may be another, `after_bytes` the next use that
    makes it another; None where nothing does.
    """

    kbps: int | None
    changes_at: datetime | None = None
    after_bytes: int | None = None


def speed(line: Line, now: datetime) -> Speed:
    """The speed at `now`, and when it changes: what a policy server has to know."""
    return Speed(
        kbps=speed_kbps(line, now),
        changes_at=_changes_at(line, now),
        after_bytes=_after_bytes(line, now),
    )


def speed_report(line: Line, now: datetime) -> dict[str, Any]:
    """The speed as programs read it: `kbps` is "full" or a number, instants are in UTC."""
    found = speed(line, now)
    return {
        "at": format_instant(now),
        "state": shown_state(line),
        "kbps": "full" if found.kbps is None else found.kbps,
        "changes_at": None if found.changes_at is None else format_instant(found.changes_at),
        "after_bytes": found.after_bytes,
    }


def speed_kbps(line: Line, now: datetime) -> int | None:
    """The lowest speed of all rules that apply at `now`, in kbit/s; None is full speed."""
    period = line.period
    if period is None:
        return None
    plan = period.plan
    slow = [
        tier.kbps
        for tier in plan.speeds
        if period.used >= tier.after and is_in_force(tier, seconds_of_day(now, line.timezone))
    ]
    daily = plan.daily
    if daily and daily.kbps_after is not None and used_today(line, daily, now) >= daily.data:
        slow.append(daily.kbps_after)
    if isinstance(plan.exhausted, Throttle) and line.state == "active" and left(line) == 0:
        slow.append(plan.exhausted.kbps)
    return min(slow, default=None)


def is_in_force(tier: SpeedTier, second: int) -> bool:
    """Whether a tier's hours hold at this second of the local day; they may span midnight."""
    if tier.starts <= tier.ends:
        return tier.starts <= second < tier.ends
    return second >= tier.starts or second < tier.ends


def _changes_at(line: Line, now: datetime) -> datetime | None:
    """The first instant after `now` with another speed, by the clock alone; else the period's end.

    A day looks as the next does, so two local days hold every change that hours can bring.
    """
    period = line.period
    if period is None or line.state != "active":
        return None
    plan, slow = period.plan, speed_kbps(line, now)
    today = local_date(now, line.timezone)
    instants = [
        midnight(today + timedelta(days=day), line.timezone) + timedelta(seconds=second)
        for day in (0, 1)
        for tier in plan.speeds
        for second in (tier.starts, tier.ends)
    ]
    if plan.daily:
        instants.append(day_of(line, plan.daily, now)[1])
    later = sorted(instant for instant in instants if now < instant < period.ends)
    changed = (instant for instant in later if speed_kbps(line, instant) != slow)
    return next(changed, period.ends)


def _after_bytes(line: Line, now: datetime) -> int | None:
    period = line.period
    if period is None or line.state != "active":
        return None
    plan, rest = period.plan, left(line)
    limits = [tier.after - period.used for tier in plan.speeds]
    if plan.daily and plan.daily.kbps_after is not None:
        limits.append(plan.daily.data - used_today(line, plan.daily, now))
    if isinstance(plan.exhausted, Throttle) and rest is not None:
        limits.append(rest)
    return min((limit for limit in limits if limit > 0), default=None)
