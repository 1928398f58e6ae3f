"""A line gets the profile that was ordered for it, and gives one back that was never used."""

from datetime import datetime

from django.db.models import F, TextField, Value
from django.db.models.functions import Coalesce

from eka.ledger import models
from eka.rules.profiles import UNTOUCHED
from eka.usecases import outbox, spares


def give(need: str, line_id: int, now: datetime) -> models.Profile | None:
    """Makes the profile that came for the need the line's; None where it needed none."""
    supply = models.Supply.objects.filter(need=need, state="ready").order_by("nth").first()
    if supply is None or supply.profile_id is None:
        return None
    profile = models.Profile.objects.select_for_update().get(pk=supply.profile_id)
    profile.line_id, profile.current, profile.spare = line_id, True, False
    profile.given_at, profile.next_poll = now, now
    profile.usage_base = profile.usage_used or 0
    profile.save()
    models.Line.objects.filter(pk=line_id).update(
        iccid=profile.iccid,
        imsi=Coalesce(F("imsi"), _or_none(profile.imsi)),
        msisdn=Coalesce(F("msisdn"), _or_none(profile.msisdn)),
    )
    return profile


def _or_none(text: str) -> Value:
    return Value(text or None, output_field=TextField())


def lock(line_id: int | None) -> None:
    """Locks the line's profiles, in the order of their ids."""
    list(models.Profile.objects.select_for_update().filter(line=line_id).order_by("pk"))


def take_back(line_id: int, now: datetime) -> None:
    """The line is undone: a profile whose code nobody saw is spare, another is cancelled.

    One that is on a phone stays there; its line is closed.
    """
    for profile in models.Profile.objects.select_for_update().filter(line_id=line_id):
        if profile.state not in UNTOUCHED:
            continue
        if profile.showings.exists():
            outbox.put("cancel_profile", f"cancel:{profile.iccid}", now, {"iccid": profile.iccid})
            continue
        profile.line, profile.current, profile.given_at, profile.next_poll = None, False, None, None
        profile.save()
        spares.give(profile)


def release(order_id: int) -> None:
    """The order is undone before it was delivered: profiles that came for it are spare."""
    waiting = models.Profile.objects.select_for_update().filter(
        supplies__order_id=order_id, supplies__state="ready", line=None, spare=False
    )
    for profile in waiting:
        spares.give(profile)
