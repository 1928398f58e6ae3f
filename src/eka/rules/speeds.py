"""The speed that applies now: fair use tiers, day quotas, throttling (policy, sections 3, 6, 8)."""

from datetime import datetime

from eka.rules.buckets import left
from eka.rules.days import used_today
from eka.rules.instants import seconds_of_day
from eka.rules.lines import Line
from eka.rules.plans import SpeedTier, Throttle


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
