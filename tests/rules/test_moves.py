"""A line's way to another device: the table, and what can be done for a profile that is gone."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules import profiles
from eka.rules.moves import (
    ENDED,
    EVENTS,
    LEADS,
    REASONS,
    REPLACEMENTS_MAX,
    STATES,
    TRANSITIONS,
    Facts,
    UnableToMove,
    after,
    begins,
    drawing,
    may_cancel,
    way_out,
)

OWN = Facts(own=True, state="deleted")
FACTS = st.builds(
    Facts,
    own=st.booleans(),
    state=st.sampled_from(profiles.STATES),
    final=st.booleans(),
    used=st.booleans(),
    same_device=st.booleans(),
    tried=st.booleans(),
    replacements=st.integers(0, 5),
)


def facts(**changed: object) -> Facts:
    return msgspec.structs.replace(OWN, **changed)


def reachable(start: str) -> set[str]:
    found, edge = {start}, [start]
    while edge:
        state = edge.pop()
        following = {to for (at, _), to in TRANSITIONS.items() if at == state} - found
        found |= following
        edge += following
    return found


def test_every_state_is_reached_and_every_event_happens_somewhere() -> None:
    assert reachable("asked") == set(STATES)
    assert {event for _, event in TRANSITIONS} == set(EVENTS)


@pytest.mark.parametrize("state", [state for state in STATES if state not in ENDED])
def test_whatever_happens_a_move_can_still_come_to_an_end(state: str) -> None:
    assert "done" in reachable(state)


def test_an_end_is_the_end() -> None:
    assert not any(state in ENDED for state, _ in TRANSITIONS)
    with pytest.raises(UnableToMove, match="done cannot be arrived"):
        after("done", "arrived")


@given(FACTS, st.sampled_from(REASONS))
def test_every_move_can_begin(known: Facts, reason: str) -> None:
    assert after("asked", begins(reason, known)) in STATES  # type: ignore[arg-type]


@given(FACTS)
def test_a_replacement_is_ordered_by_itself_only_where_it_is_free_and_not_too_often(
    known: Facts,
) -> None:
    if way_out(known) == "replacement":
        assert known.own
        assert known.replacements < REPLACEMENTS_MAX


@given(FACTS)
def test_a_code_that_was_used_is_not_offered_again(known: Facts) -> None:
    if way_out(known) == "install_again":
        assert known.state not in profiles.ON_PHONE
        assert not any((known.used, known.tried, known.final))


@pytest.mark.parametrize("state", ["downloaded", "installed", "enabled", "disabled"])
def test_an_old_phone_in_hand_is_emptied_first(state: str) -> None:
    assert begins("new_phone", facts(state=state)) == "old_on_phone"
    assert begins("lost_phone", facts(state=state)) == "replacement_ordered"


def test_a_supplier_that_reports_no_states_is_believed_by_its_usage() -> None:
    assert begins("new_phone", facts(own=False, state="released", used=True)) == "old_on_phone"
    assert begins("new_phone", facts(own=False, state="released")) == "same_code"


@pytest.mark.parametrize(
    ("known", "way"),
    [
        (facts(), "replacement"),
        (facts(own=False), "case"),
        (facts(state="released"), "install_again"),
        (facts(state="released", own=False), "install_again"),
        (facts(state="released", tried=True), "replacement"),
        (facts(state="released", final=True), "replacement"),
        (facts(state="downloaded", same_device=True), "install_again"),
        (facts(state="downloaded"), "replacement"),
        (facts(state="error", same_device=True), "install_again"),
        (facts(state="error", same_device=True, final=True, own=False), "case"),
        (facts(state="enabled", same_device=True), "replacement"),
        (facts(replacements=REPLACEMENTS_MAX - 1), "replacement"),
        (facts(replacements=REPLACEMENTS_MAX), "case"),
    ],
)
def test_the_way_out(known: Facts, way: str) -> None:
    assert way_out(known) == way
    assert LEADS[way_out(known)] in EVENTS


@pytest.mark.parametrize("state", STATES)
def test_what_was_given_up_is_not_kept(state: str) -> None:
    assert not may_cancel(state, kept=False)
    assert may_cancel(state, kept=True) == (state in ("waiting_for_deletion", "ready", "stuck"))


def test_the_drawing_has_every_arrow() -> None:
    assert drawing().startswith("stateDiagram-v2\n    [*] --> asked\n")
    assert drawing().count("-->") == len(TRANSITIONS) + 1
