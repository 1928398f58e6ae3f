"""A profile's life as a table (GSMA SGP.22, 3.1 and 5.3.5), and what late news means for it.

The picture in docs/engineers/esim.md is `drawing()`, and a test holds it to that. News comes late,
twice and out of order: what an older or repeated word says is kept in the profile's story and moves
nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

ProfileState = Literal[
    "ordered",
    "confirmed",
    "released",
    "downloaded",
    "installed",
    "enabled",
    "disabled",
    "deleted",
    "error",
]
STATES: tuple[ProfileState, ...] = get_args(ProfileState)

ProfileEvent = Literal[
    "confirmed",  # the SM-DP+ keeps it for us
    "released",  # it can be downloaded
    "eligible",  # a phone asked for it and may have it
    "confirmation_entered",  # the confirmation code was asked for, and entered
    "downloaded",  # the phone has the package
    "installed",  # it is on the phone's chip
    "enabled",  # it is switched on
    "disabled",  # it is switched off
    "deleted",  # it is gone from the chip
    "cancelled",  # nobody can download it any more
    "failed",  # it cannot be used, for good
]
EVENTS: tuple[ProfileEvent, ...] = get_args(ProfileEvent)

# The states in the order in which a profile goes through them: news from further on implies what
# lies between, since a notification may be lost.
ORDER: tuple[ProfileState, ...] = ("ordered", "confirmed", "released", "downloaded", "installed")
LEADS: Mapping[ProfileEvent, ProfileState] = {
    "confirmed": "confirmed",
    "released": "released",
    "downloaded": "downloaded",
    "installed": "installed",
    "enabled": "enabled",
    "disabled": "disabled",
    "deleted": "deleted",
    "cancelled": "deleted",
    "failed": "error",
}
ON_PHONE: tuple[ProfileState, ...] = ("installed", "enabled", "disabled")
UNTOUCHED: tuple[ProfileState, ...] = ("ordered", "confirmed", "released")


def _table() -> dict[tuple[ProfileState, ProfileEvent], ProfileState]:
    table: dict[tuple[ProfileState, ProfileEvent], ProfileState] = {}
    for place, state in enumerate(ORDER):
        for event, target in LEADS.items():
            if target in ORDER[place + 1 :] or target in ("enabled", "disabled", "deleted"):
                table[state, event] = target
        table[state, "failed"] = "error"
    for state in ("downloaded", "installed", "enabled", "disabled"):
        table.pop((state, "cancelled"), None)
    table |= {
        ("enabled", "disabled"): "disabled",
        ("enabled", "deleted"): "deleted",
        ("enabled", "failed"): "error",
        ("disabled", "enabled"): "enabled",
        ("disabled", "deleted"): "deleted",
        ("disabled", "failed"): "error",
        # A profile that was deleted from its chip can be on one again, where its SM-DP+ allows.
        ("deleted", "released"): "released",
        ("deleted", "downloaded"): "downloaded",
        ("deleted", "installed"): "installed",
        ("deleted", "enabled"): "enabled",
        # A download that failed is tried again by the phone.
        ("error", "released"): "released",
        ("error", "downloaded"): "downloaded",
        ("error", "installed"): "installed",
        ("error", "enabled"): "enabled",
        ("error", "deleted"): "deleted",
        ("error", "cancelled"): "deleted",
    }
    return table


TRANSITIONS: Mapping[tuple[ProfileState, ProfileEvent], ProfileState] = _table()
CANCELLABLE: tuple[ProfileState, ...] = tuple(
    state for state in STATES if (state, "cancelled") in TRANSITIONS
)


class Stand(Struct, frozen=True):
    """How a profile stands, and since when by the clock of who told it; `final`: for good."""

    state: ProfileState
    at: datetime | None = None
    final: bool = False


def after(stand: Stand, event: ProfileEvent, at: datetime | None) -> Stand:
    """How the profile stands after the news; the same stand where it is late or says nothing.

    `at` is when it happened by the teller's clock; None counts as just now.
    """
    late = at is not None and stand.at is not None and at < stand.at
    if late or stand.final:
        return stand
    if event == stand.state:  # it stands so still, or again: what is told of before is no news
        return Stand(stand.state, at or stand.at)
    following = TRANSITIONS.get((stand.state, event))
    if following is None:
        return stand
    return Stand(following, at or stand.at, final=event == "cancelled")


def drawing() -> str:
    """The table as a state diagram of Mermaid, one arrow a pair of states."""
    events: dict[tuple[str, str], list[str]] = {}
    for (state, event), to in TRANSITIONS.items():
        events.setdefault((state, to), []).append(event)
    arrows = [f"    {state} --> {to}: {', '.join(by)}" for (state, to), by in events.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> ordered", *arrows, ""])
