"""Lines that start at their first use: begun once, reminded of their deadline, closed after it.

A line that nobody used in time is closed as it was sold: what was paid for it is given up, and its
owner was told a week and a day before. Staff may refund it all the same.
"""

import logging
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from eka.ledger import deferrals, direct, models, reading
from eka.ledger.connections import rows
from eka.ledger.plans import version
from eka.rules import books
from eka.rules.baskets import Gives, NewLineItem
from eka.rules.first_use import LATE, REMINDERS, began_at
from eka.rules.requests import Activate, Change
from eka.usecases import bookkeeping, handing_over
from eka.usecases.commands import Done, carry_out
from eka.usecases.goods import commands_of
from eka.usecases.line_messages import tell_owner

log = logging.getLogger(__name__)

OVERDUE = """
SELECT id FROM line WHERE activate_by <= %(until)s ORDER BY activate_by LIMIT %(most)s
"""
# A reminder is due where its message is not there yet.
UNREMINDED = """
SELECT id, activate_by FROM line l JOIN line_state k ON k.line_id = id AND k.state = 'ready'
WHERE activate_by > %(now)s + %(until)s AND activate_by <= %(now)s + %(before)s
  AND created_at < activate_by - %(before)s AND subscriber_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM message
                  WHERE key = 'activation_reminder:' || l.id || ':' || %(days)s::text)
ORDER BY activate_by LIMIT %(most)s
"""


@transaction.atomic
def first_use(line_id: int, at: datetime | None, now: datetime) -> bool:
    """Starts the first period of a line that was sold and waits, at the instant of its first use.

    `at` is that instant by the teller's clock, None where it tells none. Whether the line began by
    it: one that has begun before, or was used too late, stays as it is. Whoever holds a profile of
    the line has locked it before.
    """
    if not models.LineState.objects.filter(pk=line_id, state="ready").exists():
        return False
    line = _locked(line_id)
    if line.kept.state != "ready" or line.sold_plan_id is None:
        return False
    began = began_at(line.created_at, line.activate_by, at, now)
    if began is None:
        log.info("line %s was used after the time to activate it", line_id)
        return False
    plan = version(line.sold_plan_id)
    done = carry_out(line_id, Activate(plan), now=began, key="activate")
    _bring_gifts(line_id, done, began)
    models.Line.objects.filter(pk=line_id).update(activate_by=None)
    ends = done.line.period.ends if done.line.period else None
    tell_owner(line_id, "line_activated", str(line_id), now, began=began, ends=ends)
    return True


def _bring_gifts(line_id: int, activated: Done, began: datetime) -> None:
    """What the order gave beside the plan comes now, and its item has the entries of it all."""
    sold = models.OrderItem.objects.select_related("order").filter(
        line_id=line_id, kind="new_line", first_entry=None
    )
    item = sold.first()
    if item is None or item.plan_version_id is None:
        return
    terms = msgspec.convert(item.terms, NewLineItem)
    gives = msgspec.convert(item.gives.get("gifts", []), list[Gives])
    commands = commands_of(terms, version(item.plan_version_id), gives, "manual")
    key = f"order:{item.order.number}:{item.position}"
    numbers = [*activated.numbers]
    for nth, command in enumerate(commands[1:], 1):  # the first is the activation
        numbers += carry_out(line_id, command, now=began, key=f"{key}:{nth}").numbers
    item.first_entry, item.last_entry = min(numbers), max(numbers)
    direct.change(item, "first_entry", "last_entry")


def _locked(line_id: int) -> models.Line:
    """The line with its state, which is locked until the transaction ends."""
    reading.lock([line_id])
    return models.Line.objects.select_related("kept").get(pk=line_id)


def close_due(now: datetime, most: int = 100) -> int:
    """Closes at most `most` lines that nobody used in time, and reminds as many; how many."""
    overdue = rows(OVERDUE, {"until": now - LATE, "most": most})
    for (line_id,) in overdue:
        close(line_id, now)
    return len(overdue) + sum(_remind(*span, now, most) for span in REMINDERS)


@transaction.atomic
def close(line_id: int, now: datetime) -> None:
    """Closes a line for good that was not used in time, unless it has begun meanwhile."""
    list(models.Profile.objects.select_for_update().filter(line_id=line_id))
    line = _locked(line_id)
    by = line.activate_by
    if by is None or now < by + LATE:
        return
    if line.kept.state == "ready":
        carry_out(line_id, Change("cancel"), now=now, key="activate_by")
        _give_up(line_id, now)
        handing_over.take_back(line_id, now)
        tell_owner(line_id, "activation_over", str(line_id), now, by=by)
    models.Line.objects.filter(pk=line_id).update(activate_by=None)


def _give_up(line_id: int, now: datetime) -> None:
    """What was paid for allowances that never begin is given up: the books have earned it."""
    held = deferrals.lock_lines([line_id])
    waiting = models.Deferral.objects.filter(pk__in=held.ids, bucket=None).order_by("pk")
    for deferral in waiting:
        rest = deferral.value - deferral.earned
        bookkeeping.record(
            "earned",
            f"earned:{deferral.pk}:{deferral.value}",
            books.data_earned(deferral.currency, {books.FORFEITED: rest}),
            now,
            order_id=deferral.order_id,
            line_id=line_id,
            facts={"why": "activate_by"},
        )
    deferrals.earn({deferral.pk: deferral.value for deferral in waiting})


@transaction.atomic
def _remind(before: timedelta, until: timedelta, now: datetime, most: int) -> int:
    """Reminds the owners whose deadline lies between `until` and `before` from now, once each."""
    asked = {"now": now, "before": before, "until": until, "days": before.days, "most": most}
    due = rows(UNREMINDED, asked)
    for line_id, by in due:
        tell_owner(line_id, "activation_reminder", f"{line_id}:{before.days}", now, by=by)
    return len(due)
