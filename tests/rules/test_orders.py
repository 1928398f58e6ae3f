"""An order's life: every state can be reached, and an end stays one but for what is named."""

import re
from pathlib import Path

import pytest

from eka.rules.orders import (
    ENDED,
    EVENTS,
    STATES,
    TRANSITIONS,
    WAITING,
    UnableToMove,
    after,
    can,
    drawing,
)

PAGE = Path(__file__).parents[2] / "docs" / "engineers" / "orders.md"


def reachable(start: str = "quoted") -> set[str]:
    found, edge = {start}, [start]
    while edge:
        state = edge.pop()
        following = {to for (at, _), to in TRANSITIONS.items() if at == state} - found
        found |= following
        edge += following
    return found


def test_every_state_can_be_reached_from_a_quote() -> None:
    assert reachable() == set(STATES)


def test_every_event_happens_somewhere_and_every_name_is_known() -> None:
    assert {event for _, event in TRANSITIONS} == set(EVENTS)
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(STATES)


def test_what_waits_for_money_has_not_ended() -> None:
    assert not set(WAITING) & set(ENDED)


@pytest.mark.parametrize(
    ("ended", "ways"),
    [
        ("fulfilled", {"refund_asked": "refunding", "disputed": "disputed"}),
        ("expired", {"paid": "paid"}),
        ("cancelled", {}),
        ("refunded", {}),
    ],
)
def test_out_of_an_end_lead_only_these_ways(ended: str, ways: dict[str, str]) -> None:
    assert {event: to for (at, event), to in TRANSITIONS.items() if at == ended} == ways


def test_no_other_state_is_an_end() -> None:
    stuck = {state for state in STATES if not any(at == state for at, _ in TRANSITIONS)}
    assert stuck < set(ENDED)


def test_no_money_comes_twice() -> None:
    """Once paid, an order is never waiting for money again, and is not paid a second time."""
    for (_, event), to in TRANSITIONS.items():
        if event == "paid":
            assert not reachable(to) & set(WAITING)
            assert not any(can(state, "paid") for state in reachable(to))


def test_what_went_back_whole_is_not_delivered_afterwards() -> None:
    assert reachable("refunding") <= {"refunding", "refunded"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", EVENTS)
def test_what_is_not_in_the_table_does_not_happen(state: str, event: str) -> None:
    if can(state, event):  # type: ignore[arg-type]
        assert after(state, event) == TRANSITIONS[state, event]  # type: ignore[arg-type, index]
        return
    with pytest.raises(UnableToMove) as refused:
        after(state, event)  # type: ignore[arg-type]
    assert (refused.value.state, refused.value.event) == (state, event)


def test_the_drawing_in_the_documents_is_the_table() -> None:
    drawn = re.findall(r"```mermaid\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert drawn == [drawing()]
