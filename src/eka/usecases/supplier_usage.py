"""What suppliers report of use: debited once from the line whose profile it is.

Polls and notifications come in here alike. A supplier that stops serving while we still owe data
takes nothing from the line: its owner is told, staff gets a case, and the balance stays as it is.

Locks are taken in this order: the profile, the line.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from msgspec import Struct

from eka.gateways.suppliers.terms import Progress, UsageReport
from eka.ledger import models
from eka.ledger.connections import run
from eka.rules.buckets import left
from eka.rules.instants import format_instant
from eka.rules.lines import Line
from eka.rules.profiles import ORDER
from eka.rules.requests import Use
from eka.rules.supplier_usage import (
    NEGLIGIBLE,
    STOPPED,
    Finding,
    Told,
    Totals,
    anew,
    difference,
    excused,
)
from eka.rules.usage_polls import Heard, next_poll
from eka.usecases.activation import first_use
from eka.usecases.balances import look
from eka.usecases.cases import open_case
from eka.usecases.commands import Done, carry_out
from eka.usecases.lasting_cases import close_while, open_while
from eka.usecases.line_messages import tell_owner
from eka.usecases.profile_news import note

log = logging.getLogger(__name__)

BEGUN = ("active", "finished")  # words of a supplier that tell of a use, whatever the figures

FIGURES = (
    *("usage_base", "usage_used", "usage_total", "usage_at", "usage_heard_at", "usage_status"),
    *("expires_at", "next_poll"),
)

# A profile that is hinted at comes before those that are merely due, but once a minute at most.
SOON = """
UPDATE profile SET next_poll = least(
    next_poll, coalesce(usage_heard_at + interval '1 minute', %(now)s::timestamptz))
WHERE supplier = %(supplier)s AND iccid = %(iccid)s
"""


class NoSuchProfile(Exception):
    """There is no profile of this ICCID from this supplier."""


class SupplierWord(Struct, frozen=True, kw_only=True):
    """The supplier does not serve a line that has data: `status` is its word for it.

    `left` bytes are still owed, None is unlimited; `until` is when it stopped, if it said so.
    """

    status: str
    left: int | None
    until: datetime | None = None


def poll_soon(supplier_name: str, iccid: str, now: datetime) -> None:
    """Something has happened to the profile: its supplier is asked about it next."""
    run(SOON, {"supplier": supplier_name, "iccid": iccid, "now": now})


@transaction.atomic
def take_report(supplier_name: str, report: UsageReport, now: datetime) -> Finding | None:
    """Takes in what a supplier reports of a profile; None where it is none of ours.

    The same report again, and one that is older than the last, change nothing.
    """
    profile = _locked(supplier_name, report.iccid)
    if profile is None:
        log.warning("%s reports of profile %s, which is not ours", supplier_name, report.iccid)
        return None
    known = _known(profile)
    finding = difference(known, Told(used=report.used, at=report.at))
    begun = finding.newest and report.status in BEGUN
    if begun:
        _note_begun(profile, report, now)
    totals = _settle(profile, report, finding, now, begun=begun)
    if finding.news == "shrank":
        _open_shrunk(profile, report, now)
    profile.usage_base, profile.usage_used = totals.base, totals.used
    if finding.newest:
        _follow(profile, report, finding)
    _look_on(profile, finding, now)
    profile.save(update_fields=FIGURES)
    return finding


@transaction.atomic
def count_anew(supplier_name: str, iccid: str, used: int, now: datetime) -> None:
    """A person says that the supplier counts anew, and stood at `used`: what follows is use.

    What was debited stays debited. Raises NoSuchProfile.
    """
    profile = _locked(supplier_name, iccid)
    if profile is None:
        raise NoSuchProfile(iccid)
    totals = anew(_known(profile), used)
    profile.usage_base, profile.usage_used = totals.base, totals.used
    profile.save(update_fields=FIGURES)
    close_while("usage_shrank", iccid, now, "counted anew")


def supplier_word(line_id: int, line: Line) -> SupplierWord | None:
    """Whether the supplier of the line's profile stopped serving although `line` has data.

    `line` is the line as it is now, of which a page tells.
    """
    held = models.Profile.objects.filter(line_id=line_id, current=True)
    profile = held.filter(usage_status__in=STOPPED).first()
    return None if profile is None else _word(profile, line)


def _locked(supplier_name: str, iccid: str) -> models.Profile | None:
    rows = models.Profile.objects.select_for_update()
    return rows.filter(supplier=supplier_name, iccid=iccid).first()


def _known(profile: models.Profile) -> Totals:
    return Totals(base=profile.usage_base, used=profile.usage_used, at=profile.usage_at)


# --------------------------------------------------------------------------------- what was used


def _settle(
    profile: models.Profile, report: UsageReport, finding: Finding, now: datetime, *, begun: bool
) -> Totals:
    """Debits what is new from the profile's line; what is nobody's becomes a case."""
    if profile.line_id is not None and (finding.use or begun) and not _is_lost(profile):
        first_use(profile.line_id, report.at, now)
    if not finding.use:
        return finding.totals
    if profile.line_id is None or _is_lost(profile):
        _open_unowned(profile, finding, now)
        return excused(finding.totals, finding.use)
    done = _debit(profile.line_id, profile, report, finding, now)
    if unserved := sum(entry.bytes for entry in done.entries if entry.code == "unserved"):
        _open_unserved(profile, done.line, unserved, now)
    return finding.totals


def _note_begun(profile: models.Profile, report: UsageReport, now: datetime) -> None:
    """Who is in a network is on a phone and switched on; some suppliers tell of that only so.

    Once: when the phone has deleted it, its supplier may go on calling it active.
    """
    key = f"usage:{profile.iccid}"
    if profile.state not in ORDER or models.ProfileEvent.objects.filter(key=key).exists():
        return
    note(profile, Progress(iccid=profile.iccid, event="enabled", at=report.at), key, now)
    profile.refresh_from_db()  # a move to another device may have ended by it


def _is_lost(profile: models.Profile) -> bool:
    """Whether its owner declared it lost, and what was used before has been heard of since."""
    heard, lost = profile.usage_heard_at, profile.lost_at
    return lost is not None and heard is not None and heard >= lost


def _debit(
    line_id: int, profile: models.Profile, report: UsageReport, finding: Finding, now: datetime
) -> Done:
    """The debit, once; late by the line's time it is debited from what is usable then."""
    at = min(report.at or now, now)
    if profile.given_at is not None:
        at = max(at, profile.given_at)
    figures = {"supplier": profile.supplier, "profile": profile.iccid}
    as_of = models.LineState.objects.values_list("as_of", flat=True).get(pk=line_id)
    if as_of is not None and at < as_of:
        figures["occurred"] = format_instant(at)
    # Where a supplier counts anew the base is another, so that no figure comes twice.
    totals = finding.totals
    key = f"supplier:{profile.iccid}:{totals.base}:{totals.used}"
    return carry_out(line_id, Use(finding.use, figures=figures), now=at, key=key)


