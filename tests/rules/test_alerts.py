"""Warnings come from use, and only from use that was served."""

from datetime import UTC, datetime, timedelta

from eka.rules.commands import perform
from eka.rules.lines import Line
from eka.rules.plan_text import plan_from_text
from eka.rules.requests import Activate, Change, Use

START = datetime(2026, 1, 1, tzinfo=UTC)
PLAN = plan_from_text(
    {"name": "p", "data": "100B", "period": "7d", "alerts": {"used": ["75%", "100%"]}}
)


def alerts(line: Line, amount: int, at: datetime) -> list[str]:
    told = perform(line, Use(amount), at).entries
    return [entry.reason for entry in told if entry.code == "alert"]


def test_alice_is_warned_once_she_reaches_the_threshold() -> None:
    line = perform(Line(), Activate(PLAN), START).line
    assert alerts(line, 74, START) == []
    assert alerts(line, 75, START) == ["used 75%"]
    assert alerts(line, 150, START) == ["used 75%", "used 100%"]


def test_what_a_lapsed_or_suspended_line_could_not_serve_warns_of_nothing() -> None:
    line = perform(Line(), Activate(PLAN), START).line
    line = perform(line, Use(10), START).line
    assert alerts(line, 10, START + timedelta(days=8)) == []
    assert alerts(perform(line, Change("suspend"), START).line, 10, START) == []
