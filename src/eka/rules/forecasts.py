"""Where a line is going: it is played on at a steady pace, by the rules themselves.

A forecast is nothing but uses, period ends and renewals that have not happened yet: `play_on` asks
`perform` and `pass_time` for them, so that it cannot disagree with what will be charged.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import isqrt
from typing import NamedTuple

from msgspec import Struct

from eka.rules.buckets import left
from eka.rules.commands import NOTHING_ON_OFFER, pass_time, perform
from eka.rules.due import next_due
from eka.rules.instants import DAY
from eka.rules.lines import Entry, Line, Period
from eka.rules.plans import Plan
from eka.rules.requests import Command, Use

MICROSECOND = timedelta(microseconds=1)
STEPS = 24  # a period is played in this many steps; kinks inside a step are found by proportion


class Pace(Struct, frozen=True):
    """A steady use: `used` bytes in every `span`."""

    used: int
    span: timedelta = DAY

    def until(self, elapsed: timedelta) -> int:
        """Bytes used after `elapsed`, rounded down."""
        return self.used * (elapsed // MICROSECOND) // (self.span // MICROSECOND)


class Step(NamedTuple):
    """Some of the future: uses spread over [starts, ends], then what happens at `ends` at once."""

    starts: datetime
    ends: datetime
    asked: int
    spread: list[Entry]
    at_end: list[Entry]
    between: Line  # after the uses, before what happens at the end
    line: Line


class Planned(NamedTuple):
    """A command that is expected to come."""

    at: datetime
    command: Command


class Forecast(Struct, frozen=True, kw_only=True):
    """Bytes a day at the period's own pace, and when the data runs out at it.

    `low` and `high` enclose the pace of the days to come in about two of three cases. The instants
    are None where the data lasts to the period's end.
    """

    per_day: int
    low: int
    high: int
    runs_out: datetime | None = None
    runs_out_soonest: datetime | None = None
    runs_out_latest: datetime | None = None


def play_on(
    line: Line,
    now: datetime,
    until: datetime,
    pace: Pace,
    planned: Iterable[Planned] = (),
    offers: Mapping[str, Plan] = NOTHING_ON_OFFER,
) -> list[Step]:
    """The line from `now` to `until` if it is used at `pace` and the planned commands come.

    Raises Unable where a planned command is refused.
    """
    waiting = sorted(planned, key=lambda command: command.at)
    steps: list[Step] = []
    at, first = now, now
    if waiting and waiting[0].at <= now:
        due, at_end = _arrive(line, now, waiting, offers)
        steps.append(Step(now, now, 0, [], at_end, line, due))
        line = due
    while at < until:
        ends = _step_end(line, at, until, waiting)
        asked = pace.until(ends - first) - pace.until(at - first)
        used = perform(line, Use(asked), at, offers)
        due, at_end = _arrive(used.line, ends, waiting, offers)
        steps.append(Step(at, ends, asked, used.entries, at_end, used.line, due))
        at, line = ends, due
    return steps


def _step_end(line: Line, at: datetime, until: datetime, waiting: Sequence[Planned]) -> datetime:
    """The next instant at which something happens, but not later than one step of the period."""
    ends = [until, at + _step_length(line.period)]
    if (due := next_due(line)) is not None and due > at:
        ends.append(due)
    ends += [command.at for command in waiting[:1] if command.at > at]
    return min(ends)


def _step_length(period: Period | None) -> timedelta:
    if period is None:
        return DAY
    length = max((period.ends - period.starts) / STEPS, timedelta(minutes=1))
    return min(length, DAY / 4) if period.plan.daily else length


def _arrive(
    line: Line, at: datetime, waiting: list[Planned], offers: Mapping[str, Plan]
) -> tuple[Line, list[Entry]]:
    """What is due at `at`, and the planned commands that come then."""
    entries: list[Entry] = []
    while waiting and waiting[0].at <= at:
        done = perform(line, waiting.pop(0).command, at, offers)
        line, entries = done.line, [*entries, *done.entries]
    rest = pass_time(line, at, offers)
    return rest.line, [*entries, *rest.entries]


def forecast(line: Line, entries: Iterable[Entry], now: datetime) -> Forecast | None:
    """The pace of the present period and where it leads; None before its first day is over."""
    period = line.period
    if line.state != "active" or period is None or now - period.starts < DAY:
        return None
    days = _use_by_day(entries, period, now)
    elapsed = now - period.starts
    per_day = sum(days) * (DAY // MICROSECOND) // (elapsed // MICROSECOND)
    spread = _spread(days[: elapsed // DAY], max(1, (period.ends - now) // DAY))
    low, high = max(0, per_day - spread), per_day + spread
    return Forecast(
        per_day=per_day,
        low=low,
        high=high,
        runs_out=runs_out(line, now, Pace(per_day)),
        runs_out_soonest=runs_out(line, now, Pace(high)),
        runs_out_latest=runs_out(line, now, Pace(low)),
    )


def _use_by_day(entries: Iterable[Entry], period: Period, now: datetime) -> list[int]:
    """Bytes used in each 24 hours since the period's start; the last are not over yet."""
    days = [0] * ((now - period.starts) // DAY + 1)
    for entry in entries:
        if entry.code == "used" and period.starts <= entry.at <= now:
            days[(entry.at - period.starts) // DAY] += entry.bytes
    return days


def _spread(days: Sequence[int], ahead: int) -> int:
    """One standard deviation of the mean pace over `ahead` days, known from `days` (integers).

    Both the days to come and the few days that are known scatter: variance x (1/ahead + 1/known).
    """
    known = len(days)
    if known < 2:
        return 0
    total = sum(days)
    squares = sum((known * day - total) ** 2 for day in days)  # known^2 x squared deviations
    return isqrt(squares * (known + ahead) // (known**2 * (known - 1) * known * ahead))


def runs_out(line: Line, now: datetime, pace: Pace) -> datetime | None:
    """When everything usable is gone at `pace`, if that is before the period's end."""
    period = line.period
    if period is None or left(line) is None:
        return None
    if left(line) == 0:
        return now
    for step in play_on(line, now, period.ends, pace):
        after = step.between
        if after.period is None or after.period.number != period.number:
            return None  # it renewed itself before it was empty
        if left(after) == 0:
            paid = sum(entry.bytes for entry in step.spread if not entry.reason)
            return between(step.starts, step.ends, paid, step.asked)
    return None


def between(starts: datetime, ends: datetime, done: int, asked: int) -> datetime:
    """The instant by which `done` of `asked` bytes are used, if they are used evenly."""
    microseconds = (ends - starts) // MICROSECOND * done // max(1, asked)
    return starts + microseconds * MICROSECOND
