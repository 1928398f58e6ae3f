"""Every state, every event: what Eka does, and where it goes (RFC 6733, 5.6; RFC 3539, 3.4.1)."""

from typing import get_args

import pytest

from eka.wire.diameter.states import TABLE, Action, Event, State

EVENTS = [
    *("cer", "cer_refused", "dwr", "dwa", "dpr", "dpa", "request", "answer"),
    *("silence", "stop", "newer", "lost", "unreadable"),
]

# One row a state, one word an event in the order above: the action, and the state where it changes.
EXPECTED = {
    "waiting": (
        "welcome>open turn_away>closed drop>closed drop>closed drop>closed drop>closed "
        "drop>closed drop>closed drop>closed drop>closed drop>closed drop>closed drop>closed"
    ),
    "open": (
        "welcome turn_away>closed acknowledge ignore acknowledge>closing ignore "
        "deliver match send_dwr>asked send_dpr>closing drop>closed drop>closed drop>closed"
    ),
    "asked": (
        "welcome turn_away>closed acknowledge ignore>open acknowledge>closing ignore "
        "deliver match ignore>suspect send_dpr>closing drop>closed drop>closed drop>closed"
    ),
    "suspect": (
        "welcome>asked turn_away>closed acknowledge>asked ignore>open acknowledge>closing "
        "ignore>asked deliver>asked match>asked drop>closed send_dpr>closing drop>closed "
        "drop>closed drop>closed"
    ),
    "closing": (
        "ignore ignore acknowledge ignore acknowledge drop>closed refuse match "
        "drop>closed ignore drop>closed drop>closed drop>closed"
    ),
    "closed": " ".join(["ignore"] * len(EVENTS)),
}


@pytest.mark.parametrize("state", EXPECTED)
def test_the_table(state: State) -> None:
    for event, told in zip(EVENTS, EXPECTED[state].split(), strict=True):
        action, _, to = told.partition(">")
        assert TABLE[state][event] == (action, to or state), (state, event)  # type: ignore[index]


def test_the_table_knows_every_state_and_event() -> None:
    assert set(TABLE) == set(get_args(State))
    events = {event for some in get_args(Event) for event in (get_args(some) or [some])}
    assert all(set(row) == events == set(EVENTS) for row in TABLE.values())


def test_every_action_is_taken_somewhere() -> None:
    taken = {action for row in TABLE.values() for action, _ in row.values()}
    assert taken == {action for some in get_args(Action) for action in (get_args(some) or [some])}
