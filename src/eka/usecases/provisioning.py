"""What an order needs of suppliers is ordered there, once: a profile, or data for one.

A supply is its own outbox row: it is written with what decided it, claimed by moving `next_look`
ahead, and asked about until it has an end. Before anything is ordered that may have been ordered
already, the supplier is asked for it. For one need the plan's sources are tried in order; each paid
item ends with exactly one profile, or with its money back. A profile that nobody needs any more
when it comes is spare, and given to the next who buys its like.

Locks are taken in this order: the order, its supply, the profile, the line.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from eka.gateways.suppliers.opening import UnreadableSuppliers
from eka.gateways.suppliers.terms import (
    Supplied,
    Supplier,
    SupplierError,
    SupplierRefused,
    SupplierUnavailable,
)
from eka.ledger import models
from eka.ledger.connections import rows
from eka.rules.patience import next_supply_look
from eka.rules.supply import FAIR_LOOKS, PATIENCE, STAFF, Refusal, Source, course, is_overdue
from eka.rules.units import format_money
from eka.usecases import arrivals, asking, needs, spares
from eka.usecases.cases import open_case
from eka.usecases.needs import Need
from eka.usecases.numbers import new_number
from eka.usecases.suppliers import NoSuchSupplier, supplier

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
OPEN = ("asked", "placed")
ENDED_IN_VAIN = ("refused", "dropped")
# A supplier that lost the connection may still be at our order, and lists it when it is done.
SETTLES = timedelta(minutes=2)
REFUSED_LOOKS = 8  # who was told "not now" waits a minute and more

CLAIM = """
UPDATE supply SET next_look = %(lease)s
WHERE id IN (SELECT id FROM supply WHERE next_look <= %(now)s
             ORDER BY next_look LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING number
"""


class Undeliverable(Exception):
    """No supplier delivers it; the message is the last refusal in our word."""


def have(wanted: Sequence[Need], now: datetime) -> bool:
    """Whether all of it is there; what was never asked for is asked for now.

    Within the transaction that needs it, its order locked. Raises Undeliverable.
    """
    there = [_have(need, now) for need in wanted]  # every one is asked for
    return all(there)


def _have(need: Need, now: datetime) -> bool:
    supplies = models.Supply.objects.filter(need=need.key)
    latest = supplies.order_by("-nth").first()
    if supplies.filter(state="ready").exists():
        return True
    if latest is None or latest.state == "dropped":
        return ask(need, 0, now, after=latest, anew=True).state == "ready"
    if latest.why:
        raise Undeliverable(latest.why)
    return False


def ask(
    need: Need,
    place: int,
    now: datetime,
    after: models.Supply | None = None,
    *,
    anew: bool = False,
) -> models.Supply:
    """Asks for it at the source of this place, after `after` came to nothing; ready where a spare
    one was there.

    At the same source again it is not asked for at once. `anew`: who waits began to wait now.
    """
    source = need.sources[place]
    spare = spares.take(source) if need.kind == "profile" and not need.new else None
    known = None if anew else after
    again = known is not None and is_of(known, source)
    looks = max(known.looks, REFUSED_LOOKS) + 1 if known is not None and again else 0
    return models.Supply.objects.create(
        number=new_number("S"),
        need=need.key,
        nth=after.nth + 1 if after else 0,
        kind=need.kind,
        order_id=need.order,
        position=need.position,
        line_id=need.line,
        target_id=need.target,
        supplier=source.supplier,
        package=source.package,
        cost_max=format_money(source.cost_max) if source.cost_max else "",
        state="ready" if spare else "asked",
        profile=spare,
        asked_at=now,
        first_asked_at=known.first_asked_at if known else now,
        ended_at=now if spare else None,
        looks=looks,
        next_look=None if spare else next_supply_look(looks, now) if again else now,
    )


def is_of(supply: models.Supply, source: Source) -> bool:
    """Whether the supply was asked of this source."""
    return (supply.supplier, supply.package) == (source.supplier, source.package)


def look_at_due(now: datetime, most: int = 20) -> int:
    """Orders, or asks about, at most `most` supplies whose turn it is; how many there were."""
    claimed = rows(CLAIM, {"now": now, "lease": now + LEASE, "most": most})
    for (number,) in claimed:
        try:
            advance(number, now)
        except Exception:
            # One that breaks holds up no other, and who waits for it does not wait without an end.
            log.exception("supply %s is not known to be done", number)
            _not_known(number, now, 0)
    return len(claimed)


@transaction.atomic
def equip(line_id: int, now: datetime) -> bool:
    """Gets a profile for a line that has none; whether one was asked for now.

    Nothing where its plan comes from no supplier. Raises models.Line.DoesNotExist.
    """
    models.Line.objects.select_for_update().get(pk=line_id)
    need = needs.of_line(line_id)
    if not need.sources or needs.current_profile(line_id):
        return False
    return _ask_anew(need, now)


def replace(move_id: int, now: datetime) -> None:
    """Another profile for a line that moves to another device."""
    with transaction.atomic():
        move = models.DeviceMove.objects.select_related("old").get(pk=move_id)
        models.Profile.objects.select_for_update().get(pk=move.old_id)  # before what hangs on it
        if move.ended_at is None:
            _ask_anew(needs.of_move(move), now)


def _ask_anew(need: Need, now: datetime) -> bool:
    """Asks unless it is there or on its way: staff may try again. Whether it was asked for."""
    last = models.Supply.objects.filter(need=need.key).order_by("-nth").first()
    if last is not None and last.state not in ENDED_IN_VAIN:
        return False
    supply = ask(need, 0, now, after=last, anew=True)
    if supply.state == "ready":
        needs.tell(supply, now)
    return True


def advance(number: str, now: datetime) -> None:
    """Takes one supply a step further; doing it twice orders nothing twice."""
    supply = models.Supply.objects.select_related("target").get(number=number)
    if supply.state not in OPEN:
        return
    try:
        said = _say(supplier(supply.supplier), supply, now)
    except SupplierRefused as refusal:
        said = Supplied(number=number, status="refused", why=refusal.why, code=refusal.code)
    except (SupplierError, NoSuchSupplier, UnreadableSuppliers) as error:
        log.warning("supply %s is not known to be done: %s", number, error)
        _not_known(number, now, getattr(error, "wait_s", 0))
        return
    take(said, now)


def _say(opened: Supplier, supply: models.Supply, now: datetime) -> Supplied:
    """Orders it, or looks whether it was ordered; outside any transaction."""
    if supply.state == "placed":
        return asking.look(opened, supply)
    if supply.sent_at is not None and not opened.remembers:
        found = asking.look(opened, supply)
        if found.status != "unknown":
            return found
        if now < supply.sent_at + SETTLES:
            raise SupplierUnavailable("it may still be at it: too early to order again")
    if not _goes_out(supply, now):
        raise SupplierUnavailable("another of us orders it now, or nobody wants it any more")
    return asking.order(opened, supply)


@transaction.atomic
def _goes_out(seen: models.Supply, now: datetime) -> bool:
    """Writes down that it may have been ordered from here on, whatever becomes of this process.

    Not where another process did since it was `seen`. What was never sent and nobody wants any more
    is dropped.
    """
    supply = _locked(seen.number)
    if supply is None or (supply.state, supply.sent_at) != (seen.state, seen.sent_at):
        return False
    if supply.sent_at is None and not needs.is_wanted(supply):
        supply.state, supply.ended_at, supply.next_look = "dropped", now, None
        supply.save(update_fields=["state", "ended_at", "next_look"])
        return False
    supply.sent_at = now
    supply.save(update_fields=["sent_at"])
    return True


@transaction.atomic
def take(said: Supplied, now: datetime) -> None:
    """Takes in how an order stands at its supplier, once."""
    supply = _locked(said.number)
    if supply is None or supply.state not in OPEN:
        return
    if said.status == "ready":
        if (why := arrivals.arrive(supply, said, now)) is not None:
            _refused(supply, why, said.code, now)
    elif said.status == "refused":
        _refused(supply, said.why, said.code, now)
    elif said.status == "pending":
        # A step that is left to us is done at once; what the supplier has to do needs time.
        is_new = supply.state == "asked" and bool(said.reference)
        supply.state, supply.reference = "placed", said.reference or supply.reference
        _wait(supply, now, next_look=now if is_new else None)
    else:
        # It was taken, and now nobody knows it: ask again, rather than order twice.
        _wait(supply, now)


def _locked(number: str) -> models.Supply | None:
    """The supply, for whoever changes it; its order is locked before it."""
    row = models.Supply.objects.filter(number=number).first()
    if row is None:
        return None
    if row.order_id is not None:
        models.Order.objects.select_for_update().get(pk=row.order_id)
    return models.Supply.objects.select_for_update().get(pk=row.pk)


@transaction.atomic
def _not_known(number: str, now: datetime, wait_s: int) -> None:
    supply = _locked(number)
    if supply is not None and supply.state in OPEN:
        _wait(supply, now, wait_s)


def _wait(
    supply: models.Supply, now: datetime, wait_s: int = 0, next_look: datetime | None = None
) -> None:
    """Asks later. Who has waited too long gets it elsewhere, or their money.

    What the supplier may have made stays open, and is spare when it turns up.
    """
    supply.looks += 1
    due = next_look or next_supply_look(supply.looks, now, wait_s)
    until = supply.first_asked_at + PATIENCE
    supply.next_look = min(due, until) if now < until else due
    supply.save(update_fields=["state", "reference", "looks", "next_look"])
    looks = FAIR_LOOKS if wait_s else supply.looks  # who says "not now" is given no time for it
    if is_overdue(supply.first_asked_at, looks, now):
        _go_on(supply, "busy", now)


def _refused(supply: models.Supply, why: Refusal, code: str, now: datetime) -> None:
    # Where nobody waits for it now, nobody is told; who wants it again asks anew.
    supply.state = "refused" if needs.is_wanted(supply) else "dropped"
    supply.why, supply.code = why, code
    supply.ended_at, supply.next_look = now, None
    supply.save(update_fields=["state", "why", "code", "ended_at", "next_look"])
    if why in STAFF:
        facts = {"supply": supply.number, "supplier": supply.supplier, "package": supply.package}
        key = f"supply_refused:{supply.supplier}/{supply.package}:{why}:{now.date()}"
        open_case("supply_refused", key, now, {**facts, "why": why, "code": code}, supply.order_id)
    _go_on(supply, why, now)


def _go_on(supply: models.Supply, why: Refusal, now: datetime) -> None:
    """Goes on to the next source, or to the same one later; else those who wait are told."""
    later = models.Supply.objects.filter(need=supply.need, nth__gt=supply.nth)
    if later.exists() or not needs.is_wanted(supply):
        return
    need = needs.of_supply(supply)
    places = [place for place, source in enumerate(need.sources) if is_of(supply, source)]
    following = places[-1] + 1 if places else 0  # the plan may have other sources meanwhile
    others = following < len(need.sources)
    if others or course(why, supply.first_asked_at, now, others=others) == "again":
        asked = ask(need, following if others else places[-1], now, after=supply)
        if asked.state == "ready":
            needs.tell(asked, now)
        return
    supply.why = why
    supply.save(update_fields=["why"])
    needs.tell(supply, now, why)
