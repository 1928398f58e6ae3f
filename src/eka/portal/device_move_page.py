"""What the page of a move shows: the situations to choose from, or how the move stands."""

import hashlib
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from msgspec import Struct

from eka.ledger import models, offers
from eka.ledger.people import Card
from eka.portal import proof
from eka.portal.installing import Happened
from eka.portal.speech import titles_of, words
from eka.portal.stand import name_of
from eka.rules.instants import parse_instant
from eka.rules.moves import DECLARES_LOST, REASONS, may_cancel
from eka.usecases import balances, moving
from eka.usecases.move_facts import is_own
from eka.usecases.moving import Wish
from eka.words import profiles as profile_words


class Situation(Struct, frozen=True):
    """A reason to move, as the owner would say it."""

    code: str
    text: str


class Shown(Struct, frozen=True, kw_only=True):
    """A move as the page shows it, with what can be done about it."""

    code: str
    state: str
    meaning: str
    reason: str
    device: str
    story: list[Happened]
    same_code: bool
    may_cancel: bool
    ended: bool


def page_of(request: HttpRequest, card: Card, now: datetime) -> dict[str, Any]:
    """What the template needs."""
    line, move = balances.look(card.id, now).line, moving.last_move(card.id)
    asked = request.GET.get("reason", "")
    profile = models.Profile.objects.filter(line=card.id, current=True).first()
    is_open = move is not None and move.ended_at is None
    return {
        "section": "lines",
        "card": card,
        "name": name_of(card, line, titles_of(offers.on_sale())),
        "zone": line.timezone,
        "stamp": stamp_of(move),
        "live": is_open,
        "move": shown(move) if move is not None else None,
        "esim": profile,
        "proved": proof.is_proved(request, now),
        "by_click": proof.by_click(request),
        "stays": profile_words.stays(words().tongue),
    } | (_choice(asked, profile, now) if profile is not None and not is_open else {})


def _choice(asked: str, profile: models.Profile, now: datetime) -> dict[str, Any]:
    tongue = words().tongue
    situations = [Situation(one, profile_words.move_reason(tongue, one)) for one in REASONS]
    reason = next((one for one in REASONS if one == asked), None)
    if reason is None:
        return {"situations": situations}
    event = moving.preview(Wish(line=profile.line_id or 0, reason=reason), profile, now)
    is_lost = event == "handed_over" and reason in DECLARES_LOST
    gives_up = event == "replacement_ordered" or is_lost
    needs_staff = event != "same_code" and not is_own(profile)
    return {
        "chosen": Situation(reason, profile_words.move_reason(tongue, reason)),
        "plan": profile_words.move_plan(tongue, event, gives_up=gives_up),
        "gives_up": gives_up,
        "remark": profile_words.wholesale(tongue) if needs_staff else "",
    }


def shown(move: models.DeviceMove) -> Shown:
    """The move in words."""
    tongue = words().tongue
    story = [Happened(move.asked_at, profile_words.move_event(tongue, "asked"))]
    story += [
        Happened(parse_instant(at), profile_words.move_event(tongue, event))
        for at, event in move.facts["story"]
    ]
    return Shown(
        code=move.state,
        state=profile_words.move_state(tongue, move.state),
        meaning=profile_words.move_meaning(tongue, move.state),
        reason=profile_words.move_reason(tongue, move.reason),
        device=move.device,
        story=[one for one in story if one.text],
        same_code=move.way == "install_again",
        may_cancel=may_cancel(move.state, kept=move.old.current),
        ended=move.ended_at is not None,
    )


def stamp_of(move: models.DeviceMove | None) -> str:
    """Changes when the page would look different."""
    seen = f"{move.pk} {move.state} {len(move.facts['story'])}" if move else ""
    return hashlib.sha256(seen.encode()).hexdigest()[:16]
