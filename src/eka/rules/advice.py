"""What happens to unused data: the answer is found by running the rules, never by recomputing them.

`next_renewal` answers for a line: it tries the renewal on a copy and reads from the entries what
became of every byte. Beside it: `what_if` for a plan, `conditions` and `forecast`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from eka.rules.commands import NOTHING_ON_OFFER, pass_time
from eka.rules.conditions import Condition, conditions
from eka.rules.fates import Fate, Lost, fates_of, held, losses_of, moved
from eka.rules.forecasts import MICROSECOND, Forecast, forecast
from eka.rules.lines import Entry, Line
from eka.rules.plans import Plan, RenewedBy
from eka.rules.renewals import UnableToRenew, grace_end
from eka.rules.requests import Renew
from eka.rules.trials import (
    Trial,
    attempt,
    first_that_keeps,
    period_of,
    policy_of,
    renews_itself,
    trials,
    turning_points,
)
from eka.rules.units import Money, add_money
from eka.rules.whatifs import Otherwise, WhatIf, what_if

__all__ = [
    "Condition",
    "Deadlines",
    "Fate",
    "Forecast",
    "Lost",
    "Nothing",
    "Otherwise",
    "Preview",
    "WhatIf",
    "conditions",
    "forecast",
    "next_renewal",
    "what_if",
]


class Deadlines(Struct, frozen=True, kw_only=True):
    """When one must renew so that unused data carries; None: no such limit."""

    not_before: datetime | None = None
    until: datetime | None = None


class Nothing(Struct, frozen=True, kw_only=True):
    """What comes if nobody acts: the period ends, and what the line holds is lost at `lost_at`.

    Between the two a renewal still saves it. A line that `renews_itself` loses what that renewal
    loses.
    """

    ends: datetime
    lapsed: bool  # the end is past already
    renews_itself: bool
    lost_at: datetime
    lost: int
    losses: tuple[Lost, ...] = ()


class Preview(Struct, frozen=True, kw_only=True):
    """The next renewal of a live line, tried on a copy of it. All data in bytes; None: unlimited.

    `left` + `rounded` = `carried` + `kept` + `lost` + `converted`, and the new period begins with
    `total` = `carried` + `kept` + `granted`.
    """

    plan: Plan
    old_plan: Plan
    by: RenewedBy
    itself: bool  # it comes without anybody acting: automatic, the next month of a term, or queued
    paid_at: datetime
    starts: datetime
    ends: datetime
    left: int | None
    granted: int | None
    carried: int
    rounded: int
    kept: int
    lost: int
    converted: int
    credit: tuple[Money, ...]
    total: int | None
    fates: tuple[Fate, ...]
    losses: tuple[Lost, ...]
    deadlines: Deadlines
    nothing: Nothing
    better: Otherwise | None  # another way to renew, and the bytes that it would keep
    queued_behind: int  # renewals that come before the one that is bought now
    entries: tuple[Entry, ...]
    line: Line


def next_renewal(  # noqa: PLR0913 - each is a question that a screen asks
    line: Line,
    now: datetime,
    *,
    by: RenewedBy,
    plan: Plan | None = None,
    offers: Mapping[str, Plan] = NOTHING_ON_OFFER,
    at: datetime | None = None,
    rollover: dict[str, Any] | None = None,
) -> Preview:
    """The line's next renewal, if it is renewed `by` whom, with nothing used until then.

    With `at` (the checkout gives `now`) it is paid at that instant; without, at the one that loses
    least. A line that renews itself anyway shows that renewal, unless `plan` or `at` ask for
    another. Raises UnableToRenew where the line cannot be renewed.
    """
    # Just before now: an end of the period or of the grace at this instant is still in time.
    line = pass_time(line, now - MICROSECOND, offers).line
    if line.state not in ("active", "lapsed"):
        raise UnableToRenew("not_active", state=line.state)
    renew = Renew(plan, by, rollover)
    itself = renews_itself(line) and plan is None and at is None
    tried = [] if itself else _tries(line, now, renew, offers)
    if itself:
        chosen = attempt(line, now, None, offers)
    else:
        chosen = first_that_keeps(tried) if at is None else attempt(line, at, renew, offers)
    return _preview(
        line,
        chosen,
        itself=itself,
        deadlines=_deadlines(line, now, tried),
        nothing=_nothing(line, now, offers),
        better=_better(line, now, chosen, renew, offers),
    )


def _tries(line: Line, now: datetime, renew: Renew, offers: Mapping[str, Plan]) -> list[Trial]:
    """Trials at every instant that can make a difference, from now on, the best time first."""
    period = period_of(line)
    points = turning_points(period, policy_of(period, renew), line.timezone)
    ahead = [at for at in points if at > now]
    if renews_itself(line):  # after its end another period is running already
        ahead = [at for at in ahead if at <= period.ends]
    ahead = [*ahead, now] if line.state == "active" else [now, *ahead]
    return trials(line, ahead, renew, offers)


def _deadlines(line: Line, now: datetime, tried: Sequence[Trial]) -> Deadlines:
    """The first and the last instant at which a renewal keeps what can be kept."""
    good = sorted(trial.paid_at for trial in tried if trial.unmet is None)
    if not good or not any(moved(trial.entries, "carried") for trial in tried):
        return Deadlines()
    return Deadlines(not_before=None if good[0] <= now else good[0], until=good[-1])


def _nothing(line: Line, now: datetime, offers: Mapping[str, Plan]) -> Nothing:
    period = period_of(line)
    if renews_itself(line):
        comes = attempt(line, now, None, offers)
        losses = losses_of(comes.entries)
        lost_at = comes.period.starts
    else:
        lapsed = pass_time(line, max(now, period.ends), offers)
        lost_at = grace_end(lapsed.line) or max(now, period.ends)
        rest = pass_time(lapsed.line, lost_at, offers)
        losses = losses_of([*lapsed.entries, *rest.entries])
    return Nothing(
        ends=period.ends,
        lapsed=line.state == "lapsed",
        renews_itself=renews_itself(line),
        lost_at=lost_at,
        lost=sum(loss.bytes for loss in losses),
        losses=losses,
    )


def _better(
    line: Line, now: datetime, chosen: Trial, renew: Renew, offers: Mapping[str, Plan]
) -> Otherwise | None:
    """The other way to renew, where the chosen one fails a requirement that the other meets."""
    if chosen.unmet is None or chosen.period.by == "term" or line.queue:
        return None
    for by in ("manual", "auto"):
        other = first_that_keeps(_tries(line, now, Renew(renew.plan, by, renew.rollover), offers))
        if other.unmet is None and (saved := moved(other.entries, "carried")):
            way = by if by != chosen.period.by else "in_time"
            return Otherwise(way=way, reason="", bytes=saved, at=other.paid_at)  # type: ignore[arg-type]
    return None


def _preview(
    line: Line,
    chosen: Trial,
    *,
    itself: bool,
    deadlines: Deadlines,
    nothing: Nothing,
    better: Otherwise | None,
) -> Preview:
    begun, fates = chosen.period, fates_of(line, chosen.entries, chosen.line)
    ended = period_of(line)
    return Preview(
        plan=begun.plan,
        old_plan=ended.plan,
        by=begun.by,
        itself=itself,
        paid_at=begun.paid_at,
        starts=begun.starts,
        ends=begun.ends,
        left=held(line),
        granted=begun.plan.data,
        carried=sum(fate.carried for fate in fates),
        rounded=sum(fate.rounded for fate in fates),
        kept=sum(fate.kept for fate in fates),
        lost=sum(fate.lost for fate in fates),
        converted=sum(fate.converted for fate in fates),
        credit=_credit_since(line, chosen.line),
        total=held(chosen.line),
        fates=fates,
        losses=losses_of(chosen.entries),
        deadlines=deadlines,
        nothing=nothing,
        better=better,
        queued_behind=len(line.queue) + ended.term_left,
        entries=tuple(chosen.entries),
        line=chosen.line,
    )


def _credit_since(before: Line, after: Line) -> tuple[Money, ...]:
    gained: tuple[Money, ...] = ()
    for money in after.credit:
        had = sum(held.minor for held in before.credit if held.currency == money.currency)
        gained = add_money(gained, Money(money.minor - had, money.currency))
    return gained
