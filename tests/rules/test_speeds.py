"""Which speed applies, and when it changes: what a policy server is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

from eka.rules.commands import perform
from eka.rules.lines import Line
from eka.rules.plan_text import plan_from_text
from eka.rules.requests import Activate, Use
from eka.rules.speeds import Speed, speed

GB = 10**9
START = datetime(2026, 1, 1, tzinfo=UTC)


def alice(timezone: str = "UTC", **terms: Any) -> Line:
    """Alice's line on a plan of these terms, activated at the beginning of the year."""
    plan = plan_from_text({"name": "plan", "data": "10GB", "period": "30d", **terms})
    return perform(Line(timezone=timezone), Activate(plan), START).line


def used(line: Line, amount: int, now: datetime = START) -> Line:
    return perform(line, Use(amount), now).line


def test_a_plan_without_limits_is_at_full_speed_until_its_period_ends() -> None:
    line = alice()
    assert line.period is not None
    assert speed(line, START) == Speed(kbps=None, changes_at=line.period.ends)


def test_a_tier_is_reached_by_use() -> None:
    line = alice(speeds=[{"after": "5GB", "kbps": 256}])
    assert speed(line, START).after_bytes == 5 * GB
    line = used(line, 5 * GB)
    assert speed(line, START).kbps == 256
    assert speed(line, START).after_bytes is None


def test_a_tiers_hours_end_and_begin_on_the_local_clock() -> None:
    hours = {"after": "1GB", "kbps": 256, "from": "08:00", "to": "24:00"}
    line = used(alice("Asia/Shanghai", speeds=[hours]), GB)
    noon = datetime(2026, 1, 2, 4, tzinfo=UTC)
    midnight = datetime(2026, 1, 2, 16, tzinfo=UTC)
    assert speed(line, noon) == Speed(kbps=256, changes_at=midnight)
    assert speed(line, midnight) == Speed(kbps=None, changes_at=midnight + timedelta(hours=8))


def test_a_day_quota_slows_down_until_the_day_is_over() -> None:
    line = alice(daily={"data": "1GB", "kbps_after": 512, "clock": "rolling"})
    assert speed(line, START).after_bytes == GB
    line = used(line, GB)
    assert speed(line, START) == Speed(kbps=512, changes_at=START + timedelta(days=1))


def test_what_is_used_up_goes_on_slower() -> None:
    line = alice(exhausted={"throttle_kbps": 128})
    assert speed(line, START).after_bytes == 10 * GB
    line = used(line, 10 * GB)
    assert line.period is not None
    assert speed(line, START) == Speed(kbps=128, changes_at=line.period.ends)
