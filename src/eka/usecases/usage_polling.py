"""Suppliers are asked what profiles have used, those first that have waited longest for their turn.

A supplier bears so many questions a minute, from all our processes together. So one process at a
time asks it, and counts what was heard within the last minute.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from eka.gateways.suppliers.terms import (
    Held,
    Supplier,
    SupplierError,
    SupplierRefused,
    UsageReport,
)
from eka.ledger import models
from eka.ledger.connections import rows, run
from eka.rules.lines import InvariantBroken
from eka.rules.profiles import ORDER
from eka.rules.usage_polls import DAY, SHORTEST
from eka.usecases.lasting_cases import close_while, open_while
from eka.usecases.profile_news import take_stand
from eka.usecases.supplier_usage import take_report
from eka.usecases.suppliers import supplier, suppliers

log = logging.getLogger(__name__)

UNDER_WAY = (*ORDER, "disabled", "error")
MINUTE = timedelta(minutes=1)
LEASE = timedelta(minutes=5)

TURN = "SELECT pg_try_advisory_lock(hashtext('eka usage'), hashtext(%s))"
TURN_OVER = "SELECT pg_advisory_unlock(hashtext('eka usage'), hashtext(%s))"

# How long one has waited counts by how often it was to be asked: who is near a warning is asked in
# minutes and soon overdue; who is idle may wait longer, but not for ever.
CLAIM = """
UPDATE profile SET next_poll = %(lease)s
WHERE id IN (SELECT id FROM profile WHERE supplier = %(supplier)s AND next_poll <= %(now)s
             ORDER BY (extract(epoch FROM %(now)s - next_poll)
                       / greatest(60, extract(epoch FROM next_poll - usage_heard_at)))
                      DESC NULLS FIRST, id
             LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING iccid, reference, package
"""
HEARD = "SELECT count(*) FROM profile WHERE supplier = %s AND usage_heard_at > %s"
WAIT = """
UPDATE profile SET next_poll = %(until)s
WHERE supplier = %(supplier)s AND (next_poll < %(until)s OR iccid = ANY(%(iccids)s))
"""


def poll_due(now: datetime, most: int = 50) -> int:
    """Asks each supplier about at most `most` profiles whose turn it is; how many there were."""
    metering = [opened for opened in suppliers().values() if opened.meters]
    return sum(_poll(opened, now, most) for opened in metering)


def poll(supplier_name: str, iccid: str, now: datetime) -> None:
    """Asks about one profile at once, for who waits for it.

    Raises NoSuchSupplier, SupplierUnavailable, SupplierRefused.
    """
    profile = models.Profile.objects.get(supplier=supplier_name, iccid=iccid)
    held = Held(iccid=iccid, reference=profile.reference, package=profile.package)
    for report in supplier(supplier_name).usage([held]):
        take_report(supplier_name, report, now)


def _poll(opened: Supplier, now: datetime, most: int) -> int:
    with _turn(opened.name) as ours:
        if not ours:
            return 0
        asked = rows(HEARD, [opened.name, now - MINUTE])[0][0]
        claimed = _claim(opened.name, now, min(most, opened.usage_per_minute - asked))
        if claimed:
            _ask(opened, claimed, now)
        return len(claimed)


@contextmanager
def _turn(supplier_name: str) -> Iterator[bool]:
    """Whether nobody else asks this supplier now; meanwhile nobody else does."""
    ours = bool(rows(TURN, [supplier_name])[0][0])
    try:
        yield ours
    finally:
        if ours:
            rows(TURN_OVER, [supplier_name])


@transaction.atomic
def _claim(supplier_name: str, now: datetime, most: int) -> list[Held]:
    if most <= 0:
        return []
    asked = {"supplier": supplier_name, "now": now, "lease": now + LEASE, "most": most}
    return [
        Held(iccid=iccid, reference=reference, package=package)
        for iccid, reference, package in rows(CLAIM, asked)
    ]


def _ask(opened: Supplier, held: Sequence[Held], now: datetime) -> None:
    """Asks about these; where the supplier cannot answer now, all of its profiles wait."""
    try:
        reports = opened.usage(held)
    except SupplierRefused as refusal:
        _refused(opened, held, refusal, now)
    except SupplierError as error:
        log.warning("%s does not tell what was used: %s", opened.name, error)
        wait = max(MINUTE, timedelta(seconds=getattr(error, "wait_s", 0)))
        iccids = [profile.iccid for profile in held]
        run(WAIT, {"supplier": opened.name, "until": now + wait, "iccids": iccids})
    else:
        _take(opened, held, reports, now)
        _look_at_phones(opened, held, now)


def _refused(
    opened: Supplier, held: Sequence[Held], refusal: SupplierRefused, now: datetime
) -> None:
    """One of them is refused: each is asked about alone, and that one is a case."""
    if len(held) > 1:
        for profile in held:
            _ask(opened, [profile], now)
        return
    iccid = held[0].iccid
    facts = {"supplier": opened.name, "iccid": iccid, "why": refusal.why, "code": refusal.code}
    open_while("usage_refused", iccid, now, facts)
    _ask_again(opened.name, [iccid], now + DAY)


def _take(
    opened: Supplier, held: Sequence[Held], reports: Sequence[UsageReport], now: datetime
) -> None:
    told = set()
    for report in reports:
        try:
            take_report(opened.name, report, now)
        except InvariantBroken:
            log.exception("what profile %s used cannot be debited", report.iccid)
            continue
        close_while("usage_refused", report.iccid, now, "answered")
        told.add(report.iccid)
    untold = [profile.iccid for profile in held if profile.iccid not in told]
    _ask_again(opened.name, untold, now + SHORTEST)


def _look_at_phones(opened: Supplier, held: Sequence[Held], now: datetime) -> None:
    """Asks how far those are that are not on a phone yet, or are to leave one.

    A notification may have been lost, and Airalo sends none of this.
    """
    asked = models.Profile.objects.filter(
        Q(state__in=UNDER_WAY) | Q(moves_from__ended_at=None, moves_from__isnull=False),
        supplier=opened.name,
        iccid__in=[profile.iccid for profile in held],
        final=False,
    )
    wanted = set(asked.values_list("iccid", flat=True))
    try:
        for profile in held:
            if profile.iccid in wanted and (progress := opened.progress(profile)) is not None:
                take_stand(opened.name, progress, now)
    except SupplierError as error:
        log.warning("%s does not tell how far a profile is: %s", opened.name, error)


def _ask_again(supplier_name: str, iccids: Sequence[str], at: datetime) -> None:
    models.Profile.objects.filter(supplier=supplier_name, iccid__in=iccids).update(next_poll=at)
