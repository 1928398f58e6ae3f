"""The tide chart's timeline: what a line held, holds and is expected to hold, layer by layer.

The past comes from the entries, the future from playing the line on by the rules themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from eka.rules.advice import WhatIf, forecast, next_renewal
from eka.rules.commands import NOTHING_ON_OFFER, pass_time, perform
from eka.rules.fates import held, moves
from eka.rules.forecasts import STEPS, Pace, Planned, Step, play_on
from eka.rules.instants import DAY
from eka.rules.lines import Entry, Line, Period
from eka.rules.plans import Plan, RenewedBy
from eka.rules.play import Played
from eka.rules.renewals import grace_end
from eka.rules.requests import Activate, Renew
from eka.rules.tape import Scene, Tape
from eka.rules.timelines import (
    Broken,
    Flow,
    Layer,
    Mark,
    Point,
    Span,
    Timeline,
    Total,
    Turn,
)
from eka.rules.trials import renews_itself

__all__ = [
    "Broken",
    "Flow",
    "Layer",
    "Mark",
    "Point",
    "Span",
    "Timeline",
    "Total",
    "Turn",
    "timeline",
    "timeline_of_played",
    "timeline_of_what_if",
]


def timeline(
    entries: Iterable[Entry],
    line: Line,
    now: datetime,
    *,
    forecast_by: RenewedBy | None,
    offers: Mapping[str, Plan] = NOTHING_ON_OFFER,
) -> Timeline | None:
    """From the present period's start to the end of the next one; None before activation.

    `entries` are the line's own, at least since the period began. The future follows the period's
    own pace and is renewed by `forecast_by` when that loses least (None: it is not renewed).
    """
    told = list(entries)
    passed = pass_time(line, now, offers)
    line, told = passed.line, [*told, *passed.entries]
    if line.period is None:
        return None
    tape = _tape_so_far(told, line, offers)
    tape.wait(now)
    until = now
    low: tuple[Total, ...] = ()
    high: tuple[Total, ...] = ()
    if line.state != "closed":
        planned, until = _what_comes(line, now, forecast_by, offers)
        pace = forecast(line, told, now)
        mean = Pace(pace.per_day if pace else 0)
        _record(tape, play_on(line, now, until, mean, planned, offers), until)
        if pace:  # a slower pace leaves more
            low, high = (
                _totals(line, now, play_on(line, now, until, Pace(rate), planned, offers))
                for rate in (pace.high, pace.low)
            )
    tape.finish(until)
    return _timeline(tape, line, now=now, known_until=now, low=low, high=high)


def timeline_of_played(played: Played, plans: Mapping[str, Plan]) -> Timeline | None:
    """A scenario that was played to its end, with the plans of its file."""
    line = played.line
    if line.period is None or not played.entries:
        return None
    tape = Tape(line.timezone, plans, _first_scene(played.entries, line))
    tape.know(line.buckets)
    tape.jump(played.entries)
    known_until = max(line.as_of or played.entries[-1].at, played.entries[-1].at)
    ends = line.period.ends if line.state == "active" else known_until
    tape.wait(known_until)
    tape.finish(max(ends, known_until))
    return _timeline(tape, line, known_until=known_until)


def timeline_of_what_if(answer: WhatIf) -> Timeline:
    """A plan's what-if: its first period as used, and the next one used alike."""
    plan, starts = answer.plan, answer.starts
    activated = perform(Line(timezone=answer.timezone), Activate(plan), starts)
    assert activated.line.period is not None
    tape = Tape(answer.timezone, {plan.name: plan}, Scene(plan, 0))
    tape.jump(activated.entries)
    planned = [] if answer.itself else [Planned(answer.paid_at, Renew(None, answer.by))]
    # A plan that renews itself when it is low may do so at once.
    pace = Pace(answer.used, max(answer.renewed_at - starts, DAY))
    _record(tape, play_on(activated.line, starts, answer.ends, pace, planned), answer.ends)
    tape.finish(answer.ends)
    return _timeline(tape, activated.line, known_until=answer.renewed_at)


