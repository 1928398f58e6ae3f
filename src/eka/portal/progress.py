"""How far an eSIM has come, from the payment to the first data: each step with its time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from eka.ledger import models
from eka.portal.speech import words
from eka.words import profiles as profile_words

StepCode = Literal["paid", "ordered", "released", "downloaded", "installed", "first_data"]
Times = Mapping[StepCode, datetime]

# From where on a step counts as late, if the one before is known to be done.
LATE: Mapping[StepCode, timedelta] = {
    "ordered": timedelta(minutes=2),
    "released": timedelta(minutes=5),
    "downloaded": timedelta(0),
    "installed": timedelta(0),
    "first_data": timedelta(minutes=30),
}
# What a profile's state says is done, though nobody told when.
REACHED: Mapping[str, StepCode] = {
    "confirmed": "ordered",
    "released": "released",
    "downloaded": "downloaded",
    "installed": "installed",
    "enabled": "installed",
    "disabled": "installed",
    "error": "released",
}
EVENTS: tuple[StepCode, ...] = ("downloaded", "installed")


class Step(Struct, frozen=True, kw_only=True):
    """One step. `at` None: not yet, or nobody told when; `note` is what to do if it is late."""

    code: StepCode
    text: str
    at: datetime | None
    state: Literal["done", "now", "later"]
    note: str = ""


def steps_of(
    codes: Sequence[StepCode], times: Times, profile: models.Profile | None, now: datetime
) -> list[Step]:
    """The steps as they stand at `now`: what is behind one that is done is done too."""
    reached = REACHED.get(profile.state) if profile else None
    done = [nth for nth, code in enumerate(codes) if code in times or code == reached]
    following = max(done) + 1 if done else 0
    return [_step(code, nth - following, times, codes[:nth], now) for nth, code in enumerate(codes)]


def _step(
    code: StepCode, ahead: int, times: Times, before: Sequence[StepCode], now: datetime
) -> Step:
    last = max((times[one] for one in before if one in times), default=None)
    is_late = ahead == 0 and last is not None and code in LATE and now >= last + LATE[code]
    return Step(
        code=code,
        text=profile_words.step(words().tongue, code),
        at=times.get(code),
        state="done" if ahead < 0 else "later" if ahead else "now",
        note=profile_words.late(words().tongue, code) if is_late else "",
    )


def times_of(
    profile: models.Profile | None,
    supply: models.Supply | None,
    paid_at: datetime | None = None,
) -> dict[StepCode, datetime]:
    """When each step was done, as far as anybody told; two queries.

    `supply` is the order with the supplier that brought the profile, or is to bring it.
    """
    times: dict[StepCode, datetime] = {"paid": paid_at} if paid_at else {}
    if supply is not None:
        times["ordered"] = supply.first_asked_at
    if profile is None:
        return times
    times.setdefault("ordered", profile.got_at)
    times["released"] = profile.given_at or profile.got_at
    told = profile.events.filter(event__in=EVENTS, moved=True).order_by("-pk")
    first = dict(told.values_list("event", "at"))
    times |= {event: first[event] for event in EVENTS if event in first}
    if (used_at := _first_data(profile)) is not None:
        times["first_data"] = used_at
    return times


def _first_data(profile: models.Profile) -> datetime | None:
    """When the line first used data with this profile."""
    used = models.Entry.objects.filter(
        line=profile.line_id, code="used", at__gte=profile.given_at or profile.got_at
    )
    return used.order_by("number").values_list("at", flat=True).first()
