"""What suppliers say of a profile: kept once each, and taken into its state where it is news.

The same may come as a notification, in a poll and in an answer; late, twice and out of order.
"""

from datetime import datetime
from typing import get_args

from django.db import transaction

from eka.gateways.suppliers.terms import Progress
from eka.ledger import models
from eka.ledger.seals import digest
from eka.rules.instants import format_instant
from eka.rules.profiles import ProfileState, Stand, after
from eka.usecases import moving
from eka.usecases.activation import first_use

STATES = get_args(ProfileState)


@transaction.atomic
def take_progress(supplier_name: str, progress: Progress, key: str, now: datetime) -> str:
    """Takes in what happened to a profile; the outcome in a word. The same `key` is taken once."""
    profile = (
        models.Profile.objects.select_for_update()
        .filter(iccid=progress.iccid, supplier=supplier_name)
        .first()
    )
    if profile is None:
        return "unknown profile"
    if models.ProfileEvent.objects.filter(key=key).exists():
        return "repeated"
    return note(profile, progress, key, now)


@transaction.atomic
def take_stand(supplier_name: str, progress: Progress, now: datetime) -> str:
    """Takes in how a profile stands, as its supplier says when asked; what is no news leaves none.

    So a notification that never came is made up for.
    """
    rows = models.Profile.objects.select_for_update().filter(supplier=supplier_name)
    profile = rows.filter(iccid=progress.iccid).first()
    if profile is None:
        return "unknown profile"
    stand = Stand(_state(profile), profile.state_at, profile.final)
    at = min(progress.at, now) if progress.at else None
    if after(stand, progress.event, at).state == stand.state:
        return "nothing new"
    return note(profile, progress, f"asked:{progress.iccid}:{format_instant(now)}", now)


def note(profile: models.Profile, progress: Progress, key: str, now: datetime) -> str:
    """Takes news into a profile that is locked, and adds it to its story."""
    at = min(progress.at or now, now)
    event = "failed" if progress.failed else progress.event
    stand = Stand(_state(profile), profile.state_at, profile.final)
    following = after(stand, event, progress.at and at)
    moved = following.state != stand.state
    is_late = progress.at is not None and stand.at is not None and at < stand.at
    eid = profile.eid if is_late else progress.eid or profile.eid
    if following != stand or eid != profile.eid:
        profile.state, profile.final, profile.eid = following.state, following.final, eid
        profile.state_at = at if moved else following.at
        profile.save(update_fields=["state", "final", "state_at", "eid"])
    facts = {"step": progress.event, "failed": progress.failed} if progress.failed else {}
    models.ProfileEvent.objects.create(
        key=key,
        profile=profile,
        event=event,
        at=at,
        heard_at=now,
        state=profile.state,
        moved=moved,
        facts=facts,
    )
    if moved:
        _follow(profile, at, now)
    return "moved" if moved else "nothing new"


def _follow(profile: models.Profile, at: datetime, now: datetime) -> None:
    """What hangs on a profile's state: its line's first use, a move to another device."""
    if profile.state == "enabled" and profile.current and profile.line_id is not None:
        first_use(profile.line_id, at, now)
    moving.noticed(profile.pk, profile.state, now)


def _state(profile: models.Profile) -> ProfileState:
    for state in STATES:
        if state == profile.state:
            return state  # type: ignore[no-any-return]
    raise ValueError(profile.state)


def key_of(progress: Progress, source: str) -> str:
    """A key for news without a number of its own: what it says, and when."""
    at = format_instant(progress.at) if progress.at else ""
    return f"{source}:{progress.iccid}:{digest(f'{progress.event}|{at}|{progress.failed}')}"
