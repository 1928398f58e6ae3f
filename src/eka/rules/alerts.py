"""Warnings: a share of the data used, and the approaching end of the period (policy, section 8).

`used` counts what was used in the period against that plus what is usable; each threshold warns
once a period. A warning before the end is due only if its instant lies after the one it was armed
at: the period's start, or the moment a top-up moved the end.
"""

from datetime import datetime

from eka.rules.buckets import left
from eka.rules.instants import minus
from eka.rules.lines import Draft, Line
from eka.rules.units import Duration, Share, format_duration, format_share


def warn_of_use(draft: Draft) -> None:
    """Tells of each threshold that the period's use has reached and that was not yet told."""
    period, usable = draft.line.period, left(draft.line)
    if period is None or not period.plan.alerts.used or usable is None or not period.used:
        return
    for threshold in period.plan.alerts.used:
        label = f"used {format_share(threshold)}"
        if label not in period.alerted and _reached(threshold, period.used, usable):
            _warn(draft, label)


def _reached(threshold: Share, used: int, usable: int) -> bool:
    return used * threshold.denominator >= threshold.numerator * (used + usable)


def _warn(draft: Draft, label: str) -> None:
    draft.change_period(alerted=(*draft.period.alerted, label))
    draft.tell("alert", reason=label)


def next_warning(line: Line) -> datetime | None:
    """When the next warning before the end is due."""
    if line.state != "active" or line.period is None:
        return None
    spans = line.period.plan.alerts.ends_in
    return min((at for span in spans if (at := _due_at(line, span))), default=None)


def _due_at(line: Line, span: Duration) -> datetime | None:
    period = line.period
    assert period is not None
    if _label(span) in period.alerted:
        return None
    at = minus(period.ends, span, line.timezone)
    return at if at >= period.armed_at else None


def _label(span: Duration) -> str:
    return f"ends_in {format_duration(span)}"


def warn_of_end(draft: Draft) -> None:
    """Tells of the warnings before the end that are due at the draft's instant."""
    for span in draft.period.plan.alerts.ends_in:
        if _due_at(draft.line, span) == draft.now:
            _warn(draft, _label(span))


def rearm(draft: Draft) -> None:
    """Arms the warnings before the end again: the end has moved."""
    kept = tuple(label for label in draft.period.alerted if not label.startswith("ends_in"))
    draft.change_period(alerted=kept, armed_at=draft.now)
