"""What a supplier delivered is written down: the profile with its sealed code, what it cost."""

import re
from datetime import datetime

from eka.gateways.suppliers.terms import Delivered, Supplied
from eka.ledger import models
from eka.ledger.seals import seal
from eka.rules.activation_codes import UnreadableCode, read_activation_code, read_iccid
from eka.rules.supply import Refusal
from eka.usecases import needs, spares
from eka.usecases.cases import open_case
from eka.usecases.supplier_usage import poll_soon

# Wholesalers do sell profiles whose numbers break E.118, and phones take them.
ICCID = re.compile(r"[0-9]{18,20}")


def arrive(supply: models.Supply, said: Supplied, now: datetime) -> Refusal | None:
    """Takes in what came for a locked supply; why it cannot be taken, None where it was.

    A profile whose ICCID or code is broken, or which we have already, is none. One whose ICCID has
    a wrong check digit is taken, and staff is told.
    """
    profile = None
    if supply.kind == "profile":
        wrong = _wrong(said.profile)
        if wrong or said.profile is None:
            facts = {"supply": supply.number, "supplier": supply.supplier, "what": wrong}
            open_case("bad_delivery", f"bad_delivery:{supply.number}", now, facts, supply.order_id)
            return "other"
        _doubt(supply, said.profile.iccid, now)
        profile = _profile(supply, said.profile, now)
    wanted = needs.is_wanted(supply)
    supply.state = "ready" if wanted or profile is None else "dropped"
    supply.profile, supply.why = profile, ""
    supply.reference = said.reference or supply.reference
    if said.cost is not None:
        supply.cost, supply.currency = said.cost.minor, said.cost.currency
    supply.ended_at, supply.next_look = now, None
    supply.save()
    if supply.target is not None:
        # One whose data had ended is not asked about any more: now there is some to ask for.
        poll_soon(supply.supplier, supply.target.iccid, now)
    if not wanted:
        _leave(supply, profile, now)
    elif supply.need.startswith("pool:") and profile is not None:
        spares.give(profile)
    else:
        needs.tell(supply, now)
    return None


def _wrong(delivered: Delivered | None) -> str:
    """What is wrong with a delivery, in a word; "" where nothing is."""
    if delivered is None:
        return "nothing"
    if not ICCID.fullmatch(delivered.iccid):
        return "ICCID"
    try:
        read_activation_code(delivered.activation_code)
    except UnreadableCode as error:
        return error.what
    known = models.Profile.objects.filter(iccid=delivered.iccid)
    return "ICCID: known already" if known.exists() else ""


def _doubt(supply: models.Supply, iccid: str, now: datetime) -> None:
    """A check digit that is wrong may be a digit that was misread on the way."""
    try:
        read_iccid(iccid)
    except UnreadableCode as error:
        facts = {"supply": supply.number, "supplier": supply.supplier, "iccid": iccid}
        wrong = {**facts, "fault": error.fault}
        open_case("odd_iccid", f"odd_iccid:{iccid}", now, wrong, supply.order_id)


def _profile(supply: models.Supply, delivered: Delivered, now: datetime) -> models.Profile:
    profile = models.Profile.objects.create(
        iccid=delivered.iccid,
        supplier=supply.supplier,
        package=supply.package,
        reference=delivered.reference,
        state="released",
        state_at=None,
        eid=delivered.eid,
        code=seal(delivered.activation_code),
        confirmation=seal(delivered.confirmation_code) if delivered.confirmation_code else "",
        apn=delivered.apn,
        msisdn=delivered.msisdn,
        imsi=delivered.imsi,
        got_at=now,
    )
    models.ProfileEvent.objects.create(
        key=f"supply:{supply.number}",
        profile=profile,
        event="released",
        at=now,
        heard_at=now,
        state="released",
        moved=True,
        facts={"supply": supply.number},
    )
    return profile


def _leave(supply: models.Supply, profile: models.Profile | None, now: datetime) -> None:
    """Nobody waits for it any more."""
    if profile is not None:
        spares.give(profile)
    else:
        spares.tell_of_data(supply, now)