def _tape_so_far(entries: Sequence[Entry], line: Line, offers: Mapping[str, Plan]) -> Tape:
    """The present period as it happened.

    What the buckets held at its start is found backwards from what they hold now, so that entries
    of earlier periods may be missing.
    """
    period = line.period
    assert period is not None
    plans = {**offers, period.plan.name: period.plan}
    cut = _period_begins(entries, period)
    tape = Tape(line.timezone, plans, _first_scene(entries, line))
    for entry in entries[:cut]:
        tape.learn(entry)
    tape.know(line.buckets)
    tape.resume(period)
    since = entries[cut:]
    levels = {bucket.number: bucket.left or 0 for bucket in line.buckets}
    for entry in since:
        for bucket, amount in moves(entry):
            levels[bucket] = levels.get(bucket, 0) - amount
    tape.open(period.starts, levels)
    tape.jump(since)
    return tape


def _period_begins(entries: Sequence[Entry], period: Period) -> int:
    """Where the present period's own entries begin: behind the grant of its allowance."""
    for place in range(len(entries), 0, -1):
        entry = entries[place - 1]
        if entry.at < period.starts:
            return place
        if entry.code == "granted" and entry.reason in ("plan", "brought"):
            return place
    return 0


def _first_scene(entries: Iterable[Entry], line: Line) -> Scene:
    period = line.period
    assert period is not None
    begun = sum(1 for entry in entries if entry.code == "granted" and entry.reason == "plan")
    return Scene(period.plan, period.number - begun)


def _what_comes(
    line: Line, now: datetime, by: RenewedBy | None, offers: Mapping[str, Plan]
) -> tuple[list[Planned], datetime]:
    """The renewal that is expected, and the end of the period that it begins."""
    period = line.period
    assert period is not None
    if by is None and not renews_itself(line):
        return [], max(now, period.ends) + (period.ends - period.starts)
    at = _soon(line, now, period) if line.state == "lapsed" else None
    preview = next_renewal(line, now, by=by or "auto", offers=offers, at=at)
    if preview.itself:
        return [], preview.ends
    return [Planned(max(now, preview.paid_at), Renew(None, preview.by))], preview.ends


def _soon(line: Line, now: datetime, period: Period) -> datetime:
    """When a line that has ended may be renewed: a little later, so that it shows, but in time."""
    over, soon = grace_end(line), now + (period.ends - period.starts) / STEPS
    return soon if over is None else min(soon, now + (over - now) / 2)


def _record(tape: Tape, steps: Iterable[Step], until: datetime) -> None:
    """Takes the steps in; what happens at the chart's very end belongs to what follows it."""
    for step in steps:
        tape.spread(step.spread, step.starts, step.ends, step.asked)
        if step.ends < until:
            tape.jump(step.at_end, not_before=step.ends)


def _totals(line: Line, now: datetime, steps: Sequence[Step]) -> tuple[Total, ...]:
    """What the line holds in all; two totals at one instant are a jump."""
    totals = [Total(now, held(line) or 0)]
    for step in steps:
        totals += [Total(step.ends, held(state) or 0) for state in (step.between, step.line)]
    return tuple(totals[:-1])  # the last jump belongs to what follows the chart


def _timeline(
    tape: Tape,
    line: Line,
    *,
    known_until: datetime,
    now: datetime | None = None,
    low: tuple[Total, ...] = (),
    high: tuple[Total, ...] = (),
) -> Timeline:
    assert line.period is not None
    beyond = [mark.at for mark in tape.marks if mark.code in ("slow", "overage")]
    marks = [*tape.marks, *_running_out(tape.spans, known_until, beyond)]
    if now is not None:
        marks.append(Mark(code="now", at=now))
    return Timeline(
        timezone=line.timezone,
        plan=line.period.plan,
        starts=tape.spans[0].starts,
        ends=tape.spans[-1].ends,
        known_until=known_until,
        now=now,
        spans=tuple(tape.spans),
        turns=tuple(tape.turns),
        marks=tuple(sorted(marks, key=lambda mark: mark.at)),
        low=low,
        high=high,
    )


def _running_out(
    spans: Iterable[Span], known_until: datetime, beyond: Sequence[datetime]
) -> Iterable[Mark]:
    """The first instant to come at which use, not a rule, leaves nothing and stops."""
    for span in spans:
        if any(span.starts <= at < span.ends for at in beyond):
            continue
        for before, after in pairwise(span.points):
            falls = before.total > 0 and after.total == 0
            if falls and after.at > known_until and after.at < span.ends:
                yield Mark(code="runs_out", at=after.at)
                return
