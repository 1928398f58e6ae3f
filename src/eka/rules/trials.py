"""Trying a renewal on a copy of the line: when it would come, and whether data would carry."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from eka.rules.commands import pass_time, perform
from eka.rules.documents import from_plain
from eka.rules.instants import minus, plus
from eka.rules.lines import Entry, InvariantBroken, Line, Period
from eka.rules.plan_text import override
from eka.rules.plans import Plan, Rollover
from eka.rules.requests import Renew
from eka.rules.requirements import REQUIREMENTS

UNMET = frozenset(reason for reason, _ in REQUIREMENTS)


class Trial(NamedTuple):
    """The line after its next renewal, and what was told up to it."""

    line: Line
    entries: Sequence[Entry]
    paid_at: datetime

    @property
    def period(self) -> Period:
        """The period that the renewal began."""
        return period_of(self.line)

    @property
    def unmet(self) -> Entry | None:
        """The first loss for a requirement that the renewal did not meet."""
        return next((entry for entry in self.entries if entry.reason in UNMET), None)


def period_of(line: Line) -> Period:
    """The line's period. Raises InvariantBroken where it was never activated."""
    if line.period is None:
        raise InvariantBroken("advice was asked for a line without a period")
    return line.period


def attempt(line: Line, at: datetime, renew: Renew | None, offers: Mapping[str, Plan]) -> Trial:
    """The line's next renewal if `renew` comes at `at`, or if nobody acts. Raises Unable."""
    number = period_of(line).number
    entries: list[Entry] = []
    if renew is not None:
        done = perform(line, renew, at, offers)
        line, entries = done.line, done.entries
    if period_of(line).number == number:  # it waits for the end, or comes by itself
        done = pass_time(line, period_of(line).ends, offers)
        line, entries = done.line, [*entries, *done.entries]
    return Trial(line, entries[: renewal_ends(entries)], at)


def renewal_ends(entries: Sequence[Entry]) -> int:
    """Where the first renewal's entries end: with the allowance that it grants."""
    for place, entry in enumerate(entries, 1):
        if entry.code == "granted" and entry.reason == "plan":
            return place
    return len(entries)


def renews_itself(line: Line) -> bool:
    """Whether the period's end brings the next one without anybody acting."""
    if line.state != "active":
        return False
    paid = bool(line.queue) or period_of(line).term_left > 0
    return paid or (line.auto_renew and not line.suspended)


def policy_of(period: Period, renew: Renew | None) -> Rollover:
    """The policy that will judge the renewal, with the promotion's parameters over it."""
    own = period.plan.rollover
    if renew is not None and renew.rollover is not None:
        own = override(own, from_plain(renew.rollover))
    return own or Rollover(carries=())


def turning_points(period: Period, policy: Rollover, zone: str) -> list[datetime]:
    """The instants at which the policy's judgement of a renewal can change.

    The period's end comes first, where nothing of the period is given away; then the latest before
    it, then those after it.
    """
    requires, ends = policy.requires, period.ends
    leads = [span for span in (requires.lead_min, requires.lead_max) if span is not None]
    points = {minus(ends, lead, zone) for lead in leads}
    if requires.period_age_min is not None:
        points.add(plus(period.starts, requires.period_age_min, zone))
    before = sorted((at for at in points if period.starts < at < ends), reverse=True)
    return [ends, *before, plus(ends, requires.grace, zone)]


def trials(
    line: Line, at: Iterable[datetime], renew: Renew, offers: Mapping[str, Plan]
) -> list[Trial]:
    """One trial for each instant."""
    return [attempt(line, instant, renew, offers) for instant in at]


def first_that_keeps(tried: Sequence[Trial]) -> Trial:
    """The first trial that meets every requirement, or else the first."""
    return next((trial for trial in tried if trial.unmet is None), tried[0])
