"""An automatic renewal around a period's end: when to remind, to take the money, to try again.

The renewal is paid ahead and waits in the line's queue, so that the next period begins at the very
instant at which the present one ends, with what carries. `course_of` finds when to take the money,
`next_step` walks the table below. Nothing here knows the database or a gateway.

| step | when | what the subscriber hears |
|---|---|---|
| remind | 3 days and 1 day before the charge | what is charged, when, from where, how to stop |
| charge | 25 hours before the last instant that is in time | paid; or failed, and when again |
| charge | 1, 3 and 5 days after the first failure | the same, and until when data still carries |
| give_up | after the last failure | it has ended; how to renew by hand |

Who pays by a link (WeChat Pay, Alipay) gets one with each reminder, and a `link` for each `charge`.
"""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from eka.rules.buckets import left
from eka.rules.instants import minus, plus
from eka.rules.lines import Line, Period
from eka.rules.plans import Requires, Rollover
from eka.rules.units import Share

Kind = Literal["remind", "charge", "link", "give_up"]
ASKS: tuple[Kind, ...] = ("charge", "link")


class Step(Struct, frozen=True):
    """What is done next for a consent, and when."""

    kind: Kind
    at: datetime


class Manner(Struct, frozen=True, kw_only=True):
    """How the shop goes about it.

    `ahead` leaves room for the first retry before the period ends: with no grace, data is lost
    then. Of a short period it is a quarter. A link that nobody used is waited for as long as
    `last_wait`, a failed charge is not.
    """

    reminders: tuple[timedelta, ...] = (timedelta(days=3), timedelta(days=1))  # before the charge
    ahead: timedelta = timedelta(hours=25)
    retries: tuple[timedelta, ...] = (timedelta(days=1), timedelta(days=3), timedelta(days=5))
    last_wait: timedelta = timedelta(days=1)


MANNER = Manner()
# Below this share of its data a plan that does not say it itself counts as running low.
LOW = Share(5, 100)


class Course(Struct, frozen=True, kw_only=True):
    """What the steps around one period's end depend on.

    `charge_at` is the instant of the first charge. A payment until `keeps_until` carries what the
    policy carries; None: nothing hangs on it.
    """

    agreed_at: datetime
    stopped_at: datetime | None = None
    by_link: bool = False
    starts: datetime
    ends: datetime
    charge_at: datetime
    keeps_until: datetime | None = None


def course_of(
    line: Line,
    agreed_at: datetime,
    *,
    stopped_at: datetime | None = None,
    by_link: bool = False,
    manner: Manner = MANNER,
) -> Course | None:
    """The course around the end of the line's period; None where it was never activated."""
    period = line.period
    if period is None:
        return None
    return Course(
        agreed_at=agreed_at,
        stopped_at=stopped_at,
        by_link=by_link,
        starts=period.starts,
        ends=period.ends,
        charge_at=_charge_at(period, line.timezone, agreed_at, manner),
        keeps_until=_keeps_until(period, line.timezone),
    )


def _requires(period: Period) -> Requires:
    return (period.plan.rollover or Rollover()).requires


def _charge_at(period: Period, zone: str, agreed_at: datetime, manner: Manner) -> datetime:
    """`ahead` of the last instant that meets `lead_min`; at once where the consent came later.

    `lead_max` does not matter: the shop chose the instant (`requests.Renew.starts`). Where it is
    too late for `lead_min` already, the money is taken as late as it may be.
    """
    lead = _requires(period).lead_min
    last = period.ends if lead is None else minus(period.ends, lead, zone)
    if last < agreed_at:
        last = period.ends
    ahead = min(manner.ahead, (period.ends - period.starts) // 4)
    return max(last - ahead, period.starts, agreed_at)


def _keeps_until(period: Period, zone: str) -> datetime | None:
    requires = _requires(period)
    if period.plan.rollover is None:
        return None
    if requires.lead_min is not None:
        return minus(period.ends, requires.lead_min, zone)
    return plus(period.ends, requires.grace, zone)


def steps(course: Course, manner: Manner = MANNER) -> tuple[Step, ...]:
    """All that happens around the period's end if no payment ever succeeds, in order."""
    walked: list[Step] = []
    tries, step = 0, next_step(course, None, 0, course.agreed_at, manner)
    while step is not None and step.kind != "give_up":
        walked.append(step)
        tries += step.kind in ASKS
        step = next_step(course, step.at, tries, step.at, manner)
    return (*walked, step) if step else ()


def next_step(
    course: Course,
    told: datetime | None,
    tries: int,
    now: datetime,
    manner: Manner = MANNER,
) -> Step | None:
    """The step to take next; None where the consent was withdrawn.

    `told`: when the subscriber was last reminded of this charge. `tries`: how many charges have
    failed (or links were sent), the last of them at `now`.
    """
    if course.stopped_at is not None:
        return None
    if tries:
        return _after_failure(course, tries, now, manner)
    reminders = _reminders(course, manner)
    if told is None:
        # Of reminders that were slept through, one is enough.
        return Step("remind", max([at for at in reminders if at <= now], default=reminders[0]))
    ahead = [at for at in reminders if at > told]
    return Step("remind", ahead[0]) if ahead else _ask(course, max(course.charge_at, told))


def _ask(course: Course, at: datetime) -> Step:
    return Step("link" if course.by_link else "charge", at)


def _reminders(course: Course, manner: Manner) -> list[datetime]:
    """When to remind: nobody is charged without, however short the time."""
    since = max(course.agreed_at, course.starts)
    before = [course.charge_at - span for span in sorted(manner.reminders, reverse=True)]
    return [at for at in before if at >= since] or [min(since, course.charge_at)]


def _after_failure(course: Course, tries: int, now: datetime, manner: Manner) -> Step:
    """The next retry, as long after this failure as the table puts between the two."""
    if tries > len(manner.retries):
        return Step("give_up", now + manner.last_wait if course.by_link else now)
    after_first = (timedelta(0), *manner.retries)
    gap = after_first[tries] - after_first[tries - 1]
    return _ask(course, now + gap)


def carries(course: Course, at: datetime) -> bool:
    """Whether a payment at this instant still carries what the policy carries."""
    return course.keeps_until is not None and at <= course.keeps_until


def is_running_low(line: Line) -> bool:
    """Whether the data is about to run out: at the plan's `auto_renew_at`, or at five percent.

    Whatever can still be used counts: who has a top-up is not in need.
    """
    period = line.period
    if period is None or line.state != "active" or period.plan.data is None or period.cleared:
        return False
    rest, share = left(line), period.plan.auto_renew_at or LOW
    return rest is not None and rest <= share.of(period.plan.data)


def is_paid_ahead(line: Line) -> bool:
    """Whether the next period is paid for: by a purchase that waits, or by the term."""
    return bool(line.queue) or (line.period is not None and line.period.term_left > 0)
