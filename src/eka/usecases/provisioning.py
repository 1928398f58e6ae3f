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
from typing import Any

from django.db import transaction

from eka.gateways.suppliers.opening import UnreadableSuppliers
from eka.gateways.suppliers.terms import (
    ProfileAsk,
    Supplied,
    Supplier,
    SupplierError,
    SupplierRefused,
    SupplierUnavailable,
    TopUpAsk,
)
from eka.ledger import models
from eka.ledger.connections import rows
from eka.rules.patience import next_supply_look
from eka.rules.supply import PATIENCE, STAFF, Refusal, course
from eka.rules.units import format_money, parse_money
from eka.usecases import arrivals, needs, spares
from eka.usecases.cases import open_case
from eka.usecases.needs import Need
from eka.usecases.numbers import new_number
from eka.usecases.suppliers import NoSuchSupplier, supplier

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
OPEN = ("asked", "placed")
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
    if latest is None:
        return ask(need, 0, now)
    if supplies.filter(state="ready").exists():
        return True
    if latest.state == "refused":
        raise Undeliverable(latest.why)
    if now >= latest.first_asked_at + PATIENCE:
        raise Undeliverable("busy")
    return False


def ask(need: Need, place: int, now: datetime, after: models.Supply | None = None) -> bool:
    """Asks for it at the source of this place, after `after` came to nothing; whether it is there.

    At the same source again it is not asked for at once.
    """
    source = need.sources[place]
    spare = spares.take(source) if need.kind == "profile" and not need.new else None
    again = after is not None and after.package == source.package
    looks = max(after.looks, REFUSED_LOOKS) + 1 if after is not None and again else 0
    models.Supply.objects.create(
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
        first_asked_at=after.first_asked_at if after else now,
        ended_at=now if spare else None,
        looks=looks,
        next_look=None if spare else next_supply_look(looks, now) if again else now,
    )
    return spare is not None


def look_at_due(now: datetime, most: int = 20) -> int:
    """Orders, or asks about, at most `most` supplies whose turn it is; how many there were."""
    claimed = rows(CLAIM, {"now": now, "lease": now + LEASE, "most": most})
    for (number,) in claimed:
        advance(number, now)
    return len(claimed)


@transaction.atomic
def equip(line_id: int, now: datetime) -> bool:
    """Gets a profile for a line that has none; whether one was asked for now.

    Nothing where its plan comes from no supplier. Raises models.Line.DoesNotExist.
    """
    models.Line.objects.select_for_update().get(pk=line_id)
    need = needs.of_line(line_id)
    supplies = models.Supply.objects.filter(need=need.key)
    if not need.sources or supplies.exists() or needs.current_profile(line_id):
        return False
    if ask(need, 0, now):
        needs.tell(supplies.get(), now)
    return True


def replace(move_id: int, now: datetime) -> None:
    """Another profile for a line that moves to another device."""
    with transaction.atomic():
        move = models.DeviceMove.objects.select_related("old").get(pk=move_id)
        models.Profile.objects.select_for_update().get(pk=move.old_id)  # before what hangs on it
        need = needs.of_move(move)
        supplies = models.Supply.objects.filter(need=need.key).order_by("-nth")
        last = supplies.first()
        fresh = last is None or last.state == "refused"  # staff may try again
        if move.ended_at is None and fresh and ask(need, 0, now, after=last):
            needs.tell(supplies[0], now)


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
        return _look(opened, supply)
    if supply.sent_at is not None and not opened.remembers:
        found = _look(opened, supply)
        if found.status != "unknown":
            return found
        if now < supply.sent_at + SETTLES:
            raise SupplierUnavailable("it may still be at it: too early to order again")
    # From here on it may have been ordered, whatever becomes of this process.
    models.Supply.objects.filter(pk=supply.pk).update(sent_at=now)
    if supply.kind == "top_up":
        return opened.top_up(_top_up(supply))
    return opened.order(ProfileAsk(**_shared(supply)))


def _look(opened: Supplier, supply: models.Supply) -> Supplied:
    if supply.kind == "top_up":
        return opened.look_top_up(_top_up(supply), supply.reference)
    return opened.look(ProfileAsk(**_shared(supply)), supply.reference)


def _top_up(supply: models.Supply) -> TopUpAsk:
    target = supply.target
    assert target is not None
    return TopUpAsk(iccid=target.iccid, profile=target.reference, **_shared(supply))


def _shared(supply: models.Supply) -> dict[str, Any]:
    return {
        "number": supply.number,
        "package": supply.package,
        "asked_at": supply.asked_at,
        "cost_max": parse_money(supply.cost_max) if supply.cost_max else None,
    }


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
    supply.next_look = next_look or next_supply_look(supply.looks, now, wait_s)
    supply.save(update_fields=["state", "reference", "looks", "next_look"])
    following = models.Supply.objects.filter(need=supply.need, nth__gt=supply.nth)
    overdue = now >= supply.first_asked_at + PATIENCE and not following.exists()
    if overdue and needs.is_wanted(supply):
        _elsewhere(supply, "busy", now)


def _refused(supply: models.Supply, why: Refusal, code: str, now: datetime) -> None:
    supply.state, supply.why, supply.code = "refused", why, code
    supply.ended_at, supply.next_look = now, None
    supply.save(update_fields=["state", "why", "code", "ended_at", "next_look"])
    if why in STAFF:
        facts = {"supply": supply.number, "supplier": supply.supplier, "package": supply.package}
        key = f"supply_refused:{supply.supplier}/{supply.package}:{why}:{now.date()}"
        open_case("supply_refused", key, now, {**facts, "why": why, "code": code}, supply.order_id)
    later = models.Supply.objects.filter(need=supply.need, nth__gt=supply.nth)
    if needs.is_wanted(supply) and not later.exists():
        _elsewhere(supply, why, now)


def _elsewhere(supply: models.Supply, why: Refusal, now: datetime) -> None:
    """Goes on to the next source, or to the same one later; else those who wait are told."""
    need = needs.of_supply(supply)
    place = next(
        (
            place
            for place, source in enumerate(need.sources)
            if (source.supplier, source.package) == (supply.supplier, supply.package)
        ),
        len(need.sources) - 1,  # the plan has other sources meanwhile
    )
    others = place + 1 < len(need.sources)
    if others or course(why, supply.first_asked_at, now, others=others) == "again":
        if ask(need, place + 1 if others else place, now, after=supply):
            needs.tell(supply, now)
        return
    needs.tell(supply, now, why)
