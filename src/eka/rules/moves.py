"""A line's way to another device as a table, and what can be done for a profile that is gone.

The picture in docs/engineers/esim.md is `drawing()`. A profile is on one chip at a time: a new one
is ordered only when the old one is reported deleted, or its owner declared it lost, with a reason.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, get_args

from msgspec import Struct

from eka.rules.profiles import ON_PHONE, ProfileState

MoveReason = Literal["new_phone", "lost_phone", "broken", "deleted_by_accident"]
REASONS: tuple[MoveReason, ...] = get_args(MoveReason)

MoveState = Literal[
    "asked",
    "waiting_for_deletion",
    "reordering",
    "ready",
    "stuck",
    "done",
    "cancelled",
]
STATES: tuple[MoveState, ...] = get_args(MoveState)

MoveEvent = Literal[
    "old_on_phone",  # the old profile has to be deleted first
    "same_code",  # the profile that is there can be installed again
    "replacement_ordered",  # the old profile is given up, and a new one is ordered
    "handed_over",  # staff have to decide
    "arrived",  # the new profile can be installed
    "not_delivered",  # no supplier delivers a new one
    "installed",  # the line is on the other device
    "cancelled",  # the owner stays with the old profile
]
EVENTS: tuple[MoveEvent, ...] = get_args(MoveEvent)

TRANSITIONS: Mapping[tuple[str, MoveEvent], MoveState] = {
    ("asked", "old_on_phone"): "waiting_for_deletion",
    ("asked", "same_code"): "ready",
    ("asked", "replacement_ordered"): "reordering",
    ("asked", "handed_over"): "stuck",
    ("waiting_for_deletion", "same_code"): "ready",
    ("waiting_for_deletion", "replacement_ordered"): "reordering",
    ("waiting_for_deletion", "handed_over"): "stuck",
    ("waiting_for_deletion", "cancelled"): "cancelled",
    ("reordering", "arrived"): "ready",
    ("reordering", "not_delivered"): "stuck",
    # What should have been installed again did not go: the phone says that the code was used.
    ("ready", "replacement_ordered"): "reordering",
    ("ready", "handed_over"): "stuck",
    ("ready", "installed"): "done",
    ("ready", "cancelled"): "cancelled",
    ("stuck", "same_code"): "ready",
    ("stuck", "replacement_ordered"): "reordering",
    ("stuck", "arrived"): "ready",
    ("stuck", "cancelled"): "cancelled",
}

ENDED: tuple[MoveState, ...] = ("done", "cancelled")

Way = Literal["install_again", "replacement", "case"]
LEADS: Mapping[Way, MoveEvent] = {
    "install_again": "same_code",
    "replacement": "replacement_ordered",
    "case": "handed_over",
}

# More than this is no bad luck any more: a person looks at it.
REPLACEMENTS_MAX = 3
REPLACEMENTS_WITHIN = timedelta(days=30)

# Of these nobody can report the old profile deleted: to say so is to declare it lost.
DECLARES_LOST: tuple[MoveReason, ...] = ("lost_phone", "broken")


class UnableToMove(Exception):
    """An event that does not happen to a move in its state; nothing has changed."""

    def __init__(self, state: str, event: MoveEvent) -> None:
        super().__init__(f"a move that is {state} cannot be {event}")
        self.state, self.event = state, event


class Facts(Struct, frozen=True, kw_only=True):
    """What decides how a line gets on.

    `own`: the profile is from an SM-DP+ of ours, where another costs nothing; from a wholesaler it
    costs the seller, and the data left there is lost. `used`: data was used with it, whatever its
    state says (not every supplier reports a state). `same_device`: it goes onto the chip it was on.
    `tried`: installing it again was tried. `replacements`: ordered within REPLACEMENTS_WITHIN.
    """

    own: bool
    state: ProfileState
    final: bool = False
    used: bool = False
    same_device: bool = False
    tried: bool = False
    replacements: int = 0


def after(state: str, event: MoveEvent) -> MoveState:
    """The state that the event leads to. Raises UnableToMove."""
    following = TRANSITIONS.get((state, event))
    if following is None:
        raise UnableToMove(state, event)
    return following


def is_on_phone(state: ProfileState, *, used: bool) -> bool:
    """Whether the profile is on a chip, or on its way there, as far as anybody told."""
    return state in ("downloaded", *ON_PHONE) or (used and state != "deleted")


def way_out(facts: Facts) -> Way:
    """How a line gets on: with the same code, with another profile, or by a decision of staff."""
    if _installs_again(facts):
        return "install_again"
    if facts.own and facts.replacements < REPLACEMENTS_MAX:
        return "replacement"
    return "case"


def _installs_again(facts: Facts) -> bool:
    """Whether the SM-DP+ gives the profile once more.

    It does while nobody has downloaded it, and to the same chip where that did not end well
    (SGP.22, 3.1.3: released; or, as a retry of the same EID, downloaded).
    """
    if facts.final or facts.used or facts.tried:
        return False
    if facts.state == "released":
        return True
    return facts.same_device and facts.state in ("downloaded", "error")


def begins(reason: MoveReason, facts: Facts) -> MoveEvent:
    """The first event of a move: the way out, unless an old phone in hand still has the profile."""
    if reason == "new_phone" and is_on_phone(facts.state, used=facts.used):
        return "old_on_phone"
    return LEADS[way_out(facts)]


def may_cancel(state: str, *, kept: bool) -> bool:
    """Whether the owner can stay with the old profile; `kept`: it was not given up yet."""
    return kept and (state, "cancelled") in TRANSITIONS


def drawing() -> str:
    """The table as a state diagram of Mermaid, one arrow a line, in the table's order."""
    arrows = [f"    {state} --> {to}: {event}" for (state, event), to in TRANSITIONS.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> asked", *arrows, ""])
