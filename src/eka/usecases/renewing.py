"""Automatic renewals, step by step: reminded, paid, tried again, given up (`eka.rules.dunning`).

A consent's row holds its next step and when it is due. A step is decided in one transaction, which
also writes down the order that is to be charged; the charge happens outside of it; what came of it
is written down in another. Who dies in between leaves a row that is due again after `LEASE` with
the same order, and an order is charged once.

`step` is one of the rules' steps; or `look` (decide anew), `low` (the data runs out), `paid` (the
period's end `for_end` is paid for). `order` is the one that is being charged or that a link pays.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction

from eka.ledger import models
from eka.ledger.connections import run
from eka.rules.baskets import AddOnItem
from eka.rules.dunning import (
    LOW,
    MANNER,
    Course,
    Step,
    carries,
    course_of,
    is_paid_ahead,
    is_running_low,
    next_step,
)
from eka.rules.instants import DAY, format_instant
from eka.rules.lines import InvariantBroken, Line
from eka.usecases import wallets
from eka.usecases.balances import look
from eka.usecases.checkout import ChargeOutcome
from eka.usecases.consents import EndedWhy, agree, end, stop, tell
from eka.usecases.quoting import UnableToQuote
from eka.usecases.renewal_orders import (
    Charge,
    PriceRose,
    make,
    order_for,
    renewal_of,
    total_now,
)

__all__ = ["agree", "notice", "stop", "take_steps"]

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)

# Rows that wait although something has happened to their lines: the period's end is another one, or
# the data runs low. They are due now.
NOTICE = """
UPDATE auto_renewal a SET next_due = %(now)s,
       step = CASE WHEN seen.low THEN 'low' ELSE a.step END
FROM (
    SELECT c.id, c.for_end IS DISTINCT FROM p.ends AS moved,
           c.when_low AND s.state = 'active' AND NOT s.suspended AND p.term_left = 0
           AND (c.order_id IS NULL OR c.method = 'link') AND c.step NOT IN ('low', 'paid')
           AND NOT EXISTS (SELECT FROM queued q WHERE q.line_id = c.line_id)
           AND NOT EXISTS (SELECT FROM message m
                           WHERE m.key = 'auto_renewal_low:' || c.id || ':' || p.number)
           AND EXISTS (
               SELECT FROM bucket own
               WHERE own.line_id = c.line_id AND own.kind = 'plan' AND own.period = p.number
                 AND (SELECT coalesce(sum(b.bytes_left), 0) FROM bucket b
                      WHERE b.line_id = c.line_id AND b.open)
                     <= own.granted * coalesce(rtrim(v.terms ->> 'auto_renew_at', '%%')::numeric,
                                               %(percent)s) / 100
           ) AS low
    FROM auto_renewal c
    JOIN line_state s ON s.line_id = c.line_id
    JOIN period p ON p.line_id = c.line_id AND p.number = s.period_number
    JOIN plan_version v ON v.id = p.plan_version_id
    WHERE c.ended_at IS NULL AND c.next_due > %(now)s
    FOR UPDATE OF c SKIP LOCKED
) seen
WHERE a.id = seen.id AND (seen.moved OR seen.low)
"""


def notice(now: datetime) -> None:
    """Makes consents due whose lines have changed: another period, or data that runs out."""
    run(NOTICE, {"now": now, "percent": LOW.of(100)})


def take_steps(now: datetime, most: int = 100) -> int:
    """Takes at most `most` steps that are due by `now`; how many there were.

    Several processes may do so at once; each takes consents that no other holds.
    """
    taken = 0
    while taken < most and _take(now):
        taken += 1
    return taken


def _take(now: datetime) -> bool:
    """Takes one step; False where none is due."""
    with transaction.atomic():
        row = _claim(now)
        if row is None:
            return False
        charge = _decide_safely(row, now)
    if charge is not None:
        _conclude(charge, make(charge, now), now)
    return True


def _claim(now: datetime) -> models.AutoRenewal | None:
    due = models.AutoRenewal.objects.select_for_update(skip_locked=True, of=("self",))
    due = due.select_related("order", "saved_method", "subscriber")
    return due.filter(next_due__lte=now, ended_at=None).order_by("next_due", "pk").first()


def _decide_safely(row: models.AutoRenewal, now: datetime) -> Charge | None:
    """Decides the row's step. What it wrote is undone where the consent does not cover the price.

    A row that cannot be decided waits, so that it cannot hold up the others.
    """
    try:
        with transaction.atomic():
            return _decide(row, now)
    except PriceRose as rose:
        _end(row, "price", now, new_amount=rose.total)
    except UnableToQuote as refusal:
        _end(row, "unavailable", now, code=refusal.code)
    except DatabaseError:
        raise
    except Exception:
        log.exception("automatic renewal %s cannot be decided", row.pk)
        models.AutoRenewal.objects.filter(pk=row.pk).update(next_due=now + DAY)
    return None


def _decide(row: models.AutoRenewal, now: datetime) -> Charge | None:
    if row.order is not None and row.step in ("charge", "low") and not _never_begun(row.order, now):
        _wait(row, row.step, now + LEASE)
        return Charge(row.pk, row.order.number)
    line = look(row.line_id, now).line
    course = course_of(line, row.consented_at, by_link=row.method == "link")
    if (why := _over(row, line, course, now)) is not None:
        _end(row, why, now)
    elif course is None or line.suspended:
        row.for_end = course.ends if course else None
        _wait(row, "look", now + DAY)
    elif is_paid_ahead(line) or (row.step == "paid" and row.for_end == course.ends):
        _rest(row, course.ends, now)
    elif _is_in_flight(row):
        _wait(row, "look", now + LEASE)
    elif row.step == "low":
        return _renew_low(row, line, now)
    else:
        return _follow(row, course, now)
    return None


def _never_begun(order: models.Order, now: datetime) -> bool:
    """Whether the order's time went by before anybody charged it (the worker was down)."""
    late = order.state == "expired" or (order.state == "quoted" and order.deadline <= now)
    return late and not order.payments.exists()


