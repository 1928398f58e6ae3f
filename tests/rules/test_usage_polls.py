"""How often a supplier is asked: in minutes where something is about to happen, else seldom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.commands import perform
from eka.rules.lines import Line
from eka.rules.plan_text import plan_from_text
from eka.rules.requests import Activate, Change, Use
from eka.rules.usage_polls import DAY, HOUR, LONGEST, SHORTEST, Heard, bytes_to_next, next_poll

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GB = 10**9
ACTIVE = Heard(status="active")


def active(used: int = 0, **terms: Any) -> Line:
    """A line with 10 GB for thirty days, of which some are used."""
    said = {"name": "small", "data": "10GB", "period": "30d"} | terms
    line = perform(Line(), Activate(plan_from_text(said)), NOON).line
    return perform(line, Use(used), NOON).line if used else line


def wait(line: Line | None, heard: Heard = ACTIVE, now: datetime = NOON) -> timedelta | None:
    due = next_poll(line, heard, now)
    return None if due is None else due - now


def test_an_idle_line_far_from_everything_is_asked_about_seldom() -> None:
    assert wait(active()) == LONGEST


def test_near_the_last_byte_it_is_asked_in_minutes() -> None:
    assert wait(active(10 * GB - 40_000_000)) == SHORTEST
    assert wait(active(10 * GB - 210_000_000)) == LONGEST  # more than a fiftieth


def test_near_a_warning_it_is_asked_in_minutes_until_that_was_given() -> None:
    warns = {"alerts": {"used": ["75%"]}}
    assert bytes_to_next(active(7 * GB, **warns), NOON) == GB // 2
    assert wait(active(7_400_000_000, **warns)) == SHORTEST
    assert wait(active(7_500_000_000, **warns)) == LONGEST


def test_the_pace_tells_when_the_next_thing_happens() -> None:
    half_an_hour_each = Heard(status="active", use=2 * GB, over=timedelta(minutes=30))
    assert wait(active(2 * GB), half_an_hour_each) == timedelta(hours=1)


@given(st.integers(0, 2**62), st.timedeltas(timedelta(0), timedelta(days=999)))
def test_whatever_the_pace_it_is_asked_within_minutes_to_hours(use: int, over: timedelta) -> None:
    waits = wait(active(data="9000000TB"), Heard(status="active", use=use, over=over))
    assert waits is not None
    assert SHORTEST <= waits <= LONGEST


def test_near_the_periods_end_it_is_asked_in_minutes() -> None:
    end = NOON + timedelta(days=30)
    assert wait(active(), now=end - timedelta(hours=8)) == timedelta(hours=4)
    assert wait(active(), now=end - timedelta(minutes=1)) == SHORTEST


def test_the_suppliers_own_end_counts_too() -> None:
    ends_soon = Heard(status="active", expires_at=NOON + timedelta(hours=2))
    assert wait(active(), ends_soon) == timedelta(hours=1)


def test_a_days_quota_is_something_that_ends() -> None:
    passes = active(900_000_000, daily={"data": "1GB"})
    assert bytes_to_next(passes, NOON) == 100_000_000
    assert wait(passes) == SHORTEST


def test_where_no_use_changes_anything_only_time_does() -> None:
    assert bytes_to_next(active(data="unlimited"), NOON) is None
    assert bytes_to_next(active(10 * GB), NOON) is None
    assert wait(active(10 * GB)) == LONGEST


def test_a_line_that_waits_for_its_first_use_is_asked_about_every_hour() -> None:
    assert wait(Line(), Heard(status="not_active")) == HOUR


@pytest.mark.parametrize("status", ["not_active", "suspended", "unknown"])
def test_a_profile_that_does_not_serve_is_asked_about_seldom(status: str) -> None:
    assert wait(active(10 * GB - 1), Heard(status=status)) == LONGEST


def test_a_finished_profile_is_watched_as_long_as_we_owe_data() -> None:
    assert wait(active(), Heard(status="finished")) == HOUR
    assert wait(active(10 * GB), Heard(status="finished")) == DAY


def test_nobody_asks_about_what_is_over() -> None:
    closed = perform(active(), Change("cancel"), NOON).line
    assert wait(active(), Heard(status="expired")) is None
    assert wait(None) is None
    assert wait(closed, Heard(status="not_active")) is None
    assert wait(closed) == DAY  # it still serves: somebody pays for that
