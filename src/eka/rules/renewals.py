"""Periods: how they start, follow one another, end, and lapse (policy, sections 3 to 5).

A renewal is bought (`renew`, `queue_addon`), and starts at once or waits in the line's queue. A
period that ends starts the next month of its term, or the head of the queue, or lapses.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Literal

from eka.rules.buckets import is_bound, usable
from eka.rules.instants import DAY, add_months, format_instant, local_date, midnight, plus
from eka.rules.lines import Bucket, Draft, Line, Period, Queued, Unable
from eka.rules.plans import Plan, RenewedBy, Rollover
from eka.rules.requirements import Renewal
from eka.rules.rollover import settle


class UnableToRenew(Unable):
    """A renewal or an add-on that the rules refuse."""


def renew(
    draft: Draft,
    plan: Plan | None,
    by: RenewedBy,
    rollover: dict[str, Any] | None = None,
    starts: Literal["", "at_end", "on_empty"] = "",
) -> None:
    """Buys the next period: it starts at once, or joins the queue. Raises UnableToRenew.

    With `starts` it joins the queue of a period that still runs, whatever the plan says.
    """
    _need_started(draft.line)
    purchase = Queued(
        plan=plan or draft.offer(draft.period.plan),
        by=by,
        paid_at=draft.now,
        starts=starts or "at_end",
        rollover=_never_early(draft.period, rollover) if starts else rollover,
    )
    if not _must_wait(draft, chosen=bool(starts)):
        start(draft, purchase)
        return
    _enqueue(draft, purchase)
    if starts:
        start_addon_if_empty(draft)


def queue_addon(draft: Draft, plan: Plan, starts: Literal["at_end", "on_empty"]) -> None:
    """Buys a whole further plan (policy, section 5). Raises UnableToRenew."""
    _need_started(draft.line)
    purchase = Queued(plan=plan, by="manual", paid_at=draft.now, starts=starts)
    if draft.line.state == "lapsed":
        start(draft, purchase)
        return
    _enqueue(draft, purchase)
    start_addon_if_empty(draft)


def _need_started(line: Line) -> None:
    if line.state not in ("active", "lapsed"):
        raise UnableToRenew("not_active", state=line.state)


def _never_early(period: Period, rollover: dict[str, Any] | None) -> dict[str, Any] | None:
    """The renewal's parameters without `lead_max`: who lets the shop choose is never too early."""
    policy = period.plan.rollover
    if policy is None or policy.requires.lead_max is None:
        return rollover
    given = rollover or {}
    return {**given, "requires": {**given.get("requires", {}), "lead_max": "none"}}


def _must_wait(draft: Draft, *, chosen: bool) -> bool:
    period = draft.period
    if draft.line.state != "active" or draft.now >= period.ends:
        return False
    waits = chosen or period.plan.early_renewal == "at_end" or period.term_left > 0
    return waits or bool(draft.line.queue)


def _enqueue(draft: Draft, purchase: Queued) -> None:
    most = draft.period.plan.topup.queue_max
    if len(draft.line.queue) >= most:
        raise UnableToRenew("queue_full", queue_max=most)
    draft.change(queue=(*draft.line.queue, purchase))
    draft.tell("queued", reason=purchase.by, plan=purchase.plan.name, starts=purchase.starts)


def start(draft: Draft, purchase: Queued, term_left: int | None = None) -> None:
    """Ends the present period at the draft's instant and begins the one that was bought."""
    ended = draft.period
    begun = next_period(draft.line, purchase, draft.now, term_left)
    settle(
        draft,
        Renewal(
            plan=purchase.plan,
            by=purchase.by,
            paid_at=purchase.paid_at,
            starts=begun.starts,
            ends=begun.ends,
            rollover=purchase.rollover,
        ),
    )
    draft.change(tenure=0 if ended.over else draft.line.tenure + 1)
    draft.ended.append(draft.period)
    begin(draft, begun)


def begin(draft: Draft, period: Period, *, granting: bool = True) -> None:
    """Makes `period` the line's own and grants its allowance."""
    draft.change(period=period, state="active")
    draft.begun.append(period)
    if not granting:
        return
    plan = period.plan
    draft.grant(
        Bucket(
            number=0,
            kind="plan",
            left=plan.data,
            born=draft.now,
            starts=draft.now,
            period=period.number,
        ),
        "plan",
        plan=plan.name,
        by=period.by,
        starts=format_instant(period.starts),
        ends=format_instant(period.ends),
        unlimited=plan.data is None,
    )