def _over(
    row: models.AutoRenewal, line: Line, course: Course | None, now: datetime
) -> EndedWhy | None:
    """Why nothing more can come of the consent."""
    if line.state == "closed":
        return "closed"
    if course is None or line.period is None or is_paid_ahead(line):
        return None
    if line.period.plan.name != row.plan_name:
        return "plan"
    # Nobody is charged for a line that lapsed long ago, while it was suspended or nobody worked.
    tried = row.tries > 0 and row.for_end == course.ends
    late = now > course.ends + MANNER.retries[-1]
    return "lapsed" if late and not tried and row.consented_at < course.ends else None


def _is_in_flight(row: models.AutoRenewal) -> bool:
    """Whether a renewal of the line is paid and on its way into its queue."""
    orders = models.Order.objects.filter(automatic=True, items__line=row.line_id)
    return orders.filter(state__in=("paid", "fulfilling")).exists()


def _follow(row: models.AutoRenewal, course: Course, now: datetime) -> Charge | None:
    """Takes the row's step if it is due, or decides which is next."""
    if row.for_end != course.ends:
        row.for_end, row.tries, row.step, row.order = course.ends, 0, "look", None
    step: Step | None = None
    if row.step == "look" or row.next_due is None:
        step = next_step(course, None, row.tries, now)
    else:
        step = Step(row.step, row.next_due)  # type: ignore[arg-type]
    if step is None or step.at > now:
        _plan(row, step)
        return None
    match step.kind:
        case "remind":
            _remind(row, course, step, now)
        case "link":
            _send_link(row, course, now)
        case "give_up":
            _end(row, "failed", now, keeps_until=course.keeps_until, ends=course.ends)
        case "charge":
            order = order_for(row, renewal_of(row), _key(row, course), now)
            return _lease(row, "charge", order, now)
    return None


def _remind(row: models.AutoRenewal, course: Course, step: Step, now: datetime) -> None:
    """Tells what will be charged and when; a price that rose is found here, in time."""
    which = f"{row.pk}:{format_instant(course.ends)}:{format_instant(step.at)}"
    order = None
    if course.by_link:
        row.order = order = order_for(row, renewal_of(row), f"auto:{which}", now)
        total = order.total
    else:
        total = total_now(row, now)
    facts = {"charge_at": max(course.charge_at, now), "ends": course.ends, "amount": total}
    if row.method == "wallet":
        facts["balance"] = wallets.balances(row.subscriber_id).get(row.currency, 0)
    tell(row, "auto_renewal_reminder", which, now, order, **facts)
    _plan(row, next_step(course, now, 0, now))