def _open_unowned(profile: models.Profile, finding: Finding, now: datetime) -> None:
    facts = {**_facts(profile), "bytes": finding.use, "lost": profile.lost_at is not None}
    open_while("usage_unowned", profile.iccid, now, facts)


def _open_unserved(profile: models.Profile, line: Line, unserved: int, now: datetime) -> None:
    """A supplier serves a line that we do not serve: a case a period. Else drift tells."""
    if line.state == "active" and not line.suspended:
        return
    state = "suspended" if line.suspended else line.state
    number = line.period.number if line.period else 0
    facts = {**_facts(profile), "bytes": unserved, "state": state}
    open_case("use_not_served", f"use_not_served:{profile.line_id}:{number}:{state}", now, facts)


def _open_shrunk(profile: models.Profile, report: UsageReport, now: datetime) -> None:
    told = format_instant(report.at) if report.at else ""
    facts = {**_facts(profile), "said": report.used, "at": told}
    open_while("usage_shrank", profile.iccid, now, facts)


def _facts(profile: models.Profile) -> dict[str, str | int | None]:
    return {
        "supplier": profile.supplier,
        "iccid": profile.iccid,
        "line": profile.line_id,
        "known": profile.usage_used,
        "base": profile.usage_base,
    }


# ------------------------------------------------------------------------- whether it still serves


def _follow(profile: models.Profile, report: UsageReport, finding: Finding) -> None:
    """Takes over what the newest report says beside the use."""
    profile.usage_at = finding.totals.at
    if report.status != "unknown" or not profile.usage_status:
        profile.usage_status = report.status
    profile.usage_total = report.total if report.total is not None else profile.usage_total
    profile.expires_at = report.expires_at or profile.expires_at


def _look_on(profile: models.Profile, finding: Finding, now: datetime) -> None:
    """Tells whom it concerns whether the supplier serves, and when it is asked again."""
    before = profile.usage_heard_at or profile.given_at or now
    profile.usage_heard_at = now
    line = None
    if profile.line_id is not None:
        line = look(profile.line_id, now).line
        if profile.current:
            _tell_of_stop(profile.line_id, profile, line, now)
        else:
            close_while("supplier_stopped", profile.iccid, now, "the line has another profile")
    heard = Heard(
        status=profile.usage_status,
        expires_at=profile.expires_at,
        use=finding.use,
        over=max(now - before, timedelta()),
    )
    profile.next_poll = next_poll(line, heard, now)


def _tell_of_stop(line_id: int, profile: models.Profile, line: Line, now: datetime) -> None:
    """The owner and staff are told once that it stopped, and the owner that it serves again."""
    word = _word(profile, line)
    which = f"{profile.iccid}:{format_instant(now)}"
    if word is None:
        if close_while("supplier_stopped", profile.iccid, now, "over") and _serves(profile, line):
            tell_owner(line_id, "supplier_again", which, now)
        return
    ends = line.period.ends if line.period else None
    facts = {**_facts(profile), "status": word.status, "left": word.left}
    facts |= {
        name: format_instant(at)
        for name, at in (("until", word.until), ("ends", ends))
        if at is not None
    }
    if open_while("supplier_stopped", profile.iccid, now, facts):
        tell_owner(line_id, "supplier_stopped", which, now, left=word.left, status=word.status)


def _serves(profile: models.Profile, line: Line) -> bool:
    return profile.usage_status == "active" and line.state == "active" and not line.suspended


def _word(profile: models.Profile, line: Line) -> SupplierWord | None:
    """What to say of a profile that stopped: only where its line could be used otherwise."""
    status = profile.usage_status
    if status not in STOPPED or line.state != "active" or line.suspended or line.period is None:
        return None
    rest = left(line)
    if rest is not None and rest <= NEGLIGIBLE and line.period.plan.exhausted is None:
        return None
    until = profile.expires_at if status == "expired" else None
    return SupplierWord(status=status, left=rest, until=until)
