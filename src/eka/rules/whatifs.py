"""What if I use so much of this plan: a fresh line is played through its first renewal."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from eka.rules.commands import perform
from eka.rules.fates import Lost, carried_until, losses_of, moved
from eka.rules.forecasts import Pace, Planned, play_on
from eka.rules.lines import Entry, Line, Period
from eka.rules.plans import Plan, RenewedBy
from eka.rules.requests import Activate, Renew
from eka.rules.trials import (
    Trial,
    period_of,
    policy_of,
    renewal_ends,
    turning_points,
)
from eka.rules.units import Money

# A way of renewing. `nothing`: the period just ends and is not renewed in time.
Way = Literal[
    "nothing", "last_minute", "early", "too_young", "manual", "auto", "other_plan", "in_time"
]
HOUR = timedelta(hours=1)


class Otherwise(Struct, frozen=True, kw_only=True):
    """Another way of renewing, paid at `at`, and the bytes that are lost or saved by it."""

    way: Way
    reason: str
    bytes: int
    at: datetime
    figures: dict[str, Any] = {}


class WhatIf(Struct, frozen=True, kw_only=True):
    """A fresh line on a plan, used and renewed: what became of the rest. All data in bytes.

    `left` (None: unlimited) + `rounded` = `carried` + `lost` + `converted`.
    """

    plan: Plan
    timezone: str
    starts: datetime
    used: int
    unserved: int
    by: RenewedBy
    itself: bool
    paid_at: datetime
    renewed_at: datetime
    ends: datetime
    left: int | None
    carried: int
    rounded: int
    lost: int
    losses: tuple[Lost, ...]
    converted: int
    credit: tuple[Money, ...]
    total: int | None
    carried_until: datetime | None
    again: int | None  # how many more renewals may carry the same bytes; None: without limit
    otherwise: tuple[Otherwise, ...]
    entries: tuple[Entry, ...]
    line: Line


def what_if(plan: Plan, used: int, timezone: str, starts: datetime) -> WhatIf:
    """A fresh line on `plan` that uses `used` bytes and renews in the way its policy asks for."""
    told = perform(Line(timezone=timezone), Activate(plan), starts)
    tried = [_play(told.line, used, at, by) for by, at in _ways_that_keep(told.line)]
    kept = next((trial for trial in tried if trial.unmet is None), tried[0])
    return _describe(
        told.line, [*told.entries, *kept.entries], kept, _others(told.line, used, kept)
    )


def _ways_that_keep(line: Line) -> Iterator[tuple[RenewedBy, datetime]]:
    """By whom and when to renew, the most convenient first; the policy rules out the others."""
    period = period_of(line)
    policy = policy_of(period, None)
    points = turning_points(period, policy, line.timezone)
    for by in ("auto", "manual"):
        for at in points:
            if at <= period.ends:
                yield by, at


def _play(
    line: Line, used: int, at: datetime, by: RenewedBy | None, plan: Plan | None = None
) -> Trial:
    """The line used evenly until its renewal, which is paid at `at` (None: nobody renews)."""
    period = period_of(line)
    waits = period.plan.early_renewal == "at_end" or period.term_left > 0
    until = period.ends if waits and at < period.ends else at
    planned = [] if by is None or period.term_left else [Planned(at, Renew(plan, by))]
    entries: list[Entry] = []
    for step in play_on(line, period.starts, until, Pace(used, until - period.starts), planned):
        entries += (*step.spread, *step.at_end)
        line = step.line
        if period_of(line).number > period.number:
            break
    return Trial(line, entries[: renewal_ends(entries)], at)


def _others(line: Line, used: int, kept: Trial) -> tuple[Otherwise, ...]:
    """The ways of renewing that lose more than the right one does."""
    period, least = period_of(line), _lost(kept)
    if period.term_left or period.plan.data is None:
        return ()
    found = []
    for way, by, at, plan in _ways_that_lose(line, kept):
        trial = _play(line, used, at, by, plan)
        more = _lost(trial) - least
        if more > 0:
            worst = max(losses_of(trial.entries), key=lambda loss: loss.bytes)
            found.append(
                Otherwise(way=way, reason=worst.reason, bytes=more, at=at, figures=worst.figures)
            )
    return tuple(found)


def _lost(trial: Trial) -> int:
    return moved(trial.entries, "forfeited") + moved(trial.entries, "expired")


def _ways_that_lose(
    line: Line, kept: Trial
) -> Iterator[tuple[Way, RenewedBy | None, datetime, Plan | None]]:
    """Ways of renewing that some policies punish; whether this one does, playing them shows."""
    period, right = period_of(line), kept.period.by
    policy = policy_of(period, None)
    requires = policy.requires
    points = turning_points(period, policy, line.timezone)
    yield "nothing", None, points[-1], None
    if requires.lead_min is not None:
        yield "last_minute", right, period.ends, None
    if requires.lead_max is not None:
        yield "early", right, max(min(points) - HOUR, period.starts + HOUR), None
    if requires.period_age_min is not None:
        yield "too_young", right, max(min(points) - HOUR, period.starts + HOUR), None
    other: Literal["manual", "auto"] = "manual" if right == "auto" else "auto"
    yield other, other, kept.paid_at, None
    yield "other_plan", right, kept.paid_at, _lesser(period.plan)


def _lesser(plan: Plan) -> Plan:
    """A stranger to `plan`, with less data: what a policy about changes of plan would refuse."""
    price = plan.price and Money(plan.price.minor - 1, plan.price.currency)
    name = f"other than {plan.name}"
    return replace(plan, name=name, data=(plan.data or 1) - 1, price=price, group=None)


def _describe(
    line: Line, entries: Sequence[Entry], kept: Trial, otherwise: tuple[Otherwise, ...]
) -> WhatIf:
    started, begun = period_of(line), kept.period
    plan, told = started.plan, list(kept.entries)
    paid = sum(e.bytes for e in told if e.code == "used" and not e.reason)
    carried = moved(told, "carried")
    return WhatIf(
        plan=plan,
        timezone=line.timezone,
        starts=started.starts,
        used=moved(told, "used"),
        unserved=moved(told, "unserved"),
        by=begun.by,
        itself=begun.by == "term",
        paid_at=begun.paid_at,
        renewed_at=begun.starts,
        ends=begun.ends,
        left=None if plan.data is None else plan.data - paid,
        carried=carried,
        rounded=moved(told, "granted", "round_up"),
        lost=moved(told, "forfeited") + moved(told, "expired"),
        losses=losses_of(told),
        converted=moved(told, "converted"),
        credit=kept.line.credit,
        total=None if begun.plan.data is None else begun.plan.data + carried,
        carried_until=carried_until(kept.line),
        again=_again(started),
        otherwise=otherwise,
        entries=tuple(entries),
        line=kept.line,
    )


def _again(period: Period) -> int | None:
    renewals = policy_of(period, None).life.renewals
    return None if renewals is None else max(0, renewals - 1)
