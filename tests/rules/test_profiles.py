"""A profile's life: the table, its picture, and news that come late, twice and out of order."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules import moves
from eka.rules.profiles import (
    EVENTS,
    LEADS,
    STATES,
    TRANSITIONS,
    ProfileEvent,
    Stand,
    after,
    drawing,
)

PAGE = Path(__file__).parents[2] / "docs/engineers/esim.md"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIFE: tuple[ProfileEvent, ...] = ("confirmed", "released", "downloaded", "installed", "enabled")


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def told(*news: tuple[ProfileEvent, int]) -> Stand:
    """How a profile stands after news, each with the minute of which it tells."""
    stand = Stand("ordered")
    for event, minute in news:
        stand = after(stand, event, at(minute))
    return stand


def test_the_drawing_in_the_documents_is_the_table() -> None:
    drawn = re.findall(r"```mermaid\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert drawn == [drawing(), moves.drawing()]


def test_a_profile_goes_from_the_order_to_the_phone() -> None:
    stand, seen = Stand("ordered"), ["ordered"]
    for minute, event in enumerate(LIFE):
        stand = after(stand, event, at(minute))
        seen.append(stand.state)
    assert seen == ["ordered", "confirmed", "released", "downloaded", "installed", "enabled"]


def test_a_lost_notification_is_implied_by_the_next_one() -> None:
    assert told(("installed", 5)).state == "installed"
    assert told(("enabled", 5)).state == "enabled"


def test_what_comes_late_moves_nothing() -> None:
    assert told(("installed", 5), ("downloaded", 3)) == told(("installed", 5))
    assert told(("enabled", 5), ("disabled", 9), ("enabled", 7)).state == "disabled"


def test_what_is_older_than_the_last_word_moves_nothing_though_that_moved_nothing_either() -> None:
    still = told(("enabled", 5), ("enabled", 9))
    assert still == Stand("enabled", at(9))
    assert after(still, "deleted", at(7)) == still


def test_a_word_without_a_time_or_of_the_same_instant_is_of_now() -> None:
    assert after(Stand("released", at(1)), "installed", None) == Stand("installed", at(1))
    assert told(("released", 5), ("installed", 5)).state == "installed"


def test_a_word_that_leads_nowhere_from_here_leaves_all_as_it_is() -> None:
    for event in ("eligible", "confirmation_entered", "confirmed", "cancelled"):
        assert told(("installed", 5), (event, 6)) == told(("installed", 5))


def test_a_profile_may_be_installed_again_where_its_server_allows() -> None:
    assert told(("installed", 5), ("deleted", 6), ("installed", 7)).state == "installed"


def test_a_failed_download_may_be_tried_again_and_a_cancelled_profile_is_gone() -> None:
    assert told(("released", 1), ("failed", 2), ("downloaded", 3)).state == "downloaded"
    gone = told(("released", 1), ("cancelled", 2))
    assert (gone.state, gone.final) == ("deleted", True)
    assert after(gone, "installed", at(9)) == gone


def test_one_on_a_phone_cannot_be_cancelled() -> None:
    for state in ("downloaded", "installed", "enabled", "disabled"):
        assert (state, "cancelled") not in TRANSITIONS


@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_reached_and_every_event_leads_somewhere(state: str) -> None:
    assert state == "ordered" or state in TRANSITIONS.values()
    assert {event for _, event in TRANSITIONS} == set(LEADS)
    assert set(LEADS) <= set(EVENTS)


news = st.tuples(st.sampled_from(EVENTS), st.integers(0, 30))


@given(st.lists(news, max_size=12), st.data())
def test_saying_again_what_was_just_said_changes_nothing(
    said: list[tuple[ProfileEvent, int]], data: st.DataObject
) -> None:
    stand = told(*said)
    if said:
        event, minute = data.draw(st.sampled_from(said))
        known = stand.at
        again = after(stand, event, at(minute))
        assert again.at is None or known is None or again.at >= known  # time never goes back
        assert after(again, event, at(minute)) == again


@given(st.permutations([(event, minute) for minute, event in enumerate(LIFE)]))
def test_in_whatever_order_a_life_is_told_it_ends_the_same(
    said: list[tuple[ProfileEvent, int]],
) -> None:
    assert told(*said) == Stand("enabled", at(4))
