"""What people read about a supplier that stopped, and about lines that wait for their first use."""

from datetime import UTC, datetime

import pytest

from eka.words import supplies
from eka.words.tongue import Tongue

ENGLISH = Tongue("en")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = {
    "line": "Travel",
    "plan": "small",
    "by": "2026-03-01T12:00:00Z",
    "ends": "2026-03-01T12:00:00Z",
    "left": 6 * 10**9,
}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("line_activated", ["Travel", "Small 10 GB", "1 March 2026"]),
        ("activation_reminder", ["Travel", "1 March 2026"]),
        ("activation_over", ["Travel", "1 March 2026"]),
        ("supplier_stopped", ["Travel", "6\u202fGB"]),
        ("supplier_again", ["Travel"]),
    ],
)
def test_each_message_has_its_figures(event: str, said: list[str]) -> None:
    told = supplies.message(ENGLISH, event, FACTS, "UTC", {"small": "Small 10 GB"})

    assert [part for part in said if part not in told] == []
    assert "{" not in told


def test_every_message_is_looked_at_here() -> None:
    assert len(supplies.MESSAGES) == 5


def test_a_stop_says_what_is_left_and_since_when() -> None:
    told = supplies.stopped(ENGLISH, "expired", 6 * 10**9, NOON, "Asia/Shanghai")

    assert "6\u202fGB" in told
    assert "20:00" in told
    assert "unlimited" in supplies.stopped(ENGLISH, "finished", None, None, "UTC")


@pytest.mark.parametrize("status", ["expired", "a newer word"])
def test_a_stop_without_a_time_or_a_known_word_is_told_all_the_same(status: str) -> None:
    told = supplies.stopped(ENGLISH, status, 6 * 10**9, None, "UTC")
    assert told == ENGLISH.say(supplies.STOPPED_SOMETIME, data="6\u202fGB")


def test_of_when_the_use_is() -> None:
    assert "12:00" in supplies.heard(ENGLISH, NOON, "UTC")
    assert supplies.heard(ENGLISH, None, "UTC") == supplies.NOT_HEARD


def test_what_starts_a_line_and_by_when() -> None:
    assert "1 March 2026" in supplies.starts(ENGLISH, NOON, "UTC")
    assert supplies.starts(ENGLISH, None, "UTC") == supplies.STARTS
