"""The books are kept: each event's journal once, and the income of data as it goes.

All of it may run within the transaction of the event that is recorded, and fails with it as a
whole. A journal that touches `customer_prepayments` or `deferred_data` names its order: `eka audit`
proves both order by order.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction
from msgspec import Struct

from eka.ledger import books as ledger
from eka.ledger import deferrals
from eka.ledger.books import NewJournal, owed
from eka.ledger.deferrals import Allowance, Begun, Locked, TakenBack
from eka.rules import books
from eka.rules.books import Postings
from eka.rules.earning import earned_by_time, follow
from eka.rules.lines import InvariantBroken

__all__ = [
    "Allowance",
    "Released",
    "TakenBack",
    "defer",
    "owed",
    "record",
    "release",
    "release_some",
    "take_back",
]

log = logging.getLogger(__name__)


class About(TypedDict, total=False):
    """What a journal is about."""

    order_id: int | None
    line_id: int | None
    facts: dict[str, Any] | None


class Released(Struct, frozen=True):
    """One batch: how many allowances earned something, and the place to go on; None is the end."""

    journals: int
    next: int | None = None


@transaction.atomic(savepoint=False)
def record(event: str, key: str, postings: Postings, now: datetime, **about: Unpack[About]) -> bool:
    """Records an event once; says whether its key was new. What moves nothing leaves no journal.

    Raises InvariantBroken where the key was used before for other postings.
    """
    journal = NewJournal(
        key=key,
        event=event,
        at=now,
        postings=postings,
        order_id=about.get("order_id"),
        line_id=about.get("line_id"),
        facts=about.get("facts") or {},
    )
    if not postings or ledger.add([journal]):
        return bool(postings)
    if ledger.postings(key) != postings:
        raise InvariantBroken(f"journal {key!r} was recorded before with other postings")
    return False


@transaction.atomic(savepoint=False)
def defer(order_id: int, position: int, line_id: int, allowances: Sequence[Allowance]) -> None:
    """Notes what was paid for the allowances of an order's item; doing it again changes nothing.

    The journal of it is that of `books.order_fulfilled`, with the same values.
    """
    if allowances:
        deferrals.add(order_id, position, line_id, allowances)


@transaction.atomic(savepoint=False)
def release(line_ids: Sequence[int], now: datetime) -> int:
    """Books what the data of these lines has earned by now; how many allowances earned something.

    Doing it again, or less often, comes to the same figures.
    """
    return _release(deferrals.lock_lines(line_ids), now)


@transaction.atomic
def release_some(now: datetime, after: int = 0, most: int = 500) -> Released:
    """Releases what at most `most` lines have earned, in the order of their ids, behind `after`.

    Several processes may do so at once: each passes by what another holds.
    """
    lines = deferrals.lines_with_open(after, most)
    journals = _release(deferrals.lock_lines(lines, passing_by=True), now)
    return Released(journals, lines[-1] if len(lines) == most else None)


@transaction.atomic(savepoint=False)
def take_back(order_id: int, position: int, now: datetime) -> list[TakenBack]:
    """Closes an item's allowances, after releasing what they have earned by now.

    What they then still held (`taken`) is to leave `deferred_data` in the same transaction, by
    `books.refund_asked` or `books.dispute_lost`. To be called before the data leaves the line:
    what is forfeited first would count as earned.
    """
    _release(deferrals.lock_item(order_id, position), now)
    return deferrals.close(order_id, position)


def _release(held: Locked, now: datetime) -> int:
    """Books what the deferrals that are held have earned since they were last looked at."""
    if not held.ids:
        return 0
    begun = deferrals.begun(held, now)
    data = [deferral for deferral in begun if deferral.granted]
    gains = _by_data(data) + [_by_time(deferral, now) for deferral in begun if not deferral.granted]
    journals = [_journal(gain, now) for gain in gains if gain.income]
    if journals and len(ledger.add(journals)) < len(journals):
        raise InvariantBroken("what an allowance earned was recorded before")
    deferrals.earn({gain.of.id: gain.earned for gain in gains})
    return len(journals)


class _Gain(Struct, frozen=True):
    """What a deferral has earned in all, what of it is new, by account, and how far that goes."""

    of: Begun
    earned: int
    income: dict[str, int]
    facts: dict[str, Any]


def _by_data(begun: Sequence[Begun]) -> list[_Gain]:
    courses = {deferral.id: (deferral.line_id, deferral.course()) for deferral in begun}
    moves = deferrals.moves(courses)
    gains = []
    for deferral in begun:
        course, income = follow(deferral.course(), moves[deferral.id])
        if deferral.earned + sum(income.values()) != course.earned:
            # One that contradicts its journals must not hold up the others; `eka audit` tells.
            log.error("deferral %s has not earned what its journals say", deferral.id)
            continue
        facts = {"bucket": course.bucket, "gone": course.gone, "entry": course.entry}
        gains.append(_Gain(deferral, course.earned, income, facts))
    return gains


def _by_time(deferral: Begun, now: datetime) -> _Gain:
    if deferral.starts is None or deferral.ends is None:
        raise InvariantBroken(f"deferral {deferral.id} has neither data nor time")
    # An end that has moved away takes nothing back.
    passed = earned_by_time(deferral.value, deferral.starts, deferral.ends, now)
    total = max(deferral.earned, passed)
    gain = total - deferral.earned
    return _Gain(deferral, total, {books.UNLIMITED: gain} if gain else {}, {})


def _journal(gain: _Gain, now: datetime) -> NewJournal:
    of = gain.of
    return NewJournal(
        key=f"earned:{of.id}:{gain.earned}",
        event="earned",
        at=now,
        postings=books.data_earned(of.currency, gain.income),
        order_id=of.order_id,
        line_id=of.line_id,
        facts=gain.facts,
    )