def _key(row: models.AutoRenewal, course: Course) -> str:
    """One order for each try; another one where the last could not be begun in time."""
    end, before = format_instant(course.ends), row.order_id or 0
    return f"auto:{row.pk}:{end}:{row.tries + 1}:{before}"


def _send_link(row: models.AutoRenewal, course: Course, now: datetime) -> None:
    row.order = order = order_for(row, renewal_of(row), _key(row, course), now)
    keeps = {"keeps_until": course.keeps_until} if carries(course, now) else {}
    facts = {"ends": course.ends, "amount": order.total, **keeps}
    tell(row, "auto_renewal_link", order.number, now, order, **facts)
    row.tries += 1
    _plan(row, next_step(course, now, row.tries, now))


def _renew_low(row: models.AutoRenewal, line: Line, now: datetime) -> Charge | None:
    """Buys the next period for the moment at which the data is used up, once a period."""
    assert line.period is not None
    row.for_end = line.period.ends
    if not is_running_low(line):
        _wait(row, "look", now)
        return None
    which = f"{row.pk}:{line.period.number}"
    item = AddOnItem(line=row.line_id, plan=row.plan_name, starts="on_empty")
    order = order_for(row, item, f"auto:low:{which}:{row.order_id or 0}", now)
    tell(row, "auto_renewal_low", which, now, order, amount=order.total)
    if row.method == "link":
        row.order, row.for_end = order, None
        _wait(row, "look", now)
        return None
    return _lease(row, "low", order, now)


@transaction.atomic
def _conclude(charge: Charge, outcome: ChargeOutcome, now: datetime) -> None:
    """Writes down what came of the charge; one that is still open is looked at again."""
    kept = models.AutoRenewal.objects.select_for_update(of=("self",))
    row = kept.select_related("order", "saved_method").get(pk=charge.consent)
    order = row.order
    if order is None or order.number != charge.order or row.step not in ("charge", "low"):
        return
    if outcome.state == "paid":
        tell(row, "auto_renewal_paid", order.number, now, order, amount=order.total)
        if row.ended_at is None and row.for_end is not None:
            _rest(row, row.for_end, now)
    elif outcome.state == "failed" and row.ended_at is None:
        _failed(row, order, outcome.reason, now)


def _failed(row: models.AutoRenewal, order: models.Order, reason: str, now: datetime) -> None:
    """Tells of a failed charge, and plans the next."""
    row.order = None
    if row.step == "low":  # its period goes on, and so do the steps at its end
        tell(row, "auto_renewal_failed", order.number, now, order, reason=reason)
        _wait(row, "look", now)
        return
    course = course_of(look(row.line_id, now).line, row.consented_at)
    if course is None:
        raise InvariantBroken(f"consent {row.pk} was charged for a line without a period")
    row.tries += 1
    step = next_step(course, now, row.tries, now)
    assert step is not None
    facts = {"reason": reason, "tries": row.tries, "ends": course.ends}
    if step.kind == "charge":
        facts["next_at"] = step.at
    if carries(course, now):
        facts["keeps_until"] = course.keeps_until
    tell(row, "auto_renewal_failed", order.number, now, order, **facts)
    _plan(row, step)


# ---------------------------------------------------------------------------------- the row


def _lease(row: models.AutoRenewal, step: str, order: models.Order, now: datetime) -> Charge:
    row.order = order
    _wait(row, step, now + LEASE)
    return Charge(row.pk, order.number)


def _plan(row: models.AutoRenewal, step: Step | None) -> None:
    if step is not None:
        _wait(row, step.kind, step.at)


def _rest(row: models.AutoRenewal, ends: datetime, now: datetime) -> None:
    """The period's end is paid for: nothing is to be done before it."""
    row.for_end, row.tries, row.order = ends, 0, None
    _wait(row, "paid", ends if ends > now else now + DAY)


def _wait(row: models.AutoRenewal, step: str, due: datetime) -> None:
    row.step, row.next_due = step, due
    row.save(update_fields=["step", "next_due", "for_end", "tries", "order"])


def _end(row: models.AutoRenewal, why: EndedWhy, now: datetime, **facts: Any) -> None:
    """Ends the consent and tells why; what there is to do is up to its owner now."""
    end(row, why, now)
    tell(row, "auto_renewal_ended", str(row.pk), now, why=why, **facts)