def next_period(
    line: Line, purchase: Queued, now: datetime, term_left: int | None = None
) -> Period:
    """The period that `purchase` gives from `now`, after the line's present one if there is any."""
    plan, ended = purchase.plan, line.period
    anchor, months = now, plan.period.months
    if months and ended and ended.months and ended.ends == now:
        anchor, months = ended.anchor, ended.months + months
    return Period(
        number=ended.number + 1 if ended else 1,
        plan=plan,
        starts=now,
        ends=period_end(plan, now, anchor, months, line.timezone),
        anchor=anchor,
        months=months,
        by=purchase.by,
        paid_at=purchase.paid_at,
        term_left=plan.term - 1 if term_left is None else term_left,
        armed_at=now,
    )


def period_end(plan: Plan, starts: datetime, anchor: datetime, months: int, zone: str) -> datetime:
    """Months count from the anchor; natural days end at local midnight; other spans are exact."""
    if months:
        return add_months(anchor, months, zone)
    days, rest = divmod(plan.period.seconds, 86400)
    if plan.daily and plan.daily.clock == "natural" and not rest:
        return midnight(local_date(starts, zone) + days * DAY, zone)
    return starts + timedelta(seconds=plan.period.seconds)


def renews_itself(draft: Draft) -> None:
    """Renews by `auto` once the plan's rest has come down to `auto_renew_at` (section 8)."""
    if rest_before_auto_renewal(draft.line) == 0:
        draft.change_period(renewed_itself=True)
        # A full queue already holds renewals enough: the data goes on without another.
        with suppress(UnableToRenew):
            renew(draft, None, "auto")


def rest_before_auto_renewal(line: Line) -> int | None:
    """Bytes of the plan's own data until the plan renews itself; None where it will not."""
    period = line.period
    if period is None or period.renewed_itself or period.cleared or period.plan.data is None:
        return None
    if period.plan.auto_renew_at is None or line.state != "active":
        return None
    rest = sum(bucket.left or 0 for bucket in line.buckets if bucket.kind == "plan")
    return max(0, rest - period.plan.auto_renew_at.of(period.plan.data))


def start_addon_if_empty(draft: Draft) -> bool:
    """Starts an add-on that waits for the balance to be used up, if it is; says whether it did."""
    line = draft.line
    waits = line.queue and line.queue[0].starts == "on_empty" and line.state == "active"
    if not waits or line.suspended or usable(line) or draft.period.cleared:
        return False
    if draft.period.term_left:
        return False
    _start_head(draft)
    return True


def _start_head(draft: Draft) -> None:
    head, *others = draft.line.queue
    draft.change(queue=tuple(others))
    start(draft, head)


def end_period(draft: Draft) -> None:
    """The period's end: a term's next month, what was queued, a renewal by itself, or lapse."""
    period = draft.period
    if period.term_left:
        month = Queued(plan=period.plan, by="term", paid_at=period.paid_at)
        start(draft, month, period.term_left - 1)
    elif draft.line.queue:
        _start_head(draft)
    elif draft.line.auto_renew and not draft.line.suspended:
        start(draft, Queued(plan=draft.offer(period.plan), by="auto", paid_at=draft.now))
    else:
        _hold(draft)


def _hold(draft: Draft) -> None:
    """Nothing follows: what is bound to the period is held, unusable, until the grace is over."""
    draft.change(state="lapsed")
    policy = draft.period.plan.rollover
    for bucket in draft.line.buckets:
        if is_bound(bucket, draft.line) and not _is_held(bucket, policy):
            draft.lose(bucket, "expired", "expired")


def _is_held(bucket: Bucket, policy: Rollover | None) -> bool:
    if bucket.kind in ("topup", "bonus"):
        return policy is not None and bucket.kind in policy.carries
    return bucket.left is not None


def grace_end(line: Line) -> datetime | None:
    """When what a lapsed line holds is lost; None where nothing is pending."""
    period = line.period
    if line.state != "lapsed" or period is None or period.over:
        return None
    policy = period.plan.rollover or Rollover()
    return plus(period.ends, policy.requires.grace, line.timezone)


def end_grace(draft: Draft) -> None:
    """The grace is over: what was held is lost, and renewals in a row count from zero again."""
    policy = draft.period.plan.rollover or Rollover()
    lapse_forfeits = "lapse" in policy.forfeits_on
    for bucket in draft.line.buckets:
        if lapse_forfeits and (is_bound(bucket, draft.line) or bucket.kind == "rollover"):
            draft.lose(bucket, "forfeited", "lapse")
        elif is_bound(bucket, draft.line):
            draft.lose(bucket, "expired", "expired")
    draft.change_period(over=True)
    draft.change(tenure=0)
    draft.tell("lapsed", ended=format_instant(draft.period.ends))
