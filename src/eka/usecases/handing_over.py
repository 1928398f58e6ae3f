"""A line gets the profile that was ordered for it, and gives one back that was never used."""

from datetime import datetime

from django.db.models import F, TextField, Value
from django.db.models.functions import Coalesce

from eka.ledger import models, reading
from eka.rules.lines import InvariantBroken
from eka.rules.profiles import CANCELLABLE, UNTOUCHED
from eka.usecases import outbox, spares


def give(need: str, line_id: int, now: datetime) -> models.Profile | None:
    """Makes the profile that came for the need the line's; None where it needed none."""
    supply = models.Supply.objects.filter(need=need, state="ready").order_by("nth").first()
    if supply is None or supply.profile_id is None:
        return None
    profile = models.Profile.objects.select_for_update().get(pk=supply.profile_id)
    if profile.line_id is not None or profile.final:
        raise InvariantBroken(f"profile {profile.iccid} of {need} cannot be given to a line")
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
    if line_id is not None:  # else it would be all that are on no line
        list(models.Profile.objects.select_for_update().filter(line=line_id).order_by("pk"))


def lock_all(order_id: int) -> None:
    """Locks the profiles of all the order's lines, then the lines, each in the order of their ids.

    So two orders that have lines in common never wait for each other.
    """
    items = models.OrderItem.objects.filter(order=order_id).exclude(line=None)
    lines = sorted(set(items.values_list("line_id", flat=True)))
    list(models.Profile.objects.select_for_update().filter(line__in=lines).order_by("pk"))
    reading.lock(lines)


def take_back(line_id: int, now: datetime) -> None:
    """The line is undone: a profile whose code nobody saw is spare, another is cancelled.

    One that is on a phone stays there; its line is closed.
    """
    held = models.Profile.objects.select_for_update().filter(line_id=line_id)
    for profile in held.order_by("pk"):
        if _is_as_new(profile):
            _unname(line_id, profile)
            profile.line, profile.current = None, False
            profile.given_at, profile.next_poll = None, None
            profile.save()
            spares.give(profile)
        elif profile.state in CANCELLABLE:
            outbox.put("cancel_profile", f"cancel:{profile.iccid}", now, {"iccid": profile.iccid})


def _is_as_new(profile: models.Profile) -> bool:
    """Whether nobody has seen its code, and no phone has asked for it.

    One that was given up for another has been told to be cancelled already.
    """
    return (
        profile.current
        and profile.state in UNTOUCHED
        and not (profile.eid or profile.usage_used)
        and not profile.showings.exists()
    )


def _unname(line_id: int, profile: models.Profile) -> None:
    """The line is not found by the profile's numbers any more: they are of who gets it next."""
    line = models.Line.objects.get(pk=line_id)
    for name in ("iccid", "imsi", "msisdn"):
        if getattr(line, name) == getattr(profile, name):
            setattr(line, name, None)
    line.save(update_fields=["iccid", "imsi", "msisdn"])


def release(order_id: int) -> None:
    """The order is undone before it was delivered: profiles that came for it are spare."""
    waiting = models.Profile.objects.select_for_update().filter(
        supplies__order_id=order_id, supplies__state="ready", line=None, spare=False
    )
    for profile in waiting:
        spares.give(profile)


def tell_of_data(order_id: int, now: datetime) -> None:
    """The order is undone before it was delivered: staff are told of data that came for it."""
    for supply in models.Supply.objects.filter(order=order_id, kind="top_up", state="ready"):
        spares.tell_of_data(supply, now)
