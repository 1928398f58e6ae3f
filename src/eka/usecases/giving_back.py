"""A profile that nobody downloaded is given back to its supplier."""

from datetime import datetime

from django.db import transaction

from eka.gateways.suppliers.terms import Held, Progress, SupplierRefused
from eka.ledger import models
from eka.ledger.seals import unseal
from eka.rules.profiles import CANCELLABLE
from eka.usecases.cases import open_case
from eka.usecases.profile_news import note
from eka.usecases.suppliers import supplier


def cancel(iccid: str, now: datetime) -> None:
    """Cancels the profile at its supplier; one that refuses leaves it to staff.

    Raises SupplierUnavailable, NoSuchSupplier: try again.
    """
    profile = models.Profile.objects.get(iccid=iccid)
    if profile.state not in CANCELLABLE:
        return
    try:
        supplier(profile.supplier).cancel(_held(profile))
    except SupplierRefused as refusal:
        facts = {"iccid": iccid, "supplier": profile.supplier, "code": refusal.code}
        open_case("profile_not_cancelled", f"not_cancelled:{iccid}", now, facts)
        return
    _cancelled(iccid, now)


@transaction.atomic
def _cancelled(iccid: str, now: datetime) -> None:
    profile = models.Profile.objects.select_for_update().get(iccid=iccid)
    key = f"cancelled:{iccid}"
    if not models.ProfileEvent.objects.filter(key=key).exists():
        note(profile, Progress(iccid=iccid, event="cancelled"), key, now)


def _held(profile: models.Profile) -> Held:
    return Held(
        iccid=profile.iccid,
        reference=profile.reference,
        package=profile.package,
        eid=profile.eid,
        activation_code=unseal(profile.code),
    )
